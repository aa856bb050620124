"""Is the database in this file sound? For our own rebuilt copy in a private folder, never for a live file.

The file may be hostile: it came out of a repository. So it is opened immutable and read-only (no journal is rolled
back, no sidecar is made), its schema is not trusted, an authorizer allows the user's own checks nothing but reading, no
extension is loaded, and every statement can be stopped (sqlite.org security section 1, pragma, c3ref/set_authorizer).
Read-only also means that SQLite does not even parse CHECK constraints. What an index or a column computes may be no
longer than the file; SQLite looks at the time only between two functions, so one that computes for long ends late.

What SQLite finds wrong is a problem. What this SQLite cannot judge (a collation, function or module that only the
application has) is noted as unchecked, not as damage. Messages name tables, indexes and counts, never a row's data.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import NotADatabase, VerificationFailed
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.records import dataclass
from litekeep.sqlite import connect
from litekeep.sqlite.connect import code_of, open_for_reading
from litekeep.sqlite.header import HEADER_BYTES, parse_header

LONGEST_REPORT = 100
# Steps of SQLite's virtual machine between two looks at time and cancellation: well under a millisecond.
_STEPS = 20_000
# What the schema's SQL says about the application, not about damage.
_NOT_JUDGED = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG})
_LONGEST_VALUE_BYTES = 1 << 18
_LONGEST_PATTERN = 1000
_MOST = (1 << 31) - 1
"""Limits of SQLite are 32 bits wide, and files are longer (sqlite.org limits, section 1)."""

_READING = frozenset({
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE
})  # fmt: skip
_CACHE_KIBIBYTES = 16_000
"""Indexes are checked row by row; with SQLite's 2 MB, most pages of a large table are read again and again."""
_PRAGMAS_WITH_ARGUMENT = frozenset({
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
    "foreign_key_check", "integrity_check", "quick_check",
})  # fmt: skip
_PRAGMAS_WITHOUT = _PRAGMAS_WITH_ARGUMENT | {
    "user_version", "application_id", "page_count", "page_size", "freelist_count", "encoding", "schema_version",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found.

    problems: damage, at most 100 lines of integrity_check, then broken foreign keys counted per table.
    failed_checks: the user's checks that were not true, each with its reason. tables: rows per ordinary table, by name;
    virtual tables are left out, the tables in which they keep their content are counted. unchecked: what could not be
    judged and why. schema_readable: False if not even the list of tables can be read. complete: False if a time limit
    ended a check.
    """

    problems: tuple[str, ...]
    failed_checks: tuple[str, ...]
    tables: tuple[tuple[str, int], ...]
    unchecked: tuple[str, ...]
    schema_readable: bool
    complete: bool

    @property
    def passed(self) -> bool:
        """True if everything was checked to its end and nothing is wrong."""
        return not self.problems and not self.failed_checks and self.complete


def check_database(
    path: Path,
    *,
    checks: Sequence[str] = (),
    time_limit_seconds: float,
    clock: Clock,
    monitor: Monitor,
    counts: bool = True,
) -> CheckReport:
    """Check the file at `path`, which nobody else may be using.

    checks: SQL statements whose first column of the first row must be true. time_limit_seconds: for each part
    (integrity, foreign keys, counts, every single check). Raises Cancelled, VerificationFailed if there is no file.
    """
    work = _Work(path, time_limit_seconds, clock, monitor)
    if not work.look_at_the_file():
        return work.report()
    try:
        connection = open_for_reading(Path(path).absolute(), "mode=ro&immutable=1")
    except sqlite3.Error as error:
        raise _no_file(path, error) from error
    try:
        work.run(connection, checks, counts=counts)
    finally:
        connection.close()
    return work.report()


def quote(name: str) -> str:
    """A table's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(slots=True)
class _Work:
    path: Path
    limit_seconds: float
    clock: Clock
    monitor: Monitor
    problems: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    tables: list[tuple[str, int]] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    schema_readable: bool = True
    complete: bool = True
    _ends: float = 0.0
    _free_bytes: int = 0

    def report(self) -> CheckReport:
        return CheckReport(
            tuple(self.problems),
            tuple(self.failed),
            tuple(self.tables),
            tuple(self.unchecked),
            self.schema_readable,
            self.complete,
        )

    def look_at_the_file(self) -> bool:
        """Header and length; False if SQLite need not be asked. The file is ours: no one holds locks on it."""
        try:
            with open(self.path, "rb") as stream:
                first = stream.read(HEADER_BYTES)
                size = stream.seek(0, 2)
        except OSError as error:
            raise _no_file(self.path, error) from error
        if size == 0:
            return True
        try:
            header = parse_header(first, self.path.name)
        except NotADatabase as error:
            self.problems.append(error.message)
            self.schema_readable = False
            return False
        pages = header.page_count or -(-size // header.page_size)
        if size % header.page_size or size < pages * header.page_size:
            self.problems.append(f"the file is cut off: {size} bytes, but {pages} pages of {header.page_size} bytes")
        return True

    def run(self, connection: sqlite3.Connection, checks: Sequence[str], *, counts: bool) -> None:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection.execute("PRAGMA cell_size_check=ON").fetchall()
        connect.set_config(connection, connect.DEFENSIVE)
        self._limit(connection)
        connection.set_progress_handler(self._should_stop, _STEPS)
        parts: list[Callable[[], None]] = []
        names = self._table_names(connection)
        if self.schema_readable:
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KIBIBYTES}").fetchall()  # reads the schema
        parts.append(lambda: self._integrity(connection, names))
        parts.append(lambda: self._foreign_keys(connection, names))
        if counts:
            parts.append(lambda: self._count(connection, names))
        parts += [lambda sql=sql: self._user_check(connection, sql) for sql in checks]  # type: ignore[misc]
        for done, part in enumerate(parts):
            self.monitor.progress("check", done, len(parts), "steps")
            self._ends = self.clock.monotonic() + self.limit_seconds
            part()
            stop_if_cancelled(self.monitor)
        self.monitor.progress("check", len(parts), len(parts), "steps")

    def _limit(self, connection: sqlite3.Connection) -> None:
        """Let no function in the schema (of an index, say) make a value that could not lie in this file."""
        longest = min(max(self.path.stat().st_size, _LONGEST_VALUE_BYTES), _MOST)
        self._free_bytes = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _LONGEST_PATTERN)

    def _should_stop(self) -> bool:
        return self.monitor.cancelled() or self.clock.monotonic() >= self._ends

    def _interrupted(self, error: Exception, what: str) -> bool:
        """True if the error is our own stop; raises Cancelled if that was why."""
        if code_of(error) != sqlite3.SQLITE_INTERRUPT:
            return False
        stop_if_cancelled(self.monitor)
        self.complete = False
        self.unchecked.append(f"{what} did not finish within {self.limit_seconds:g} seconds")
        return True

    def _table_names(self, connection: sqlite3.Connection) -> list[str]:
        self._ends = self.clock.monotonic() + self.limit_seconds
        try:
            # sqlite_master: the name that SQLite before 3.33 knows too. Virtual tables have no root page.
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY 1")
            return [str(name) for (name,) in rows]
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if not self._interrupted(error, "reading the schema"):
                self.schema_readable = False
                self.problems.append(f"the schema cannot be read: {_words(error)}")
            return []

    def _integrity(self, connection: sqlite3.Connection, names: list[str]) -> None:
        try:
            self._note_integrity(connection, f"PRAGMA integrity_check({LONGEST_REPORT})")
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if self._interrupted(error, "integrity_check"):
                return
            if isinstance(error, UnicodeDecodeError) or code_of(error) & 0xFF not in _NOT_JUDGED:
                self.problems.append(f"integrity_check stopped: {_words(error)}")
                return
            self.unchecked.append(f"integrity_check of the whole file: {error}; tables were checked one by one")
            self._integrity_by_table(connection, names)

    def _integrity_by_table(self, connection: sqlite3.Connection, names: list[str]) -> None:
        for name in names:
            try:
                self._note_integrity(connection, f"PRAGMA integrity_check({quote(name)})")
            except (sqlite3.Error, ValueError) as error:
                if self._interrupted(error, "integrity_check"):
                    return
                self._cannot("integrity", name, error)

    def _note_integrity(self, connection: sqlite3.Connection, statement: str) -> None:
        if len(self.problems) >= LONGEST_REPORT:
            return
        lines = [str(line) for (line,) in connection.execute(statement)]
        if lines != ["ok"]:
            self.problems += lines[: LONGEST_REPORT - len(self.problems)]

    def _foreign_keys(self, connection: sqlite3.Connection, names: list[str]) -> None:
        for name in names:
            found: dict[str, int] = {}
            try:
                for row in connection.execute(f"PRAGMA foreign_key_check({quote(name)})"):
                    found[str(row[2])] = found.get(str(row[2]), 0) + 1
            except (sqlite3.Error, ValueError) as error:
                if self._interrupted(error, "foreign_key_check"):
                    return
                self._cannot("foreign keys", name, error)
            for parent, count in sorted(found.items()):
                self.problems.append(f"{count} rows of table {name} refer to missing rows of {parent}")

    def _count(self, connection: sqlite3.Connection, names: list[str]) -> None:
        for name in names:
            if name.startswith("sqlite_"):
                continue
            try:
                (count,) = connection.execute(f"SELECT count(*) FROM {quote(name)}").fetchone()
                self.tables.append((name, int(count)))
            except (sqlite3.Error, ValueError) as error:
                if self._interrupted(error, "counting rows"):
                    return
                self._cannot("rows", name, error)

    def _cannot(self, what: str, name: str, error: Exception) -> None:
        if isinstance(error, UnicodeDecodeError) or code_of(error) & 0xFF not in (0, *_NOT_JUDGED):
            self.problems.append(f"{what} of table {name} cannot be read: {_words(error)}")
        else:
            self.unchecked.append(f"{what} of table {name}: {error}")

    def _user_check(self, connection: sqlite3.Connection, sql: str) -> None:
        connection.set_authorizer(_allow_reading)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, self._free_bytes)
        try:
            row = connection.execute(sql).fetchone()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            if code_of(error) == sqlite3.SQLITE_INTERRUPT:
                stop_if_cancelled(self.monitor)
                self.failed.append(f"{sql}: did not finish within {self.limit_seconds:g} seconds")
            else:
                self.failed.append(f"{sql}: {_words(error)}")
            return
        finally:
            connection.set_authorizer(None)
        if row is None:
            self.failed.append(f"{sql}: returned no row")
        elif row[0] in (None, 0, "", b"", "0"):
            self.failed.append(f"{sql}: is not true")


def _words(error: Exception) -> str:
    """The error's text, but not that of damaged bytes: Python fails on messages of SQLite that are not UTF-8."""
    return "an entry that is not text" if isinstance(error, UnicodeDecodeError) else str(error)


def _allow_reading(action: int, first: str | None, second: str | None, *_place: str | None) -> int:
    if action == sqlite3.SQLITE_PRAGMA:
        allowed = first in (_PRAGMAS_WITHOUT if second is None else _PRAGMAS_WITH_ARGUMENT)
    else:
        # SQLite asks for the update of sqlite_master when it declares the table of a pragma function; the connection is
        # read-only all the same.
        declared = action == sqlite3.SQLITE_UPDATE and first in ("sqlite_master", "sqlite_schema")
        allowed = declared or (action in _READING and second != "load_extension")
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _no_file(path: Path, error: Exception) -> VerificationFailed:
    return VerificationFailed(
        f"{path} cannot be opened: {error}", safe="Nothing was changed.", hint="Check the folder for temporary files."
    )
