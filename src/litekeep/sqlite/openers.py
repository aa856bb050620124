"""Who has a database open? A question only Linux answers, and only to root for everybody's processes.

Looks at the file descriptors of all processes for the database and its sidecars, by (device, inode): names may differ.
Then at the kernel's list of locks, which everybody may read: a connection in WAL mode holds one as long as it is open.
A process in another container that shares the file is invisible here; its SQLite lock is not always (see replace.py).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from litekeep.sqlite.source import SIDECARS, beside, identity_of


def openers(path: Path) -> list[tuple[int, str]] | None:
    """(process id, program) of all that have the file or a sidecar open; None when that cannot be known.

    A process that was found is reported even if others could not be looked at.
    """
    if sys.platform != "linux" or not os.path.isdir("/proc/self/fd"):
        return None
    path = Path(os.path.realpath(path))
    wanted = {found for each in (path, *(beside(path, s) for s in SIDECARS)) if (found := identity_of(each))}
    if not wanted:
        return []
    holders: list[tuple[int, str]] = []
    certain = True
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        holds = _holds(f"/proc/{name}/fd", wanted)
        certain = certain and holds is not None
        if holds:
            holders.append((int(name), _program(name)))
    known = {process for process, _ in holders}
    holders += [(process, _program(str(process))) for process in _lock_holders(wanted) - known]
    return sorted(holders) if holders or certain else None


def _lock_holders(wanted: set[tuple[int, int]]) -> set[int]:
    """Process ids in /proc/locks: "1: POSIX ADVISORY READ 1234 fe:00:5678 128 128"; 0, -1: one we may not see."""
    if sys.platform == "win32":
        return set()
    places = {f"{os.major(device):02x}:{os.minor(device):02x}:{inode}" for device, inode in wanted}
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as stream:
            rows = [line.split() for line in stream]
    except OSError:
        return set()
    return {int(row[-4]) for row in rows if len(row) >= 8 and row[-3] in places}


def _holds(folder: str, wanted: set[tuple[int, int]]) -> bool | None:
    try:
        numbers = os.listdir(folder)
    except (FileNotFoundError, ProcessLookupError):
        return False  # it ended
    except OSError:
        return None
    for number in numbers:
        try:
            status = os.stat(f"{folder}/{number}")
        except (FileNotFoundError, ProcessLookupError):
            continue
        except OSError:
            return None
        if (status.st_dev, status.st_ino) in wanted:
            return True
    return False


def _program(process: str) -> str:
    try:
        with open(f"/proc/{process}/comm", encoding="utf-8", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return ""
