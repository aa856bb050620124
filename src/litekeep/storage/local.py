"""Objects as files of one folder: a disk, an external drive, a mounted network share.

The object "packs/ab/x" is the file packs/ab/x below the root, mode 0600. The steps that make a put whole and durable
are argued in durable.py, the watch over root and links in tree.py, the lock in oslock.py. Names that are not keys, or
begin with a dot, are neither listed nor touched; of the latter, ".tmp-..." are our own unfinished puts.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import ObjectExists, ObjectMissing, StorageError
from litekeep.storage.base import (
    LOCK_NAME,
    Buffer,
    Entry,
    ObjectShorter,
    check_key,
    check_length,
    check_prefix,
    check_range,
    is_key,
)
from litekeep.storage.durable import (
    TEMPORARY_PREFIX,
    publish,
    remove_quietly,
    sync_descriptor,
    sync_folder,
    write_temporary,
)
from litekeep.storage.oserrors import storage_error
from litekeep.storage.oslock import hold
from litekeep.storage.tree import Tree

_PUBLISH_LOCK_NAME = ".publish-lock"  # only where the file system can neither link nor rename without replacing
_PUBLISH_WAIT_SECONDS = 60.0
_READ_CHUNK_BYTES = 1 << 30  # one read takes at most 2 GiB on every system

if sys.platform == "win32":
    _READ_FLAGS = os.O_RDONLY | os.O_BINARY
else:
    _READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # non-blocking: a planted pipe


class LocalStorage:
    """A storage in the folder `root`.

    Nothing is looked at before the first call, except that `create=True` makes the folder, closed to other users, if it
    is not there. An instance that saw its drive come off stays unusable; make a new one.
    """

    def __init__(self, root: Path, clock: Clock, *, create: bool = False) -> None:
        self._tree = Tree(root)
        self._clock = clock
        if create:
            with self._told("", "create"):
                self._tree.make_root()

    @property
    def root(self) -> Path:
        """The folder, absolute."""
        return self._tree.root

    @property
    def description(self) -> str:
        """The path of the folder."""
        return str(self._tree.root)

    def put(self, key: str, data: Buffer) -> None:
        """Create an object; durable when this returns, and never in sight unfinished."""
        check_key(key)
        with self._told(key, "write"), memoryview(data) as given, given.cast("B") as content:
            self._tree.require_root()
            folder = self._tree.make_folders_of(key)
            temporary = write_temporary(folder, content)
            try:
                publish(temporary, self._tree.base + key, self._publish_lock)
            except FileExistsError:
                self._require_equal(key, content)
            finally:
                remove_quietly(temporary)
            sync_folder(folder)

    def get(self, key: str) -> bytes:
        """All bytes of an object."""
        descriptor, length = self._open(key)
        try:
            check_length(key, length)
            return _read(descriptor, length)
        except OSError as error:
            raise storage_error(error, key, "read", self.description) from error
        finally:
            _let_go(descriptor)

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        check_range(key, offset, length)
        descriptor, available = self._open(key)
        try:
            if offset + length > available:
                raise ObjectShorter(f"{key} ends at byte {available}, before {offset + length}", key=key)
            os.lseek(descriptor, offset, os.SEEK_SET)
            return _read(descriptor, length)
        except OSError as error:
            raise storage_error(error, key, "read", self.description) from error
        finally:
            _let_go(descriptor)

    def size(self, key: str) -> int:
        """Length of an object in bytes."""
        descriptor, length = self._open(key)
        _let_go(descriptor)
        return length

    def list(self, prefix: str = "") -> list[Entry]:
        """Every object below `prefix`, sorted by key; an absent folder is empty, an absent root is an error."""
        check_prefix(prefix)
        found: list[Entry] = []
        with self._told(prefix, "list"):
            self._tree.require_root()
            for key, entry in self._tree.walk(prefix):
                if is_key(key):
                    try:
                        found.append(Entry(key, entry.stat(follow_symlinks=False).st_size))
                    except FileNotFoundError:
                        continue  # deleted a moment ago by someone else
            self._tree.require_root()
        found.sort(key=lambda entry: entry.key)
        return found

    def delete(self, key: str) -> None:
        """Remove an object for good; silent if it is missing."""
        folder = os.path.dirname(self._tree.base + check_key(key))
        with self._told(key, "delete"):
            self._tree.refuse_links(key.rpartition("/")[0])
            try:
                os.unlink(self._tree.base + key)
            except (FileNotFoundError, NotADirectoryError):
                self._tree.require_root()
                if not os.path.isdir(folder):
                    return
            sync_folder(folder)  # also if it was gone: whoever removed it may have died before this

    def lock(self, owner: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """Hold the lock of the folder against other processes and threads; not re-entrant."""
        return self._hold(LOCK_NAME, owner, wait_seconds)

    def free_bytes(self) -> int | None:
        """Room left on the drive for this user."""
        with self._told("", "measure the free space for"):
            self._tree.require_root()
            return shutil.disk_usage(self.root).free

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Remove what interrupted puts left behind and return how many files that were.

        Taking away the temporary of a put that still runs (a clock that jumped, a put slower than the age) only makes
        that put fail: it cannot be published any more.
        """
        removed = 0
        newest = self._clock.now().timestamp() - older_than_seconds
        with self._told("", "sweep"):
            self._tree.require_root()
            for key, entry in self._tree.walk(""):
                if entry.name.startswith(TEMPORARY_PREFIX):
                    try:
                        if entry.stat(follow_symlinks=False).st_mtime < newest:
                            os.unlink(self._tree.base + key)
                            removed += 1
                    except FileNotFoundError:
                        continue  # its put ended
        return removed

    @contextmanager
    def _told(self, key: str, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise storage_error(error, key, doing, self.description) from error

    def _open(self, key: str) -> tuple[int, int]:
        """A descriptor at the beginning of an object, and the object's length."""
        try:
            self._tree.refuse_links(check_key(key).rpartition("/")[0])
            descriptor = os.open(self._tree.base + key, _READ_FLAGS)
        except OSError as error:
            raise self._not_opened(error, key) from error
        try:
            status = os.fstat(descriptor)
        except OSError as error:
            _let_go(descriptor)
            raise storage_error(error, key, "read", self.description) from error
        if stat.S_ISREG(status.st_mode):
            return descriptor, status.st_size
        _let_go(descriptor)
        raise ObjectMissing(f"there is no {key} in {self.description}, but something else of that name", key=key)

    def _not_opened(self, error: OSError, key: str) -> StorageError:
        missing = error.errno in {errno.ENOENT, errno.ENOTDIR}
        if sys.platform == "win32":  # a folder of that name is told as "permission denied" there
            missing = missing or os.path.isdir(self._tree.base + key)
        if missing:
            self._tree.require_root()
            return ObjectMissing(f"there is no {key} in {self.description}", key=key)
        return storage_error(error, key, "read", self.description)

    def _require_equal(self, key: str, content: memoryview) -> None:
        """An object that was there first must hold the same bytes, and be as durable as one of our own."""
        try:
            descriptor, length = self._open(key)
        except ObjectMissing as error:
            raise StorageError(f"{key} was there and is gone again in {self.description}", key=key) from error
        try:
            given = bytes(content)  # a view would be compared byte by byte
            if length == len(given) and _read(descriptor, length) == given:
                if sys.platform != "win32":
                    sync_descriptor(descriptor)  # Windows flushes only what was opened for writing
                return
        finally:
            _let_go(descriptor)
        raise ObjectExists(
            f"{key} is already in {self.description} with other content",
            key=key,
            safe="It was left as it is.",
            hint="Verify the repository: two different objects never have one name.",
        )

    def _publish_lock(self) -> AbstractContextManager[None]:
        return self._hold(_PUBLISH_LOCK_NAME, "a write", _PUBLISH_WAIT_SECONDS)

    @contextmanager
    def _hold(self, name: str, owner: str, wait_seconds: float) -> Iterator[None]:
        with ExitStack() as stack:
            with self._told(name, "lock"):  # around the taking only: an OSError of the caller's body is the caller's
                self._tree.require_root()
                stack.enter_context(hold(self._tree.base + name, owner, wait_seconds, self._clock))
            yield


def _let_go(descriptor: int) -> None:
    """Close what was only read: whatever the system says to that, the bytes are those that were read."""
    with suppress(OSError):
        os.close(descriptor)


def _read(descriptor: int, length: int) -> bytes:
    """Exactly `length` bytes from where the descriptor stands; raises OSError if the file ends before."""
    data = os.read(descriptor, min(length, _READ_CHUNK_BYTES))
    if len(data) == length:
        return data
    parts = [data]
    left = length - len(data)
    while left:
        data = os.read(descriptor, min(left, _READ_CHUNK_BYTES))
        if not data:
            raise OSError(errno.EIO, "the file ended early")
        parts.append(data)
        left -= len(data)
    return b"".join(parts)
