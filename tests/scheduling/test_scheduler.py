"""The scheduler through years of a clock that is moved by hand: no thread, no waiting; then the thread itself."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from litekeep.errors import BackupFailed, Cancelled, LitekeepError, NoRepository, NoSpace, StorageError, UsageError
from litekeep.repository.repository import Repository
from litekeep.scheduling.agenda import LOOK_AGAIN_AT_MOST, RETRY_DELAYS
from litekeep.scheduling.rule import parse_restore_test, parse_rule
from litekeep.scheduling.scheduler import BackupScheduler
from litekeep.scheduling.task import Ended, Phase, RunOutcome, Task
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock, RecordingMonitor

from .oracle import slots

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
POLL = timedelta(seconds=30)


class Diary:
    """A repository, as far as a scheduler knows one: satisfied slots, and errors that are to be raised.

    runs: (slot, moment) of each run that was begun. questions: how often it was asked.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.satisfied: list[datetime] = []
        self.runs: list[tuple[datetime | None, datetime]] = []
        self.questions = 0
        self.absent = False
        self.errors: list[Exception] = []
        self.takes = timedelta(0)

    def task(self, rule: str = "02:00", *, name: str = "app", catch_up: bool = True, zone: str | None = None) -> Task:
        """Its task."""
        place = ZoneInfo(zone) if zone else None
        return Task(name, parse_rule(rule, catch_up=catch_up), self.last_slot, self.run, place)

    def last_slot(self, limit: datetime) -> datetime | None:
        """The one satisfied last, unless it is not believable: as operations.slots does."""
        self.questions += 1
        if self.absent:
            raise NoRepository("there is no repository")
        return self.satisfied[-1] if self.satisfied and self.satisfied[-1] <= limit else None

    def run(self, slot: datetime | None) -> RunOutcome:
        """Satisfy it, or fail."""
        self.runs.append((slot, self.clock.now().astimezone(UTC)))  # in a zone, 02:00 may not equal itself
        self.clock.advance(self.takes.total_seconds())
        if self.absent:
            raise StorageError("the drive is gone")
        if self.errors:
            raise self.errors.pop(0)
        if slot is not None:
            self.satisfied.append(slot.astimezone(UTC))
        return RunOutcome(Ended.DONE)

    @property
    def slots(self) -> list[datetime | None]:
        """The slots of all runs."""
        return [slot for slot, _ in self.runs]


class World:
    """A clock, a diary, a monitor and a scheduler without its thread."""

    def __init__(
        self, rule: str = "02:00", *, zone: str = "UTC", start: datetime = START, catch_up: bool = True
    ) -> None:
        self.clock = ManualClock(start, zone)
        self.diary = Diary(self.clock)
        self.monitor = RecordingMonitor()
        self.scheduler = BackupScheduler(
            [self.diary.task(rule, catch_up=catch_up)], clock=self.clock, monitor=self.monitor
        )

    def live(self, until: datetime) -> None:
        """Do what the thread does, sleeping exactly as long as it would."""
        while self.utc_now() < until:
            wake = self.scheduler.run_due()
            assert wake is not None
            assert wake > self.utc_now()
            self.clock.set(min(wake, until))
        self.scheduler.run_due()

    def utc_now(self) -> datetime:
        """Now, in a zone in which Python compares and adds moments: in any other it takes the times of the wall."""
        return self.clock.now().astimezone(UTC)

    def events(self, name: str) -> list[dict[str, object]]:
        """The facts of all events of a name."""
        return [dict(facts) for event, facts in self.monitor.events if event == name]


# ------------------------------------------------------------ awake


@pytest.mark.parametrize(
    ("rule", "zone"),
    [
        ("02:00", "Europe/Paris"),
        ("02:15", "Australia/Lord_Howe"),
        ("01:30", "America/New_York"),
        ("0 0 * * *", "America/Havana"),
        ("30 */1 * 4,10 0,6", "Australia/Lord_Howe"),  # every hour when clocks change
        ("0 2 29 2 *", "Europe/Paris"),
        ("0 3 * * 0", "Africa/Casablanca"),
    ],
)
def test_awake_for_years_no_slot_is_missed_late_or_run_twice(rule: str, zone: str) -> None:
    """Two years, with both changes of the clocks and a leap day."""
    start, end = datetime(2027, 3, 1, tzinfo=UTC), datetime(2029, 3, 1, tzinfo=UTC)
    world = World(rule, zone=zone, start=start)
    world.diary.satisfied.append(start)
    world.live(end)
    wanted = list(slots(rule, ZoneInfo(zone), start + MINUTE, end))
    assert wanted
    assert world.diary.slots == wanted
    assert [moment for _, moment in world.diary.runs] == wanted
    assert len(world.events("slot_started")) == len(world.events("slot_finished")) == len(wanted)
    assert world.diary.questions == len(wanted) + 1  # one for each slot, one at the start: an idle scheduler asks


def test_a_first_start_backs_up_at_once_and_a_second_one_does_not() -> None:
    world = World()
    world.scheduler.run_due()
    assert world.diary.slots == [START.replace(hour=2)]
    again = BackupScheduler([world.diary.task()], clock=world.clock)
    assert again.run_due() == START.replace(hour=2) + DAY
    assert len(world.diary.runs) == 1


def test_slot_and_run_are_separate_facts() -> None:
    """A late run does not shift the plan."""
    world = World()
    world.scheduler.run_due()
    world.clock.advance(30 * 3600)
    world.scheduler.run_due()
    slot, moment = world.diary.runs[-1]
    assert (slot, moment) == (START.replace(hour=2) + DAY, START + 30 * HOUR)
    assert world.events("slot_started")[-1]["late_seconds"] == 16 * 3600
    assert world.scheduler.run_due() == START.replace(hour=2) + 2 * DAY


# ------------------------------------------------------------ asleep, and wrong clocks

naps = st.lists(st.tuples(st.integers(1, 40 * 60), st.integers(0, 9 * 24 * 60)), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(naps, st.sampled_from(["02:00", "*/20 * * * *", "0 2,14 * * *", "30 5 * * 0"]), st.booleans())
def test_after_sleep_one_run_for_the_newest_slot(periods: list[tuple[int, int]], rule: str, catch_up: bool) -> None:
    """periods: (awake, asleep) in minutes."""
    zone = "America/New_York"
    start = datetime(2026, 3, 6, 12, tzinfo=UTC)  # two days before the clocks change
    world = World(rule, zone=zone, start=start, catch_up=catch_up)
    world.diary.satisfied.append(start)
    awake: list[tuple[datetime, datetime]] = []
    for awake_minutes, asleep_minutes in (*periods, (1, 0)):
        began = world.utc_now()  # in the zone, minutes that pass and minutes of the wall are not the same
        world.live(began + awake_minutes * MINUTE)
        assert world.utc_now() == began + awake_minutes * MINUTE
        awake.append((began, world.utc_now()))
        world.clock.set(world.utc_now() + asleep_minutes * MINUTE)
    planned = list(slots(rule, ZoneInfo(zone), start + MINUTE, world.utc_now()))
    run, runs = world.diary.slots, set(world.diary.runs)
    assert len(run) == len(set(run))
    assert set(run) <= set(planned)
    for slot in planned:
        if any(began < slot <= ended for began, ended in awake):
            assert (slot, slot) in runs, "awake, but missed or late"
    for made_for, moment in world.diary.runs:
        assert made_for == planned[bisect_right(planned, moment) - 1], "not the newest one"
    if catch_up:
        assert run[-1:] == planned[-1:]


def test_without_catching_up_a_missed_slot_is_told_and_not_run() -> None:
    world = World(catch_up=False)
    world.diary.satisfied.append(START)
    world.scheduler.run_due()
    world.clock.advance(3 * 86400)
    wake = world.scheduler.run_due()
    assert world.diary.runs == []
    assert wake == START.replace(hour=2) + 4 * DAY
    [told] = world.events("slot_skipped")
    assert (told["reason"], told["slot"]) == ("missed", "2026-01-04T02:00:00+00:00")
    world.live(START + 4 * DAY)
    assert world.diary.slots == [START.replace(hour=2) + 4 * DAY]


def test_a_clock_that_was_in_2099_for_a_while() -> None:
    world = World()
    world.live(START + DAY)
    world.clock.set(datetime(2099, 5, 1, 12, tzinfo=UTC))
    world.scheduler.run_due()
    assert world.diary.slots[-1] == datetime(2099, 5, 1, 2, tzinfo=UTC)
    world.clock.set(START + DAY + HOUR)
    before = len(world.diary.runs)
    world.live(START + 5 * DAY)
    assert world.diary.slots[before:] == [START.replace(hour=2) + days * DAY for days in (1, 2, 3, 4, 5)]
    restarted = BackupScheduler([world.diary.task()], clock=world.clock)
    assert restarted.run_due() == START.replace(hour=2) + 6 * DAY
    assert len(world.diary.runs) == before + 5  # one more than needed, none less


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(hours=11), timedelta(hours=30), timedelta(days=400)])
def test_a_clock_put_back_silences_nothing(back: timedelta) -> None:
    world = World()
    world.live(START + 10 * DAY + timedelta(hours=14, minutes=3))  # three minutes after a slot
    world.clock.set(world.clock.now() - back)
    resumed, before = world.clock.now(), len(world.diary.runs)
    world.live(resumed + 3 * DAY)
    later = world.diary.runs[before:]
    gaps = [moment - resumed for _, moment in later]
    assert gaps
    assert gaps[0] <= 2 * DAY
    assert len(later) <= 4
    assert len(set(world.diary.slots[before:])) == len(later)


def test_a_machine_that_changes_its_zone() -> None:
    clock = ManualClock(datetime(2026, 6, 15, 12, tzinfo=UTC), "Europe/Paris")
    diary = Diary(clock)
    scheduler = BackupScheduler([diary.task()], clock=clock)
    scheduler.run_due()
    for zone in ("America/New_York", "Asia/Tokyo", "Europe/Paris"):
        there = ManualClock(clock.now(), zone)
        scheduler._clock = diary.clock = there
        for _ in range(3 * 48):
            there.advance(1800)
            scheduler.run_due()
        clock = there
    moments = [moment.astimezone(UTC) for _, moment in diary.runs]
    assert all(b - a <= timedelta(hours=38) for a, b in pairwise(moments))
    planned = [slot for slot in diary.slots if slot]
    assert all(b - a >= timedelta(hours=6) for a, b in pairwise(planned))
    assert len(set(diary.slots)) == len(diary.slots)


# ------------------------------------------------------------ failures


def test_failures_are_retried_with_growing_delay_and_then_given_up_until_the_next_slot() -> None:
    world = World()
    world.diary.errors = [BackupFailed("busy") for _ in range(9)]
    world.live(START + 6 * HOUR)
    moments = [moment - START for _, moment in world.diary.runs]
    assert moments == [timedelta(0), 1 * MINUTE, 6 * MINUTE, 31 * MINUTE]
    assert [b - a for a, b in pairwise(moments)] == list(RETRY_DELAYS)
    failed = world.events("slot_failed")
    assert [each["given_up"] for each in failed] == [False, False, False, True]
    assert (failed[0]["code"], failed[0]["message"]) == ("backup", "busy")
    [plan] = world.scheduler.next_runs()
    assert (plan.phase, plan.failures, plan.at) == (Phase.GIVEN_UP, 4, START.replace(hour=2) + DAY)
    assert plan.message == "busy"
    world.live(START + DAY)
    assert world.diary.slots[4:] == [START.replace(hour=2) + DAY] * 4


def test_a_retry_that_works_ends_it() -> None:
    world = World()
    world.diary.errors = [BackupFailed("busy"), ValueError("row data")]
    world.live(START + 12 * HOUR)
    assert len(world.diary.runs) == 3
    assert world.diary.satisfied == [START.replace(hour=2)]
    assert [each["code"] for each in world.events("slot_failed")] == ["backup", "unexpected"]
    assert "row data" not in str(world.monitor.events)  # the text of a foreign error may hold anything
    assert world.scheduler.next_runs()[0].failures == 0


def test_a_failure_of_an_hourly_slot_does_not_carry_over_to_the_next_one() -> None:
    world = World("0 * * * *")
    world.diary.errors = [BackupFailed("busy") for _ in range(4)]
    world.live(START + HOUR)
    assert world.diary.satisfied == [START + HOUR]
    assert [each["attempt"] for each in world.events("slot_started")] == [1, 2, 3, 4, 1]


def test_a_retry_whose_moment_moved_away_with_the_clock_is_made() -> None:
    world = World()
    world.diary.errors = [BackupFailed("busy") for _ in range(3)]
    world.live(START + 10 * MINUTE)  # waits for 25 minutes now
    assert len(world.diary.runs) == 3
    world.clock.set(START - 6 * HOUR)
    world.scheduler.run_due()
    assert len(world.diary.runs) == 4


def test_another_process_that_was_quicker_ends_the_retries() -> None:
    world = World()
    world.diary.errors = [BackupFailed("busy")]
    world.scheduler.run_due()
    world.diary.satisfied.append(START.replace(hour=2))
    world.live(START + 12 * HOUR)
    assert len(world.diary.runs) == 1


def test_what_a_person_stopped_is_left_alone_until_the_next_slot() -> None:
    world = World()
    world.diary.errors = [Cancelled("stopped")]
    world.live(START + 12 * HOUR)
    assert len(world.diary.runs) == 1
    world.live(START + DAY)
    assert len(world.diary.runs) == 2


def test_a_question_that_fails_counts_as_a_failure() -> None:
    world = World()
    world.diary.last_slot = None  # type: ignore[assignment, method-assign]
    task = Task("app", parse_rule("02:00"), _raise, world.diary.run)
    world.scheduler.reload([task])
    world.live(START + 12 * HOUR)
    assert world.diary.runs == []
    assert [each["given_up"] for each in world.events("slot_failed")] == [False, False, False, True]


def _raise(_: datetime) -> datetime | None:
    raise BackupFailed("cannot be read")


# ------------------------------------------------------------ the repository is not there


def test_an_absent_repository_is_waited_for_and_what_was_missed_is_caught_up_once() -> None:
    world = World()
    world.diary.absent = True
    world.live(START + 3 * DAY)
    assert world.diary.runs == []
    told = world.events("slot_skipped")
    assert [each["slot"] for each in told] == [f"2026-01-0{day}T02:00:00+00:00" for day in (1, 2, 3, 4)]  # once each
    assert {each["reason"] for each in told} == {"unreachable"}
    assert 3 * 24 * 6 - 10 < world.diary.questions < 3 * 24 * 6 + 10
    assert world.scheduler.next_runs()[0].phase is Phase.WAITING
    world.diary.absent = False
    back = world.clock.now()
    world.live(back + DAY)
    assert world.diary.slots == [START.replace(hour=2) + 3 * DAY, START.replace(hour=2) + 4 * DAY]
    assert world.diary.runs[0][1] - back <= LOOK_AGAIN_AT_MOST
    assert world.events("slot_failed") == []


def test_a_drive_that_is_pulled_out_during_the_run() -> None:
    world = World()
    world.diary.errors = [StorageError("gone")] * 20
    world.live(START + 3 * HOUR)
    assert len(world.diary.runs) == len(world.diary.errors) + 20 if world.diary.errors else 21
    assert world.diary.satisfied == [START.replace(hour=2)]
    assert world.events("slot_failed") == []


def test_a_folder_that_is_not_there_is_an_absent_repository(tmp_path: Path) -> None:
    """Both a missing folder and an empty mount point, as the storage itself reports them."""
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(LitekeepError) as raised:
            Repository.open(LocalStorage(folder, ManualClock()))
        assert RunOutcome.of(raised.value).ended is Ended.UNREACHABLE
    assert RunOutcome.of(NoSpace("full")).ended is Ended.FAILED


def test_wake_looks_for_it_at_once() -> None:
    world = World()
    world.diary.absent = True
    world.live(START + HOUR)
    world.diary.absent = False
    world.scheduler.run_due()
    assert world.diary.runs == []
    world.scheduler.wake()
    world.scheduler.run_due()
    assert len(world.diary.runs) == 1


# ------------------------------------------------------------ by hand


def test_pausing_skips_and_resuming_catches_up_once() -> None:
    world = World()
    world.scheduler.run_due()
    world.scheduler.pause()
    world.live(START + 3 * DAY)
    assert len(world.diary.runs) == 1
    assert [each["reason"] for each in world.events("slot_skipped")] == ["paused"] * 3
    assert world.scheduler.next_runs()[0].phase is Phase.PAUSED
    world.scheduler.run_now("app")
    world.scheduler.run_due()
    assert world.diary.slots[1:] == [START.replace(hour=2) + 3 * DAY]
    world.scheduler.resume()
    world.live(START + 4 * DAY)
    assert world.diary.slots[2:] == [START.replace(hour=2) + 4 * DAY]


def test_run_now() -> None:
    world = World()
    world.diary.satisfied.append(START.replace(hour=2))
    world.scheduler.run_now("app")
    world.scheduler.run_due()
    assert world.diary.slots == [None]  # nothing was due, it is done all the same
    world.clock.advance(86400)
    world.scheduler.run_now("app")
    world.scheduler.run_due()
    assert world.diary.slots == [None, START.replace(hour=2) + DAY]  # once: the wish satisfies the slot that is due
    with pytest.raises(UsageError, match="nobody"):
        world.scheduler.run_now("nobody")


def test_run_now_with_the_repository_away_fails_once() -> None:
    world = World()
    world.diary.absent = True
    world.scheduler.run_now("app")
    world.scheduler.run_due()
    assert world.diary.runs == []
    assert world.diary.questions == 1


def test_reloading_keeps_what_is_known_and_changes_the_plan() -> None:
    world = World()
    world.scheduler.run_due()
    world.scheduler.reload([world.diary.task("13:00"), world.diary.task("14:00", name="other")])
    assert [plan.at - START for plan in world.scheduler.next_runs()] == [HOUR, timedelta(0)]
    assert world.scheduler.run_due() == START + HOUR
    with pytest.raises(ValueError, match="same name"):
        world.scheduler.reload([world.diary.task(), world.diary.task()])
    assert len(world.scheduler.next_runs()) == 2
    world.scheduler.reload([])
    assert world.scheduler.run_due() is None
    assert world.scheduler.next_runs() == []


def test_many_tasks_each_by_its_own_rule_and_zone() -> None:
    clock = ManualClock(START)
    diaries = {name: Diary(clock) for name in ("a", "b", "drill")}
    weekly = parse_restore_test("weekly")
    assert weekly is not None
    tasks = [
        diaries["a"].task("02:00", name="a"),
        diaries["b"].task("02:00", name="b", zone="Asia/Tokyo"),
        Task("drill", weekly, diaries["drill"].last_slot, diaries["drill"].run),
    ]
    for diary in diaries.values():
        diary.satisfied.append(START)
    scheduler = BackupScheduler(tasks, clock=clock)
    while clock.now() < START + 14 * DAY:
        wake = scheduler.run_due()
        assert wake is not None
        clock.set(wake)
    assert {name: len(diary.runs) for name, diary in diaries.items()} == {"a": 14, "b": 14, "drill": 2}
    assert all(slot and slot.hour == 2 for slot in diaries["b"].slots)


def test_a_slow_task_does_not_make_another_one_miss_its_slot() -> None:
    clock = ManualClock(START)
    slow, quick = Diary(clock), Diary(clock)
    slow.takes = 90 * MINUTE
    scheduler = BackupScheduler([slow.task("13:00", name="slow"), quick.task("13:30", name="quick")], clock=clock)
    slow.satisfied.append(START)
    quick.satisfied.append(START)
    clock.set(START + HOUR)
    scheduler.run_due()
    assert quick.runs == [(START + 90 * MINUTE, START + 150 * MINUTE)]


# ------------------------------------------------------------ the thread


def eventually(condition: Callable[[], bool], signal: threading.Event) -> None:
    """Wait for the thread, not for time: `signal` is set at each of its steps."""
    while not condition():
        assert signal.wait(20), "the thread did nothing"
        signal.clear()


class Listener(RecordingMonitor):
    """Sets a signal at each event."""

    def __init__(self) -> None:
        super().__init__()
        self.signal = threading.Event()

    def event(self, name: str, /, **facts: str | float | bool | None) -> None:
        """Keep, and tell."""
        super().event(name, **facts)
        self.signal.set()


def finished(listener: Listener, count: int) -> Callable[[], bool]:
    """True when so many runs are done."""
    return lambda: listener.names().count("slot_finished") == count


def schedulers() -> list[threading.Thread]:
    """The threads of schedulers."""
    return [thread for thread in threading.enumerate() if thread.name == "litekeep-scheduler"]


def test_the_thread_starts_once_follows_the_clock_and_ends_at_once() -> None:
    clock, listener = ManualClock(START), Listener()
    diary = Diary(clock)
    scheduler = BackupScheduler([diary.task()], clock=clock, monitor=listener, poll_seconds=3600)
    assert not scheduler.running
    scheduler.start()
    scheduler.start()
    assert len(schedulers()) == 1
    eventually(finished(listener, 1), listener.signal)
    for day in range(2, 5):
        clock.advance(86400)
        scheduler.wake()
        eventually(finished(listener, day), listener.signal)
    assert scheduler.close(20)
    assert schedulers() == []
    assert scheduler.close(20)
    assert scheduler.closing
    clock.advance(86400)
    assert scheduler.run_due() is None
    assert len(diary.runs) == 4
    scheduler.start()
    eventually(finished(listener, 5), listener.signal)
    assert scheduler.close(20)


def test_close_tells_the_run_and_does_not_wait_for_ever() -> None:
    clock = ManualClock(START)
    begun, go_on = threading.Event(), threading.Event()

    def run(_: datetime | None) -> RunOutcome:
        begun.set()
        assert go_on.wait(20)
        return RunOutcome(Ended.DONE)

    scheduler = BackupScheduler([Task("app", parse_rule("02:00"), lambda _: None, run)], clock=clock)
    scheduler.start()
    assert begun.wait(20)
    assert scheduler.next_runs()[0].phase is Phase.RUNNING  # display does not wait for the run
    assert not scheduler.close(0.01)
    assert scheduler.closing
    scheduler.start()  # a second thread takes over, and only one goes on
    go_on.set()
    assert scheduler.close(20)
    for thread in schedulers():
        thread.join(20)
    assert schedulers() == []


def test_the_thread_outlives_a_monitor_and_a_clock_that_raise() -> None:
    class Broken(ManualClock):
        fails = 3

        def zone(self) -> str:
            if self.fails:
                self.fails -= 1
                raise RuntimeError("no zone today")
            return super().zone()

    clock, listener = Broken(START), Listener()
    diary = Diary(clock)
    scheduler = BackupScheduler([diary.task()], clock=clock, monitor=listener, poll_seconds=0.001)
    scheduler.start()
    eventually(lambda: bool(diary.runs), listener.signal)
    assert listener.names()[:3] == ["warning"] * 3
    assert scheduler.close(20)
