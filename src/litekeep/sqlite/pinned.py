"""One committed state of a database, held still by a read transaction: copy it, or read it through once.

Two ways lead to the same bytes: reading the files raw (rawread says when and why that is right), or SQLite's backup
API. The first is taken where it can be, the second everywhere else; the image's `method` says which it was. They differ
only in bytes 24-27 and 92-95 of page 1, which the backup API counts up; its schema cookie, counted up too, is put back.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import BackupFailed, Refused, SourceBusy, SourceUnreadable
from litekeep.model import DatabaseFacts
from litekeep.monitor import stop_if_cancelled
from litekeep.records import dataclass
from litekeep.sqlite import observe
from litekeep.sqlite.connect import check_length, unreadable, uri
from litekeep.sqlite.filesystem import file_errors, require_room, write_all
from litekeep.sqlite.fingerprint import Fingerprint
from litekeep.sqlite.header import SCHEMA_COOKIE_OFFSET
from litekeep.sqlite.opening import Opening
from litekeep.sqlite.rawread import RawSource
from litekeep.sqlite.source import identity_of
from litekeep.sqlite.transfer import Pace, too_slow, transfer
from litekeep.sqlite.wal import WalTrouble

COPY_CACHE_PAGES = 100
RAW_CHUNK_BYTES = 2 << 20
# Above this, writers in rollback mode are likely to have met their busy_timeout (5 s is Python's and Django's default).
_LONG_HOLD_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """How patient a capture is.

    deadline_seconds: longest wait for a lock; moving pages does not count, a big database may take its time.
    step_pages: pages copied between two looks at cancellation and limits. copy_limit_seconds: longest copy as a whole,
    None for no limit. scratch: folder for a working copy where one is needed; None for the system's. raw: read the
    files themselves where that is safe; False: always through SQLite.
    """

    deadline_seconds: float = 60.0
    step_pages: int = 1024
    copy_limit_seconds: float | None = None
    scratch: Path | None = None
    raw: bool = True


@dataclass(frozen=True, slots=True)
class Image:
    """A consistent copy of a database in one file, to be read by anyone at leisure (no -wal, no journal).

    method: "raw_read" or "backup_api". After PinnedSource.reading the file holds only what was kept.
    """

    path: Path
    facts: DatabaseFacts
    fingerprint: Fingerprint
    method: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A pinned state while it is read.

    fill: fills a view with whole pages from an offset, from any thread. check: to be called between reads, on the
    thread that holds the state. `image` is complete as far as it was kept.
    """

    image: Image
    descriptor: int
    fill: Callable[[int, memoryview], None]
    check: Callable[[], None]

    def keep(self, offset: int, view: memoryview | bytes) -> None:
        """Write bytes to their place in the image's file."""
        write_all(self.descriptor, memoryview(view), offset)


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
        raw: RawSource | None,
        clock: Clock,
        options: CaptureOptions,
    ) -> None:
        self.facts = seen.facts
        self.fingerprint = seen.fingerprint
        self.source = opening.found.path
        self._seen = seen
        self._raw = raw
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
        method = "backup_api"
        with _removed_on_error(destination):
            if self.facts.page_count:
                method = self._copy_pages(destination)
            self._release()
            self._require_undisturbed()
            if self.facts.page_count:
                _finish(destination, self.facts)
        return Image(destination, self.facts, self.fingerprint, method)

    @property
    def readable(self) -> bool:
        """True if `reading` can be used; else copy_to is the way."""
        return self._raw is not None and self.facts.page_count > 0

    @contextmanager
    def reading(self, destination: Path) -> Iterator[Reading]:
        """Read the pinned state through once, without copying it; the read transaction ends with the block.

        The new file `destination` takes what the caller keeps. Raises in the end what copy_to raises, and WalTrouble.
        """
        if self._connection is None or self._raw is None:
            raise Refused("this state cannot be read raw", hint="Copy it.")
        destination = Path(os.path.abspath(destination))
        check_length(destination)
        _create(destination)
        with _removed_on_error(destination), file_errors(destination.parent):
            with destination.open("r+b", buffering=0) as file:
                file.truncate(self.facts.size_bytes)
                image = Image(destination, self.facts, self.fingerprint, "raw_read")
                started = self._clock.monotonic()
                yield Reading(image, file.fileno(), self._fill, self._checker(started))
                self._mention_long_hold(self._clock.monotonic() - started)
            self._release()
            self._require_undisturbed()

    def _fill(self, offset: int, view: memoryview) -> None:
        assert self._raw is not None
        try:
            self._raw.read(self.facts, offset, view)
        except OSError as error:
            raise unreadable(error, self.source) from error

    def _checker(self, started: float) -> Callable[[], None]:
        limit = self._options.copy_limit_seconds

        def check() -> None:
            stop_if_cancelled(self._monitor)
            if limit is not None and self._clock.monotonic() - started > limit:
                raise too_slow(self.source, limit)

        return check

    def _require_undisturbed(self) -> None:
        if self.replaced or self._seen.disturbed():
            raise replaced_meanwhile(self.source)

    def _copy_pages(self, destination: Path) -> str:
        """Copy by the best way that works; returns its name."""
        if self._raw is not None:
            try:
                self._copy_raw(destination)
            except WalTrouble as trouble:
                self._monitor.event("raw_read_given_up", reason=str(trouble))
                os.truncate(destination, 0)
            else:
                return "raw_read"
        self._copy_through_sqlite(destination)
        return "backup_api"

    def _copy_raw(self, destination: Path) -> None:
        page_size, size, started = self.facts.page_size, self.facts.size_bytes, self._clock.monotonic()
        step = min(self._options.step_pages * page_size, max(RAW_CHUNK_BYTES, page_size), size)
        buffer, check = memoryview(bytearray(step)), self._checker(started)
        with file_errors(destination.parent), destination.open("r+b", buffering=0) as file:
            for offset in range(0, size, step):
                view = buffer[: min(step, size - offset)]
                self._fill(offset, view)
                write_all(file.fileno(), view, offset)
                self._monitor.progress("capture", (offset + len(view)) // page_size, self.facts.page_count, "pages")
                check()
            self._mention_long_hold(self._clock.monotonic() - started)
            self._release()

    def _copy_through_sqlite(self, destination: Path) -> None:
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
def _removed_on_error(destination: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            destination.unlink()
        raise


def replaced_meanwhile(path: Path) -> SourceReplaced:
    """The error for a path that leads to another file now."""
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
