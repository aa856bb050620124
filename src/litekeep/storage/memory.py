"""Objects in a dictionary: the simplest storage that keeps the whole contract, for tests and for trying things out.

Bytes are copied in and handed out immutable, so no caller can change an object afterwards. It is as durable as the
process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from litekeep.errors import Locked, ObjectExists, ObjectMissing
from litekeep.storage.base import Buffer, Entry, ObjectShorter, check_key, check_prefix, check_range


class MemoryStorage:
    """A storage that lives as long as this object."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._guard = threading.Lock()
        self._lock = threading.Lock()
        self._owner = ""

    @property
    def description(self) -> str:
        """Always "memory"."""
        return "memory"

    def put(self, key: str, data: Buffer) -> None:
        """Create an object from a copy of `data`."""
        content = bytes(data)
        with self._guard:
            if self._objects.setdefault(check_key(key), content) != content:
                raise ObjectExists(f"{key} is already there with other content", key=key)

    def get(self, key: str) -> bytes:
        """All bytes of an object."""
        check_key(key)
        with self._guard:
            content = self._objects.get(key)
        if content is None:
            raise ObjectMissing(f"there is no {key}", key=key)
        return content

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        check_range(key, offset, length)
        content = self.get(key)
        if offset + length > len(content):
            raise ObjectShorter(f"{key} ends at byte {len(content)}, before {offset + length}", key=key)
        return content[offset : offset + length]

    def size(self, key: str) -> int:
        """Length of an object in bytes."""
        return len(self.get(key))

    def list(self, prefix: str = "") -> list[Entry]:
        """Every object below `prefix`, sorted by key."""
        check_prefix(prefix)
        with self._guard:
            found = [Entry(key, len(content)) for key, content in self._objects.items() if key.startswith(prefix)]
        return sorted(found, key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        """Remove an object; silent if it is missing."""
        check_key(key)
        with self._guard:
            self._objects.pop(key, None)

    @contextmanager
    def lock(self, owner: str, wait_seconds: float = 0.0) -> Iterator[None]:
        """Exclude other threads; waits in real time and is not re-entrant."""
        if not self._lock.acquire(timeout=max(0.0, wait_seconds)):
            raise Locked(f"memory is in use by {self._owner}")
        try:
            self._owner = owner
            yield
        finally:
            self._lock.release()

    def free_bytes(self) -> int | None:
        """Memory does not tell."""
        return None
