"""BackupScheduler: one thread that runs tasks when they are due, for a program that stays open.

What is due is decided in `agenda` and `rule`, from what the repository says; this module only waits, asks and calls. It
looks at the wall clock every `poll_seconds`, because the clock that threads wait by may stand still while the machine
sleeps, and because clocks are set: after waking, a missed slot is noticed within one such pause.

The thread is a daemon: a program may end in the middle of a backup, which is what every step of a backup is ready for
(operations.backup). `close` waits for the run in progress as long as it is told to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime

from litekeep.clock import Clock
from litekeep.errors import UsageError
from litekeep.monitor import Monitor, Silent
from litekeep.scheduling.agenda import Action, Agenda, Ask, Run
from litekeep.scheduling.task import Ended, NextRun, RunOutcome, Task
from litekeep.scheduling.zone import machine_zone

POLL_SECONDS = 30.0
"""How late a slot is at most noticed after the machine slept or the clock was set."""


class BackupScheduler:
    """Runs any number of tasks, one at a time.

    Args:
        tasks: what to do; see Task for what their functions must answer.
        clock: the wall clock decides what is due.
        monitor: told of `slot_started`, `slot_finished`, `slot_failed` and `slot_skipped`; on the scheduler's thread.
        poll_seconds: the longest wait, in real time, before the clock is looked at again. Tests with a clock of their
            own call `wake` after moving it, or `run_due` and no thread at all.
    """

    def __init__(
        self, tasks: Iterable[Task], *, clock: Clock, monitor: Monitor | None = None, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._agenda = Agenda(tasks)
        self._clock = clock
        self._monitor = monitor or Silent()
        self._poll_seconds = poll_seconds
        self._condition = threading.Condition()  # guards the agenda and everything below; never held while a task runs
        self._turn = threading.Lock()  # one round at a time
        self._thread: threading.Thread | None = None
        self._closing = False
        self._signalled = False

    @property
    def closing(self) -> bool:
        """True once `close` was called. A task's own Monitor asks this in `cancelled`, so that a run ends early."""
        return self._closing

    @property
    def running(self) -> bool:
        """True while the thread is there."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    @property
    def paused(self) -> bool:
        """True from `pause` to `resume`."""
        return self._agenda.paused

    def start(self) -> None:
        """Start the thread; does nothing if it is there already."""
        with self._condition:
            if self.running and not self._closing:
                return
            self._closing = False
            self._thread = threading.Thread(target=self._loop, name="litekeep-scheduler", daemon=True)
            self._thread.start()

    def close(self, timeout_seconds: float = 10.0) -> bool:
        """Start nothing more, and wait for the run in progress; returns False if it was still going on after that."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(max(0.0, timeout_seconds))
        return not thread.is_alive()

    def pause(self) -> None:
        """Run nothing until `resume`, but what `run_now` asks for. A run in progress goes on."""
        with self._condition:
            self._agenda.paused = True
        self.wake()

    def resume(self) -> None:
        """Go on; what was missed meanwhile is caught up once."""
        with self._condition:
            self._agenda.paused = False
        self.wake()

    def reload(self, tasks: Iterable[Task]) -> None:
        """Other tasks from now on; raises ValueError, and keeps the present ones, if two have the same name."""
        with self._condition:
            self._agenda.replace(tasks)
        self.wake()

    def run_now(self, name: str) -> None:
        """Run a task as soon as the thread is free: for the slot that is due, or for none. Raises UsageError."""
        with self._condition:
            try:
                self._agenda.want(name)
            except KeyError as error:
                raise UsageError(f"nothing of that name is scheduled: {name!r}") from error
        self.wake()

    def wake(self) -> None:
        """Look at the clock and for absent repositories now: the machine woke up, a drive was plugged in."""
        with self._condition:
            self._agenda.look_again()
            self._signalled = True
            self._condition.notify_all()

    def next_runs(self) -> list[NextRun]:
        """What is planned for each task, for display; quick, nothing is read."""
        now, zone = self._clock.now(), machine_zone(self._clock)
        with self._condition:
            return self._agenda.next_runs(now, zone)

    def run_due(self) -> datetime | None:
        """Do everything that is due, on this thread; returns when to look again, None if there is no task or it is
        closed.

        What a thread does again and again; for programs with a loop of their own, and for tests.
        """
        with self._turn:
            while not self._closing:
                now, zone = self._clock.now(), machine_zone(self._clock)
                with self._condition:
                    step = self._agenda.step(now, zone)
                if not step.actions:
                    return step.wake_at
                for action in step.actions:
                    self._act(action, now)
        return None

    def _act(self, action: Action, now: datetime) -> None:
        if isinstance(action, Ask):
            self._ask(action)
        elif isinstance(action, Run):
            self._run(action, now)
        else:
            name, reason = action.task.name, action.reason
            self._monitor.event("slot_skipped", task=name, slot=_text(action.slot), reason=reason, message="")

    def _ask(self, ask: Ask) -> None:
        try:
            answer = ask.task.last_slot(ask.limit)
        except Exception as error:  # noqa: BLE001 - a task's failure is recorded, the thread goes on
            self._report(ask.task, ask.slot, RunOutcome.of(error), 0.0)
            return
        with self._condition:
            self._agenda.known(ask, answer)

    def _run(self, run: Run, now: datetime) -> None:
        if self._closing:
            self._report(run.task, None, RunOutcome(Ended.STOPPED), 0.0)
            return
        late_seconds = (now.astimezone(UTC) - run.slot).total_seconds() if run.slot else 0.0
        slot = _text(run.slot)
        self._monitor.event(
            "slot_started", task=run.task.name, slot=slot, attempt=run.attempt, late_seconds=max(0.0, late_seconds)
        )
        began = self._clock.monotonic()
        try:
            outcome = run.task.run(run.slot)
        except Exception as error:  # noqa: BLE001 - a task's failure is recorded, the thread goes on
            outcome = RunOutcome.of(error)
        self._report(run.task, run.slot, outcome, self._clock.monotonic() - began)

    def _report(self, task: Task, slot: datetime | None, outcome: RunOutcome, elapsed_seconds: float) -> None:
        with self._condition:
            after = self._agenda.report(task.name, slot, outcome, self._clock.now())
        ended, message = outcome.ended, outcome.message
        if ended in (Ended.DONE, Ended.SATISFIED):
            self._monitor.event(
                "slot_finished",
                task=task.name,
                slot=_text(slot),
                ended=ended.value,
                message=message,
                elapsed_seconds=elapsed_seconds,
            )
        elif ended is Ended.UNREACHABLE and slot:
            if after.news:
                name, reason = task.name, ended.value
                self._monitor.event("slot_skipped", task=name, slot=_text(slot), reason=reason, message=message)
        elif slot or message:
            self._monitor.event(
                "slot_failed",
                task=task.name,
                slot=_text(slot),
                code=outcome.code,
                message=message,
                retry_at=_text(after.retry_at),
                given_up=after.given_up,
            )

    def _loop(self) -> None:
        while not self._closing and self._thread is threading.current_thread():
            try:
                wake_at = self.run_due()
            except Exception as error:  # noqa: BLE001 - the thread must outlive everything: a silent end is the worst
                wake_at = None
                self._tell_unexpected(error)
            self._wait(wake_at)

    def _wait(self, wake_at: datetime | None) -> None:
        with self._condition:
            if not (self._closing or self._signalled):
                self._condition.wait(self._nap_seconds(wake_at))
            self._signalled = False

    def _nap_seconds(self, wake_at: datetime | None) -> float:
        if wake_at is None:
            return self._poll_seconds
        left = (wake_at - self._clock.now().astimezone(UTC)).total_seconds()
        return min(self._poll_seconds, max(0.0, left))

    def _tell_unexpected(self, error: Exception) -> None:
        try:
            self._monitor.event("warning", code="scheduler", message=f"the scheduler stumbled: {type(error).__name__}")
        except Exception:  # noqa: BLE001, S110 - a monitor that raises cannot be told of
            pass


def _text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds")
