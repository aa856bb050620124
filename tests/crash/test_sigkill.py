"""Real processes on a real folder, ended by a real SIGKILL: at chosen storage operations, and at any moment at all."""

from __future__ import annotations

import random
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from crash.conftest import Stage
from crash.film import State, in_memory
from crash.operations import OPERATIONS
from crash.oracle import Reference, require_nothing_lost, require_old_or_new, require_recovery
from crash.victim import Victim
from crash.worlds import DAY, World
from litekeep.storage.local import LocalStorage
from litekeep.testing import Moment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="uses POSIX signals")

NAMES = [operation.name for operation in OPERATIONS]
CHOSEN = 3
"""Kills for each operation before or after one of its storage operations; besides, so many puts are torn."""
PUTS = 12
RANDOM_KILLS = 6


def laid_out(world: World, folder: Path) -> Path:
    """The repository as a folder, and everything else of the world as it was."""
    world.reset()
    shutil.rmtree(folder, ignore_errors=True)
    for key, content in world.objects.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    folder.mkdir(exist_ok=True)
    return folder


def opened(world: World, root: Path) -> LocalStorage:
    """The storage some days later, when what a kill left is old enough to be swept."""
    clock = world.clock()
    clock.advance(3 * DAY)
    return LocalStorage(root, clock)


def objects_in(storage: LocalStorage) -> State:
    """Copies of all objects."""
    return {entry.key: storage.get(entry.key) for entry in storage.list()}


def places(reference: Reference, chance: random.Random, *, everything: bool) -> list[tuple[int, Moment]]:
    """Where to kill."""
    puts = [(frame.number, Moment.TORN) for frame in reference.frames if frame.operation == "put"]
    others = [(frame.number, moment) for frame in reference.frames for moment in (Moment.BEFORE, Moment.AFTER)]
    return (puts if everything else chance.sample(puts, min(PUTS, len(puts)))) + (
        others if everything else chance.sample(others, min(CHOSEN, len(others)))
    )


@pytest.mark.parametrize("name", NAMES)
def test_killed_at_a_storage_operation(name: str, stage: Stage, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    operation, world, reference = stage(name)
    chance = random.Random(name)
    with Victim(world) as victim:
        for at, moment in places(reference, chance, everything=pytestconfig.getoption("--crash-all")):
            root = laid_out(world, tmp_path / "repository")
            status = victim.kill(name, root, at=at, moment=moment.value, seed=2)
            assert status == signal.SIGKILL, f"operation {at} never began"
            storage = opened(world, root)
            require_nothing_lost(world, reference, in_memory(objects_in(storage)))
            require_recovery(operation, world, reference, storage, seed=5000 + at)


def whole_run(victim: Victim, name: str, world: World, folder: Path) -> float:
    """How many seconds the operation takes here and now when nothing stops it: later kills would miss it."""
    took = []
    for _ in range(3):  # the first waits for the process to start too
        root = laid_out(world, folder)
        began = time.perf_counter()
        assert victim.kill(name, root, seed=2) == 0
        took.append(time.perf_counter() - began)
    return min(took)


@pytest.mark.parametrize("name", ["restore over", "undo", "restore to a new path", "prune that compacts"])
def test_killed_at_any_moment(name: str, stage: Stage, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """Between storage operations too: while the database is captured, checked and written."""
    operation, world, reference = stage(name)
    chance, kills, changed = random.Random(name), 0, 0
    with Victim(world) as victim:
        longest = whole_run(victim, name, world, tmp_path / "repository")
        for number in range(RANDOM_KILLS * (10 if pytestconfig.getoption("--crash-all") else 1)):
            root = laid_out(world, tmp_path / "repository")
            seconds = chance.uniform(0.0, longest)
            kills += victim.kill(name, root, after_seconds=seconds, seed=2) == signal.SIGKILL
            storage = opened(world, root)
            if name in ("restore over", "undo"):
                changed += require_old_or_new(world, storage, tmp_path)
            require_nothing_lost(world, reference, in_memory(objects_in(storage)))
            require_recovery(operation, world, reference, storage, seed=7000 + number)
    assert kills, f"all came too late, within {longest} s"
