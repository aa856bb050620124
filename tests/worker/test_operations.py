"""Backups in a helper process that is stopped or killed at any moment: what was safe stays safe, the next run works."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Cancelled, HelperFailed, NoRepository
from litekeep.model import Reason
from litekeep.monitor import Fact, Silent
from litekeep.operations.backup import BackupOptions
from litekeep.repository.catalog import load_catalog
from litekeep.retention import RetentionPolicy
from litekeep.worker.jobs import BackupJob, ExportJob, Place, RestoreJob, VerifyJob
from litekeep.worker.process import HelperProcess


class Message(Silent):
    """Counts what it is told, and acts at one of them; `stop` cancels."""

    def __init__(self, number: int = 0, action: Callable[[], object] = lambda: None) -> None:
        self.number, self.action = number, action
        self.told = 0
        self.stop = False
        self.names: list[str] = []

    def _tell(self, name: str) -> None:
        self.told += 1
        self.names.append(name)
        if self.told == self.number:
            self.action()

    def event(self, name: str, /, **facts: Fact) -> None:
        self._tell(name)

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        self._tell(phase)

    def cancelled(self) -> bool:
        return self.stop


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A database of some 4 MB in WAL mode, and where its backups go."""
    path = tmp_path / "data" / "app.db"
    path.parent.mkdir()
    (tmp_path / "scratch").mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body BLOB)")
    grow(path, 1000)
    return Place(path, tmp_path / "backups", scratch=tmp_path / "scratch", log=tmp_path / "backup.log")


def grow(path: Path, rows: int) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO item(body) VALUES (?)", ((os.urandom(4000),) for _ in range(rows)))


def job(place: Place, reason: Reason = Reason.MANUAL) -> BackupJob:
    options = BackupOptions(reason=reason, scratch=place.scratch)
    return BackupJob(place, options, create=True, rotation=RetentionPolicy())


def rows_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT count(*) FROM item").fetchone()[0])


def test_backup_with_its_row_its_line_and_its_events(helper: HelperProcess, place: Place) -> None:
    message = Message()
    result = helper.run(job(place), message)
    assert result.snapshot.sound
    assert {"backup_started", "backup_finished"} <= set(message.names)
    rows = place.journal().rows()
    assert [(row.verb, row.outcome.value) for row in rows] == [("backup", "ok"), ("prune", "ok")]
    assert place.log is not None
    assert result.snapshot.short_id in place.log.read_text("utf-8")


def test_verify_export_and_restore_to_a_file(helper: HelperProcess, place: Place, tmp_path: Path) -> None:
    found = helper.run(job(place), Silent()).snapshot
    assert helper.run(VerifyJob(place, found.id), Silent()).damage == ()
    assert rows_in(helper.run(ExportJob(place, found.short_id, tmp_path / "plain.db"), Silent())) == 1000
    helper.run(RestoreJob(place, "latest", tmp_path / "new.db"), Silent())
    assert rows_in(tmp_path / "new.db") == 1000


def test_without_a_repository_nothing_is_made(helper: HelperProcess, place: Place) -> None:
    with pytest.raises(NoRepository) as caught:
        helper.run(BackupJob(place, BackupOptions()), Silent())
    assert "drive" in caught.value.hint
    assert not place.folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.9])
def test_killed_in_the_middle_of_a_backup(helper: HelperProcess, place: Place, part: float) -> None:
    first, whole = helper.run(job(place), Silent()).snapshot, Message()
    grow(place.database, 500)
    helper.run(job(place), whole)
    grow(place.database, 500)

    def kill() -> None:
        assert helper.pid
        os.kill(helper.pid, signal.SIGKILL)

    with pytest.raises(HelperFailed) as caught:
        helper.run(job(place), Message(1 + int(part * (whole.names.index("backup_finished") - 1)), kill))
    assert "database" in caught.value.safe
    after = helper.run(job(place), Silent()).snapshot
    assert after.sound
    assert rows_in(place.database) == 2000
    catalog = load_catalog(place.open(SystemClock()))
    assert {first.id, after.id} <= {each.id for each in catalog.snapshots}
    for each in catalog.snapshots:
        assert helper.run(VerifyJob(place, each.id), Silent()).damage == ()
    assert place.scratch is not None
    assert list(place.scratch.glob("*")) == []


def test_a_backup_is_stopped_at_a_safe_point(helper: HelperProcess, place: Place) -> None:
    helper.run(job(place), Silent())
    grow(place.database, 3000)
    message = Message(2, lambda: setattr(message, "stop", True))
    with pytest.raises(Cancelled) as caught:
        helper.run(job(place), message)
    assert caught.value.safe
    assert place.journal().rows()[-1].outcome.value == "cancelled"
    assert len(load_catalog(place.open(SystemClock())).snapshots) == 1
    assert helper.run(job(place), Silent()).snapshot.sound
