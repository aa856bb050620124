"""Leases where something fails or is exactly at its limit: nothing stays behind, no two hold the lock."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from litekeep.errors import Cancelled, Locked, ObjectMissing, PermissionRefused, StorageError, VerificationFailed
from litekeep.storage.remote.lease import LEASE_SECONDS, RENEW_SECONDS, SAFE_SECONDS, Leases, _Lease
from litekeep.storage.remote.wire import Found
from litekeep.testing import ManualClock

OTHER = "lock/0123456789abcdef"
RECORD = json.dumps({"owner": "prune on host", "since": "2026-01-01T00:00:00+00:00"}).encode()


class Place:
    """Marks in memory that fail as they are told: `fails[what]` is called with the name before each operation."""

    description = "a place"

    def __init__(self) -> None:
        self.found: dict[str, tuple[bytes, float]] = {}
        self.now = 1000.0
        self.written: list[str] = []
        self.removed: list[str] = []
        self.fails: dict[str, Callable[[str], None]] = {}
        self.hidden = False

    def _run(self, what: str, name: str) -> None:
        if what in self.fails:
            self.fails[what](name)

    def write_mark(self, name: str, data: bytes) -> None:
        self.found[name] = data, self.now
        self.written.append(name)
        self._run("write", name)

    def read_mark(self, name: str) -> bytes:
        self._run("read", name)
        return self.found[name][0]

    def remove_mark(self, name: str) -> None:
        self.removed.append(name)
        self._run("remove", name)
        if self.found.pop(name, None) is None:
            raise ObjectMissing("it is gone", key=name)

    def marks(self, prefix: str) -> list[Found]:
        self._run("list", prefix)
        found = [Found(name, len(data), at) for name, (data, at) in self.found.items() if name.startswith(prefix)]
        return [each for each in found if not (self.hidden and each.name in self.written)]


class Sleeper(ManualClock):
    """Writes down how long it was asked to sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        super().sleep(seconds)


def failing(error: type[StorageError | Cancelled], times: int = 1) -> Callable[[str], None]:
    """Raises so many times, then works."""
    left = [times]

    def run(name: str) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise error("it failed", key=name) if issubclass(error, StorageError) else error("stop")

    return run


@pytest.fixture
def place() -> Place:
    return Place()


def taken(place: Place, number: int = 1, record: bytes = RECORD) -> None:
    """Another holder that has renewed before, so that it does not step back."""
    place.found[f"{OTHER}.{number}"] = record, place.now


def refused(place: Place, wait_seconds: float = 0.0, clock: ManualClock | None = None) -> Locked:
    with pytest.raises(Locked) as refusal, Leases(place, clock or ManualClock()).hold("we", wait_seconds):
        pass
    assert set(place.found) == {name for name in place.found if name.startswith(OTHER)}, "ours is taken back"
    return refusal.value


def test_the_refusal_names_the_holder_and_when_it_is_free_at_the_latest(place: Place) -> None:
    taken(place)
    locked = refused(place)
    assert locked.message == "a place is in use by prune on host, since 2026-01-01T00:00:00+00:00"
    assert "3 minutes later" in locked.hint
    taken(place, record=json.dumps({"owner": "o" * 501, "since": "s" * 41}).encode())
    assert refused(place).message == f"a place is in use by {'o' * 500}, since {'s' * 40}"


@pytest.mark.parametrize("record", [b"", b"\xff", b"[]", b"{}", b'{"owner": "x"}', b"[" * 100_000])
def test_a_mark_that_tells_nothing(place: Place, record: bytes) -> None:
    taken(place, record=record)
    assert refused(place).message == "a place is in use by another run"


def test_a_mark_that_cannot_be_read(place: Place) -> None:
    taken(place)
    place.fails["read"] = failing(StorageError)
    assert refused(place).message == "a place is in use by another run"


def test_nobody_waits_who_was_told_not_to(place: Place) -> None:
    clock = Sleeper()
    taken(place)
    refused(place, clock=clock)
    assert (clock.naps, len(place.written)) == ([], 1)


def test_two_that_may_have_met_try_four_times(place: Place) -> None:
    clock = Sleeper()
    taken(place, 0)
    place.found["lock/fedcba.7"] = RECORD, place.now
    with pytest.raises(Locked), Leases(place, clock).hold("we", 0.0):
        pass
    assert len(place.written) == 4
    assert [0.1 * 2**at <= nap <= 0.3 * 2**at for at, nap in enumerate(clock.naps)] == [True] * 3
    assert len({*place.written}) == 4, "each time under another name"


def test_waits_grow_are_spread_and_end_with_the_time(place: Place) -> None:
    naps = []
    for _ in range(30):
        clock = Sleeper()
        taken(place)
        refused(place, 100.0, clock)
        assert sum(clock.naps) == pytest.approx(100.0)
        naps.append(clock.naps)
        assert all(nap <= min(15.0, 0.3 * 2**at) for at, nap in enumerate(clock.naps))
        assert all(nap >= min(5.0, 0.1 * 2**at) for at, nap in enumerate(clock.naps[:-1]))
    firsts = [each[0] for each in naps]
    assert min(firsts) < 0.18 < 0.22 < max(firsts)
    assert len({*firsts}) > 20
    assert max(nap for each in naps for nap in each) > 10.0


def test_it_is_taken_as_soon_as_it_is_free(place: Place) -> None:
    clock = Sleeper()
    taken(place)
    place.fails["list"] = lambda _: place.found.pop(f"{OTHER}.1", None) and None if len(place.written) == 3 else None
    with Leases(place, clock).hold("we", 100.0):
        assert len(place.written) == 3
    assert sum(clock.naps) < 2
    assert not place.found


@pytest.mark.parametrize("error", [StorageError, Cancelled])
@pytest.mark.parametrize("what", ["write", "list"])
def test_a_mark_is_taken_back_when_taking_the_lock_fails(
    place: Place, what: str, error: type[StorageError | Cancelled]
) -> None:
    """Also if it was written although that was told to have failed."""
    place.fails[what] = failing(error)
    with pytest.raises(error), Leases(place, ManualClock()).hold("we", 50.0):
        pass
    assert not place.found


def test_a_place_that_does_not_list_what_was_written_is_no_place_for_a_lock(place: Place) -> None:
    place.hidden = True
    with pytest.raises(StorageError, match="a mark just written is not listed in a place") as refusal:
        with Leases(place, ManualClock()).hold("we", 0.0):
            pass
    assert refusal.value.key == place.written[0]
    assert not place.found


def test_the_newest_mark_of_a_holder_counts(place: Place) -> None:
    for names in ((0, 1), (1, 0)):
        place.found.clear()
        for number in names:
            place.found[f"{OTHER}.{number}"] = RECORD, place.now - LEASE_SECONDS * (1 - number)
        refused(place)
        assert {*place.removed} & {*place.found} == set(), "what a live holder left is its own"


def test_what_the_dead_and_the_done_left_is_removed(place: Place) -> None:
    place.found = {
        f"{OTHER}.0": (RECORD, place.now - 2 * LEASE_SECONDS),
        f"{OTHER}.1": (RECORD, place.now - LEASE_SECONDS),
        "lock/aaaa.5": (RECORD, place.now),
        "lock/aaaa.free": (b"free", place.now),
    }
    with Leases(place, ManualClock()).hold("we", 0.0):
        assert list(place.found) == place.written
    assert not place.found


def test_what_is_no_mark_is_left_alone(place: Place) -> None:
    foreign = ["lock/readme", "lock/read.me", "lock/a b.1", "lock/.1", "lock/x.y.1", "lock/a.1x"]
    place.found = dict.fromkeys(foreign, (b"", place.now))
    with Leases(place, ManualClock()).hold("we", 0.0):
        pass
    assert list(place.found) == foreign


def test_a_lease_is_renewed_from_the_second_on_that_is_not_safe(place: Place) -> None:
    clock = ManualClock()
    held = Leases(place, clock)
    with held.hold("we", 0.0):
        clock.advance(SAFE_SECONDS)
        held.require_held()
        assert len(place.written) == 1
        clock.advance(0.5)
        held.require_held()
        assert [name.rpartition(".")[2] for name in place.written] == ["0", "1"]
        assert list(place.found) == place.written[1:]
        held.require_held()
        assert len(place.written) == 2, "it is fresh again"
    held.require_held()
    assert not place.found


@pytest.mark.parametrize("jump", [timedelta(seconds=SAFE_SECONDS + 1), timedelta(seconds=-1)])
def test_the_clock_that_ran_further_counts(place: Place, jump: timedelta) -> None:
    """A machine that slept may have one that stood still."""
    clock = ManualClock()
    held = Leases(place, clock)
    with held.hold("we", 0.0):
        if jump > timedelta(0):
            clock.set(clock.now() + jump)
        else:
            before = clock.now()
            clock.advance(SAFE_SECONDS + 1)
            clock.set(before)
        held.require_held()
        assert len(place.written) == 2


def test_a_renewal_that_fails_is_tried_again_and_nothing_is_lost(place: Place) -> None:
    clock = ManualClock()
    held = Leases(place, clock)
    with held.hold("we", 0.0):
        clock.advance(SAFE_SECONDS + 1)
        place.fails["write"] = failing(StorageError, 2)
        for _ in range(2):
            with pytest.raises(StorageError, match="it failed"):
                held.require_held()
        held.require_held()
        assert place.written[1] == place.written[2] == place.written[3], "the name of the one that failed"
        assert list(place.found) == [place.written[3]]
    assert not place.found


def test_a_lost_lease_stays_lost(place: Place) -> None:
    clock = ManualClock()
    held = Leases(place, clock)
    with held.hold("we", 0.0):
        clock.advance(SAFE_SECONDS + 1)
        taken(place)
        for _ in range(2):
            with pytest.raises(Locked, match="was lost"):
                held.require_held()
            place.found.pop(f"{OTHER}.1", None)
        assert len(place.written) == 1
    assert not place.found


@pytest.mark.parametrize(
    ("error", "times", "left"),
    [(StorageError, 1, 0), (StorageError, 2, 1), (ObjectMissing, 1, 1), (Cancelled, 1, 1), (PermissionRefused, 1, 2)],
)
def test_giving_back(place: Place, error: type[StorageError | Cancelled], times: int, left: int) -> None:
    """Tried twice; what is not allowed is said in another mark; what is gone, or cannot be removed, is left."""
    with Leases(place, ManualClock()).hold("we", 0.0):
        place.fails["remove"] = failing(error, times)
    assert len(place.removed) == (2 if error is StorageError else 1)
    assert len(place.found) == left
    if error is PermissionRefused:
        assert [name.rpartition(".")[2] for name in place.found] == ["0", "free"]
        assert place.found[place.written[1]][0] == b"free"
        with Leases(place, ManualClock()).hold("next", 0.0):
            pass
        assert not place.found


@pytest.mark.parametrize("error", [StorageError, Cancelled])
def test_giving_back_never_fails(place: Place, error: type[StorageError | Cancelled]) -> None:
    with Leases(place, ManualClock()).hold("we", 0.0):
        place.fails["remove"] = failing(PermissionRefused)
        place.fails["write"] = failing(error)
    assert place.written[1].endswith(".free")


# ------------------------------------------------------------ renewing, and its end


def held(leases: Leases) -> _Lease:
    """The one that is held now."""
    assert leases._held is not None
    return leases._held


class Ticks(threading.Event):
    """Not set so many times, then set; no time passes."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times
        self.asked: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout)
        self.left -= 1
        return self.left < 0


def test_a_thread_that_keeps_nobody_from_ending_renews_and_ends_with_the_lock(place: Place) -> None:
    before = {*threading.enumerate()}
    with Leases(place, ManualClock()).hold("we", 0.0):
        (thread,) = [each for each in {*threading.enumerate()} - before if each.name == "litekeep-lease"]
        assert thread.daemon
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize("error", [StorageError, Cancelled])
def test_renewing_goes_on_after_it_failed(place: Place, error: type[StorageError | Cancelled]) -> None:
    leases, ticks = Leases(place, ManualClock()), Ticks(3)
    with leases.hold("we", 0.0):
        place.fails["write"] = failing(error)
        held(leases).keep(ticks)
        assert [name.rpartition(".")[2] for name in place.written] == ["0", "1", "1", "2"]
        assert ticks.asked == [RENEW_SECONDS] * 4
    assert place.found == {}
    assert 3 * RENEW_SECONDS <= SAFE_SECONDS, "two renewals may fail before anybody has to ask"


@pytest.mark.parametrize("error", [StorageError, Cancelled])
def test_damage_stays_damage_where_nobody_can_tell_whether_the_lock_was_lost(
    place: Place, error: type[StorageError | Cancelled]
) -> None:
    clock = ManualClock()
    with pytest.raises(VerificationFailed, match="a page"), Leases(place, clock).hold("we", 0.0):
        clock.advance(SAFE_SECONDS + 1)
        place.fails["list"] = failing(error, 99)
        raise VerificationFailed("a page is not what it was")


def test_nothing_is_asked_for_as_long_as_the_last_renewal_is_safe(place: Place) -> None:
    clock = ManualClock()
    leases = Leases(place, clock)
    with leases.hold("we", 0.0):
        place.fails["list"] = failing(StorageError, 99)
        for _ in range(2):
            clock.advance(SAFE_SECONDS)
            held(leases)._renew()
        assert len(place.written) == 3
        clock.advance(SAFE_SECONDS + 0.001)
        with pytest.raises(StorageError, match="it failed"):
            held(leases)._renew()


def test_a_lock_that_was_given_back_protects_nothing_and_is_not_renewed(place: Place) -> None:
    leases = Leases(place, ManualClock())
    with leases.hold("we", 0.0):
        lease = held(leases)
    with pytest.raises(Locked):
        lease.require()
    late = threading.Thread(target=lease._renew, daemon=True)
    late.start()
    late.join(20)
    assert not late.is_alive(), "it hangs"
    assert (place.found, len(place.written)) == ({}, 1)


def test_a_renewal_under_way_when_the_lock_is_given_back_leaves_nothing(place: Place) -> None:
    leases = Leases(place, ManualClock())
    write = place.write_mark

    def slow(name: str, data: bytes) -> None:
        held(leases).give_back()
        write(name, data)

    with leases.hold("we", 0.0):
        place.write_mark = slow  # type: ignore[method-assign]
        held(leases)._renew()
        assert place.found == {}
        with pytest.raises(Locked):
            held(leases).require()


def test_who_finds_another_one_beside_the_new_mark_takes_both_away(place: Place) -> None:
    clock = ManualClock()
    leases = Leases(place, clock)
    with pytest.raises(Locked, match="was lost"), leases.hold("we", 0.0):
        clock.advance(SAFE_SECONDS + 1)
        place.fails["write"] = lambda _name: taken(place)
        held(leases).require()
    assert [*place.found] == [f"{OTHER}.1"]
