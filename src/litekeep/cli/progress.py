"""How far an operation is: a bar on a terminal, plain lines elsewhere, or nothing. Always on stderr.

The first fraction of a second shows nothing: most operations are over by then, and drawing a bar costs an import.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import click

from litekeep.cli import words
from litekeep.clock import Clock
from litekeep.records import dataclass

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PHASES = {
    "capture": "Reading the database",
    "compare": "Looking for changes",
    "store": "Storing",
    "verify": "Reading back",
    "read": "Reading the backup",
    "check": "Checking",
    "restore": "Writing the database",
    "unpack": "Unpacking",
    "scrub": "Reading stored objects",
    "bases": "Reading earlier pages",
    "plan": "Planning",
    "compact": "Rewriting packs",
    "read back": "Reading them back",
    "sync": "Sending",
}
_PATIENCE_SECONDS = 0.4
_ESTIMATE_AFTER_SECONDS = 3.0
_LINE_EVERY_SECONDS = 30.0


@dataclass(slots=True)
class Phase:
    """One phase as it goes on; units are pages, blocks, frames, bytes or steps."""

    name: str
    unit: str
    started: float
    done: int = 0
    total: int = 0

    def amount(self) -> str:
        """ "1,024 of 2,560 pages", "14.2 MiB"."""
        if self.unit == "bytes":
            shown = words.size(self.done)
            return f"{shown} of {words.size(self.total)}" if self.total else shown
        return f"{self.done:,} of {self.total:,} {self.unit}" if self.total else f"{self.done:,} {self.unit}"

    def speed(self, now: float) -> str:
        """Rate and, after three seconds, the time that is left; empty while nothing can be said."""
        passed = now - self.started
        if passed < 1 or not self.done:
            return ""
        rate = self.done / passed
        text = f"{words.size(int(rate))}/s" if self.unit == "bytes" else f"{rate:,.0f} {self.unit}/s"
        if passed >= _ESTIMATE_AFTER_SECONDS and self.total > self.done:
            text += f", about {words.seconds(max(1.0, (self.total - self.done) / rate))} left"
        return text


class Display(Protocol):
    """Shows phases."""

    def show(self, phase: Phase, now: float) -> None:
        """The phase has moved."""

    def clear(self) -> None:
        """Leave the terminal in order; more may follow."""


class Nothing:
    """Shows nothing."""

    def show(self, phase: Phase, now: float) -> None:
        """Ignore."""

    def clear(self) -> None:
        """Nothing to clear."""


class Lines:
    """One line for every 10 % or 30 seconds of a phase."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._phase: Phase | None = None
        self._tenths = 0
        self._last = 0.0

    def show(self, phase: Phase, now: float) -> None:
        """A line, if it is time for one."""
        if phase is not self._phase:
            self._phase, self._tenths, self._last = phase, 0, now
        tenths = phase.done * 10 // phase.total if phase.total else 0
        if tenths > self._tenths or now - self._last >= _LINE_EVERY_SECONDS:
            self._tenths, self._last = tenths, now
            percent = f" {phase.done * 100 // phase.total} %" if phase.total else ""
            speed = phase.speed(now)
            title = PHASES.get(phase.name, phase.name)
            self._write(f"{title}:{percent} ({phase.amount()}){', ' + speed if speed else ''}")

    def clear(self) -> None:
        """Lines stay."""


class Bar:
    """A bar by rich, drawn only when an operation takes longer than a moment."""

    def __init__(self, now: float, *, colour: bool) -> None:
        self._started = now
        self._colour = colour
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._phase: Phase | None = None

    def show(self, phase: Phase, now: float) -> None:
        """Draw, or wait a moment more."""
        if now - self._started < _PATIENCE_SECONDS:
            return
        if self._progress is None:
            self._progress = self._begin()
        if phase is not self._phase or self._task is None:
            if self._task is not None:
                self._progress.remove_task(self._task)
            title = PHASES.get(phase.name, phase.name)
            self._task, self._phase = self._progress.add_task(title, total=None, amount="", speed=""), phase
        self._progress.update(
            self._task, completed=phase.done, total=phase.total or None, amount=phase.amount(), speed=phase.speed(now)
        )

    def _begin(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True, no_color=not self._colour, highlight=False)
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[amount]}"),
            TextColumn("{task.fields[speed]}"),
            console=console,
            transient=True,
        )
        progress.start()
        return progress

    def clear(self) -> None:
        """Remove the bar."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = self._task = self._phase = None


def choose_display(wish: str, *, json_mode: bool, quiet: bool, terminal: bool, colour: bool, clock: Clock) -> Display:
    """The display that fits wish and surroundings."""
    if wish == "plain":
        return Lines(lambda text: click.echo(text, file=sys.stderr))
    if wish == "none" or json_mode or quiet or not terminal:
        return Nothing()
    return Bar(clock.monotonic(), colour=colour)
