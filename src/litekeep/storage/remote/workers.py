"""Requests run on threads of their own, so that whoever waits can stop waiting.

Ctrl-C and `cancelled` are heard within a fraction of a second, whatever the network does, and a transfer in which
nothing moves is given up. The thread that was given up is told by cutting its connection; it is a daemon, so that it
never keeps the process from ending. A request that was given up may still have been carried out: the contract of
`put` and `delete` allows that.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from litekeep.clock import Clock
from litekeep.errors import Cancelled
from litekeep.storage.remote.wire import Pace

_LOOK_SECONDS = 0.1
_IDLE_SECONDS = 20.0
_TIDYING_LOOKS = 6
CONCURRENT = 8
"""Requests under way at once; OpenSSH allows ten sessions on a connection."""

Result = TypeVar("Result")


class Stalled(Exception):
    """Nothing moved for too long."""


class _Task(Generic[Result]):
    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._done = threading.Event()
        self._result: Result
        self._error: BaseException | None = None

    def carry_out(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._error = error
        self._done.set()

    def wait(self) -> bool:
        return self._done.wait(_LOOK_SECONDS)

    def outcome(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._result


class Workers:
    """A few daemon threads that come when there is work and go when there is none."""

    def __init__(self, clock: Clock, stall_seconds: float, cancelled: Callable[[], bool] | None) -> None:
        self._clock = clock
        self._stall_seconds = stall_seconds
        self._cancelled = cancelled or (lambda: False)
        self._room = threading.BoundedSemaphore(CONCURRENT)
        self._guard = threading.Lock()
        self._idle: list[queue.SimpleQueue[_Task[object]]] = []

    def run(self, work: Callable[[Pace], Result], *, tidying: bool = False) -> Result:
        """The result of `work`; raises what it raises, Stalled, or Cancelled.

        tidying: it is begun although everything else was asked to stop, and gets a moment to end.
        """
        looks = _TIDYING_LOOKS if tidying else 0
        while not self._room.acquire(timeout=_LOOK_SECONDS):
            looks = self._stop_if_cancelled(looks)
        try:
            looks = self._stop_if_cancelled(looks)
            pace = Pace(self._stall_seconds, self._clock.monotonic)
            task = _Task(lambda: work(pace))
            self._hand_over(task)
            while not task.wait():
                looks = self._stop_if_cancelled(looks)
                if pace.stalled():
                    raise Stalled
            return task.outcome()
        finally:
            self._room.release()

    def _stop_if_cancelled(self, looks: int) -> int:
        if self._cancelled():
            if looks == 0:
                raise Cancelled("stopped on request", safe="Everything that was complete before is unchanged.")
            return looks - 1
        return looks

    def _hand_over(self, task: _Task[Result]) -> None:
        with self._guard:
            tasks = self._idle.pop() if self._idle else None
            if tasks is not None:
                tasks.put(task)  # type: ignore[arg-type]  # a queue of tasks of any result
                return
        threading.Thread(target=self._serve, args=(task,), name="litekeep-storage", daemon=True).start()

    def _serve(self, task: _Task[object]) -> None:
        tasks: queue.SimpleQueue[_Task[object]] = queue.SimpleQueue()
        while True:
            task.carry_out()
            del task
            with self._guard:
                self._idle.append(tasks)
            try:
                task = tasks.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._guard:
                    if tasks in self._idle:
                        self._idle.remove(tasks)
                        return
                task = tasks.get()  # handed over in the last moment
