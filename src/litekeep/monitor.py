"""The only way out of the engine for progress, events and non-fatal problems, and the way in for "please stop".

The command line, the journal, a view and the tests each are a Monitor; the engine knows nothing else of them.
Implementations must be quick (they are called on the engine's thread, up to a few hundred times a second) and must not
raise. Values in events are plain facts (numbers, text, booleans): never row data, page bytes or secrets.
"""

from __future__ import annotations

from typing import Protocol

from litekeep.errors import Cancelled

Fact = str | int | float | bool | None


class Monitor(Protocol):
    """Receives what happens during one operation."""

    def event(self, name: str, /, **facts: Fact) -> None:
        """Something happened: `name` is a word of docs/reference/events.md; facts carry their unit in the name."""

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """`done` of `total` units ("pages", "bytes", "objects") of a phase are finished; total 0: not known yet."""

    def cancelled(self) -> bool:
        """True when the operation should stop at the next safe point."""


class Silent:
    """A Monitor that ignores everything and never cancels."""

    def event(self, name: str, /, **facts: Fact) -> None:
        """Ignore."""

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """Ignore."""

    def cancelled(self) -> bool:
        """Never."""
        return False


class Several:
    """Hands everything to several monitors; cancelled as soon as one of them is."""

    def __init__(self, *monitors: Monitor) -> None:
        self._monitors = monitors

    def event(self, name: str, /, **facts: Fact) -> None:
        """Pass on."""
        for monitor in self._monitors:
            monitor.event(name, **facts)

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """Pass on."""
        for monitor in self._monitors:
            monitor.progress(phase, done, total, unit)

    def cancelled(self) -> bool:
        """True if any is."""
        return any(monitor.cancelled() for monitor in self._monitors)


def stop_if_cancelled(monitor: Monitor) -> None:
    """Raise Cancelled when the monitor asks to stop; called at every point where stopping leaves nothing half done."""
    if monitor.cancelled():
        raise Cancelled("stopped on request", safe="Everything that was complete before is unchanged.")
