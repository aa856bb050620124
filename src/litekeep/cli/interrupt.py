"""Ctrl-C and SIGTERM: the first asks the running operation to stop where nothing is left half done, the second ends
the process at once. While a person is being asked something, the first one ends the question.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from litekeep.clock import SystemClock
from litekeep.errors import Cancelled

_SIGNALS = [signal.SIGINT, signal.SIGTERM]
if sys.platform == "win32":
    _SIGNALS.append(signal.SIGBREAK)


class Interrupt:
    """Remembers that somebody wants to stop."""

    def __init__(self, *, silent: bool = False) -> None:
        self.wanted = False
        self.number = 0
        """The signal that was first."""
        self._silent = silent
        self._at_a_safe_point = False
        self._tidy: Callable[[], None] = lambda: None

    @contextmanager
    def listening(self, tidy: Callable[[], None]) -> Iterator[None]:
        """Catch the signals. tidy: leaves the terminal in order before the process ends at once."""
        self._tidy = tidy
        before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def at_a_safe_point(self) -> Iterator[None]:
        """Here a signal may end everything: nothing is under way."""
        self._at_a_safe_point = True
        try:
            yield
        finally:
            self._at_a_safe_point = False

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._at_a_safe_point:
            raise KeyboardInterrupt
        if self.wanted:
            self._end()
        self.wanted, self.number = True, number
        if not self._silent:
            os.write(2, b"\nStopping at the next safe point; once more stops at once.\n")

    def _end(self) -> NoReturn:
        try:
            self._tidy()  # in the middle of anything, also of a write to the terminal
        finally:
            os._exit(130)


class StoppableClock(SystemClock):
    """The system's clock, but waiting (for a lock, say) ends when somebody wants to stop."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt

    def sleep(self, seconds: float) -> None:
        """Wait, or raise Cancelled."""
        deadline = self.monotonic() + seconds
        while (left := deadline - self.monotonic()) > 0:
            if self._interrupt.wanted:
                raise Cancelled("stopped while waiting", safe="Nothing was changed.")
            super().sleep(min(left, 0.1))
