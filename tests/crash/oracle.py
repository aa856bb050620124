"""What must hold after any fault, and after the run that follows it."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crash.film import Frame, State, in_memory
from crash.operations import OPERATIONS, Operation, attempt, failed
from crash.worlds import ALL, DAY, World, content_digest, names_from, rebuilt, small_scale
from litekeep.errors import LitekeepError, Refused
from litekeep.model import Level, Reason
from litekeep.monitor import Silent
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.scrub import scrub
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import plan_read
from litekeep.repository.repository import Repository
from litekeep.storage.base import Storage
from litekeep.storage.durable import TEMPORARY_PREFIX
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock

Portrait = frozenset[tuple[str, bool, bool, str]]
"""What a person sees of the snapshots: image, in the trash, pinned, label. Ids and repeated states left aside."""


@dataclass(frozen=True)
class Reference:
    """A run without faults. forgets: the snapshots that it removes for good, and whose images may go."""

    frames: tuple[Frame, ...]
    end: State
    forgets: frozenset[str]
    portrait: Portrait


def refer(operation: Operation, world: World, film: Iterable[Frame], end: State) -> Reference:
    """Look at what a run without faults did."""
    assert operation.goal(world, Repository.open(in_memory(end)), world.scratch), "the goal does not fit the operation"
    forgets = frozenset(world.images) - {each.id for each in load_catalog(Repository.open(in_memory(end))).snapshots}
    return Reference(tuple(film), end, forgets, portrait(world, in_memory(end)))


def portrait(world: World, storage: Storage) -> Portrait:
    """See Portrait. Safety copies of a state that another snapshot holds too make no difference."""
    repository = Repository.open(storage)
    table = PackTable(repository)
    return frozenset(
        (
            content_digest(rebuilt(repository, table, each, world.scratch)),
            each.trashed_at is not None,
            each.pinned,
            each.label if each.label != "" and not each.label.startswith("before restoring") else "",
        )
        for each in load_catalog(repository).snapshots
    )


def require_same_portrait(wanted: Portrait, seen: Portrait) -> None:
    """Equal, but for snapshots that were complete when their run died before it could pin or label them."""
    assert seen >= wanted, f"missing {wanted - seen}"
    assert {image for image, *_ in seen} == {image for image, *_ in wanted}
    assert all(not trashed and not pinned for _, trashed, pinned, _ in seen - wanted)


def require_nothing_lost(world: World, reference: Reference, storage: Storage) -> None:
    """(a): every snapshot from before is there and gives the same bytes, and every new one a state that was."""
    try:
        repository = Repository.open(storage)
    except LitekeepError:
        assert not world.images, "the repository cannot be opened"
        return
    table, listed = PackTable(repository), set()
    catalog = load_catalog(repository)
    assert not catalog.damaged, catalog.damaged
    for snapshot in catalog.snapshots:
        image = rebuilt(repository, table, snapshot, world.scratch)
        listed.add(snapshot.id)
        if snapshot.id in world.images:
            assert hashlib.sha256(image).hexdigest() == world.images[snapshot.id], snapshot
        else:
            assert content_digest(image) in world.contents, f"{snapshot} holds what never was"
    lost = world.images.keys() - listed - reference.forgets
    assert not lost, f"lost {lost}"


def require_recovery(operation: Operation, world: World, reference: Reference, storage: Storage, seed: int) -> None:
    """(b) and (c): the next run succeeds at once, and everything is as if nothing had happened; a prune tidies up."""
    clock = world.clock()
    clock.advance(3600)
    with names_from(seed):
        # What was undone before the kill would be done again by a second undo.
        done = operation.name == "undo" and operation.goal(world, Repository.open(storage), world.scratch)
        next_run = back_up_the_unchanged() if done and not journal(world) else operation
        result, error = attempt(next_run, world, storage, clock)
        repository = Repository.open(storage)
        if error is not None:
            assert isinstance(error, Refused), repr(error)  # it is done already, and says so
        assert not failed(result), result
        assert operation.goal(world, repository, world.scratch), "the goal is not reached"
        require_nothing_lost(world, reference, storage)
        require_same_portrait(reference.portrait, portrait(world, storage))
        require_tidy(world, reference, storage, clock)


def back_up_the_unchanged() -> Operation:
    """What a user's computer does next when there is nothing to be done again."""
    return next(each for each in OPERATIONS if each.name == "backup of the unchanged")


def journal(world: World) -> bool:
    """True if the next program that opens the live database will roll something back."""
    return world.database.with_name("app.db-journal").exists()


def require_old_or_new(world: World, storage: Storage, scratch: Path) -> bool:
    """The live database as the next program finds it is one that was; if it changed, its old state is in a safety copy.

    Looked at in a copy, so that the next run meets what the kill left. Returns whether it changed.
    """
    folder = scratch / "looked-at"
    shutil.copytree(world.database.parent, folder)
    with closing(sqlite3.connect(folder / "app.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = content_digest((folder / "app.db").read_bytes())
    shutil.rmtree(folder)
    assert found in world.contents
    changed = found != world.live["app.db"]
    repository = Repository.open(storage)
    table, snapshots = PackTable(repository), load_catalog(repository).snapshots
    copies = [each for each in snapshots if each.reason is Reason.PRE_RESTORE and each.id not in world.images]
    kept = [content_digest(rebuilt(repository, table, each, world.scratch)) for each in copies]
    assert not changed or world.live["app.db"] in kept
    return changed


def require_tidy(world: World, reference: Reference, storage: Storage, clock: ManualClock) -> None:
    """After a prune no damage and no garbage: no object that nothing needs, no temporary, no working copy."""
    repository, before = Repository.open(storage), portrait(world, storage)
    clock.advance(2 * DAY)
    with small_scale():
        prune(repository, PruneOptions(ALL, scratch=world.scratch), clock=clock, monitor=Silent())
    report = scrub(repository, clock=clock, monitor=Silent())
    assert not report.damaged, report.damaged
    require_no_garbage(repository)
    assert portrait(world, storage) == before
    require_nothing_lost(world, reference, storage)
    if isinstance(storage, LocalStorage):
        left = [path.name for path in storage.root.rglob("*") if path.name.startswith(TEMPORARY_PREFIX)]
        assert not left, left
    for folder in ("data", "out", "scratch"):
        hidden = [path.name for path in (world.folder / folder).iterdir() if "litekeep-" in path.name]
        assert not hidden, hidden


def require_no_garbage(repository: Repository) -> None:
    """Every pack is needed, in one generation, every receipt and mark is about a snapshot, and no plan is left."""
    table, ids, needed = PackTable(repository), set[str](), set[str]()
    for key in repository.snapshot_keys():
        ids.add(key.id)
        for pack, _ in plan_read(table, repository.read_manifest(key.key).page_map.runs()).frames:
            needed.add(table.key(pack))
    stored = {entry.key for entry in repository.storage.list()}
    assert {key for key in stored if key.startswith(layout.PACKS)} == needed
    assert {about for key in stored if (about := layout.record_snapshot(key))} <= ids
    assert not [key for key in stored if key.startswith(layout.PLANS)]


def require_proofs_by_reading(frames: Iterable[Frame], world: World) -> int:
    """(d): every receipt that claims a level was written after its stored frames had been read; returns how many."""
    read: set[tuple[str, int, int]] = set()
    claims = 0
    for frame in frames:
        if frame.operation == "get_range":
            read.add((frame.key, *frame.span))
        claimed = frame.operation == "put" and frame.key.startswith(layout.RECEIPTS) and frame.key in frame.after
        if claimed:
            claims += _require_read(frame, read)
    return claims


def _require_read(frame: Frame, read: set[tuple[str, int, int]]) -> int:
    repository = Repository.open(in_memory(frame.after))
    receipt = repository.read_receipt(frame.key)
    if receipt.level is Level.NONE:
        return 0
    manifest = next(
        repository.read_manifest(key.key) for key in repository.snapshot_keys() if key.id == receipt.snapshot
    )
    table, new = PackTable(repository), {bytes.fromhex(pack) for pack in manifest.facts["new_packs"]}
    runs = [run for run in manifest.page_map.runs() if receipt.level >= Level.FULL or run.pack in new]
    for pack, part in plan_read(table, runs).frames:
        index = table.index(pack)
        stored = index.frames[part]
        span = (index.key, stored.offset, stored.offset + stored.stored_bytes)
        assert span in read, f"{receipt.level!r} claimed without reading {span}"
    return 1


def digest_of(*states: State) -> str:
    """The same for the same states."""
    digest = hashlib.sha256()
    for state in states:
        for key in sorted(state):
            digest.update(f"{key}\0{hashlib.sha256(state[key]).hexdigest()}\n".encode())
        digest.update(b"|")
    return digest.hexdigest()
