"""Work that takes longer than a frame: on a thread, with its end told to the thread of the window through a queue."""

from __future__ import annotations

import queue
from collections.abc import Callable
from threading import Thread
from typing import Any, Protocol

from examples.employees.models import database

POLL_MILLISECONDS = 50


class Timer(Protocol):
    """What is needed of a Tk widget."""

    def after(self, ms: int, func: Callable[[], None]) -> Any:
        """Call later."""

    def after_cancel(self, id: str) -> None:  # noqa: A002 - as Tk names it
        """Do not call."""


class Background:
    """One piece of work at a time. All methods but `post` belong to the thread of the window."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._next: Any = None
        self.busy = False
        self._poll()

    def post(self, call: Callable[[], None]) -> None:
        """Have it called on the thread of the window; from any thread."""
        self._calls.put(call)

    def run(self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Exception], None]) -> bool:
        """Begin; False if something else is going on. `done` or `failed` is called on the thread of the window."""
        if self.busy:
            return False
        self.busy = True

        def finish(call: Callable[[Any], None], value: Any) -> None:
            self.busy = False
            call(value)

        def body() -> None:
            try:
                with database.connection_context():
                    result = work()
            except Exception as error:  # noqa: BLE001 - every error is told to a person
                problem = error
                self.post(lambda: finish(failed, problem))
            else:
                self.post(lambda: finish(done, result))

        Thread(target=body, name="employees-work", daemon=True).start()
        return True

    def _poll(self) -> None:
        self._next = self._timer.after(POLL_MILLISECONDS, self._poll)  # first: a call that raises must not end it
        while not self._calls.empty():
            self._calls.get()()

    def close(self) -> None:
        """No more calls."""
        if self._next is not None:
            self._timer.after_cancel(self._next)
            self._next = None
