"""Rules against an oracle that walks minute by minute, where clocks change and where they do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from litekeep.errors import UsageError
from litekeep.scheduling.rule import (
    BELIEVED_AHEAD,
    EARLY,
    ON_TIME,
    believable_until,
    latest_slot,
    missed_slot,
    next_due,
    parse_restore_test,
    parse_rule,
    slot_after,
    slot_of_run,
)

from .oracle import slots

DAY = timedelta(days=1)
PARIS, LORD_HOWE, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/New_York")
ZONES = {
    "Europe/Paris": [(2026, 3, 29), (2026, 10, 25), (2040, 3, 25)],
    "Australia/Lord_Howe": [(2026, 4, 4), (2026, 10, 3)],  # by half an hour
    "America/New_York": [(2026, 3, 8), (2026, 11, 1)],
    "America/Havana": [(2026, 3, 8), (2025, 11, 2)],  # at midnight: the gap is 00:00 to 01:00
    "Africa/Casablanca": [(2026, 2, 15), (2026, 3, 22)],  # summer time is left during Ramadan
    "Pacific/Apia": [(2011, 12, 30)],  # a whole day that never was
    "Antarctica/Troll": [(2026, 3, 29), (2026, 10, 25)],  # by two hours
    "Asia/Kathmandu": [(2026, 1, 1)],  # never changes, +05:45
    "UTC": [(2026, 2, 28), (2028, 2, 29)],
}


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def text(moment: datetime | None) -> str:
    """As it stands on the wall, with its offset."""
    return "none" if moment is None else moment.isoformat(" ", "minutes")


def following(rule: str, zone: ZoneInfo, start: str, count: int) -> list[str]:
    """The next slots."""
    found, moment = [], at(start)
    for _ in range(count):
        moment = slot_after(parse_rule(rule), moment, zone)
        found.append(text(moment))
    return found


# ------------------------------------------------------------ what is told in the documentation


def test_two_o_clock_in_the_gap_runs_at_three() -> None:
    assert following("02:00", PARIS, "2026-03-27T12:00", 3) == [
        "2026-03-28 02:00+01:00",
        "2026-03-29 03:00+02:00",
        "2026-03-30 02:00+02:00",
    ]
    assert following("02:30", PARIS, "2026-03-28T12:00", 2)[0] == "2026-03-29 03:00+02:00"
    assert following("*/15 2 * * *", PARIS, "2026-03-28T12:00", 2) == [
        "2026-03-29 03:00+02:00",  # once for the four of them
        "2026-03-30 02:00+02:00",
    ]


def test_two_o_clock_in_the_overlap_runs_once() -> None:
    assert following("02:00", PARIS, "2026-10-24T12:00", 2) == ["2026-10-25 02:00+02:00", "2026-10-26 02:00+01:00"]
    assert following("01:30", NEW_YORK, "2026-10-31T12:00", 2) == ["2026-11-01 01:30-04:00", "2026-11-02 01:30-05:00"]


def test_every_hour_means_every_hour_that_passes() -> None:
    assert following("30 * * * *", PARIS, "2026-10-25T00:00", 3) == [
        "2026-10-25 02:30+02:00",
        "2026-10-25 02:30+01:00",
        "2026-10-25 03:30+01:00",
    ]
    assert following("0 * * * *", PARIS, "2026-03-29T00:00", 2) == ["2026-03-29 03:00+02:00", "2026-03-29 04:00+02:00"]


def test_half_an_hour_of_summer_time() -> None:
    assert following("02:15", LORD_HOWE, "2026-10-02T20:00", 2) == ["2026-10-04 02:30+11:00", "2026-10-05 02:15+11:00"]
    assert following("01:45", LORD_HOWE, "2026-04-04T00:00", 2) == ["2026-04-05 01:45+11:00", "2026-04-06 01:45+10:30"]
    assert following("45 * * * *", LORD_HOWE, "2026-04-04T14:00", 3) == [
        "2026-04-05 01:45+11:00",
        "2026-04-05 01:45+10:30",
        "2026-04-05 02:45+10:30",
    ]


def test_leap_days_and_the_end_of_months() -> None:
    assert following("0 2 29 2 *", PARIS, "2026-01-01T00:00", 2) == ["2028-02-29 02:00+01:00", "2032-02-29 02:00+01:00"]
    assert following("0 2 29 2 *", PARIS, "2097-01-01T00:00", 1) == ["2104-02-29 02:00+01:00"]  # 2100 has none
    assert text(latest_slot(parse_rule("0 2 29 2 *"), at("2103-12-31T00:00"), PARIS)) == "2096-02-29 02:00+01:00"
    assert following("0 2 L * *", ZoneInfo("UTC"), "2028-02-01T00:00", 2) == [
        "2028-02-29 02:00+00:00",
        "2028-03-31 02:00+00:00",
    ]
    assert following("0 2 * * 5#2", ZoneInfo("UTC"), "2026-01-01T00:00", 1) == ["2026-01-09 02:00+00:00"]


def test_day_of_month_or_weekday_as_in_cron() -> None:
    assert following("0 2 13 * FRI", ZoneInfo("UTC"), "2026-01-08T00:00", 3) == [
        "2026-01-09 02:00+00:00",
        "2026-01-13 02:00+00:00",
        "2026-01-16 02:00+00:00",
    ]


# ------------------------------------------------------------ against the oracle

steps = st.integers(1, 30)
minutes = st.one_of(
    st.just("0"), st.integers(0, 59).map(str), steps.map(lambda n: f"*/{n}"), st.just("5,35"), st.just("*")
)
hours = st.one_of(
    st.integers(0, 23).map(str), st.just("*"), st.just("1-3"), st.just("*/2"), st.just("0,2,22"), st.just("0-23")
)
days = st.one_of(st.just("*"), st.just("*"), st.integers(1, 31).map(str), st.just("*/3"), st.just("25-31"))
weekdays = st.one_of(st.just("*"), st.just("*"), st.integers(0, 7).map(str), st.just("1-5"), st.just("0,6"))
crons = st.tuples(minutes, hours, days, st.just("*"), weekdays).map(" ".join)


@st.composite
def places(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone, and a moment near a change of its clocks."""
    name = draw(st.sampled_from(sorted(ZONES)))
    year, month, day = draw(st.sampled_from(ZONES[name]))
    near = datetime(year, month, day, tzinfo=UTC) + timedelta(seconds=draw(st.integers(-2 * 86400, 2 * 86400)))
    return ZoneInfo(name), near + timedelta(microseconds=draw(st.sampled_from([0, 0, 1, 999_999])))


@settings(max_examples=80, deadline=None)
@given(crons, places())
@example("45 * * * *", (LORD_HOWE, at("2026-04-04T14:46")))
@example("*/30 2 * * *", (PARIS, at("2026-03-28T12:00")))
@example("0 0 * * *", (ZoneInfo("America/Havana"), at("2026-03-07T12:00")))
def test_next_and_latest_are_those_of_the_oracle(cron: str, place: tuple[ZoneInfo, datetime]) -> None:
    zone, now = place
    rule, whole = parse_rule(cron), now.replace(second=0, microsecond=0)
    around = list(slots(cron, zone, whole - 3 * DAY, whole + 3 * DAY))
    later, earlier = [slot for slot in around if slot > now], [slot for slot in around if slot <= now]
    found, latest = slot_after(rule, now, zone), latest_slot(rule, now, zone)
    assert found == later[0] if later else found > whole + 3 * DAY
    assert latest is not None
    assert latest == earlier[-1] if earlier else latest < whole - 3 * DAY
    for slot in (found, latest):
        assert isinstance(slot.tzinfo, timezone)  # never a zone: such moments cannot be compared on this night
        assert slot.utcoffset() == slot.astimezone(zone).utcoffset()


@settings(max_examples=50, deadline=None)
@given(crons, places(), st.integers(1, 10))
def test_slots_follow_each_other_without_a_gap_or_a_twin(
    cron: str, place: tuple[ZoneInfo, datetime], count: int
) -> None:
    zone, moment = place
    rule = parse_rule(cron)
    for _ in range(count):
        slot = slot_after(rule, moment, zone)
        assert slot > moment
        assert latest_slot(rule, slot, zone) == slot
        assert slot_after(rule, slot - timedelta(seconds=1), zone) == slot
        moment = slot


# ------------------------------------------------------------ what is due

DAILY = parse_rule("02:00")
NO_CATCH_UP = parse_rule("02:00", catch_up=False)


@settings(max_examples=60, deadline=None)
@given(crons, places(), st.integers(-60 * 86400, 3 * 86400), st.booleans())
def test_due_is_the_newest_missed_slot_or_the_next_one(
    cron: str, place: tuple[ZoneInfo, datetime], offset_seconds: int, catch_up: bool
) -> None:
    zone, now = place
    rule, last = parse_rule(cron, catch_up=catch_up), now + timedelta(seconds=offset_seconds)
    due, newest = next_due(rule, last, now, zone), latest_slot(rule, now, zone)
    assert newest is not None
    if due <= now:
        assert due == newest
        assert last < newest or last > believable_until(rule, now, zone)
        assert catch_up or now - newest <= ON_TIME
        assert next_due(rule, due, now, zone) > now  # once it has run, nothing is due
    else:
        assert due == slot_after(rule, due - timedelta(seconds=1), zone)
        assert due <= slot_after(rule, slot_after(rule, now, zone), zone)  # never silent for more than one slot
        assert newest <= last or (not catch_up and now - newest > ON_TIME)


def test_many_missed_slots_are_one_run() -> None:
    now = at("2026-06-15T12:00")
    due = next_due(DAILY, at("2026-01-01T01:00"), now, PARIS)
    assert text(due) == "2026-06-15 02:00+02:00"
    assert text(next_due(DAILY, due, now, PARIS)) == "2026-06-16 02:00+02:00"


def test_what_was_never_done_is_due_at_once() -> None:
    assert text(next_due(DAILY, None, at("2026-06-15T12:00"), PARIS)) == "2026-06-15 02:00+02:00"


def test_without_catching_up_a_late_slot_is_left_alone() -> None:
    last = at("2026-06-14T00:00")
    assert text(next_due(NO_CATCH_UP, last, at("2026-06-15T00:05"), PARIS)) == "2026-06-15 02:00+02:00"
    assert text(next_due(NO_CATCH_UP, last, at("2026-06-15T00:11"), PARIS)) == "2026-06-16 02:00+02:00"
    assert missed_slot(NO_CATCH_UP, last, at("2026-06-15T00:05"), PARIS) is None
    assert text(missed_slot(NO_CATCH_UP, last, at("2026-06-15T00:11"), PARIS)) == "2026-06-15 02:00+02:00"
    assert missed_slot(NO_CATCH_UP, at("2026-06-15T00:00"), at("2026-06-15T00:11"), PARIS) is None
    assert missed_slot(DAILY, last, at("2026-06-15T00:11"), PARIS) is None


def test_a_slot_from_a_wrong_clock_does_not_silence_backups() -> None:
    now = at("2026-06-15T12:00")
    assert text(next_due(DAILY, at("2099-01-01T01:00"), now, PARIS)) == "2026-06-15 02:00+02:00"
    assert text(next_due(DAILY, now + BELIEVED_AHEAD + DAY, now, PARIS)) == "2026-06-15 02:00+02:00"


def test_a_clock_put_back_a_little_does_not_repeat_a_slot() -> None:
    satisfied = at("2026-06-15T00:00")
    assert text(next_due(DAILY, satisfied, at("2026-06-14T23:40"), PARIS)) == "2026-06-16 02:00+02:00"


def test_a_weekly_slot_is_not_believed_days_ahead() -> None:
    weekly = parse_restore_test("weekly")
    assert weekly is not None
    ahead = slot_after(weekly, at("2026-06-15T12:00"), PARIS)
    assert next_due(weekly, ahead, at("2026-06-15T12:00"), PARIS) < at("2026-06-15T12:00")
    assert next_due(weekly, ahead, ahead - timedelta(hours=5), PARIS) > ahead


def test_a_machine_that_travels_keeps_one_backup_a_day() -> None:
    """Paris to New York and back: what is due is asked in the zone of the moment."""
    home = next_due(DAILY, at("2026-06-14T00:00"), at("2026-06-15T00:00"), PARIS)
    assert text(next_due(DAILY, home, at("2026-06-15T05:59"), NEW_YORK)) == "2026-06-15 02:00-04:00"
    abroad = next_due(DAILY, home, at("2026-06-15T06:00"), NEW_YORK)
    assert abroad == at("2026-06-15T06:00")
    assert text(next_due(DAILY, abroad, at("2026-06-15T20:00"), PARIS)) == "2026-06-16 02:00+02:00"


def test_a_timer_that_fires_a_little_early_means_the_slot_ahead() -> None:
    slot = at("2026-06-15T00:00")
    assert slot_of_run(DAILY, slot - EARLY, PARIS) == slot
    assert slot_of_run(DAILY, slot - EARLY - timedelta(seconds=1), PARIS) == slot - DAY
    assert slot_of_run(DAILY, slot + timedelta(hours=9), PARIS) == slot


# ------------------------------------------------------------ what can be written


@pytest.mark.parametrize(
    ("written", "cron"),
    [
        ("02:00", "0 2 * * *"),
        ("9:05", "5 9 * * *"),
        (" 23:59 ", "59 23 * * *"),
        ("0 2 * * mon-fri", "0 2 * * MON-FRI"),
        ("0  2\t* * *", "0 2 * * *"),
    ],
)
def test_what_is_understood(written: str, cron: str) -> None:
    assert parse_rule(written).cron == cron


@pytest.mark.parametrize(
    "written",
    ["", "24:00", "02:60", "2", "0 2 * *", "0 0 2 * * *", "61 2 * * *", "0 2 30 2 *", "0 2 * * 8", "@daily", "x" * 500,
     "0 2 31 4,6 *", "* * * * * * *", "1-0 * * * *", "*/0 * * * *", "٠٢:٠٠"],
)  # fmt: skip
def test_what_makes_no_sense(written: str) -> None:
    with pytest.raises(UsageError, match="not a schedule") as raised:
        parse_rule(written)
    assert len(str(raised.value)) < 400


@settings(max_examples=80, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("0123456789*/,-#LW MONDAY:", max_size=30)))
def test_any_text_is_a_rule_or_a_usage_error(written: str) -> None:
    try:
        rule = parse_rule(written)
    except UsageError:
        return
    assert slot_after(rule, at("2026-06-15T12:00"), PARIS) > at("2026-06-15T12:00")


def test_restore_tests() -> None:
    assert parse_restore_test("never") is None
    weekly = parse_restore_test("Weekly")
    assert weekly is not None
    assert slot_after(weekly, at("2026-06-15T12:00"), PARIS).isoweekday() == 7
    own = parse_restore_test("03:15", catch_up=False)
    assert own is not None
    assert (own.cron, own.catch_up) == ("15 3 * * *", False)
    with pytest.raises(UsageError):
        parse_restore_test("sometimes")
