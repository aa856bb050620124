"""What a scheduler does: tasks, and how one run of a task ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from enum import StrEnum

from litekeep.errors import Cancelled, LitekeepError, NoRepository, StorageError
from litekeep.records import dataclass
from litekeep.scheduling.rule import Rule


class Ended(StrEnum):
    """DONE: the slot is satisfied. SATISFIED: it already was, by another process perhaps; nothing was done.

    FAILED: tried again after a while, a few times. UNREACHABLE: the repository is not there now; tried until it comes
    back, without counting. STOPPED: a person stopped it; the slot is left alone.
    """

    DONE = "done"
    SATISFIED = "satisfied"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run ended. code: the word of the error (litekeep.errors), empty if there was none."""

    ended: Ended
    message: str = ""
    code: str = ""

    @classmethod
    def of(cls, error: Exception) -> RunOutcome:
        """What an exception means for the plan.

        A repository that is not there (NoRepository) or does not answer (StorageError itself, not its kinds such as a
        full disk) is waited for. Of an error that is not ours only the type is told: its text may hold anything.
        """
        if not isinstance(error, LitekeepError):
            return cls(Ended.FAILED, type(error).__name__, "unexpected")
        ended = Ended.FAILED
        if isinstance(error, Cancelled):
            ended = Ended.STOPPED
        elif isinstance(error, NoRepository) or type(error) is StorageError:
            ended = Ended.UNREACHABLE
        return cls(ended, error.message, error.code)


@dataclass(frozen=True, slots=True)
class Task:
    """Something that is to happen by a rule.

    name: unique in its scheduler. last_slot: given a moment, tells the newest satisfied slot that is not after it, from
    the repository or the journal and never from this process's memory; None if there is none (operations.slots). run:
    does it for a slot; None when a person asked for it and no slot is due. Both may raise; they are called on the
    scheduler's thread, one at a time. zone None: the machine's zone at that moment.

    **Once for several processes.** Two processes can both find, at the same time, that a slot is not satisfied. So
    `run` must ask again while it holds the repository's lock, and answer SATISFIED if the other one was quicker.
    `operations.backup.backup` does so when `BackupOptions.slot` is given: its result then is `satisfied`.
    """

    name: str
    rule: Rule
    last_slot: Callable[[datetime], datetime | None]
    run: Callable[[datetime | None], RunOutcome]
    zone: tzinfo | None = None


class Phase(StrEnum):
    """Where a task stands. GIVEN_UP: it failed too often for a slot and waits for the next one."""

    PLANNED = "planned"
    RUNNING = "running"
    RETRYING = "retrying"
    WAITING = "waiting"
    GIVEN_UP = "given_up"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class NextRun:
    """For display. slot: the planned moment; at: when it will be run or tried next, later than the slot if it is late.

    failures: how often this slot failed. message: why it is not done yet; empty if nothing is wrong.
    """

    task: str
    phase: Phase
    slot: datetime
    at: datetime
    failures: int = 0
    message: str = ""
