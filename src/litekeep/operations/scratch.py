"""Private folders for working copies of databases, removed when the work is done and swept up after a crash.

The copies hold what the database holds, so the folder admits this user only (mode 0700). A folder belongs to a living
run as long as its "owner" file is locked; the operating system frees that lock when the run dies, whatever the reason,
and the next run removes the folder. No clock and no process number is trusted for this.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from litekeep.errors import LitekeepError, NoSpace, PermissionRefused, UsageError

PREFIX = "litekeep-scratch-"
_OWNER = "owner"


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """A new private folder in `parent`, or in the system's place for temporary files.

    Raises UsageError if `parent` is no folder, NoSpace, PermissionRefused.
    """
    root = parent or Path(tempfile.gettempdir())
    sweep(root)
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    except OSError as error:
        raise _no_folder(error, root) from error
    descriptor = os.open(folder / _OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _try_lock(descriptor)
        yield folder
    finally:
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)


def _no_folder(error: OSError, root: Path) -> LitekeepError:
    safe = "Nothing was changed."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpace(f"no space left in {root}", safe=safe, hint="Free some space there, or choose another folder.")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return UsageError(f"there is no folder {root}", safe=safe, hint="Make it first, or name another.")
    message = f"a working copy cannot be made in {root}: {error.strerror or error}"
    return PermissionRefused(message, safe=safe, hint="Choose a folder that this user may write.")


def sweep(root: Path) -> int:
    """Remove the folders of runs that died; returns how many."""
    removed = 0
    with suppress(OSError):
        for folder in root.glob(f"{PREFIX}*"):
            if _is_ours(folder) and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


def _is_ours(folder: Path) -> bool:
    with suppress(OSError):
        status = folder.lstat()
        return folder.is_dir() and not folder.is_symlink() and (sys.platform == "win32" or status.st_uid == os.getuid())
    return False


def _is_abandoned(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _OWNER, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False  # being made this moment, or already being removed
    try:
        return _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
