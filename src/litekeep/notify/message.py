"""What a notification says, and what it is about. Values only."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from litekeep.records import dataclass


class Severity(IntEnum):
    """How much it matters; decided in one place (decide.py) and nowhere else."""

    SUCCESS = 0
    RECOVERED = 1
    WARNING = 2
    FAILURE = 3


class Topic(StrEnum):
    """What a message is about. For one database, each is told at most once a day."""

    FAILED = "failed"  # the newest backup run failed
    OVERDUE = "overdue"  # no good backup in time, by the clock
    MISSING = "missing"  # the repository is not there
    DAMAGED = "damaged"  # stored data is damaged
    ALTERED = "altered"  # backups are gone that nobody removed
    DRILL = "drill"  # a test restore failed
    PROBLEMS = "problems"  # the database itself has problems
    ANOMALY = "anomaly"  # much less data than before
    HELD = "held"  # rotation waits for a person
    COPY = "copy"  # a copy cannot be reached or is behind
    SUCCESS = "success"  # a backup was made


class Occasion(StrEnum):
    """What somebody can wish to be told of; the words of the settings (on_failure, ...)."""

    FAILURE = "failure"
    OVERDUE = "overdue"
    ANOMALY = "anomaly"
    RECOVERY = "recovery"
    SUCCESS = "success"


def occasion_of(topic: str) -> Occasion:
    """The occasion on which a topic is told; "copy:cloud" is a topic with a name."""
    if topic == Topic.OVERDUE:
        return Occasion.OVERDUE
    if topic == Topic.SUCCESS:
        return Occasion.SUCCESS
    return Occasion.ANOMALY if topic in (Topic.ANOMALY, Topic.HELD) else Occasion.FAILURE


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about one database that a notification may depend on: plain facts, gathered by whoever knows them.

    source: its name. max_age: an older last good backup is overdue. last_good_at: when the newest verified state was
    made, or last found to be the database's state; None: never, or not known (`missing`). since: when the database was
    first to be backed up, so that a new one has time for its first backup; None: long ago.
    unverified: the newest snapshot is not (yet) verified.
    The others say what is wrong, in a sentence without a full stop and without row data; empty: nothing.
    failure: why the newest run failed. missing: why the repository cannot be used; nothing else is known then.
    damage: of stored objects. altered: what is gone of the repository that nobody removed. drill_failure: of the newest
    test restore. problems: of the database itself. anomaly: how its content changed. held: why rotation waits.
    unreachable: copies that cannot be used, and why.
    """

    source: str
    max_age: timedelta = timedelta(hours=26)
    last_good_at: datetime | None = None
    since: datetime | None = None
    unverified: bool = False
    failure: str = ""
    missing: str = ""
    damage: str = ""
    altered: str = ""
    drill_failure: str = ""
    problems: str = ""
    anomaly: str = ""
    held: str = ""
    unreachable: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message. what happened, what is safe, what to do: sentences. about: (source, topic) of all that it tells.

    at: when, in the zone in which it is told. host: the machine's name.
    """

    severity: Severity
    title: str
    what: str
    safe: str
    todo: str
    at: datetime
    host: str
    about: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The whole message in paragraphs, without the title."""
        when = f"{self.host}, {moment(self.at)}" if self.host else moment(self.at)
        return "\n\n".join(part for part in (self.what, self.safe, self.todo, f"-- Litekeep on {when}") if part)


class State(StrEnum):
    """What a notice remembers. UNDELIVERED: the channel failed; so nothing is known to have been read."""

    ALARM = "alarm"
    RECOVERED = "recovered"
    SUCCESS = "success"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class Notice:
    """That something was told: by which channel, about which database and topic."""

    at: datetime
    channel: str
    source: str
    topic: str
    state: State


def moment(at: datetime) -> str:
    """Date and time with the zone's offset, as people in that zone read it: "2026-09-24 02:00 (UTC+02:00)"."""
    offset = at.strftime("%z")
    zone = f"UTC{offset[:3]}:{offset[3:5]}" if offset.strip("+-0") else "UTC"
    return f"{at:%Y-%m-%d %H:%M} ({zone})"
