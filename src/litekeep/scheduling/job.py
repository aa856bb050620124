"""What a timer of the operating system is to start, and when: the plan that systemd, launchd and Windows are told.
Pure.

A timer starts a command that ends: `litekeep backup app.db --scheduled RULE`. The command finds out by itself whether
the newest slot of the rule is satisfied, so it does no harm if a timer fires late, twice or beside an open application.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from itertools import product
from re import sub

from cronsim import CronSim

from litekeep.errors import UsageError
from litekeep.records import dataclass
from litekeep.scheduling.rule import Rule

_ANY_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - a calendar without zones
MOST_TIMES = 48
"""Windows takes this many triggers for one task."""


@dataclass(frozen=True, slots=True)
class Job:
    """One command and when it is to be started.

    name: unique on the machine, of the letters that every system takes. command: program with its full path, then its
    arguments. folders: those it writes to. mounts: those that must be mounted first. user: whose account it runs under;
    empty for the one who installs it. zone: in which the rule is meant, which only systemd takes; empty: the machine's.
    """

    name: str
    description: str
    command: tuple[str, ...]
    rule: Rule
    folders: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    user: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """A rule as lists of numbers: what calendars of operating systems can express. Empty: every one.

    days: of the month. weekdays: 0 is Sunday. Given both, one of them is enough, as in cron.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    @property
    def of_day(self) -> list[tuple[int, int]]:
        """(hour, minute), rising."""
        return list(product(self.hours or range(24), self.minutes or range(60)))


def job_name(database: str, verb: str) -> str:
    """The name of the timer that does `verb` for a database: readable, and different for each path."""
    stem = database.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or "database"
    readable = sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:30].strip("-") or "database"
    digest = blake2b(database.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()
    return f"litekeep-{readable}-{digest}-{verb}"


def times_of(rule: Rule) -> Times:
    """The numbers of a rule; raises UsageError for what calendars of operating systems cannot say."""
    minutes, _, days, months, weekdays = rule.cron.split()
    both = days.startswith("*") != (days == "*") or weekdays.startswith("*") != (weekdays == "*")
    if any(letter in f"{days} {weekdays}" for letter in ("L", "#", "W")) and not _names_only(days, weekdays):
        raise _cannot(rule, "the last day or the second Friday of a month")
    if both and days != "*" and weekdays != "*":
        raise _cannot(rule, "days of the month that are also certain days of the week")
    parsed = CronSim(rule.cron, _ANY_DAY)
    found = sorted({day % 7 for day in parsed.weekdays if isinstance(day, int)})
    return Times(
        () if minutes == "*" else tuple(sorted(parsed.minutes)),
        () if rule.every_hour else tuple(sorted(parsed.hours)),
        () if days == "*" else tuple(sorted(parsed.days)),
        () if months == "*" else tuple(sorted(parsed.months)),
        () if weekdays == "*" else tuple(found),
    )


def _names_only(days: str, weekdays: str) -> bool:
    """WED holds a W, but is no last weekday."""
    return not any(sign in days for sign in "LW#") and not any(sign in weekdays.replace("WED", "") for sign in "LW#")


def _cannot(rule: Rule, what: str) -> UsageError:
    hint = "Choose a plainer schedule, or give the rule to a program that embeds Litekeep's own scheduler."
    return UsageError(f"the system's timers cannot express {rule.cron!r}: {what}", hint=hint)


def few_times(rule: Rule, times: Times) -> list[tuple[int, int]]:
    """The times of the day, for calendars that take them one by one; raises UsageError if they are too many."""
    if len(times.of_day) > MOST_TIMES:
        raise _cannot(rule, f"more than {MOST_TIMES} times a day")
    return times.of_day
