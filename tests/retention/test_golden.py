"""Small histories worked out by hand, one rule or corner at a time.

A line is: date [words] -> what happens. Without words a snapshot is scheduled and sound. Words: a reason, `none` (not
verified), `problem`, `damaged`, `pinned`, `trash=<date>`, `#<number>` (else by line, the top line has the highest).
What happens: `keep`, `drop`, `forget`, followed by the words of the reasons. A date alone means 02:00 UTC. Rules not
named in a case are off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from litekeep.model import Level, Reason, Snapshot
from litekeep.retention import RetentionPolicy, plan_retention
from retention.histories import made, moment


@dataclass(frozen=True)
class Case:
    """`rules` are fields of the policy; those that keep something default to 0."""

    name: str
    rules: dict[str, int]
    now: str
    story: str
    brake: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()


CASES = [
    Case("nothing yet", {"days": 30}, "2026-11-22", ""),
    Case("the only one", {"days": 30}, "2026-11-22", "2026-11-22 -> keep newest daily"),
    Case(
        "within the days, to the second: exactly two days older is out",
        {"days": 2},
        "2026-11-22T12:00",
        """
        2026-11-22T02:00:00 -> keep newest daily
        2026-11-20T02:00:01 -> keep daily
        2026-11-20T02:00:00 -> drop no_rule
        """,
    ),
    Case(
        "every snapshot of a busy day stays within the days",
        {"days": 1},
        "2026-11-22T12:00",
        """
        2026-11-22T11:00 shutdown -> keep newest daily
        2026-11-22T10:00 pre_operation -> keep daily
        2026-11-22T09:00 pre_migration -> keep daily
        2026-11-22T02:00 -> keep daily
        2026-11-21T02:00 -> drop no_rule
        """,
    ),
    Case(
        "a machine that was off for three months has lost nothing",
        {"days": 3, "clock_jump_days": 100},
        "2026-11-22",
        """
        2026-08-20 -> keep newest daily
        2026-08-19 -> keep daily
        2026-08-18 -> keep daily
        2026-08-17 -> drop no_rule
        """,
    ),
    Case(
        "weekly: the newest of each week, weeks end on Sunday night",
        {"weeks": 2},
        "2026-11-24",
        """
        2026-11-23T00:00 -> keep newest weekly
        2026-11-22T23:59 -> keep weekly
        2026-11-22T02:00 -> drop no_rule
        2026-11-16T00:00 -> drop no_rule
        2026-11-15T23:59 -> drop no_rule
        """,
    ),
    Case(
        "weekly: weeks without a snapshot are not counted",
        {"weeks": 3, "clock_jump_days": 100},
        "2026-11-24",
        """
        2026-11-23 -> keep newest weekly
        2026-10-01 -> keep weekly
        2026-06-03 -> keep weekly
        2026-06-02 -> drop no_rule
        2026-05-01 -> drop no_rule
        """,
    ),
    Case(
        "weekly: the oldest stays while weeks are missing",
        {"weeks": 3},
        "2026-11-24",
        """
        2026-11-23 -> keep newest weekly
        2026-11-20 -> keep weekly
        2026-11-19 -> drop no_rule
        2026-11-18 -> keep oldest
        """,
    ),
    Case(
        "weekly: the oldest goes once all weeks are there",
        {"weeks": 2},
        "2026-11-24",
        """
        2026-11-23 -> keep newest weekly
        2026-11-20 -> keep weekly
        2026-11-18 -> drop no_rule
        """,
    ),
    Case(
        "week 53 of 2026 reaches into 2027",
        {"weeks": 3},
        "2027-01-05",
        """
        2027-01-04 -> keep newest weekly
        2027-01-03 -> keep weekly
        2027-01-01 -> drop no_rule
        2026-12-31 -> drop no_rule
        2026-12-28 -> drop no_rule
        2026-12-27 -> keep weekly
        """,
    ),
    Case(
        "29 December 2025 is in week 1 of 2026, with 4 January",
        {"weeks": 2},
        "2026-01-06",
        """
        2026-01-05 -> keep newest weekly
        2026-01-04 -> keep weekly
        2025-12-29 -> drop no_rule
        2025-12-28 -> drop no_rule
        """,
    ),
    Case(
        "week 1 of different years are different weeks",
        {"weeks": 3, "clock_jump_days": 9999},
        "2026-01-06",
        """
        2026-01-01 -> keep newest weekly
        2025-01-01 -> keep weekly
        2024-01-01 -> keep weekly
        """,
    ),
    Case(
        "monthly: the newest of each month, over a leap day",
        {"months": 2},
        "2024-03-02",
        """
        2024-03-01 -> keep newest monthly
        2024-02-29T23:59 -> keep monthly
        2024-02-29T02:00 -> drop no_rule
        2024-02-28 -> drop no_rule
        2024-01-31 -> drop no_rule
        """,
    ),
    Case(
        "monthly: the same month of two years is two months",
        {"months": 2},
        "2026-11-23",
        """
        2026-11-22 -> keep newest monthly
        2025-11-22 -> keep monthly
        2024-11-22 -> drop no_rule
        """,
    ),
    Case(
        "monthly: the oldest stays while months are missing",
        {"months": 12},
        "2026-11-23",
        """
        2026-11-22 -> keep newest monthly
        2026-11-21 -> drop no_rule
        2026-10-31 -> keep monthly
        2026-10-02 -> drop no_rule
        2026-10-01 -> keep oldest
        """,
    ),
    Case(
        "the month is that of the snapshot's own zone",
        {"months": 2},
        "2026-12-01T12:00",
        """
        2026-12-01T00:30+01:00 -> keep newest monthly
        2026-11-30T23:20+00:00 -> keep monthly
        2026-11-30T23:10+00:00 -> drop no_rule
        """,
    ),
    Case(
        "the zone changes between two snapshots: instants order them",
        {"keep_last": 1},
        "2026-11-22T12:00",
        """
        2026-11-21T20:00-10:00 -> keep newest last
        2026-11-22T14:00+14:00 -> drop no_rule
        """,
    ),
    Case(
        "two snapshots of the repeated hour: the second 02:30 is the newer one",
        {"keep_last": 1},
        "2026-10-25T12:00",
        """
        2026-10-25T02:30+01:00 -> keep newest last
        2026-10-25T02:40+02:00 -> drop no_rule
        """,
    ),
    Case(
        "keep_last: whatever their age",
        {"keep_last": 2, "clock_jump_days": 9999},
        "2026-11-22",
        """
        2026-01-01 -> keep newest last
        2019-01-01 -> keep last
        2018-01-01 -> drop no_rule
        """,
    ),
    Case(
        "equal times: the higher number is newer",
        {"keep_last": 1},
        "2026-11-22",
        """
        2026-11-21 #10 -> keep newest last
        2026-11-21 #9 -> drop no_rule
        """,
    ),
    Case(
        "one rule is enough, all that apply are told",
        {"days": 2, "weeks": 2, "months": 2, "keep_last": 2},
        "2026-11-23T12:00",
        """
        2026-11-23 -> keep newest daily weekly monthly last
        2026-11-22 -> keep daily weekly last
        2026-11-21 -> drop no_rule
        2026-10-31 -> keep monthly
        2026-10-30 -> drop no_rule
        """,
    ),
    Case(
        "manual and pinned ones stay for ever; a manual one takes no scheduled one's place",
        {"keep_last": 2},
        "2026-11-22",
        """
        2026-11-21 manual -> keep newest manual
        2026-11-20 -> keep last
        2026-11-19 manual -> keep manual
        2026-11-18 -> keep last
        2026-11-17 pinned -> keep pinned
        2026-11-16 -> drop no_rule
        2020-01-01 manual none -> keep manual
        2020-01-01 pre_restore pinned -> keep pinned
        """,
    ),
    Case(
        "a pinned scheduled one counts for the rules",
        {"keep_last": 2},
        "2026-11-22",
        """
        2026-11-20 -> keep newest last
        2026-11-19 pinned -> keep pinned last
        2026-11-18 -> drop no_rule
        """,
    ),
    Case(
        "a newer manual one does not shift the days",
        {"days": 2},
        "2026-11-22T12:00",
        """
        2026-11-22 manual -> keep newest manual
        2026-11-10 -> keep daily
        2026-11-09 -> keep daily
        2026-11-08 -> drop no_rule
        """,
    ),
    Case(
        "not verified: takes no place, and stays while nothing verified is newer",
        {"keep_last": 2},
        "2026-11-22",
        """
        2026-11-21 none -> keep unsound
        2026-11-20 none -> keep unsound
        2026-11-19 -> keep newest last
        2026-11-18 -> keep last
        2026-11-17 -> drop no_rule
        """,
    ),
    Case(
        "not verified: sixty days of failing verification do not age the good ones",
        {"days": 3},
        "2026-11-22",
        """
        2026-11-21 none -> keep unsound
        2026-09-20 -> keep newest daily
        2026-09-19 -> keep daily
        2026-09-18 none -> keep unsound
        2026-09-17 -> drop no_rule
        2026-09-16 none -> drop unsound_old
        """,
    ),
    Case(
        "damage: a good one takes over its month, it stays as long as its month would",
        {"months": 2},
        "2026-11-22",
        """
        2026-11-21 -> keep newest monthly
        2026-10-31 damaged -> keep unsound
        2026-10-30 -> keep monthly
        2026-09-30 damaged -> drop unsound_old
        2026-09-29 -> drop no_rule
        """,
    ),
    Case(
        "nothing is sound: nothing goes",
        {"keep_last": 1},
        "2026-11-22",
        """
        2026-11-21 none -> keep nothing_sound unsound
        2026-11-20 damaged -> keep nothing_sound unsound
        2020-01-01 pre_restore none -> keep nothing_sound safety_copy
        2020-01-01 trash=2020-02-01 -> keep trash_waits
        """,
    ),
    Case(
        "the source has problems in the newest: kept, and rotation is held",
        {"keep_last": 1},
        "2026-11-22",
        """
        2026-11-21 none -> keep unsound
        2026-11-20 problem -> keep unsound
        2026-11-19 problem -> keep unsound
        2026-11-18 -> keep newest last
        2026-11-17 -> drop no_rule
        """,
        hold=("source_problem",),
    ),
    Case(
        "the source had problems, a sound one came after: no hold",
        {"days": 2},
        "2026-11-22",
        """
        2026-11-21 -> keep newest daily
        2026-11-20 problem -> keep unsound
        2026-11-18 problem -> drop unsound_old
        """,
    ),
    Case(
        "a damaged database put aside before a restore holds until the next sound backup",
        {"keep_last": 1},
        "2026-11-22",
        """
        2026-11-21 pre_restore problem -> keep safety_copy
        2026-11-20 -> keep newest last
        """,
        hold=("source_problem",),
    ),
    Case(
        "a safety copy stays its term, counted from the newest sound one",
        {"keep_last": 1, "pre_restore_days": 30},
        "2026-12-25",
        """
        2026-12-22T02:00:00 -> keep newest last
        2026-11-22T02:00:01 pre_restore -> keep safety_copy
        2026-11-22T02:00:00 pre_restore -> drop safety_copy_old
        """,
    ),
    Case(
        "a safety copy does not age while no backup is made",
        {"keep_last": 1, "pre_restore_days": 30, "clock_jump_days": 400},
        "2027-11-22",
        """
        2026-12-01 -> keep newest last
        2026-11-22 pre_restore -> keep safety_copy
        """,
    ),
    Case(
        "a safety copy counts for no rule, and is the newest verified if it is",
        {"keep_last": 1},
        "2026-11-22",
        """
        2026-11-21 pre_restore -> keep newest safety_copy
        2026-11-20 -> keep last
        2026-11-19 -> drop no_rule
        """,
    ),
    Case(
        "2099: stays, counts for nothing, asks",
        {"keep_last": 1},
        "2026-11-22",
        """
        2099-01-01 #2 -> keep future
        2026-11-21 #3 -> keep newest last
        2026-11-20 #1 -> drop no_rule
        """,
        brake=("clock_behind",),
    ),
    Case(
        "1970: made after good ones, so it is no older than they are",
        {"days": 3},
        "2026-11-22",
        """
        2026-11-21 #5 -> keep newest daily
        2026-11-20 #2 -> keep daily
        2026-11-10 #1 -> drop no_rule
        1970-01-01T02:00 #4 -> keep misdated
        1970-01-01T01:00 #3 none -> keep misdated
        """,
    ),
    Case(
        "1970: a safety copy lends no date, it may go before the days are over",
        {"days": 30, "pre_restore_days": 2},
        "2026-11-22",
        """
        2026-11-21 #5 -> keep newest daily
        2026-11-10 #2 pre_restore -> drop safety_copy_old
        1970-01-01 #3 -> drop no_rule
        """,
    ),
    Case(
        "1970: a pinned safety copy stays and lends its date",
        {"days": 30, "pre_restore_days": 2},
        "2026-11-22",
        """
        2026-11-21 #5 -> keep newest daily
        2026-11-10 #2 pre_restore pinned -> keep pinned
        1970-01-01 #3 -> keep misdated
        """,
    ),
    Case(
        "1970: goes when those before it have gone",
        {"days": 3},
        "2026-11-22",
        """
        2026-11-21 #5 -> keep newest daily
        2026-11-10 #2 -> drop no_rule
        1970-01-01T02:00 #4 -> drop no_rule
        """,
    ),
    Case(
        "1970: the last one made stays even without days",
        {"keep_last": 1},
        "2026-11-22",
        """
        2026-11-21 #5 -> keep newest last
        1970-01-01 #6 -> keep newest
        """,
    ),
    Case(
        "clock at 2099: the plan is the same, but asks, and the trash stays",
        {"keep_last": 1},
        "2099-01-01",
        """
        2026-11-21 -> keep newest last
        2026-11-20 -> drop no_rule
        2026-10-01 trash=2026-11-01 -> keep trash_waits
        """,
        brake=("clock_ahead",),
    ),
    Case(
        "clock at 1970: everything is dated in the future and stays",
        {"keep_last": 1},
        "1970-01-01",
        """
        2026-11-21 -> keep future
        2026-11-20 none -> keep future
        2026-10-01 trash=2026-11-01 -> keep trash
        """,
        brake=("clock_behind",),
    ),
    Case(
        "the trash: counts for nothing, ends after its term, not for pinned ones",
        {"keep_last": 2, "trash_days": 7},
        "2026-11-22",
        """
        2026-11-21 trash=2026-11-21 -> keep trash
        2026-11-20 -> keep newest last
        2026-11-19 -> keep last
        2026-11-03 trash=2026-11-15T02:00:01 -> keep trash
        2026-11-02 trash=2026-11-15T02:00:00 -> forget trash_due
        2026-11-01 trash=2026-11-01 pinned -> keep pinned
        2026-10-01 trash=2099-01-01 -> keep trash
        """,
    ),
    Case(
        "the trash keeps what would be the last good one",
        {"keep_last": 2},
        "2026-11-22",
        """
        2026-11-21 none -> keep nothing_sound unsound
        2026-11-02 trash=2026-11-03 -> keep trash_waits
        """,
    ),
]


def read(line: str, number: int) -> tuple[Snapshot, str]:
    """A snapshot and what is expected of it."""
    facts, expected = line.split(" -> ")
    date, *words = facts.split()
    of = {word.partition("=")[0]: word.partition("=")[2] for word in words}
    given = [int(word[1:]) for word in words if word.startswith("#")]
    snapshot = made(
        moment(date),
        given[0] if given else number,
        next((reason for reason in Reason if reason in words), Reason.SCHEDULED),
        level=Level.NONE if "none" in of else Level.WRITTEN,
        pinned="pinned" in of,
        trashed_at=moment(of["trash"]) if "trash" in of else None,
        problems=("a row without its parent",) if "problem" in of else (),
        damage=("a lost frame",) if "damaged" in of else (),
    )
    return snapshot, expected


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_worked_out_by_hand(case: Case) -> None:
    lines = [line.strip() for line in case.story.strip().splitlines() if line.strip()]
    rows = [read(line, len(lines) - number) for number, line in enumerate(lines)]
    policy = RetentionPolicy(**{"days": 0, "weeks": 0, "months": 0, "keep_last": 0} | case.rules)
    plan = plan_retention([snapshot for snapshot, _ in rows], policy, moment(case.now))
    found = {}
    for decision in plan.decisions:
        verb = "keep" if decision.keep else "drop" if decision.snapshot.trashed_at is None else "forget"
        found[decision.snapshot.id] = " ".join([verb, *decision.codes])
    assert [found[snapshot.id] for snapshot, _ in rows] == [expected for _, expected in rows]
    assert tuple(why.code for why in plan.brakes) == case.brake
    assert tuple(why.code for why in plan.holds) == case.hold


ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Lagos",
    "America/Anchorage",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Noronha",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Dhaka",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/London",
    "Europe/Paris",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Marquesas",
    "Pacific/Pago_Pago",
    "UTC",
]


@pytest.mark.parametrize("name", ZONES)
def test_the_same_days_stay_in_every_zone(name: str) -> None:
    """400 days of backups at 02:00 local time, over every DST change the zone has; 2027-02-04 is a Thursday."""
    first = moment("2026-01-01").replace(tzinfo=ZoneInfo(name))
    snapshots = [made(first + timedelta(days=day), day + 1) for day in range(400)]
    plan = plan_retention(snapshots, RetentionPolicy(days=0, weeks=4, months=4, keep_last=2), snapshots[-1].created_at)
    dates = [f"{snapshot.created_at:%Y-%m-%d}" for snapshot in plan.kept]
    last, weeks = ["2027-02-04", "2027-02-03"], ["2027-01-31", "2027-01-24", "2027-01-17"]
    assert dates == [*last, *weeks, "2026-12-31", "2026-11-30"]
