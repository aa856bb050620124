"""The lock among machines: who holds it, how it is freed, and what a holder does that was held up too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Cancelled, CorruptObject, Locked, PermissionRefused
from litekeep.storage.remote import lease as leases
from litekeep.storage.remote.lease import LEASE_SECONDS, SAFE_SECONDS, Leases
from litekeep.storage.remote.wire import Found
from litekeep.storage.retrying import RetryingStorage, RetryPolicy
from litekeep.testing import ManualClock, MemoryStorage
from storage.remote.conftest import opened
from storage.remote.servers import TRUE_SERVERS, Server


class Marks:
    """Marks in memory, stamped by a server with a clock of its own."""

    description = "memory"

    def __init__(self, server: ManualClock) -> None:
        self.server = server
        self.found: dict[str, tuple[bytes, float]] = {}
        self.before_the_next: Callable[[], object] | None = None

    def write_mark(self, name: str, data: bytes) -> None:
        meanwhile, self.before_the_next = self.before_the_next, None
        if meanwhile is not None:
            meanwhile()
        self.found[name] = data, self.server.now().timestamp()

    def read_mark(self, name: str) -> bytes:
        return self.found[name][0]

    def remove_mark(self, name: str) -> None:
        self.found.pop(name, None)

    def marks(self, prefix: str) -> list[Found]:
        return [Found(name, len(data), at) for name, (data, at) in self.found.items() if name.startswith(prefix)]


@pytest.fixture
def marks() -> Marks:
    return Marks(ManualClock(datetime(1999, 1, 1, tzinfo=UTC)))  # nobody asks what the server's clock shows


def test_a_dead_holder_frees_the_lock_by_itself(marks: Marks) -> None:
    dead = Leases(marks, ManualClock()).hold("the dead", 0.0)
    dead.__enter__()
    clock = ManualClock(datetime(2099, 1, 1, tzinfo=UTC))
    with pytest.raises(Locked, match="the dead, since 2026-01-01"), Leases(marks, clock).hold("next", 0.0):
        pass
    marks.server.advance(LEASE_SECONDS - 1)
    with pytest.raises(Locked), Leases(marks, clock).hold("next", 0.0):
        pass
    marks.server.advance(1)
    with Leases(marks, clock).hold("next", 0.0):
        assert len(marks.found) == 1  # what the dead left is gone
    assert not marks.found
    dead.__exit__(None, None, None)


def test_a_holder_that_was_held_up_notices(marks: Marks) -> None:
    """Asleep for an hour, while another took the lock, perhaps gave it back: it stops before it writes or deletes."""
    for still_held in (True, False):
        clock = ManualClock()
        slow = Leases(marks, clock)
        with slow.hold("slow", 0.0):
            slow.require_held()
            clock.advance(3600)
            marks.server.advance(3600)
            other = Leases(marks, ManualClock()).hold("other", 0.0)
            other.__enter__()
            if not still_held:
                other.__exit__(None, None, None)
            for _ in range(2):
                with pytest.raises(Locked, match="was lost"):
                    slow.require_held()
        if still_held:
            other.__exit__(None, None, None)
        assert not marks.found


def test_what_goes_wrong_for_a_holder_that_was_held_up_is_told_as_lost(marks: Marks) -> None:
    """Packs that the next holder removed look like damage to one that read the list before."""
    clock = ManualClock()
    slow = Leases(marks, clock)
    with pytest.raises(Locked, match="was lost") as told, slow.hold("slow", 0.0):
        clock.advance(3600)
        marks.server.advance(3600)
        with Leases(marks, ManualClock()).hold("other", 0.0):
            pass
        raise CorruptObject("packs/a", "is missing")
    assert isinstance(told.value.__context__, CorruptObject)
    assert not marks.found
    with pytest.raises(CorruptObject), slow.hold("slow", 0.0):
        raise CorruptObject("packs/a", "is missing")


def test_a_holder_that_was_held_up_notices_who_came_in_between(marks: Marks) -> None:
    """It looked, nobody was there; before its mark is written, the old one dies and another takes the lock."""
    for still_held in (True, False):
        clock = ManualClock()
        slow, other = Leases(marks, clock), Leases(marks, ManualClock()).hold("other", 0.0)

        def take(other: AbstractContextManager[None] = other, still_held: bool = still_held) -> None:
            marks.server.advance(1)
            other.__enter__()
            if not still_held:
                other.__exit__(None, None, None)

        with slow.hold("slow", 0.0):
            clock.advance(LEASE_SECONDS - 1)
            marks.server.advance(LEASE_SECONDS - 1)
            marks.before_the_next = take
            with pytest.raises(Locked, match="was lost"):
                slow.require_held()
            assert len(marks.found) == still_held
        if still_held:
            other.__exit__(None, None, None)
        assert not marks.found


def test_a_holder_that_was_held_up_alone_goes_on(marks: Marks) -> None:
    clock = ManualClock()
    held = Leases(marks, clock)
    with held.hold("slow", 0.0):
        before = set(marks.found)
        clock.advance(SAFE_SECONDS + 1)
        marks.server.advance(SAFE_SECONDS + 1)
        held.require_held()
        assert set(marks.found) != before
        assert len(marks.found) == 1
        with pytest.raises(Locked), Leases(marks, ManualClock()).hold("next", 0.0):
            pass
    assert not marks.found


class KeptMarks(Marks):
    """Where nothing may be deleted."""

    refuses = True

    def remove_mark(self, name: str) -> None:
        if self.refuses:
            raise PermissionRefused("not allowed", key=name)
        super().remove_mark(name)


def test_where_nothing_may_be_deleted_a_holder_says_that_it_is_done() -> None:
    marks = KeptMarks(ManualClock())
    with Leases(marks, ManualClock()).hold("first", 0.0):
        for _ in range(2):
            with pytest.raises(Locked, match="first"), Leases(marks, ManualClock()).hold("second", 0.0):
                pass
    with Leases(marks, ManualClock()).hold("third", 0.0):
        pass
    marks.refuses = False
    with Leases(marks, ManualClock()).hold("who may delete", 0.0):
        assert len(marks.found) == 1
    assert not marks.found


def test_a_holder_that_was_held_up_beside_those_that_are_done_goes_on() -> None:
    marks, clock = KeptMarks(ManualClock()), ManualClock()
    with Leases(marks, ManualClock()).hold("done", 0.0):
        pass
    held = Leases(marks, clock)
    with held.hold("slow", 0.0):
        clock.advance(SAFE_SECONDS + 1)
        held.require_held()
        clock.advance(3600)
        marks.server.advance(3600)
        with Leases(marks, ManualClock()).hold("other", 0.0):
            pass
        with pytest.raises(Locked, match="was lost"):
            held.require_held()


def test_leases_are_renewed(marks: Marks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.02)
    with Leases(marks, ManualClock()).hold("long", 0.0):
        first = set(marks.found)
        until = time.monotonic() + 10
        while set(marks.found) & first and time.monotonic() < until:
            time.sleep(0.01)
        assert not set(marks.found) & first
    assert not marks.found


@pytest.mark.parametrize("name", TRUE_SERVERS)
def test_two_that_come_at_the_same_moment(servers: Callable[[str], Server], fresh: str, name: str) -> None:
    """With repetitions, as open_storage gives it: WsgiDAV 4.4 answers a listing with 500 if a file goes meanwhile."""
    storages = [opened(servers(name), fresh) for _ in range(2)]
    trying = [RetryingStorage(storage, SystemClock(), RetryPolicy(0.02, 0.2, 20.0)) for storage in storages]
    storages[0].put("first", b"x")
    inside, most, done = [0], [0], []
    guard = threading.Lock()

    def work(number: int) -> None:
        with trying[number].lock(f"machine {number}", 60.0):
            with guard:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.05)
            with guard:
                inside[0] -= 1
                done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert sorted(done) == [0, 1]
    assert not storages[0].marks("lock/")
    for storage in storages:
        storage.close()


@pytest.mark.parametrize("name", TRUE_SERVERS)
def test_the_lock_is_given_back_by_who_is_asked_to_stop(
    servers: Callable[[str], Server], fresh: str, name: str
) -> None:
    asked = threading.Event()
    storage = opened(servers(name), fresh, cancelled=asked.is_set)
    with pytest.raises(Cancelled), storage.lock("someone"):
        asked.set()
        storage.list()
    assert not opened(servers(name), fresh).marks("lock/")


def test_memory_and_leases_agree_on_names() -> None:
    with pytest.raises(Exception, match="not a valid object name"):
        MemoryStorage().put("lock/0123.0", b"x")
