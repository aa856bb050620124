"""The brake to the exact number, the texts, refused input, extreme dates, and the amount of work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from litekeep.errors import UsageError
from litekeep.model import Level, Reason
from litekeep.retention import Code, RetentionPolicy, plan_retention
from retention.histories import daily, made, moment

START = moment("2026-01-01")
KEEP_ONE = RetentionPolicy(days=0, weeks=0, months=0, keep_last=1)


def keep(count: int, **rules: int) -> RetentionPolicy:
    return RetentionPolicy(days=0, weeks=0, months=0, keep_last=count, **rules)


@pytest.mark.parametrize(
    ("snapshots", "kept", "brakes"),
    [
        (11, 1, False),  # 10 of 11: not more than 10
        (12, 1, True),  # 11 of 12: more than 10 and more than 25 %
        (44, 33, False),  # 11 of 44 is exactly 25 %
        (43, 32, True),  # 11 of 43 is more
        (400, 300, False),
        (400, 299, True),
    ],
)
def test_brake_at_its_boundary(snapshots: int, kept: int, brakes: bool) -> None:
    history = daily(START, snapshots)
    plan = plan_retention(history, keep(kept), history[-1].created_at)
    assert len(plan.removed) == snapshots - kept
    assert bool(plan.brake) is brakes
    assert plan.needs_confirmation is brakes


@pytest.mark.parametrize(
    ("rules", "brakes"),
    [
        ({"brake_count": 0, "brake_percent": 0}, True),
        ({"brake_count": 0, "brake_percent": 95}, False),  # 19 of 20 is exactly 95 %
        ({"brake_count": 0, "brake_percent": 94}, True),
        ({"brake_count": 18, "brake_percent": 0}, True),
        ({"brake_count": 19, "brake_percent": 0}, False),
        ({"brake_count": 0, "brake_percent": 100}, False),
    ],
)
def test_brake_follows_the_policy(rules: dict[str, int], brakes: bool) -> None:
    history = daily(START, 20)
    assert bool(plan_retention(history, keep(1, **rules), history[-1].created_at).brake) is brakes


def test_brake_counts_safety_copies_that_go_and_manual_ones_not_at_all() -> None:
    copies = [made(START, 1 + number, Reason.PRE_RESTORE) for number in range(11)]
    manual = [made(START, 100 + number, Reason.MANUAL) for number in range(200)]
    nightly = [made(START + timedelta(days=number), 300 + number) for number in range(40)]
    plan = plan_retention([*copies, *manual, *nightly], keep(40), START + timedelta(days=40))
    assert [why.code for why in plan.brakes] == [Code.MANY]
    assert plan.brake == ("would remove 11 snapshots, more than 10 and more than 25 % of the 40 automatic ones",)


@pytest.mark.parametrize(("late", "brakes"), [(timedelta(0), False), (timedelta(microseconds=1), True)])
def test_clock_ahead_to_the_microsecond(late: timedelta, brakes: bool) -> None:
    history = daily(START, 3)
    plan = plan_retention(history, KEEP_ONE, history[-1].created_at + timedelta(days=40) + late)
    assert bool(plan.brake) is brakes
    assert len(plan.removed) == 2, "what the plan would do does not depend on the clock"


@pytest.mark.parametrize(("early", "brakes"), [(timedelta(0), False), (timedelta(microseconds=1), True)])
def test_clock_behind_to_the_microsecond(early: timedelta, brakes: bool) -> None:
    history = daily(START, 3)
    assert bool(plan_retention(history, KEEP_ONE, history[-1].created_at - early).brake) is brakes


def test_a_backup_by_hand_shows_that_the_clock_has_not_jumped() -> None:
    history = [*daily(START, 3), made(moment("2026-06-01"), 9, Reason.MANUAL, level=Level.NONE)]
    assert plan_retention(history, KEEP_ONE, moment("2026-06-02")).brake == ()


def test_nothing_to_do_needs_no_confirmation() -> None:
    plan = plan_retention(daily(START, 1), KEEP_ONE, moment("2099-01-01"))
    assert plan.brake
    assert not plan.changes
    assert not plan.needs_confirmation


def test_texts() -> None:
    history = [
        made(moment("2026-11-22T02:00+01:00"), 9),
        made(moment("2026-11-22T01:30+01:00"), 8, Reason.PRE_RESTORE),
        made(moment("2026-11-21T02:00+01:00"), 7, level=Level.NONE),
        made(moment("2026-11-08T02:00+01:00"), 6),
        made(moment("2026-10-31T02:00+01:00"), 5, damage=("a lost frame",)),
        made(moment("2026-10-30T02:00+01:00"), 4, Reason.MANUAL, pinned=True),
        made(moment("2026-10-30T02:00+01:00"), 3),
        made(moment("2026-10-29T02:00+01:00"), 2),
        made(moment("2026-10-28T02:00+01:00"), 1, trashed_at=moment("2026-11-20T02:00+01:00")),
    ]
    plan = plan_retention(history, RetentionPolicy(days=7, weeks=2, months=2, keep_last=2), moment("2026-11-22T12:00"))
    assert [decision.reasons for decision in plan.decisions] == [
        (
            "newest verified",
            "daily: within 7 days of the newest",
            "weekly 1 of 2 (2026-W47)",
            "monthly 1 of 2 (2026-11)",
            "last 1 of 2",
        ),
        ("safety copy before a restore, kept until 2026-12-22",),
        ("not verified: kept within 7 days of the newest",),
        ("weekly 2 of 2 (2026-W45)", "last 2 of 2"),
        ("damaged: kept as long as a good one in its place would be",),
        ("pinned", "made by hand"),
        ("monthly 2 of 2 (2026-10)",),
        ("no rule keeps it",),
        ("in the trash until 2026-11-27",),
    ]
    assert plan.counts()[Code.MONTHLY] == 2
    assert list(plan.counts()) == [code for code in Code if code in plan.counts()]


def test_reasons_hold_what_their_texts_name() -> None:
    """For other languages: numbers, limits and moments, so that nobody takes a text apart."""
    history = [
        made(moment("2026-11-22"), 9),
        made(moment("2026-11-21"), 8, Reason.PRE_RESTORE),
        made(moment("2026-11-20"), 7, level=Level.NONE),
        made(moment("2026-11-08"), 6),
        made(moment("2026-10-28"), 1, trashed_at=moment("2026-11-20")),
    ]
    plan = plan_retention(history, RetentionPolicy(days=7, weeks=4, months=9, keep_last=2), moment("2026-11-23"))
    found = [[(why.code, why.number, why.limit, why.detail) for why in each.whys] for each in plan.decisions]
    assert found == [
        [
            (Code.NEWEST, 0, 0, ""),
            (Code.DAILY, 0, 7, ""),
            (Code.WEEKLY, 1, 4, ""),
            (Code.MONTHLY, 1, 9, ""),
            (Code.LAST, 1, 2, ""),
        ],
        [(Code.SAFETY_COPY, 0, 30, "")],
        [(Code.UNSOUND, 0, 7, "recent")],
        [(Code.WEEKLY, 2, 4, ""), (Code.OLDEST, 1, 9, "months"), (Code.LAST, 2, 2, "")],
        [(Code.TRASH, 0, 7, "")],
    ]


def test_reasons_to_wait_hold_what_their_texts_name() -> None:
    ahead = made(moment("2027-01-01"), 41)
    lost = replace(made(moment("2026-06-01"), 40), anomaly="all 12 rows of a have gone", pinned=True)
    broken = made(moment("2026-06-02"), 42, problems=("page 7",))
    plan = plan_retention([*daily(START, 39), lost, broken, ahead], KEEP_ONE, moment("2026-08-01"))
    told = {why.code: (why.number, why.limit, why.detail, why.moment) for why in (*plan.brakes, *plan.holds)}
    assert told == {
        Code.MANY: (39, 41, "", None),
        Code.CLOCK_BEHIND: (1, 0, "", ahead.created_at),
        Code.CLOCK_AHEAD: (60, 40, "", None),
        Code.ANOMALY: (0, 0, lost.anomaly, lost.created_at),
        Code.SOURCE_PROBLEM: (0, 0, "page 7", broken.created_at),
    }


def test_a_hold_names_the_snapshot_and_every_problem() -> None:
    problems = ("integrity: page 7 is never used", "2 rows of orders have no customer")
    history = [*daily(START, 2), made(moment("2026-01-05"), 3, problems=problems)]
    plan = plan_retention(history, KEEP_ONE, moment("2026-01-06"))
    assert plan.hold == tuple(f"30000000 of 2026-01-05 02:00: {problem}" for problem in problems)
    assert plan.needs_confirmation


def test_refuses_nonsense_all_at_once() -> None:
    one = made(START, 1)
    naive = datetime(2026, 1, 1)
    with pytest.raises(UsageError) as refusal:
        plan_retention([one, one, replace(one, id="2", source="other"), made(naive, 3)], KEEP_ONE, naive)
    for part in ("2 sources (other, shop)", "10000000 is listed twice", "30000000 has a time without", "to plan for"):
        assert part in refusal.value.message
    assert refusal.value.safe
    with pytest.raises(UsageError):
        plan_retention([replace(one, trashed_at=naive)], KEEP_ONE, START)


def test_the_repeated_hour_of_one_zone_is_ordered_by_instants() -> None:
    paris = ZoneInfo("Europe/Paris")
    first, second = datetime(2026, 10, 25, 2, 40, tzinfo=paris), datetime(2026, 10, 25, 2, 30, tzinfo=paris, fold=1)
    assert first > second, "comparing them directly ignores the fold"
    plan = plan_retention([made(first, 1), made(second, 2)], KEEP_ONE, moment("2026-10-26"))
    assert [snapshot.sequence for snapshot in plan.kept] == [2]


def test_equal_times_and_numbers_are_ordered_by_id() -> None:
    one, other = replace(made(START, 1), id="a"), replace(made(START, 1), id="b")
    for history in ([one, other], [other, one]):
        assert plan_retention(history, KEEP_ONE, START).kept == (other,)


def test_an_equal_number_does_not_make_a_date_wrong() -> None:
    early, late = replace(made(START, 1), id="a"), replace(made(START + timedelta(days=5), 1), id="b")
    policy = RetentionPolicy(days=3, weeks=0, months=0, keep_last=0)
    assert plan_retention([early, late], policy, late.created_at).removed == (early,)


def test_the_first_and_last_moments_of_time() -> None:
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    first, last = datetime.min.replace(tzinfo=east), datetime.max.replace(tzinfo=west)
    history = [made(first, 1), made(last, 2), made(last, 3, Reason.PRE_RESTORE), made(last, 4, trashed_at=last)]
    everything = RetentionPolicy(days=999_999, pre_restore_days=999_999, trash_days=999_999)
    plan = plan_retention(history, everything, last)
    assert len(plan.kept) == 3
    assert plan_retention(history, everything, first).brake
    assert "9999-12-31" in plan.decisions[0].reasons[0]


def test_ten_thousand_snapshots_take_a_bounded_number_of_looks_at_a_clock_face(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorting looks at each once; the rules a few times: the work grows with the number, not with its square."""
    from litekeep.retention import history as times
    from litekeep.retention import rules

    looks = 0

    def counted(moment: datetime) -> timedelta:
        nonlocal looks
        looks += 1
        return moment - datetime(1970, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(times, "instant", counted)
    monkeypatch.setattr(rules, "instant", counted)
    snapshots = [replace(made(START + timedelta(hours=n), n), verified=Level(n % 4)) for n in range(10_000)]
    plan = plan_retention(snapshots, RetentionPolicy(), snapshots[-1].created_at)
    assert len(plan.decisions) == 10_000
    assert looks < 15 * 10_000
    assert [why.code for why in plan.brakes] == [Code.MANY]
