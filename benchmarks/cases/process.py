"""One backup of a small database after a day's work, as a user or a timer runs it: a whole process."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from benchmarks import engine
from benchmarks.measure import Contender, Cost, interleave, median_seconds, run, timed
from benchmarks.peers import Borg, Gzip, Litekeep, Peer, Restic, Zstd
from benchmarks.report import Goal, Report, ratio, seconds
from benchmarks.setting import Setting, say
from benchmarks.workload import EMPLOYEES, make, sqlite_backup, work_day

NAME = "process"
QUESTION = "How long does one backup take, from the command line, after a day's work?"
UNCHANGED_LIMIT_SECONDS = 0.005
SETTLED_SECONDS = 3.0
"""A database written to less than two seconds before its backup is read in full the next time."""
LIMIT_AGAINST_PEERS = 0.5


def measure(setting: Setting) -> Report:
    """Rounds of: a work day, then everyone backs up the same state."""
    database, copy = setting.folder / "employees.db", setting.folder / "copy.db"
    make(database, 4)
    sqlite_backup(database, copy)
    own: list[Peer] = list(setting.invite([Litekeep()]))
    others: list[Peer] = list(setting.invite([Restic(), Borg(), Gzip(), Zstd()]))
    for peer in (*own, *others):
        peer.backup(database if peer in own else copy)
    copying: list[Cost] = []

    def before(number: int) -> None:
        say(f"round {number + 1}")
        work_day(database, seed=number + 1)
        copying.append(sqlite_backup(database, copy))

    def turn(peer: Peer) -> Callable[[], Cost]:
        return lambda: peer.backup(database if peer in own else copy)

    contenders = [Contender(peer.name, turn(peer)) for peer in (*own, *others)]
    costs = interleave(setting.count_rounds(9), contenders, before)
    report = Report(NAME, QUESTION, EMPLOYEES + "; 4 MB", ("program", "median", "of litekeep", "without .backup"))
    tabulate(report, costs, copying, [peer.name for peer in own])
    report.sample("rounds", {**costs, "sqlite3 .backup": copying})
    report.notes.append(
        "litekeep reads the live database and verifies all that it stored; the others verify nothing and are given the"
        " copy that `sqlite3 .backup` made, whose time is part of their median"
    )
    start_up(setting, report, with_litekeep=bool(own))
    unchanged(setting, report)
    return report


def tabulate(report: Report, costs: dict[str, list[Cost]], copying: list[Cost], own: list[str]) -> None:
    """A row for each; the time of the copy is added to those who need it."""
    whole = {
        name: median_seconds(those if name in own else [a + b for a, b in zip(those, copying, strict=True)])
        for name, those in costs.items()
    }
    reference = whole[own[0]] if own else None
    for name, those in costs.items():
        alone = "-" if name in own else seconds(median_seconds(those))
        report.rows.append((name, seconds(whole[name]), ratio(whole[name], reference), alone))
    report.rows.append(("sqlite3 .backup alone", seconds(median_seconds(copying)), "-", "-"))
    for rival in ("restic", "borg"):
        if reference and rival in whole:
            report.goals.append(Goal(f"litekeep / {rival}", reference / whole[rival], LIMIT_AGAINST_PEERS))


def start_up(setting: Setting, report: Report, *, with_litekeep: bool) -> None:
    """What a process costs before it does anything."""
    contenders = [Contender("python -c pass", lambda: run([sys.executable, "-c", "pass"]))]
    if with_litekeep:
        contenders.append(Contender("litekeep --version", Litekeep().start_up))
    costs = interleave(setting.choose(15, 3), contenders)
    for name, those in costs.items():
        report.rows.append((name, seconds(median_seconds(those)), "-", "-"))
    report.sample("start-up", costs)


def unchanged(setting: Setting, report: Report) -> None:
    """A scheduled run with nothing to do, inside the engine: what a busy schedule costs."""
    if not setting.engine_wanted():
        return
    database, repository = setting.folder / "unchanged.db", setting.folder / "unchanged"
    make(database, 4)
    time.sleep(SETTLED_SECONDS)
    engine.backup(database, repository, None)
    costs = [timed(lambda: engine.backup_if_changed(database, repository)) for _ in range(setting.choose(40, 5))]
    report.rows.append(("unchanged, inside the engine", seconds(median_seconds(costs)), "-", "-"))
    report.goals.append(Goal("unchanged, seconds", median_seconds(costs), UNCHANGED_LIMIT_SECONDS))
    report.sample("unchanged", {"litekeep engine": costs})
