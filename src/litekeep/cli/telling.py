"""The Monitor of the command line: warnings and progress to stderr, and Ctrl-C to the engine."""

from __future__ import annotations

from litekeep.cli.interrupt import Interrupt
from litekeep.cli.output import Output
from litekeep.cli.progress import Display, Phase
from litekeep.clock import Clock
from litekeep.monitor import Fact


class Telling:
    """warnings: (code, message) of all that were told, for the JSON result."""

    def __init__(self, output: Output, display: Display, interrupt: Interrupt, clock: Clock) -> None:
        self.warnings: list[tuple[str, str]] = []
        self._output = output
        self._display = display
        self._interrupt = interrupt
        self._clock = clock
        self._phase: Phase | None = None

    def event(self, name: str, /, **facts: Fact) -> None:
        """Show warnings; everything else is in the command's result."""
        if name == "warning":
            self.warn(str(facts.get("code", "")), str(facts.get("message", "")))

    def warn(self, code: str, message: str) -> None:
        """Show a warning once."""
        if (code, message) not in self.warnings:
            self.warnings.append((code, message))
            self.clear()
            self._output.warn(message)

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """Show how far it is."""
        if phase == "scrub" and unit == "frames":
            return  # of one pack among many
        now = self._clock.monotonic()
        if self._phase is None or (self._phase.name, self._phase.unit) != (phase, unit) or done < self._phase.done:
            self._phase = Phase(phase, unit, now)
        self._phase.done, self._phase.total = done, total
        self._display.show(self._phase, now)

    def cancelled(self) -> bool:
        """True after Ctrl-C."""
        return self._interrupt.wanted

    def clear(self) -> None:
        """Make room for other output."""
        self._display.clear()
