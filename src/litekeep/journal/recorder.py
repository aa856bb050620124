"""Recorder: the Monitor that gathers the facts of a run while it goes on, and makes its row at the end."""

from __future__ import annotations

from datetime import datetime

from litekeep.errors import Cancelled, LitekeepError, Refused
from litekeep.journal.history import Outcome, Row
from litekeep.monitor import Fact

_ENDS = {
    "undo": "restore_finished",
    "export": "exported",
    "trash": "trash_emptied",
    **dict.fromkeys(("pin", "unpin", "label", "delete", "recover"), "marked"),
}
"""The event that tells the result of a command, where it is not <verb>_finished; others belong to parts of the run."""
_NOT_FACTS = frozenset({"database", "elapsed_seconds", "problems", "damage"})  # told by columns of their own
_MOST_WARNINGS = 5


class Recorder:
    """Gathers. The facts of the event that ends the operation are kept, the reason that it began with, and the first
    warnings.
    """

    def __init__(self, verb: str, at: datetime) -> None:
        self.verb = verb
        self.at = at
        self.source = ""
        self.outcome = Outcome.OK
        self.exit_code = 0
        self.message = ""
        self.code = ""
        self.facts: dict[str, Fact] = {}
        self._warnings: list[str] = []

    def event(self, name: str, /, **facts: Fact) -> None:
        """Keep what a started or finished operation tells."""
        if name == "warning":
            self._warnings.append(str(facts.get("message", "")))
        elif name == f"{self.verb}_started" and "reason" in facts:
            self.facts["reason"] = facts["reason"]  # a run that fails has no event at its end
        elif name == _ENDS.get(self.verb, f"{self.verb}_finished"):
            self.facts.update({key: value for key, value in facts.items() if key not in _NOT_FACTS})

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """Not kept."""

    def cancelled(self) -> bool:
        """Never."""
        return False

    def fail(self, error: BaseException) -> None:
        """The run ended with an error."""
        if isinstance(error, LitekeepError):
            self.exit_code, self.code, self.message = error.exit_code, error.code, error.message
            self.outcome = Outcome.REFUSED if isinstance(error, Refused) else Outcome.FAILED
            if isinstance(error, Cancelled):
                self.outcome = Outcome.CANCELLED
        elif isinstance(error, KeyboardInterrupt):
            self.exit_code, self.code, self.message = 130, "cancelled", "stopped at once"
            self.outcome = Outcome.CANCELLED
        else:
            self.exit_code, self.code, self.outcome = 1, "unexpected", Outcome.FAILED
            self.message = type(error).__name__  # its text may hold anything, also data

    def row(self, elapsed_seconds: float) -> Row:
        """The row."""
        facts = dict(self.facts)
        if self._warnings:
            facts["warnings"] = "; ".join(self._warnings[:_MOST_WARNINGS])
        return Row(
            self.at,
            self.verb,
            self.source,
            self.outcome,
            self.exit_code,
            self.code,
            self.message,
            elapsed_seconds,
            facts,
        )
