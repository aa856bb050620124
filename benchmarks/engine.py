"""Litekeep inside this process, with a clock that can be moved: years in minutes, and times without start-up.

The only file of the benchmarks that knows the engine's functions. `missing` says in one line why the engine cannot take
part, so that the peers can still be measured.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litekeep.clock import Clock
    from litekeep.repository.repository import Repository


class EngineMissing(Exception):
    """The engine cannot be measured; the message says why."""


def missing(*operations: str) -> str:
    """Why the engine cannot take part in what needs these operations; empty if it can."""
    for name in operations:
        try:
            _operation(name)
        except EngineMissing as problem:
            return str(problem)
    return ""


def backup(database: Path, repository: Path, now: datetime) -> None:
    """One scheduled backup at that moment, fully verified; makes the repository if there is none."""
    _backup(database, repository, now, skip_unchanged=False)


def backup_if_changed(database: Path, repository: Path, now: datetime) -> None:
    """The same, but an unchanged database gets no new snapshot: only a receipt. Raises if it was not recognised."""
    if not _backup(database, repository, now, skip_unchanged=True):
        raise RuntimeError("the unchanged database was backed up again")


def prune(repository: Path, now: datetime) -> None:
    """Apply the default policy (30 days, 12 weeks, 12 months, last 7) and remove what nothing refers to any more."""
    from litekeep.monitor import Silent
    from litekeep.retention import RetentionPolicy

    # ADAPT to litekeep.operations.prune when it exists; one call for a scheduled, unattended run.
    opened, clock = _open(repository, now)
    _operation("prune")(opened, policy=RetentionPolicy(), clock=clock, monitor=Silent())


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


def _backup(database: Path, repository: Path, now: datetime, *, skip_unchanged: bool) -> bool:
    from litekeep.model import Level, Reason
    from litekeep.monitor import Silent
    from litekeep.operations.backup import BackupOptions
    from litekeep.operations.backup import backup as back_up

    opened, clock = _open(repository, now)
    options = BackupOptions(reason=Reason.SCHEDULED, level=Level.FULL, skip_unchanged=skip_unchanged)
    result = back_up(opened, database, options=options, clock=clock, monitor=Silent())
    if result.problems or result.damage or (not result.unchanged and result.level < Level.FULL):
        raise RuntimeError(f"the backup of {now:%Y-%m-%d} is not verified: {result.problems or result.damage}")
    return result.unchanged


def _open(folder: Path, now: datetime) -> tuple[Repository, Clock]:
    from litekeep.repository.repository import Repository
    from litekeep.storage.local import LocalStorage
    from litekeep.testing import ManualClock

    clock = ManualClock(now)
    if folder.exists():
        return Repository.open(LocalStorage(folder, clock)), clock
    return Repository.create(LocalStorage(folder, clock, create=True), now), clock


def _operation(name: str) -> Callable[..., Any]:
    """An operation by its name, for those that are still to come."""
    try:
        found = getattr(importlib.import_module(f"litekeep.operations.{name}"), name)
    except (ImportError, AttributeError) as problem:
        raise EngineMissing(f"the engine cannot do this yet: litekeep.operations.{name} ({problem})") from problem
    if not callable(found):
        raise EngineMissing(f"the engine cannot do this yet: litekeep.operations.{name} is not a function")
    return found  # type: ignore[no-any-return]  # looked up at run time
