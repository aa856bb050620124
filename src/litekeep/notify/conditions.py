"""What is wrong with a database's backups, from plain facts and the clock: the one place that judges severity. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from litekeep.notify.message import Severity, Situation, Topic, moment
from litekeep.records import dataclass
from litekeep.wording import age

CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong. key: topic, with a name where there can be several. Sentences for people."""

    key: str
    severity: Severity
    short: str
    what: str
    todo: str


def conditions(situation: Situation, now: datetime) -> list[Condition]:
    """Everything that is wrong, the worst first. A repository that is not there hides all but its own absence."""
    finders = (_missing,) if situation.missing else _FINDERS
    found = [condition for finder in finders for condition in finder(situation, now)]
    return sorted(found, key=lambda condition: -condition.severity)


def known(key: str, situation: Situation, now: datetime) -> bool:
    """True if these facts can show that a condition has ended.

    Nothing is known of what lies in a repository that is not there. And a failure has ended when a good backup is
    there, not when nobody remembers it any more.
    """
    if situation.missing:
        return False
    if key in (Topic.FAILED, Topic.OVERDUE, Topic.MISSING):
        return not is_overdue(situation, now) and not situation.failure
    return True


def is_overdue(situation: Situation, now: datetime) -> bool:
    """By the clock and nothing else. A backup from the future proves nothing: the clock is or was wrong."""
    last = situation.last_good_at
    if last is None:
        return situation.since is None or now - situation.since > situation.max_age
    return last > now + CLOCK_SLACK or now - last > situation.max_age


def what_is_safe(situation: Situation, now: datetime) -> str:
    """The middle part of every message."""
    if situation.missing and situation.last_good_at is None:
        return "The database itself is not affected."
    if situation.last_good_at is None:
        return "The database itself is not affected, but there is no verified backup of it."
    last = situation.last_good_at.astimezone(now.tzinfo)
    ago = age(now - last) if last <= now else "in the future"
    return f"The last verified backup is of {moment(last)}, {ago} old; it and all earlier ones are unchanged."


def _missing(situation: Situation, now: datetime) -> Iterator[Condition]:
    """A drive that is unplugged now and then is no alarm before a backup is overdue."""
    if situation.last_good_at is None or is_overdue(situation, now) or situation.failure:
        yield Condition(
            Topic.MISSING,
            Severity.FAILURE,
            "backups not reachable",
            f"The backups of {situation.source} cannot be reached: {situation.missing}.",
            "Plug in the drive or mount the folder; the next run makes up for what was missed.",
        )


def _failed(situation: Situation, _: datetime) -> Iterator[Condition]:
    if situation.failure:
        yield Condition(
            Topic.FAILED,
            Severity.FAILURE,
            "backup failed",
            f"The last backup of {situation.source} failed: {situation.failure}.",
            "Run `litekeep doctor`, then `litekeep backup`; the documentation explains every error.",
        )


def _overdue(situation: Situation, now: datetime) -> Iterator[Condition]:
    if not is_overdue(situation, now):
        return
    last, limit = situation.last_good_at, age(situation.max_age)
    if last is None:
        what = f"No verified backup of {situation.source} has been made yet."
    elif last > now + CLOCK_SLACK:
        what = f"The newest backup of {situation.source} is dated in the future: the clock is or was wrong."
    else:
        what = f"There was no backup of {situation.source} for {age(now - last)}; one is expected every {limit}."
    todo = "See that the schedule still runs and the clock is right; `litekeep backup` makes one now."
    yield Condition(Topic.OVERDUE, Severity.FAILURE, "backup overdue", what, todo)


def _damaged(situation: Situation, _: datetime) -> Iterator[Condition]:
    if situation.damage:
        todo = "Run `litekeep verify --all`, look at the drive, and back up again: what is damaged is stored anew."
        what = f"Stored backups of {situation.source} are damaged: {situation.damage}."
        yield Condition(Topic.DAMAGED, Severity.FAILURE, "backups damaged", what, todo)


def _altered(situation: Situation, _: datetime) -> Iterator[Condition]:
    if situation.altered:
        what = f"Backups of {situation.source} are not as this machine left them: {situation.altered}."
        todo = "Find out who deleted files or put an older folder back; `litekeep doctor` tells more. Until somebody "
        todo += "accepts it, nothing is removed."
        yield Condition(Topic.ALTERED, Severity.FAILURE, "backups gone", what, todo)


def _drill(situation: Situation, _: datetime) -> Iterator[Condition]:
    if situation.drill_failure:
        what = f"The last test restore of {situation.source} failed: {situation.drill_failure}."
        todo = "Run `litekeep verify --all` to see which backups are good."
        yield Condition(Topic.DRILL, Severity.FAILURE, "test restore failed", what, todo)


def _problems(situation: Situation, _: datetime) -> Iterator[Condition]:
    if situation.problems:
        what = f"The database {situation.source} itself has problems: {situation.problems}."
        todo = "Older backups may hold a sound state (`litekeep list`); rotation rests until somebody has looked."
        yield Condition(Topic.PROBLEMS, Severity.FAILURE, "database has problems", what, todo)


def _anomaly(situation: Situation, _: datetime) -> Iterator[Condition]:
    if situation.anomaly:
        what = f"The content of {situation.source} changed unusually: {situation.anomaly}."
        todo = "If that was not meant, restore the backup from before; rotation rests until somebody has looked."
        yield Condition(Topic.ANOMALY, Severity.WARNING, "unusual change", what, todo)


def _held(situation: Situation, _: datetime) -> Iterator[Condition]:
    if situation.held:
        what = f"Rotation of {situation.source} waits for a yes: {situation.held}."
        todo = "Look at `litekeep prune --dry-run`; if it is right, `litekeep prune --yes`. Nothing is removed before."
        yield Condition(Topic.HELD, Severity.WARNING, "rotation waits", what, todo)


def _copies(situation: Situation, _: datetime) -> Iterator[Condition]:
    for name, why in situation.unreachable:
        what = f"The copy {name} of the backups of {situation.source} is not up to date: {why}."
        todo = "See that the place can be reached and that its password is still right; the next run tries again."
        yield Condition(f"{Topic.COPY}:{name}", Severity.WARNING, f"copy {name} not reachable", what, todo)


_FINDERS = (_failed, _overdue, _damaged, _altered, _drill, _problems, _anomaly, _held, _copies)
