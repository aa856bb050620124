"""What a person decides about one backup: a mark in the repository, with the same row and line as from a terminal."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Protocol

from litekeep.clock import Clock, SystemClock
from litekeep.model import Snapshot
from litekeep.monitor import Monitor
from litekeep.operations import curate
from litekeep.operations.lookback import Change, accept
from litekeep.records import dataclass
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.worker.jobs import Place, find_snapshot, recorded


class Decision(StrEnum):
    """What is decided; also the verb of its row in the journal."""

    PIN = "pin"
    UNPIN = "unpin"
    LABEL = "label"
    DELETE = "delete"
    RECOVER = "recover"


class _Operation(Protocol):
    def __call__(self, repository: Repository, snapshot: Snapshot, *, clock: Clock, monitor: Monitor) -> None: ...


@dataclass(frozen=True, slots=True)
class MarkJob:
    """Mark a backup. name: as for VerifyJob. text: the label."""

    place: Place
    name: str
    decision: Decision
    text: str = ""

    def run(self, monitor: Monitor) -> Snapshot:
        """The snapshot as it is then. Raises UnknownSnapshot, Refused, Locked, StorageError."""
        place, clock = self.place, SystemClock()
        repository = place.open(clock)
        snapshot = find_snapshot(repository, place, self.name)
        with recorded(place, self.decision.value, clock, monitor) as (row, told):
            row.source = snapshot.source
            operations: dict[Decision, _Operation] = {
                Decision.PIN: curate.pin,
                Decision.UNPIN: curate.unpin,
                Decision.LABEL: partial(curate.label, text=self.text),
                Decision.DELETE: curate.to_trash,
                Decision.RECOVER: curate.from_trash,
            }
            operations[self.decision](repository, snapshot, clock=clock, monitor=told)
        return load_catalog(repository).find(snapshot.id)


@dataclass(frozen=True, slots=True)
class AcceptJob:
    """Take the repository for right as it is, although snapshots are gone that nobody removed."""

    place: Place

    def run(self, monitor: Monitor) -> tuple[Change, ...]:
        """What was wrong till now. Raises NoRepository, StorageError; Refused if it cannot be remembered."""
        place, clock = self.place, SystemClock()
        with recorded(place, "accept", clock, monitor) as (row, told):
            changes = accept(place.open(clock), clock.now(), told)
            row.message = "; ".join(change.text for change in changes)
        return changes
