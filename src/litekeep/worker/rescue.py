"""Jobs for the day when the backups here are lost, and a copy of them elsewhere is not: look, restore, get them back.

A restore over the database keeps what is there now, as always: in the repository here, or, where that cannot be had, in
a plain file beside the database. The repository itself is got back in a folder of its own that takes its name when all
is there: until then no backup can begin a history in it that the copy does not know.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from litekeep.clock import Clock, SystemClock
from litekeep.config.copies import CopySettings, open_copy
from litekeep.config.keys import open_with
from litekeep.errors import LitekeepError, Refused, UnknownSnapshot
from litekeep.journal.history import Outcome
from litekeep.model import Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.create import refuse_inside
from litekeep.operations.lookback import accept
from litekeep.operations.preview import Preview, preview_restore
from litekeep.operations.replicate import ReplicateResult, replicate
from litekeep.operations.restore import RestoreOptions, RestoreResult, restore_new, restore_over
from litekeep.records import dataclass
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.sqlite.filesystem import file_errors, sync_folder
from litekeep.storage.local import LocalStorage
from litekeep.storage.opening import find_remote
from litekeep.worker.jobs import Place, find_snapshot, judge, recorded

COMING = ".coming"
"""Ends the name of the folder in which a repository is got back, until it is whole."""
CACHE = ".cache"
"""The folder in a repository that holds nothing but what is found out anew."""


@contextmanager
def opened(place: Place, copy: CopySettings, clock: Clock, monitor: Monitor) -> Iterator[Repository]:
    """The repository in a copy, with the key of the one here; raises SecretUnavailable, UsageError, StorageError."""
    storage = open_copy(copy, clock=clock, monitor=monitor, cancelled=monitor.cancelled)
    try:
        yield open_with(place.key, storage, monitor)
    finally:
        remote = find_remote(storage)
        if remote is not None:
            remote.close()


@dataclass(frozen=True, slots=True)
class ListCopyJob:
    """The snapshots of this database in a copy, oldest first, the trash left out."""

    place: Place
    copy: CopySettings

    def run(self, monitor: Monitor) -> list[Snapshot]:
        """Raises NoRepository, KeyNeeded, WrongKey, SecretUnavailable, UsageError, StorageError."""
        with opened(self.place, self.copy, SystemClock(), monitor) as repository:
            mine = self.place.own(load_catalog(repository).snapshots)
        return [each for each in mine if each.trashed_at is None]


@dataclass(frozen=True, slots=True)
class PreviewCopyJob:
    """What restoring a snapshot of a copy over the database would change."""

    place: Place
    copy: CopySettings
    name: str

    def run(self, monitor: Monitor) -> Preview:
        """Raises UnknownSnapshot, CorruptObject, NoSpace, Cancelled, and what ListCopyJob raises."""
        place, clock = self.place, SystemClock()
        with opened(place, self.copy, clock, monitor) as repository:
            snapshot = find_snapshot(repository, place, self.name)
            scratch = place.scratch
            return preview_restore(repository, snapshot, place.database, scratch=scratch, clock=clock, monitor=monitor)


@dataclass(frozen=True, slots=True)
class RestoreCopyJob:
    """Bring a snapshot back from a copy: to the new path `target`, or (None) over the live database."""

    place: Place
    copy: CopySettings
    name: str
    target: Path | None = None
    options: RestoreOptions = field(default_factory=RestoreOptions)

    def run(self, monitor: Monitor) -> RestoreResult:
        """Raises UnknownSnapshot, VerificationFailed, Refused and its kinds, SourceBusy, NoSpace, and what ListCopyJob
        raises; nothing was changed then.
        """
        place, clock = self.place, SystemClock()
        with recorded(place, "restore", clock, monitor) as (row, told):
            row.facts["copy"] = self.copy.name
            with opened(place, self.copy, clock, told) as repository:
                snapshot = find_snapshot(repository, place, self.name)
                row.source = snapshot.source
                tools: dict[str, Any] = {"clock": clock, "monitor": told}
                if self.target is not None:
                    result = restore_new(repository, snapshot, self.target, options=self.options, **tools)
                else:
                    options = self._safe(clock, told)
                    result = restore_over(repository, snapshot, place.database, options=options, **tools)
            if result.safety_file is not None:
                row.facts["safety_file"] = str(result.safety_file)
            judge(row, (), result.problems)
        return result

    def _safe(self, clock: Clock, monitor: Monitor) -> RestoreOptions:
        """Never into the copy itself: what it gets comes from the repository here, and from nowhere else.

        The one here may be another: of a new computer, say, which began one of its own before anybody looked.
        """
        place = self.place
        try:
            here = place.open(clock)
        except LitekeepError as error:
            text = f"what is in {place.database} now goes into a file beside it: {error.message}"
            monitor.event("warning", code="safety_file", message=text)
            return replace(self.options, safety_file=free_name(place.database, clock))
        return replace(self.options, safety_repository=here)


def free_name(database: Path, clock: Clock) -> Path:
    """A file beside the database for what is in it now; none of that name is there."""
    base = f"{database.stem}-before-restore-{clock.now().astimezone():%Y-%m-%d-%H%M%S}"
    names = [database.with_name(f"{base}{more}{database.suffix}") for more in ("", *(f"-{n}" for n in range(2, 100)))]
    return next((path for path in names if not os.path.lexists(path)), names[0])


@dataclass(frozen=True, slots=True)
class RebuildJob:
    """Get all backups back from a copy, into the folder of the repository, where there is none now."""

    place: Place
    copy: CopySettings

    def run(self, monitor: Monitor) -> ReplicateResult:
        """Raises Refused, UnknownSnapshot, NoSpace, Cancelled, and what ListCopyJob raises. What has come stays in
        `<folder>.coming`, and the next run goes on with it.
        """
        place, clock = self.place, SystemClock()
        with recorded(place, "copy", clock, monitor) as (row, told):
            row.facts["copy"] = self.copy.name
            folder = Path(os.path.realpath(place.folder))
            _refuse_occupied(folder, place)
            coming = folder.with_name(folder.name + COMING)
            with opened(place, self.copy, clock, told) as repository:
                if not place.own(load_catalog(repository).snapshots):
                    raise UnknownSnapshot(f"the copy {self.copy.name} has no backup of {place.name}")
                result = replicate(repository, LocalStorage(coming, clock, create=True), clock=clock, monitor=told)
            _give_name(coming, folder)
            if place.state is not None:  # a person wants what the copy has, be it less than was once seen here
                accept(place.open(clock), clock.now(), told)
            row.message = "; ".join(result.left_behind)
            if result.left_behind:
                row.outcome, row.exit_code = Outcome.WARNINGS, 3
        return result


def _refuse_occupied(folder: Path, place: Place) -> None:
    """Nothing that is there is ever replaced, or mixed with what comes."""
    if place.there:
        raise Refused(
            f"{folder} holds backups",
            safe="Nothing was changed.",
            hint="What a copy has can be restored one by one; or name another folder.",
        )
    refuse_inside(folder, place.database)
    if not os.path.isdir(folder.parent):
        raise Refused(
            f"the folder {folder.parent}, in which that of the backups was, is not there",
            safe="Nothing was changed.",
            hint="If it is on a drive, connect that; or name another folder.",
        )
    if os.path.lexists(folder) and (not os.path.isdir(folder) or os.path.ismount(folder) or not _is_empty(folder)):
        raise Refused(
            f"{folder} is there, and is not an empty folder",
            safe="Nothing was changed.",
            hint="Move away what is in it; or name another folder, on a drive one below it.",
        )


def _give_name(coming: Path, folder: Path) -> None:
    """In one step. Raises Refused if something came in between."""
    with file_errors(folder):
        with suppress(FileNotFoundError):
            _remove_empty(folder)
        try:
            os.rename(coming, folder)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise _taken(folder, coming) from error
            raise
        sync_folder(folder.parent)


def _is_empty(folder: Path) -> bool:
    """True if there is nothing in it but what is found out anew."""
    return not set(os.listdir(folder)) - {CACHE}


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and _is_empty(folder):
        shutil.rmtree(folder / CACHE, ignore_errors=True)
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _taken(folder, folder.with_name(folder.name + COMING)) from error
        raise


def _taken(folder: Path, coming: Path) -> Refused:
    return Refused(
        f"{folder} came to hold something while the backups were got back",
        safe=f"They are in {coming}, and nothing was replaced.",
        hint="Look at what is in it, move that away, and begin again.",
    )
