"""What sends to the copies: after every backup, again when it failed, and never in anybody's way.

Sending goes on in a queue and a helper process of its own, so that no backup and no guard ever waits for a slow line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from litekeep.clock import Clock
from litekeep.config.copies import CopySettings
from litekeep.config.settings import BackupSettings
from litekeep.errors import UsageError
from litekeep.manager.queue import BackupFuture, JobQueue, Listeners, Result, Runner
from litekeep.monitor import Fact
from litekeep.operations.copymemory import read_states
from litekeep.operations.drill import DrillResult
from litekeep.operations.sync import SyncResult
from litekeep.worker.copies import DrillCopyJob, SyncJob, is_due_again
from litekeep.worker.jobs import Job, Place
from litekeep.worker.probing import ProbeCopyJob, ProbeResult

_NEWS = frozenset({"backup", "restore", "undo", "drill", "verify"})
"""Runs that write what copies are to have, too."""


class Copying:
    """Sends to the copies of the settings, one after the other; each is in the queue once at most."""

    def __init__(
        self,
        settings: Callable[[], BackupSettings],
        place: Callable[[], Place],
        runner: Callable[[], Runner],
        listeners: Listeners,
        clock: Clock,
    ) -> None:
        self._settings, self._place, self._runner = settings, place, runner
        self._listeners, self._clock = listeners, clock
        self._guard = threading.Lock()
        self._queue: JobQueue | None = None
        self._looks: JobQueue | None = None
        self._waiting: dict[str, BackupFuture[SyncResult]] = {}
        self._closed = False

    @property
    def enabled(self) -> list[CopySettings]:
        """The copies that are to be kept up to date."""
        return [each for each in self._settings().copies if each.enabled]

    @property
    def running(self) -> tuple[str, str]:
        """What goes on, "sync" or "drill", and the name of the copy; empty texts if nothing does."""
        future = self._queue.running if self._queue else None
        return (future.verb, str(future.facts["copy"])) if future else ("", "")

    def heard(self, name: str, facts: dict[str, Fact]) -> None:
        """Of an event: after what made something new, send it."""
        if name == "job_finished" and facts.get("verb") in _NEWS and self._settings().enabled:
            self.soon()

    def soon(self) -> None:
        """Begin to send to all of them; returns at once, and never raises."""
        for copy in self.enabled:
            with suppress(UsageError, RuntimeError):  # it is being closed, or Python is ending
                self.submit(copy)

    def try_again(self) -> None:
        """Begin with those that failed a while ago."""
        states, now = read_states(self._place().folder), self._clock.now()
        for copy in self.enabled if self._settings().enabled else []:
            state = states.get(copy.name)
            if state is None or is_due_again(state, now):
                with suppress(UsageError, RuntimeError):
                    self.submit(copy)

    def submit(self, copy: CopySettings, *, look: bool = False, remove_keys: bool = False) -> BackupFuture[SyncResult]:
        """Queue it; what is waiting to begin is given again. Raises UsageError after `close`."""
        with self._guard:
            waiting = self._waiting.get(copy.name)
            if waiting is not None and not (waiting.running() or waiting.done() or look or remove_keys):
                return waiting
            job = SyncJob(self._place(), copy, copy.policy(self._settings()), look, remove_keys)
            future = self._queue_here().submit("sync", job, copy=copy.name)
            self._waiting[copy.name] = future
            return future

    def drill(self, job: DrillCopyJob) -> DrillResult:
        """Wait for a test restore from a copy."""
        with self._guard:
            queue = self._queue_here()
        return queue.run("drill", job, copy=job.copy.name)

    def probe(self, job: ProbeCopyJob) -> ProbeResult:
        """Wait for a look at a place, which is not held up by what is being sent; one from before is given up."""
        with self._guard:
            self._refuse_closed()
            if self._looks is None:
                self._looks = JobQueue(self._runner(), self._listeners)
            before = self._looks.running
        if before is not None:
            before.cancel()
        return self._looks.run("probe", job, copy=job.copy.name)

    def ask(self, verb: str, job: Job[Result], copy: str) -> Result:
        """Wait for a look at what a copy has; what is being sent does not hold it up either."""
        with self._guard:
            self._refuse_closed()
            if self._looks is None:
                self._looks = JobQueue(self._runner(), self._listeners)
        return self._looks.run(verb, job, copy=copy)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise UsageError("this BackupManager is closed", hint="Make a new one.")

    def _queue_here(self) -> JobQueue:
        self._refuse_closed()
        if self._queue is None:
            self._queue = JobQueue(self._runner(), self._listeners)
        return self._queue

    def cancel(self) -> bool:
        """Ask what is being sent to stop; False if nothing is. What arrived stays, and the next run goes on."""
        running = self._queue.running if self._queue else None
        return running is not None and running.cancel()

    def close(self, timeout_seconds: float) -> None:
        """Let what is waiting arrive as long as there is time; the rest follows at the next start."""
        with self._guard:
            self._closed = True
            queue, waiting = self._queue, [each for each in self._waiting.values() if not each.done()]
            looks = self._looks
        if looks is not None:
            looks.close(0.5)
        if queue is None:
            return
        until = self._clock.monotonic() + timeout_seconds
        for future in waiting:
            with suppress(BaseException):
                future.result(max(0.0, until - self._clock.monotonic()))
        for future in waiting:
            future.cancel()
        queue.close(1.0)
