"""Situations: what `status` and the journal know, as notifications need it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from litekeep.journal.history import Outcome, Row
from litekeep.journal.journal import overdue_row

if TYPE_CHECKING:
    from litekeep.notify.message import Situation
    from litekeep.operations.status import Facts, Run, Status

TOLD_OVERDUE_FOR = timedelta(hours=23)
"""A database that stays overdue gets a row a day."""


def situation_of(facts: Facts, status: Status, rows: Sequence[Row], now: datetime, name: str = "") -> Situation:
    """One database's situation; rows: the journal, oldest first; name: for a repository that is not there."""
    from litekeep.notify.message import Situation

    source = facts.source or name
    newest = facts.snapshots[-1] if facts.snapshots else None
    return Situation(
        source,
        max_age=facts.max_age,
        last_good_at=status.last_good_at,
        unverified=newest is not None and not newest.sound,
        failure=_failure(facts, status.last_good_at),
        missing=facts.missing,
        damage=_damage(facts),
        drill_failure=_newest(rows, "drill", source, (Outcome.FAILED,)),
        problems="; ".join(newest.problems[:3]) if newest else "",
        anomaly="; ".join(each.anomaly for each in facts.snapshots if each.anomaly),
        held="" if facts.altered else _newest(rows, "prune", source, (Outcome.REFUSED,)),
        altered=facts.altered,
        unreachable=tuple((each.name, why) for each in facts.copies if (why := each.trouble(now))),
    )


def _failure(facts: Facts, good_at: datetime | None) -> str:
    """Why the newest run failed, if nothing good came after it."""
    if not facts.runs or facts.runs[-1].ok or (good_at is not None and good_at > facts.runs[-1].at):
        return ""
    return facts.runs[-1].message or "no reason known"


def _damage(facts: Facts) -> str:
    damaged = [each for each in facts.snapshots if each.damage]
    parts = [f"{len(damaged)} of {len(facts.snapshots)} snapshots"] if damaged else []
    if facts.unreadable:
        parts.append(f"{facts.unreadable} stored objects are unreadable")
    return ", ".join(parts)


def _newest(rows: Sequence[Row], verb: str, source: str, bad: tuple[Outcome, ...]) -> str:
    """What the newest run of that verb says, if it ended badly; runs for all databases have no name."""
    mine = [row for row in rows if row.verb == verb and row.source in ("", source)]
    if not mine or mine[-1].outcome not in bad:
        return ""
    return mine[-1].message or mine[-1].code or "no reason known"


def backup_runs(rows: Iterable[Row]) -> list[Run]:
    """The backup runs of the journal; those that a person stopped, or that never were, say nothing about the state."""
    from litekeep.operations.status import Run

    good = (Outcome.OK, Outcome.WARNINGS, Outcome.SKIPPED)
    return [
        Run(row.source, row.at, row.outcome in good, row.message or row.code, row.code)
        for row in rows
        if row.verb == "backup" and not _never_ran(row)
    ]


def _never_ran(row: Row) -> bool:
    """A slot that was left out has its reason as the code; a run that found nothing to do has none."""
    left_out = row.outcome is Outcome.SKIPPED and row.code
    return bool(left_out) or row.outcome in (Outcome.CANCELLED, Outcome.OVERDUE)


def overdue_rows(situations: Iterable[Situation], rows: Iterable[Row], now: datetime) -> list[Row]:
    """What is to be written down: for each database that has no good backup in time, a row a day."""
    from litekeep.notify.conditions import is_overdue

    told = {
        row.source for row in rows if row.outcome is Outcome.OVERDUE and timedelta(0) <= now - row.at < TOLD_OVERDUE_FOR
    }
    found = []
    for each in situations:
        if is_overdue(each, now) and not each.missing and each.source not in told:
            since = each.last_good_at
            why = f"the last good backup is of {since:%Y-%m-%d %H:%M}" if since else "there is no good backup yet"
            found.append(overdue_row(each.source, now, why))
    return found
