"""A second answer to "which snapshots stay", written from restic's documentation and Litekeep's rules alone.

Source: restic, doc/060_forget.rst, section "Removing snapshots according to a policy": keep-last, keep-weekly,
keep-monthly ("for the last n weeks which have one or more snapshots, keep only the most recent one for each week"),
keep-within ("within the specified duration of the latest snapshot"), and the notes on the oldest snapshot and on those
in the future. Deliberately naive: it asks for every single snapshot whether somebody may want it, and looks through the
whole list for every such question. It shares no code with the package and sorts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime, timedelta

from litekeep.model import Level, Reason, Snapshot
from litekeep.retention import RetentionPolicy


def kept_ids(snapshots: list[Snapshot], policy: RetentionPolicy, now: datetime) -> set[str]:
    """Ids of the snapshots outside the trash that stay."""
    live = [s for s in snapshots if s.trashed_at is None]
    past = [s for s in live if _utc(s) <= now.astimezone(UTC)]
    stay = {s.id for s in live if s not in past}
    for s in past:
        if _somebody_wants(s, past, policy):
            stay.add(s.id)
    return stay


def due_ids(snapshots: list[Snapshot], policy: RetentionPolicy, now: datetime) -> set[str]:
    """Ids of the snapshots that leave the trash for good."""
    live = [s for s in snapshots if s.trashed_at is None]
    if any(_utc(s) > now.astimezone(UTC) for s in live) or not any(_good(s) for s in live):
        return set()
    if all(now.astimezone(UTC) - _utc(s) > timedelta(days=policy.clock_jump_days) for s in live):
        return set()
    term = timedelta(days=policy.trash_days)
    return {s.id for s in snapshots if s.trashed_at and not s.pinned and now - s.trashed_at.astimezone(UTC) >= term}


def _somebody_wants(s: Snapshot, past: list[Snapshot], policy: RetentionPolicy) -> bool:
    good = [x for x in past if _good(x)]
    if not good or s.pinned or s.reason is Reason.MANUAL:
        return True
    if _good(s) and (not _after(s, good) or not [x for x in good if x.sequence > s.sequence]):
        return True
    automatic = [x for x in past if x.reason not in (Reason.MANUAL, Reason.PRE_RESTORE)]
    good_automatic = [x for x in automatic if _good(x)]
    if _held_by_a_wrong_date(s, past, good_automatic, policy.days):
        return True
    if s.reason is Reason.PRE_RESTORE:
        return not [x for x in good if _utc(x) - _utc(s) >= timedelta(days=policy.pre_restore_days)]
    if _good(s):
        return _restic_keeps(s, good_automatic, policy) or _within(_utc(s), good_automatic, policy.days)
    if not _after(s, good_automatic) or _within(_utc(s), good_automatic, policy.days):
        return True
    return _restic_keeps(s, automatic, policy)


def _restic_keeps(s: Snapshot, pool: list[Snapshot], policy: RetentionPolicy) -> bool:
    if len(_after(s, pool)) < policy.keep_last:
        return True
    return _one_of_the_last(s, pool, policy.weeks, _monday) or _one_of_the_last(s, pool, policy.months, _month)


def _one_of_the_last(s: Snapshot, pool: list[Snapshot], n: int, bucket: Callable[[Snapshot], Hashable]) -> bool:
    later_buckets = {bucket(x) for x in _after(s, pool)}
    most_recent_of_its_bucket = bucket(s) not in later_buckets
    if most_recent_of_its_bucket and len(later_buckets) < n:
        return True
    oldest_of_all = len(_after(s, pool)) == len(pool) - 1
    return oldest_of_all and len({bucket(x) for x in pool}) < n


def _within(when: datetime, good_automatic: list[Snapshot], days: int) -> bool:
    """No good automatic snapshot is `days` or more younger."""
    return not [x for x in good_automatic if _utc(x) - when >= timedelta(days=days)]


def _held_by_a_wrong_date(s: Snapshot, past: list[Snapshot], good_automatic: list[Snapshot], days: int) -> bool:
    lenders = [x for x in past if x.pinned or x.reason is not Reason.PRE_RESTORE]
    for x in lenders:
        if x.sequence < s.sequence and _utc(x) > _utc(s) and _within(_utc(x), good_automatic, days):
            return True
    return False


def _after(s: Snapshot, pool: list[Snapshot]) -> list[Snapshot]:
    return [x for x in pool if (_utc(x), x.sequence, x.id) > (_utc(s), s.sequence, s.id)]


def _good(s: Snapshot) -> bool:
    return s.verified in (Level.WRITTEN, Level.FULL, Level.DRILL) and s.problems == () and s.damage == ()


def _utc(s: Snapshot) -> datetime:
    return s.created_at.astimezone(UTC)


def _monday(s: Snapshot) -> date:
    """The Monday of its week, found on foot."""
    day = s.created_at.date()
    while day.strftime("%a") != "Mon":
        day -= timedelta(days=1)
    return day


def _month(s: Snapshot) -> str:
    return s.created_at.date().isoformat()[:7]
