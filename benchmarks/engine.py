"""Litekeep inside this process, with a clock that can be moved: years in minutes, and times without start-up.

The only file of the benchmarks that knows the engine's functions.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litekeep.clock import Clock
    from litekeep.repository.repository import Repository


def backup(database: Path, repository: Path, now: datetime | None) -> None:
    """One scheduled backup at that moment (None: now), fully verified; makes the repository if there is none."""
    _backup(database, repository, now, skip_unchanged=False)


def backup_if_changed(database: Path, repository: Path) -> None:
    """The same, now; but an unchanged database gets only a receipt. Raises if it was not recognised."""
    if not _backup(database, repository, None, skip_unchanged=True):
        raise RuntimeError("the unchanged database was backed up again")


def prune(repository: Path, now: datetime) -> None:
    """Apply the default policy (30 days, 12 weeks, 12 months, last 7) and remove what nothing refers to any more."""
    from litekeep.monitor import Silent
    from litekeep.operations.prune import PruneOptions
    from litekeep.operations.prune import prune as rotate

    opened, clock = _open(repository, now)
    result = rotate(opened, PruneOptions(), clock=clock, monitor=Silent())
    if result.waiting:
        raise RuntimeError(f"the rotation of {now:%Y-%m-%d} waits for a person: {result.waiting}")


def list_snapshots(repository: Path, now: datetime) -> int:
    """Read the whole catalog, as `litekeep list` does; returns the number of snapshots that are not in the trash."""
    from litekeep.repository.catalog import load_catalog

    opened, _ = _open(repository, now)
    return sum(snapshot.trashed_at is None for snapshot in load_catalog(opened).snapshots)


def plan(repository: Path, now: datetime) -> int:
    """Read the catalog and plan retention, as `litekeep prune --dry-run` does; returns the number of decisions."""
    from litekeep.repository.catalog import load_catalog
    from litekeep.retention import RetentionPolicy, plan_retention

    opened, _ = _open(repository, now)
    return len(plan_retention(load_catalog(opened).snapshots, RetentionPolicy(), now).decisions)


def _backup(database: Path, repository: Path, now: datetime | None, *, skip_unchanged: bool) -> bool:
    from litekeep.model import Level, Reason
    from litekeep.monitor import Silent
    from litekeep.operations.backup import BackupOptions
    from litekeep.operations.backup import backup as back_up

    opened, clock = _open(repository, now)
    options = BackupOptions(reason=Reason.SCHEDULED, level=Level.FULL, skip_unchanged=skip_unchanged)
    result = back_up(opened, database, options=options, clock=clock, monitor=Silent())
    if result.problems or result.damage or (not result.unchanged and result.level < Level.FULL):
        raise RuntimeError(f"the backup of {now or 'now'} is not verified: {result.problems or result.damage}")
    return result.unchanged


def _open(folder: Path, now: datetime | None) -> tuple[Repository, Clock]:
    from litekeep.clock import SystemClock
    from litekeep.repository.repository import Repository
    from litekeep.storage.local import LocalStorage
    from litekeep.testing import ManualClock

    clock = SystemClock() if now is None else ManualClock(now)
    if folder.exists():
        return Repository.open(LocalStorage(folder, clock)), clock
    return Repository.create(LocalStorage(folder, clock, create=True), clock.now()), clock
