"""The promises of storage/base.py on top of any Wire, argued once for all servers.

*Created, never replaced.* Every server is asked to create without replacing. What it answers is only a hint: after a
lost reply a repeated request meets its own object, and a server may say "conflict" for other reasons. So the content
decides: equal bytes are success, others are ObjectExists, nothing there is a failure to be tried again.
Servers exist that replace all the same, or do not know such requests. `probe` finds out, with a scratch object, before
the first put. On those a put looks first and then writes, one at a time in this process. Others refuse, but look and
write in two steps themselves (webdav.py), which no probe can tell. On both, two that put different bytes under one key
in the same moment can both believe they did; what stays is whole, and one of the two. The repository's format does not
rely on it: all names have a random part, and the lock is made of several objects (lease.py).

*Never an empty place for a missing one.* A wrong bucket or an unmounted disk behind a server says "no such object",
and some servers make a bucket at the first put. So before the first put, before "missing" and before an empty listing,
the place itself is looked for, once.

*Never short.* Lengths of ranges are compared here; a whole object and a listing are complete by the protocol of the
server (length or end marker), and the wires raise where it is not.

What a server cannot promise is durability: a server that says "stored" is believed. Over SFTP the file is flushed
where the server offers it.

Errors are those of base.py, and Cancelled where the storage was opened with a way to ask for it. A put that raised
may have happened, or may still happen in the next minutes.
"""

from __future__ import annotations

import secrets
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import TypeVar

from litekeep.clock import Clock
from litekeep.errors import Cancelled, CredentialsRefused, ObjectExists, ObjectMissing, StorageError
from litekeep.records import dataclass
from litekeep.storage.base import Buffer, Entry, ObjectShorter, check_key, check_prefix, check_range, is_key
from litekeep.storage.remote import troubles
from litekeep.storage.remote.lease import Leases
from litekeep.storage.remote.wire import (
    PROBE_PREFIX,
    STALL_SECONDS,
    TEMPORARY_PREFIX,
    Found,
    NotSupported,
    Occupied,
    Pace,
    Wire,
)
from litekeep.storage.remote.workers import Stalled, Workers

_SURELY_THERE_BYTES = 1 << 26  # longer ranges are asked for only after a look at the object's length

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Probe:
    """What a server does when it is asked to create something that exists.

    exclusive: it refuses, as it should. answer: what it did, for people.
    """

    exclusive: bool
    answer: str


class RemoteStorage:
    """A storage on a server; every request is tried once (see RetryingStorage).

    cancelled: asked while waiting, from the thread that waits; True ends the wait with Cancelled.
    create: make the folder if it is missing; buckets are never made.
    exclusive: what a probe found before; None: probe before the first put.
    visited: the place was there lately, so that it need not be looked for before the first put.
    """

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        *,
        cancelled: Callable[[], bool] | None = None,
        create: bool = False,
        exclusive: bool | None = None,
        visited: bool = False,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._create = create
        self._exclusive = exclusive
        self._there = False
        self._visited = visited
        self._guard = threading.Lock()
        self._one_put = threading.Lock()
        self._workers = Workers(clock, stall_seconds, cancelled)
        self._leases = Leases(self, clock)
        self.close = weakref.finalize(self, wire.reset)
        """Cut the connections; done by itself when the storage is no longer used."""

    @property
    def exclusive(self) -> bool | None:
        """Whether the server refuses to replace, as `probe` found out; None if it was not asked yet."""
        return self._exclusive

    @property
    def description(self) -> str:
        """The place as a URL, without secrets."""
        return self._wire.description

    def put(self, key: str, data: Buffer) -> None:
        """Create an object; see the module's text."""
        check_key(key)
        content = memoryview(data).cast("B")
        if not content.readonly:
            content = memoryview(bytes(content))  # a request that is given up may go on reading it
        if not self._visited:
            self._require_place()
        self._leases.require_held()
        if self._is_exclusive():
            self._put_exclusively(key, content)
        else:
            with self._one_put:
                self._put_after_a_look(key, content)

    def get(self, key: str) -> bytes:
        """All bytes of an object."""
        check_key(key)
        return self._read("read", key, lambda pace: self._wire.read(key, pace))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        check_key(key)
        check_range(key, offset, length)
        if 0 < length <= _SURELY_THERE_BYTES:
            data = self._read("read", key, lambda pace: self._wire.read_range(key, offset, length, pace))
            if len(data) == length:
                return data
        available = self.size(key)
        if offset + length > available:
            raise ObjectShorter(f"{key} ends at byte {available}, before {offset + length}", key=key)
        if length == 0:
            return b""
        data = self._read("read", key, lambda pace: self._wire.read_range(key, offset, length, pace))
        if len(data) != length:
            raise troubles.unreachable("read", key, self.description, f"{len(data)} bytes came instead of {length}")
        return data

    def size(self, key: str) -> int:
        """Length of an object in bytes."""
        check_key(key)
        return self._read("look at", key, lambda _: self._wire.size(key))

    def list(self, prefix: str = "") -> list[Entry]:
        """Every object below `prefix`, sorted by key."""
        check_prefix(prefix)
        found = self._call("list", prefix, lambda pace: list(self._wire.scan(prefix, pace)))
        entries = [Entry(each.name, each.size_bytes) for each in found if is_key(each.name)]
        if not found:
            self._require_place()
        return sorted(entries, key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        """Remove an object; silent if it is missing, but not if the whole place is."""
        check_key(key)
        self._require_place()
        self._leases.require_held()
        self._call("delete", key, lambda _: self._wire.remove(key))

    def lock(self, owner: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """Hold the lease of the place against others; see lease.py."""
        return self._leases.hold(owner, wait_seconds)

    def free_bytes(self) -> int | None:
        """Room left, where the server tells."""
        self._require_place()
        return self._call("measure the free space for", "", lambda _: self._wire.free_bytes())

    def probe(self) -> Probe:
        """Find out whether the server refuses to create what exists; writes and deletes one small scratch object."""
        self._require_place()
        name = PROBE_PREFIX + secrets.token_hex(8)
        try:
            if not self._creates(name, b"first"):
                raise troubles.unreachable("write", name, self.description, "the server says that it exists already")
            if self._creates(name, b"second"):
                return Probe(exclusive=False, answer="replaces what exists, though it was asked not to")
            kept = self._call("read", name, lambda pace: self._wire.read(name, pace)) == b"first"
            return Probe(kept, "refuses to replace" if kept else "says that it refuses to replace, and replaces")
        except NotSupported as answer:
            return Probe(exclusive=False, answer=f"cannot be asked to create without replacing: {answer}")
        finally:
            with suppress(StorageError, Cancelled):
                self._call("delete", name, lambda _: self._wire.remove(name))

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Remove what interrupted puts and probes left behind; returns how many objects that were."""
        oldest = self._clock.now().timestamp() - older_than_seconds
        found = self._call("sweep", "", lambda pace: list(self._wire.scan_top(pace)))
        left = [
            each.name
            for each in found
            if each.name.startswith((TEMPORARY_PREFIX, PROBE_PREFIX)) and each.modified_seconds < oldest
        ]
        for name in left:
            self._call("delete", name, lambda _, name=name: self._wire.remove(name))  # type: ignore[misc]
        return len(left)

    def write_mark(self, name: str, data: bytes) -> None:
        """Store one of our own names that is no key."""
        self._require_place()
        self._call("write", name, lambda pace: self._wire.replace(name, memoryview(data), pace))

    def read_mark(self, name: str) -> bytes:
        """Its content; raises ObjectMissing."""
        return self._read("read", name, lambda pace: self._wire.read(name, pace))

    def remove_mark(self, name: str) -> None:
        """Delete it, also when everything else was asked to stop."""
        self._workers.run(lambda _: self._wire.remove(name), tidying=True)

    def marks(self, prefix: str) -> Sequence[Found]:
        """All names below a folder, whether they are keys or not."""
        return self._call("list", prefix, lambda pace: list(self._wire.scan(prefix, pace)))

    def _creates(self, name: str, data: bytes) -> bool:
        try:
            self._call("write", name, lambda pace: self._wire.create(name, memoryview(data), pace))
        except Occupied:
            return False
        return True

    def _put_exclusively(self, key: str, content: memoryview) -> None:
        try:
            self._call("write", key, lambda pace: self._wire.create(key, content, pace))
        except Occupied:
            self._require_equal(key, content)
        except NotSupported as answer:
            raise troubles.unreachable("write", key, self.description, str(answer)) from answer

    def _put_after_a_look(self, key: str, content: memoryview) -> None:
        try:
            self.size(key)
        except ObjectMissing:
            self._call("write", key, lambda pace: self._wire.replace(key, content, pace))
        else:
            self._require_equal(key, content)

    def _require_equal(self, key: str, content: memoryview) -> None:
        try:
            if self.size(key) == content.nbytes and self.get(key) == bytes(content):
                return
        except ObjectMissing as error:
            raise troubles.unreachable("write", key, self.description, "it was there and is gone again") from error
        raise ObjectExists(
            f"{key} is already in {self.description} with other content",
            key=key,
            safe="It was left as it is.",
            hint="Verify the repository: two different objects never have one name.",
        )

    def _is_exclusive(self) -> bool:
        with self._guard:
            if self._exclusive is None:
                self._exclusive = self.probe().exclusive
            return self._exclusive

    def _require_place(self) -> None:
        if not self._there:
            self._call("open", "", lambda _: self._wire.require_place(create=self._create))
            self._there = True

    def _read(self, doing: str, key: str, request: Callable[[Pace], Result]) -> Result:
        try:
            return self._call(doing, key, request)
        except ObjectMissing:
            self._require_place()
            raise

    def _call(self, doing: str, name: str, request: Callable[[Pace], Result]) -> Result:
        """One request on a thread of its own; with fresh secrets if those we had are not accepted any more."""
        try:
            return self._run(doing, name, request)
        except CredentialsRefused:
            if not self._wire.renew():
                raise
        return self._run(doing, name, request)

    def _run(self, doing: str, name: str, request: Callable[[Pace], Result]) -> Result:
        try:
            return self._workers.run(request)
        except Stalled:
            self._wire.reset()
            raise troubles.unreachable(doing, name, self.description, "the transfer came to a standstill") from None
