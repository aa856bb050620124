"""A whole prune between any two operations of a reader, which takes no lock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeVar

import pytest

from crash.conftest import Stage
from crash.film import Film
from crash.operations import OPERATIONS, Operation, attempt, failed
from crash.worlds import World, names_from
from litekeep.errors import ObjectMissing
from litekeep.monitor import Silent
from litekeep.operations import curate
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.base import Buffer, Entry, Storage
from litekeep.testing import ManualClock

Result = TypeVar("Result")
READERS = ("verify", "drill", "scrub", "restore to a new path")


class Interrupted:
    """Calls `between` once, before the at-th operation; what it does itself is not counted."""

    def __init__(self, inner: Storage, at: int, between: Callable[[], None]) -> None:
        self.operations = 0
        self._inner, self._at, self._between = inner, at, between

    @property
    def description(self) -> str:
        """The inner storage's."""
        return self._inner.description

    def put(self, key: str, data: Buffer) -> None:
        """Count and do."""
        self._count()
        self._inner.put(key, data)

    def get(self, key: str) -> bytes:
        """Count and do."""
        self._count()
        return self._inner.get(key)

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Count and do."""
        self._count()
        return self._inner.get_range(key, offset, length)

    def size(self, key: str) -> int:
        """Count and do."""
        self._count()
        return self._inner.size(key)

    def list(self, prefix: str = "") -> list[Entry]:
        """Count and do."""
        self._count()
        return self._inner.list(prefix)

    def delete(self, key: str) -> None:
        """Count and do."""
        self._count()
        self._inner.delete(key)

    def lock(self, owner: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """Not counted: readers take none."""
        return self._inner.lock(owner, wait_seconds)

    def free_bytes(self) -> int | None:
        """Not counted."""
        return self._inner.free_bytes()

    def _count(self) -> None:
        self.operations += 1
        if self.operations == self._at:
            self._between()


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("stays", [True, False])
def test_a_prune_at_every_operation_of_a_reader(name: str, stays: bool, stage: Stage) -> None:
    """What stays is read as if nothing had happened, with no damage reported; what goes may be reported as gone."""
    reader = next(each for each in OPERATIONS if each.name == name)
    pruner, world, _ = stage("prune that compacts")
    clock = world.clock()
    at = 0
    while True:
        at += 1
        world.reset()
        film = Film(world.objects if not stays else with_oldest_kept(pruner, world))
        with names_from(10):
            storage = Interrupted(film, at, partial(run, pruner, world, film))
            result, error = attempt(reader, world, storage, clock)
            if storage.operations < at:
                break
            if stays or name == "scrub":
                assert error is None, f"{error!r} with a prune before operation {at}"
                assert not failed(result), f"{result} with a prune before operation {at}"
            else:
                assert error is None or isinstance(error, ObjectMissing), repr(error)
            assert not any(each.damage for each in load_catalog(Repository.open(film)).snapshots)
    assert at > 10


def run(operation: Operation, world: World, film: Film) -> None:
    """One run that must succeed."""
    _, error = attempt(operation, world, film, ManualClock(world.now))
    assert error is None, repr(error)


def with_oldest_kept(pruner: Operation, world: World) -> dict[str, bytes]:
    """The same world, but the oldest snapshot is not in the trash: readers choose it, and the prune leaves it."""
    film = Film(world.objects)
    repository = Repository.open(film)
    oldest = load_catalog(repository).snapshots[0]
    curate.from_trash(repository, oldest, clock=world.clock(), monitor=Silent())
    oldest = load_catalog(repository).snapshots[0]
    curate.pin(repository, oldest, clock=world.clock(), monitor=Silent())
    return film.state
