"""A year of a small office, by a clock moved by hand: nights and holidays off, crashes, both changes of the hour, and
another policy in summer. After every rotation the repository holds exactly what an independent oracle says.
"""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from litekeep.errors import LitekeepError
from litekeep.model import Level, Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.restore import restore_new
from litekeep.operations.scrub import scrub
from litekeep.operations.slots import last_slot
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.scheduling.rule import parse_rule
from litekeep.scheduling.scheduler import BackupScheduler
from litekeep.scheduling.task import Ended, RunOutcome, Task
from litekeep.testing import Fault, FaultyStorage, ManualClock, MemoryStorage, RecordingMonitor
from retention.oracle import due_ids, kept_ids

HOLIDAYS = [(date(2025, 12, 22), 14), (date(2026, 4, 6), 7), (date(2026, 8, 3), 21)]
SUMMER = date(2026, 6, 1)
GENEROUS = RetentionPolicy()
TIGHT = RetentionPolicy(days=10, weeks=6, months=6, keep_last=3)


class Office:
    """A database that is changed every working day, its repository, and the scheduler that protects it."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(datetime(2025, 10, 1, 6, tzinfo=UTC), "Europe/Paris")
        self.database = folder / "office.db"
        self.folder = folder
        self.objects = MemoryStorage()
        Repository.create(self.objects, self.clock.now())
        self.chance = random.Random(11)
        self.states: dict[str, int] = {}
        self.policy = GENEROUS
        self.crashes = self.satisfied = 0
        self.monitor = RecordingMonitor()
        task = Task("office", parse_rule("02:00"), self.last_slot, self.run)
        self.scheduler = BackupScheduler([task], clock=self.clock, monitor=self.monitor)
        self._execute("CREATE TABLE day(number INTEGER PRIMARY KEY, note TEXT)")
        for number in range(200):
            self._execute("INSERT INTO day(note) VALUES (?)", f"entry {number}")

    def _execute(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.database)) as db:
            db.execute(statement, values)
            db.commit()

    def state(self, database: Path | None = None) -> int:
        with closing(sqlite3.connect(database or self.database)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            (count,) = db.execute("SELECT count(*) + total(length(note)) FROM day").fetchone()
            return int(count)

    def repository(self, faults: list[Fault] | None = None) -> Repository:
        return Repository.open(FaultyStorage(self.objects, faults) if faults else self.objects)

    def last_slot(self, until: datetime) -> datetime | None:
        return last_slot(self.repository(), "office", until=until)

    def run(self, slot: datetime | None) -> RunOutcome:
        """A run in twenty ends with the process, at any storage operation, and leaves what was done so far."""
        faults = [Fault(self.chance.randrange(40), lasting=True)] if self.chance.random() < 0.05 else None
        options = BackupOptions(reason=Reason.SCHEDULED, slot=slot, level=Level.FULL)
        try:
            repository = self.repository(faults)
            result = backup(repository, self.database, options=options, clock=self.clock, monitor=Silent())
            self.states.setdefault(result.snapshot.id, self.state())
            self.satisfied += result.satisfied
            self.rotate(repository)
        except LitekeepError as error:
            if not faults:
                raise
            self.crashes += 1
            return RunOutcome(Ended.FAILED, error.message, error.code)
        return RunOutcome(Ended.DONE)

    def rotate(self, repository: Repository, *, confirmed: bool = False) -> None:
        now, before = self.clock.now(), list(load_catalog(self.repository()).snapshots)
        options = PruneOptions(self.policy, confirmed=confirmed)
        result = prune(repository, options, clock=self.clock, monitor=Silent())
        if result.waiting:
            return
        left = load_catalog(self.repository()).snapshots
        assert {each.id for each in left if each.trashed_at is None} == kept_ids(before, self.policy, now)
        assert {each.id for each in before} - {each.id for each in left} == due_ids(before, self.policy, now)

    def live(self, days: int) -> None:
        for _ in range(days * 24):
            self.clock.advance(3600)
            now = self.clock.now()
            if now.date() == SUMMER and self.policy is GENEROUS:
                self.policy = TIGHT
                self.rotate(self.repository(), confirmed=True)
            if self.awake(now):
                if now.hour in (9, 15):
                    self._execute("INSERT INTO day(note) VALUES (?)", f"{now:%F %H} {self.chance.random()}")
                self.scheduler.run_due()

    def awake(self, now: datetime) -> bool:
        """A desktop: off at night (but for one in three), at weekends and in the holidays."""
        today = now.date()
        if any(first <= today < first + timedelta(days=length) for first, length in HOLIDAYS):
            return False
        return now.weekday() < 5 and (8 <= now.hour < 18 or today.toordinal() % 3 == 0)

    def snapshots(self) -> list[Snapshot]:
        return [each for each in load_catalog(self.repository()).snapshots if each.trashed_at is None]


def test_a_year(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.live(365)
    assert office.crashes > 3
    kept = office.snapshots()
    assert 6 <= len(kept) <= 10 + 6 + 6
    for each in kept:
        target = tmp_path / f"{each.id}.db"
        restore_new(office.repository(), each, target, clock=office.clock, monitor=Silent())
        assert office.state(target) == office.states[each.id], each
    assert scrub(office.repository(), clock=office.clock, monitor=Silent()).damaged == ()


def test_every_working_day_has_its_backup(tmp_path: Path) -> None:
    """Also where 02:00 was slept through, the first run failed, or the hour changed that night."""
    office = Office(tmp_path)
    office.policy = RetentionPolicy(days=400, weeks=0, months=0)
    office.live(90)
    made = {each.created_at.astimezone(office.clock.now().tzinfo).date() for each in office.snapshots()}
    day, end = date(2025, 10, 2), office.clock.now().date()
    missing = []
    while day < end:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        if office.awake(noon) and day not in made:
            missing.append(day)
        day += timedelta(days=1)
    assert missing == []
    slots = [each.slot for each in office.snapshots()]
    assert len(slots) == len(set(slots)), "a slot was satisfied twice"
