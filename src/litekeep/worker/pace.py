"""Progress at the pace of people: the engine tells of it hundreds of times a second, who listens needs ten."""

from __future__ import annotations

import time

from litekeep.monitor import Fact, Monitor

PROGRESS_SECONDS = 0.1
"""What people can see, at next to no cost for the application."""
_Progress = tuple[str, int, int, str]


class Paced:
    """A Monitor that passes everything on, but progress within one phase not oftener than every PROGRESS_SECONDS.

    The first and the last of a phase are always told: what was kept back comes before the next phase, before the next
    event, and with `flush`, which whoever runs the operation calls at its end.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._told_at = 0.0
        self._phase = ""
        self._kept: _Progress | None = None

    def event(self, name: str, /, **facts: Fact) -> None:
        """Pass on."""
        self.flush()
        self._monitor.event(name, **facts)

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """Pass on, or keep."""
        now = time.monotonic()  # noqa: TID251 - only to be polite; nothing is decided by it
        if phase != self._phase:
            self.flush()
        elif not (0 < total <= done) and now - self._told_at < PROGRESS_SECONDS:
            self._kept = (phase, done, total, unit)
            return
        self._phase, self._told_at, self._kept = phase, now, None
        self._monitor.progress(phase, done, total, unit)

    def cancelled(self) -> bool:
        """Ask."""
        return self._monitor.cancelled()

    def flush(self) -> None:
        """Tell what was kept back."""
        kept, self._kept = self._kept, None
        if kept is not None:
            self._monitor.progress(*kept)
