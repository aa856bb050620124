"""The scheduler's decisions: which task is to be asked, run or skipped now, and when to look again.

A state machine without threads, I/O or a clock of its own: `step` says what to do, and the answers are told with
`known` and `report`. So tests live through years of it in a second.

For each task: before a slot is run, the repository is asked whether it is satisfied already (Ask). A run that fails is
tried again after RETRY_DELAYS, asking first each time; then the slot is given up until the next one. A repository that
is not there is looked for again and again, with growing pauses, and what was missed meanwhile is caught up once. All
moments are of the wall clock, which can be set: a pause that would be longer than intended, because the clock was put
back, is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from litekeep.records import dataclass
from litekeep.scheduling.rule import believable_until, missed_slot, next_due, slot_after
from litekeep.scheduling.task import Ended, NextRun, Phase, RunOutcome, Task

RETRY_DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=25))
"""After the first, second and third failure of a slot; after the fourth it is given up."""
LOOK_AGAIN = timedelta(minutes=1)
LOOK_AGAIN_AT_MOST = timedelta(minutes=10)
"""The first and the longest pause before an absent repository is looked for again."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask `task.last_slot(limit)`; slot: what seems due."""

    task: Task
    slot: datetime
    limit: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """Call `task.run(slot)`. attempt: 1 for the first."""

    task: Task
    slot: datetime | None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Skip:
    """Tell that a slot is not run. reason: "paused" or "missed" (the rule does not catch up)."""

    task: Task
    slot: datetime
    reason: str


Action = Ask | Run | Skip


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now, and when to look again if nothing else happens; None: there is no task."""

    actions: tuple[Action, ...]
    wake_at: datetime | None


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What follows from a report. retry_at: when it is tried again; None: not, or it is done. news: tell it once."""

    retry_at: datetime | None = None
    given_up: bool = False
    news: bool = True


@dataclass(slots=True)
class _Progress:
    """What is remembered of a task. A wrong memory costs a question to the repository, never a slot."""

    satisfied: datetime | None = None
    asked: bool = False  # at least once
    asked_for: datetime | None = None  # the slot that the repository was asked about, with no failure since
    slot: datetime | None = None  # the slot that failed
    failures: int = 0  # of `slot`
    waits: int = 0  # how often in a row the repository was not there
    pause: timedelta = timedelta(0)
    retry_at: datetime | None = None
    told: datetime | None = None  # the slot whose skipping has been told
    running: bool = False
    wanted: bool = False
    message: str = ""

    def pause_ends(self, now: datetime) -> datetime | None:
        """When the pause ends, if it has not."""
        if self.retry_at is None or self.retry_at <= now or self.retry_at - now > self.pause:
            return None
        return self.retry_at


class Agenda:
    """See the module's text. Not safe for threads: the scheduler guards it."""

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._tasks: dict[str, tuple[Task, _Progress]] = {}
        self.paused = False
        self.replace(tasks)

    def replace(self, tasks: Iterable[Task]) -> None:
        """Other tasks from now on; what is known about those of the same name stays. Raises ValueError for a twin."""
        wanted = list(tasks)
        if len({task.name for task in wanted}) != len(wanted):
            raise ValueError("two tasks have the same name")
        before = self._tasks
        self._tasks = {
            task.name: (task, before[task.name][1] if task.name in before else _Progress()) for task in wanted
        }

    def want(self, name: str) -> None:
        """Run this task at the next step, whatever its rule says; raises KeyError."""
        self._tasks[name][1].wanted = True

    def look_again(self) -> None:
        """End the pauses of tasks that wait for their repository."""
        for _, progress in self._tasks.values():
            if progress.waits:
                progress.retry_at = None

    def step(self, now: datetime, local: tzinfo) -> Step:
        """What to do at `now`; local: the machine's zone. Do all of it, tell the answers, and step again until
        nothing.
        """
        actions: list[Action] = []
        wakes: list[datetime] = []
        now = now.astimezone(UTC)
        for task, progress in self._tasks.values():
            if not progress.running:
                found = self._decide(task, progress, now, task.zone or local)
                actions += [found] if not isinstance(found, datetime) else []
                wakes += [found] if isinstance(found, datetime) else []
        for action in actions:
            progress = self._tasks[action.task.name][1]
            if isinstance(action, Run):
                progress.running, progress.wanted = True, False
            elif isinstance(action, Skip):
                progress.told = action.slot
        return Step(tuple(actions), min(wakes, default=None))

    def _decide(self, task: Task, progress: _Progress, now: datetime, zone: tzinfo) -> Action | datetime:
        """An action, or when to look again."""
        due = next_due(task.rule, progress.satisfied, now, zone)
        ask = Ask(task, due, believable_until(task.rule, now, zone))
        if progress.wanted:
            unsure = not progress.asked or (due <= now and progress.asked_for != due)
            return ask if unsure else Run(task, due if due <= now else None)
        if self.paused:
            if due <= now and progress.told != due:
                return Skip(task, due, "paused")
            return slot_after(task.rule, now, zone)
        if not progress.asked:
            return ask
        missed = missed_slot(task.rule, progress.satisfied, now, zone)
        if missed and missed not in (progress.told, progress.slot):
            return Skip(task, missed, "missed")
        if due > now:
            return due
        if progress.waits or progress.slot == due:
            if not progress.waits and progress.failures > len(RETRY_DELAYS):
                return slot_after(task.rule, now, zone)
            if ends := progress.pause_ends(now):
                return ends
        if progress.asked_for != due:
            return ask
        return Run(task, due, progress.failures + 1 if progress.slot == due else 1)

    def known(self, ask: Ask, last_slot: datetime | None) -> None:
        """The answer to a question: it replaces what was remembered, because the repository is the truth."""
        if progress := self._progress(ask.task.name):
            progress.satisfied = last_slot
            progress.asked, progress.asked_for = True, ask.slot
            progress.waits = 0

    def report(self, name: str, slot: datetime | None, outcome: RunOutcome, now: datetime) -> Aftermath:
        """How a run, or a question that failed, ended at `now`."""
        progress = self._progress(name)
        if progress is None:
            return Aftermath()  # the task was taken away meanwhile
        if not progress.running:
            progress.wanted = False  # the question failed: so did what was wanted
        progress.running, progress.asked, progress.asked_for = False, True, None
        if slot is None:
            return Aftermath()
        progress.message = outcome.message
        if outcome.ended in (Ended.DONE, Ended.SATISFIED):
            progress.satisfied, progress.slot, progress.retry_at = slot, None, None
            progress.failures = progress.waits = 0
            progress.message = ""
            return Aftermath()
        if outcome.ended is Ended.UNREACHABLE:
            return self._wait(progress, slot, now)
        progress.waits = 0
        progress.failures = progress.failures + 1 if progress.slot == slot else 1
        progress.slot = slot
        if outcome.ended is Ended.STOPPED:
            progress.failures = len(RETRY_DELAYS) + 1
        if progress.failures > len(RETRY_DELAYS):
            progress.retry_at = None
            return Aftermath(given_up=True)
        progress.pause = RETRY_DELAYS[progress.failures - 1]
        progress.retry_at = now.astimezone(UTC) + progress.pause
        return Aftermath(progress.retry_at)

    def _wait(self, progress: _Progress, slot: datetime, now: datetime) -> Aftermath:
        progress.pause = min(LOOK_AGAIN * (1 << min(progress.waits, 10)), LOOK_AGAIN_AT_MOST)
        progress.waits += 1
        progress.retry_at = now.astimezone(UTC) + progress.pause
        news, progress.told = progress.told != slot, slot
        return Aftermath(progress.retry_at, news=news)

    def next_runs(self, now: datetime, local: tzinfo) -> list[NextRun]:
        """What is planned, for display; nothing is asked and nothing changes."""
        now = now.astimezone(UTC)
        return [self._planned(task, progress, now, task.zone or local) for task, progress in self._tasks.values()]

    def _planned(self, task: Task, progress: _Progress, now: datetime, zone: tzinfo) -> NextRun:
        slot = next_due(task.rule, progress.satisfied, now, zone)
        failed = progress.failures if progress.slot == slot else 0
        at = max(slot, progress.pause_ends(now) or now) if progress.waits or failed else max(slot, now)
        phase = Phase.PLANNED
        if progress.running:
            phase = Phase.RUNNING
        elif self.paused:
            phase = Phase.PAUSED
        elif progress.waits and slot <= now:
            phase = Phase.WAITING
        elif failed > len(RETRY_DELAYS):
            phase, at = Phase.GIVEN_UP, slot_after(task.rule, now, zone)
        elif failed:
            phase = Phase.RETRYING
        return NextRun(task.name, phase, slot, at.astimezone(slot.tzinfo), failed, progress.message)

    def _progress(self, name: str) -> _Progress | None:
        found = self._tasks.get(name)
        return found[1] if found else None
