"""When slots are, found minute by minute: no parser, no calendar and no search are shared with litekeep.scheduling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

MINUTE = timedelta(minutes=1)
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def numbers(field: str, low: int, high: int) -> set[int]:
    """What a field of numbers, lists, ranges and steps means."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin, end = (low, high) if span == "*" else (int(first), int(last or first))
        found |= set(range(begin, end + 1, int(step or 1)))
    return found


@dataclass(frozen=True)
class Calendar:
    """Which times of a wall match a cron expression, or a time of the day."""

    cron: str

    def __post_init__(self) -> None:
        if ":" in self.cron:
            hour, minute = self.cron.split(":")
            object.__setattr__(self, "cron", f"{int(minute)} {int(hour)} * * *")
        fields = [numbers(text, *span) for text, span in zip(self.cron.split(), RANGES, strict=True)]
        stars = [text.startswith("*") for text in self.cron.split()]
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "either_day", not (stars[2] or stars[4]))

    fields: tuple[set[int], ...] = ()
    either_day: bool = False

    @property
    def every_hour(self) -> bool:
        """True if no hour is left out."""
        return self.fields[1] == set(range(24))

    def matches_hour(self, wall: datetime) -> bool:
        """True if a minute of this hour may be one of the plan."""
        return wall.hour in self.fields[1] and wall.month in self.fields[3]

    def matches(self, wall: datetime) -> bool:
        """True for a minute of the plan."""
        minutes, hours, days, months, weekdays = self.fields
        if wall.minute not in minutes or wall.hour not in hours or wall.month not in months:
            return False
        by_day, by_weekday = wall.day in days, bool({wall.isoweekday(), wall.isoweekday() % 7} & weekdays)
        return (by_day or by_weekday) if self.either_day else (by_day and by_weekday)


def slots(cron: str, zone: tzinfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """All slots from `start` to `end` (whole minutes, UTC), both included."""
    calendar = Calendar(cron)
    before = (start - MINUTE).astimezone(zone)
    moment = start
    while moment <= end:
        wall = moment.astimezone(zone)
        here = wall.replace(tzinfo=None, fold=0)
        if calendar.every_hour:
            due = calendar.matches(here)
        else:
            due = calendar.matches(here) and not wall.fold
            skipped = before.replace(tzinfo=None, fold=0) + MINUTE
            while not due and skipped < here:  # the clock was put forward in this minute
                due = calendar.matches(skipped)
                skipped += MINUTE
        if due:
            yield moment.astimezone(UTC)
        step = MINUTE
        if not due and not here.minute and not calendar.matches_hour(here):
            ahead = (moment + 60 * MINUTE).astimezone(zone)
            if ahead.utcoffset() == wall.utcoffset():
                step = 60 * MINUTE  # an hour without slots, in which no clock is changed
                wall = (moment + 59 * MINUTE).astimezone(zone)
        before = wall
        moment += step
