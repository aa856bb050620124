"""decide: which messages are due. Pure: facts, what was sent before and now -> messages.

The rules, for each database and topic:

1. What is wrong is told at once, and then daily while it lasts: never again before both 23 hours have passed and
   another day has begun. (23, because a daily run is a little earlier on some days, and a reminder must not slip by a
   day.) This holds also for what came and went in between: a network that fails every hour is one alarm a day.
2. What was told as wrong is told as recovered, once, when the facts show that it is.
3. Overdue comes from the clock alone. So a scheduler that died is noticed by whoever asks next, and after months
   without power there is one message, not one for every day.
4. What is due about one database is one message, and more than three databases are one message: no storm.

Notices that were lost count as never sent: rather one message too many than one too few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from litekeep.notify.conditions import Condition, conditions, known, what_is_safe
from litekeep.notify.message import (
    Message,
    Notice,
    Occasion,
    Severity,
    Situation,
    State,
    Topic,
    moment,
    occasion_of,
)
from litekeep.records import dataclass

REMIND_AFTER = timedelta(hours=23)
MOST_SINGLE = 3
"""More messages of one kind at once are put into one."""
MOST_LISTED = 20


BY_DEFAULT = frozenset({Occasion.FAILURE, Occasion.OVERDUE, Occasion.ANOMALY, Occasion.RECOVERY})


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one channel is to be told of. host: the machine's name, for the messages."""

    occasions: frozenset[Occasion] = BY_DEFAULT
    host: str = ""


Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Memory:
    """What was told before, by (source, topic). standing: the newest notice. alarms: the newest that is no recovery."""

    standing: Mapping[Key, Notice]
    alarms: Mapping[Key, Notice]

    @classmethod
    def of(cls, previous: Iterable[Notice], now: datetime) -> Memory:
        """From notices in any order. One of the future lies, because the clock was wrong: it is not believed."""
        told = [notice for notice in previous if notice.state is not State.UNDELIVERED and notice.at <= now]
        told.sort(key=lambda notice: notice.at)
        alarms = {(each.source, each.topic): each for each in told if each.state is not State.RECOVERED}
        return cls({(each.source, each.topic): each for each in told}, alarms)


def decide(situations: Sequence[Situation], previous: Iterable[Notice], wishes: Wishes, now: datetime) -> list[Message]:
    """The messages that are due now, the worst first.

    Args:
        situations: one for each database; one that is left out is not judged.
        previous: what one channel was told.
        wishes: what is wanted.
        now: aware; messages are told in its zone.
    """
    memory = Memory.of(previous, now)
    found = [message for each in situations for message in _about(each, memory, wishes, now)]
    alarms = [each for each in found if each.severity >= Severity.WARNING]
    recoveries = [each for each in found if each.severity is Severity.RECOVERED]
    successes = [each for each in found if each.severity is Severity.SUCCESS]
    messages = [*_together(alarms, now), *_together(recoveries, now), *_together(successes, now)]
    return sorted(messages, key=lambda message: -message.severity)


def state_of(message: Message) -> State:
    """What is remembered of a message that was delivered."""
    if message.severity is Severity.SUCCESS:
        return State.SUCCESS
    return State.RECOVERED if message.severity is Severity.RECOVERED else State.ALARM


def _about(situation: Situation, memory: Memory, wishes: Wishes, now: datetime) -> list[Message]:
    """At most one alarm and one good piece of news about one database."""
    active = conditions(situation, now)
    messages = []
    wanted = [each for each in active if occasion_of(each.key) in wishes.occasions]
    due = [each for each in wanted if _is_due(memory.alarms.get((situation.source, each.key)), now)]
    if due:
        messages.append(_alarm(situation, due, wishes, now))
    over = _recovered(situation, active, memory, now)
    if over and Occasion.RECOVERY in wishes.occasions:
        messages.append(_recovery(situation, over, active, wishes, now))
    if (
        Occasion.SUCCESS in wishes.occasions
        and not active
        and situation.last_good_at is not None
        and not situation.missing
    ):
        before = memory.alarms.get((situation.source, Topic.SUCCESS))
        if _is_due(before, now) and (before is None or situation.last_good_at > before.at):
            messages.append(_success(situation, wishes, now))
    return messages


def _is_due(before: Notice | None, now: datetime) -> bool:
    """True if it was never told, or so long ago that it is time again."""
    if before is None:
        return True
    another_day = before.at.astimezone(now.tzinfo).date() != now.date()
    return another_day and now - before.at >= REMIND_AFTER


def _recovered(situation: Situation, active: Sequence[Condition], memory: Memory, now: datetime) -> list[str]:
    """The keys that were told as wrong, and are shown not to be."""
    wrong = {each.key for each in active}
    return [
        key
        for (source, key), notice in memory.standing.items()
        if source == situation.source and notice.state is State.ALARM
        if key not in wrong and known(key, situation, now)
    ]


def _alarm(situation: Situation, due: Sequence[Condition], wishes: Wishes, now: datetime) -> Message:
    about = tuple((situation.source, each.key) for each in due)
    what, todo = _sentences(each.what for each in due), _sentences(each.todo for each in due)
    title = f"{situation.source}: {due[0].short}" + (f" (and {len(due) - 1} more)" if len(due) > 1 else "")
    return Message(due[0].severity, title, what, what_is_safe(situation, now), todo, now, wishes.host, about)


def _recovery(
    situation: Situation, over: Sequence[str], active: Sequence[Condition], wishes: Wishes, now: datetime
) -> Message:
    words = ", ".join(_WORDS.get(key.partition(":")[0], key) for key in sorted(over))
    what = (
        f"{situation.source} is in order again: {words}." if not active else f"Over, for {situation.source}: {words}."
    )
    todo = "Nothing to do." if not active else "Not over: " + ", ".join(each.short for each in active) + "."
    about = tuple((situation.source, key) for key in over)
    title = f"{situation.source}: in order again" if not active else f"{situation.source}: partly in order again"
    return Message(Severity.RECOVERED, title, what, what_is_safe(situation, now), todo, now, wishes.host, about)


_WORDS: Mapping[str, str] = {
    Topic.FAILED: "the backup succeeded",
    Topic.OVERDUE: "there is a recent backup",
    Topic.MISSING: "the backups can be reached",
    Topic.DAMAGED: "no stored backup is damaged any more",
    Topic.ALTERED: "no backup is missing any more, or somebody accepted it",
    Topic.DRILL: "the test restore passed",
    Topic.PROBLEMS: "the newest backup is of a sound database",
    Topic.ANOMALY: "the unusual change was looked at",
    Topic.HELD: "rotation goes on",
    Topic.COPY: "the copy is up to date",
}


def _success(situation: Situation, wishes: Wishes, now: datetime) -> Message:
    assert situation.last_good_at is not None
    made = moment(situation.last_good_at.astimezone(now.tzinfo))
    what = f"The backup of {situation.source} of {made} was made and verified."
    about = ((situation.source, str(Topic.SUCCESS)),)
    title = f"{situation.source}: backup made"
    return Message(Severity.SUCCESS, title, what, "", "Nothing to do.", now, wishes.host, about)


def _together(messages: Sequence[Message], now: datetime) -> list[Message]:
    """One message for many databases: a drive that came off is one piece of news."""
    if len(messages) <= MOST_SINGLE:
        return list(messages)
    worst = max(message.severity for message in messages)
    lines = [f"- {message.what}" for message in messages[:MOST_LISTED]]
    if len(messages) > MOST_LISTED:
        lines.append(f"- and {len(messages) - MOST_LISTED} more")
    about = tuple(pair for message in messages for pair in message.about)
    alarm = worst >= Severity.WARNING
    title = f"{len(messages)} databases: " + ("backups need attention" if alarm else "in order")
    safe = "Backups that were complete before are unchanged." if alarm else ""
    todo = "Run `litekeep status` and `litekeep doctor`." if alarm else "Nothing to do."
    return [Message(worst, title, "\n".join(lines), safe, todo, now, messages[0].host, about)]


def _sentences(parts: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(parts))
