"""The storages that two stopped processes share (schedules): a folder with its lock, a bucket without one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from litekeep.errors import Locked, ObjectExists, ObjectMissing
from litekeep.storage.base import Buffer, Entry, ObjectShorter, Storage
from litekeep.storage.remote import workers
from litekeep.storage.remote.storage import RemoteStorage
from litekeep.storage.remote.wire import Found, Occupied, Pace
from litekeep.storage.retrying import RetryingStorage
from litekeep.testing import ManualClock
from torture.schedules import Ask, Request

Objects = dict[str, bytes]
SLEEP_SECONDS = 200.0
"""Longer than a lease lasts."""


class Folders:
    """Objects by place, and one lock for each place, held by a process.

    patient: who finds the lock taken waits; otherwise it is told so.
    """

    def __init__(self, places: Mapping[str, Objects], *, patient: bool) -> None:
        self.objects = {place: dict(objects) for place, objects in places.items()}
        self._patient = patient
        self._holders: dict[str, int] = {}

    def is_blocked(self, who: int, request: Request) -> bool:
        """Before a lock that the other one holds."""
        return self._patient and request[1] == "lock" and request[0] in self._holders

    def before_preemption(self) -> None:
        """Nothing happens."""

    def answer(self, who: int, request: Request) -> Any:
        """As storage.base says."""
        place, operation, key, *more = request
        return getattr(self, f"_{operation}")(self.objects[place], key, *more, place=place, who=who)

    def _put(self, objects: Objects, key: str, data: bytes, **_: object) -> None:
        if objects.setdefault(key, data) != data:
            raise ObjectExists(f"{key} is already there with other content", key=key)

    def _get(self, objects: Objects, key: str, **_: object) -> bytes:
        if key not in objects:
            raise ObjectMissing(f"there is no {key}", key=key)
        return objects[key]

    def _get_range(self, objects: Objects, key: str, offset: int, length: int, **_: object) -> bytes:
        data = self._get(objects, key)
        if offset + length > len(data):
            raise ObjectShorter(f"{key} ends at byte {len(data)}", key=key)
        return data[offset : offset + length]

    def _size(self, objects: Objects, key: str, **_: object) -> int:
        return len(self._get(objects, key))

    def _list(self, objects: Objects, prefix: str, **_: object) -> tuple[tuple[str, int], ...]:
        return tuple(sorted((key, len(data)) for key, data in objects.items() if key.startswith(prefix)))

    def _delete(self, objects: Objects, key: str, **_: object) -> None:
        objects.pop(key, None)

    def _lock(self, _objects: Objects, owner: str, *, place: str, who: int) -> None:
        if place in self._holders:
            raise Locked(f"{place} is in use")
        self._holders[place] = who

    def _unlock(self, _objects: Objects, owner: str, *, place: str, who: int) -> None:
        assert self._holders.pop(place) == who


class Seat:
    """The storage as one process has it."""

    def __init__(self, ask: Ask, place: str) -> None:
        self._ask, self._place = ask, place

    @property
    def description(self) -> str:
        """The place."""
        return self._place

    def put(self, key: str, data: Buffer) -> None:
        """Ask."""
        self._ask((self._place, "put", key, bytes(data)))

    def get(self, key: str) -> bytes:
        """Ask."""
        return bytes(self._ask((self._place, "get", key)))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Ask."""
        return bytes(self._ask((self._place, "get_range", key, offset, length)))

    def size(self, key: str) -> int:
        """Ask."""
        return int(self._ask((self._place, "size", key)))

    def list(self, prefix: str = "") -> list[Entry]:
        """Ask."""
        return [Entry(key, size) for key, size in self._ask((self._place, "list", prefix))]

    def delete(self, key: str) -> None:
        """Ask."""
        self._ask((self._place, "delete", key))

    @contextmanager
    def lock(self, owner: str, wait_seconds: float = 0.0) -> Iterator[None]:
        """Taking and freeing are operations, too."""
        self._ask((self._place, "lock", owner))
        try:
            yield
        finally:
            self._ask((self._place, "unlock", owner))

    def free_bytes(self) -> int | None:
        """Not asked."""
        return None


class Bucket:
    """One bucket on a server that stamps what it stores; it has no lock, so machines use leases.

    exclusive: it refuses to replace. now: its clock, and that of the machines, which go by its answers. suspends: who
    is preempted first falls asleep for longer than a lease lasts, with an answer in hand.
    """

    def __init__(self, objects: Objects, now: float, *, exclusive: bool, suspends: bool) -> None:
        self.objects = dict(objects)
        self.now = now
        self._stamps = dict.fromkeys(objects, now)
        self._exclusive, self._suspends = exclusive, suspends
        self._sleeps_then = False

    def is_blocked(self, who: int, request: Request) -> bool:
        """Nobody waits but by asking again."""
        return False

    def before_preemption(self) -> None:
        """The machine falls asleep with the answer in hand, before it does anything with it."""
        self._sleeps_then = self._suspends

    def answer(self, who: int, request: Request) -> Any:
        """What came, and the time."""
        operation, name, *more = request
        found = getattr(self, f"_{operation}")(name, *more)
        if self._sleeps_then:
            self._sleeps_then = False
            self.now += SLEEP_SECONDS
        return found, self.now

    def _create(self, name: str, data: bytes) -> bool:
        if self._exclusive and name in self.objects:
            return False
        self._replace(name, data)
        return True

    def _replace(self, name: str, data: bytes) -> None:
        self.objects[name], self._stamps[name] = data, self.now

    def _read(self, name: str) -> bytes | None:
        return self.objects.get(name)

    def _scan(self, prefix: str) -> tuple[tuple[str, int, float], ...]:
        found = sorted((key, len(data)) for key, data in self.objects.items() if key.startswith(prefix))
        return tuple((key, size, self._stamps[key]) for key, size in found)

    def _remove(self, name: str) -> None:
        self.objects.pop(name, None)
        self._stamps.pop(name, None)


class Line:
    """The Wire of one machine to the bucket; its clock goes by the answers."""

    description = "bucket"

    def __init__(self, ask: Ask, clock: ManualClock, began: float) -> None:
        self._ask, self._clock, self._passed = ask, clock, began

    def _asked(self, *request: Any) -> Any:
        answer, now = self._ask(request)
        if now > self._passed:
            self._clock.advance(now - self._passed)
            self._passed = now
        return answer

    def require_place(self, *, create: bool) -> None:
        """It is there."""

    def create(self, name: str, data: memoryview, pace: Pace) -> None:
        """Ask."""
        if not self._asked("create", name, bytes(data)):
            raise Occupied

    def replace(self, name: str, data: memoryview, pace: Pace) -> None:
        """Ask."""
        self._asked("replace", name, bytes(data))

    def read(self, name: str, pace: Pace) -> bytes:
        """Ask."""
        found = self._asked("read", name)
        if found is None:
            raise ObjectMissing(f"there is no {name}", key=name)
        return bytes(found)

    def read_range(self, name: str, offset: int, length: int, pace: Pace) -> bytes:
        """Ask for all of it, and take a part."""
        return self.read(name, pace)[offset : offset + length]

    def size(self, name: str) -> int:
        """The same."""
        return len(self.read(name, Pace(60.0, lambda: 0.0)))

    def scan(self, prefix: str, pace: Pace) -> Iterator[Found]:
        """Ask."""
        return (Found(*each) for each in self._asked("scan", prefix))

    def scan_top(self, pace: Pace) -> Iterator[Found]:
        """Nothing of interest lies there."""
        return iter(())

    def remove(self, name: str) -> None:
        """Ask."""
        self._asked("remove", name)

    def free_bytes(self) -> int | None:
        """Not told."""
        return None

    def renew(self) -> bool:
        """No secrets."""
        return False

    def reset(self) -> None:
        """No connections."""


def machine(ask: Ask, clock: ManualClock, began: float, *, exclusive: bool, chance: random.Random) -> Storage:
    """The storage of one machine, with its leases, as it is opened for everybody."""
    remote = RemoteStorage(Line(ask, clock, began), clock, exclusive=exclusive, visited=True)
    return RetryingStorage(remote, clock, chance=chance)


@contextmanager
def steady_leases(token: Callable[[int], str]) -> Iterator[None]:
    """Requests are made on the thread that wants them, and nothing is left to chance: names by `token`, even waits."""

    def run(self: workers.Workers, work: Callable[[Pace], Any], *, tidying: bool = False) -> Any:
        return work(Pace(60.0, lambda: 0.0))

    with (
        mock.patch.object(workers.Workers, "run", run),
        mock.patch("secrets.token_hex", token),
        mock.patch("random.uniform", return_value=1.0),
    ):
        yield
