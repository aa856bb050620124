"""Opening a source with its read transaction begun, through every state in which a program can have left it.

    ok                     mode=ro, BEGIN, SELECT: SHARED lock (rollback) or read mark (WAL); the state is fixed
    BUSY                   jittered retry to the deadline, then SourceBusy
    READONLY_ROLLBACK      a program died in a transaction (hot journal): open once mode=rw, SQLite rolls it back as it
                           would for the next program; never read around it: immutable=1 returns uncommitted rows
    CANTOPEN, READONLY_*   WAL, but no -shm can be made here: a working copy of db + -wal in a private folder, or
                           immutable=1 if the file system is read-only and there is no sidecar at all
    CORRUPT                the schema does not parse: a damaged source is still copied, page by page, and said to be so
    NOTADB                 NotADatabase, saying what the file looks like

Source: sqlite.org lockingv3 section 4 (hot journals), wal section 5 (read-only WAL), rescode, uri (immutable).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import ExitStack
from dataclasses import field
from pathlib import Path

from litekeep.errors import BackupFailed, SourceBusy, SourceMissing, SourceUnreadable
from litekeep.monitor import Monitor
from litekeep.records import dataclass
from litekeep.sqlite import connect
from litekeep.sqlite.connect import Patience, code_of, is_busy, open_for_reading, still_locked, unreadable
from litekeep.sqlite.filesystem import private_scratch, read_only, require_room
from litekeep.sqlite.source import SourceFile, beside, explain_not_a_database

_NO_WAL_INDEX = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY_DIRECTORY,
    sqlite3.SQLITE_READONLY_CANTINIT,
    sqlite3.SQLITE_READONLY_CANTLOCK,
    sqlite3.SQLITE_READONLY_RECOVERY,
    sqlite3.SQLITE_READONLY,
)
# A raw copy counts only if the files were quiet this long before it: longer than one tick of any kernel's file times.
_QUIET_NS = 50_000_000


@dataclass(slots=True)
class Opening:
    """One attempt after another to open `found`; resources go to `stack`.

    file: what SQLite opens, the source or its working copy. query: how.
    """

    found: SourceFile
    scratch: Path | None
    patience: Patience
    monitor: Monitor
    stack: ExitStack
    file: Path = field(init=False)
    query: str = "mode=ro"
    damaged: bool = False
    recovered: bool = False

    def __post_init__(self) -> None:
        self.file = self.found.path

    @property
    def is_working_copy(self) -> bool:
        """True if the source itself could not be opened, only a copy of its files."""
        return self.file != self.found.path

    def begin(self) -> sqlite3.Connection:
        """A connection inside a read transaction; the caller closes it. Raises the BackupFailed family."""
        while True:
            connection = None
            try:
                connection = open_for_reading(self.file, self.query)
                _begin(connection, lenient=self.damaged)
                return connection
            except sqlite3.Error as error:
                if connection is not None:
                    connection.close()
                self._answer(error)
            except UnicodeDecodeError as error:
                # SQLite complains about a schema so damaged that Python cannot read the complaint.
                if connection is not None:
                    connection.close()
                self._tolerate(error)
            except BaseException:
                if connection is not None:
                    connection.close()
                raise

    def _answer(self, error: sqlite3.Error) -> None:
        """Prepare the next attempt, or raise what the failure means."""
        code = code_of(error)
        if is_busy(error):
            if self.patience.exhausted:
                raise still_locked(self.found.path, self.patience.waited_seconds) from error
            self.patience.pause()
        elif code == sqlite3.SQLITE_NOTADB:
            raise explain_not_a_database(self.file) from error
        elif code == sqlite3.SQLITE_READONLY_ROLLBACK and not self.recovered:
            self._recover()
        elif code in _NO_WAL_INDEX and not self.is_working_copy and self.query == "mode=ro":
            self._go_around(error)
        elif code & 0xFF == sqlite3.SQLITE_CORRUPT and not self.damaged:
            self._tolerate(error)
        else:
            raise unreadable(error, self.found.path) from error

    def _tolerate(self, error: Exception) -> None:
        """A damaged source is copied as it is, once, and said to be damaged."""
        if self.damaged:
            raise SourceUnreadable(f"{self.found.path} cannot be read", safe="It was only read.") from error
        self.damaged = True
        self.monitor.event("warning", code="source_damaged", message=f"{self.found.path}: the schema is damaged")

    def _recover(self) -> None:
        """Let SQLite roll a hot journal back, as the next program to open the database would."""
        connection = None
        try:
            connection = sqlite3.connect(connect.uri(self.file, "mode=rw"), uri=True, timeout=0, isolation_level=None)
            connect.set_config(connection, connect.NO_CKPT_ON_CLOSE)
            _begin(connection, lenient=True)
            self.recovered = True
            self.monitor.event(
                "warning",
                code="hot_journal",
                message=f"{self.found.path}: a program ended inside a transaction; SQLite rolled it back",
            )
        except sqlite3.Error as error:
            if is_busy(error):
                self._answer(error)
            elif self.is_working_copy:
                raise unreadable(error, self.found.path) from error
            else:
                self._copy_aside()  # the folder cannot be written
        finally:
            if connection is not None:
                connection.close()

    def _go_around(self, error: sqlite3.Error) -> None:
        path = self.found.path
        if not path.exists():
            raise SourceMissing(f"{path} has gone", safe="Nothing was created.", hint="Check the path.") from error
        wal, journal = beside(path, "-wal"), beside(path, "-journal")
        if not wal.exists() and not _says_wal(path):
            raise unreadable(error, path) from error
        if read_only(path.parent) and not wal.exists() and not journal.exists():
            self.query = "mode=ro&immutable=1"
        else:
            self._copy_aside()

    def _copy_aside(self) -> None:
        """Copy the files that make the database into a private folder, at a moment when nobody changes them."""
        path = self.found.path
        folder = self.stack.enter_context(private_scratch(self.scratch))
        require_room(folder, sum(_size(part) for part in _parts(path)), f"a working copy of {path}")
        while not _copied_quietly(path, folder):
            if self.patience.exhausted:
                raise SourceBusy(
                    f"{path} is being changed, and its folder cannot be written, so SQLite cannot share it",
                    safe="The database was only read.",
                    hint="Give the user who runs this write access to the database's folder.",
                )
            self.patience.pause()
        self.file = folder / "source.db"
        self.recovered = False


def _begin(connection: sqlite3.Connection, *, lenient: bool) -> None:
    if lenient:
        # Ignores entries of sqlite_schema that do not parse; nothing can be written through this connection's uses.
        connection.execute("PRAGMA writable_schema=ON").fetchall()
    connection.execute("BEGIN")
    connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()


def _says_wal(path: Path) -> bool:
    try:
        with open(path, "rb") as stream:
            return stream.read(20)[19:20] == b"\x02"
    except OSError:
        return False


def _parts(path: Path) -> list[Path]:
    return [part for part in (path, beside(path, "-wal"), beside(path, "-journal")) if part.exists()]


def _size(path: Path) -> int:
    return os.stat(path).st_size


def _copied_quietly(path: Path, folder: Path) -> bool:
    """Copy; True if no file changed, came or went from shortly before the copy until after it."""
    try:
        before = _states(path)
        newest = max(max(mtime, ctime) for _, _, mtime, ctime in before)
        for part in _parts(path):
            shutil.copyfile(part, folder / ("source.db" + part.name.removeprefix(path.name)))
        after = _states(path)
        # The scratch file's own time is the machine's clock, in the same units as the source's times.
        now = os.stat(folder / "source.db").st_mtime_ns
    except FileNotFoundError:
        return False
    except OSError as error:
        raise BackupFailed(
            f"{path} could not be copied to {folder}: {error}", safe="The database was only read.", hint=""
        ) from error
    return before == after and now - newest > _QUIET_NS


def _states(path: Path) -> list[tuple[str, int, int, int]]:
    found = [(part.name, os.stat(part)) for part in _parts(path)]
    return [(name, state.st_size, state.st_mtime_ns, state.st_ctime_ns) for name, state in found]
