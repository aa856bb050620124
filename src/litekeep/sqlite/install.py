"""A prepared, verified file becomes a database again: under a new name, or inside one that is open.

`prepared` is our own complete database file in one piece (no sidecars), best in the target's folder.

install_new: nothing exists under the final name, nor beside it, until the file is complete and synced. An old -wal
beside a restored file would be replayed into it: SQLite brings the new data back silently (sqlite.org howtocorrupt
1.4).

install_live: the backup API writes all pages into the open database in one transaction. Readers keep the old state
until it commits and see the new one after it; a crash in between is rolled back by the next program that opens the
database (400 of 400 kills). Other connections see a new schema cookie and prepare their statements again (sqlite.org
backup, c3ref/backup_finish). The image's header may name another journal mode than the target's; bytes 18-19 of the
prepared file are set to the target's before the copy and put back after it, so no connection is moved to another mode.

synchronous=EXTRA: with FULL, SQLite removes its journal without flushing the folder and then cuts a database that
became smaller. A power cut may undo the first and keep the second; the journal, hot again, then lacks the pages that
were cut off, and the database is damaged. It could also take back a restore that was reported as done.

For file replacement, when neither works, see replace.py.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import NoSpace, NotADatabase, Refused, SourceBusy, SourceMissing, TargetInUse
from litekeep.monitor import Monitor
from litekeep.sqlite.connect import Patience, check_length, code_of, is_busy, open_for_reading, uri
from litekeep.sqlite.filesystem import file_errors, require_room
from litekeep.sqlite.publish import DEFAULT_MODE, brought_beside, dress, publish
from litekeep.sqlite.source import SIDECARS, beside, find_source, identity_of
from litekeep.sqlite.transfer import Pace, transfer

_STEP_PAGES = 1024
# How long one attempt may hold PENDING, which keeps new readers out while old ones finish (rollback mode).
_DRAIN_SECONDS = 0.25
_VERSIONS_OFFSET = 18


def install_new(prepared: Path, target: Path, *, mode: int = DEFAULT_MODE) -> None:
    """Give the prepared file the name `target` and the permissions `mode`; the prepared name is gone afterwards.

    Raises Refused if the target or one of -wal, -shm, -journal exists; NoSpace, PermissionRefused, StorageError.
    """
    target = Path(os.path.abspath(target))
    check_length(target)
    for path in (target, *(beside(target, suffix) for suffix in SIDECARS)):
        if os.path.lexists(path):
            raise Refused(
                f"{path} exists already",
                safe="Nothing was changed.",
                hint="Restore to another path, or restore over the existing database.",
            )
    with file_errors(target):
        place = brought_beside(prepared, target)
        try:
            dress(place, mode)
            publish(place, target)
        except BaseException:
            with suppress(OSError):
                os.rename(place, prepared)  # left as it was found
            raise


def install_live(prepared: Path, target: Path, *, deadline_seconds: float, clock: Clock, monitor: Monitor) -> None:
    """Write the prepared database into the database at `target` while other programs have it open.

    deadline_seconds: longest wait for a lock. Progress is reported as "restore" in pages. The prepared file is left
    as it was. The target's journal mode, owner and permissions stay as they are.

    Raises:
        TargetInUse: another program kept its lock to the deadline. NoSpace: less room than journal and growth need.
        Refused: there is no healthy database of a fitting page size to write into; install_replace can be used.
        Cancelled. In every case the target is as it was.
    """
    try:
        found = find_source(target, monitor)
    except (SourceMissing, NotADatabase) as error:
        raise _needs_replacement(target, error.message) from error
    if identity_of(prepared) == found.identity:
        raise Refused(f"{target} cannot be restored from itself", hint="Choose a backup.")
    pace = Pace(_STEP_PAGES, deadline_seconds, None, "restore", found.path)
    try:
        with closing(_open_target(found.path)) as connection:
            _reach(connection, pace, clock=clock, monitor=monitor)
            wal = _look_at_target(connection, prepared, found.path)
            with _journal_mode_bytes(prepared, wal=wal), closing(_open_prepared(prepared)) as origin:
                transfer(origin, connection, pace, clock=clock, monitor=monitor)
    except SourceBusy as error:
        raise _in_use(found.path) from error
    except sqlite3.Error as error:
        if is_busy(error):
            raise _in_use(found.path) from error
        if code_of(error) == sqlite3.SQLITE_FULL:
            raise NoSpace(f"no room to restore over {found.path}", safe="The database was not changed.") from error
        raise _needs_replacement(found.path, f"{error} (code {code_of(error)})") from error


def _open_target(target: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(uri(target, "mode=rw"), uri=True, timeout=_DRAIN_SECONDS, isolation_level=None)
    # Litekeep is never one more checkpointer beside a running program: racing checkpoints can lose commits in
    # SQLite 3.7.0 to 3.51.2 (sqlite.org wal, the WAL-reset bug).
    try:
        for setting in ("mmap_size=0", "wal_autocheckpoint=0", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {setting}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _reach(connection: sqlite3.Connection, pace: Pace, *, clock: Clock, monitor: Monitor) -> None:
    """Read once, waiting for the lock; SQLite rolls a hot journal back here."""
    patience = Patience(pace.wait_seconds, clock=clock, monitor=monitor)
    while True:
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
            connection.execute("PRAGMA synchronous=EXTRA").fetchall()
            return
        except sqlite3.Error as error:
            if not is_busy(error) or patience.exhausted:
                raise
            patience.pause()


def _look_at_target(connection: sqlite3.Connection, prepared: Path, target: Path) -> bool:
    """Check page size and room; True if the target is in WAL mode."""
    wal = str(connection.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"
    page_size = int(connection.execute("PRAGMA page_size").fetchone()[0])
    old = int(connection.execute("PRAGMA page_count").fetchone()[0]) * page_size
    with closing(_open_prepared(prepared)) as origin:
        new_page_size = int(origin.execute("PRAGMA page_size").fetchone()[0])
    if wal and old and new_page_size != page_size and prepared.stat().st_size:
        raise Refused(
            f"{target} has pages of {page_size} bytes and the backup of {new_page_size}; "
            "SQLite cannot change that while a database is in WAL mode",
            safe="The database was not changed.",
            hint="Close all programs that use it and restore by replacing the file, or restore to a new path.",
        )
    new = prepared.stat().st_size
    # Journal: all old pages; log: all new pages; and the file itself may grow.
    require_room(target.parent, max(old, new) + max(0, new - old), f"restoring over {target}")
    return wal


def _open_prepared(prepared: Path) -> sqlite3.Connection:
    return open_for_reading(Path(os.path.abspath(prepared)), "mode=ro&immutable=1")


@contextmanager
def _journal_mode_bytes(prepared: Path, *, wal: bool) -> Iterator[None]:
    """Let the prepared file's header name the target's journal mode for a while; nobody else uses the file."""
    with open(prepared, "r+b") as stream:
        stream.seek(_VERSIONS_OFFSET)
        before = stream.read(2)
        if len(before) == 2:
            stream.seek(_VERSIONS_OFFSET)
            stream.write(b"\x02\x02" if wal else b"\x01\x01")
    try:
        yield
    finally:
        if len(before) == 2:
            with open(prepared, "r+b") as stream:
                stream.seek(_VERSIONS_OFFSET)
                stream.write(before)


def _in_use(target: Path) -> TargetInUse:
    return TargetInUse(
        f"another program keeps {target} locked",
        safe="The database was not changed.",
        hint="Close the programs that use it, or try again when they are idle.",
    )


def _needs_replacement(target: Path, why: str) -> Refused:
    return Refused(
        f"{target} cannot be restored through SQLite: {why}",
        safe="The file was not changed.",
        hint="Close all programs that use it and restore by replacing the file, or restore to a new path.",
    )
