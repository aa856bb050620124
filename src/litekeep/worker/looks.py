"""What looks at the live database and changes nothing: what a restore would change, and what the doctor finds."""

from __future__ import annotations

from pathlib import Path

from litekeep.clock import SystemClock
from litekeep.monitor import Monitor
from litekeep.operations.doctor import examine_repository
from litekeep.operations.doctor_database import examine_database
from litekeep.operations.finding import Finding
from litekeep.operations.preview import Preview, preview_restore
from litekeep.records import dataclass
from litekeep.repository.catalog import load_catalog
from litekeep.worker.jobs import Place, find_snapshot


@dataclass(frozen=True, slots=True)
class PreviewJob:
    """What restoring over the database would change. chosen: a snapshot's name as for VerifyJob, or a plain file."""

    place: Place
    chosen: str | Path

    def run(self, monitor: Monitor) -> Preview:
        """Raises UnknownSnapshot, NotADatabase, SourceMissing, CorruptObject, NoSpace, StorageError, Cancelled."""
        place, clock = self.place, SystemClock()
        target, scratch = place.database, place.scratch
        if isinstance(self.chosen, Path):
            return preview_restore(None, self.chosen, target, scratch=scratch, clock=clock, monitor=monitor)
        repository = place.open(clock)
        snapshot = find_snapshot(repository, place, self.chosen)
        return preview_restore(repository, snapshot, target, scratch=scratch, clock=clock, monitor=monitor)


@dataclass(frozen=True, slots=True)
class ExamineJob:
    """What could go wrong with the database and with its repository, where there is one."""

    place: Place

    def run(self, monitor: Monitor) -> list[Finding]:  # noqa: ARG002 - it takes a moment
        """Raises StorageError, CorruptObject if the repository is there and cannot be used."""
        place, clock = self.place, SystemClock()
        findings = examine_database(place.database, place.folder if place.there else None)
        if place.there:
            repository = place.open(clock)
            findings += examine_repository(repository, load_catalog(repository), place.folder, clock)
        return findings
