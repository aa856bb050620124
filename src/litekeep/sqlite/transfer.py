"""One run of SQLite's backup API with what Connection.backup() lacks: a deadline, cancellation, honest waiting.

Connection.backup() loops for ever on SQLITE_BUSY; the only way out is an exception from its progress callback, which
finishes the backup handle cleanly: an unfinished transaction of the destination is rolled back (sqlite.org
c3ref/backup_finish).
There is never a pause between two steps that move pages; pauses happen only while a lock is in the way.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import LitekeepError, SourceBusy
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.records import dataclass
from litekeep.sqlite.connect import Patience, still_locked

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@dataclass(frozen=True, slots=True)
class Pace:
    """How one transfer moves.

    step_pages: pages per step. wait_seconds: longest wait for a lock. limit_seconds: longest whole transfer, None for
    no limit. phase: the word for Monitor.progress. subject: the file that messages name.
    """

    step_pages: int
    wait_seconds: float
    limit_seconds: float | None
    phase: str
    subject: Path


def transfer(
    origin: sqlite3.Connection, target: sqlite3.Connection, pace: Pace, *, clock: Clock, monitor: Monitor
) -> None:
    """Copy all pages of `origin` into `target` in one transaction of the target.

    Raises SourceBusy for a lock that lasts or a limit that is passed, Cancelled, or sqlite3.Error as it came.
    """
    patience = Patience(pace.wait_seconds, clock=clock, monitor=monitor)
    started = clock.monotonic()

    def after_step(status: int, remaining: int, total: int) -> None:
        if status == sqlite3.SQLITE_DONE:  # committed: too late to stop
            monitor.progress(pace.phase, total, total, "pages")
            return
        stop_if_cancelled(monitor)
        if pace.limit_seconds is not None and clock.monotonic() - started > pace.limit_seconds:
            raise too_slow(pace.subject, pace.limit_seconds)
        if status & 0xFF in _BUSY:
            if patience.exhausted:
                raise still_locked(pace.subject, patience.waited_seconds)
            patience.pause()
            return
        patience.renew()
        monitor.progress(pace.phase, total - remaining, total, "pages")

    origin.backup(target, pages=pace.step_pages, progress=after_step, sleep=0)


def too_slow(subject: Path, limit_seconds: float) -> LitekeepError:
    """The error for a copy that passes its limit."""
    return SourceBusy(
        f"copying {subject} took longer than {limit_seconds} seconds",
        safe="The copy was abandoned, and nothing else was changed.",
        hint="Allow more time, or look for what slows the disk down.",
    )
