"""The journal's rows as the pages need them: those of this database, and what each says about backups."""

from __future__ import annotations

from collections.abc import Sequence

from litekeep.journal.history import Outcome, Row
from litekeep.ui.presenter.facts import ViewFacts

BACKUP = "backup"
_GOOD = frozenset({Outcome.OK, Outcome.WARNINGS})
_BAD = frozenset({Outcome.FAILED, Outcome.REFUSED})


def own_rows(facts: ViewFacts) -> tuple[Row, ...]:
    """The rows about this database, newest first: a folder of backups may hold several.

    A run that failed early is written under the name of the database's file. Rows without a name are about all.
    """
    names = {each.source for each in (*facts.snapshots, *facts.trash)} | {"", _stem(facts.database)}
    if facts.status is not None:
        names.add(facts.status.source)
    return tuple(row for row in facts.rows if row.source in names)


def _stem(path: str) -> str:
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    stem, point, _ = name.rpartition(".")
    return stem if point and stem else name


def is_good(row: Row) -> bool:
    """A backup run that made one, or found that none was needed."""
    if row.verb != BACKUP:
        return False
    return row.outcome in _GOOD or (row.outcome is Outcome.SKIPPED and not row.code)


def is_failed(row: Row) -> bool:
    """A backup run that was to make one and could not."""
    return row.verb == BACKUP and row.outcome in _BAD


def is_left_out(row: Row) -> bool:
    """A planned backup that never ran."""
    return row.verb == BACKUP and (
        row.outcome is Outcome.OVERDUE or (row.outcome is Outcome.SKIPPED and bool(row.code))
    )


def last_failure(rows: Sequence[Row]) -> Row | None:
    """The newest backup run, if it failed."""
    newest = next((row for row in rows if is_good(row) or is_failed(row)), None)
    return newest if newest is not None and is_failed(newest) else None


def newest_of(rows: Sequence[Row], verb: str) -> Row | None:
    """The newest run of a kind."""
    return next((row for row in rows if row.verb == verb), None)
