"""Opening a database file so that looking at it can do nothing else, and SQLite's error numbers in our words.

Every connection to a file goes through a URI, so that no name is ever misread (":memory:", "?", "%", a leading dash,
bytes that are not UTF-8). `mode=ro` never creates a file. `trusted_schema=OFF` keeps hostile views and triggers from
calling functions, `query_only` is a second lock on the door, `mmap_size=0` turns a read error into an error code
instead of a signal (sqlite.org uri, pragma, security, mmap).
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import LitekeepError, NoSpace, SourceBusy, SourceUnreadable
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.sqlite.filesystem import LONGEST_PATH_BYTES

# sqlite3.h; the standard library names only some of them. Extended codes are primary | n << 8.
IOERR_SHORT_READ = sqlite3.SQLITE_IOERR | 2 << 8
IOERR_WRITE = sqlite3.SQLITE_IOERR | 3 << 8
NO_CKPT_ON_CLOSE = 1006
DEFENSIVE = 1010

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_FIRST_WAIT_SECONDS = 0.001
_LONGEST_WAIT_SECONDS = 0.1
_jitter = random.SystemRandom()


def uri(path: Path, query: str) -> str:
    """The SQLite URI of an absolute path, with `query` such as "mode=ro"."""
    text = path.as_uri()
    if not text.startswith("file:///"):
        # SQLite refuses an authority, so a UNC path needs its slashes inside the path (sqlite.org uri 3.1).
        text = "file:////" + text.removeprefix("file://")
    return f"{text}?{query}"


def check_length(path: Path) -> None:
    """Raise SourceUnreadable if the path is longer than SQLite can open (Unix: 504 bytes)."""
    length = len(os.fsencode(path))
    if sys.platform != "win32" and length > LONGEST_PATH_BYTES:
        raise SourceUnreadable(
            f"the path is {length} bytes long, SQLite can open at most {LONGEST_PATH_BYTES}: {path}",
            safe="Nothing was touched.",
            hint="Move the database to a shorter path, or mount its folder there (a symlink is resolved first).",
        )


def open_for_reading(path: Path, query: str = "mode=ro") -> sqlite3.Connection:
    """A connection in autocommit mode that only reads; raises sqlite3.Error."""
    connection = sqlite3.connect(uri(path, query), uri=True, timeout=0, isolation_level=None)
    try:
        for setting in ("mmap_size=0", "trusted_schema=OFF", "query_only=ON"):
            connection.execute(f"PRAGMA {setting}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def set_config(connection: sqlite3.Connection, option: int) -> None:
    """Turn a database connection option on where the standard library can (Python 3.12)."""
    setter = getattr(connection, "setconfig", None)
    if setter is not None:
        setter(option, True)  # noqa: FBT003 - positional-only in the standard library


def code_of(error: Exception) -> int:
    """The extended result code, or 0 for errors that did not come from SQLite."""
    return getattr(error, "sqlite_errorcode", 0)


def is_busy(error: sqlite3.Error) -> bool:
    """True if another connection's lock is the cause."""
    return code_of(error) & 0xFF in _BUSY


def unreadable(error: sqlite3.Error | OSError, path: Path) -> LitekeepError:
    """The error for a source that SQLite cannot read, or a scratch file that it cannot write."""
    code = code_of(error) if isinstance(error, sqlite3.Error) else sqlite3.SQLITE_IOERR
    if code == sqlite3.SQLITE_FULL:
        return NoSpace(f"no room for a copy of {path}", safe="The database was only read.", hint="Free some space.")
    if code & 0xFF == sqlite3.SQLITE_IOERR:
        return SourceUnreadable(
            f"the system reported a read or write error while copying {path} ({error}, code {code})",
            safe="The database was only read, and earlier backups are unchanged.",
            hint="The disk may be failing: look at the system's log, and restore to another disk if it repeats.",
        )
    if code & 0xFF == sqlite3.SQLITE_CORRUPT:
        return SourceUnreadable(
            f"{path} is damaged so that SQLite cannot read it ({error})",
            safe="The database was only read, and earlier backups are unchanged.",
            hint="Restore the newest good backup; sqlite3's .recover may save what is newer.",
        )
    return SourceUnreadable(
        f"{path} cannot be opened ({error}, code {code})",
        safe="The database was only read.",
        hint="Check that the user who runs this may read the file, its folder and the files beside it.",
    )


def still_locked(path: Path, waited_seconds: float) -> SourceBusy:
    """The error for a lock that outlasted the deadline."""
    return SourceBusy(
        f"another program kept {path} locked for {waited_seconds:.1f} seconds",
        safe="The database was only read, and earlier backups are unchanged.",
        hint="A program that uses PRAGMA locking_mode=EXCLUSIVE (browsers do) or a long transaction holds it: "
        "close that program, or back up at another time; WAL mode lets backups run beside writers.",
    )


class Patience:
    """Waiting for a lock: short jittered pauses up to a deadline; cancellable."""

    def __init__(self, seconds: float, *, clock: Clock, monitor: Monitor) -> None:
        self._clock = clock
        self._monitor = monitor
        self._started = clock.monotonic()
        self._seconds = seconds
        self._pause = _FIRST_WAIT_SECONDS

    @property
    def waited_seconds(self) -> float:
        """Since the start or the last renewal."""
        return self._clock.monotonic() - self._started

    @property
    def exhausted(self) -> bool:
        """True when the deadline has passed."""
        return self.waited_seconds >= self._seconds

    def renew(self) -> None:
        """Start again, because something moved."""
        self._started = self._clock.monotonic()
        self._pause = _FIRST_WAIT_SECONDS

    def pause(self) -> None:
        """Wait a little longer than the last time; raises Cancelled."""
        stop_if_cancelled(self._monitor)
        self._clock.sleep(self._pause * _jitter.uniform(0.5, 1.5))
        self._pause = min(self._pause * 2, _LONGEST_WAIT_SECONDS)
