"""A storage that counts what is asked of the one inside: for statistics, budgets and tests.

A call is counted when it is made, its bytes when it has succeeded.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import AbstractContextManager

from litekeep.storage.base import Buffer, Entry, Storage, sweep_temporaries


class CountingStorage:
    """Counts calls and bytes; safe in several threads.

    calls: number of calls by the name of the method.
    written_bytes, read_bytes: content of objects put and got.
    log: if a list is given, (method, key) of each call is added to it, with the prefix for `list` and the owner for
        `lock` in place of a key.
    """

    def __init__(self, inner: Storage, log: list[tuple[str, str]] | None = None) -> None:
        self.calls: Counter[str] = Counter()
        self.written_bytes = 0
        self.read_bytes = 0
        self.log = log
        self._inner = inner
        self._guard = threading.Lock()

    @property
    def description(self) -> str:
        """The inner storage's."""
        return self._inner.description

    def put(self, key: str, data: Buffer) -> None:
        """Create an object."""
        self._called("put", key)
        self._inner.put(key, data)
        with self._guard:
            self.written_bytes += memoryview(data).nbytes

    def get(self, key: str) -> bytes:
        """All bytes of an object."""
        self._called("get", key)
        return self._got(self._inner.get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        self._called("get_range", key)
        return self._got(self._inner.get_range(key, offset, length))

    def size(self, key: str) -> int:
        """Length of an object in bytes."""
        self._called("size", key)
        return self._inner.size(key)

    def list(self, prefix: str = "") -> list[Entry]:
        """Every object below `prefix`."""
        self._called("list", prefix)
        return self._inner.list(prefix)

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._called("delete", key)
        self._inner.delete(key)

    def lock(self, owner: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """Hold the inner lock."""
        self._called("lock", owner)
        return self._inner.lock(owner, wait_seconds)

    def free_bytes(self) -> int | None:
        """Room left."""
        self._called("free_bytes", "")
        return self._inner.free_bytes()

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Remove what interrupted puts left behind."""
        self._called("sweep_temporaries", "")
        return sweep_temporaries(self._inner, older_than_seconds)

    def _called(self, method: str, key: str) -> None:
        with self._guard:
            self.calls[method] += 1
            if self.log is not None:
                self.log.append((method, key))

    def _got(self, data: bytes) -> bytes:
        with self._guard:
            self.read_bytes += len(data)
        return data
