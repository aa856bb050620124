"""Moments and spans in words: "today at 02:00", "7 h 46 min ago", "in 6 h 14 min". Pure.

The zone in which people read times is the one of `now`. Moments are compared as moments: two times of one zone are
subtracted by the wall in Python, which is an hour wrong when the clock changes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from litekeep.ui.language.style import Style

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_SOON = timedelta(seconds=60)


class Say(Protocol):
    """What is needed of a Language here."""

    style: Style

    def __call__(self, text: str, /, **values: object) -> str:
        """Translate."""

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Translate by number."""


def passed(moment: datetime, now: datetime) -> timedelta:
    """The time from `moment` to `now`; negative if it has not come yet."""
    return now.astimezone(UTC) - moment.astimezone(UTC)


def local(moment: datetime, now: datetime) -> datetime:
    """The moment in the reader's zone."""
    return moment.astimezone(now.tzinfo)


def days_ago(moment: datetime, now: datetime) -> int:
    """By the reader's calendar: 1 is yesterday; negative if that day has not come yet."""
    return (now.date() - local(moment, now).date()).days


def date_text(style: Style, day: date) -> str:
    """ "Sep 24, 2026", "24/09/2026"."""
    return style.date.format(day=day.day, month=day.month, year=day.year, name=style.months[day.month - 1])


def time_text(moment: datetime, now: datetime) -> str:
    """ "02:00" in the reader's zone."""
    return f"{local(moment, now):%H:%M}"


def day_word(say: Say, day: date, today: date) -> str:
    """ "today", "yesterday", "tomorrow", the weekday of the last six days, else the date."""
    distance = (today - day).days
    if distance == 0:
        return say("today")
    if distance == 1:
        return say("yesterday")
    if distance == -1:
        return say("tomorrow")
    if 1 < distance < 7:
        return say.style.day_names[day.weekday()]
    return date_text(say.style, day)


def when(say: Say, moment: datetime, now: datetime) -> str:
    """In a sentence: "today at 02:00", "Monday at 02:00", "Sep 12, 2026 at 02:00" ("le 12/09/2026 à 02:00")."""
    there, today = local(moment, now), now.date()
    word, time = day_word(say, there.date(), today), time_text(moment, now)
    if -2 < (today - there.date()).days < 7:
        return say("{day} at {time}", day=word, time=time)
    return say("{date} at {time}", date=word, time=time)


def span(say: Say, time: timedelta) -> str:
    """ "25 s", "12 min", "7 h 46 min", "30 h", "3 days", "9 months", "2 years"; the sign is left out."""
    time = abs(time)
    if time < _MINUTE:
        return say("{n} s", n=int(time.total_seconds()))
    minutes = time // _MINUTE
    if minutes < 60:
        return say("{n} min", n=minutes)
    if minutes < 24 * 60:
        hours, minutes = divmod(minutes, 60)
        if not minutes:
            return _hours(say, hours)
        return say("{hours} h {minutes} min", hours=hours, minutes=say.style.minutes.format(minutes))
    return _hours(say, minutes // 60) if minutes < 48 * 60 else rough_span(say, time)


def rough_span(say: Say, time: timedelta) -> str:
    """The same in days or more: "0 days", "3 days", "9 months", "2 years"."""
    days = abs(time) // _DAY
    if days < 61:
        return say.plural("{n} day", "{n} days", days)
    months = int(days / 30.4375)
    if months < 24:
        return say.plural("{n} month", "{n} months", months)
    return say.plural("{n} year", "{n} years", int(days / 365.25))


def _hours(say: Say, hours: int) -> str:
    return say("{n} h", n=hours)


def ago(say: Say, moment: datetime, now: datetime) -> str:
    """ "just now", "7 h 46 min ago"; a moment that has not come yet: "in 5 min"."""
    time = passed(moment, now)
    if abs(time) < _SOON:
        return say("just now")
    return ahead(say, moment, now) if time < timedelta(0) else say("{span} ago", span=span(say, time))


def ahead(say: Say, moment: datetime, now: datetime) -> str:
    """ "in 6 h 14 min"; "now" for less than a minute and for what is past. Minutes are counted as begun ones."""
    time = -passed(moment, now)
    if time < _SOON:
        return say("now")
    if time < _DAY:
        time = -(-time // _MINUTE) * _MINUTE
    return say("in {span}", span=span(say, time))
