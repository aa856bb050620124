"""What is measured on: the sample database of demo/ and its days, consistent copies of it, and how much changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path

from demo.employees import make, work_day

from benchmarks.measure import Cost, run

PAGE_BYTES = 4096
FIRST_DAY = datetime(2025, 1, 1, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
EMPLOYEES = "employee database, WAL, 4 KiB pages, 20 edits and 2 hires a day"

__all__ = ["DAY", "EMPLOYEES", "FIRST_DAY", "change_pages", "changed_pages", "make", "retained_days", "work_day"]


def sqlite_backup(database: Path, copy: Path) -> Cost:
    """A consistent copy by the `sqlite3` program's .backup: what whole-file tools need before they can begin."""
    copy.unlink(missing_ok=True)
    return run(["sqlite3", database, f".backup '{copy}'"])


def duplicate(database: Path, target: Path) -> Path:
    """Copy a database that nothing has open."""
    shutil.copyfile(database, target)
    return target


def change_pages(database: Path, fraction: float, seed: int) -> None:
    """Edit as many employees, all over the file, as change about that fraction of its pages."""
    pages = database.stat().st_size / PAGE_BYTES
    pages_per_edit = 2.2  # the employee's own page, a share of an index page and of the log
    work_day(database, updates=round(pages * fraction / pages_per_edit), hires=0, seed=seed)


def changed_pages(before: Path, after: Path) -> Iterator[bytes]:
    """The pages of `after` that are not those of `before`; empty ones where `before` was longer."""
    with before.open("rb") as old, after.open("rb") as new:
        pages = zip_longest(iter(lambda: old.read(PAGE_BYTES), b""), iter(lambda: new.read(PAGE_BYTES), b""))
        yield from (right or b"" for left, right in pages if left != right)


def retained_days(days: int) -> list[int]:
    """Which of the days 0 .. days-1 the policy 30 days / 12 weeks / 12 months / last 7 keeps, with a backup every day.

    The newest of each week and month counts, as in Litekeep and restic; written on its own, to check both.
    """
    newest = days - 1
    dates = {day: FIRST_DAY + day * DAY for day in range(days)}
    weeks = {date.isocalendar()[:2]: day for day, date in dates.items()}
    months = {(date.year, date.month): day for day, date in dates.items()}
    kept = {day for day in dates if newest - day <= 30 or newest - day < 7}
    kept.update(sorted(weeks.values())[-12:], sorted(months.values())[-12:])
    return sorted(kept)
