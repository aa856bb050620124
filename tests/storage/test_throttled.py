"""How fast objects are sent, with time by hand; the promises are held by the conformance suite."""

from __future__ import annotations

import threading

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Cancelled, UsageError
from litekeep.storage.base import sweep_temporaries
from litekeep.storage.counting import CountingStorage
from litekeep.storage.memory import MemoryStorage
from litekeep.storage.retrying import RetryingStorage
from litekeep.storage.throttled import ThrottledStorage
from litekeep.testing import ManualClock
from storage.conformance import Conformance

KIB = bytes(1024)


class TestThrottled(Conformance):
    """With a limit that is hardly felt."""

    @pytest.fixture
    def storage(self) -> ThrottledStorage:
        return ThrottledStorage(MemoryStorage(), SystemClock(), 1e9)


def test_the_first_object_goes_at_once_and_the_next_waits_for_its_turn() -> None:
    clock = ManualClock()
    storage, began = ThrottledStorage(MemoryStorage(), clock, 1024), clock.monotonic()
    storage.put("a", KIB * 4)
    assert clock.monotonic() == began
    storage.put("b", KIB)
    assert clock.monotonic() == pytest.approx(began + 4)
    storage.put("c", b"")
    assert clock.monotonic() == pytest.approx(began + 5)


def test_idle_time_is_not_saved_up() -> None:
    clock = ManualClock()
    storage = ThrottledStorage(MemoryStorage(), clock, 1024)
    clock.advance(3600)
    began = clock.monotonic()
    for number in range(11):
        storage.put(f"a{number}", KIB)
    assert clock.monotonic() == pytest.approx(began + 10)


def test_reading_does_not_wait() -> None:
    clock = ManualClock()
    storage, began = ThrottledStorage(MemoryStorage(), clock, 1), clock.monotonic()
    storage.put("a", KIB)
    assert storage.get("a") == KIB
    assert storage.get_range("a", 0, 10) == bytes(10)
    assert storage.size("a") == 1024
    assert len(storage.list()) == 1
    with storage.lock("me"):
        storage.delete("a")
    assert clock.monotonic() == began


def test_threads_share_the_limit() -> None:
    clock = SystemClock()
    storage, began = ThrottledStorage(MemoryStorage(), clock, 100 << 10), clock.monotonic()
    threads = [threading.Thread(target=storage.put, args=(f"a{number}", KIB * 4)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert clock.monotonic() - began >= 0.19


def test_waiting_can_be_cancelled() -> None:
    clock, asked = ManualClock(), [0]

    def cancelled() -> bool:
        asked[0] += 1
        return asked[0] > 3

    inner = MemoryStorage()
    storage, began = ThrottledStorage(inner, clock, 1024, cancelled), clock.monotonic()
    storage.put("a", KIB * 100)
    with pytest.raises(Cancelled):
        storage.put("b", KIB)
    assert clock.monotonic() - began < 1
    assert [each.key for each in inner.list()] == ["a"]


@pytest.mark.parametrize("limit", [0, -1, 0.5, float("nan")])
def test_a_limit_that_is_none(limit: float) -> None:
    with pytest.raises(UsageError):
        ThrottledStorage(MemoryStorage(), ManualClock(), limit)


class Sweepable(MemoryStorage):
    """One that has something to sweep."""

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Tells how it was called."""
        return int(older_than_seconds)


def test_sweeping_goes_through_wrappers() -> None:
    clock = ManualClock()
    wrapped = CountingStorage(RetryingStorage(ThrottledStorage(Sweepable(), clock, 1e6), clock))
    assert sweep_temporaries(wrapped, 7.0) == 7
    assert sweep_temporaries(ThrottledStorage(MemoryStorage(), clock, 1e6), 7.0) == 0
