"""What pin, unpin, label, delete and recover have in common: find the backup, mark it, say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from litekeep.cli import describe
from litekeep.cli.exits import OK
from litekeep.cli.session import Session
from litekeep.clock import Clock
from litekeep.model import Snapshot
from litekeep.monitor import Monitor

if TYPE_CHECKING:
    from litekeep.repository.repository import Repository


class Operation(Protocol):
    """One of operations.curate."""

    def __call__(self, repository: Repository, snapshot: Snapshot, *, clock: Clock, monitor: Monitor) -> None:
        """Write the mark."""


def mark(session: Session, name: str, wanted: str, operation: Operation, done: str) -> int:
    """Do it to the backup `wanted`; `done` ends the sentence that begins with the backup's name."""
    place = session.find()
    repository = session.open(place)
    snapshot = session.snapshot(session.catalog(repository), wanted)
    with session.recorded(name, place, snapshot.source):
        operation(repository, snapshot, clock=session.clock, monitor=session.monitor)
    what = describe.brief(snapshot)
    session.out.good(f"{what[0].upper()}{what[1:]} {done}")
    updated = session.snapshot(session.catalog(repository), snapshot.id)
    session.result(name, OK, snapshot=describe.snapshot_json(updated))
    return OK
