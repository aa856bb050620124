"""One gigabyte of which one percent changed: is a backup as quick as reading the file, and who has to wait for it?"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from benchmarks.measure import Contender, Cost, interleave, median_seconds, peak_bytes, percentile, run
from benchmarks.peers import Borg, Litekeep, Peer, Restic
from benchmarks.report import Goal, Report, mebibytes, ratio, seconds
from benchmarks.setting import Setting, say
from benchmarks.storm_writer import TABLE
from benchmarks.workload import change_pages, changed_pages, duplicate, make, sqlite_backup

NAME = "gigabyte"
QUESTION = "How long does a backup of a gigabyte take, beside plain reading and copying, and what do writers notice?"
FRACTION = 0.01
READING_LIMIT, COPYING_LIMIT, PEERS_LIMIT = 2.5, 1 / 5, 1 / 10
SPEED_LIMIT = 1 / 0.9
LATENCY_LIMIT_SECONDS = 0.020
MEMORY_LIMIT_MIB = 100.0
PLAIN, READ, PACK = "sqlite3 .backup", "cat > /dev/null", "zstd -3 of the changed pages"
ROOT = Path(__file__).resolve().parents[2]


def measure(setting: Setting) -> Report:
    """First backups, backups of changes, restores; then writers beside backups, in both journal modes."""
    report = Report(NAME, QUESTION, "employee database, WAL, 4 KiB pages", ("", "median", "of litekeep", "memory"))
    database = setting.folder / "employees.db"
    say("making the database")
    make(database, setting.choose(1024, 16))
    first_backups(setting, report, database)
    changes(setting, report, database)
    for mode in ("wal", "delete"):
        writers(setting, report, database, mode)
    return report


def first_backups(setting: Setting, report: Report, database: Path) -> None:
    """Everything is new: compression is the work."""
    packed = setting.folder / "packed.zst"
    count = iter(range(100))

    def litekeep() -> Cost:
        (peer,) = setting.invite([Litekeep("none")], setting.folder / f"first-{next(count)}")
        return peer.backup(database)

    contenders = [
        Contender("zstd -3 -T2", lambda: run(["sh", "-c", 'exec zstd -3 -T2 -qfc <"$1" >"$2"', "sh", database, packed]))
    ]
    if setting.engine_wanted():
        contenders.append(Contender("litekeep", litekeep))
    costs = interleave(setting.count_rounds(3), contenders)
    add(report, "first backup", costs, "litekeep")
    if "litekeep" in costs:
        slower = median_seconds(costs["litekeep"]) / median_seconds(costs["zstd -3 -T2"])
        report.goals.append(Goal("first backup without verification / zstd -3 -T2", slower, SPEED_LIMIT))


def changes(setting: Setting, report: Report, database: Path) -> None:
    """Rounds of: one percent changes, then everyone backs up; then the newest state is restored."""
    copy, earlier, changed = (setting.folder / name for name in ("copy.db", "earlier.db", "changed"))
    own: list[Peer] = list(setting.invite([Litekeep("none"), Litekeep("written")]))
    others: list[Peer] = list(setting.invite([Restic(), Borg()]))
    sqlite_backup(database, copy)
    for peer in (*own, *others):
        say(f"first backup: {peer.name}")
        peer.backup(database if peer in own else copy)

    def before(number: int) -> None:
        say(f"round {number + 1}")
        duplicate(copy, earlier)
        change_pages(database, FRACTION, seed=number + 1)
        sqlite_backup(database, copy)
        changed.write_bytes(b"".join(changed_pages(earlier, copy)))

    def turn(peer: Peer) -> Callable[[], Cost]:
        return lambda: peer.backup(database if peer in own else copy)

    turns = [
        Contender(READ, lambda: plain_read(database)),
        Contender(PACK, lambda: run(["zstd", "-3", "-qfo", setting.folder / "changed.zst", changed])),
        Contender(PLAIN, lambda: sqlite_backup(database, setting.folder / "plain.db")),
        *(Contender(peer.name, turn(peer)) for peer in (*own, *others)),
    ]
    costs = interleave(setting.count_rounds(5), turns, before)
    add(report, f"{FRACTION:.0%} changed", costs, "litekeep --verify none")
    if own:
        goals_of_changes(report, costs)
        restores(setting, report, copy, own)


def goals_of_changes(report: Report, costs: dict[str, list[Cost]]) -> None:
    """Against reading, against copying, against the others with the copy that they need."""
    ours = median_seconds(costs["litekeep --verify none"])
    plain = median_seconds(costs[PLAIN])
    reading = READING_LIMIT * median_seconds(costs[READ]) + median_seconds(costs[PACK])
    report.goals.append(Goal("backup / (2.5 x cat + compression of the changes)", ours / reading, 1.0))
    report.goals.append(Goal("backup / .backup", ours / plain, COPYING_LIMIT))
    for rival in ("restic", "borg"):
        if rival in costs:
            whole = median_seconds(costs[rival]) + plain
            report.goals.append(Goal(f"backup / ({rival} + .backup)", ours / whole, PEERS_LIMIT))
    memory = max(peak_bytes(those) for name, those in costs.items() if name.startswith("litekeep")) / 2**20
    report.goals.append(Goal("MiB of memory to back up", memory, MEMORY_LIMIT_MIB))


def restores(setting: Setting, report: Report, copy: Path, own: list[Peer]) -> None:
    """Litekeep proves what it restores; zstd unpacks one full. Only what was never checked by SQLite is checked now."""
    packed, target = setting.folder / "full.zst", setting.folder / "restored.db"
    run(["zstd", "-3", "-T2", "-qfo", packed, copy])

    def turn(restore: Callable[[], Cost]) -> Callable[[], Cost]:
        def fresh() -> Cost:
            target.unlink(missing_ok=True)
            return restore()

        return fresh

    contenders = [
        Contender("zstd -d -T0", turn(lambda: run(["zstd", "-d", "-T0", "-qo", target, packed]))),
        Contender("litekeep", turn(lambda: own[0].restore(target))),
        Contender("litekeep, not checked by SQLite before", turn(lambda: own[1].restore(target))),
    ]
    if isinstance(own[0], Litekeep):
        own[0].verify_newest()
    costs = interleave(setting.count_rounds(3), contenders)
    add(report, "restore", costs, "litekeep")
    slower = median_seconds(costs["litekeep"]) / median_seconds(costs["zstd -d -T0"])
    report.goals.append(Goal("restore / zstd -d -T0", slower, SPEED_LIMIT))
    report.goals.append(Goal("MiB of memory to restore", peak_bytes(costs["litekeep"]) / 2**20, MEMORY_LIMIT_MIB))


def writers(setting: Setting, report: Report, database: Path, mode: str) -> None:
    """One program that commits all the time, alone and beside backups that follow each other."""
    live = duplicate(database, setting.folder / f"{mode}.db")
    with closing(sqlite3.connect(live)) as db:
        db.execute(f"PRAGMA journal_mode={mode}")
        db.execute(TABLE)
    invited = setting.invite([Litekeep("none")], setting.folder / mode)
    if not invited:
        return
    peer = invited[0]
    peer.backup(live)
    lasting = setting.choose(20, 2)
    reading = plain_read(live).seconds
    say(f"a writer alone, {mode}")
    alone, _ = commits(live, lasting, lambda: None)
    say(f"a writer beside backups, {mode}")
    beside, made = commits(live, lasting, lambda: peer.backup(live))
    longest = max(beside)
    for name, latencies in ((f"{mode}: a writer alone", alone), (f"{mode}: beside {made} backups", beside)):
        marks = [percentile(latencies, 50), percentile(latencies, 99), max(latencies)]
        text = ", ".join(f"{mark * 1000:.1f}" for mark in marks)
        report.notes.append(f"{name}: {len(latencies):,} commits, p50, p99, longest: {text} ms")
        report.samples[name] = {"p50_p99_max_seconds": marks}
    if mode == "wal":
        later = percentile(beside, 99) - percentile(alone, 99)
        report.goals.append(Goal("WAL: p99 beside - alone, seconds", later, LATENCY_LIMIT_SECONDS))
    else:
        report.goals.append(Goal("rollback mode: longest wait / plain read", (longest - max(alone)) / reading, 2.0))


def commits(database: Path, lasting: int, company: Callable[[], object]) -> tuple[list[float], int]:
    """The latencies of a writer that runs for so many seconds, and how often `company` was through meanwhile."""
    told = database.with_suffix(".json")
    command = [sys.executable, "-m", "benchmarks.storm_writer", str(database), "0", str(lasting), str(told)]
    made = 0
    with subprocess.Popen(command, cwd=ROOT) as writer:
        while writer.poll() is None:
            company()
            made += 1
            with suppress(subprocess.TimeoutExpired):
                writer.wait(0.2)
    with closing(sqlite3.connect(database)) as db:
        db.execute("DELETE FROM storm")
        db.commit()
    latencies: list[float] = json.loads(told.read_text("ascii"))["latencies"]
    return latencies, made


def plain_read(file: Path) -> Cost:
    """What every backup has to do at least."""
    return run(["sh", "-c", 'exec cat "$1" >/dev/null', "sh", file])


def add(report: Report, what: str, costs: dict[str, list[Cost]], reference: str) -> None:
    """A row for each."""
    ours = median_seconds(costs[reference]) if reference in costs else None
    for name, those in costs.items():
        median = median_seconds(those)
        report.rows.append((f"{what}: {name}", seconds(median), ratio(median, ours), mebibytes(peak_bytes(those))))
    report.sample(what, costs)
