"""What a server must be able to do: a handful of plain requests, each tried once. RemoteStorage makes the rest of it.

A name is a path below the place, with "/" between its parts: a key, or one of our own names that are no keys and so
never listed (leases in "lock/", unfinished puts ".tmp-...", probes ".probe-..."). All methods may be called from
several threads at once. What goes wrong is raised as the StorageError family, in the words of `troubles`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from litekeep.records import dataclass

TEMPORARY_PREFIX = ".tmp-"
PROBE_PREFIX = ".probe-"
STALL_SECONDS = 60.0
"""A transfer in which nothing moves for that long has ended."""
_SLOWEST_BYTES_PER_SECOND = 4096  # of what is sent in one piece: less than any line that backups are sent through
_LEAST_BYTES_PER_WINDOW = 1024  # a server that drips a byte a second is stuck all the same

Secrets = Callable[[], Mapping[str, str]]
"""Gets user, keys and passwords anew, at each call: they may have been renewed since."""


class Occupied(Exception):
    """Something of that name may be there already; only a look at its content tells."""


class NotSupported(Exception):
    """The server does not know how to create without replacing; its text says what it answered."""


@dataclass(frozen=True, slots=True)
class Found:
    """One listed object. modified_seconds: when it was written, by the clock of the server, whatever that shows."""

    name: str
    size_bytes: int
    modified_seconds: float


class Pace:
    """Whether a transfer still moves; written by the thread that transfers, read by the one that waits."""

    def __init__(self, stall_seconds: float, now: Callable[[], float]) -> None:
        self.stall_seconds = stall_seconds
        self._now = now
        self._patience = stall_seconds
        self._begun = now()
        self._moved_bytes = 0

    def expect(self, size_bytes: int) -> float:
        """So much is now sent in one piece, with no word in between; returns the seconds that this may take."""
        self._patience = self.stall_seconds + size_bytes / _SLOWEST_BYTES_PER_SECOND
        self._begun = self._now()
        return self._patience

    def moved(self, size_bytes: int) -> None:
        """So much went over the line just now."""
        self._moved_bytes += size_bytes
        if self._moved_bytes >= _LEAST_BYTES_PER_WINDOW:
            self._moved_bytes = 0
            self._patience = self.stall_seconds
            self._begun = self._now()

    def stalled(self) -> bool:
        """True if nothing worth the name moved for too long."""
        return self._now() - self._begun > self._patience


class Wire(Protocol):
    """Plain requests to one place on one server."""

    @property
    def description(self) -> str:
        """The place as a URL without secrets and options."""

    def require_place(self, *, create: bool) -> None:
        """Raise PlaceMissing if the bucket or folder is not there; with `create`, make a folder (never a bucket)."""

    def create(self, name: str, data: memoryview, pace: Pace) -> None:
        """Store whole and durable, or nothing, never in the place of another.

        Raises Occupied, also where that is not sure; NotSupported.
        """

    def replace(self, name: str, data: memoryview, pace: Pace) -> None:
        """The same, and whatever was there before is lost."""

    def read(self, name: str, pace: Pace) -> bytes:
        """All bytes; raises ObjectMissing, also if the whole place is missing."""

    def read_range(self, name: str, offset: int, length: int, pace: Pace) -> bytes:
        """`length` bytes, above 0, or fewer where the object ends before; raises ObjectMissing as `read` does."""

    def size(self, name: str) -> int:
        """Length in bytes; raises ObjectMissing as `read` does."""

    def scan(self, prefix: str, pace: Pace) -> Iterator[Found]:
        """Everything below a folder ("" or with its final "/"), in any order; complete, or raises in the end."""

    def scan_top(self, pace: Pace) -> Iterator[Found]:
        """Only what lies directly in the place: no object of a folder in it."""

    def remove(self, name: str) -> None:
        """Delete; silent if it is missing."""

    def free_bytes(self) -> int | None:
        """Room left, where the server tells."""

    def renew(self) -> bool:
        """Get the secrets anew; False if they are what they were."""

    def reset(self) -> None:
        """Cut all connections, also those in use: whoever waits on one gets an error. New requests make new ones."""
