"""Journal: the history of a repository, also of the runs that could not reach it.

A drive that is not plugged in holds no journal, and a run that failed for that reason is the one to remember. So there
may be a spare folder (beside the settings, say): rows go there while the first place cannot be written, and reading
tells both as one history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from litekeep.journal import history
from litekeep.journal.history import Outcome, Row

NOTIFY = "notify"
"""The verb of rows about deliveries."""


def always() -> bool:
    """Ready whenever the folder is there."""
    return True


class Journal:
    """The rows of one repository.

    Args:
        folder: the repository's folder; it is never made.
        spare: where rows go while `folder` cannot be written; None: they are lost then, and `append` says so.
        ready: asked before `folder` is written; false for a folder that is there but is not the repository (the empty
            mount point of a drive that came off).
    """

    def __init__(self, folder: Path, spare: Path | None = None, ready: Callable[[], bool] = always) -> None:
        self._folder = folder
        self._spare = spare
        self._ready = ready

    def append(self, row: Row) -> str:
        """Add a row; returns why it could not be written anywhere, or an empty text. Never raises OSError."""
        problem = "there is no repository"
        for folder in self._places():
            try:
                history.append(folder, row)
            except OSError as error:
                problem = f"the journal in {folder} cannot be written: {error.strerror or error}"
            else:
                return ""
        return problem

    def rows(self) -> list[Row]:
        """Everything that can be read, by time, oldest first."""
        rows = history.read(self._folder)
        if self._spare is not None:
            rows += history.read(self._spare)
        return sorted(rows, key=lambda row: row.at)

    def table(
        self,
        *,
        source: str | None = None,
        verbs: Iterable[str] = (),
        outcomes: Iterable[Outcome] = (),
        since: datetime | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """The rows of a history table, newest first; see history.history_table."""
        return history.history_table(
            self.rows(), source=source, verbs=verbs, outcomes=outcomes, since=since, limit=limit
        )

    def _places(self) -> list[Path]:
        places = [self._folder] if self._ready() else []
        return [*places, self._spare] if self._spare is not None else places


def overdue_row(source: str, now: datetime, sentence: str) -> Row:
    """What is written when no backup was made in time: nothing ran, so nothing else would leave a row."""
    return Row(now, "backup", source, Outcome.OVERDUE, 20, "overdue", sentence)


def skipped_row(verb: str, source: str, now: datetime, why: str, code: str = "") -> Row:
    """What is written when a run was due and was left out for a reason (paused, nothing changed, shut down).

    code: the reason in a word, if nothing ran although something should have.
    """
    return Row(now, verb, source, Outcome.SKIPPED, 0, code, why)


def notification_row(channel: str, detail: str, attempts: int, now: datetime) -> Row:
    """What is written of a delivery; detail: why it failed, empty if it did not."""
    outcome, exit_code, code = (Outcome.FAILED, 3, "notification") if detail else (Outcome.OK, 0, "")
    message = f"{channel}: {detail}" if detail else channel
    return Row(now, NOTIFY, "", outcome, exit_code, code, message, 0.0, {"channel": channel, "attempts": attempts})


def failing_channels(rows: Iterable[Row]) -> dict[str, Row]:
    """The channels whose last delivery failed, with that row."""
    newest = {str(row.facts.get("channel", "")): row for row in rows if row.verb == NOTIFY}
    return {channel: row for channel, row in newest.items() if row.outcome is Outcome.FAILED}
