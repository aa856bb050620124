"""Bring a plain file back that a person picked: a database, or one packed with gzip or zstd."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from litekeep.clock import Clock, SystemClock
from litekeep.errors import NotADatabase, SourceUnreadable
from litekeep.monitor import Monitor
from litekeep.operations.create import create_repository
from litekeep.operations.restore import RestoreOptions, RestoreResult, refuse_existing, restore_file
from litekeep.records import dataclass
from litekeep.repository.repository import Repository
from litekeep.worker.jobs import Place, create_where_missing, judge, recorded


@dataclass(frozen=True, slots=True)
class RestoreFileJob:
    """Restore a file: to the new path `target`, or (None) over the live database.

    create: make the repository if there is none, so that what is there now has a place for its safety copy.
    """

    place: Place
    file: Path
    target: Path | None = None
    options: RestoreOptions = field(default_factory=RestoreOptions)
    create: bool = False

    def run(self, monitor: Monitor) -> RestoreResult:
        """Raises NotADatabase, SourceMissing, VerificationFailed, Refused, SourceBusy, NoRepository, StorageError."""
        place, clock = self.place, SystemClock()
        with recorded(place, "restore", clock, monitor) as (row, told):
            repository = None
            if self.target is not None:
                refuse_existing(self.target)
            elif place.database.exists():
                repository = self._repository(clock, told)
            result = restore_file(
                repository, self.file, self.target or place.database, options=self.options, clock=clock, monitor=told
            )
            if result.safety_copy is not None:
                row.source = result.safety_copy.source
            judge(row, (), result.problems)
        return result

    def _repository(self, clock: Clock, monitor: Monitor) -> Repository:
        """A database that is so damaged that it cannot be backed up needs one too: its files are moved aside."""
        place = self.place
        if self.create:
            try:
                create_where_missing(place, clock, monitor)
            except (NotADatabase, SourceUnreadable):
                create_repository(place.folder, clock=clock, monitor=monitor)
        return place.open(clock)
