"""Restores that are killed at each of their system calls, and restores under programs that go on working.

A film of a restore shows what a kill at each system call leaves: the live database, what lies beside it, and the
repository. Equal states are judged once: the next program finds the old database or the new one, whole; what was there
before is in a safety copy before anything changes; every snapshot is still there; and, tried for every fifth of them,
the same restore succeeds at once and leaves nothing lying about.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from crash.film import State
from crash.operations import OPERATIONS, Operation, attempt
from crash.oracle import Reference, refer, require_nothing_lost, require_old_or_new, require_recovery
from crash.worlds import DAY, Builder, World, content_digest, names_from, small_scale
from litekeep.clock import SystemClock
from litekeep.errors import TargetInUse
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.restore import RestoreOptions, restore_over
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.base import Storage
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock
from sqlite.databases import Child, process
from sqlite.programs import make_version, version_of
from torture.campaign import Campaign, Shard, Size, Tally
from torture.filetimes import coarse_times
from torture.systemcalls import available, watched

CASES = {Size.CI: 2_000, Size.NIGHTLY: 20_000, Size.RELEASE: 200_000}
FILMS = {Size.CI: 3, Size.NIGHTLY: 20, Size.RELEASE: 200}
LIVE = {Size.CI: (2, 2, 4), Size.NIGHTLY: (10, 32, 8), Size.RELEASE: (120, 100, 8)}
"""Groups of programs at work, restores under each, every second one killed, and how many programs each group is."""
JUDGED = {Size.CI: 12, Size.NIGHTLY: 1, Size.RELEASE: 1}
"""Of so many different states that follow each other one is judged."""
RECOVERED, REALLY = 5, 3
"""Of so many judged states one is restored again; and so many kills of each film are done indeed."""
OVER, UNDO, NEW, REPLACED = "restore over", "undo", "restore to a new path", "replace a damaged file"
WAYS = (OVER, UNDO, REPLACED, NEW)
MODES = ("wal", "delete")
OLD_SEEN, NEW_SEEN, JOURNAL, LOG = "old state left", "new state left", "a journal left", "a log left"
KILLED, KILLED_LIVE, UNDER = "really killed", "killed under programs at work", "restored under programs at work"
GARBAGE = b"no database at all" * 1000


@dataclass(frozen=True, slots=True)
class Moment:
    """What a kill after this system call leaves. files: by path below the folder that was looked at."""

    call: int
    files: State


class Lens:
    """Looks at a folder again and again, and reads what has changed since."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._coarse = folder, coarse_times(folder)
        self._known: dict[str, tuple[tuple[int, ...], bytes]] = {}

    def state(self) -> State | None:
        """All files, or None if none has changed. Other threads go on meanwhile: what they remove is looked at anew."""
        while True:
            try:
                found = {path: self._read(path, signature) for path, signature in self._signatures()}
            except FileNotFoundError:
                continue
            break
        changed, self._known = found != self._known, found
        return {path: content for path, (_, content) in found.items()} if changed else None

    def _read(self, path: str, signature: tuple[int, ...]) -> tuple[tuple[int, ...], bytes]:
        known = self._known.get(path)
        if known is not None and known[0] == signature and not self._coarse:
            return known
        return signature, (self._folder / path).read_bytes()

    def _signatures(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for path, _, names in os.walk(self._folder):
            for name in names:
                with suppress(FileNotFoundError):
                    status = os.stat(f"{path}/{name}")
                    where = os.path.relpath(f"{path}/{name}", self._folder)
                    yield where, (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Scene:
    """A world in a folder with its repository beside it, and a restore."""

    operation: Operation
    world: World
    damaged: bool
    reference: Reference

    @property
    def root(self) -> Path:
        """Of the repository."""
        return self.world.folder / "repository"

    def lay_out(self, files: State | None = None) -> None:
        """As it was at first, or at a moment."""
        world = self.world
        if files is None:
            data = {"app.db": GARBAGE} if self.damaged else world.data
            files = {f"repository/{key}": content for key, content in world.objects.items()}
            files |= {f"data/{name}": content for name, content in data.items()}
        world.reset({})
        for path in [path for path in self.root.rglob("*") if path.is_file()]:
            path.unlink()
        for name, content in files.items():
            path = world.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def storage(self) -> LocalStorage:
        """Some days later, when what a kill left is old enough to be swept."""
        clock = self.world.clock()
        clock.advance(3 * DAY)
        return LocalStorage(self.root, clock)

    def act(self) -> None:
        """The restore, to its end."""
        clock = self.world.clock()
        with names_from(2):
            _, error = attempt(self.operation, self.world, LocalStorage(self.root, clock), clock)
        if error is not None:
            raise error


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Films, and groups of programs."""
    groups, times, programs = LIVE[size]
    films = [(seed, "film", number, JUDGED[size], 0) for number in range(FILMS[size])] if available() else []
    return [*films, *((seed, "live", number, times, programs) for number in range(groups))]


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """One film, or one group."""
    seed, kind, number, more, programs = shard
    case = f"{kind}-{seed}-{number}"
    if tally.wants(case) and kind == "film":
        film(case, scene_of(case, int(number), folder / "world"), int(more), tally)
    elif tally.wants(case):
        place = Place(folder, MODES[int(number) % 2])
        under_programs(case, place, int(more), int(programs), tally)


def scene_of(case: str, number: int, folder: Path) -> Scene:
    """A history, and a restore that makes the database larger or smaller."""
    chance, way = random.Random(case), WAYS[number % len(WAYS)]
    mode = MODES[(number + number // len(WAYS)) % 2]
    name = OVER if way == REPLACED else way
    operation = next(each for each in OPERATIONS if each.name == name)
    if way == REPLACED:
        operation = replace(operation, run=replace_damaged)
    with names_from(1), small_scale():
        builder = Builder(folder)
        builder.create()
        alter(builder, f"PRAGMA page_size={1 << chance.randrange(9, 14)}; VACUUM; PRAGMA journal_mode={mode}")
        builder.days(3)
        bulk = "INSERT INTO item(body) SELECT randomblob(500) FROM item"
        alter(builder, chance.choice((bulk, "DELETE FROM item WHERE id > 30; VACUUM", "UPDATE item SET body = NULL")))
        builder.clock.advance(DAY // 2)
        world = builder.world()
        if way == UNDO:
            over = next(each for each in OPERATIONS if each.name == OVER)
            over.run(world, builder.storage, world.clock())
            builder.clock.advance(DAY)
            world = builder.world()
    scene = Scene(operation, world, way == REPLACED, Reference((), {}, frozenset(), frozenset()))
    scene.lay_out()
    scene.act()
    end = {entry.key: scene.storage().get(entry.key) for entry in scene.storage().list()}
    return Scene(operation, world, scene.damaged, refer(operation, world, (), end))


def replace_damaged(world: World, storage: Storage, clock: ManualClock) -> object:
    """Nobody has it open, which not every system tells."""
    repository, options = Repository.open(storage), RestoreOptions(all_closed=True, scratch=world.scratch)
    snapshot = load_catalog(repository).snapshots[0]
    return restore_over(repository, snapshot, world.database, options=options, clock=clock, monitor=Silent())


def alter(builder: Builder, script: str) -> None:
    """As a program does."""
    with closing(sqlite3.connect(builder.database, isolation_level=None)) as db:
        db.executescript(script)


def film(case: str, scene: Scene, one_of: int, tally: Tally) -> None:
    """One restore, looked at after each of its system calls, and what a kill at each would leave."""
    scene.lay_out()
    lens, moments = Lens(scene.world.folder), list[Moment]()
    calls = 0

    def look(call: int) -> bool:
        nonlocal calls
        calls = call
        state = lens.state()
        if state is not None:
            moments.append(Moment(call, state))
        return True

    assert watched(scene.act, look) == 0
    for number, moment in enumerate(moments):
        if number % one_of == 0:
            with tally.case(case, count=0):
                scene.lay_out(moment.files)
                judge(scene, moment.files, tally, again=number // one_of % RECOVERED == 0)
    chance = random.Random(case)
    for _ in range(REALLY if one_of == 1 else 1):
        at = chance.randrange(1, calls)
        with tally.case(case, KILLED, count=0):
            scene.lay_out()
            assert watched(scene.act, at.__gt__) == signal.SIGKILL
            left = Lens(scene.world.folder).state()
            judge(scene, left or {}, tally, again=True)
    tally.cases += calls
    tally.figures["different states"] += len(moments)


def judge(scene: Scene, files: State, tally: Tally, *, again: bool) -> None:
    """What lies there now is what a kill left."""
    world, storage = scene.world, scene.storage()
    tally.struck[JOURNAL] += bool(files.get("data/app.db-journal"))
    tally.struck[LOG] += bool(files.get("data/app.db-wal"))
    require_nothing_lost(world, scene.reference, storage)
    if scene.damaged:
        changed = require_damaged_or_new(files, world)
    elif scene.operation.name == NEW:
        changed = require_nothing_or_new(files, world)
    else:
        changed = require_old_or_new(world, storage, world.folder / "scratch")
    tally.struck[NEW_SEEN if changed else OLD_SEEN] += 1
    if again:
        require_recovery(scene.operation, world, scene.reference, storage, seed=9000)


def require_damaged_or_new(files: State, world: World) -> bool:
    """The damaged file is where it was or aside; in its place is the new one whole, or nothing yet, and then a note."""
    there = files.get("data/app.db")
    aside = [content for path, content in files.items() if "before-restore-" in path and path.endswith("/app.db")]
    assert there == GARBAGE or aside == [GARBAGE], "the damaged file is lost"
    if there is None:
        assert "data/.app.db.litekeep-restore" in files, "nothing is there, and nothing says why"
    elif there != GARBAGE:
        assert content_digest(there) in world.contents
        return True
    return False


def require_nothing_or_new(files: State, world: World) -> bool:
    """Nothing stands under the name before it is complete."""
    there = files.get("out/restored.db")
    assert there is None or content_digest(there) in world.contents
    return there is not None


class Place:
    """Two versions in a repository, and a database that programs have open."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.database, self.mode, self.clock = folder / "data" / "app.db", mode, SystemClock()
        (folder / "data").mkdir()
        root = LocalStorage(folder / "repository", self.clock, create=True)
        self.repository = Repository.create(root, self.clock.now())
        self.snapshots = {}
        for version in (1, 2):
            make_version(str(folder / f"{version}.db"), version, mode, rows=120)
            os.replace(folder / f"{version}.db", self.database)
            done = backup(self.repository, self.database, options=BackupOptions(), clock=self.clock, monitor=Silent())
            self.snapshots[version] = done.snapshot

    def restore(self, version: int) -> None:
        """As the command line does it."""
        snapshot, options = self.snapshots[version], RestoreOptions(deadline_seconds=20.0)
        restore_over(self.repository, snapshot, self.database, options=options, clock=self.clock, monitor=Silent())

    def kill_a_restore(self, version: int, seconds: float) -> None:
        """Begin one in a child, and end it so much later."""
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                self.restore(version)
            os._exit(0)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def under_programs(case: str, place: Place, times: int, programs: int, tally: Tally) -> None:
    """Restores to one version and the other, every second one killed, while programs read and write."""
    chance, present = random.Random(case), 2
    with ExitStack() as stack:
        readers = [stack.enter_context(process("watch", place.database)) for _ in range(programs - 1)]
        writer = stack.enter_context(process("rewrite", place.database))
        took = 0.2
        for number in range(times):
            with tally.case(case, place.mode):
                wanted, began = 3 - present, time.monotonic()
                if number % 2:
                    place.kill_a_restore(wanted, chance.uniform(0.0, took))
                    present = version_of(str(place.database))
                    assert present in (1, 2), "a mix"
                    tally.struck[KILLED_LIVE] += 1
                    tally.struck[NEW_SEEN if present == wanted else OLD_SEEN] += 1
                else:
                    present = restored(place, wanted, present, tally)
                    took = time.monotonic() - began
        with tally.case(case, count=0):
            require_undisturbed(readers, writer, tally)


def restored(place: Place, wanted: int, present: int, tally: Tally) -> int:
    """The version that is there after a restore that succeeded, or was refused because somebody kept a lock."""
    try:
        place.restore(wanted)
    except TargetInUse:
        tally.figures["refused, in use"] += 1
        assert place.mode != "wal", "readers keep nobody out of a log"
        wanted = present
    else:
        tally.struck[UNDER] += 1
    assert version_of(str(place.database)) == wanted
    return wanted


def require_undisturbed(readers: Sequence[Child], writer: Child, tally: Tally) -> None:
    """Nobody saw a mix, and the writer's own commits went on."""
    for figures in [each.stop() for each in readers]:
        assert figures["mixed"] == 0, figures
        tally.figures["reads"] += figures["reads"]
    figures = writer.stop()
    assert figures["commits"], "the writer could not write"
    assert not figures["failed"], figures
    tally.figures["commits meanwhile"] += figures["commits"]


FILMED = {OLD_SEEN, NEW_SEEN, JOURNAL, LOG, KILLED} if available() else set[str]()
RESTORE = Campaign(
    "restore",
    "G9",
    "A database that is restored over is the old one or the new one for everybody, wherever the restore is killed.",
    "kill points and restores under programs at work",
    CASES,
    shards,
    run,
    frozenset(FILMED | {KILLED_LIVE, UNDER, *MODES}),
)
