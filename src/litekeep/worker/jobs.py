"""What the helper process does for an application: one operation each, with its rows in the log and the journal.

A job is a value that crosses the pipe; so is its result. Nothing here keeps anything from one job to the next.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from litekeep.clock import Clock, SystemClock
from litekeep.config.keys import open_with, refuse_to_make
from litekeep.config.secrets import Secret
from litekeep.errors import NoRepository, ObjectExists, Refused, VerificationFailed
from litekeep.formats.repoconfig import KEY as CONFIG
from litekeep.journal.history import Outcome
from litekeep.journal.journal import Journal
from litekeep.journal.logger import BackupLogger
from litekeep.journal.recorder import Recorder
from litekeep.model import Snapshot
from litekeep.monitor import Monitor, Several
from litekeep.operations.backup import BackupOptions, BackupResult, backup
from litekeep.operations.create import create_repository
from litekeep.operations.drill import DrillResult, choose_for_drill, drill
from litekeep.operations.export import export
from litekeep.operations.naming import find_source_name, own_name
from litekeep.operations.prune import PruneOptions, PruneResult, prune
from litekeep.operations.restore import (
    RestoreOptions,
    RestoreResult,
    find_undo,
    is_still_there,
    restore_new,
    restore_over,
)
from litekeep.operations.sightings import remember_in
from litekeep.operations.verify import VerifyResult, verify
from litekeep.records import dataclass
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.local import LocalStorage

Result_co = TypeVar("Result_co", covariant=True)
GONE = "the folder for the backups is not there, or is not the one that was used so far"


class Job(Protocol[Result_co]):
    """Something to do in the helper process."""

    def run(self, monitor: Monitor) -> Result_co:
        """Do it; raises LitekeepError."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a job works with.

    folder: of the repository. source: the database's name in it; None: found by its path. log: the log file. spare:
    folder for journal rows while the repository cannot be reached. secrets: never to be written anywhere. scratch: for
    working copies; None: the system's folder. key: where the passphrase or key of an encrypted repository is; it
    is looked up when it is needed, where it is needed. state: this user's folder, where it is remembered what was seen
    of repositories; None: nowhere.
    """

    database: Path
    folder: Path
    source: str | None = None
    log: Path | None = None
    spare: Path | None = None
    secrets: tuple[str, ...] = ()
    scratch: Path | None = None
    key: Secret | None = None
    state: Path | None = None

    @property
    def there(self) -> bool:
        """True if the folder holds a repository."""
        return os.path.exists(self.folder / CONFIG)

    @property
    def name(self) -> str:
        """For rows of runs that fail before the repository tells the source's name."""
        return self.source or self.database.stem

    def source_in(self, snapshots: Iterable[Snapshot]) -> str:
        """The name under which a repository keeps this database; "" where another database has its file's name.

        snapshots: all, oldest first for each source. The rule by which a backup chooses it (operations.naming): a
        database is known by its path, and one whose old path is gone is the same one, moved.
        """
        if self.source is not None:
            return self.source
        return own_name({each.source: each.source_path for each in snapshots}, self.database)

    def own(self, snapshots: Sequence[Snapshot]) -> list[Snapshot]:
        """Those of this database, the trash included: a repository may have several databases."""
        name = self.source_in(snapshots)
        return [each for each in snapshots if each.source == name]

    def open(self, clock: Clock) -> Repository:
        """The repository; raises NoRepository, never makes one."""
        if not self.there:
            raise NoRepository(
                f"{self.folder}: {GONE}",
                safe="The database itself is not affected, and nothing was written elsewhere.",
                hint="Is the drive connected? Backups go on by themselves when it is back.",
            )
        repository = open_with(self.key, LocalStorage(self.folder, clock))
        if self.state is not None:
            remember_in(self.state, repository)
        return repository

    def journal(self) -> Journal:
        """The history, with the spare place for runs that cannot reach the repository."""
        return Journal(self.folder, self.spare, ready=lambda: self.there)


@contextmanager
def recorded(place: Place, verb: str, clock: Clock, monitor: Monitor) -> Iterator[tuple[Recorder, Monitor]]:
    """Run an operation and leave its lines in the log and its row in the journal, however it ends."""
    row = Recorder(verb, clock.now())
    row.source = place.name
    monitors: list[Monitor] = [monitor, row]
    log: BackupLogger | None = None
    if place.log is not None:
        inside = place.log.parent == place.folder
        ready = (lambda: place.there) if inside else (lambda: True)
        log = BackupLogger(place.log, clock, source=place.name, secrets=place.secrets, ready=ready)
        monitors.append(log)
    started = clock.monotonic()
    try:
        yield row, Several(*monitors)
    except BaseException as error:
        row.fail(error)
        raise
    finally:
        elapsed = clock.monotonic() - started
        if log is not None:
            log.ended(row.row(elapsed))
            if log.problem:
                row.facts["log"] = log.problem
                monitor.event("warning", code="log", message=log.problem)
        if problem := place.journal().append(row.row(elapsed)):
            monitor.event("warning", code="journal", message=problem)


@dataclass(frozen=True, slots=True)
class BackupJob:
    """Back up; then rotate, if the backup was verified. create: make the repository if there is none."""

    place: Place
    options: BackupOptions
    create: bool = False
    rotation: RetentionPolicy | None = None

    def run(self, monitor: Monitor) -> BackupResult:
        """Raises BackupFailed and its kinds, Locked, StorageError; VerificationFailed never: see the result."""
        place, clock = self.place, SystemClock()
        with recorded(place, "backup", clock, monitor) as (row, told):
            if self.create:
                create_where_missing(place, clock, told)
            result = backup(place.open(clock), place.database, options=self.options, clock=clock, monitor=told)
            row.source = result.snapshot.source
            judge(row, result.damage, (*result.problems, *result.unchecked))
            if result.unchanged or result.satisfied:
                row.outcome, row.message = Outcome.SKIPPED, result.unchanged_how or "it was made before"
        if self.rotation and result.snapshot.sound and not (result.unchanged or result.satisfied):
            RotateJob(replace(place, source=result.snapshot.source), PruneOptions(self.rotation)).rotate(monitor)
        if self.options.slot is not None and not result.satisfied:
            _read_back(place, monitor)
        return result


def _read_back(place: Place, monitor: Monitor) -> None:
    """Read some of what is stored again; what goes wrong is told, and takes nothing from the backup's success."""
    from litekeep.worker.read_back import read_back

    try:
        read_back(place, monitor)
    except Exception as error:  # noqa: BLE001 - its row in the journal has the cause
        monitor.event("warning", code="read_back", message=f"stored objects were not read again: {error}")


def create_where_missing(place: Place, clock: Clock, monitor: Monitor) -> None:
    """Make the repository; if another process makes it at this moment, that one is it."""
    if place.there:
        return
    if place.key is not None:
        refuse_to_make(place.folder)
    try:
        create_repository(place.folder, place.database, clock=clock, monitor=monitor)
    except (Refused, ObjectExists):
        if not place.there:
            raise


def judge(row: Recorder, damage: tuple[str, ...], problems: tuple[str, ...]) -> None:
    """Write into the row how a run ended that raised nothing."""
    row.message = "; ".join((*damage, *problems))
    if damage:
        row.outcome, row.exit_code, row.code = Outcome.FAILED, VerificationFailed.exit_code, VerificationFailed.code
    elif problems:
        row.outcome, row.exit_code = Outcome.WARNINGS, 3


@dataclass(frozen=True, slots=True)
class RotateJob:
    """Remove what the policy does not keep; where a brake or hold asks for a person, nothing is removed.

    Only of this database: others in the repository have policies of their own, and nobody was asked about them.
    """

    place: Place
    options: PruneOptions

    def run(self, monitor: Monitor) -> PruneResult:
        """Raises Locked, CorruptObject, StorageError."""
        place, clock = self.place, SystemClock()
        with recorded(place, "prune", clock, monitor) as (row, told):
            repository = place.open(clock)
            source = place.source or find_source_name(repository, place.database, repository.snapshot_keys())
            row.source = source or place.name
            options = replace(self.options, source=source, scratch=place.scratch)
            result = prune(repository, options, clock=clock, monitor=told)
            if result.waiting:
                row.outcome, row.exit_code = Outcome.REFUSED, 6
                row.message = "; ".join(text for _, texts in result.waiting for text in texts)
        return result

    def rotate(self, monitor: Monitor) -> None:
        """After a backup: a rotation that fails is told, and takes nothing from the backup's success."""
        try:
            self.run(monitor)
        except Exception as error:  # noqa: BLE001 - its row in the journal has the cause
            monitor.event("warning", code="rotation", message=f"old backups were not removed: {error}")


@dataclass(frozen=True, slots=True)
class VerifyJob:
    """Read a snapshot back; name: an id, its beginning, or "latest"."""

    place: Place
    name: str = "latest"
    checks: tuple[str, ...] = ()

    def run(self, monitor: Monitor) -> VerifyResult:
        """Raises UnknownSnapshot, StorageError; damage is in the result."""
        place, clock = self.place, SystemClock()
        with recorded(place, "verify", clock, monitor) as (row, told):
            repository = place.open(clock)
            snapshot = find_snapshot(repository, place, self.name)
            row.source = snapshot.source
            result = verify(repository, snapshot, checks=self.checks, scratch=place.scratch, clock=clock, monitor=told)
            judge(row, result.damage, (*result.problems, *result.unchecked))
        return result


@dataclass(frozen=True, slots=True)
class DrillJob:
    """Restore a snapshot into a scratch place and prove it; slot: the planned moment that this run is for."""

    place: Place
    name: str | None = None
    checks: tuple[str, ...] = ()
    slot: datetime | None = None

    def run(self, monitor: Monitor) -> DrillResult:
        """Raises UnknownSnapshot, StorageError; what went wrong with the data is in the result."""
        place, clock = self.place, SystemClock()
        with recorded(place, "drill", clock, monitor) as (row, told):
            if self.slot is not None:
                row.facts["slot"] = self.slot.isoformat()
            repository = place.open(clock)
            if self.name is not None:
                snapshot = find_snapshot(repository, place, self.name)
            else:
                mine = place.own(load_catalog(repository).snapshots)
                snapshot = choose_for_drill(mine, random.SystemRandom())
            row.source = snapshot.source
            result = drill(repository, snapshot, checks=self.checks, scratch=place.scratch, clock=clock, monitor=told)
            judge(row, result.damage, result.problems)
        return result


@dataclass(frozen=True, slots=True)
class RestoreJob:
    """Bring a snapshot back: to a new path, or (target None) over the live database."""

    place: Place
    name: str
    target: Path | None = None
    options: RestoreOptions = field(default_factory=RestoreOptions)

    def run(self, monitor: Monitor) -> RestoreResult:
        """Raises UnknownSnapshot, VerificationFailed, Refused and its kinds, SourceBusy, StorageError."""
        place, clock = self.place, SystemClock()
        with recorded(place, "restore", clock, monitor) as (row, told):
            repository = place.open(clock)
            snapshot = find_snapshot(repository, place, self.name)
            row.source = snapshot.source
            tools = {"options": self.options, "clock": clock, "monitor": told}
            if self.target is not None:
                result = restore_new(repository, snapshot, self.target, **tools)  # type: ignore[arg-type]
            else:
                result = restore_over(repository, snapshot, place.database, **tools)  # type: ignore[arg-type]
            judge(row, (), result.problems)
        return result


@dataclass(frozen=True, slots=True)
class UndoJob:
    """Bring back what was there before the last restore over the live database."""

    place: Place
    options: RestoreOptions = field(default_factory=lambda: RestoreOptions(accept_problems=True))

    def run(self, monitor: Monitor) -> RestoreResult:
        """Raises UnknownSnapshot if there is nothing to undo, and what RestoreJob raises."""
        place, clock = self.place, SystemClock()
        with recorded(place, "undo", clock, monitor) as (row, told):
            repository = place.open(clock)
            mine = place.own(load_catalog(repository).snapshots)
            snapshot, target = find_undo(
                mine,
                lambda found: is_still_there(repository, found, scratch=place.scratch, clock=clock, monitor=told),
            )
            row.source = snapshot.source
            result = restore_over(repository, snapshot, target, options=self.options, clock=clock, monitor=told)
            judge(row, (), result.problems)
        return result


@dataclass(frozen=True, slots=True)
class ExportJob:
    """Write a snapshot as a plain database file."""

    place: Place
    name: str
    target: Path

    def run(self, monitor: Monitor) -> Path:
        """Raises UnknownSnapshot, Refused if the target exists, CorruptObject, StorageError."""
        place, clock = self.place, SystemClock()
        with recorded(place, "export", clock, monitor) as (row, told):
            repository = place.open(clock)
            snapshot = find_snapshot(repository, place, self.name)
            row.source = snapshot.source
            export(repository, snapshot, self.target, clock=clock, monitor=told)
        return self.target


def find_snapshot(repository: Repository, place: Place, name: str) -> Snapshot:
    """By id, beginning of an id, or "latest" of this database; raises UnknownSnapshot."""
    catalog = load_catalog(repository)
    if name.startswith("latest"):
        return replace(catalog, snapshots=tuple(place.own(catalog.snapshots))).find(name)
    return catalog.find(name)
