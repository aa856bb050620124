"""Every schedule of two operations with one preemption, and those with two: nothing lost, nothing reported damaged.

Pairs of operations on a folder, where one waits for the other's lock or is told that it is taken, and on a bucket,
where two machines have leases; there the one that is preempted may also be suspended for longer than a lease lasts.
Each machine looks back at a memory of its own. What may come of it:

* each operation succeeds with its goal reached, or ends with an error that tells of the other one's work (STATED);
* whatever was listed before is there and gives the same bytes, unless one of them was to remove it;
* no damage is reported, and nothing that nobody removed is missed; scrub and a prune afterwards find all in order.
"""

from __future__ import annotations

import itertools
import random
import shutil
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from unittest import mock

from crash.film import State, in_memory
from crash.oracle import require_no_garbage
from crash.worlds import ALL, DAY, FEW, Builder, World, content_digest, rebuilt, small_scale
from litekeep.errors import LitekeepError
from litekeep.model import Level, Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations import curate
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.copymemory import CopyMemory
from litekeep.operations.drill import drill
from litekeep.operations.empty_trash import empty_trash
from litekeep.operations.lookback import look
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.restore import restore_new
from litekeep.operations.scrub import scrub
from litekeep.operations.sightings import remember_in
from litekeep.operations.sync import SyncOptions, sync
from litekeep.operations.verify import verify
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.storage.base import Storage
from litekeep.testing import ManualClock, RecordingMonitor
from torture.campaign import Campaign, Shard, Size, Tally
from torture.places import Bucket, Folders, Seat, machine, steady_leases
from torture.schedules import Ask, Outcome, Pair, Walk, one_thread_each

HERE, THERE = "here", "there"
ALARMS = {"rolled_back", "forked", "snapshots_missing", "damaged", "copy_forked", "copy_altered", "copy_lost_objects"}


@dataclass
class Desk:
    """What one process works with. folder: of its own."""

    stage: Stage
    here: Storage
    there: Storage | None
    folder: Path
    clock: ManualClock
    monitor: RecordingMonitor = field(default_factory=RecordingMonitor)

    @property
    def repository(self) -> Repository:
        """Opened anew, by a machine that was here before."""
        repository = Repository.open(self.here)
        remember_in(self.folder, repository)
        assert repository.sightings
        repository.sightings.parent.mkdir(exist_ok=True)
        repository.sightings.write_bytes(self.stage.seen)
        return repository

    def find(self, name: str) -> tuple[Repository, Snapshot]:
        """By id, as a person has it from a list."""
        repository = self.repository
        return repository, load_catalog(repository).find(name)


@dataclass(frozen=True)
class Stage:
    """A repository with a history, the database that was changed since, and a copy of a few days ago.

    seen: what a machine remembers of it. goes, recovered: in the trash, and due. stays, deleted: outside of it. pair:
    the two snapshots of the second database. trashed: all that are in the trash. rotated: what a prune puts there.
    images: by id.
    """

    world: World
    copy: State
    seen: bytes
    goes: str
    recovered: str
    stays: str
    deleted: str
    pair: tuple[str, str]
    trashed: frozenset[str]
    rotated: frozenset[str]
    images: dict[str, bytes]


def _back_up(desk: Desk, name: str) -> str:
    database = desk.stage.world.database.with_name(name)
    options = BackupOptions(reason=Reason.SCHEDULED, scratch=desk.folder)
    result = backup(desk.repository, database, options=options, clock=desk.clock, monitor=desk.monitor)
    assert not result.damage
    assert result.level >= Level.WRITTEN
    return result.snapshot.id


def _prune(desk: Desk) -> str:
    options = PruneOptions(FEW, confirmed=True, scratch=desk.folder)
    result = prune(desk.repository, options, clock=desk.clock, monitor=desk.monitor)
    return " ".join(sorted(each.id for each in (*result.forgotten, *result.trashed)))


def _empty(desk: Desk) -> str:
    result = empty_trash(desk.repository, clock=desk.clock, monitor=desk.monitor)
    return " ".join(sorted(each.id for each in result.forgotten))


def _verify(desk: Desk, name: str) -> str:
    result = verify(*desk.find(name), scratch=desk.folder, clock=desk.clock, monitor=desk.monitor)
    assert not result.damage
    return name


def _drill(desk: Desk, name: str) -> str:
    result = drill(*desk.find(name), scratch=desk.folder, clock=desk.clock, monitor=desk.monitor)
    assert not result.damage
    return name


def _restore(desk: Desk, name: str) -> str:
    target = desk.folder / "restored.db"
    restore_new(*desk.find(name), target, clock=desk.clock, monitor=desk.monitor)
    assert content_digest(target.read_bytes()) == content_digest(desk.stage.images[name])
    return name


def _scrub(desk: Desk) -> str:
    report = scrub(desk.repository, clock=desk.clock, monitor=desk.monitor)
    assert not report.damaged, report.damaged
    return ""


def _list(desk: Desk) -> str:
    repository = desk.repository
    catalog = load_catalog(repository)
    assert not catalog.damaged
    assert not any(each.damage for each in catalog.snapshots)
    changes = look(repository, desk.clock.now(), catalog=catalog)
    assert not changes, changes
    return " ".join(each.id for each in catalog.snapshots)


def _delete(desk: Desk, name: str) -> str:
    curate.to_trash(*desk.find(name), clock=desk.clock, monitor=desk.monitor)
    return name


def _recover(desk: Desk, name: str) -> str:
    curate.from_trash(*desk.find(name), clock=desk.clock, monitor=desk.monitor)
    return name


def _sync(desk: Desk) -> str:
    assert desk.there
    repository = desk.repository
    memory = CopyMemory(desk.folder, "copy", "there", repository.config.id)
    options = SyncOptions(policy=FEW, unencrypted=True)
    result = sync(repository, desk.there, memory, options, clock=desk.clock, monitor=desk.monitor)
    assert not result.left_behind, result.left_behind
    return " ".join(result.snapshots)


ACTS: dict[str, Callable[[Desk], str]] = {
    "backup": lambda desk: _back_up(desk, "app.db"),
    "prune": _prune,
    "empty trash": _empty,
    "verify": lambda desk: _verify(desk, desk.stage.stays),
    "verify what goes": lambda desk: _verify(desk, desk.stage.goes),
    "restore": lambda desk: _restore(desk, desk.stage.stays),
    "restore what goes": lambda desk: _restore(desk, desk.stage.goes),
    "drill": lambda desk: _drill(desk, desk.stage.stays),
    "scrub": _scrub,
    "list": _list,
    "sync": _sync,
    "delete": lambda desk: _delete(desk, desk.stage.deleted),
    "recover": lambda desk: _recover(desk, desk.stage.recovered),
    "backup of another": lambda desk: _back_up(desk, "second.db"),
    "delete one of two": lambda desk: _delete(desk, desk.stage.pair[0]),
    "delete the other": lambda desk: _delete(desk, desk.stage.pair[1]),
}
GOING = frozenset({"verify what goes", "restore what goes", "recover"})
STATED = {
    "locked": frozenset(ACTS),
    "object_missing": GOING,
    "unknown_snapshot": GOING,
    "refused": frozenset({"recover", "delete one of two", "delete the other"}),
}
"""By the code of an error, the operations that may end with it."""


def prepare(folder: Path) -> Stage:
    """Eight days of a database, the oldest ones in the trash, and due; two of another; then changes of both."""
    builder = Builder(folder)
    second = folder / "data" / "second.db"
    builder.create()
    builder.make(second)
    builder.back_up(database=second)
    builder.days(5)
    copy = dict(builder.storage._objects)
    builder.change(second)
    builder.back_up(database=second)
    builder.days(1)
    builder.prune()
    builder.days(1)
    builder.clock.advance(2 * DAY)
    repository = Repository.open(builder.storage)
    catalog, table = load_catalog(repository), PackTable(repository)
    remember_in(folder, repository)
    look(repository, builder.clock.now(), catalog=catalog)
    assert repository.sightings
    seen = repository.sightings.read_bytes()
    builder.change()
    builder.change(second)
    world, mine = builder.world(), catalog.of("app")
    trashed = [each.id for each in mine if each.trashed_at is not None]
    live = [each.id for each in mine if each.trashed_at is None]
    one, other = (each.id for each in catalog.of("second"))
    images = {each.id: rebuilt(repository, table, each, world.scratch) for each in catalog.snapshots}
    ids = (trashed[1], trashed[2], live[1], live[2], (one, other))
    return Stage(world, copy, seen, *ids, frozenset(trashed), frozenset(live[:-3]), images)


TWICE = "a second preemption"


class Kind(StrEnum):
    """Where, and what happens to who is preempted."""

    FOLDER = "a folder, waiting for its lock"
    IMPATIENT = "a folder, its lock taken"
    BUCKET = "a bucket"
    REPLACING = "a bucket that replaces"
    SUSPENDED = "a bucket, a machine suspended"


LOCAL = (Kind.FOLDER, Kind.IMPATIENT)


class Theatre:
    """Two operations on one stage, schedule by schedule."""

    def __init__(self, stage: Stage, names: tuple[str, str], kind: Kind, folder: Path) -> None:
        self.stage, self.names, self.kind = stage, names, kind
        self._folder = folder
        self.runs = itertools.count()
        self.pair = Pair((partial(self._act, 0), partial(self._act, 1)))
        self.judged: dict[Hashable, str] = {}
        self.ran = 0
        self._began = stage.world.now.timestamp()

    def _act(self, who: int, ask: Ask) -> Outcome:
        """One operation, as one process runs it: ("ok", what it told, its alarms) or ("error", code, message)."""
        _OWN.chance = random.Random(f"{self.names} {who}")
        folder = self._folder / f"{who}-{next(self.runs)}"
        folder.mkdir()
        clock = self.stage.world.clock()
        if self.kind in LOCAL:
            desk = Desk(self.stage, Seat(ask, HERE), Seat(ask, THERE), folder, clock)
        else:
            storage = machine(
                ask, clock, self._began, exclusive=self.kind is not Kind.REPLACING, chance=random.Random(who)
            )
            desk = Desk(self.stage, storage, None, folder, clock)
        try:
            told = ACTS[self.names[who]](desk)
        except LitekeepError as error:
            return ("error", error.code, error.message)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        codes = {str(facts.get("code")) for name, facts in desk.monitor.events if name == "warning"}
        return ("ok", told, " ".join(sorted(codes & ALARMS)))

    def play(self, first: int, stretches: Sequence[int]) -> Walk:
        """One schedule, from the beginning, judged if it ended as none did before; raises AssertionError."""
        objects = self.stage.world.objects
        if self.kind in LOCAL:
            folders = Folders({HERE: objects, THERE: self.stage.copy}, patient=self.kind is Kind.FOLDER)
            walk = self.pair.walk(folders, first, stretches)
            here, there = folders.objects[HERE], folders.objects[THERE]
        else:
            exclusive, suspends = self.kind is not Kind.REPLACING, self.kind is Kind.SUSPENDED
            bucket = Bucket(objects, self._began, exclusive=exclusive, suspends=suspends)
            walk = self.pair.walk(bucket, first, stretches)
            left = {name for name in bucket.objects if name.startswith("lock/")}
            assert not left, left
            here, there = {key: data for key, data in bucket.objects.items() if key not in left}, self.stage.copy
        twice = len(stretches) > 1
        key = (frozenset(here.items()), frozenset(there.items()), walk.outcomes, twice)
        if key not in self.judged:
            self.judged[key] = ""
            try:
                self._judge(here, there, walk.outcomes, twice=twice)
            except Exception as error:
                self.judged[key] = f"{type(error).__name__}: {error}; {walk.outcomes}"
        assert not self.judged[key], self.judged[key]
        return walk

    def _judge(self, here: State, there: State, outcomes: tuple[Outcome, Outcome], *, twice: bool) -> None:
        for name, (kind, what, why) in zip(self.names, outcomes, strict=True):
            if kind == "ok":
                assert not why, f"{name} warned: {why}"
            else:
                assert name in STATED.get(what, ()), f"{name}: {what}: {why}"
                assert what != "locked" or self.kind is not Kind.FOLDER, f"{name} had only to wait"
        if not any(kind == "ok" for kind, *_ in outcomes):
            # Each stood still while it tried for the lease, for as long as the other one was ready to wait (lease.py).
            stepped_back = twice and self.kind not in LOCAL and {what for _, what, _ in outcomes} == {"locked"}
            assert stepped_back, "neither of the two succeeded"
            assert (here, there) == (self.stage.world.objects, self.stage.copy), "both stepped back and left something"
            return
        done = [(name, told) for name, (kind, told, _) in zip(self.names, outcomes, strict=True) if kind == "ok"]
        with small_scale():
            listed = self._require_whole(self.stage.world.objects, here, self._removable())
            if "sync" in self.names:
                self._require_whole(self.stage.copy, there, set())
        for name, told in done:
            if name.startswith("backup"):
                assert listed[told].sound, f"{name}: {told} was reported as made"
            elif name == "recover":
                assert told in listed, "it was said to be recovered"
                assert "prune" in self.names or listed[told].trashed_at is None, "it was said to be recovered"
            elif name.startswith("delete"):
                assert "empty trash" in self.names or listed[told].trashed_at is not None, "it was said to be deleted"

    def _removable(self) -> set[str]:
        """What may be gone for good afterwards."""
        found = set(self.stage.trashed) if {*self.names} & {"prune", "empty trash"} else set[str]()
        if "empty trash" in self.names:
            one, other = self.stage.pair
            ids = {"delete": self.stage.deleted, "delete one of two": one, "delete the other": other}
            found |= {ids[name] for name in self.names if name in ids}
            found |= self.stage.rotated if "prune" in self.names else set()
        return found

    def _require_whole(self, before: State, state: State, removable: set[str]) -> dict[str, Snapshot]:
        """What was listed is listed and gives its bytes; a prune and a scrub find all in order. Returns the list."""
        world, storage = self.stage.world, in_memory(state)
        clock = world.clock()
        clock.advance(3600)
        repository = Repository.open(storage)
        catalog, table = load_catalog(repository), PackTable(repository)
        assert not catalog.damaged, catalog.damaged
        listed = {each.id: each for each in catalog.snapshots}
        for each in catalog.snapshots:
            assert not each.damage, each
            content = content_digest(rebuilt(repository, table, each, world.scratch))
            known = self.stage.images.get(each.id)
            assert content in ({content_digest(known)} if known else world.contents), f"{each} is not what it was"
        lost = {key.id for key in map(layout.parse_snapshot_key, before) if key} - listed.keys() - removable
        assert not lost, f"lost {lost}"
        for source in catalog.sources():
            assert any(each.sound and each.trashed_at is None for each in catalog.of(source)), f"{source} has none left"
        clock.advance(2 * DAY)
        prune(repository, PruneOptions(ALL, scratch=world.scratch), clock=clock, monitor=Silent())
        assert not scrub(repository, clock=clock, monitor=Silent()).damaged
        require_no_garbage(repository)
        assert {each.id for each in load_catalog(repository).snapshots} == listed.keys()
        return listed


_OWN = threading.local()


def _names(count: int) -> bytes:
    """Random names, from a seed for each process."""
    if not hasattr(_OWN, "chance"):
        _OWN.chance = random.Random(0)
    return bytes(_OWN.chance.randbytes(count))


@contextmanager
def determined() -> Iterator[None]:
    """Nothing in the operations is left to chance, and packs are small."""
    with (
        small_scale(),
        one_thread_each(),
        steady_leases(lambda count: _names(count).hex()),
        mock.patch.object(layout, "random_bytes", _names),
    ):
        yield


WRITERS = ("backup", "prune", "empty trash", "delete", "recover", "backup of another")
READERS = ("verify", "restore what goes", "scrub")
IN_CI = (
    ("verify", "prune", Kind.FOLDER),
    ("delete one of two", "delete the other", Kind.FOLDER),
    ("recover", "prune", Kind.IMPATIENT),
    ("backup", "prune", Kind.BUCKET),
    ("backup", "delete", Kind.REPLACING),
    ("prune", "recover", Kind.SUSPENDED),
)
CASES = {Size.CI: 150, Size.NIGHTLY: 100_000, Size.RELEASE: 1_000_000}
SHARES = {Size.CI: (0.15, 0.02), Size.NIGHTLY: (1.0, 0.08), Size.RELEASE: (1.0, 1.0)}
"""Of the schedules with one preemption, and of those with two."""


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Each pair of operations on each kind of storage."""
    if size is Size.CI:
        return [(one, other, kind.value, seed, size.value) for one, other, kind in IN_CI]
    everything = list(itertools.combinations_with_replacement(ACTS, 2))
    writers = list(itertools.combinations_with_replacement(WRITERS, 2))
    remote = [*writers, *itertools.product(READERS, ("prune", "empty trash"))]
    pairs = {Kind.FOLDER: everything, Kind.IMPATIENT: writers}
    pairs |= dict.fromkeys((Kind.BUCKET, Kind.REPLACING, Kind.SUSPENDED), remote)
    return [(*pair, kind.value, seed, size.value) for kind, chosen in pairs.items() for pair in chosen]


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """One pair on one kind of storage: all schedules with one preemption, and with two, or a share of them."""
    one, other, kind, seed, size = map(str, shard)
    few, fewer = SHARES[Size(size)]
    chance = random.Random(f"{one} {other} {kind} {seed}")
    with determined():
        theatre = Theatre(prepare(folder / "stage"), (one, other), Kind(kind), folder)
        for first in (0, 1) if one != other else (0,):
            for at in range(1, theatre.play(first, ()).ran[0]):
                if tally.only or chance.random() < few:
                    _preempt(theatre, tally, first, at, lambda: chance.random() < fewer)
        tally.figures["distinct ends"] += len(theatre.judged)
        tally.figures["operations really run"] += next(theatre.runs)


def _preempt(theatre: Theatre, tally: Tally, first: int, at: int, chosen: Callable[[], bool]) -> None:
    """Preempt who comes first after so many steps; then the other one after each number of steps that it makes."""
    name, ran = f"{' and '.join(theatre.names)}: {theatre.kind}: {first}-{at}", 0
    wanted = tally.only.startswith(name) if tally.only else True
    if not wanted:
        return
    with tally.case(name, theatre.kind):
        ran = theatre.play(first, (at,)).ran[1]
    for then in range(1, ran):
        case = f"{name}-{then}"
        if tally.wants(case) and (tally.only or chosen()):
            with tally.case(case, theatre.kind, TWICE):
                theatre.play(first, (at, then))


INTERLEAVE = Campaign(
    "interleave",
    "G10",
    "However two operations are interleaved, nothing is lost or called damaged, and each succeeds or says why not.",
    "schedules",
    CASES,
    shards,
    run,
    frozenset({*Kind, TWICE}),
)
