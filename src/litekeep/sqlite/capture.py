"""From a live database to a consistent image of it, without being noticed.

The order of steps, and why it is safe:

1. The path is resolved and judged with os.stat only (source.py). No descriptor of the file is opened and closed here.
2. A read-only connection begins a read transaction (opening.py). From here the state is fixed: in WAL mode by a read
   mark that checkpoints respect, in rollback mode by a SHARED lock.
3. Facts and fingerprint are read while the transaction is held, through SQLite's own descriptors: pread on a number
   found in /dev/fd by (device, inode). A descriptor opened here and closed again would drop the process's POSIX locks
   (sqlite.org howtocorrupt 2.2). Where there is no /dev/fd, ours are closed after the connection.
4. The pages are read from the files themselves where that is proven to be right (rawread.py), else copied by the backup
   API (pinned.py). Because the read transaction is already open, a commit of another connection cannot restart it:
   measured 0 restarts at 2,700 commits/s, against 5,089 without.
5. The transaction ends at once, then the path is looked at again: if another file is there now, we have copied one that
   its users no longer see, and `capture` starts over.

Nothing is ever written to the source: no checkpoint, no journal mode, no table. A WAL database that nobody has open
gets an empty -wal and a -shm from SQLite itself, because a reader cannot remove them; its next user does.

The backup API, measured with 205 MB, pages of 4 KiB, ext4, warm cache, 2 cores: destination page cache of 100 pages
0.16 s, SQLite's default (2 MB) 0.21-0.25 s, 64 MB 0.28 s, no spilling 0.29 s: pages written out while still in the
processor's cache are cheapest. Steps of 1,024 or more pages cost the same as one single step (0.16 s), steps of 64
0.21 s. So steps of 1,024 pages: cancellation and deadline work within milliseconds, and writers in rollback mode wait
no longer.
pin with facts and fingerprint takes about 0.5 ms, whatever the size.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from litekeep.clock import Clock
from litekeep.monitor import Monitor
from litekeep.records import dataclass
from litekeep.sqlite import observe
from litekeep.sqlite.connect import Patience, unreadable
from litekeep.sqlite.opening import Opening
from litekeep.sqlite.pinned import CaptureOptions, Image, PinnedSource, SourceReplaced, replaced_meanwhile
from litekeep.sqlite.rawread import RawSource, open_raw, settle
from litekeep.sqlite.source import find_source
from litekeep.sqlite.wal import WalIndex, WalTrouble

__all__ = ["ATTEMPTS", "CaptureOptions", "Image", "PinnedSource", "SourceReplaced", "capture", "pin"]

ATTEMPTS = 3


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
                how = _settled(opening, connection, options)
                if how.lost:
                    connection.close()
                    connection = opening.begin()
                seen = observe.observe(opening, connection, moment, clock)
                raw = _raw(opening, how, seen, monitor)
            except observe.FileNotFoundInProcess as error:
                raise replaced_meanwhile(found.path) from error
            except (sqlite3.Error, OSError) as error:
                raise unreadable(error, found.path) from error
            yield PinnedSource(opening, connection, seen, raw, clock, options)
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


@dataclass(frozen=True, slots=True)
class _Settled:
    """How to read: trouble says why not raw. lost: the transaction has to be begun anew."""

    index: WalIndex | None = None
    trouble: str = ""
    lost: bool = False


def _settled(opening: Opening, connection: sqlite3.Connection, options: CaptureOptions) -> _Settled:
    if not options.raw:
        return _Settled(trouble="not wanted")
    try:
        return _Settled(settle(opening, connection))
    except WalTrouble as trouble:
        return _Settled(trouble=str(trouble))
    except sqlite3.Error as error:
        return _Settled(trouble=str(error), lost=True)


def _raw(opening: Opening, how: _Settled, seen: observe.Seen, monitor: Monitor) -> RawSource | None:
    if how.trouble:
        return None
    try:
        return open_raw(opening, how.index, seen.facts)
    except (WalTrouble, OSError) as trouble:
        monitor.event("raw_read_given_up", reason=str(trouble))
        return None
