"""The operations of tests/crash, and some more, in many worlds: other page sizes, longer histories, encryption, WAL."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from unittest import mock

from crash.film import Film, State, in_memory
from crash.operations import OPERATIONS, Goal, Operation, _days, _oldest, _target_is, attempt
from crash.oracle import Reference, refer
from crash.worlds import Builder, World, names_from, small_scale
from litekeep.errors import NoRepository, WrongKey
from litekeep.formats.keyslot import KEY, RECOVERY
from litekeep.formats.printedkey import print_key
from litekeep.monitor import Silent
from litekeep.operations.copymemory import CopyMemory
from litekeep.operations.encrypt import encrypt
from litekeep.operations.keys import add_slot, change_slot, remove_slot
from litekeep.operations.replicate import replicate
from litekeep.operations.restore import RestoreOptions, restore_over
from litekeep.operations.sync import SyncOptions, sync
from litekeep.repository.keyring import GivenKey, Keyring, NewSlot
from litekeep.repository.repository import Repository
from litekeep.storage.base import Storage
from litekeep.testing import ManualClock
from torture.campaign import Tally

FIRST = NewSlot(RECOVERY, print_key(b"\1" * 32), "one")
SECOND = NewSlot(KEY, print_key(b"\2" * 32), "two")
DAMAGED = b"no database at all " * 300


@dataclass(frozen=True)
class Scene:
    """What kind of world. rows: of each table at the start, each of row_bytes. more_days: that every history has."""

    name: str
    page_size: int = 4096
    rows: int = 60
    row_bytes: int = 600
    more_days: int = 0
    encrypted: bool = False
    wal: bool = False
    auto_vacuum: str = "none"
    seed: int = 1

    @property
    def title(self) -> str:
        """The name of a scene with this seed, as cases begin."""
        return f"{self.name} {self.seed}"


SCENES = (
    Scene("plain"),
    Scene("encrypted", encrypted=True),
    Scene("wal", wal=True),
    Scene("512", page_size=512, rows=40, row_bytes=300),
    Scene("65536", page_size=65536, rows=24, row_bytes=9000),
    Scene("long", more_days=5, rows=30),
    Scene("auto_vacuum", auto_vacuum="full", page_size=1024),
    Scene("encrypted 512", encrypted=True, page_size=512, rows=30, row_bytes=200, more_days=2),
    Scene("incremental vacuum, wal", auto_vacuum="incremental", wal=True, page_size=2048),
    Scene("tiny", rows=1, row_bytes=10),
)


def scene(name: str, seed: int) -> Scene:
    """One of SCENES, with other data and other names."""
    return replace(next(each for each in SCENES if each.name == name), seed=seed)


@dataclass
class Elsewhere(World):
    """A world whose operation reads another repository, which stays as it is. local: its objects."""

    local: State = field(default_factory=dict)


class SceneBuilder(Builder):
    """Lives through days of a scene. steady: the history has exactly the days that it is told."""

    def __init__(self, folder: Path, scene: Scene, *, steady: bool) -> None:
        super().__init__(folder)
        self.scene, self.steady, self.chance = scene, steady, random.Random(scene.seed)
        self.local: State | None = None

    def create(self) -> Repository:
        """A new repository, encrypted if the scene is, and a new database."""
        self.make(self.database)
        slots = [FIRST] if self.scene.encrypted else []
        return Repository.create(self.storage, self.clock.now(), encryption=slots)

    def make(self, database: Path) -> None:
        """A database as the scene has it."""
        scene = self.scene
        with closing(sqlite3.connect(database, isolation_level=None)) as db:
            db.execute(f"PRAGMA page_size={scene.page_size}")
            db.execute(f"PRAGMA auto_vacuum={scene.auto_vacuum}")
            if scene.wal:
                db.execute("PRAGMA journal_mode=wal").fetchall()
            db.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body BLOB)")
            rows = [(self.chance.randbytes(scene.row_bytes),) for _ in range(scene.rows)]
            db.executemany("INSERT INTO item(body) VALUES (?)", rows)

    def change(self, database: Path | None = None) -> None:
        """As any day; with vacuuming, rows also go."""
        super().change(database)
        if self.scene.auto_vacuum != "none":
            with closing(sqlite3.connect(database or self.database, isolation_level=None)) as db:
                (last,) = db.execute("SELECT max(id) FROM item").fetchone()
                db.executemany("DELETE FROM item WHERE id = ?", [(self.chance.randint(2, last),) for _ in range(4)])
                db.execute("PRAGMA incremental_vacuum").fetchall()

    def days(self, count: int) -> None:
        """Change and back up."""
        super().days(count + (0 if self.steady else self.scene.more_days))


def _damaged(builder: Builder) -> None:
    """Three days, and then something wrote over the database."""
    _days(3)(builder)
    builder.database.write_bytes(DAMAGED)


def _missing(builder: Builder) -> None:
    """Three days, and then the database is gone."""
    _days(3)(builder)
    for path in builder.database.parent.iterdir():
        path.unlink()


def _copied(builder: Builder, *, days: int) -> None:
    """A repository, and a copy of it that lacks the last two days, or everything."""
    assert isinstance(builder, SceneBuilder)
    builder.create()
    builder.days(days)
    behind = dict(builder.storage._objects) if days else {}
    builder.days(2)
    builder.local = dict(builder.storage._objects)
    builder.storage = in_memory(behind)


def _with_slots(builder: Builder, count: int) -> None:
    keys = _keys(builder.create())
    for new in (SECOND,)[: count - 1]:
        keys.add(new, builder.clock.now())
    builder.days(1)


def _over(world: World, storage: Storage, clock: ManualClock) -> object:
    options = RestoreOptions(all_closed=True)
    return restore_over(*_oldest(storage), world.database, options=options, clock=clock, monitor=Silent())


def _sync(world: World, storage: Storage, clock: ManualClock) -> object:
    assert isinstance(world, Elsewhere)
    repository = Repository.open(in_memory(world.local))
    memory = CopyMemory(world.scratch, "copy", storage.description, repository.config.id)
    options = SyncOptions(unencrypted=True, look=True)
    return sync(repository, storage, memory, options, clock=clock, monitor=Silent())


def _replicate(world: World, storage: Storage, clock: ManualClock) -> object:
    assert isinstance(world, Elsewhere)
    return replicate(Repository.open(in_memory(world.local)), storage, clock=clock, monitor=Silent())


def _encrypt(world: World, storage: Storage, clock: ManualClock) -> object:
    assert isinstance(world, Elsewhere)
    try:
        new = Repository.open(storage)
    except NoRepository:
        new = Repository.create(storage, clock.now(), encryption=[FIRST])
    old = Repository.open(in_memory(world.local))
    return encrypt(old, new, scratch=world.scratch, clock=clock, monitor=Silent())


def _keys(repository: Repository) -> Keyring:
    assert repository.keys is not None
    return repository.keys


def _labels(repository: Repository) -> list[str]:
    return sorted({slot.label for slot in _keys(repository).slots()[0]})


def _add_key(world: World, storage: Storage, clock: ManualClock) -> None:
    add_slot(Repository.open(storage), SECOND, clock=clock, monitor=Silent())


def _change_key(world: World, storage: Storage, clock: ManualClock) -> None:
    repository = Repository.open(storage)
    if "one" in _labels(repository):
        change_slot(repository, _keys(repository).find("one"), SECOND, clock=clock, monitor=Silent())


def _remove_key(world: World, storage: Storage, clock: ManualClock) -> None:
    repository = Repository.open(storage)
    if "two" in _labels(repository):
        remove_slot(repository, _keys(repository).find("two"), monitor=Silent())


def _has_all(world: World, repository: Repository, scratch: Path) -> bool:
    assert isinstance(world, Elsewhere)
    old = Repository.open(in_memory(world.local))
    return {key.key for key in old.snapshot_keys()} == {key.key for key in repository.snapshot_keys()}


def _opened_by(*labels: str) -> Goal:
    return lambda world, repository, scratch: _labels(repository) == sorted(labels)


MORE = (
    Operation("restore over damage", _damaged, _over, _target_is(0, over=True), watches=True),
    Operation("restore over nothing", _missing, _over, _target_is(0, over=True), watches=True),
    Operation("sync to a new place", partial(_copied, days=0), _sync, _has_all),
    Operation("sync to a copy", partial(_copied, days=2), _sync, _has_all),
    Operation("replicate", partial(_copied, days=0), _replicate, _has_all),
)
PLAIN_ONLY = (Operation("encrypt", partial(_copied, days=0), _encrypt, _has_all),)
ENCRYPTED_ONLY = (
    Operation("add a key", partial(_with_slots, count=1), _add_key, _opened_by("one", "two")),
    Operation("change a key", partial(_with_slots, count=1), _change_key, _opened_by("two")),
    Operation("remove a key", partial(_with_slots, count=2), _remove_key, _opened_by("one")),
)
PARTS = 6
STEADY = {"undo", "prune that drops packs"}
"""Operations whose goal counts on the snapshots that there are."""


def operations_of(scene: Scene) -> tuple[Operation, ...]:
    """Those that can be tried in a scene."""
    return (*OPERATIONS, *MORE, *(ENCRYPTED_ONLY if scene.encrypted else PLAIN_ONLY))


def parts_of(scene: Scene) -> list[tuple[str, ...]]:
    """The names of these operations, in some parts of about equal work."""
    names = [operation.name for operation in operations_of(scene)]
    return [tuple(names[start::PARTS]) for start in range(PARTS)]


def wanted_of(scene: Scene, names: Sequence[str | int], tally: Tally) -> list[Operation]:
    """The operations of these names; if one case alone is to be run, only the one that it is of."""
    chosen = [each for each in operations_of(scene) if each.name in names]
    return [each for each in chosen if not tally.only or tally.only.startswith(f"{scene.title}/{each.name}/")]


@dataclass(frozen=True)
class Stage:
    """An operation, the world before it, and what a run without faults does."""

    scene: Scene
    operation: Operation
    world: World
    reference: Reference

    @property
    def title(self) -> str:
        """As the names of its cases begin."""
        return f"{self.scene.title}/{self.operation.name}"


def set_up(scene: Scene, operation: Operation, folder: Path) -> World:
    """The world before an operation."""
    builder = SceneBuilder(folder, scene, steady=operation.name in STEADY)
    with names_from(scene.seed), small_scale():
        operation.prepare(builder)
        world = builder.world()
        if builder.local is None:
            return world
        known = builder.storage
        builder.storage = in_memory(builder.local)
        there = builder.world()
        builder.storage = known
        facts = {each.name: getattr(world, each.name) for each in fields(World)}
        return Elsewhere(**{**facts, "contents": world.contents | there.contents}, local=builder.local)


@contextmanager
def opened(scene: Scene) -> Iterator[None]:
    """Whatever opens a repository meanwhile has the keys of the scene."""
    opens: Callable[[Storage, GivenKey | None], Repository] = Repository.open

    def with_keys(storage: Storage, key: GivenKey | None = None) -> Repository:
        try:
            return opens(storage, FIRST.secret)
        except WrongKey:
            return opens(storage, SECOND.secret)

    with mock.patch.object(Repository, "open", with_keys):
        yield


def stage(scene: Scene, operation: Operation, folder: Path) -> Stage:
    """Set up and run once without faults; to be used within `opened`."""
    world = set_up(scene, operation, folder)
    world.reset()
    film = Film(world.objects, world.folder / "data" if operation.watches else None)
    with names_from(2):
        _, error = attempt(operation, world, film, world.clock())
    if error is not None:
        raise error
    return Stage(scene, operation, world, refer(operation, world, film.frames, film.state))
