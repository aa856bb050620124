"""Much less data than before: the state before it is pinned, rotation rests, until a person has looked."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Locked
from litekeep.model import Reason, Snapshot
from litekeep.operations.anomaly import anomalies
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.curate import pin, unpin
from litekeep.operations.prune import PruneOptions, plan_prune, prune
from litekeep.operations.restore import restore_file, restore_over
from litekeep.operations.status import Protection, Status, Verdict, assess, gather_facts
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.local import LocalStorage
from litekeep.testing import RecordingMonitor

CLOCK = SystemClock()
ONE = PruneOptions(RetentionPolicy(days=0, weeks=0, months=0, keep_last=1))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([("a", 1000)], [("a", 501)], ()),
        ([("a", 1000)], [("a", 500)], ("a went from 1000 to 500 rows",)),
        ([("a", 199)], [("a", 99)], ("a went from 199 to 99 rows",)),
        ([("a", 150)], [("a", 60)], ()),
        ([("a", 10)], [("a", 0)], ("all 10 rows of a have gone",)),
        ([("a", 9)], [("a", 0)], ()),
        ([("a", 10)], [], ("the table a with 10 rows has gone",)),
        ([("a", 9)], [], ()),
        ([("a", 10), ("b", 900)], [("a", 0), ("b", 1)], ("b went from 900 to 1 rows", "all 10 rows of a have gone")),
        ([("sqlite_stat1", 500)], [], ()),
        ([("note", 50), ("note_data", 900)], [("note", 50), ("note_data", 3)], ()),
        ([("note_data", 900)], [("note_data", 3)], ("note_data went from 900 to 3 rows",)),
        ([], [("a", 5)], ()),
    ],
)
def test_what_is_unusual(before: list[tuple[str, int]], after: list[tuple[str, int]], told: tuple[str, ...]) -> None:
    assert anomalies(before, after) == told


class Place:
    """A database with 300 rows and its repository."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "app.db"
        self.change("CREATE TABLE staff(name)")
        self.change("INSERT INTO staff WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300) "
                    "SELECT i FROM n")  # fmt: skip
        storage = LocalStorage(folder / "backups", CLOCK, create=True)
        self.repository = Repository.create(storage, CLOCK.now())
        self.monitor = RecordingMonitor()

    def change(self, statement: str) -> None:
        with closing(sqlite3.connect(self.database)) as db:
            db.execute(statement)
            db.commit()

    def back_up(self, reason: Reason = Reason.SCHEDULED) -> Snapshot:
        options = BackupOptions(reason=reason)
        return backup(self.repository, self.database, options=options, clock=CLOCK, monitor=self.monitor).snapshot

    def find(self, snapshot: Snapshot) -> Snapshot:
        return load_catalog(self.repository).find(snapshot.id)

    def alarms(self) -> list[str]:
        return [str(facts["what"]) for name, facts in self.monitor.events if name == "anomaly"]


@pytest.mark.parametrize("looked", ["unpinned", "pinned"])
def test_a_mass_delete_stops_rotation_until_someone_looks(tmp_path: Path, looked: str) -> None:
    place = Place(tmp_path)
    oldest = place.back_up()
    place.change("UPDATE staff SET name = 'x' WHERE rowid = 1")
    before = place.back_up()
    place.change("DELETE FROM staff WHERE rowid > 20")
    place.back_up()
    place.change("INSERT INTO staff VALUES ('new')")
    place.back_up()
    assert place.alarms() == ["staff went from 300 to 20 rows"]
    assert place.find(before).pinned
    assert place.find(before).anomaly == place.alarms()[0]
    held = prune(place.repository, ONE, clock=CLOCK, monitor=place.monitor)
    assert (held.trashed, len(held.waiting)) == ((), 1)
    assert "staff went from 300 to 20 rows" in held.waiting[0][1][0]
    (unpin if looked == "unpinned" else pin)(place.repository, before, clock=CLOCK, monitor=place.monitor)
    (_, plan), *_ = plan_prune(place.repository, ONE, clock=CLOCK, monitor=place.monitor).retention
    assert plan.hold == ()
    rotated = prune(place.repository, ONE, clock=CLOCK, monitor=place.monitor)
    gone = {each.id for each in rotated.trashed}
    assert oldest.id in gone
    assert (before.id in gone) == (looked == "unpinned")


def test_a_dropped_table(tmp_path: Path) -> None:
    place = Place(tmp_path)
    before = place.back_up()
    place.change("DROP TABLE staff")
    place.back_up()
    assert place.alarms() == ["the table staff with 300 rows has gone"]
    assert place.find(before).pinned


def test_going_back_to_an_older_state_is_no_alarm(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.change("DELETE FROM staff WHERE rowid > 20")
    small = place.back_up()
    place.change("INSERT INTO staff WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300) "
                 "SELECT i FROM n")  # fmt: skip
    place.back_up()
    restore_over(place.repository, small, place.database, clock=CLOCK, monitor=place.monitor)
    place.back_up()
    assert place.alarms() == []


def test_ordinary_days_are_no_alarm(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for day in range(5):
        place.change(f"DELETE FROM staff WHERE rowid % 40 = {day}")
        place.change("INSERT INTO staff VALUES ('new')")
        place.back_up()
    assert place.alarms() == []
    assert not any(each.pinned or each.anomaly for each in load_catalog(place.repository).snapshots)


def test_status_tells_of_it_until_someone_has_looked(tmp_path: Path) -> None:
    place = Place(tmp_path)
    before = place.back_up()
    place.change("DELETE FROM staff")
    place.back_up()

    def status() -> Status:
        [facts] = gather_facts(place.repository, load_catalog(place.repository), [], CLOCK.now())
        return assess(facts, CLOCK.now())

    assert (status().verdict, status().protection) == (Verdict.SUSPICIOUS, Protection.AT_RISK)
    assert "in the newest backup: all 300 rows of staff have gone" in status().sentence
    unpin(place.repository, before, clock=CLOCK, monitor=place.monitor)
    assert status().verdict is Verdict.UNPROVEN


@pytest.mark.parametrize("way", ["from the snapshot before", "from a file"])
def test_bringing_back_what_had_gone_ends_the_alarm(tmp_path: Path, way: str) -> None:
    """Whoever restored it has looked. The state before stays pinned, and rotation goes on."""
    place = Place(tmp_path)
    before = place.back_up()
    kept = tmp_path / "kept.db"
    shutil.copyfile(place.database, kept)
    place.change("DELETE FROM staff")
    place.back_up()
    assert place.find(before).anomaly
    if way == "from a file":
        restore_file(place.repository, kept, place.database, clock=CLOCK, monitor=place.monitor)
    else:
        restore_over(place.repository, before, place.database, clock=CLOCK, monitor=place.monitor)
    assert (place.find(before).anomaly, place.find(before).pinned) == ("", True)
    assert prune(place.repository, ONE, clock=CLOCK, monitor=place.monitor).waiting == ()
    assert {"snapshot": before.id, "by": "restore"} in [
        facts for name, facts in place.monitor.events if name == "marked"
    ]


def test_a_restore_that_does_not_bring_it_back_leaves_the_alarm(tmp_path: Path) -> None:
    place = Place(tmp_path)
    before = place.back_up()
    place.change("DELETE FROM staff WHERE rowid > 20")
    small = place.back_up()
    place.change("INSERT INTO staff VALUES ('new')")
    restore_over(place.repository, small, place.database, clock=CLOCK, monitor=place.monitor)
    assert place.find(before).anomaly


def test_an_alarm_that_cannot_be_ended_is_no_failure_of_the_restore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    before = place.back_up()
    place.change("DELETE FROM staff")
    place.back_up()

    def failing(*_: object, **__: object) -> None:
        raise Locked("somebody else works with it")

    monkeypatch.setattr("litekeep.operations.restore.losses_undone", failing)
    result = restore_over(place.repository, before, place.database, clock=CLOCK, monitor=place.monitor)
    assert (result.how, dict(result.tables)) == ("live", {"staff": 300})
    assert place.find(before).anomaly
