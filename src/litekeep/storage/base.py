"""The small protocol that every place for objects speaks, and its exact semantics.

An object is a name (key) and immutable bytes. Keys are relative, "/"-separated, made of `[A-Za-z0-9._-]` parts that
neither begin nor end with a dot, at most 512 characters: safe on every file system, URL and shell. Not a key is what a
system claims for itself: `lock` (ours, at the top), the Windows devices (CON, NUL, COM1...), Thumbs.db, desktop.ini.
Callers never use one key as the folder of another, nor two keys that differ only in case.

What every implementation promises (tests/storage/conformance.py holds each to it):

* `put` creates. When it returns, the object is complete and durable (it survives a power cut) and every later reader
  sees it whole. Before that no reader ever sees a part of it. It never replaces: if the key exists with the same bytes
  it returns as if it had written them (a repeated request is harmless); with other bytes it raises ObjectExists. Of two
  that create one key in the same moment, some servers let both believe they did (remote/storage.py).
* `get`, `get_range` return exactly what was put or raise; never short data.
* `list` is complete or raises; an unfinished listing is an error, never a shorter listing. Names that are not valid
  keys, and left-overs of interrupted puts, are not listed.
* `delete` of a missing key is silent; when it returns, the object stays deleted after a power cut.
* All methods may be called from several threads at once.

What callers must tolerate: another process adds or deletes objects between two calls; a `put` that raised may still
have happened; `free_bytes` is an estimate.

Errors are the StorageError family only: ObjectMissing, ObjectExists, NoSpace, PermissionRefused, ReadOnlyStorage; over
a network also CredentialsRefused, PlaceMissing, ClockWrong, WrongServer; and StorageError itself for everything else,
which may pass by itself. Each names the key. A storage that was opened with a way to ask for a stop raises Cancelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from litekeep.errors import StorageError, UsageError
from litekeep.records import dataclass

Buffer = bytes | bytearray | memoryview

MAX_KEY_LENGTH = 512
MAX_WHOLE_BYTES = 1 << 30
"""Packs have some 24 MiB, and the manifest of a database of many terabytes is shorter than this."""
LOCK_NAME = "lock"
_CLAIMED = r"(?i:(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.[^/]*)?|thumbs\.db|desktop\.ini)"
_PART = rf"(?!{_CLAIMED}(?:/|\Z))[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?"
_KEY = re.compile(rf"(?!(?i:{LOCK_NAME})(?:/|\Z)){_PART}(?:/{_PART})*")


class ObjectShorter(StorageError):
    """An object ends before the range that was asked for; asking again gives the same answer."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed object: its key and its size in bytes."""

    key: str
    size_bytes: int


def sizes_by_key(entries: Iterable[Entry]) -> dict[str, int]:
    """Key -> size in bytes of what was listed."""
    return {entry.key: entry.size_bytes for entry in entries}


class Storage(Protocol):
    """A flat place for immutable objects; see the module's text for the semantics."""

    @property
    def description(self) -> str:
        """The place in words for messages: a path or URL without secrets."""

    def put(self, key: str, data: Buffer) -> None:
        """Create an object; raises ObjectExists if the key holds other bytes. `data` is not kept after the call."""

    def get(self, key: str) -> bytes:
        """All bytes of an object; raises ObjectMissing."""

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; raises ObjectMissing, ObjectShorter."""

    def size(self, key: str) -> int:
        """Length of an object in bytes; raises ObjectMissing."""

    def list(self, prefix: str = "") -> list[Entry]:
        """Every object whose key begins with `prefix` ("" or a folder with its final "/"), sorted by key."""

    def delete(self, key: str) -> None:
        """Remove an object; silent if it is missing."""

    def lock(self, owner: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """Hold the storage's one exclusive lock; raises Locked, naming the holder, when it is not free in time.

        `owner` is one line for people: verb, host, process. A holder that dies frees the lock without anyone's help.
        """

    def free_bytes(self) -> int | None:
        """Room left, or None where the place does not tell."""


@runtime_checkable
class Sweeping(Protocol):
    """A storage on which interrupted puts can leave something behind, or a wrapper that passes the sweep on."""

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Remove what interrupted puts left behind, if it is that old; returns how many things that were."""


def sweep_temporaries(storage: Storage, older_than_seconds: float) -> int:
    """Sweep where there can be something to sweep; raises the StorageError family."""
    return storage.sweep_temporaries(older_than_seconds) if isinstance(storage, Sweeping) else 0


def check_key(key: str) -> str:
    """Return the key, or raise UsageError if it is not valid; called before any path or URL is built from it."""
    if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise UsageError(f"not a valid object name: {key[:80]!r}")
    return key


def check_length(key: str, length: int) -> None:
    """Raise StorageError if an object is longer than any that is read as a whole: it would fill the memory."""
    if length > MAX_WHOLE_BYTES:
        raise StorageError(
            f"{key} is {length:,} bytes long, and no such object of Litekeep is",
            key=key,
            safe="It was not read, and nothing was changed.",
            hint="Take this object from a copy of the repository.",
        )


def is_key(name: str) -> bool:
    """True if `name` is a valid key; listings leave out everything else."""
    return len(name) <= MAX_KEY_LENGTH and _KEY.fullmatch(name) is not None


def check_prefix(prefix: str) -> str:
    """Return the prefix, or raise UsageError if it is neither empty nor a folder with its final "/"."""
    if prefix and not (prefix.endswith("/") and is_key(prefix[:-1])):
        raise UsageError(f"not a valid folder of objects: {prefix[:80]!r}")
    return prefix


def check_range(key: str, offset: int, length: int) -> None:
    """Raise UsageError if a range begins before the object or has a negative length."""
    if offset < 0 or length < 0:
        raise UsageError(f"not a valid range of {key}: {length} bytes from {offset}")
