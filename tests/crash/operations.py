"""The operations under test. Each opens the repository itself, so that this is numbered too."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crash.film import Film, in_memory
from crash.worlds import DAY, FEW, Builder, World, content_digest, rebuilt, small_scale
from litekeep.errors import LitekeepError
from litekeep.model import Level, Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations import curate
from litekeep.operations.backup import BackupOptions, BackupResult, backup
from litekeep.operations.drill import DrillResult, choose_for_drill, drill
from litekeep.operations.empty_trash import EmptyResult, empty_trash
from litekeep.operations.prune import PruneOptions, PruneResult, prune
from litekeep.operations.restore import RestoreOptions, find_undo, is_still_there, restore_new, restore_over
from litekeep.operations.scrub import ScrubReport, scrub
from litekeep.operations.verify import VerifyResult, verify
from litekeep.repository.catalog import load_catalog
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.storage.base import Storage
from litekeep.testing import ManualClock, RecordingMonitor

Prepare = Callable[[Builder], None]
Run = Callable[[World, Storage, ManualClock], object]
Goal = Callable[[World, Repository, Path], bool]


@dataclass(frozen=True)
class Operation:
    """prepare: makes the history before. run: the operation. goal: what must be so after a success.

    watches: it writes beside the live database or a target. restores: the goal is a file.
    """

    name: str
    prepare: Prepare
    run: Run
    goal: Goal
    watches: bool = False

    def world(self, folder: Path) -> World:
        """The world before the operation."""
        builder = Builder(folder)
        with small_scale():
            self.prepare(builder)
            return builder.world()


def _nothing(builder: Builder) -> None:
    builder.create()
    builder.storage._objects.clear()


def _new(builder: Builder) -> None:
    builder.create()
    builder.clock.advance(DAY)


def _days(count: int, *, then_change: bool = False) -> Prepare:
    def prepare(builder: Builder) -> None:
        builder.create()
        builder.days(count)
        if then_change:
            builder.change()
        builder.clock.advance(DAY // 2)

    return prepare


def _trashed(builder: Builder) -> None:
    """Seven days, four of them in the trash, and due."""
    builder.create()
    builder.days(7)
    builder.prune()
    builder.clock.advance(3 * DAY)


def _long(builder: Builder) -> None:
    """Six days of two databases, all but the last three of each in the trash, and due."""
    second = builder.folder / "data" / "second.db"
    builder.create()
    builder.make(second)
    for _ in range(6):
        for database in (builder.database, second):
            builder.change(database)
            builder.back_up(database=database)
    builder.prune()
    builder.clock.advance(3 * DAY)


def _interrupted(builder: Builder) -> None:
    """As `_trashed`, and a prune was killed after half of its new generations, and another one before its deletes."""
    _trashed(builder)
    for at in (2, 1):
        world, film = builder.world(), Film(dict(builder.storage._objects))
        _prune(compact=True)(world, film, world.clock())
        deletes = [frame for frame in film.frames if frame.operation == "delete" and frame.key.startswith("packs/")]
        puts = [frame for frame in film.frames if frame.operation == "put" and frame.key.startswith("packs/")]
        chosen = puts[len(puts) // 2] if at == 2 else deletes[len(deletes) // 2]
        builder.storage = in_memory(chosen.after)


def _dropping(builder: Builder) -> None:
    """The newest two of five are in the trash, and what they added is of no use to the others."""
    builder.create()
    builder.days(3)
    builder.change()
    _to_trash(builder, builder.back_up(Reason.MANUAL).snapshot)
    builder.change()
    _to_trash(builder, builder.back_up().snapshot)
    builder.clock.advance(3 * DAY)


def _to_trash(builder: Builder, snapshot: Snapshot) -> None:
    curate.to_trash(Repository.open(builder.storage), snapshot, clock=builder.clock, monitor=Silent())


def _restored(builder: Builder) -> None:
    """Three days and a restore of the first."""
    _days(3, then_change=True)(builder)
    world = builder.world()
    _restore_over(world, builder.storage, builder.clock)
    builder.clock.advance(DAY)


def _oldest(storage: Storage) -> tuple[Repository, Snapshot]:
    repository = Repository.open(storage)
    return repository, load_catalog(repository).snapshots[0]


def _create(world: World, storage: Storage, clock: ManualClock) -> object:
    return Repository.create(storage, clock.now())


def _back_up(reason: Reason, level: Level | None = None, *, pinned: bool = False) -> Run:
    def run(world: World, storage: Storage, clock: ManualClock) -> BackupResult:
        options = BackupOptions(reason=reason, scratch=world.scratch, level=level, pinned=pinned)
        return backup(Repository.open(storage), world.database, options=options, clock=clock, monitor=Silent())

    return run


def _prune(*, compact: bool) -> Run:
    def run(world: World, storage: Storage, clock: ManualClock) -> object:
        options = PruneOptions(FEW, confirmed=True, compact=compact, scratch=world.scratch)
        return prune(Repository.open(storage), options, clock=clock, monitor=Silent())

    return run


def _empty(world: World, storage: Storage, clock: ManualClock) -> object:
    return empty_trash(Repository.open(storage), clock=clock, monitor=Silent())


def _restore_new(world: World, storage: Storage, clock: ManualClock) -> object:
    return restore_new(*_oldest(storage), world.target, clock=clock, monitor=Silent())


def _restore_over(world: World, storage: Storage, clock: ManualClock) -> object:
    return restore_over(*_oldest(storage), world.database, clock=clock, monitor=Silent())


def _undo(world: World, storage: Storage, clock: ManualClock) -> object:
    repository = Repository.open(storage)
    snapshot, path = find_undo(
        load_catalog(repository).snapshots,
        lambda found: is_still_there(repository, found, scratch=world.scratch, clock=clock, monitor=Silent()),
    )
    return restore_over(repository, snapshot, path, options=RestoreOptions(), clock=clock, monitor=Silent())


def _pin(world: World, storage: Storage, clock: ManualClock) -> None:
    curate.pin(*_oldest(storage), clock=clock, monitor=Silent())


def _label(world: World, storage: Storage, clock: ManualClock) -> None:
    curate.label(*_oldest(storage), "before the audit", clock=clock, monitor=Silent())


def _delete(world: World, storage: Storage, clock: ManualClock) -> None:
    curate.to_trash(*_oldest(storage), clock=clock, monitor=Silent())


def _recover(world: World, storage: Storage, clock: ManualClock) -> None:
    curate.from_trash(*_oldest(storage), clock=clock, monitor=Silent())


NOT_REMEMBERED = "the result is right, and the storage took no receipt of it"


def _remembered(result: object, monitor: RecordingMonitor) -> object:
    """The result, or the word that it was told not to be remembered."""
    warnings = [facts["code"] for name, facts in monitor.events if name == "warning"]
    return NOT_REMEMBERED if "read_only" in warnings else result


def _verify(world: World, storage: Storage, clock: ManualClock) -> object:
    monitor = RecordingMonitor()
    return _remembered(verify(*_oldest(storage), scratch=world.scratch, clock=clock, monitor=monitor), monitor)


def _drill(world: World, storage: Storage, clock: ManualClock) -> object:
    repository, monitor = Repository.open(storage), RecordingMonitor()
    chosen = choose_for_drill(load_catalog(repository).snapshots, random.Random(1))
    return _remembered(drill(repository, chosen, scratch=world.scratch, clock=clock, monitor=monitor), monitor)


def _scrub(world: World, storage: Storage, clock: ManualClock) -> ScrubReport:
    return scrub(Repository.open(storage), clock=clock, monitor=Silent())


def _opens(world: World, repository: Repository, scratch: Path) -> bool:
    return True


def _newest_is_live(world: World, repository: Repository, scratch: Path) -> bool:
    newest = load_catalog(repository).snapshots[-1]
    image = rebuilt(repository, PackTable(repository), newest, scratch)
    return newest.verified >= Level.WRITTEN and content_digest(image) == world.live["app.db"]


def _rotated(world: World, repository: Repository, scratch: Path) -> bool:
    catalog = load_catalog(repository)
    left = [each.source for each in catalog.snapshots if each.trashed_at is None]
    return all(left.count(source) == 3 for source in catalog.sources())


def _forgotten(world: World, repository: Repository, scratch: Path) -> bool:
    return all(each.trashed_at is None for each in load_catalog(repository).snapshots)


def _target_is(which: int, *, over: bool) -> Goal:
    def goal(world: World, repository: Repository, scratch: Path) -> bool:
        path = world.database if over else world.target
        snapshot = load_catalog(repository).snapshots[which]
        wanted = content_digest(rebuilt(repository, PackTable(repository), snapshot, scratch))
        return path.exists() and content_digest(_as_programs_find_it(path, scratch)) == wanted

    return goal


def _as_programs_find_it(path: Path, scratch: Path) -> bytes:
    """The database with what its log holds; looked at in a copy, so that the next run meets what is there."""
    if not path.with_name(f"{path.name}-wal").exists():
        return path.read_bytes()
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        for name in (path.name, f"{path.name}-wal"):
            shutil.copy(path.with_name(name), folder)
        with closing(sqlite3.connect(Path(folder, path.name))) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return Path(folder, path.name).read_bytes()


def _first(test: Callable[[Snapshot], bool]) -> Goal:
    return lambda world, repository, scratch: test(load_catalog(repository).snapshots[0])


def _drilled(world: World, repository: Repository, scratch: Path) -> bool:
    return any(each.verified is Level.DRILL for each in load_catalog(repository).snapshots)


OPERATIONS = (
    Operation("create", _nothing, _create, _opens),
    Operation("first backup", _new, _back_up(Reason.SCHEDULED), _newest_is_live),
    Operation("first backup, pinned by hand", _new, _back_up(Reason.MANUAL, pinned=True), _newest_is_live),
    Operation("incremental backup", _days(3, then_change=True), _back_up(Reason.SCHEDULED), _newest_is_live),
    Operation(
        "backup, written blocks verified",
        _days(3, then_change=True),
        _back_up(Reason.SCHEDULED, Level.WRITTEN),
        _newest_is_live,
    ),
    Operation("backup of the unchanged", _days(2), _back_up(Reason.SCHEDULED), _newest_is_live),
    Operation("prune into the trash", _days(7), _prune(compact=False), _rotated),
    Operation("prune that forgets", _trashed, _prune(compact=False), _forgotten),
    Operation("prune that drops packs", _dropping, _prune(compact=False), _forgotten),
    Operation("prune that compacts", _trashed, _prune(compact=True), _forgotten),
    Operation("prune of two databases", _long, _prune(compact=True), _forgotten),
    Operation("prune after interrupted prunes", _interrupted, _prune(compact=True), _forgotten),
    Operation("empty the trash", _dropping, _empty, _forgotten),
    Operation("restore to a new path", _days(3), _restore_new, _target_is(0, over=False), watches=True),
    Operation("restore over", _days(3, then_change=True), _restore_over, _target_is(0, over=True), watches=True),
    Operation("undo", _restored, _undo, _target_is(3, over=True), watches=True),
    Operation("pin", _days(2), _pin, _first(lambda each: each.pinned)),
    Operation("label", _days(2), _label, _first(lambda each: each.label == "before the audit")),
    Operation("delete", _days(2), _delete, _first(lambda each: each.trashed_at is not None)),
    Operation("recover", _trashed, _recover, _first(lambda each: each.trashed_at is None)),
    Operation("verify", _days(3), _verify, _first(lambda each: each.verified >= Level.FULL)),
    Operation("drill", _days(3), _drill, _drilled),
    Operation("scrub", _days(3), _scrub, _opens),
)


def failed(result: object) -> bool:
    """True if a result says by itself that something went wrong."""
    return result is NOT_REMEMBERED or bool(
        (isinstance(result, BackupResult | VerifyResult | DrillResult) and result.damage)
        or (isinstance(result, ScrubReport) and result.damaged)
        or (isinstance(result, PruneResult | EmptyResult) and result.kept_by_lock)
        or (isinstance(result, BackupResult) and result.level < Level.WRITTEN)
    )


def attempt(
    operation: Operation, world: World, storage: Storage, clock: ManualClock
) -> tuple[object | None, LitekeepError | None]:
    """Run once: the result, or the error; every other exception is let through."""
    try:
        with small_scale():
            return operation.run(world, storage, clock), None
    except LitekeepError as error:
        return None, error
