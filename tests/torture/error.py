"""Errors at every place: from the storage at each numbered operation, from the system at each call of a local folder.

Each strikes once, or at its place and from then on; before the effect, or after it, when only the reply is lost. Then
the operation says what went wrong, in the class that fits, or it reached its goal nonetheless: never a false success.
Nothing that was there is lost, and the next run does its work; in the compound cases only after a second error, in the
run that was to recover from the first one. What is left behind is judged once for each different state.
"""

from __future__ import annotations

import errno
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

from crash.film import Film, State, files_in, in_memory
from crash.operations import attempt, failed
from crash.oracle import digest_of, require_nothing_lost, require_proofs_by_reading, require_recovery
from crash.worlds import DAY, names_from
from litekeep.errors import LitekeepError, NoSpace, PermissionRefused, ReadOnlyStorage, StorageError
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from litekeep.testing import Fault, FaultyStorage, Moment
from torture.aftermath import objects_of
from torture.campaign import Campaign, Shard, Size, Tally
from torture.disk import Tree
from torture.recorded import REPOSITORY, lay_out
from torture.scenes import Elsewhere, Stage, opened, parts_of, scene, stage, wanted_of
from torture.verdicts import Verdicts

INJECTIONS = {Size.CI: 300, Size.NIGHTLY: 30_000, Size.RELEASE: 300_000}
STORAGE, SYSTEM, COMPOUND = "storage", "system", "compound"
KINDS: tuple[type[StorageError], ...] = (StorageError, NoSpace, PermissionRefused, ReadOnlyStorage)
HEAVY = ("undo", "restore over", "prune of two databases", "prune after interrupted prunes")
"""Tried in the first scene only."""
SCENES_FOR = {
    STORAGE: ("plain", "encrypted 512", "wal", "tiny"),
    SYSTEM: ("plain", "encrypted"),
    COMPOUND: ("plain", "encrypted", "auto_vacuum"),
}
NIGHTLY_SCENES = ("plain", "tiny")
"""Of these; all of them take two hours of one core, and are for releases."""
CI_PARTS: tuple[Shard, ...] = (
    (STORAGE, "tiny", "pin", "verify", "restore to a new path", "prune that drops packs"),
    (SYSTEM, "tiny", "pin", "restore to a new path", "delete"),
    (COMPOUND, "tiny", "pin", "delete"),
)
PAIRS, FEW_PAIRS = 40, 4
"""Compound cases of one operation, and of one in CI."""
EACH = 3
"""Errors that are tried at one call of the system, drawn by chance; in CI it is the one that struck least yet."""
MODULES = (
    *("storage.durable", "storage.local", "storage.tree", "storage.oslock", "storage.regular"),
    *("sqlite.publish", "sqlite.replace", "sqlite.filesystem", "sqlite.install"),
)
MAKING = ("create", "mkdir", "write", "pwrite", "fsync", "link", "rename")
CHANGING = (*MAKING, "unlink", "rmdir")
ALL = (*CHANGING, "open", "read", "lseek", "fstat", "stat", "lstat", "scandir", "close")
ERRORS: dict[int, tuple[str, ...]] = {
    errno.ENOSPC: MAKING,
    errno.EDQUOT: MAKING,
    errno.EFBIG: ("write", "pwrite"),
    errno.EROFS: tuple(each for each in CHANGING if each not in ("write", "pwrite", "fsync")),
    errno.EACCES: ("create", "mkdir", "link", "rename", "unlink", "open", "stat", "lstat", "scandir"),
    errno.EMFILE: ("create", "open", "scandir"),
    errno.EIO: ALL,
    errno.ETIMEDOUT: ALL,
    errno.ESTALE: ALL,
}
"""Which errors there are, and the calls that may give them."""


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """(kind, scene, seed, 1 if it is for CI, operations...)."""
    if size is Size.CI:
        return [(kind, name, seed, 1, *names) for kind, name, *names in CI_PARTS]
    found: list[Shard] = []
    for number in range(seed, seed + (10 if size is Size.RELEASE else 1)):
        for kind, scenes in SCENES_FOR.items():
            for name in scenes if size is Size.RELEASE else [each for each in scenes if each in NIGHTLY_SCENES]:
                for names in parts_of(scene(name, number)):
                    chosen = [each for each in names if name == scenes[0] or each not in HEAVY]
                    found.append((kind, name, number, 0, *chosen))
    return found


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """Some operations of one scene, one kind of place."""
    kind, name, seed, few, *names = shard
    chosen = scene(str(name), int(seed))
    inject = {STORAGE: _at_storage, SYSTEM: _at_system, COMPOUND: _compound}[str(kind)]
    with opened(chosen):
        for number, operation in enumerate(wanted_of(chosen, names, tally)):
            trial = Trial(stage(chosen, operation, folder / str(number)), tally, few=bool(few))
            inject(trial)
            tally.figures["different states"] += len(trial.verdicts)


@dataclass
class Trial:
    """One operation, and the verdicts on what errors left of it."""

    stage: Stage
    tally: Tally
    few: bool
    verdicts: Verdicts = field(default_factory=Verdicts)

    def case(self, text: str) -> str:
        """Its name."""
        return f"{self.stage.title}/{text}"

    def require_goal(self, result: object, state: State) -> None:
        """A success is one."""
        world = self.stage.world
        if not failed(result):
            repository = Repository.open(in_memory(state))
            assert self.stage.operation.goal(world, repository, world.scratch), "a false success"

    def judge(self, state: State, files: State, seed: int = 1000) -> None:
        """What is left in the storage, and beside the database."""
        world, reference = self.stage.world, self.stage.reference

        def look() -> None:
            world.reset(files or None)
            require_nothing_lost(world, reference, in_memory(state))
            require_recovery(self.stage.operation, world, reference, in_memory(state), seed=seed)

        self.verdicts.require(digest_of(state, files), look)


def faults_of(trial: Trial) -> Iterator[Fault]:
    """Every operation, every kind, once and lasting, before and, where it changes something, after."""
    for frame in trial.stage.reference.frames:
        moments = (Moment.BEFORE, Moment.AFTER) if frame.operation in ("put", "delete", "lock") else (Moment.BEFORE,)
        for kind in KINDS:
            for moment in moments:
                for lasting in (False, True):
                    yield Fault(frame.number, moment, kind, lasting=lasting)


def _at_storage(trial: Trial) -> None:
    for fault in faults_of(trial):
        assert fault.error is not None
        kind = fault.error.__name__
        lasting = "lasting" if fault.lasting else "once"
        case = trial.case(f"{fault.at} {fault.moment.value} {kind} {lasting}")
        if trial.tally.wants(case):
            with trial.tally.case(case, f"storage {lasting} {fault.moment.value}", kind):
                trial.judge(*_struck(trial, fault))


def _struck(trial: Trial, fault: Fault, start: State | None = None, files: State | None = None) -> tuple[State, State]:
    """Run with a fault and judge what is told; what is left in the storage, and beside the database."""
    world, operation = trial.stage.world, trial.stage.operation
    world.reset(files or None)
    film = Film(world.objects if start is None else start)
    faulty = FaultyStorage(film, [fault])
    with names_from(2):
        result, error = attempt(operation, world, faulty, world.clock())
    if start is None:
        faulty.assert_exhausted()
        if error is not None:
            _require_told(error, fault, faulty)
        else:
            trial.require_goal(result, film.state)
        if not isinstance(world, Elsewhere):
            require_proofs_by_reading(film.frames, world)
    return film.state, files_in(world.folder / "data") if operation.watches else {}


def _require_told(error: LitekeepError, fault: Fault, faulty: FaultyStorage) -> None:
    """The class and exit code of the planned fault, and what it said."""
    assert fault.error is not None
    assert isinstance(error, fault.error), f"{error!r} after {faulty.fired}"
    assert error.exit_code == fault.error.exit_code
    assert "planned fault" in error.message


def _compound(trial: Trial) -> None:
    """Pairs: an error, and another one in the run that follows it."""
    plan = list(faults_of(trial))
    chance = random.Random(trial.case(""))
    for number in range(FEW_PAIRS if trial.few else PAIRS):
        first, second = chance.choice(plan), chance.choice(plan)
        second = Fault(chance.randint(1, 1 + second.at), second.moment, second.error)
        case = trial.case(f"pair {number}")
        if trial.tally.wants(case):
            with trial.tally.case(case, COMPOUND):
                state, files = _struck(trial, first)
                trial.judge(*_struck(trial, second, state, files), seed=2000 + number)


# Errors of the system


@dataclass(frozen=True, slots=True)
class Injection:
    """call, at: which of the calls of this name, from 1. number: of the error. after: it takes effect, and is reported
    as failed.
    """

    call: str
    at: int
    number: int
    lasting: bool
    after: bool

    def __str__(self) -> str:
        moment = "after" if self.after else "before"
        return f"{self.call} {self.at} {errno.errorcode[self.number]} {self.often} {moment}"

    @property
    def often(self) -> str:
        """As a word."""
        return "lasting" if self.lasting else "once"


class System:
    """Stands for `os` in the modules that work on a folder: numbers their calls and lets an injection strike.

    Calls of one name are numbered on their own, since threads make theirs in another order each time.
    """

    def __init__(self, injection: Injection | None = None) -> None:
        self.calls: list[tuple[str, int]] = []
        self.struck = 0
        self._counts: Counter[str] = Counter()
        self._guard = threading.Lock()
        self._injection = injection

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        return partial(self._call, name, found) if name in ALL else found

    def _call(self, name: str, real: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        if name == "open" and len(arguments) > 1 and arguments[1] & os.O_CREAT:
            name = "create"
        planned = self._injection
        with self._guard:
            self._counts[name] += 1
            self.calls.append((name, self._counts[name]))
            due = planned is not None and self._is_due(planned, name)
            self.struck += due
        if planned is None or not due:
            return real(*arguments, **more)
        if planned.after or name == "close":
            result = real(*arguments, **more)
            if name in ("open", "create"):
                os.close(result)
        raise OSError(planned.number, os.strerror(planned.number), str(arguments[0]))

    def _is_due(self, planned: Injection, name: str) -> bool:
        if planned.lasting and self.struck:
            return name in ERRORS[planned.number]
        return (name, self._counts[name]) == (planned.call, planned.at)


@contextmanager
def calling(system: System) -> Iterator[None]:
    """The modules call this instead of `os`."""
    with ExitStack() as stack:
        for module in MODULES:
            stack.enter_context(mock.patch.object(import_module(f"litekeep.{module}"), "os", system))
        yield


def _at_system(trial: Trial) -> None:
    world, chance = trial.stage.world, random.Random(trial.case(""))
    lay_out(world, world.objects)
    _carried_out(trial, system := System())
    for name, at in system.calls:
        errors = [number for number, names in ERRORS.items() if name in names]
        struck = trial.tally.struck
        rarest = [min(errors, key=lambda number: struck[errno.errorcode[number]])] if errors else []
        for number in rarest if trial.few else chance.sample(errors, min(EACH, len(errors))):
            planned = Injection(name, at, number, chance.random() < 0.5, name in CHANGING and chance.random() < 0.5)
            case = trial.case(str(planned))
            if trial.tally.wants(case):
                was_made = True
                with trial.tally.case(case, count=0):
                    was_made = _strike(trial, planned)
                if was_made:
                    trial.tally.cases += 1
                    trial.tally.struck.update((errno.errorcode[number], f"system {planned.often}"))


def _carried_out(trial: Trial, system: System) -> tuple[object | None, LitekeepError | None]:
    """Run on a folder that is laid out."""
    world = trial.stage.world
    storage = LocalStorage(world.folder / REPOSITORY, world.clock())
    with names_from(2), calling(system):
        return attempt(trial.stage.operation, world, storage, world.clock())


def _strike(trial: Trial, planned: Injection) -> bool:
    """False if there was no such call this time: of two threads that need one folder, either or both flush it."""
    world, reference, operation = trial.stage.world, trial.stage.reference, trial.stage.operation
    lay_out(world, world.objects)
    system = System(planned)
    result, error = _carried_out(trial, system)
    if not system.struck:
        assert error is None, error
        assert sum(name == planned.call for name, _ in system.calls) < planned.at, "never struck"
        trial.tally.figures["calls that were not made again"] += 1
        return False
    tree = Tree(files_in(world.folder))
    if error is None:
        trial.require_goal(result, objects_of(tree))
    else:
        assert isinstance(error, class_of(planned.number)), f"{error!r} for {planned}"

    def look() -> None:
        require_nothing_lost(world, reference, in_memory(objects_of(tree)))
        clock = world.clock()
        clock.advance(3 * DAY)
        storage = LocalStorage(world.folder / REPOSITORY, clock)
        require_recovery(operation, world, reference, storage, seed=3000)

    trial.verdicts.require(repr(hash(tree.fingerprint())), look)
    return True


def class_of(number: int) -> type[LitekeepError]:
    """What an error of the system is told as."""
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return NoSpace
    return PermissionRefused if number in (errno.EACCES, errno.EROFS) else StorageError


ERROR = Campaign(
    "error",
    "G4",
    "An error at any place is told and never passed off as a success; nothing is lost, and the next run goes on.",
    "injections",
    INJECTIONS,
    shards,
    run,
    frozenset(kind.__name__ for kind in KINDS)
    | frozenset(errno.errorcode[number] for number in ERRORS)
    | {f"storage {lasting} {moment}" for lasting in ("once", "lasting") for moment in ("before", "after")}
    | {"system once", "system lasting", COMPOUND},
)
