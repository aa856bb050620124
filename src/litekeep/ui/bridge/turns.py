"""Short turns for threads while a view is there.

Each call of Tk gives up Python's lock and takes it again, and a thread that computes gives it back only after 5 ms:
drawing thirty things while facts are gathered takes 150 ms and more, measured. With turns of 1 ms it takes a fifth.
"""

from __future__ import annotations

import sys
import threading

SECONDS = 0.001


class ShortTurns:
    """For the process, from the first `begin` to the last `end`; a program that has shorter ones keeps them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._count = 0
        self._before = 0.0

    def begin(self) -> None:
        """A view is there."""
        with self._guard:
            self._count += 1
            if self._count == 1:
                self._before = sys.getswitchinterval()
                if self._before > SECONDS:
                    sys.setswitchinterval(SECONDS)

    def end(self) -> None:
        """It is gone."""
        with self._guard:
            self._count -= 1
            if self._count == 0 and abs(sys.getswitchinterval() - SECONDS) < SECONDS / 10:
                sys.setswitchinterval(self._before)


SHORT_TURNS = ShortTurns()
