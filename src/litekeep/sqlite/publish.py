"""Giving a finished file its final name: whole, durable, and never in the place of another.

The content is synced before the name exists, the folder after it; so after a power cut the name is either absent or
leads to the complete file. link+unlink refuses an existing name in one step where plain rename would replace it.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from litekeep.errors import Refused
from litekeep.sqlite.filesystem import sync_file, sync_folder

DEFAULT_MODE = 0o600
# What file systems without hard links answer (FAT, some network shares).
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})


def publish(prepared: Path, target: Path) -> None:
    """Rename `prepared` to `target` in the same folder, synced; raises Refused if the target exists."""
    sync_file(prepared)
    try:
        if sys.platform == "win32":
            os.rename(prepared, target)  # refuses an existing name there
        else:
            _link_and_unlink(prepared, target)
    except FileExistsError as error:
        raise Refused(
            f"{target} exists already", safe="It was left as it is.", hint="Restore over it, or name a new file."
        ) from error
    sync_folder(target.parent)


def _link_and_unlink(prepared: Path, target: Path) -> None:
    try:
        os.link(prepared, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(target) from error
        os.rename(prepared, target)  # the narrow gap since the look is all that such a file system allows
        return
    sync_folder(target.parent)
    os.unlink(prepared)


def sweep(folder: Path, *, before: datetime) -> int:
    """Remove prepared files that a killed restore left in `folder` and that were last written before `before`.

    Returns their number. None is touched while an interrupted replacement in the folder may still need one: then its
    intent file is there (replace).
    """
    names = os.listdir(folder)  # in a folder with very many files, Path.glob takes ten times as long
    if any(name.startswith(".") and name.endswith(".litekeep-restore") for name in names):
        return 0
    removed = 0
    for path in [folder / name for name in names if name.startswith(".litekeep-") and ".tmp" in name]:
        if path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def dress(place: Path, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Set permissions, and owner, of a file of our own; raises FileExistsError if something else has its name.

    Who may write the folder could put a link to any file of the system there, and root works in the folders of others.
    """
    if sys.platform == "win32":
        os.chmod(place, mode)
        return
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise FileExistsError(errno.EEXIST, "something else has taken its name", str(place))
        if owner is not None:
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def brought_beside(prepared: Path, target: Path) -> Path:
    """A file with `prepared`'s content in the target's folder, under a name of our own.

    Moved, or copied from another device; the prepared name is gone. The caller publishes or removes it.
    """
    place = target.with_name(f".litekeep-{os.urandom(8).hex()}.tmp")
    try:
        os.rename(prepared, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        try:
            descriptor = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), DEFAULT_MODE)
            with open(prepared, "rb") as origin, open(descriptor, "wb") as copy:
                shutil.copyfileobj(origin, copy, 1 << 20)
        except BaseException:
            with suppress(OSError):
                os.unlink(place)
            raise
        os.unlink(prepared)
    return place
