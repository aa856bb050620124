"""What people decide about single snapshots: pin, label, into the trash and out of it again. Each is a mark.

Who decides has seen a list, and another run may have removed the snapshot since, or others of its source: what a
decision rests on is looked at again under the lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litekeep.clock import Clock
from litekeep.errors import ObjectMissing, Refused, UnknownSnapshot
from litekeep.model import Level, Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.anomaly import Tables, anomalies
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository

LOCK_WAIT_SECONDS = 60.0


def pin(repository: Repository, snapshot: Snapshot, *, clock: Clock, monitor: Monitor) -> None:
    """Never remove this snapshot automatically."""
    _mark(repository, snapshot, "pin", {"pinned": True}, clock, monitor)


def losses_undone(
    repository: Repository, source: str, tables: Tables, *, wait_seconds: float, clock: Clock, monitor: Monitor
) -> tuple[Snapshot, ...]:
    """A person brought back what had gone: whoever holds the state before an unusual loss stays pinned, and no more.

    tables: of the database as it is now. Rotation rests no longer for those which it does not fall short of in turn.
    """
    held = [each for each in load_catalog(repository, layout.source_dir(source)).snapshots if each.anomaly]
    back = tuple(each for each in held if each.tables and not anomalies(each.tables, tables))
    for each in back:
        _mark(repository, each, "restore", {"pinned": True}, clock, monitor, wait_seconds=wait_seconds)
    return back


def unpin(repository: Repository, snapshot: Snapshot, *, clock: Clock, monitor: Monitor) -> None:
    """Let the rotation decide about this snapshot again."""
    _mark(repository, snapshot, "unpin", {"pinned": False}, clock, monitor)


def label(repository: Repository, snapshot: Snapshot, text: str, *, clock: Clock, monitor: Monitor) -> None:
    """Replace the label."""
    _mark(repository, snapshot, "label", {"label": text}, clock, monitor)


def to_trash(repository: Repository, snapshot: Snapshot, *, by: str = "delete", clock: Clock, monitor: Monitor) -> None:
    """Put a snapshot into the trash, from where it can be recovered for some days.

    Raises Refused for a pinned one, and for the last sound one of its source: deleting that is never an accident worth
    allowing.
    """
    with repository.lock(by, LOCK_WAIT_SECONDS):
        others = load_catalog(repository, layout.source_dir(snapshot.source)).snapshots
        now = next((each for each in others if each.id == snapshot.id), None)
        if now is None:
            raise _gone(snapshot)
        _require_expendable(now, others)
        repository.mark(snapshot.source, snapshot.id, by, {"trashed_at": clock.now().isoformat()}, clock.now())
    monitor.event("marked", snapshot=snapshot.id, by=by)


def _require_expendable(snapshot: Snapshot, of_source: Sequence[Snapshot]) -> None:
    if snapshot.pinned:
        raise Refused(
            f"snapshot {snapshot.short_id} is pinned",
            safe="Nothing was changed.",
            hint="Unpin it first: litekeep unpin",
        )
    others = [each for each in of_source if each.id != snapshot.id and each.trashed_at is None and each.sound]
    if snapshot.verified >= Level.WRITTEN and not others:
        raise Refused(
            f"snapshot {snapshot.short_id} is the only verified one of {snapshot.source} that is left",
            safe="Nothing was changed.",
            hint="Make a new backup first.",
        )


def from_trash(repository: Repository, snapshot: Snapshot, *, clock: Clock, monitor: Monitor) -> None:
    """Take a snapshot out of the trash."""
    if snapshot.trashed_at is None:
        raise Refused(f"snapshot {snapshot.short_id} is not in the trash", safe="Nothing was changed.")
    _mark(repository, snapshot, "recover", {"trashed_at": None}, clock, monitor)


def _mark(
    repository: Repository,
    snapshot: Snapshot,
    by: str,
    changes: dict[str, Any],
    clock: Clock,
    monitor: Monitor,
    *,
    wait_seconds: float = LOCK_WAIT_SECONDS,
) -> None:
    with repository.lock(by, wait_seconds):
        try:
            repository.storage.size(snapshot.key)
        except ObjectMissing as error:
            raise _gone(snapshot) from error
        repository.mark(snapshot.source, snapshot.id, by, changes, clock.now())
    monitor.event("marked", snapshot=snapshot.id, by=by)


def _gone(snapshot: Snapshot) -> UnknownSnapshot:
    return UnknownSnapshot(
        f"snapshot {snapshot.short_id} is not there any more: another run removed it",
        safe="Nothing was changed.",
        hint="`litekeep list` shows those that are there.",
    )
