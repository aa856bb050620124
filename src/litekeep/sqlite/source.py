"""The file behind a source's path: found, proven to be a plain file, and judged before SQLite opens it.

Only os.stat here: opening and closing the file would drop every POSIX lock that this process holds on it
(sqlite.org howtocorrupt 2.2).
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from litekeep.errors import NotADatabase, Refused, SourceMissing, SourceUnreadable
from litekeep.monitor import Monitor
from litekeep.records import dataclass
from litekeep.sqlite.connect import check_length
from litekeep.sqlite.filesystem import file_system
from litekeep.sqlite.header import HEADER_BYTES, MAGIC, not_a_database

SIDECARS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A resolved path and what os.stat said about it; local: see filesystem.file_system."""

    path: Path
    status: os.stat_result
    local: bool | None

    @property
    def identity(self) -> tuple[int, int]:
        """(device, inode)."""
        return self.status.st_dev, self.status.st_ino


def beside(path: Path, suffix: str) -> Path:
    """The sidecar file's path: "-wal", "-shm" or "-journal" appended to the whole name."""
    return path.with_name(path.name + suffix)


def find_source(source: Path, monitor: Monitor) -> SourceFile:
    """Resolve symlinks and look at the file.

    Emits warnings (hard_links, network_file_system). Raises SourceMissing, NotADatabase for what is no plain file,
    SourceUnreadable for what the system does not let us see, Refused for a user who would leave files that the owner
    cannot use.
    """
    path = _resolved(source)
    check_length(path)
    status = _status(path)
    if stat.S_ISDIR(status.st_mode):
        raise NotADatabase(f"{path} is a folder", safe="Nothing was touched.", hint="Name the database file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise NotADatabase(f"{path} is not a regular file", safe="Nothing was touched.", hint="Check the path.")
    if not os.access(path, os.R_OK):
        raise _not_allowed(path)
    _refuse_foreign_user(path, status)
    kind, local = file_system(path, status.st_dev)
    _warn(path, status, kind, local=local, monitor=monitor)
    return SourceFile(path, status, local if sys.platform == "linux" else None)


def identity_of(path: Path) -> tuple[int, int] | None:
    """(device, inode) that the path leads to now, None when nothing is there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _resolved(source: Path) -> Path:
    try:
        return Path(os.path.realpath(source, strict=True))
    except FileNotFoundError as error:
        raise _missing(source) from error
    except NotADirectoryError as error:
        raise _missing(source) from error
    except (OSError, ValueError) as error:
        raise SourceUnreadable(
            f"{source} cannot be reached: {error}", safe="Nothing was touched.", hint="Check the path and its rights."
        ) from error


def _status(path: Path) -> os.stat_result:
    try:
        return os.stat(path)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except OSError as error:
        raise _not_allowed(path) from error


def _missing(path: Path) -> SourceMissing:
    return SourceMissing(
        f"there is no database at {path}",
        safe="Nothing was created, and earlier backups are unchanged.",
        hint="Check the path, and that the drive or folder is mounted.",
    )


def _not_allowed(path: Path) -> SourceUnreadable:
    return SourceUnreadable(
        f"this user may not read {path}", safe="Nothing was touched.", hint="Run as the database's owner."
    )


def _refuse_foreign_user(path: Path, status: os.stat_result) -> None:
    """In WAL mode even a reader creates -wal and -shm; as another user's files they lock the owner out.

    The 18 bytes are read with a plain open before SQLite sees the file, so a helper process has no lock to lose.
    """
    if sys.platform == "win32" or os.geteuid() in (0, status.st_uid):
        return
    try:
        with open(path, "rb") as stream:
            first = stream.read(HEADER_BYTES)
    except OSError as error:
        raise _not_allowed(path) from error
    if first.startswith(MAGIC) and first[19:20] == b"\x02":
        raise Refused(
            f"{path} is in WAL mode and belongs to user {status.st_uid}, not to user {os.geteuid()} who runs this",
            safe="The database was not opened.",
            hint="Run as its owner or as root: files that SQLite makes beside it would otherwise shut the owner out.",
        )


def explain_not_a_database(path: Path) -> NotADatabase:
    """Look at the first bytes of a file that SQLite refused and closed again, and say what it is."""
    try:
        with open(path, "rb") as stream:
            first = stream.read(HEADER_BYTES)
    except OSError:
        first = b"?"
    return not_a_database(first, str(path))


def _warn(path: Path, status: os.stat_result, kind: str, *, local: bool | None, monitor: Monitor) -> None:
    if status.st_nlink > 1:
        monitor.event(
            "warning",
            code="hard_links",
            message=f"{path} has {status.st_nlink} names (hard links); programs that open it under different names "
            "do not see each other's journals and can destroy it",
        )
    if local is False:
        monitor.event(
            "warning",
            code="network_file_system",
            message=f"{path} lies on a network file system ({kind}); locks may not be reliable there",
        )
