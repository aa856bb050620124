"""A storage that can only be read, whatever the one inside allows: for verifying, restoring and looking around.

The lock is refused as well, since taking it writes to the place (a record, or a lease).
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from litekeep.errors import ReadOnlyStorage
from litekeep.storage.base import LOCK_NAME, Buffer, Entry, Storage, check_key


class ReadOnly:
    """Passes reading on and raises ReadOnlyStorage for everything else."""

    def __init__(self, inner: Storage) -> None:
        self._inner = inner

    @property
    def description(self) -> str:
        """The inner storage's."""
        return self._inner.description

    def put(self, key: str, data: Buffer) -> None:  # noqa: ARG002 - the protocol's signature
        """Refuse."""
        raise self._refusal("write", check_key(key))

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
        """Refuse."""
        raise self._refusal("delete", check_key(key))

    def lock(self, owner: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:  # noqa: ARG002 - see put
        """Refuse."""
        raise self._refusal("take", LOCK_NAME)

    def free_bytes(self) -> int | None:
        """Room left."""
        return self._inner.free_bytes()

    def _refusal(self, doing: str, key: str) -> ReadOnlyStorage:
        return ReadOnlyStorage(
            f"cannot {doing} {key}: {self.description} was opened for reading only",
            key=key,
            safe="Nothing was changed.",
            hint="Open the repository for writing to do this.",
        )
