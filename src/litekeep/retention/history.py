"""The snapshots of one source, checked, sorted once and sorted out; and how times are compared.

Times are compared as instants: comparing datetimes of one zone directly would ignore the repeated hour of a DST change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from litekeep.errors import UsageError
from litekeep.model import Reason, Snapshot
from litekeep.records import dataclass

AUTOMATIC = frozenset({Reason.SCHEDULED, Reason.SHUTDOWN, Reason.PRE_MIGRATION, Reason.PRE_OPERATION})
"""The reasons whose snapshots rotate: manual ones stay, safety copies before a restore have a term of their own."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class History:
    """Each tuple newest first; equal times are ordered by number, then id.

    future, current: those outside the trash, dated after now or not. sound, automatic: of the current ones.
    rotating: both, the only ones that count for a rule.
    """

    everything: tuple[Snapshot, ...]
    future: tuple[Snapshot, ...]
    current: tuple[Snapshot, ...]
    sound: tuple[Snapshot, ...]
    automatic: tuple[Snapshot, ...]
    rotating: tuple[Snapshot, ...]


def sort_out(snapshots: Iterable[Snapshot], now: datetime) -> History:
    """Check and sort all snapshots of one source. Raises UsageError, see plan_retention."""
    everything = list(snapshots)
    _refuse_nonsense(everything, now)
    everything.sort(key=order, reverse=True)
    live = [snapshot for snapshot in everything if snapshot.trashed_at is None]
    today = instant(now)
    ahead = sum(instant(snapshot.created_at) > today for snapshot in live)
    current = tuple(live[ahead:])
    automatic = tuple(snapshot for snapshot in current if snapshot.reason in AUTOMATIC)
    return History(
        everything=tuple(everything),
        future=tuple(live[:ahead]),
        current=current,
        sound=tuple(snapshot for snapshot in current if snapshot.sound),
        automatic=automatic,
        rotating=tuple(snapshot for snapshot in automatic if snapshot.sound),
    )


def _refuse_nonsense(snapshots: list[Snapshot], now: datetime) -> None:
    problems = []
    sources = sorted({snapshot.source for snapshot in snapshots})
    if len(sources) > 1:
        problems.append(f"snapshots of {len(sources)} sources ({', '.join(sources)}) cannot share one retention plan")
    seen: set[str] = set()
    for snapshot in snapshots:
        if snapshot.id in seen:  # one listed twice would take two places of keep_last
            problems.append(f"snapshot {snapshot.short_id} is listed twice")
        seen.add(snapshot.id)
        moments = (snapshot.created_at, snapshot.trashed_at)
        if any(moment is not None and moment.utcoffset() is None for moment in moments):
            problems.append(f"snapshot {snapshot.short_id} has a time without an offset")
    if now.utcoffset() is None:
        problems.append("the time to plan for has no offset")
    if problems:
        raise UsageError("; ".join(problems), safe="No snapshot was removed.")


def order(snapshot: Snapshot) -> tuple[timedelta, int, str]:
    """The sort key: a greater one is newer."""
    return instant(snapshot.created_at), snapshot.sequence, snapshot.id


def instant(moment: datetime) -> timedelta:
    """Time since 1970 in UTC, which unlike a conversion to UTC exists for every aware datetime."""
    return moment - _EPOCH


def is_older(moment: datetime, reference: datetime, days: int) -> bool:
    """True from exactly `days` times 24 hours on, as in restic; days 0: always, except for what is newer."""
    return instant(reference) - instant(moment) >= timedelta(days=days)


def day_after(moment: datetime, days: int) -> str:
    """The date `days` later, as text, in the offset of `moment`."""
    try:
        return (moment + timedelta(days=days)).strftime("%Y-%m-%d")
    except OverflowError:
        return "9999-12-31"
