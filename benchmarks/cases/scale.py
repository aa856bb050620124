"""A repository with ten thousand snapshots: do the list and the plan still come at once?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from benchmarks import engine
from benchmarks.measure import Contender, interleave, median_seconds, timed, tree_bytes
from benchmarks.report import Goal, Report, seconds, size
from benchmarks.setting import Setting, say
from benchmarks.workload import FIRST_DAY

NAME = "scale"
QUESTION = "How long do the list and the plan of retention take with 10,000 snapshots?"
LIMIT_SECONDS = 1.0
HOUR = timedelta(hours=1)


def measure(setting: Setting) -> Report:
    """An hourly backup of a tiny database, ten thousand times; then list and plan, in turn."""
    snapshots = setting.choose(10_000, 50)
    report = Report(NAME, QUESTION, f"{snapshots:,} hourly snapshots of a database of 3 pages", ("what", "median"))
    if not setting.engine_wanted():
        return report
    repository = setting.folder / "repository"
    cost = timed(lambda: fill(setting.folder / "tiny.db", repository, snapshots))
    now = FIRST_DAY + snapshots * HOUR
    contenders = [
        Contender("list", lambda: timed(lambda: engine.list_snapshots(repository, now))),
        Contender("plan", lambda: timed(lambda: engine.plan(repository, now))),
    ]
    costs = interleave(setting.count_rounds(7), contenders)
    for name, those in costs.items():
        report.rows.append((name, seconds(median_seconds(those))))
        report.goals.append(Goal(f"{name}, seconds", median_seconds(those), LIMIT_SECONDS))
    report.rows.append(("making one snapshot", seconds(cost.seconds / snapshots)))
    report.notes.append(f"the repository takes {size(tree_bytes(repository))}; nothing was pruned on the way")
    report.sample("rounds", costs)
    return report


def fill(database: Path, repository: Path, snapshots: int) -> None:
    """One changed row and one backup for each snapshot."""
    with closing(sqlite3.connect(database)) as db:
        db.execute("CREATE TABLE counter(value INTEGER)")
        db.execute("INSERT INTO counter VALUES(0)")
        db.commit()
    for number in range(snapshots):
        with closing(sqlite3.connect(database)) as db:
            db.execute("UPDATE counter SET value=?", (number,))
            db.commit()
        engine.backup(database, repository, FIRST_DAY + number * HOUR)
        if number % 1000 == 999:
            say(f"{number + 1:,} snapshots")
