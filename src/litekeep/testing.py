"""What a host application needs to test its backups: time by hand, memory as storage, planned faults, a monitor.

    clock = ManualClock()
    storage = FaultyStorage(MemoryStorage(), [Fault(3), Fault(5, Moment.AFTER, lasting=True)])
    monitor = RecordingMonitor()

Nothing in Litekeep imports this module.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NoReturn, TypeVar
from zoneinfo import ZoneInfo

from litekeep.clock import BootTime
from litekeep.errors import LitekeepError, StorageError
from litekeep.monitor import Fact
from litekeep.records import dataclass
from litekeep.storage.base import Buffer, Entry, Storage
from litekeep.storage.durable import FILE_MODE, TEMPORARY_PREFIX
from litekeep.storage.local import LocalStorage
from litekeep.storage.memory import MemoryStorage

__all__ = ["Fault", "FaultyStorage", "ManualClock", "MemoryStorage", "Moment", "RecordingMonitor"]

Result = TypeVar("Result")


class ManualClock:
    """A clock that stands still until it is moved; sleeping moves it at once.

    Args:
        start: the first wall clock time, aware.
        zone: IANA name; `now` is told in this zone.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC), zone: str = "UTC") -> None:
        self._guard = threading.Lock()
        self._zone = zone
        self._info = UTC if zone == "UTC" else ZoneInfo(zone)  # UTC needs no time zone data on Windows
        self._now = start.astimezone(UTC)
        self._up_seconds = 1000.0
        self._monotonic_seconds = 0.0
        self._boots = 1

    def now(self) -> datetime:
        """The wall clock, with the zone's offset."""
        with self._guard:
            return self._now.astimezone(self._info)

    def zone(self) -> str:
        """As given."""
        return self._zone

    def boot(self) -> BootTime:
        """Time since the last `restart`."""
        with self._guard:
            return BootTime(f"boot-{self._boots}", self._up_seconds)

    def monotonic(self) -> float:
        """Seconds this clock was advanced by."""
        with self._guard:
            return self._monotonic_seconds

    def sleep(self, seconds: float) -> None:
        """Return at once, with the time passed."""
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Let time pass, as it does."""
        with self._guard:
            self._now += timedelta(seconds=seconds)
            self._up_seconds += seconds
            self._monotonic_seconds += seconds

    def set(self, now: datetime) -> None:
        """Put the wall clock, and only it, to another time, as a person or a time server does."""
        with self._guard:
            self._now = now.astimezone(UTC)

    def restart(self) -> None:
        """Start the machine anew: another boot, up since now."""
        with self._guard:
            self._boots += 1
            self._up_seconds = 0.0


class RecordingMonitor:
    """Keeps what it is told, and can ask to stop.

    events: (name, facts) of each event.       steps: (phase, done, total, unit) of each progress report.
    cancel_after: `cancelled` answers no that many times and yes from then on; None: never yes.
    questions: how often `cancelled` was asked; run once, then once with each smaller `cancel_after`.
    """

    def __init__(self, cancel_after: int | None = None) -> None:
        self.events: list[tuple[str, dict[str, Fact]]] = []
        self.steps: list[tuple[str, int, int, str]] = []
        self.cancel_after = cancel_after
        self.questions = 0

    def event(self, name: str, /, **facts: Fact) -> None:
        """Keep."""
        self.events.append((name, facts))

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """Keep."""
        self.steps.append((phase, done, total, unit))

    def cancelled(self) -> bool:
        """See `cancel_after`."""
        self.questions += 1
        return self.cancel_after is not None and self.questions > self.cancel_after

    def names(self) -> list[str]:
        """The names of the events in their order."""
        return [name for name, _ in self.events]


class Moment(Enum):
    """When a fault strikes."""

    BEFORE = "before"  # the operation does nothing
    AFTER = "after"  # it takes effect, its reply is lost
    TORN = "torn"  # put: half of the bytes reach a temporary file of a LocalStorage, none are visible; else as BEFORE


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned fault.

    at: number of the operation, from 1.
    error: class that is raised; None kills the process with SIGKILL, as losing power does.
    lasting: strikes each operation from `at` on, as a dead network does, instead of only that one.
    """

    at: int
    moment: Moment = Moment.BEFORE
    error: type[StorageError] | None = StorageError
    lasting: bool = False


class FaultyStorage:
    """Numbers every operation on the storage inside and lets the planned faults strike.

    Operations are put, get, get_range, size, list, delete and lock, in the order in which they begin.

    operations: how many there were. Run once without faults to learn how many, then once with a fault at each.
    fired: (number, operation, key, fault) of each strike.
    """

    def __init__(self, inner: Storage, plan: Iterable[Fault] = ()) -> None:
        self.plan = tuple(plan)
        self.operations = 0
        self.fired: list[tuple[int, str, str, Fault]] = []
        self._inner = inner
        self._guard = threading.Lock()

    @property
    def description(self) -> str:
        """The inner storage's."""
        return self._inner.description

    def assert_exhausted(self) -> None:
        """Raise AssertionError if a planned fault never struck: the test then proved less than it says."""
        struck = {fault for _, _, _, fault in self.fired}
        idle = [fault for fault in self.plan if fault not in struck]
        if idle:
            raise AssertionError(f"never struck in {self.operations} operations: {idle}")

    def put(self, key: str, data: Buffer) -> None:
        """Create an object, or half of a temporary file."""
        self._run("put", key, lambda: self._inner.put(key, data), torn=lambda: self._tear(key, data))

    def get(self, key: str) -> bytes:
        """All bytes of an object."""
        return self._run("get", key, lambda: self._inner.get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        return self._run("get_range", key, lambda: self._inner.get_range(key, offset, length))

    def size(self, key: str) -> int:
        """Length of an object in bytes."""
        return self._run("size", key, lambda: self._inner.size(key))

    def list(self, prefix: str = "") -> list[Entry]:
        """Every object below `prefix`."""
        return self._run("list", prefix, lambda: self._inner.list(prefix))

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._run("delete", key, lambda: self._inner.delete(key))

    @contextmanager
    def lock(self, owner: str, wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold the inner lock; a fault after taking it frees it again."""
        number, fault = self._next()
        if fault and fault.moment is not Moment.AFTER:
            raise self._strike(number, "lock", owner, fault)
        with self._inner.lock(owner, wait_seconds):
            if fault:
                raise self._strike(number, "lock", owner, fault)
            yield

    def free_bytes(self) -> int | None:
        """Room left; not numbered."""
        return self._inner.free_bytes()

    def _run(
        self, operation: str, key: str, effect: Callable[[], Result], torn: Callable[[], None] = lambda: None
    ) -> Result:
        number, fault = self._next()
        if fault is None:
            return effect()
        if fault.moment is Moment.AFTER:
            effect()
        elif fault.moment is Moment.TORN:
            torn()
        raise self._strike(number, operation, key, fault)

    def _next(self) -> tuple[int, Fault | None]:
        with self._guard:
            self.operations += 1
            number = self.operations
            for fault in self.plan:
                if number == fault.at or (fault.lasting and number > fault.at):
                    return number, fault
        return number, None

    def _strike(self, number: int, operation: str, key: str, fault: Fault) -> StorageError:
        with self._guard:
            self.fired.append((number, operation, key, fault))
        if fault.error is None:
            _die()
        return fault.error(f"planned fault {fault.moment.value} operation {number}: {operation} {key}", key=key)

    def _tear(self, key: str, data: Buffer) -> None:
        if isinstance(self._inner, LocalStorage):
            path = self._inner.root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            half = memoryview(data).cast("B")[: memoryview(data).nbytes // 2]
            temporary = path.with_name(f"{TEMPORARY_PREFIX}torn-{self.operations}")
            temporary.write_bytes(half)
            temporary.chmod(FILE_MODE)


def _die() -> NoReturn:
    if sys.platform == "win32":
        os._exit(137)
    os.kill(os.getpid(), signal.SIGKILL)
    raise LitekeepError("survived SIGKILL")
