"""A month of daily backups: what the repository takes, when nothing is removed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Cost, median_seconds, tree_bytes
from benchmarks.peers import Borg, Gzip, Litekeep, Litestream, Peer, Restic, Zstd
from benchmarks.report import Goal, Report, ratio, seconds, size
from benchmarks.setting import Setting, say
from benchmarks.workload import EMPLOYEES, make, sqlite_backup, work_day

NAME = "month"
QUESTION = "What do 30 daily backups take?"
LIMIT = 1.25


@dataclass(slots=True)
class Account:
    """One program's month. sizes: of the repository after each backup, the first included."""

    peer: Peer
    database: Path
    sizes: list[int] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)

    def backup(self) -> None:
        """Take today's backup and weigh the repository."""
        self.costs.append(self.peer.backup(self.database))
        self.sizes.append(self.peer.stored_bytes())


def measure(setting: Setting) -> Report:
    """A day's work, then everyone's backup, thirty times."""
    database, copy, streamed = (setting.folder / f"{name}.db" for name in ("employees", "copy", "streamed"))
    accounts = [Account(peer, database) for peer in setting.invite([Litekeep()])]
    accounts += [Account(peer, copy) for peer in setting.invite([Restic(), Borg(), Gzip(), Zstd()])]
    accounts += [Account(peer, streamed) for peer in setting.invite([Litestream()])]
    days = setting.choose(30, 4)
    for path in (database, streamed):
        make(path, 4)
    with closing(sqlite3.connect(streamed)) as application:
        application.execute("SELECT count(*) FROM employees").fetchone()  # open, so that its WAL stays for Litestream
        for day in range(days):
            say(f"day {day + 1} of {days}")
            if day:
                work_day(database, seed=day)
                work_day(streamed, seed=day)
            sqlite_backup(database, copy)
            for account in accounts[day % len(accounts) :] + accounts[: day % len(accounts)]:
                account.backup()
    return tabulate(accounts, days, tree_bytes(database))


def tabulate(accounts: list[Account], days: int, database_bytes: int) -> Report:
    """A row for each program."""
    columns = ("program", "first", f"{days} backups", "of first", "each later one", "median time")
    report = Report(NAME, QUESTION, f"{EMPLOYEES}; {size(database_bytes)} at the end; {days} backups", columns)
    for account in accounts:
        first, last = account.sizes[0], account.sizes[-1]
        each = (last - first) / max(1, days - 1)
        took = seconds(median_seconds(account.costs))
        report.rows.append((account.peer.name, size(first), size(last), ratio(last, first), size(each), took))
        report.samples[account.peer.name] = {"stored_bytes": account.sizes}
        if account.peer.program == "litekeep":
            report.goals.append(Goal(f"{days} backups / the first", last / first, LIMIT))
    report.notes += [
        "restic, borg, gzip and zstd are given a `.backup` copy; its time is not in their column",
        (
            "Litestream runs once a day (replicate -once) on a database of its own that an application keeps open: the"
            " least it can store; left running with its defaults it adds a full snapshot every 24 hours"
        ),
    ]
    return report
