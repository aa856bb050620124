"""BackupLogger: the log that people read, in a file of its own. A Monitor.

    2026-09-24T02:00:01+02:00 INFO    app: backup of /srv/app.db started (scheduled)
    2026-09-24T02:00:02+02:00 INFO    app: backup 7f3a2c91 finished: 48.3 MiB, 194 KiB new, verified; 1.4 s

Why not the logging module: its handlers rotate safely for one process only, it is configured for the whole process, so
a host's settings would reach our log and ours theirs, and importing it costs a quarter of a backup's start. The lines
are the same; what several processes need is in storage.linefile.

A log that cannot be written never stops a run: `problem` says why, for the journal and the doctor. Credentials are
hidden and control characters escaped, so that neither a password nor a forged line gets in; row data never comes this
way, because events hold none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from litekeep.clock import Clock
from litekeep.journal.history import Row
from litekeep.journal.journal import always
from litekeep.journal.sentences import Importance, line_of_end, line_of_event
from litekeep.monitor import Fact
from litekeep.redaction import one_line, redact
from litekeep.storage.linefile import append_line

NAME = "backup.log"
ROTATE_AT_BYTES = 1 << 20
KEEP = 3
"""Older files that stay: with the newest, some 40,000 lines, or many years of daily backups."""
LONGEST_LINE = 1000
_MOST_WAITING = 50
_PARTS_OF_A_DRILL = frozenset({"restore_started", "restore_finished"})


class BackupLogger:
    """Writes one line for whatever happens.

    Args:
        path: the log file; its folder is never made.
        clock: for the time at the beginning of a line, told in its zone.
        source: name of the database, if it is known; may be set later.
        secrets: values to hide wherever they occur.
        ready: lines wait until this is true (a repository that is only being made), and are dropped if it never is.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        source: str = "",
        secrets: Iterable[str] = (),
        ready: Callable[[], bool] = always,
        rotate_at_bytes: int = ROTATE_AT_BYTES,
        keep: int = KEEP,
    ) -> None:
        self.path = path
        self.source = source
        self.problem = ""
        self._clock = clock
        self._secrets = tuple(secrets)
        self._ready = ready
        self._rotate_at_bytes = rotate_at_bytes
        self._keep = keep
        self._waiting: list[bytes] = []
        self._drilling = False

    def event(self, name: str, /, **facts: Fact) -> None:
        """Write the line of an event, if it has one."""
        if name in ("drill_started", "drill_finished"):
            self._drilling = name == "drill_started"
        elif self._drilling and name in _PARTS_OF_A_DRILL:
            return
        line = line_of_event(name, facts)
        if line is not None:
            self.write(*line)

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """Not written."""

    def cancelled(self) -> bool:
        """Never."""
        return False

    def ended(self, row: Row) -> None:
        """Write how a run ended, where no event told it: it failed, was skipped, or was overdue and never began."""
        self.source = row.source or self.source
        line = line_of_end(row)
        if line is not None:
            self.write(*line)

    def write(self, importance: Importance, text: str) -> None:
        """Write a line; if that fails, `problem` says why. Never raises OSError."""
        head = f"{self._clock.now().isoformat(timespec='seconds')} {importance.value:<7} "
        name = f"{self.source}: " if self.source else ""
        body = one_line(redact(f"{name}{text}", self._secrets))[:LONGEST_LINE]
        self._waiting = [*self._waiting[1 - _MOST_WAITING :], (head + body).encode("utf-8", "backslashreplace")]
        if self._ready():
            self._flush()

    def _flush(self) -> None:
        try:
            while self._waiting:
                append_line(self.path, self._waiting[0], rotate_at_bytes=self._rotate_at_bytes, keep=self._keep)
                del self._waiting[0]
        except OSError as error:
            self.problem = f"the log {self.path} cannot be written: {error.strerror or error}"
        else:
            self.problem = ""
