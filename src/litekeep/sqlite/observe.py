"""Facts and fingerprint of a pinned database, read under its held read transaction without opening its files.

See capture.py, step 3, for why the descriptors are SQLite's own.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from datetime import datetime
from pathlib import Path

from litekeep.clock import BootTime, Clock
from litekeep.errors import SourceUnreadable
from litekeep.model import DatabaseFacts
from litekeep.records import dataclass
from litekeep.sqlite.fingerprint import Fingerprint, WalState, parse_wal_index
from litekeep.sqlite.header import HEADER_BYTES
from litekeep.sqlite.opening import Opening
from litekeep.sqlite.source import beside
from litekeep.sqlite.wal import INDEX_BYTES

# A writer publishes a commit by writing both copies of the wal-index header within microseconds.
_WAL_INDEX_TRIES = 50


class FileNotFoundInProcess(Exception):
    """SQLite opened another file than the one that was looked at: the path was replaced in between."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a pin began."""

    wall: datetime
    boot: BootTime


@dataclass(frozen=True, slots=True)
class Seen:
    """What was observed; immutable_of: the path if it was opened with immutable=1, which needs a second look."""

    facts: DatabaseFacts
    fingerprint: Fingerprint
    immutable_of: Path | None

    def disturbed(self) -> bool:
        """True if a file that was read as unchanging has changed after all."""
        if self.immutable_of is None:
            return False
        status = os.stat(self.immutable_of)
        seen = self.fingerprint
        return (status.st_mtime_ns, status.st_ctime_ns, status.st_size) != (
            seen.mtime_ns,
            seen.ctime_ns,
            seen.size_bytes,
        ) or beside(self.immutable_of, "-wal").exists()


def observe(opening: Opening, connection: sqlite3.Connection, moment: Moment, clock: Clock) -> Seen:
    """Read everything; raises sqlite3.Error, FileNotFoundInProcess, SourceUnreadable for a cut-off file."""
    if opening.is_working_copy:
        # The copy's facts are not the source's, and nothing about the source was held still: never "unchanged".
        status, header, wal, local = opening.found.status, b"", None, None
    else:
        descriptor = own_descriptor(opening, opening.file, opening.found.identity)
        status = os.fstat(descriptor)
        header = _pread(descriptor, HEADER_BYTES)
        # Not the header in the file: a power cut in a checkpoint may leave the first page to the log alone.
        logged = _journal_mode(connection, header) == "wal"
        wal, local = _wal_state(opening, clock) if logged else (None, opening.found.local)
    facts = _facts(connection, header)
    if not opening.is_working_copy and wal is None:
        _require_whole(opening.found.path, status.st_size, header, facts)
    fingerprint = Fingerprint(
        device=status.st_dev,
        inode=status.st_ino,
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        header=header.hex(),
        wal=wal,
        taken=moment.wall.isoformat(),
        boot_id=moment.boot.boot_id,
        boot_seconds=moment.boot.seconds,
        local=local,
    )
    return Seen(facts, fingerprint, opening.found.path if "immutable" in opening.query else None)


def _facts(connection: sqlite3.Connection, header: bytes) -> DatabaseFacts:
    def ask(pragma: str) -> int:
        return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])

    page_count = ask("page_count")
    return DatabaseFacts(
        page_size=ask("page_size") if page_count else 0,
        page_count=page_count,
        encoding=str(connection.execute("PRAGMA encoding").fetchone()[0]),
        journal_mode=_journal_mode(connection, header),
        user_version=ask("user_version"),
        application_id=ask("application_id"),
        freelist_pages=ask("freelist_count"),
        schema_version=ask("schema_version"),
        auto_vacuum=ask("auto_vacuum"),
    )


def _journal_mode(connection: sqlite3.Connection, header: bytes) -> str:
    if header[19:20] == b"\x02":
        return "wal"
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def _require_whole(path: Path, size_bytes: int, header: bytes, facts: DatabaseFacts) -> None:
    """SQLite reads what is missing at the end of a file as zeros, and integrity_check may be content with them."""
    if facts.page_count == 0:
        return
    # With a damaged schema SQLite was told to be lenient and takes the file's length for the page count.
    claimed = int.from_bytes(header[28:32], "big") if header[24:28] == header[92:96] else 0
    pages = max(claimed, facts.page_count)
    if size_bytes % facts.page_size == 0 and size_bytes >= pages * facts.page_size:
        return
    hint = "Something outside SQLite shortened the file; restore the newest good backup."
    if header[19:20] == b"\x02":
        hint = (
            f"Either something shortened the file, or its log {path.name}-wal was removed or renamed while programs "
            "use it. Do not end them before the log is back at its place; else restore the newest good backup."
        )
    raise SourceUnreadable(
        f"{path} is cut off: it has {size_bytes} bytes, but {pages} pages of {facts.page_size} bytes",
        safe="The database was only read, and earlier backups are unchanged.",
        hint=hint,
    )


def _wal_state(opening: Opening, clock: Clock) -> tuple[WalState | None, bool | None]:
    """The WAL's state and whether the fingerprint may count as known (local), see fingerprint.py."""
    local = opening.found.local
    wal, shm = beside(opening.file, "-wal"), beside(opening.file, "-shm")
    try:
        if "immutable" in opening.query or os.stat(wal).st_size == 0:
            return None, local
        index = os.stat(shm)
    except OSError:
        return None, local if not wal.exists() else None
    try:
        descriptor = own_descriptor(opening, shm, (index.st_dev, index.st_ino))
        for _ in range(_WAL_INDEX_TRIES):
            first = _pread(descriptor, 2 * INDEX_BYTES)
            log = os.stat(wal)
            state = parse_wal_index(first, log.st_size, log.st_mtime_ns)
            if state is not None:
                return state, local
            clock.sleep(0.0002)
    except (OSError, ValueError, FileNotFoundInProcess):
        pass
    # Frames are there, but their end is not known (for example a -shm that cannot be shared).
    return WalState(-1, 0, "", "", 0, 0), None


def own_descriptor(opening: Opening, path: Path, identity: tuple[int, int]) -> int:
    """SQLite's own descriptor of the file; else one of ours that is closed after the connection."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        if sys.platform == "win32" or not os.path.isdir(folder):
            continue
        for name in os.listdir(folder):
            try:
                status = os.fstat(int(name))
            except OSError:
                continue  # the descriptor of this very listing
            if (status.st_dev, status.st_ino) == identity:
                return int(name)
        raise FileNotFoundInProcess(path)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    opening.stack.callback(os.close, descriptor)
    status = os.fstat(descriptor)
    if (status.st_dev, status.st_ino) != identity:
        raise FileNotFoundInProcess(path)
    return descriptor


def _pread(descriptor: int, length: int) -> bytes:
    if sys.platform == "win32":
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.read(descriptor, length)
    return os.pread(descriptor, length, 0)
