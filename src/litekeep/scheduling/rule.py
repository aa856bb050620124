"""When something is due: a pure function of (rule, newest satisfied slot, now, zone).

A *slot* is a planned moment, such as 02:00 of the 3rd of May in Europe/Paris. When a run for it really happens is
another fact: a backup for 02:00 may be made at 09:12, when the machine is switched on. Slots follow from the rule and
the zone alone, so that runs which are late never shift the plan.

Summer time. A rule that names hours is about the clock on the wall: a time that is skipped (02:00 when clocks go from
02:00 to 03:00) runs at the end of the gap, a time that comes twice runs the first time. Several times in one gap are
one slot. A rule for every hour is about time that passes: it runs in both of the hours that have the same name, and the
hour that is skipped has no slot.

Slots are aware and carry the offset of the zone at that moment, never the zone itself: Python compares two times of the
same zone by the wall and not by the moment, which is wrong where the clock is put back.

cronsim parses the expression and finds matching times of a calendar without zones. What becomes of them in a zone is
decided here, because cronsim judges by the look of the expression, misses repeated times where the clock is put back by
half an hour, and skips `*/30 2 * * *` altogether on the day that has no hour 2.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from cronsim import CronSim, CronSimError

from litekeep.errors import UsageError
from litekeep.records import dataclass

ON_TIME = timedelta(minutes=10)
"""Without catching up, a slot is run if it is at most this old: time for a thread to wake and for a timer's delay."""
BELIEVED_AHEAD = timedelta(days=1)
"""A satisfied slot in the future, seen after a clock was put back, is believed if it is the next one and this near."""
EARLY = timedelta(minutes=2)
"""A timer of the system that fires this much before its slot means that slot."""
RESTORE_TESTS = {"daily": "30 5 * * *", "weekly": "30 5 * * 0", "monthly": "30 5 1 * *"}
"""When the words of the setting `restore_test` are due: apart from a backup at night, on Sundays or on the first."""
_LONGEST_TEXT = 200
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_LOOK_BACK = tuple(timedelta(days=days) for days in (1 / 24, 1, 8, 32, 367, 9 * 366, 51 * 366))
_STEP = timedelta(hours=6)  # no zone ever changed its offset twice within that


@dataclass(frozen=True, slots=True)
class Rule:
    """A plan; made by parse_rule.

    cron: five fields (minute, hour, day of the month, month, day of the week). catch_up: a missed slot is run later.
    every_hour: it names no hours, so it is about time that passes; see the module's text.
    """

    cron: str
    catch_up: bool = True
    every_hour: bool = False


def parse_rule(text: str, *, catch_up: bool = True) -> Rule:
    """A rule from "HH:MM" (daily) or from a cron expression of five fields; raises UsageError.

    Understood are numbers, names (MON, JAN), lists, ranges, steps, L (last day of the month), LW (last weekday), 5L
    (last Friday) and 5#2 (second Friday). If day of the month and day of the week are both given, one of them is
    enough, as in cron.
    """
    cron = _cron_of(text)
    try:
        times = CronSim(cron, datetime(2000, 1, 1))  # noqa: DTZ001 - a calendar without zones
    except CronSimError as error:
        raise _not_a_rule(text, str(error).lower()) from error
    if next(times, None) is None:
        raise _not_a_rule(text, "it never comes")
    return Rule(cron, catch_up, times.hours == set(range(24)))


def parse_restore_test(text: str, *, catch_up: bool = True) -> Rule | None:
    """The rule of a restore test: daily, weekly, monthly, a time or a cron expression; None for never."""
    word = text.strip().lower()
    return None if word == "never" else parse_rule(RESTORE_TESTS.get(word, text), catch_up=catch_up)


def _cron_of(text: str) -> str:
    if time := _TIME.fullmatch(text.strip()):
        hour, minute = int(time[1]), int(time[2])
        if hour > 23 or minute > 59:
            raise _not_a_rule(text, "there is no such time of the day")
        return f"{minute} {hour} * * *"
    fields = text.split()
    if len(text) > _LONGEST_TEXT or len(fields) != 5:
        raise _not_a_rule(text, "five fields are expected")
    return " ".join(fields).upper()


def _not_a_rule(text: str, why: str) -> UsageError:
    hint = 'Write a time ("02:00") or a cron expression of five fields ("0 2 * * MON-FRI").'
    return UsageError(f"not a schedule: {text[:_LONGEST_TEXT]!r}: {why}", hint=hint)


def slot_after(rule: Rule, moment: datetime, zone: tzinfo) -> datetime:
    """The first slot after `moment` (aware); raises UsageError if there is none within fifty years."""
    start = moment.astimezone(UTC)
    found = _after_passing(rule, start, zone) if rule.every_hour else _after_on_the_wall(rule, start, zone)
    if found is None:
        raise _not_a_rule(rule.cron, f"it does not come within fifty years after {moment:%Y-%m-%d}")
    return _told_in(zone, found)


def latest_slot(rule: Rule, now: datetime, zone: tzinfo) -> datetime | None:
    """The newest slot that is not after `now`; None if there was none for fifty years."""
    for span in _LOOK_BACK:
        found, slot = None, slot_after(rule, now - span, zone)
        while slot <= now:
            found, slot = slot, slot_after(rule, slot, zone)
        if found:
            return found
    return None


def longest_gap(rule: Rule, now: datetime, zone: tzinfo) -> timedelta:
    """The longer one of the pauses before the newest slot and after it: how long the plan itself lets pass."""
    newest = latest_slot(rule, now, zone)
    following = slot_after(rule, now, zone)
    if newest is None:
        return following - now.astimezone(UTC)
    before = latest_slot(rule, newest - timedelta(seconds=1), zone)
    return max(following - newest, newest - before if before else timedelta(0))


def believable_until(rule: Rule, now: datetime, zone: tzinfo) -> datetime:
    """A slot later than this cannot have been satisfied: it was noted while the clock was wrong, and is passed over.

    A little of the future is believed, so that a clock put back by minutes does not make the same slot run twice.
    """
    return min(slot_after(rule, now, zone), now.astimezone(UTC) + BELIEVED_AHEAD)


def next_due(rule: Rule, last_slot: datetime | None, now: datetime, zone: tzinfo) -> datetime:
    """The slot to be run next: at once if it is not after `now`.

    last_slot: the newest slot that is satisfied; None if none is. Of many missed slots only the newest is due. A rule
    that was never satisfied is due at once. Without catching up, slots older than ON_TIME are not due any more.
    """
    if last_slot is not None and last_slot > believable_until(rule, now, zone):
        last_slot = None
    newest = latest_slot(rule, now, zone)
    missed = newest is not None and (last_slot is None or last_slot < newest)
    if newest is not None and missed and (rule.catch_up or _passed(newest, now) <= ON_TIME):
        return newest
    start = now if last_slot is None else max(now.astimezone(UTC), last_slot.astimezone(UTC))
    return slot_after(rule, start, zone)


def missed_slot(rule: Rule, last_slot: datetime | None, now: datetime, zone: tzinfo) -> datetime | None:
    """The newest slot that was not run and never will be, because the rule does not catch up; None if there is none."""
    newest = latest_slot(rule, now, zone)
    if rule.catch_up or newest is None or last_slot is None or last_slot >= newest:
        return None
    return newest if _passed(newest, now) > ON_TIME else None


def slot_of_run(rule: Rule, now: datetime, zone: tzinfo) -> datetime | None:
    """The slot that a run which a timer of the system starts now is for: the newest one, or one that is about to
    come.
    """
    return latest_slot(rule, now.astimezone(UTC) + EARLY, zone)


def _after_on_the_wall(rule: Rule, start: datetime, zone: tzinfo) -> datetime | None:
    """Times of the wall, in order, become moments in order, so the first one that is late enough is the one."""
    for wall in CronSim(rule.cron, _wall(start, zone)):
        moment = _moment_of(wall, zone)
        if moment > start:
            return moment
    return None


def _after_passing(rule: Rule, start: datetime, zone: tzinfo) -> datetime | None:
    """From one change of the offset to the next: in between, the wall and the moment run together."""
    offset = _offset(start, zone)
    wall = _wall(start, zone)
    while (found := next(CronSim(rule.cron, wall), None)) is not None:
        moment = found.replace(tzinfo=UTC) - offset
        change = _first_change(start, moment, zone)
        if change is None:
            return moment
        start, offset = change, _offset(change, zone)
        wall = _wall(change, zone) - timedelta(seconds=1)  # the moment of the change itself may be a slot
    return None


def _moment_of(wall: datetime, zone: tzinfo) -> datetime:
    """The first moment at which the wall shows this, or the end of the gap that it lies in."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(moment, zone) == wall:
        return moment
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # as if the offset after the gap held already
    return _first_change(before, moment, zone) or moment


def _first_change(start: datetime, end: datetime, zone: tzinfo) -> datetime | None:
    """The first moment after `start` and up to `end` (both UTC) with another offset than at `start`, to the second."""
    offset = _offset(start, zone)
    low = start
    while low < end:
        high = min(low + _STEP, end)
        if _offset(high, zone) != offset:
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2 or 1)
                low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
            return high.replace(microsecond=0)
        low = high
    return None


def _wall(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _told_in(zone: tzinfo, moment: datetime) -> datetime:
    return moment.astimezone(timezone(_offset(moment, zone)))


def _passed(slot: datetime, now: datetime) -> timedelta:
    return now.astimezone(UTC) - slot
