"""The system calls by which bytes become a file that is whole, never replaces another and survives a power cut.

Bytes flow into a temporary file beside the target, then under the final name; the steps and why in this order:

1. `write_temporary`: O_EXCL file ".tmp-...", all bytes, length checked, flushed to the disk, closed. A crash leaves at
   most this file, which no listing shows. A flush that fails condemns the file: the system may drop the dirty pages and
   call the next flush a success, so it is never flushed again; it is removed and a new attempt writes a new file.
2. `publish`: the final name appears in one step, complete, or FileExistsError. The bytes were flushed before, so a name
   that survives a power cut never leads to a part of an object.
3. `sync_folder`: the name itself survives a power cut. Only then may a caller say "stored".

A new folder is a name in its parent, so the parent is flushed too (`make_folder` tells when it made one).
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

TEMPORARY_PREFIX = ".tmp-"
FOLDER_MODE = 0o700
FILE_MODE = 0o600  # what people back up is often personal or medical
_WRITE_CHUNK_BYTES = 1 << 24  # macOS refuses single writes of 2 GiB and more
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.EMLINK}
_NO_FLAG = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP}
_NO_FOLDER_SYNC = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP}  # some network file systems

if sys.platform == "win32":
    _CREATE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_BINARY
else:
    import fcntl

    _CREATE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_temporary(folder: str, data: memoryview) -> str:
    """Write all of `data` durably to a new hidden file in `folder` and return its path; on error it is gone again."""
    path = f"{folder}/{TEMPORARY_PREFIX}{os.urandom(10).hex()}"
    descriptor = os.open(path, _CREATE_FLAGS, FILE_MODE)
    try:
        try:
            _write_all(descriptor, data)
            sync_descriptor(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        remove_quietly(path)
        raise
    return path


def _write_all(descriptor: int, data: memoryview) -> None:
    done = 0
    while done < len(data):
        written = os.write(descriptor, data[done : done + _WRITE_CHUNK_BYTES])
        if written <= 0:
            raise OSError(errno.EIO, "the system took no more bytes")
        done += written
    if os.fstat(descriptor).st_size != len(data):
        raise OSError(errno.EIO, "the file has not the length that was written")


def sync_descriptor(descriptor: int) -> None:
    """Flush a file or folder to the medium itself; raises OSError, after which the file must not be trusted."""
    if sys.platform == "darwin":
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync alone stops at the drive's own cache
        except OSError as error:
            if error.errno not in {errno.ENOTSUP, errno.EINVAL, errno.ENOTTY}:
                raise
        else:
            return
    os.fsync(descriptor)


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable; Windows and some network file systems do it on their own or not at all."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sync_descriptor(descriptor)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise
        finally:
            os.close(descriptor)


def make_folder(folder: str) -> bool:
    """Make a folder, closed to other users; False if it is there. Raises NotADirectoryError for a link or a file."""
    try:
        os.mkdir(folder, FOLDER_MODE)
    except FileExistsError:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder of its own", folder) from None
        return False
    return True


def make_folders(folder: Path) -> None:
    """Make a folder with its missing parents, each durable in its own parent before the next; links may lead there."""
    missing = []
    present = folder
    while not present.is_dir():
        missing.append(present)
        present = present.parent
    for path in reversed(missing):
        make_folder(str(path))
        sync_folder(str(path.parent))
    if not missing:  # whoever made it may have died before this; a parent of someone else may be closed to us
        with suppress(PermissionError):
            sync_folder(str(folder.parent))


def publish(temporary: str, target: str, exclusion: Callable[[], AbstractContextManager[None]]) -> None:
    """Give a finished temporary its final name, or raise FileExistsError; it never replaces anything.

    Windows: rename refuses to replace by itself. Elsewhere a hard link does, the temporary keeping its name until the
    caller removes it. Where there are no hard links (exFAT, some network drives): Linux can rename without replacing;
    as the last resort the name is looked up and the file renamed while `exclusion` keeps every other writer on this
    machine out. All writers of such a file system come to this same last step, since what it lacks, it lacks for all;
    a writer on another machine is kept out by nothing, and then only the randomness of names protects.
    """
    if sys.platform == "win32":
        os.rename(temporary, target)
        return
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    else:
        return
    if not rename_no_replace(temporary, target):
        rename_checked(temporary, target, exclusion)


def rename_no_replace(temporary: str, target: str) -> bool:
    """Linux: rename, or raise FileExistsError; False where the system or the file system does not offer that."""
    if sys.platform != "linux":
        return False
    import ctypes

    at_current_folder, no_replace = -100, 1
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)  # absent before glibc 2.28 and musl 1.2.6
    if rename is None:
        return False
    names = os.fsencode(temporary), os.fsencode(target)
    if rename(at_current_folder, names[0], at_current_folder, names[1], ctypes.c_uint(no_replace)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_FLAG:
        return False
    raise OSError(number, os.strerror(number), target)


def rename_checked(temporary: str, target: str, exclusion: Callable[[], AbstractContextManager[None]]) -> None:
    """Look, then rename, or raise FileExistsError, while no other writer of this machine does the same."""
    with exclusion():
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
        os.rename(temporary, target)


def remove_quietly(path: str) -> None:
    """Remove a temporary of ours; one that stays is swept later."""
    with suppress(OSError):
        os.unlink(path)
