"""Every reason to keep a snapshot. What none of these rules names may go.

Each rule is a generator of (snapshot, reason) pairs and can only add reasons, so no rule can undo another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from litekeep.model import Reason, Snapshot
from litekeep.retention.history import History, day_after, instant, is_older, order
from litekeep.retention.plan import Code, Why
from litekeep.retention.policy import RetentionPolicy

_Reasons = Iterator[tuple[Snapshot, Why]]


def reasons_to_keep(history: History, policy: RetentionPolicy) -> _Reasons:
    """All rules but `misdated`; a snapshot may be named several times."""
    yield from _newest(history)
    for snapshot in history.current:
        if snapshot.pinned:
            yield snapshot, Why(Code.PINNED, "pinned")
        if snapshot.reason is Reason.MANUAL:
            yield snapshot, Why(Code.MANUAL, "made by hand")
        if not history.sound:
            yield snapshot, Why(Code.NOTHING_SOUND, "no snapshot is verified and sound, so nothing is removed")
    yield from _daily(history.rotating, policy.days)
    yield from _counted(history.rotating, policy)
    yield from _unsound(history, policy)
    yield from _safety_copies(history, policy.pre_restore_days)
    for snapshot in history.future:
        yield snapshot, Why(Code.FUTURE, "dated in the future")


def _newest(history: History) -> _Reasons:
    if history.sound:
        newest = history.sound[0]
        yield newest, Why(Code.NEWEST, "newest verified")
        last_made = max(history.sound, key=lambda snapshot: snapshot.sequence)
        if last_made.sequence > newest.sequence:  # its date is wrong, but nothing was made after it
            yield (
                last_made,
                Why(Code.NEWEST, f"newest verified by its number ({last_made.sequence})", number=last_made.sequence),
            )


def _daily(rotating: tuple[Snapshot, ...], days: int) -> _Reasons:
    why = Why(Code.DAILY, f"daily: within {days} days of the newest", limit=days)
    for snapshot in rotating:
        if not is_older(snapshot.created_at, rotating[0].created_at, days):
            yield snapshot, why


def _counted(candidates: tuple[Snapshot, ...], policy: RetentionPolicy) -> _Reasons:
    yield from _each(candidates, policy.weeks, Code.WEEKLY, "weeks", _week)
    yield from _each(candidates, policy.months, Code.MONTHLY, "months", _month)
    for number, snapshot in enumerate(candidates[: policy.keep_last], 1):
        yield snapshot, Why(Code.LAST, f"last {number} of {policy.keep_last}", number, policy.keep_last)


def _each(
    candidates: tuple[Snapshot, ...], limit: int, code: Code, plural: str, period: Callable[[datetime], str]
) -> _Reasons:
    """The newest of each of the first `limit` periods met, going back; the oldest of all while periods are missing."""
    newest_of: dict[str, Snapshot] = {}
    for snapshot in candidates:
        name = period(snapshot.created_at)
        if name in newest_of:
            continue
        if len(newest_of) == limit:
            return
        newest_of[name] = snapshot
        number = len(newest_of)
        yield snapshot, Why(code, f"{code} {number} of {limit} ({name})", number, limit)
    oldest = candidates[-1] if candidates else None
    if oldest and len(newest_of) < limit and newest_of[period(oldest.created_at)] is not oldest:
        number = len(newest_of)
        yield oldest, Why(Code.OLDEST, f"oldest: only {number} of {limit} {plural} have one", number, limit, plural)


def _unsound(history: History, policy: RetentionPolicy) -> _Reasons:
    newest = history.rotating[0] if history.rotating else None
    as_if_good = {snapshot.id for snapshot, _ in _counted(history.automatic, policy)}
    for snapshot in history.automatic:
        if snapshot.sound:
            continue
        if newest is None or order(snapshot) > order(newest):
            text = "kept until a verified newer one exists"
            yield snapshot, Why(Code.UNSOUND, f"{fault(snapshot)}: {text}", detail="until_newer")
        elif not is_older(snapshot.created_at, newest.created_at, policy.days):
            text = f"kept within {policy.days} days of the newest"
            yield snapshot, Why(Code.UNSOUND, f"{fault(snapshot)}: {text}", limit=policy.days, detail="recent")
        elif snapshot.id in as_if_good:
            text = "kept as long as a good one in its place would be"
            yield snapshot, Why(Code.UNSOUND, f"{fault(snapshot)}: {text}", detail="as_good")


def fault(snapshot: Snapshot) -> str:
    """Why a snapshot is not sound."""
    if snapshot.damage:
        return "damaged"
    return "source has problems" if snapshot.problems else "not verified"


def _safety_copies(history: History, term_days: int) -> _Reasons:
    for snapshot in history.current:
        if snapshot.reason is not Reason.PRE_RESTORE:
            continue
        if not history.sound or not is_older(snapshot.created_at, history.sound[0].created_at, term_days):
            until = day_after(snapshot.created_at, term_days)
            yield snapshot, Why(Code.SAFETY_COPY, f"safety copy before a restore, kept until {until}", limit=term_days)


def misdated(history: History, policy: RetentionPolicy) -> _Reasons:
    """Those that look old but were made after one that is not: numbers only grow, so their clock was wrong.

    They are as old as the latest date among lower numbers. Safety copies lend no date: they may go before `days` are
    over, and a date that goes with its snapshot would make the next plan differ from this one.
    """
    latest: datetime | None = None
    for snapshot in sorted(history.current, key=lambda snapshot: (snapshot.sequence, order(snapshot))):
        if latest is not None and instant(latest) > instant(snapshot.created_at):
            if not history.rotating or not is_older(latest, history.rotating[0].created_at, policy.days):
                text = f"dated too early: made after the snapshot of {latest:%Y-%m-%d}"
                yield snapshot, Why(Code.MISDATED, text, moment=latest)
        elif snapshot.reason is not Reason.PRE_RESTORE or snapshot.pinned:
            latest = snapshot.created_at


def _week(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year:04}-W{week:02}"


def _month(moment: datetime) -> str:
    return f"{moment.year:04}-{moment.month:02}"
