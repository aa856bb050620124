"""What is tried again, how often, and how long that takes, with time by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litekeep.errors import (
    Cancelled,
    Locked,
    NoSpace,
    ObjectExists,
    ObjectMissing,
    PermissionRefused,
    ReadOnlyStorage,
    StorageError,
)
from litekeep.storage.base import ObjectShorter, Storage
from litekeep.storage.local import LocalStorage
from litekeep.storage.memory import MemoryStorage
from litekeep.storage.retrying import RetryingStorage, RetryPolicy
from litekeep.testing import Fault, FaultyStorage, ManualClock, Moment

CALLS: dict[str, Callable[[Storage], object]] = {
    "put": lambda storage: storage.put("a/b", b"content"),
    "get": lambda storage: storage.get("a/b"),
    "get_range": lambda storage: storage.get_range("a/b", 1, 2),
    "size": lambda storage: storage.size("a/b"),
    "list": lambda storage: storage.list("a/"),
    "delete": lambda storage: storage.delete("a/b"),
}


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("name", CALLS)
def test_one_failure_is_not_noticed(name: str, moment: Moment) -> None:
    inner = MemoryStorage()
    inner.put("a/b", b"content")
    expected = CALLS[name](inner)
    if name == "delete":
        inner.put("a/b", b"content")
    faulty = FaultyStorage(inner, [Fault(1, moment)])
    assert CALLS[name](RetryingStorage(faulty, ManualClock())) == expected
    assert faulty.operations == 2
    faulty.assert_exhausted()


@pytest.mark.parametrize("local", [False, True])
def test_a_put_whose_reply_was_lost(tmp_path: Path, *, local: bool) -> None:
    inner = LocalStorage(tmp_path / "root", ManualClock(), create=True) if local else MemoryStorage()
    faulty = FaultyStorage(inner, [Fault(1, Moment.AFTER), Fault(2, Moment.AFTER), Fault(3, Moment.TORN)])
    storage = RetryingStorage(faulty, ManualClock())
    storage.put("a/b", bytearray(b"content"))
    assert inner.get("a/b") == b"content"
    with pytest.raises(ObjectExists):
        storage.put("a/b", b"other")
    faulty.assert_exhausted()


@pytest.mark.parametrize("error", [ObjectMissing, ObjectExists, NoSpace, PermissionRefused, ReadOnlyStorage])
def test_answers_are_not_asked_for_again(error: type[StorageError]) -> None:
    faulty = FaultyStorage(MemoryStorage(), [Fault(1, error=error)])
    clock = ManualClock()
    with pytest.raises(error):
        RetryingStorage(faulty, clock).put("a", b"x")
    assert (faulty.operations, clock.monotonic()) == (1, 0.0)


def test_the_end_of_an_object_is_an_answer() -> None:
    inner, clock = MemoryStorage(), ManualClock()
    inner.put("a", b"short")
    with pytest.raises(ObjectShorter):
        RetryingStorage(inner, clock).get_range("a", 0, 6)
    assert clock.monotonic() == 0.0


def test_a_wait_ends_when_somebody_asks_to_stop() -> None:
    faulty, clock = FaultyStorage(MemoryStorage(), [Fault(1, lasting=True)]), ManualClock()
    with pytest.raises(Cancelled):
        RetryingStorage(faulty, clock, RetryPolicy(60, 60, 300), cancelled=lambda: clock.monotonic() > 10).get("a")
    assert 10 < clock.monotonic() < 11


def test_gives_up_with_the_last_error_inside_the_budget() -> None:
    faulty = FaultyStorage(MemoryStorage(), [Fault(1, lasting=True)])
    clock = ManualClock()
    with pytest.raises(StorageError, match="operation 14: get a"):
        RetryingStorage(faulty, clock, RetryPolicy(1.0, 30.0, 300.0), Longest()).get("a")
    assert clock.monotonic() == 1 + 2 + 4 + 8 + 16 + 30 * 8  # one more wait of 30 would end at 301
    assert faulty.operations == 1 + 5 + 8


@settings(deadline=None, max_examples=50)
@given(st.floats(0.1, 5), st.floats(1, 60), st.floats(0, 300), st.integers())
def test_never_longer_than_the_budget(first: float, longest: float, budget: float, seed: int) -> None:
    clock = ManualClock()
    faulty = FaultyStorage(MemoryStorage(), [Fault(1, lasting=True)])
    storage = RetryingStorage(faulty, clock, RetryPolicy(first, longest, budget), random.Random(seed))
    with pytest.raises(StorageError):
        storage.list()
    assert budget - longest <= clock.monotonic() + 1e-6
    assert clock.monotonic() <= budget + 1e-6


def test_no_budget_means_one_try() -> None:
    faulty = FaultyStorage(MemoryStorage(), [Fault(1)])
    with pytest.raises(StorageError):
        RetryingStorage(faulty, ManualClock(), RetryPolicy(budget_seconds=0.0)).list()
    assert faulty.operations == 1


def test_taking_the_lock_is_tried_again_but_not_what_is_done_under_it() -> None:
    inner = MemoryStorage()
    faulty = FaultyStorage(inner, [Fault(1), Fault(2, Moment.AFTER)])
    storage = RetryingStorage(faulty, ManualClock())
    bodies = 0
    with pytest.raises(StorageError, match="of the body"), storage.lock("me"):
        bodies += 1
        with pytest.raises(Locked), storage.lock("you"):
            pass
        raise StorageError("of the body")
    assert bodies == 1
    assert faulty.operations == 4  # Locked was not asked for again
    with inner.lock("the next"):
        pass


class Longest(random.Random):
    """Always the longest wait."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def test_a_place_that_never_answered_is_given_up_sooner() -> None:
    clock = ManualClock()
    policy = RetryPolicy(first_budget_seconds=10.0)
    faulty = FaultyStorage(MemoryStorage(), [Fault(1, lasting=True)])
    began = clock.monotonic()
    with pytest.raises(StorageError):
        RetryingStorage(faulty, clock, policy).list()
    assert clock.monotonic() - began <= 10.0
    faulty = FaultyStorage(MemoryStorage(), [Fault(2, lasting=True)])
    storage = RetryingStorage(faulty, clock, policy)
    storage.list()
    began = clock.monotonic()
    with pytest.raises(StorageError):
        storage.list()
    assert clock.monotonic() - began > 100.0
