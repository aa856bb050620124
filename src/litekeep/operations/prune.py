"""Prune: act on the retention plan, then give back the space of what nothing needs any more.

Four steps, each of which leaves everything restorable if it is the last one that happens:

1. say what is going to happen (a plan object; a later run finds it if this one dies, and reports that);
2. snapshots whose time in the trash is over are forgotten: they are recorded as removed (operations.forgotten), the
   manifest is deleted, and with it the snapshot is gone; only then what was said about it;
3. snapshots that the plan removes go to the trash (a mark; recoverable for `trash_days`);
4. garbage is collected (repository.garbage, repository.compact): packs that nothing needs are deleted (last of all if
   an earlier run was interrupted here); new generations of others are written and read back, the digest of every
   snapshot is found again in them, the listing is the one that was planned with, and only then are old generations
   deleted.

Plans with a brake or a hold are not executed unless a person confirmed them; nothing of their source is then touched.
What the storage does not let go (object lock, credentials that may only add) stays, whole, and is told. Nothing at all
is deleted while snapshots are gone that nobody removed (operations.lookback).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import CorruptObject, NoSpace, PermissionRefused, Refused
from litekeep.model import Snapshot
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.operations.forgotten import record_forgotten
from litekeep.operations.lookback import look, require_unchanged, warn
from litekeep.operations.reclaim import reclaimable_bytes
from litekeep.operations.removal import Removal
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.catalog import Catalog, load_catalog
from litekeep.repository.compact import read_back, require_same_names, write_generations
from litekeep.repository.garbage import GarbagePlan, Maps, plan_garbage, read_maps
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import require_digest
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPlan, RetentionPolicy, plan_retention
from litekeep.storage.base import sweep_temporaries

LEFTOVER_SECONDS = 86_400.0
"""Unfinished puts of runs that died are removed at this age; no put takes so long."""


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What a prune would do. retention: a plan for every source, by its name.

    reclaimable_bytes: about what forgetting the snapshots that leave the trash gives back (operations.reclaim).
    stored_bytes: of all packs.
    """

    retention: tuple[tuple[str, RetentionPlan], ...]
    reclaimable_bytes: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What a prune did. waiting: per source, why its plan waits for a confirmed run (brakes, holds).

    kept_by_lock: keys of objects that were to go and that the storage does not let go.
    """

    trashed: tuple[Snapshot, ...]
    forgotten: tuple[Snapshot, ...]
    waiting: tuple[tuple[str, tuple[str, ...]], ...]
    dropped_packs: int
    rewritten_packs: int
    freed_bytes: int
    stored_bytes: int
    elapsed_seconds: float
    kept_by_lock: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PruneOptions:
    """How to prune. confirmed: execute plans also where a brake or hold asks for a person's yes.

    source: only this one; None for all. compact: rewrite packs with much waste.
    """

    policy: RetentionPolicy = field(default_factory=RetentionPolicy)
    confirmed: bool = False
    source: str | None = None
    compact: bool = True
    scratch: Path | None = None
    lock_wait_seconds: float = 60.0


def plan_prune(repository: Repository, options: PruneOptions, *, clock: Clock, monitor: Monitor) -> PrunePlan:
    """Decide, and change nothing."""
    catalog = load_catalog(repository)
    warn(look(repository, clock.now(), catalog=catalog), monitor)
    retention = _plan_retention(catalog, options, clock)
    stop_if_cancelled(monitor)
    everything = [decision.snapshot for _, plan in retention for decision in plan.decisions]
    expired = reclaimable_bytes(everything, [snapshot for _, plan in retention for snapshot in plan.expired])
    stored = sum(entry.size_bytes for entry in repository.storage.list(layout.PACKS))
    return PrunePlan(retention, expired, stored)


def prune(
    repository: Repository, options: PruneOptions, plan: PrunePlan | None = None, *, clock: Clock, monitor: Monitor
) -> PruneResult:
    """Execute a plan, or a fresh one.

    Raises Refused if the repository is not any more as it was when `plan` was made, or if snapshots are gone that
    nobody removed; CorruptObject if something that is needed cannot be read: then nothing was deleted. Locked,
    StorageError, Cancelled: what was done so far is whole.
    """
    started = clock.monotonic()
    monitor.event("prune_started")
    with repository.lock("prune", options.lock_wait_seconds):
        catalog = load_catalog(repository)
        require_manifests(catalog)
        require_unchanged(repository, catalog, clock.now())
        retention = _plan_retention(catalog, options, clock)
        if plan is not None and _decisions(plan.retention) != _decisions(retention):
            raise Refused(
                "the snapshots are not the same any more as when this was planned",
                safe="Nothing was deleted.",
                hint="Look at the new plan and prune again.",
            )
        waiting = () if options.confirmed else _waiting(catalog, retention)
        execute = [decided for source, decided in retention if source not in dict(waiting)]
        trashed = tuple(snapshot for decided in execute for snapshot in decided.removed)
        expired = tuple(snapshot for decided in execute for snapshot in decided.expired)
        left, note = _announce(repository, trashed, expired, clock)
        whys = _whys(execute)
        for source, texts in waiting:
            monitor.event("prune_held", source=source, why="; ".join(texts))
        removal = Removal(repository.storage)  # first: on a full disk this makes room for the marks
        forgotten, recorded = forget_all(repository, expired, catalog, removal, clock, monitor, whys)
        full = _put_into_trash(repository, trashed, whys, clock, monitor)
        collected = collect(repository, options, removal, monitor)
        if not recorded:  # now there is room
            record_forgotten(repository, forgotten, catalog.snapshots, removal.delete, clock.now())
        finished = [key for key in left if removal.delete(key)]
        for key in note:
            removal.delete(key)
        if finished:
            message = "an earlier prune was interrupted; it is finished now"
            monitor.event("warning", code="interrupted_prune", message=message)
        removal.tell(monitor)
        if full is not None:
            raise full
    elapsed = clock.monotonic() - started
    monitor.event(
        "prune_finished",
        trashed=len(trashed),
        forgotten=len(forgotten),
        waiting=len(waiting),
        dropped_packs=collected.dropped_packs,
        rewritten_packs=collected.rewritten_packs,
        freed_bytes=collected.freed_bytes,
        stored_bytes=collected.stored_bytes,
        elapsed_seconds=elapsed,
    )
    return PruneResult(
        trashed=trashed,
        forgotten=forgotten,
        waiting=waiting,
        dropped_packs=collected.dropped_packs,
        rewritten_packs=collected.rewritten_packs,
        freed_bytes=collected.freed_bytes,
        stored_bytes=collected.stored_bytes,
        elapsed_seconds=elapsed,
        kept_by_lock=tuple(removal.refused),
    )


def require_manifests(catalog: Catalog) -> None:
    """Raise CorruptObject if a manifest cannot be read: what it needs, and what it would be kept for, is not known."""
    for error in catalog.damaged:
        if error.key.startswith(layout.SNAPSHOTS):
            raise error


def with_unreadable_marks(catalog: Catalog) -> dict[str, str]:
    """The snapshots of which a mark, perhaps a pin, cannot be read: what is wrong, by id."""
    marks = [error for error in catalog.damaged if error.key.startswith(layout.MARKS)]
    return {snapshot: str(error) for error in marks if (snapshot := layout.record_snapshot(error.key))}


def _waiting(
    catalog: Catalog, retention: tuple[tuple[str, RetentionPlan], ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a person must confirm first, and why: brakes, holds, and marks that cannot be read."""
    unclear = with_unreadable_marks(catalog)
    found = []
    for source, decided in retention:
        marks = [text for snapshot in catalog.of(source) if (text := unclear.get(snapshot.id))]
        if decided.changes and (whys := (*decided.brake, *decided.hold, *marks)):
            found.append((source, whys))
    return tuple(found)


def _plan_retention(catalog: Catalog, options: PruneOptions, clock: Clock) -> tuple[tuple[str, RetentionPlan], ...]:
    sources = [options.source] if options.source is not None else catalog.sources()
    return tuple((source, plan_retention(catalog.of(source), options.policy, clock.now())) for source in sources)


def _decisions(retention: tuple[tuple[str, RetentionPlan], ...]) -> list[tuple[str, bool]]:
    return sorted((decision.snapshot.id, decision.keep) for _, plan in retention for decision in plan.decisions)


def _whys(plans: Iterable[RetentionPlan]) -> dict[str, str]:
    """Why each snapshot goes, by id."""
    return {each.snapshot.id: "; ".join(each.reasons) for plan in plans for each in plan.decisions if not each.keep}


def _announce(
    repository: Repository,
    trashed: tuple[Snapshot, ...],
    forgotten: tuple[Snapshot, ...],
    clock: Clock,
) -> tuple[list[str], list[str]]:
    """Write down what is going to happen; returns the keys of left-over plans and of this, to be deleted at the end.

    Left-over ones tell of an interrupted run, unless the storage does not let them go.
    """
    left = [entry.key for entry in repository.storage.list(layout.PLANS) if layout.is_plan_key(entry.key)]
    if not trashed and not forgotten:
        return left, []
    facts = {"at": clock.now().isoformat(), "trash": [s.id for s in trashed], "forget": [s.id for s in forgotten]}
    try:
        return left, [repository.write_plan(clock.now(), facts)]
    except NoSpace:
        return left, []  # it only explains; what makes room must not fail for want of room


def _put_into_trash(
    repository: Repository, snapshots: Sequence[Snapshot], whys: Mapping[str, str], clock: Clock, monitor: Monitor
) -> NoSpace | None:
    """Mark them; returns the error where there is no room for the marks, to be raised once room was made."""
    try:
        for snapshot in snapshots:
            _to_trash(repository, snapshot, whys[snapshot.id], clock, monitor)
    except NoSpace as error:
        return NoSpace(
            f"no room to mark what goes to the trash: {error.message}",
            key=error.key,
            safe="What could be collected was removed; the snapshots are all there.",
            hint="Prune again; if that fails too, empty the trash (litekeep trash empty) or free some space.",
        )
    return None


def _to_trash(repository: Repository, snapshot: Snapshot, why: str, clock: Clock, monitor: Monitor) -> None:
    now = clock.now()
    repository.mark(snapshot.source, snapshot.id, "rotation", {"trashed_at": now.isoformat()}, now)
    monitor.event("trashed", snapshot=snapshot.id, source=snapshot.source, why=why)


def forget_all(
    repository: Repository,
    doomed: Sequence[Snapshot],
    catalog: Catalog,
    removal: Removal,
    clock: Clock,
    monitor: Monitor,
    whys: Mapping[str, str],
) -> tuple[tuple[Snapshot, ...], bool]:
    """Delete snapshots for good, and write down before that they were removed on purpose. The caller holds the lock.

    Returns those that the storage let go, and whether there was room to write it down.
    """
    recorded = record_forgotten(repository, doomed, catalog.snapshots, removal.delete, clock.now())
    gone = tuple(each for each in doomed if _forget(repository, each, removal, monitor, whys[each.id]))
    return gone, recorded


def _forget(repository: Repository, snapshot: Snapshot, removal: Removal, monitor: Monitor, why: str) -> bool:
    """Delete a snapshot for good: its manifest, then what was said about it.

    False if the storage does not let it go; then nothing of it is gone.
    """
    stop_if_cancelled(monitor)
    if not removal.delete(snapshot.key):
        return False
    directory = layout.source_dir(snapshot.source)
    for prefix in (layout.RECEIPTS, layout.MARKS):
        for key in repository.records_of(prefix, directory, snapshot.id):
            removal.delete(key)
    monitor.event("forgotten", snapshot=snapshot.id, source=snapshot.source, why=why)
    return True


@dataclass(frozen=True, slots=True)
class Collected:
    """What collecting garbage did."""

    dropped_packs: int
    rewritten_packs: int
    freed_bytes: int
    stored_bytes: int


def collect(repository: Repository, options: PruneOptions, removal: Removal, monitor: Monitor) -> Collected:
    """Collect garbage under the lock that the caller holds. Where something is kept by lock, nothing is rewritten.

    Raises CorruptObject when something that is needed cannot be read: of that, nothing was deleted then. A storage too
    full for new generations keeps the old ones, with a warning.
    """
    table = PackTable(repository)
    maps, keys = read_maps(repository)
    plan = plan_garbage(repository, table, maps, {key.id for key in keys}, compact=options.compact)
    _require_same_snapshots(repository, keys)
    # After an interrupted run, what is needed was learned from generations that nobody has read back yet: then nothing
    # goes before that is done.
    first, last = ((), plan.drop) if plan.superseded else (plan.drop, ())
    for key in (*first, *plan.orphans):
        stop_if_cancelled(monitor)
        removal.delete(key)
    if removal.refused:  # old generations would stay, too, and new ones only take room
        plan = replace(plan, rewrites=(), emptied=())
    try:
        write_generations(repository, table, plan.rewrites, options.scratch, monitor)
    except NoSpace as error:
        monitor.event("warning", code="not_compacted", message=f"no room to compact: {error.message}")
        plan = replace(plan, rewrites=(), emptied=())
    try:
        _prove(repository, table, plan, maps, keys, options.scratch, monitor)
    except CorruptObject:
        _take_back(repository, plan)
        raise
    stop_if_cancelled(monitor)
    for key in (*last, *plan.superseded, *(rewrite.key for rewrite in plan.rewrites), *plan.emptied):
        removal.delete(key)
    with suppress(PermissionRefused):
        sweep_temporaries(repository.storage, LEFTOVER_SECONDS)
    stored = sum(PackTable(repository).sizes.values())
    dropped = len({*plan.drop, *plan.emptied} - {*removal.refused})
    return Collected(dropped, len(plan.rewrites), plan.stored_bytes - stored, stored)


def _take_back(repository: Repository, plan: GarbagePlan) -> None:
    """Delete new generations that are not what they should be, so that readers use the old ones, which are all there.

    The last one written goes first: at every moment the highest generations are ones of an interrupted prune.
    """
    for rewrite in reversed(plan.rewrites):
        repository.storage.delete(layout.pack_key(rewrite.pack_id, rewrite.generation))


def _require_same_snapshots(repository: Repository, keys: list[layout.SnapshotKey]) -> None:
    if repository.snapshot_keys() != keys:
        raise Refused("the list of snapshots changed while garbage was collected", safe="Nothing was deleted.")


def _prove(
    repository: Repository,
    table: PackTable,
    plan: GarbagePlan,
    maps: Maps,
    keys: list[layout.SnapshotKey],
    scratch: Path | None,
    monitor: Monitor,
) -> None:
    """What must be true before anything that was needed a moment ago is deleted."""
    changed = {rewrite.pack_id for rewrite in plan.rewrites}
    changed |= {parsed[0] for key in plan.superseded if (parsed := layout.parse_pack_key(key))}
    if not changed:
        return
    _require_same_snapshots(repository, keys)
    fresh = PackTable(repository)
    require_same_names(table, fresh, plan.rewrites)
    read_back(repository, fresh, maps, changed, scratch, monitor)
    for key in keys:
        require_digest(repository, fresh, key.key, repository.read_manifest(key.key))
