"""Which messages are due: at once, then daily, and over; by the clock; and never a storm."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litekeep.notify.conditions import conditions
from litekeep.notify.decide import BY_DEFAULT, MOST_SINGLE, Wishes, decide, state_of
from litekeep.notify.message import Message, Notice, Occasion, Severity, Situation, State, Topic, moment, occasion_of
from litekeep.notify.notifier import beat_of
from litekeep.notify.online import Beat

START = datetime(2026, 3, 1, 2, 0, tzinfo=ZoneInfo("Europe/Paris"))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOOD = Situation("app", last_good_at=START)
EVERYTHING = frozenset(Occasion)


@dataclass
class Channel:
    """A channel that takes everything, and remembers what it was told."""

    wishes: Wishes = field(default_factory=lambda: Wishes(host="box"))
    notices: list[Notice] = field(default_factory=list)
    sent: list[tuple[datetime, Message]] = field(default_factory=list)

    def tell(self, now: datetime, *situations: Situation) -> list[Message]:
        """What is due now."""
        messages = decide(situations, self.notices, self.wishes, now)
        for message in messages:
            self.sent.append((now, message))
            self.notices += [Notice(now, "c", source, topic, state_of(message)) for source, topic in message.about]
        return messages


def test_nothing_is_said_while_all_is_well() -> None:
    channel = Channel()
    for hour in range(26):
        assert channel.tell(START + hour * HOUR, GOOD) == []


def test_a_failure_is_told_at_once_then_daily_and_then_that_it_is_over() -> None:
    channel = Channel()
    for hour in range(49):
        good = replace(GOOD, last_good_at=START + hour * HOUR, failure="no space left" if hour < 48 else "")
        channel.tell(START + hour * HOUR, good)
    assert [(at - START, message.severity) for at, message in channel.sent] == [
        (0 * HOUR, Severity.FAILURE),
        (23 * HOUR, Severity.FAILURE),
        (46 * HOUR, Severity.FAILURE),
        (48 * HOUR, Severity.RECOVERED),
    ]
    first, last = channel.sent[0][1], channel.sent[-1][1]
    assert first.title == "app: backup failed"
    assert first.what == "The last backup of app failed: no space left."
    assert "The last verified backup is of 2026-03-01 02:00 (UTC+01:00)" in first.safe
    assert "litekeep doctor" in first.todo
    assert first.text.endswith("-- Litekeep on box, 2026-03-01 02:00 (UTC+01:00)")
    assert last.title == "app: in order again"


def test_a_daily_run_that_is_a_little_early_is_still_reminded() -> None:
    channel = Channel()
    for day in range(5):
        early = timedelta(minutes=7 * day)
        now = START + day * DAY - early
        channel.tell(now, replace(GOOD, last_good_at=now, failure="x"))
    assert len(channel.sent) == 5


def test_overdue_comes_from_the_clock_alone() -> None:
    channel = Channel()
    assert channel.tell(START + 26 * HOUR, GOOD) == []
    (message,) = channel.tell(START + 26 * HOUR + timedelta(seconds=1), GOOD)
    assert message.title == "app: backup overdue"
    assert "for 26 h; one is expected every 26 h" in message.what


def test_after_months_without_power_there_is_one_message() -> None:
    channel = Channel()
    channel.tell(START + 2 * DAY, GOOD)
    later = START + 200 * DAY
    assert len(channel.tell(later, GOOD)) == 1
    assert channel.tell(later + HOUR, GOOD) == []
    (message,) = channel.tell(later + 2 * HOUR, replace(GOOD, last_good_at=later + 2 * HOUR))
    assert message.severity is Severity.RECOVERED


def test_a_new_database_has_time_for_its_first_backup() -> None:
    new = Situation("app", since=START)
    assert decide([new], [], Wishes(), START + 25 * HOUR) == []
    (message,) = decide([new], [], Wishes(), START + 27 * HOUR)
    assert "No verified backup of app has been made yet." in message.what
    assert "there is no verified backup of it" in message.safe
    assert len(decide([Situation("app")], [], Wishes(), START)) == 1


def test_a_backup_from_the_future_is_no_backup() -> None:
    (message,) = decide([replace(GOOD, last_good_at=START + DAY)], [], Wishes(), START)
    assert "dated in the future" in message.what


def test_a_drive_that_is_unplugged_is_no_alarm_before_a_backup_is_overdue() -> None:
    away = replace(GOOD, missing="the folder is not there")
    assert decide([away], [], Wishes(), START + 20 * HOUR) == []
    (message,) = decide([away], [], Wishes(), START + 27 * HOUR)
    assert message.about == (("app", "missing"),)
    assert len(decide([replace(away, last_good_at=None)], [], Wishes(), START)) == 1


def test_of_a_repository_that_is_not_there_nothing_is_known_to_be_over() -> None:
    channel = Channel()
    channel.tell(START, replace(GOOD, damage="1 of 3 snapshots", failure="x"))
    assert channel.tell(START + HOUR, replace(GOOD, missing="not there")) == []
    (message,) = channel.tell(START + 2 * HOUR, replace(GOOD, last_good_at=START + 2 * HOUR))
    assert sorted(topic for _, topic in message.about) == ["damaged", "failed"]


def test_a_failure_is_over_when_a_good_backup_is_there_and_not_when_it_is_forgotten() -> None:
    channel = Channel()
    channel.tell(START, replace(GOOD, failure="x"))
    forgotten = replace(GOOD, last_good_at=START - 3 * DAY)
    assert [each.severity for each in channel.tell(START + HOUR, forgotten)] == [Severity.FAILURE]
    assert all(each.severity is Severity.FAILURE for _, each in channel.sent)


@pytest.mark.parametrize(
    ("changes", "topic", "severity"),
    [
        ({"drill_failure": "cut short"}, Topic.DRILL, Severity.FAILURE),
        ({"problems": "row 7 missing from index"}, Topic.PROBLEMS, Severity.FAILURE),
        ({"anomaly": "people shrank from 900 to 0 rows"}, Topic.ANOMALY, Severity.WARNING),
        ({"held": "more than a quarter would go"}, Topic.HELD, Severity.WARNING),
        ({"unreachable": (("nas", "no route"),)}, "copy:nas", Severity.WARNING),
        ({"damage": "2 of 3 snapshots"}, Topic.DAMAGED, Severity.FAILURE),
    ],
)
def test_every_condition_is_told_with_its_cause_and_is_over_one_day(
    changes: dict[str, object], topic: str, severity: Severity
) -> None:
    channel = Channel()
    bad = replace(GOOD, **changes)  # type: ignore[arg-type]
    (message,) = channel.tell(START, bad)
    assert (message.severity, message.about) == (severity, (("app", topic),))
    value = next(iter(changes.values()))
    assert (value if isinstance(value, str) else "no route") in message.what
    assert channel.tell(START + HOUR, bad) == []
    (over,) = channel.tell(START + 2 * HOUR, GOOD)
    assert (over.severity, over.about) == (Severity.RECOVERED, (("app", topic),))


def test_what_is_new_is_told_alone_while_the_old_is_still_known() -> None:
    channel = Channel()
    channel.tell(START, replace(GOOD, failure="x"))
    (message,) = channel.tell(START + HOUR, replace(GOOD, failure="x", damage="1 of 3 snapshots"))
    assert message.about == (("app", "damaged"),)
    (partly,) = channel.tell(START + 2 * HOUR, replace(GOOD, failure="x"))
    assert partly.title == "app: partly in order again"
    assert "Not over: backup failed." in partly.todo


def test_many_databases_are_one_message() -> None:
    channel = Channel()
    names = [f"db{number}" for number in range(30)]
    (message,) = channel.tell(START, *(replace(GOOD, source=name, failure="drive gone") for name in names))
    assert message.title == "30 databases: backups need attention"
    assert "and 10 more" in message.what
    assert len(message.about) == 30
    (over,) = channel.tell(START + HOUR, *(replace(GOOD, source=name) for name in names))
    assert over.title == "30 databases: in order"
    few = decide([replace(GOOD, source=n, failure="x") for n in names[:MOST_SINGLE]], [], Wishes(), START)
    assert len(few) == MOST_SINGLE


def test_success_is_told_once_a_day_and_only_for_something_new() -> None:
    channel = Channel(Wishes(EVERYTHING))
    for hour in range(72):
        channel.tell(START + hour * HOUR, replace(GOOD, last_good_at=START + hour // 12 * 12 * HOUR))
    assert [at - START for at, _ in channel.sent] == [0 * HOUR, 23 * HOUR, 46 * HOUR, 70 * HOUR]
    assert {message.severity for _, message in channel.sent} == {Severity.SUCCESS}
    quiet = Channel(Wishes(EVERYTHING))
    for hour in range(26):
        quiet.tell(START + hour * HOUR, GOOD)
    assert len(quiet.sent) == 1, "yesterday's backup is not told again"


@pytest.mark.parametrize("occasion", list(Occasion))
def test_a_channel_is_told_only_what_it_wishes(occasion: Occasion) -> None:
    bad = replace(GOOD, last_good_at=START - 3 * DAY, failure="x", anomaly="y", drill_failure="z")
    messages = decide([bad], [], Wishes(frozenset({occasion})), START)
    assert {occasion_of(topic) for each in messages for _, topic in each.about} <= {occasion}
    assert bool(messages) == (occasion in (Occasion.FAILURE, Occasion.OVERDUE, Occasion.ANOMALY))
    assert decide([bad], [], Wishes(frozenset()), START) == []


def test_a_notice_from_the_future_is_not_believed() -> None:
    lie = [Notice(START + 900 * DAY, "c", "app", "failed", State.ALARM)]
    channel = Channel(notices=lie)
    bad = replace(GOOD, failure="x")
    assert len(channel.tell(START, bad)) == 1
    assert channel.tell(START + HOUR, bad) == [], "and makes no storm"


def test_the_zone_of_now_is_the_zone_of_the_text() -> None:
    assert moment(datetime(2026, 7, 1, 2, tzinfo=UTC)) == "2026-07-01 02:00 (UTC)"
    assert moment(datetime(2026, 7, 1, 2, tzinfo=ZoneInfo("Asia/Kolkata"))) == "2026-07-01 02:00 (UTC+05:30)"


@pytest.mark.parametrize(
    ("situation", "beat"),
    [
        (GOOD, Beat.SUCCESS),
        (replace(GOOD, unverified=True), None),
        (replace(GOOD, held="x"), Beat.SUCCESS),
        (replace(GOOD, failure="x"), Beat.FAIL),
        (replace(GOOD, last_good_at=START - 2 * DAY), Beat.FAIL),
        (replace(GOOD, missing="x"), None),
        (replace(GOOD, drill_failure="x"), Beat.FAIL),
        (Situation("new", since=START), None),
    ],
)
def test_the_heart_beats_only_for_what_is_verified_and_recent(situation: Situation, beat: Beat | None) -> None:
    assert beat_of([situation], START) is beat
    assert beat_of([GOOD, situation], START) is beat
    assert beat_of([], START) is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from([timedelta(minutes=5), HOUR, 6 * HOUR, timedelta(hours=23, minutes=55), 2 * DAY, 100 * DAY]),
        st.sampled_from(["good", "failed", "silent", "anomaly", "damaged", "missing"]),
    ),
    max_size=60,
)


def live(steps: list[tuple[timedelta, str]]) -> list[tuple[datetime, Situation, list[Message]]]:
    """A life in which each step is a look at the state."""
    channel, now, good_at, failure, history = Channel(Wishes(EVERYTHING)), START, START, "", []
    for passed, what in steps:
        now += passed
        if what == "good":
            good_at, failure = now, ""
        elif what == "failed":
            failure = "x"
        situation = replace(
            GOOD,
            last_good_at=good_at,
            failure=failure,
            anomaly="y" if what == "anomaly" else "",
            damage="z" if what == "damaged" else "",
            missing="w" if what == "missing" else "",
        )
        history.append((now, situation, channel.tell(now, situation)))
    return history


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_never_two_alike_in_a_day(steps: list[tuple[timedelta, str]]) -> None:
    told: dict[tuple[str, str, bool], datetime] = {}
    for now, _, messages in live(steps):
        assert len(messages) <= 3
        for message in messages:
            for source, topic in message.about:
                key = (source, topic, message.severity is Severity.RECOVERED)
                before = told.get(key)
                assert before is None or (now - before >= timedelta(hours=23) and now.date() != before.date()) or key[2]
                told[key] = now


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_what_was_told_as_wrong_is_told_as_over_exactly_once(steps: list[tuple[timedelta, str]]) -> None:
    standing = set[str]()
    for now, situation, messages in live(steps):
        for message in messages:
            for _, topic in message.about:
                if message.severity is Severity.RECOVERED:
                    assert topic in standing
                    standing.discard(topic)
                elif message.severity > Severity.RECOVERED:
                    standing.add(topic)
        if not conditions(situation, now) and not situation.missing:
            assert not standing, "all is well, and nobody was told"


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_silence_and_failure_are_noticed_within_a_day(steps: list[tuple[timedelta, str]]) -> None:
    told: dict[str, datetime] = {}
    for now, situation, messages in live(steps):
        told |= {topic: now for each in messages if each.severity > Severity.RECOVERED for _, topic in each.about}
        for condition in conditions(situation, now):
            before = told.get(condition.key)
            assert before is not None
            assert now - before < timedelta(hours=23) or now.date() == before.date()


def test_by_default_everything_but_success() -> None:
    assert EVERYTHING - {Occasion.SUCCESS} == BY_DEFAULT
