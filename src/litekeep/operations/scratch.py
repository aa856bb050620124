"""Private folders for working copies of databases, removed when the work is done and swept up after a crash.

The copies hold what the database holds, so the folder admits this user only (mode 0700). A folder belongs to a living
run as long as its "owner" file is locked; the operating system frees that lock when the run dies, whatever the reason,
and the next run removes the folder. No clock and no process number is trusted for this.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "litekeep-scratch-"
_OWNER = "owner"


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """A new private folder in `parent`, or in the system's place for temporary files."""
    root = parent or Path(tempfile.gettempdir())
    sweep(root)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    descriptor = os.open(folder / _OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _try_lock(descriptor)
        yield folder
    finally:
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)


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
