"""From a live database to a consistent image of it, without being noticed.

The order of steps, and why it is safe:

1. The path is resolved and judged with os.stat only (source.py). No descriptor of the file is opened and closed here.
2. A read-only connection begins a read transaction (opening.py). From here the state is fixed: in WAL mode by a read
   mark that checkpoints respect, in rollback mode by a SHARED lock.
3. Facts and fingerprint are read while the transaction is held, through SQLite's own descriptors: pread on a number
   found in /dev/fd by (device, inode). A descriptor opened here and closed again would drop the process's POSIX locks
   (sqlite.org howtocorrupt 2.2). Where there is no /dev/fd, ours are closed after the connection.
4. The backup API copies all pages. Because the read transaction is already open, a commit of another connection cannot
   restart it: measured 0 restarts at 2,700 commits/s, against 5,089 without.
5. The transaction ends at once, then the path is looked at again: if another file is there now, we have copied one that
   its users no longer see, and `capture` starts over.

The copy differs from the source's committed state only in bytes 24-27 and 92-95 of page 1 (change counter and its
twin); the schema cookie, which the backup API increments, is put back.

Nothing is ever written to the source: no checkpoint, no journal mode, no table. A WAL database that nobody has open
gets an empty -wal and a -shm from SQLite itself, because a reader cannot remove them; its next user does.

Measured with 205 MB, pages of 4 KiB, ext4, warm cache, 2 cores: destination page cache of 100 pages 0.16 s, SQLite's
default (2 MB) 0.21-0.25 s, 64 MB 0.28 s, no spilling 0.29 s: pages written out while still in the processor's cache are
cheapest. Steps of 1,024 or more pages cost the same as one single step (0.16 s), steps of 64 0.21 s. So steps of 1,024
pages: cancellation and deadline work within milliseconds, and writers in rollback mode wait no longer.
pin with facts and fingerprint takes about 0.5 ms, whatever the size.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import BackupFailed, Refused, SourceBusy, SourceUnreadable
from litekeep.model import DatabaseFacts
from litekeep.monitor import Monitor
from litekeep.sqlite import observe
from litekeep.sqlite.connect import Patience, check_length, unreadable, uri
from litekeep.sqlite.filesystem import require_room
from litekeep.sqlite.fingerprint import Fingerprint
from litekeep.sqlite.header import SCHEMA_COOKIE_OFFSET
from litekeep.sqlite.opening import Opening
from litekeep.sqlite.source import find_source, identity_of
from litekeep.sqlite.transfer import Pace, transfer

ATTEMPTS = 3
COPY_CACHE_PAGES = 100
# Above this, writers in rollback mode are likely to have met their busy_timeout (5 s is Python's and Django's default).
_LONG_HOLD_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """How patient a capture is.

    deadline_seconds: longest wait for a lock; moving pages does not count, a big database may take its time.
    step_pages: pages copied between two looks at cancellation and limits. copy_limit_seconds: longest copy as a whole,
    None for no limit. scratch: folder for a working copy where one is needed; None for the system's.
    """

    deadline_seconds: float = 60.0
    step_pages: int = 1024
    copy_limit_seconds: float | None = None
    scratch: Path | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A consistent copy of a database in one file, to be read by anyone at leisure (no -wal, no journal)."""

    path: Path
    facts: DatabaseFacts
    fingerprint: Fingerprint
    method: str


class SourceReplaced(SourceBusy):
    """The path leads to another file than the one that was opened; what was copied is of no use."""


class PinnedSource:
    """One committed state of a database, held still until the `with` block ends or the copy is made.

    facts, fingerprint: of that state. source: the resolved path.
    """

    def __init__(
        self,
        opening: Opening,
        connection: sqlite3.Connection,
        seen: observe.Seen,
        clock: Clock,
        options: CaptureOptions,
    ) -> None:
        self.facts = seen.facts
        self.fingerprint = seen.fingerprint
        self.source = opening.found.path
        self._seen = seen
        self._identity = opening.found.identity
        self._monitor = opening.monitor
        self._connection: sqlite3.Connection | None = connection
        self._clock = clock
        self._options = options

    @property
    def replaced(self) -> bool:
        """True if the path now leads to another file, or to none."""
        return identity_of(self.source) != self._identity

    def copy_to(self, destination: Path) -> Image:
        """Copy the pinned state into the new file `destination` (mode 0600) and end the read transaction; once only.

        Progress is reported as "capture" in pages. On any error the destination is removed.

        Raises:
            SourceReplaced: another file took the source's place; pin again (`capture` does).
            Refused: the destination exists. NoSpace: less than 1.05 x the database's size is free there.
            SourceBusy, SourceUnreadable, Cancelled.
        """
        if self._connection is None:
            raise Refused("a pinned state can be copied only once", hint="Pin the source again.")
        destination = Path(os.path.abspath(destination))
        check_length(destination)
        require_room(destination.parent, self.facts.size_bytes, "the copy of the database")
        _create(destination)
        try:
            if self.facts.page_count:
                self._copy_pages(destination)
            self._release()
            if self.replaced or self._seen.disturbed():
                raise _replaced(self.source)
            if self.facts.page_count:
                _finish(destination, self.facts)
        except BaseException:
            with suppress(OSError):
                destination.unlink()
            raise
        return Image(destination, self.facts, self.fingerprint, "backup_api")

    def _copy_pages(self, destination: Path) -> None:
        assert self._connection is not None
        options = self._options
        pace = Pace(options.step_pages, options.deadline_seconds, options.copy_limit_seconds, "capture", self.source)
        started = self._clock.monotonic()
        try:
            target = _open_destination(destination)
            try:
                transfer(self._connection, target, pace, clock=self._clock, monitor=self._monitor)
                self._release()  # writers go on while the copy is closed
            finally:
                target.close()
        except sqlite3.Error as error:
            raise unreadable(error, self.source) from error
        self._mention_long_hold(self._clock.monotonic() - started)

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.execute("ROLLBACK")
            self._connection = None

    def _mention_long_hold(self, seconds: float) -> None:
        if self.facts.journal_mode != "wal" and seconds > _LONG_HOLD_SECONDS:
            self._monitor.event(
                "warning",
                code="writers_waited",
                message=f"programs writing to {self.source} had to wait up to {seconds:.1f} seconds for the backup; "
                "in WAL mode (PRAGMA journal_mode=WAL) they would not",
            )


@contextmanager
def pin(source: Path, *, clock: Clock, monitor: Monitor, options: CaptureOptions) -> Iterator[PinnedSource]:
    """Hold one committed state of the database at `source` and tell its facts.

    The read transaction lasts until copy_to has copied or the block ends: keep it short, in rollback mode writers wait
    and in WAL mode the log grows. Use it in the thread that entered it. No other connection to the file may be open in
    this process through another copy of the SQLite library.

    Raises: SourceMissing, NotADatabase, SourceBusy (also SourceReplaced), SourceUnreadable, Refused, NoSpace,
    Cancelled.
    """
    moment = observe.Moment(clock.now(), clock.boot())
    with ExitStack() as stack:
        found = find_source(source, monitor)
        patience = Patience(options.deadline_seconds, clock=clock, monitor=monitor)
        opening = Opening(found, options.scratch, patience, monitor, stack)
        connection = opening.begin()
        # Raw descriptors, where they are needed at all, are closed by `stack`, which ends after this block.
        try:
            try:
                seen = observe.observe(opening, connection, moment, clock)
            except observe.FileNotFoundInProcess as error:
                raise _replaced(found.path) from error
            except (sqlite3.Error, OSError) as error:
                raise unreadable(error, found.path) from error
            yield PinnedSource(opening, connection, seen, clock, options)
        finally:
            connection.close()


def capture(
    source: Path, destination: Path, *, clock: Clock, monitor: Monitor, options: CaptureOptions | None = None
) -> Image:
    """Pin and copy, and start over (three times at most) when the file is replaced meanwhile.

    Raises what pin and PinnedSource.copy_to raise.
    """
    options = options or CaptureOptions()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with pin(source, clock=clock, monitor=monitor, options=options) as pinned:
                return pinned.copy_to(destination)
        except SourceReplaced:
            if attempt == ATTEMPTS:
                raise
            monitor.event("source_replaced", attempt=attempt)
    raise AssertionError("unreachable")


def _replaced(path: Path) -> SourceReplaced:
    return SourceReplaced(
        f"{path} was replaced by another file while it was read",
        safe="The copy was discarded, and earlier backups are unchanged.",
        hint="Back up again when the program that replaces it has finished.",
    )


def _create(destination: Path) -> None:
    try:
        os.close(os.open(destination, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise Refused(f"{destination} exists already", safe="It was left as it is.", hint="Name a new file.") from error
    except OSError as error:
        raise BackupFailed(
            f"{destination} cannot be created: {error}", safe="The database was only read.", hint="Check the folder."
        ) from error


def _open_destination(destination: Path) -> sqlite3.Connection:
    """Our own new file: no journal and no syncs, because after a crash it is thrown away."""
    target = sqlite3.connect(uri(destination, "mode=rw"), uri=True, timeout=0, isolation_level=None)
    for setting in (
        "journal_mode=OFF",
        "synchronous=OFF",
        "locking_mode=EXCLUSIVE",
        "mmap_size=0",
        f"cache_size={COPY_CACHE_PAGES}",
    ):
        target.execute(f"PRAGMA {setting}").fetchall()
    return target


def _finish(destination: Path, facts: DatabaseFacts) -> None:
    """Put the source's schema cookie back, and prove that every page arrived."""
    with open(destination, "r+b") as stream:
        stream.seek(SCHEMA_COOKIE_OFFSET)
        stream.write((facts.schema_version & 0xFFFFFFFF).to_bytes(4, "big"))
        size = stream.seek(0, os.SEEK_END)
    if size != facts.size_bytes:
        raise SourceUnreadable(
            f"the copy has {size} bytes instead of {facts.size_bytes}",
            safe="The copy was discarded, and the database was only read.",
            hint="Back up again; if it repeats, check the disk.",
        )
