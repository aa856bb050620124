"""Long runs: a backup every night and a rotation after each, as the service does it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from litekeep.model import Level, Reason, Snapshot
from litekeep.retention import RetentionPlan, RetentionPolicy, plan_retention
from retention.histories import made

PARIS = ZoneInfo("Europe/Paris")


class Service:
    """Backs up and rotates; never executes what asks for confirmation."""

    def __init__(self, policy: RetentionPolicy | None = None) -> None:
        self.policy = policy or RetentionPolicy()
        self.snapshots: list[Snapshot] = []
        self.made = 0
        self.waiting = 0

    def night(self, when: datetime, reason: Reason = Reason.SCHEDULED, level: Level = Level.FULL) -> RetentionPlan:
        """One backup at `when` and, five minutes later, one rotation."""
        self.made += 1
        self.snapshots.append(made(when, self.made, reason, level=level))
        return self.rotate(when.astimezone(UTC) + timedelta(minutes=5))

    def rotate(self, now: datetime) -> RetentionPlan:
        plan = plan_retention(self.snapshots, self.policy, now)
        if plan.needs_confirmation:
            self.waiting += 1
        else:
            trashed = [replace(snapshot, trashed_at=now) for snapshot in plan.removed]
            self.snapshots = [*plan.kept, *plan.trashed, *trashed]
        return plan

    def dates(self) -> list[str]:
        live = [snapshot for snapshot in self.snapshots if snapshot.trashed_at is None]
        return sorted((f"{snapshot.created_at:%m-%d}" for snapshot in live), reverse=True)


def nights(first: datetime, count: int) -> list[datetime]:
    """02:00 in Paris; in the night without a 02:00 (29 March 2026) it is 03:00."""
    plain = [first + timedelta(days=night) for night in range(count)]
    return [when.astimezone(UTC).astimezone(PARIS) for when in plain]


def test_a_year_of_nightly_backups() -> None:
    """31 December 2026 is the Thursday of week 53. Worked out with a paper calendar.

    30 days back: 2 to 31 December. 12 weeks: the 31st for week 53, and the Sundays from 27 December (week 52) back to
    18 October (week 42). 12 months: the last days of January to December. The last 7 are there already. Nothing else,
    and never a question. The last seven nights put into the trash: what came to be 30 days old, except for Sunday 29
    and Monday 30 November, and the Sunday of week 41 when week 53 began.
    """
    service = Service()
    for when in nights(datetime(2026, 1, 1, 2, 0, tzinfo=PARIS), 365):
        service.night(when)
    december = [f"12-{day:02}" for day in range(31, 1, -1)]
    sundays = ["11-29", "11-22", "11-15", "11-08", "11-01", "10-25", "10-18"]
    month_ends = ["11-30", "10-31", "09-30", "08-31", "07-31", "06-30", "05-31", "04-30", "03-31", "02-28", "01-31"]
    assert service.dates() == sorted([*december, *sundays, *month_ends], reverse=True)
    assert len(service.dates()) == 48
    in_trash = {f"{snapshot.created_at:%m-%d}" for snapshot in service.snapshots if snapshot.trashed_at}
    assert in_trash == {"10-11", "11-25", "11-26", "11-27", "11-28", "12-01"}
    assert service.waiting == 0


def test_the_first_year_keeps_the_very_first_snapshot_until_twelve_months_exist() -> None:
    service = Service()
    all_nights = nights(datetime(2026, 1, 1, 2, 0, tzinfo=PARIS), 335)
    for when in all_nights[:334]:
        service.night(when)
    assert service.dates()[0] == "11-30"
    assert service.dates()[-1] == "01-01"
    service.night(all_nights[334])
    assert service.dates()[-1] == "01-31"


def test_off_for_three_months_loses_nothing_and_then_asks() -> None:
    service = Service()
    start = datetime(2026, 1, 1, 2, 0, tzinfo=PARIS)
    for when in nights(start, 120):
        service.night(when)
    before = service.dates()
    back = start + timedelta(days=210)
    assert service.rotate(back).removed == (), "before the first new backup nothing has aged"
    plan = service.night(back)
    assert plan.brake, "the thirty days have moved on at once: more would go than goes by itself"
    assert service.dates()[1:] == before


def test_a_clock_at_2099_for_one_night_loses_nothing() -> None:
    service = Service()
    evenings = nights(datetime(2026, 1, 1, 2, 0, tzinfo=PARIS), 202)
    for when in evenings[:200]:
        service.night(when)
    before = service.dates()
    assert service.rotate(datetime(2099, 1, 1, tzinfo=UTC)).expired == ()
    assert service.night(datetime(2099, 1, 1, tzinfo=UTC)).brake
    for when in evenings[200:]:
        plan = service.night(when)
        assert plan.brake, "one dated in the future is there: somebody should look"
    assert set(before) <= set(service.dates())


def test_sixty_nights_of_failing_verification_push_nothing_out() -> None:
    service = Service()
    start = datetime(2026, 1, 1, 2, 0, tzinfo=PARIS)
    for when in nights(start, 60):
        service.night(when)
    before = service.dates()
    for when in nights(start + timedelta(days=60), 60):
        service.night(when, level=Level.NONE)
    assert service.dates()[60:] == before
    assert service.waiting == 0


def test_several_shutdown_backups_a_day_do_not_shorten_the_months() -> None:
    """Four a day for 100 days: the last is of Friday 10 April 2026, 18:30; 24 hours before that are its own day."""
    service = Service(RetentionPolicy(days=1, weeks=2, months=3, keep_last=5))
    start = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    for number in range(4 * 100):
        service.night(start + timedelta(hours=6 * number), Reason.SHUTDOWN)
    assert service.waiting == 0
    assert service.dates() == ["04-10"] * 4 + ["04-09", "04-05", "03-31", "02-28"]
