"""One exclusive lock on a file, freed by the operating system when its holder ends, however it ends.

The lock is the system's (flock, or a locked byte on Windows), never the existence of the file: nothing is left to clean
up after a crash, and the file stays for ever, because removing it would let two processes hold locks on two files of
one name. What is written in it (the holder and since when, for people) decides nothing; a failure to write it, say on a
full disk, does not keep the lock from being held, so that a prune can still make room.

A table of held paths keeps threads of one process apart, also where the system's lock is one per process (NFS), and
keeps a waiting thread from opening and closing the file there, which would drop the holder's lock. A process forked
without exec while the lock is held shares it until both end; Litekeep itself only spawns.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from litekeep.clock import Clock
from litekeep.errors import Locked
from litekeep.storage.regular import open_regular

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_POLL_SECONDS = 0.1
_RECORD_LIMIT_BYTES = 1000
_LOCKED_BYTE = 1 << 30  # Windows: far behind the text, since a locked byte cannot be read by others
_BUSY = {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK}

_table_guard = threading.Lock()
_held: dict[str, str] = {}


@contextmanager
def hold(path: str, owner: str, wait_seconds: float, clock: Clock) -> Iterator[None]:
    """Hold the lock on the file `path`, made if needed; not re-entrant: a holder that asks again waits for itself.

    Raises Locked, naming the holder, after `wait_seconds`; OSError if the file cannot be opened or locked at all.
    """
    path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    record = f"{' '.join(owner.split())}, since {clock.now().isoformat(timespec='seconds')}"
    deadline = clock.monotonic() + wait_seconds
    while (descriptor := _try(path, record)) is None:
        left = deadline - clock.monotonic()
        if left <= 0:
            raise _locked(path)
        clock.sleep(min(_POLL_SECONDS, left))
    try:
        _write_record(descriptor, record)
        yield
    finally:
        _release(path, descriptor)


def _try(path: str, record: str) -> int | None:
    """The descriptor that holds the lock, or None if someone else does."""
    with _table_guard:
        if path in _held:
            return None
        _held[path] = record
    descriptor = -1
    try:
        descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
        if _take(descriptor):
            return descriptor
    except BaseException:
        _abandon(path, descriptor)
        raise
    _abandon(path, descriptor)
    return None


def _release(path: str, descriptor: int) -> None:
    try:
        _write_record(descriptor, "")
        if sys.platform == "win32":
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    finally:
        _abandon(path, descriptor)


def _abandon(path: str, descriptor: int) -> None:
    if descriptor >= 0:
        with suppress(OSError):  # it is closed all the same; what could not be written decides nothing
            os.close(descriptor)  # frees the lock, if it was ours
    with _table_guard:
        del _held[path]


def _take(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True


def _write_record(descriptor: int, record: str) -> None:
    text = f"{record}\n".encode("utf-8", "backslashreplace") if record else b""
    with suppress(OSError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, text[:_RECORD_LIMIT_BYTES])


def _locked(path: str) -> Locked:
    with _table_guard:
        record = _held.get(path, "")
    if not record:
        with suppress(OSError):
            with open(open_regular(path), "rb") as file:
                record = file.read(_RECORD_LIMIT_BYTES).decode(errors="replace").strip()
    return Locked(
        f"{os.path.dirname(path)} is in use by {record or 'another run'}",
        safe="Nothing was changed.",
        hint="Wait until that run ends; if it was killed, its lock is already free and the file needs no removal.",
    )
