"""A storage that sends no faster than it is allowed to: so that backups leave room on the line for others.

The limit is an average. An object goes over the line as fast as the line is; the next one waits until all that was sent
before has had its time. So no more is sent in any span than the limit allows for it, and one object for each caller.
What is sent again because a server did not answer counts only once, where repetitions are made further in. Only `put`
waits: reading, listing, deleting and the small marks of a lock go through at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from litekeep.clock import Clock
from litekeep.errors import Cancelled, UsageError
from litekeep.storage.base import Buffer, Entry, Storage, sweep_temporaries

_LOOK_SECONDS = 0.2


class ThrottledStorage:
    """Puts `bytes_per_second` at most, on average; safe in several threads, which share the limit.

    cancelled: asked while waiting; True ends it with Cancelled. Raises UsageError for a limit below 1.
    """

    def __init__(
        self, inner: Storage, clock: Clock, bytes_per_second: float, cancelled: Callable[[], bool] | None = None
    ) -> None:
        if not bytes_per_second >= 1:
            raise UsageError(f"not a limit in bytes per second: {bytes_per_second}")
        self._inner = inner
        self._clock = clock
        self._bytes_per_second = bytes_per_second
        self._cancelled = cancelled or (lambda: False)
        self._guard = threading.Lock()
        self._free_at = clock.monotonic()

    @property
    def description(self) -> str:
        """The inner storage's."""
        return self._inner.description

    def put(self, key: str, data: Buffer) -> None:
        """Create an object, when it is its turn."""
        self._wait(self._reserve(memoryview(data).nbytes))
        self._inner.put(key, data)

    def get(self, key: str) -> bytes:
        """All bytes of an object."""
        return self._inner.get(key)

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        return self._inner.get_range(key, offset, length)

    def size(self, key: str) -> int:
        """Length of an object in bytes."""
        return self._inner.size(key)

    def list(self, prefix: str = "") -> list[Entry]:
        """Every object below `prefix`."""
        return self._inner.list(prefix)

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._inner.delete(key)

    def lock(self, owner: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """Hold the inner lock."""
        return self._inner.lock(owner, wait_seconds)

    def free_bytes(self) -> int | None:
        """Room left."""
        return self._inner.free_bytes()

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Remove what interrupted puts left behind."""
        return sweep_temporaries(self._inner, older_than_seconds)

    def _reserve(self, size_bytes: int) -> float:
        """The moment at which this put may begin; those that come later begin after it has had its time."""
        with self._guard:
            begins = max(self._clock.monotonic(), self._free_at)
            self._free_at = begins + size_bytes / self._bytes_per_second
            return begins

    def _wait(self, until: float) -> None:
        while (left := until - self._clock.monotonic()) > 0:
            if self._cancelled():
                raise Cancelled("stopped on request", safe="Everything that was complete before is unchanged.")
            self._clock.sleep(min(left, _LOOK_SECONDS))
