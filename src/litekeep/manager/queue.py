"""One thread that gives jobs to a runner (the helper process), one after the other, and tells who listens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from litekeep.errors import Cancelled, UsageError
from litekeep.monitor import Fact, Monitor
from litekeep.worker.jobs import Job

Result = TypeVar("Result")
IDLE_SECONDS = 60.0
"""A helper process that had nothing to do for so long is ended; the next job starts another (0.2 s)."""
Listener = Callable[[str, dict[str, Fact]], None]


class Runner(Protocol):
    """Where jobs run: worker.process.HelperProcess, or worker.inline.InThisProcess."""

    def run(self, job: Job[Result], monitor: Monitor) -> Result:
        """Run one job; raises what it raises."""

    def kill(self) -> None:
        """From another thread: end what runs at once, if that is possible."""

    def close(self) -> None:
        """Nothing runs any more."""


class BackupFuture(Future[Result], Generic[Result]):
    """The result of a submitted job. `cancel` also stops one that is running, at its next safe point."""

    def __init__(self, verb: str, **facts: Fact) -> None:
        super().__init__()
        self.verb = verb
        self.facts: dict[str, Fact] = {"verb": verb, **facts}
        self.stop = threading.Event()
        self.worked_by: threading.Thread | None = None

    def result(self, timeout: float | None = None) -> Result:
        """Wait for it; raises UsageError where that could never end: in a listener, which holds up all jobs."""
        if self.worked_by is threading.current_thread() and not self.done():
            raise _never()
        return super().result(timeout)

    def cancel(self) -> bool:
        """Ask to stop; a running job then ends with Cancelled, unless it is through before. False if it has ended."""
        self.stop.set()
        return super().cancel() or not self.done()


class Listeners:
    """Those who want to know. One that raises is not asked again, and harms nobody."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._all: list[Listener] = []

    def add(self, listener: Listener) -> Callable[[], None]:
        """Returns what ends it."""
        with self._guard:
            self._all.append(listener)
        return lambda: self._remove(listener)

    def tell(self, name: str, facts: dict[str, Fact]) -> None:
        """Call everyone, on this thread."""
        for listener in tuple(self._all):
            try:
                listener(name, dict(facts))
            except BaseException:  # noqa: BLE001 - a listener's mistake must not end a backup, and sys.exit() is one
                self._remove(listener)

    def _remove(self, listener: Listener) -> None:
        with self._guard, suppress(ValueError):
            self._all.remove(listener)


class _JobMonitor:
    def __init__(self, future: BackupFuture[Any], listeners: Listeners) -> None:
        self._future = future
        self._listeners = listeners

    def event(self, name: str, /, **facts: Fact) -> None:
        self._listeners.tell(name, {**self._future.facts, **facts})

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        facts: dict[str, Fact] = {"phase": phase, "done": done, "total": total, "unit": unit}
        self._listeners.tell("progress", {**self._future.facts, **facts})

    def cancelled(self) -> bool:
        return self._future.stop.is_set()


class JobQueue:
    """Runs jobs in the order in which they come. The thread and the process are there only while they are needed."""

    def __init__(self, runner: Runner, listeners: Listeners) -> None:
        self._runner = runner
        self._listeners = listeners
        self._guard = threading.Lock()
        self._jobs: SimpleQueue[tuple[Job[Any], BackupFuture[Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.running: BackupFuture[Any] | None = None

    def submit(self, verb: str, job: Job[Result], **facts: Fact) -> BackupFuture[Result]:
        """Queue a job; raises UsageError after `close`. facts: told with each of its events, as the verb is."""
        future: BackupFuture[Result] = BackupFuture(verb, **facts)
        with self._guard:
            if self._closed:
                raise UsageError("this BackupManager is closed", hint="Make a new one.")
            if self._thread is None:
                thread = threading.Thread(target=self._loop, name="litekeep", daemon=True)
                thread.start()  # raises RuntimeError while Python ends; then nothing is queued
                self._thread = thread
            future.worked_by = self._thread
            self._jobs.put((job, future))
        return future

    def run(self, verb: str, job: Job[Result], timeout_seconds: float | None = None, **facts: Fact) -> Result:
        """Submit and wait; an interruption while waiting stops the job. Raises what the job raises, TimeoutError."""
        self.refuse_listeners()
        future = self.submit(verb, job, **facts)
        try:
            return future.result(timeout_seconds)
        except BaseException:
            if not future.done():
                future.cancel()
            raise

    def refuse_listeners(self) -> None:
        """Raises UsageError on the thread of the jobs: whatever waits for a job there would wait for ever."""
        if threading.current_thread() is self._thread:
            raise _never()

    def close(self, timeout_seconds: float) -> bool:
        """Stop what is running, and end thread and process; False if the process had to be killed."""
        with self._guard:
            self._closed = True
            thread, running = self._thread, self.running
        if running is not None:
            running.cancel()
        self._jobs.put(None)
        gently = True
        if thread is not None:
            thread.join(max(0.0, timeout_seconds))
            if thread.is_alive():
                gently = False
                self._runner.kill()
                thread.join(10.0)
        self._runner.close()
        return gently

    def _loop(self) -> None:
        from queue import Empty

        while True:
            try:
                item = self._jobs.get(timeout=IDLE_SECONDS)
            except Empty:
                self._runner.close()
                with self._guard:
                    if self._jobs.empty():
                        self._thread = None
                        return
                continue
            if item is None:
                self._refuse_the_rest()
                return
            self._one(*item)

    def _one(self, job: Job[Any], future: BackupFuture[Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        with self._guard:
            if self._closed:
                future.set_exception(_too_late())
                return
            self.running = future
        monitor = _JobMonitor(future, self._listeners)
        self._listeners.tell("job_started", future.facts)
        try:
            result = self._runner.run(job, monitor)
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            self.running = None
            self._listeners.tell("job_failed", {**future.facts, "message": str(error)})
            future.set_exception(error)
            return
        self.running = None
        self._listeners.tell("job_finished", future.facts)
        with suppress(InvalidStateError):
            future.set_result(result)

    def _refuse_the_rest(self) -> None:
        while not self._jobs.empty():
            item = self._jobs.get()
            if item is not None and item[1].set_running_or_notify_cancel():
                item[1].set_exception(_too_late())


def _too_late() -> Cancelled:
    return Cancelled("the BackupManager was closed", safe="Nothing was begun.")


def _never() -> UsageError:
    return UsageError(
        "a listener waits for what only its own return makes possible",
        hint="Use submit_backup, or do it on another thread.",
    )
