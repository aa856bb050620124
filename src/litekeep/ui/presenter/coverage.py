"""Day by day: could one go back to it? Decided so that a cell never claims what is not known.

RESTORABLE  A kept, undamaged backup was made on that day.
FAILED      Backups ran and all of them failed, or all that was made on that day and kept is damaged.
THINNED     The journal has a good run (a backup made, or found unnecessary), and nothing of that day is kept outside
            the trash. A kept backup in the trash counts here: it exists, and it is going.
MISSED      The journal says that a planned backup was left out or overdue; or it has no backup run for a day on which
            the present plan has a slot. The second is claimed only between the first known backup and yesterday, only
            while scheduled backups are on, and only after the day of the journal's oldest row.
NONE        Everything else: before the first backup, today until something ran, days without a slot (weekends of a
            plan for weekdays), and days before the journal's oldest row of which no backup is kept. The journal
            rotates, and removed backups leave nothing but a gap in the numbers: their day cannot be told, so such a day
            is not called thinned, although it often was.

Days are those of the reader's zone. A run for a slot shortly before midnight begins after it: such a day is not missed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime, timedelta, tzinfo

from litekeep.errors import UsageError
from litekeep.journal.history import Row
from litekeep.model import Snapshot
from litekeep.records import dataclass
from litekeep.scheduling.rule import Rule, parse_rule, slot_after
from litekeep.scheduling.zone import zone_named
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Coverage, Day, DayCell
from litekeep.ui.presenter.reasons import failure_text
from litekeep.ui.presenter.runs import is_failed, is_good, is_left_out, own_rows
from litekeep.ui.presenter.tiles import unknown_sentence

_DAY = timedelta(days=1)
_LATE = timedelta(hours=2)
"""A run that begins so long after its slot is still the run of that slot."""
_ROOM = 2
"""Columns that the name of a month needs."""
LEGEND = (
    (Day.RESTORABLE, phrase("restorable")),
    (Day.THINNED, phrase("ran, since thinned")),
    (Day.MISSED, phrase("missed")),
    (Day.FAILED, phrase("failed")),
)


@dataclass(slots=True)
class _Facts:
    """What is known of one day."""

    kept: int = 0
    damaged: int = 0
    trashed: int = 0
    good: int = 0
    left_out: int = 0
    failure: Row | None = None


@dataclass(slots=True)
class _Known:
    """By day, in one pass over snapshots and rows. runs: moments of good runs, sorted, in UTC."""

    days: dict[date, _Facts] = field(default_factory=dict)
    runs: list[datetime] = field(default_factory=list)
    first_backup: date | None = None
    first_row: date | None = None

    def on(self, day: date) -> _Facts:
        found = self.days.get(day)
        if found is None:
            found = self.days[day] = _Facts()
        return found


def coverage(facts: ViewFacts, say: Language, weeks: int) -> Coverage:
    """The last `weeks` weeks, the present one last. Linear in the number of backups and rows."""
    today = facts.now.date()
    start = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    known = _gather(facts, start)
    slots = _slots_without_run(facts, start, known)
    days = [start + timedelta(days=number) for number in range(7 * weeks)]
    kinds = {day: _kind(day, today, known, slots) for day in days if day <= today}
    columns = tuple(
        tuple(_cell(day, today, kinds[day], known, say) if day in kinds else None for day in days[first : first + 7])
        for first in range(0, len(days), 7)
    )
    return Coverage(
        say("Coverage"),
        say.plural("{n} week", "{n} weeks", weeks),
        columns,
        _months(days[::7], say),
        tuple(name if row in (0, 2, 4) else "" for row, name in enumerate(say.style.days)),
        tuple((kind, say(text)) for kind, text in LEGEND),
        unknown_sentence(facts, say) or _sentence(Counter(kinds.values()), weeks, say),
    )


def _gather(facts: ViewFacts, start: date) -> _Known:
    """Of what lies before the weeks that are shown, only when it began: thousands of local days take a while."""
    known, zone = _Known(), facts.now.tzinfo
    edge = datetime(start.year, start.month, start.day, tzinfo=zone) - _DAY
    everything, rows = (*facts.snapshots, *facts.trash), own_rows(facts)
    good = [each.created_at for each in everything] + [row.at for row in rows if is_good(row)]
    known.first_backup = min(good).astimezone(zone).date() if good else None
    known.first_row = min(row.at for row in rows).astimezone(zone).date() if rows else None
    for each in everything:
        if each.created_at >= edge:
            _take_snapshot(each, known.on(each.created_at.astimezone(zone).date()), known)
    for row in rows:
        if row.at >= edge:
            _take_row(row, row.at.astimezone(zone).date(), known)
    known.runs.sort()
    return known


def _take_snapshot(snapshot: Snapshot, day: _Facts, known: _Known) -> None:
    known.runs.append(snapshot.created_at.astimezone(UTC))
    if snapshot.trashed_at is not None:
        day.trashed += 1
    elif snapshot.damage:
        day.damaged += 1
    else:
        day.kept += 1


def _take_row(row: Row, day: date, known: _Known) -> None:
    if is_good(row):
        known.on(day).good += 1
        known.runs.append(row.at.astimezone(UTC))
    elif is_failed(row):
        facts = known.on(day)
        facts.failure = facts.failure or row  # rows come newest first
    elif is_left_out(row):
        known.on(day).left_out += 1


def _slots_without_run(facts: ViewFacts, start: date, known: _Known) -> dict[date, datetime]:
    """Of the days that may be called missed for want of a run, those with a slot: the first one of each."""
    text, now = facts.settings.effective_schedule, facts.now
    if text is None or known.first_backup is None or known.first_row is None:
        return {}
    first = max(start, known.first_backup, known.first_row + _DAY)
    try:
        zone = zone_named(facts.settings.timezone) if facts.settings.timezone else now.tzinfo or UTC
        return _slots(parse_rule(text), first, now.date(), now.tzinfo or UTC, zone, known)
    except UsageError:
        return {}


def _slots(rule: Rule, first: date, today: date, reader: tzinfo, zone: tzinfo, known: _Known) -> dict[date, datetime]:
    """Asked only for days without any run: those are few, or most of them are the machine's holidays."""
    found: dict[date, datetime] = {}
    day = first
    while day < today:
        if day not in known.days:
            midnight = datetime(day.year, day.month, day.day, tzinfo=reader)
            end = midnight + _DAY  # by the wall
            slot = slot_after(rule, midnight.astimezone(UTC) - timedelta(seconds=1), zone)
            if slot < end.astimezone(UTC):
                found[day] = slot
        day += _DAY
    return found


def _kind(day: date, today: date, known: _Known, slots: Mapping[date, datetime]) -> Day:
    facts = known.days.get(day)
    if facts is not None:
        if facts.kept:
            return Day.RESTORABLE
        if facts.damaged:
            return Day.FAILED
        if facts.good or facts.trashed:
            return Day.THINNED
        if facts.failure is not None:
            return Day.FAILED
        if facts.left_out and day != today:
            return Day.MISSED
        return Day.NONE
    slot = slots.get(day)
    return Day.NONE if slot is None or _ran_after(slot, known.runs) else Day.MISSED


def _ran_after(slot: datetime, runs: Sequence[datetime]) -> bool:
    """The run of a slot before midnight may have begun after it."""
    at = bisect_left(runs, slot)
    return at < len(runs) and runs[at] - slot <= _LATE


def _cell(day: date, today: date, kind: Day, known: _Known, say: Language) -> DayCell:
    name = say("{weekday} {date}", weekday=say.style.days[day.weekday()], date=say.date(day))
    what = _what(kind, known.days.get(day) or _Facts(), day == today, say)
    return DayCell(day, kind, say("{day}: {what}", day=name, what=what), day == today)


def _what(kind: Day, facts: _Facts, is_today: bool, say: Language) -> str:  # noqa: FBT001 - a fact of the cell
    if kind is Day.RESTORABLE:
        return say.plural("{n} backup can be restored", "{n} backups can be restored", facts.kept)
    if kind is Day.THINNED:
        if facts.trashed and not facts.good:
            return say("its backup is in the trash")
        return say("backed up; nothing of this day is kept")
    if kind is Day.MISSED:
        return say("a planned backup was missed")
    if kind is Day.FAILED:
        if facts.failure is None:
            return say("its backup is damaged")
        return say("failed: {why}", why=failure_text(facts.failure.code, facts.failure.message, say))
    return say("no backup yet") if is_today else say("nothing known")


def _months(mondays: Sequence[date], say: Language) -> tuple[tuple[int, str], ...]:
    """Above the first column of each month, where there is room."""
    found = [(0, mondays[0].month)] if mondays else []
    for column in range(1, len(mondays)):
        if mondays[column].month != mondays[column - 1].month:
            found.append((column, mondays[column].month))
    shown = [
        each
        for each, following in zip(found, [*found[1:], (None, 0)], strict=True)
        if following[0] is None or following[0] - each[0] >= _ROOM
    ]
    return tuple((column, say.style.months[month - 1]) for column, month in shown)


def _sentence(counted: Counter[Day], weeks: int, say: Language) -> str:
    parts = [say.plural("{n} day can be restored", "{n} days can be restored", counted[Day.RESTORABLE])]
    if counted[Day.THINNED]:
        parts.append(say.plural("{n} was thinned since", "{n} were thinned since", counted[Day.THINNED]))
    if counted[Day.MISSED]:
        parts.append(say.plural("{n} was missed", "{n} were missed", counted[Day.MISSED]))
    if counted[Day.FAILED]:
        parts.append(say.plural("{n} failed", "{n} failed", counted[Day.FAILED]))
    title = say.plural("In the last week", "In the last {n} weeks", weeks)
    return say("{title}: {parts}.", title=title, parts=", ".join(parts))
