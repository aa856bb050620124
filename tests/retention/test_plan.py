"""The brake to the exact number, the texts, refused input, extreme dates, and the amount of work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from litekeep.errors import UsageError
from litekeep.model import Level, Reason
from litekeep.retention import Code, RetentionPolicy, plan_retention
from litekeep.retention.plan import Why
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


def test_texts_of_what_goes_wrong() -> None:
    history = [
        made(moment("2026-11-30"), 12),
        made(moment("2026-11-22"), 11, level=Level.NONE),
        made(moment("2026-11-21"), 10),
        made(moment("2026-11-20"), 9, problems=("page 7",)),
        made(moment("2026-10-01"), 8, Reason.PRE_RESTORE),
        made(moment("2026-11-22"), 7),
        made(moment("2026-10-01"), 6, level=Level.NONE),
        made(moment("2026-11-01"), 5, trashed_at=moment("2026-11-01")),
        made(moment("2026-11-02"), 4, trashed_at=moment("2026-11-20"), pinned=True),
    ]
    policy = RetentionPolicy(days=2, weeks=0, months=0, keep_last=0, clock_jump_days=0)
    plan = plan_retention(history, policy, moment("2026-11-23"))
    assert {decision.snapshot.sequence: decision.reasons for decision in plan.decisions} == {
        12: ("dated in the future",),
        11: ("not verified: kept until a verified newer one exists",),
        10: ("newest verified by its number (10)", "daily: within 2 days of the newest"),
        9: ("dated too early: made after the snapshot of 2026-11-22",),
        8: ("dated too early: made after the snapshot of 2026-11-22",),
        7: ("newest verified", "daily: within 2 days of the newest"),
        6: ("not verified, and no rule would keep it were it good",),
        5: ("stays in the trash: the clock seems to be wrong",),
        4: ("in the trash, but pinned",),
    }
    assert plan.brake == (
        "1 dated after now, up to 2026-11-30: the clock is or was wrong",
        "the newest snapshot is 1 days old: the clock may have jumped, or backups have stopped",
    )


def test_texts_of_the_last_days() -> None:
    history = [
        made(moment("2026-11-21"), 4, level=Level.NONE),
        made(moment("2026-09-01"), 3, Reason.PRE_RESTORE),
        made(moment("2026-09-01"), 2, trashed_at=moment("2026-09-03")),
    ]
    policy = RetentionPolicy(days=2, weeks=0, months=0, keep_last=0)
    plan = plan_retention(history, policy, moment("2026-11-22"))
    assert plan.decisions[-1].reasons == ("in the trash since 2026-09-03, its 7 days are over",)
    assert plan.decisions[1].reasons[0] == "newest verified"
    unproven = [replace(each, verified=Level.NONE) for each in history]
    plan = plan_retention(unproven, policy, moment("2026-11-22"))
    text = "no snapshot is verified and sound, so nothing is removed"
    assert plan.decisions[0].reasons == (text, "not verified: kept until a verified newer one exists")
    assert plan.decisions[-1].reasons == ("stays in the trash: no verified and sound snapshot is left outside it",)
    newer = [*history, made(moment("2026-11-22"), 5, Reason.MANUAL)]
    plan = plan_retention(newer, policy, moment("2026-11-22"))
    assert plan.decisions[2].reasons == ("safety copy before a restore, its term is over",)
    weekly = RetentionPolicy(days=0, weeks=3, months=0, keep_last=0)
    plan = plan_retention([made(moment("2026-11-18"), 1), made(moment("2026-11-20"), 2)], weekly, moment("2026-11-22"))
    assert plan.decisions[1].reasons == ("oldest: only 1 of 3 weeks have one",)


def test_details_tell_apart_why_something_unsound_stays() -> None:
    history = [
        made(moment("2026-11-22"), 5, level=Level.NONE),
        made(moment("2026-11-21"), 4),
        made(moment("2026-11-20"), 3, level=Level.NONE),
        made(moment("2026-11-01"), 2, level=Level.NONE),
    ]
    policy = RetentionPolicy(days=5, weeks=5, months=0, keep_last=0)
    plan = plan_retention(history, policy, moment("2026-11-22"))
    found = [why.detail for decision in plan.decisions for why in decision.whys if why.code is Code.UNSOUND]
    assert found == ["until_newer", "recent", "as_good"]
    troubled = replace(history[2], problems=("page 7",), verified=Level.WRITTEN)
    plan = plan_retention([history[1], troubled], policy, moment("2026-11-22"))
    assert plan.decisions[1].reasons == ("source has problems: kept within 5 days of the newest",)
    plan = plan_retention(daily(START, 2), RetentionPolicy(weeks=9, months=9), START + timedelta(days=2))
    assert [why.detail for why in plan.decisions[-1].whys if why.code is Code.OLDEST] == ["weeks", "months"]


def test_the_brake_does_not_count_what_leaves_the_trash() -> None:
    gone = [made(START + timedelta(hours=n), n + 1, trashed_at=START + timedelta(days=1)) for n in range(12)]
    plan = plan_retention([*gone, made(START + timedelta(days=20), 20)], KEEP_ONE, START + timedelta(days=20))
    assert (len(plan.expired), plan.removed, plan.brake) == (12, (), ())
    assert plan.counts() == {Code.NEWEST: 1, Code.LAST: 1, Code.TRASH_DUE: 12}
    assert list(plan.counts()) == [Code.NEWEST, Code.LAST, Code.TRASH_DUE]


def test_an_equal_date_is_not_too_early() -> None:
    copy = made(START, 2, Reason.PRE_RESTORE)
    policy = RetentionPolicy(days=5, pre_restore_days=0)
    plan = plan_retention([made(START, 1), copy, made(START + timedelta(days=1), 3)], policy, START + timedelta(days=1))
    assert plan.removed == (copy,)


def test_the_words_for_programs_never_change() -> None:
    assert [str(code) for code in Code] == [
        "newest", "pinned", "manual", "daily", "weekly", "monthly", "oldest", "last", "safety_copy", "unsound",
        "misdated", "future", "nothing_sound", "trash", "trash_waits", "no_rule", "unsound_old", "safety_copy_old",
        "trash_due", "many", "clock_ahead", "clock_behind", "source_problem", "anomaly",
    ]  # fmt: skip
    assert Why(Code.PINNED, "pinned") == Why(Code.PINNED, "pinned", number=0, limit=0, detail="", moment=None)


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
    lost = replace(made(moment("2026-01-04"), 4), anomaly="all 12 rows have gone", pinned=True)
    assert plan_retention([lost], KEEP_ONE, moment("2026-01-06")).hold == (
        "after 40000000 of 2026-01-04 02:00: all 12 rows have gone; unpin it when that is as it should be",
    )
    history = [*daily(START, 2), made(moment("2026-01-05"), 3, problems=problems)]
    plan = plan_retention(history, KEEP_ONE, moment("2026-01-06"))
    assert plan.hold == tuple(f"30000000 of 2026-01-05 02:00: {problem}" for problem in problems)
    assert plan.needs_confirmation


def test_refuses_nonsense_all_at_once() -> None:
    one = made(START, 1)
    naive = datetime(2026, 1, 1)
    with pytest.raises(UsageError) as refusal:
        plan_retention([one, one, replace(one, id="2", source="other"), made(naive, 3)], KEEP_ONE, naive)
    assert refusal.value.message.split("; ") == [
        "snapshots of 2 sources (other, shop) cannot share one retention plan",
        "snapshot 10000000 is listed twice",
        "snapshot 30000000 has a time without an offset",
        "the time to plan for has no offset",
    ]
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
    assert plan.decisions[0].reasons == ("in the trash until 9999-12-31",)


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
