"""What would leave no trace otherwise: planned runs that were left out, given up, or never got as far as a job.

A job writes its own row, however it ends. The scheduler's events are for the listeners, and those that tell of no job
become rows of the journal and lines of the log here.
"""

from __future__ import annotations

from collections.abc import Callable

from litekeep import errors
from litekeep.clock import Clock
from litekeep.journal.history import Outcome, Row
from litekeep.journal.journal import skipped_row
from litekeep.journal.logger import BackupLogger
from litekeep.manager.queue import Listeners
from litekeep.monitor import Fact
from litekeep.worker.jobs import Place

WHY = {
    "paused": "the schedule is paused",
    "missed": "its time was missed, and the settings do not make up for missed runs",
    "unreachable": "the folder for the backups cannot be reached; it is made up for when it is back",
}
_LEFT_NO_ROW = frozenset({errors.HelperFailed.code, errors.UsageError.code})
"""A helper process that died, or a job that was refused, wrote nothing."""


def exit_code_of(code: str) -> int:
    """The exit code of an error by its word; 1 for an unknown one."""
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    found = [each.exit_code for each in classes if issubclass(each, errors.LitekeepError) and each.code == code]
    return found[0] if found else errors.LitekeepError.exit_code


def keep(place: Place, row: Row, clock: Clock) -> str:
    """Write a row, and its line in the log; returns why the row could not be written, or an empty text."""
    if place.log is not None:
        inside = place.log.parent == place.folder
        BackupLogger(place.log, clock, source=place.name, ready=lambda: place.there or not inside).ended(row)
    return place.journal().append(row)


class SlotDiary:
    """The scheduler's Monitor."""

    def __init__(self, listeners: Listeners, place: Callable[[], Place], clock: Clock) -> None:
        self._listeners = listeners
        self._place = place
        self._clock = clock
        self._begun: set[str] = set()

    def event(self, name: str, /, **facts: Fact) -> None:
        """Tell the listeners; write down what no job writes."""
        row = self._row(name, facts)
        if row is not None and (problem := keep(self._place(), row, self._clock)):
            self._listeners.tell("warning", {"code": "journal", "message": problem})
        self._listeners.tell(name, facts)

    def _row(self, name: str, facts: dict[str, Fact]) -> Row | None:
        task, now, source = str(facts.get("task", "")), self._clock.now(), self._place().name
        if name == "slot_started":
            self._begun.add(task)
        elif name == "slot_skipped":
            reason, message = str(facts["reason"]), str(facts["message"])
            why = f"{WHY.get(reason, reason)}: {message}" if message else WHY.get(reason, reason)
            return skipped_row(task, source, now, why, reason)
        elif name == "slot_failed":
            begun, code, message = task in self._begun, str(facts["code"]), str(facts["message"])
            self._begun.discard(task)
            given_up = bool(facts["given_up"]) and code != errors.Cancelled.code
            if given_up or not begun or code in _LEFT_NO_ROW:
                told = f"given up until it is due again: {message}" if given_up else message
                return Row(now, task, source, Outcome.FAILED, exit_code_of(code), code, told)
        elif name == "slot_finished":
            self._begun.discard(task)
        return None

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """The scheduler has none."""

    def cancelled(self) -> bool:
        """Never."""
        return False
