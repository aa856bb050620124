"""Empty trash: forget what is in the trash now, without waiting for its term, and give the space back."""

from __future__ import annotations

from litekeep.clock import Clock
from litekeep.errors import Refused
from litekeep.model import Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.forgotten import record_forgotten
from litekeep.operations.lookback import require_unchanged
from litekeep.operations.prune import PruneOptions, collect, forget_all, require_manifests, with_unreadable_marks
from litekeep.operations.removal import Removal
from litekeep.records import dataclass
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository


@dataclass(frozen=True, slots=True)
class EmptyResult:
    """What is gone for good, and the space that came back. kept_by_lock: keys that the storage does not let go."""

    forgotten: tuple[Snapshot, ...]
    freed_bytes: int
    stored_bytes: int
    elapsed_seconds: float
    kept_by_lock: tuple[str, ...] = ()


def empty_trash(
    repository: Repository,
    source: str | None = None,
    *,
    compact: bool = True,
    lock_wait_seconds: float = 60.0,
    clock: Clock,
    monitor: Monitor,
) -> EmptyResult:
    """Forget all snapshots in the trash (of one source); pinned ones stay. compact: False in a copy, as for prune.

    Raises Refused if nothing sound of a source would be left, or snapshots are gone that nobody removed; CorruptObject
    if something that is needed cannot be read: then no data was deleted.
    """
    started = clock.monotonic()
    with repository.lock("emptying the trash", lock_wait_seconds):
        catalog = load_catalog(repository)
        require_manifests(catalog)
        require_unchanged(repository, catalog, clock.now())
        snapshots, unclear = catalog.snapshots, with_unreadable_marks(catalog)
        doomed = [
            each
            for each in snapshots
            if each.trashed_at is not None and not each.pinned and source in (None, each.source)
            if each.id not in unclear  # the last word on it may be that it was recovered
        ]
        for name in sorted({each.source for each in doomed}):
            _require_something_sound(name, [each for each in snapshots if each.source == name and each not in doomed])
        removal = Removal(repository.storage)
        whys = dict.fromkeys([each.id for each in doomed], "the trash was emptied")
        gone, recorded = forget_all(repository, doomed, catalog, removal, clock, monitor, whys)
        collected = collect(repository, PruneOptions(compact=compact), removal, monitor)
        if not recorded:  # now there is room
            record_forgotten(repository, gone, catalog.snapshots, removal.delete, clock.now())
        removal.tell(monitor)
    elapsed = clock.monotonic() - started
    monitor.event("trash_emptied", forgotten=len(gone), freed_bytes=collected.freed_bytes, elapsed_seconds=elapsed)
    freed, stored = collected.freed_bytes, collected.stored_bytes
    return EmptyResult(gone, freed, stored, elapsed, tuple(removal.refused))


def _require_something_sound(source: str, left: list[Snapshot]) -> None:
    if not any(each.sound for each in left):
        raise Refused(
            f"no verified backup of {source} would be left",
            safe="Nothing was deleted.",
            hint="Make a new backup first, or recover one from the trash.",
        )
