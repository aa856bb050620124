"""Private folders for working copies of databases, removed when the work is done and swept up after a crash.

The copies hold what the database holds, so the folder admits this user only (mode 0700). A folder belongs to a living
run as long as its "owner" file is locked; the operating system frees that lock when the run dies, whatever the reason,
and the next run removes the folder. No clock and no process number is trusted for this. The owner file goes last, and
in a sweep only under its lock: a run killed while it cleans up leaves nothing that would not be swept, and a folder
that is just being made is not taken from under its run.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from litekeep.errors import LitekeepError, NoSpace, PermissionRefused, UsageError

PREFIX = "litekeep-scratch-"
_OWNER = "owner"
_ATTEMPTS = 10
_BUSY = {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK}


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """A new private folder in `parent`, or in the system's place for temporary files.

    Raises UsageError if `parent` is no folder, NoSpace, PermissionRefused.
    """
    root = parent or Path(tempfile.gettempdir())
    sweep(parent)
    try:
        folder, descriptor = _make(root)
    except OSError as error:
        raise _no_folder(error, root) from error
    try:
        yield folder
    finally:
        _empty(folder)
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)


def _make(root: Path) -> tuple[Path, int]:
    """A new folder, and the descriptor that holds its lock."""
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        try:
            descriptor = os.open(folder / _OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            continue  # a sweep saw it empty and took it away
        if _try_lock(descriptor) is not False and _is_named(folder / _OWNER, descriptor):
            return folder, descriptor
        os.close(descriptor)  # a sweep was quicker: it takes the folder away, or has done so
    raise OSError(errno.EBUSY, "other runs take new folders away", str(root))


def _is_named(path: Path, descriptor: int) -> bool:
    """True if the open file still has its name: a lock on a removed one keeps nobody away."""
    with suppress(OSError):
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    return False


def _empty(folder: Path) -> None:
    """Remove everything but the owner file.

    Who may write the folder's parent may put a link in the folder's place, and root works in the folders of others: so
    what is removed is named from an open descriptor of a folder that is ours, never by a path.
    """
    with suppress(OSError):
        if sys.platform == "win32":
            _remove_all(folder)
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if os.fstat(descriptor).st_uid == os.getuid():
                for name in os.listdir(descriptor):
                    if name != _OWNER:
                        _remove_below(descriptor, name)
        finally:
            os.close(descriptor)


def _remove_below(parent: int, name: str) -> None:
    with suppress(OSError):
        if stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            shutil.rmtree(name, ignore_errors=True, dir_fd=parent)
        else:
            os.unlink(name, dir_fd=parent)


def _remove_all(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != _OWNER:
            with suppress(OSError):
                path.unlink()


def _no_folder(error: OSError, root: Path) -> LitekeepError:
    safe = "Nothing was changed."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpace(f"no space left in {root}", safe=safe, hint="Free some space there, or choose another folder.")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return UsageError(f"there is no folder {root}", safe=safe, hint="Make it first, or name another.")
    message = f"a working copy cannot be made in {root}: {error.strerror or error}"
    return PermissionRefused(message, safe=safe, hint="Choose a folder that this user may write.")


def sweep(parent: Path | None) -> int:
    """Remove the folders of runs that died; returns how many."""
    removed, root = 0, parent or Path(tempfile.gettempdir())
    with suppress(OSError):
        for name in os.listdir(root):  # in a full folder for temporary files, Path.glob takes ten times as long
            if name.startswith(PREFIX) and _is_ours(root / name):
                removed += _remove_abandoned(root / name)
    return removed


def _is_ours(folder: Path) -> bool:
    with suppress(OSError):
        status = folder.lstat()
        return folder.is_dir() and not folder.is_symlink() and (sys.platform == "win32" or status.st_uid == os.getuid())
    return False


def _remove_abandoned(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _OWNER, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:  # being made this moment, or being removed, or its run died then: it is empty
        with suppress(OSError):
            folder.rmdir()
        return False
    try:
        if not _try_lock(descriptor):
            return False
        _empty(folder)
        if sys.platform != "win32":  # there an open file cannot be removed
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _try_lock(descriptor: int) -> bool | None:
    """True if it is ours now, False if it is another's, None where the file system has no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _BUSY else None
    return True
