"""plan_retention: collect the reasons to keep, decide on every snapshot, then look for what should stop the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from litekeep.model import Reason, Snapshot
from litekeep.retention.history import History, day_after, instant, sort_out
from litekeep.retention.plan import Code, Decision, RetentionPlan, Why
from litekeep.retention.policy import RetentionPolicy
from litekeep.retention.rules import fault, misdated, reasons_to_keep

_WAITS = {
    "nothing_sound": "no verified and sound snapshot is left outside it",
    "clock": "the clock seems to be wrong",
}
"""Why the trash is not emptied: a word, and what it means."""


def plan_retention(snapshots: Iterable[Snapshot], policy: RetentionPolicy, now: datetime) -> RetentionPlan:
    """Decide what happens to each of these snapshots, which must be all snapshots of one source.

    Sound automatic snapshots rotate by days, weeks, months and keep_last, as in restic; pinned ones count like others.
    If fewer weeks or months exist than are allowed, the oldest snapshot stays too.
    Manual and pinned snapshots stay; manual ones count for no rule: a backup by hand never displaces a scheduled one.
    A safety copy stays until a sound snapshot exists that is at least pre_restore_days newer; it counts for no rule.
    An automatic snapshot that is not sound counts for no sound one. It stays while it is newer than the newest sound
    automatic one or less than `days` older, and then as long as the same rules, soundness left aside, would keep it.
    A snapshot in the trash counts for nothing. It is due trash_days after it was put there, unless it is pinned, the
    clock seems wrong, or no sound snapshot is left outside the trash.

    Args:
        snapshots: any order, each id once; the trash included.
        policy: the rules.
        now: aware.

    Raises:
        UsageError: snapshots of several sources, one id twice, or a time without offset.
    """
    history = sort_out(snapshots, now)
    clock = tuple(_clock_problems(history, policy, now))
    whys: defaultdict[str, list[Why]] = defaultdict(list)
    for snapshot, why in reasons_to_keep(history, policy):
        whys[snapshot.id].append(why)
    for snapshot, why in misdated(history, policy):
        if not whys[snapshot.id]:
            whys[snapshot.id].append(why)
    trash_waits = _why_trash_waits(history, clock)
    decisions = tuple(
        _decide_live(snapshot, whys)
        if snapshot.trashed_at is None
        else _decide_trashed(snapshot, snapshot.trashed_at, trash_waits, policy.trash_days, now)
        for snapshot in history.everything
    )
    many = _too_many(history, decisions, policy)
    return RetentionPlan(decisions, (*many, *clock), (*_source_problems(history), *_anomalies(history)))


def _decide_live(snapshot: Snapshot, whys: Mapping[str, list[Why]]) -> Decision:
    if found := whys.get(snapshot.id):
        return Decision(snapshot, keep=True, whys=tuple(found))
    if snapshot.reason is Reason.PRE_RESTORE:
        why = Why(Code.SAFETY_COPY_OLD, "safety copy before a restore, its term is over")
    elif not snapshot.sound:
        why = Why(Code.UNSOUND_OLD, f"{fault(snapshot)}, and no rule would keep it were it good")
    else:
        why = Why(Code.NO_RULE, "no rule keeps it")
    return Decision(snapshot, keep=False, whys=(why,))


def _why_trash_waits(history: History, clock: tuple[Why, ...]) -> str:
    """A word of _WAITS; empty if it does not wait."""
    if not history.sound:
        return "nothing_sound"
    return "clock" if clock else ""


def _decide_trashed(snapshot: Snapshot, since: datetime, waits: str, trash_days: int, now: datetime) -> Decision:
    if snapshot.pinned:
        return Decision(snapshot, keep=True, whys=(Why(Code.PINNED, "in the trash, but pinned"),))
    if instant(now) - instant(since) < timedelta(days=trash_days):
        text = f"in the trash until {day_after(since, trash_days)}"
        return Decision(snapshot, keep=True, whys=(Why(Code.TRASH, text, limit=trash_days),))
    if waits:
        why = Why(Code.TRASH_WAITS, f"stays in the trash: {_WAITS[waits]}", limit=trash_days, detail=waits)
        return Decision(snapshot, keep=True, whys=(why,))
    text = f"in the trash since {since:%Y-%m-%d}, its {trash_days} days are over"
    return Decision(snapshot, keep=False, whys=(Why(Code.TRASH_DUE, text, limit=trash_days),))


def _clock_problems(history: History, policy: RetentionPolicy, now: datetime) -> Iterator[Why]:
    if history.future:
        newest = history.future[0].created_at
        text = f"{len(history.future)} dated after now, up to {newest:%Y-%m-%d}: the clock is or was wrong"
        yield Why(Code.CLOCK_BEHIND, text, number=len(history.future), moment=newest)
    if history.current:
        age = instant(now) - instant(history.current[0].created_at)
        if age > timedelta(days=policy.clock_jump_days):
            text = f"the newest snapshot is {age.days} days old: the clock may have jumped, or backups have stopped"
            yield Why(Code.CLOCK_AHEAD, text, number=age.days, limit=policy.clock_jump_days)


def _too_many(history: History, decisions: tuple[Decision, ...], policy: RetentionPolicy) -> tuple[Why, ...]:
    removed = sum(not decision.keep and decision.snapshot.trashed_at is None for decision in decisions)
    of = len(history.automatic)
    if removed <= policy.brake_count or removed * 100 <= policy.brake_percent * of:
        return ()
    limits = f"{policy.brake_count} and more than {policy.brake_percent} % of the {of} automatic ones"
    return (Why(Code.MANY, f"would remove {removed} snapshots, more than {limits}", removed, of),)


def _anomalies(history: History) -> Iterator[Why]:
    """Of every snapshot that was pinned because much less data came after it, until a person pins or unpins it."""
    for snapshot in history.current:
        if snapshot.anomaly:
            after = f"after {snapshot.short_id} of {snapshot.created_at:%Y-%m-%d %H:%M}"
            text = f"{after}: {snapshot.anomaly}; unpin it when that is as it should be"
            yield Why(Code.ANOMALY, text, detail=snapshot.anomaly, moment=snapshot.created_at)


def _source_problems(history: History) -> Iterator[Why]:
    """Of the newest snapshot that shows problems, unless a sound one came after it: that one proves them gone."""
    for snapshot in history.current:
        if snapshot.sound:
            return
        if snapshot.problems:
            for problem in snapshot.problems:
                text = f"{snapshot.short_id} of {snapshot.created_at:%Y-%m-%d %H:%M}: {problem}"
                yield Why(Code.SOURCE_PROBLEM, text, detail=problem, moment=snapshot.created_at)
            return
