"""The worlds, made once per process, and the totals."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest

from crash.film import Film
from crash.operations import OPERATIONS, Operation, attempt
from crash.oracle import Reference, refer
from crash.worlds import World, names_from

Stage = Callable[[str], tuple[Operation, World, Reference]]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """By name: an operation, the world before it, and a run of it without faults."""

    @lru_cache
    def make(name: str) -> tuple[Operation, World, Reference]:
        operation = next(each for each in OPERATIONS if each.name == name)
        folder: Path = tmp_path_factory.mktemp("world", numbered=True)
        with names_from(1):
            world = operation.world(folder)
        return operation, world, run_filmed(operation, world)

    return make


def run_filmed(operation: Operation, world: World) -> Reference:
    """A run without faults, filmed."""
    world.reset()
    film = Film(world.objects, world.folder / "data" if operation.watches else None)
    with names_from(2):
        _, error = attempt(operation, world, film, world.clock())
    assert error is None, repr(error)
    return refer(operation, world, film.frames, film.state)
