"""Copies of an application's backups: sent by themselves, tried again, proven in turn, in nobody's way."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from litekeep import BackupManager
from litekeep.errors import Refused, StorageError, UsageError
from litekeep.operations.copymemory import CopyMemory, CopyState
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock
from litekeep.worker.copies import is_due_again, place_to_prove
from manager.conftest import Application, notes_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def usb(app: Application, name: str = "usb", **more: Any) -> dict[str, Any]:
    return {"name": name, "url": (app.folder / name).as_uri(), **more}


def ids(folder: Path) -> list[str]:
    repository = Repository.open(LocalStorage(folder, ManualClock()))
    return [each.id for each in load_catalog(repository).snapshots]


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_backup_is_sent_by_itself(app: Application) -> None:
    manager = app.manager(copies=[usb(app), usb(app, "nas"), usb(app, "off", enabled=False)])
    heard: list[str] = []
    manager.subscribe(lambda name, facts: heard.append(f"{name} {facts.get('copy', '')}"))
    app.write("first")
    made = manager.create_backup()
    wait_until(lambda: all(manager.copy_states()[name].synced_at for name in ("usb", "nas")))
    assert ids(app.folder / "usb") == ids(app.folder / "nas") == [made.id]
    assert not (app.folder / "off").exists()
    assert "sync_finished usb" in heard
    rows = [json.loads(line) for line in (app.backups / "journal.jsonl").read_text().splitlines()]
    assert {row["facts"]["copy"] for row in rows if row["verb"] == "sync"} == {"usb", "nas"}
    assert "sending to the copy usb finished" in (app.backups / "backup.log").read_text()


def test_what_is_asked_for_waits_and_raises(app: Application) -> None:
    manager = app.manager(copies=[usb(app), {"name": "cloud", "url": "webdav://127.0.0.1:9/x", "enabled": False}])
    app.write("first")
    made = manager.create_backup()
    (result,) = manager.sync_copies("usb", look=True)
    assert result.listed
    assert manager.copy_states()["usb"].snapshots == 1
    with pytest.raises(Refused, match="not encrypted"):
        manager.sync_copies("cloud")
    assert manager.copy_states()["cloud"].problem_code == "refused"
    with pytest.raises(UsageError, match="no copy"):
        manager.sync_copies("usc")
    drilled = manager.test_restore_from("usb")
    assert drilled.ok
    assert drilled.snapshot.id == made.id
    assert manager.copy_states()["usb"].proven_id == made.id


def test_a_slow_copy_is_in_nobodys_way(app: Application) -> None:
    """A limit of 1 KiB/s: backups and guards go on meanwhile, and closing does not wait for it."""
    manager = app.manager(copies=[usb(app, upload_limit=1)])
    app.add(400)
    manager.create_backup()
    wait_until(lambda: manager._copying.running == ("sync", "usb"))
    started = time.monotonic()
    for number in range(3):
        app.write(f"note {number}")
        with manager.protect("import"):
            pass
    assert manager._copying.running == ("sync", "usb"), "it is still being sent"
    manager.close(backup=False, timeout_seconds=3.0)
    assert time.monotonic() - started < 60
    assert manager.copy_states()["usb"].synced_at is None
    again = app.manager(copies=[usb(app)])
    again.sync_copies()
    assert len(ids(app.folder / "usb")) == len(again.list_backups())


def test_the_last_backup_is_sent_when_the_application_closes(app: Application) -> None:
    manager = app.manager(copies=[usb(app)])
    manager.create_backup()
    manager.sync_copies()
    app.write("last words")
    last = manager.close()
    assert last is not None
    assert ids(app.folder / "usb")[-1] == last.id


def test_a_copy_that_is_back_gets_what_it_missed(app: Application) -> None:
    """The drive was away; the clock tells when it is tried again."""
    clock = ManualClock(datetime.now(UTC) + timedelta(minutes=1))
    manager = app.manager(clock=clock, copies=[usb(app)])
    (app.folder / "usb").write_text("in the way")
    manager.create_backup()
    wait_until(lambda: manager.copy_states()["usb"].problem)
    state = manager.copy_states()["usb"]
    assert state.failing_since
    assert state.attempted_at
    assert not is_due_again(state, state.attempted_at + timedelta(minutes=1))
    os.unlink(app.folder / "usb")
    clock.advance(20 * 60)
    manager._tick()
    wait_until(lambda: manager.copy_states()["usb"].synced_at)
    assert manager.copy_states()["usb"].problem == ""
    assert len(ids(app.folder / "usb")) == 1


def test_a_planned_test_restore_takes_turns(app: Application) -> None:
    clock = ManualClock(datetime.now(UTC) + timedelta(minutes=1))
    manager = app.manager(clock=clock, copies=[usb(app)], restore_test="weekly")
    manager.create_backup()
    manager.sync_copies()
    first = manager._scheduled_drill(None)
    assert manager.copy_states()["usb"].proven_at is None, "the repository itself comes first"
    second = manager._scheduled_drill(None)
    assert manager.copy_states()["usb"].proven_at is not None
    assert first.ok
    assert second.ok


def test_whose_turn_it_is() -> None:
    def copy(name: str, proven: int | None, **more: Any) -> CopyState:
        at = None if proven is None else NOW - timedelta(days=proven)
        return CopyState(name, "x", **{"synced_at": NOW, "snapshots": 1, "proven_at": at, **more})

    yesterday = NOW - timedelta(days=1)
    assert place_to_prove(None, [copy("a", None)], ["a"], NOW) is None
    assert place_to_prove(yesterday, [], [], NOW) is None
    assert place_to_prove(yesterday, [copy("a", None), copy("b", 9)], ["a", "b"], NOW) == "a"
    assert place_to_prove(yesterday, [copy("a", 3), copy("b", 9)], ["a", "b"], NOW) == "b"
    assert place_to_prove(yesterday, [copy("a", 3), copy("b", 9)], ["a"], NOW) == "a"
    assert place_to_prove(yesterday, [copy("a", 0)], ["a"], NOW) is None
    assert place_to_prove(NOW - timedelta(days=30), [copy("a", None)], ["a"], NOW) is None
    assert place_to_prove(yesterday, [copy("a", None, problem="gone")], ["a"], NOW) is None
    assert place_to_prove(yesterday, [copy("a", None, synced_at=None)], ["a"], NOW) is None


@pytest.mark.parametrize(("failing_hours", "due_after_minutes"), [(0, 15), (1, 30), (10, 300), (100, 360)])
def test_how_soon_it_is_tried_again(failing_hours: int, due_after_minutes: int) -> None:
    state = CopyState("usb", "x", attempted_at=NOW, failing_since=NOW - timedelta(hours=failing_hours), problem="away")
    assert not is_due_again(state, NOW + timedelta(minutes=due_after_minutes - 1))
    assert is_due_again(state, NOW + timedelta(minutes=due_after_minutes))
    assert is_due_again(state, NOW - timedelta(hours=1)), "the clock was set back"


def test_lost_here_brought_back_from_the_copy(app: Application, tmp_path: Path) -> None:
    manager = app.manager(copies=[usb(app)])
    app.write("precious")
    manager.create_backup()
    manager.sync_copies()
    shutil.rmtree(app.backups)
    elsewhere = BackupManager(app.path, {"backup": {"backup_directory": str(app.folder / "usb")}})
    app.managers.append(elsewhere)
    (found,) = elsewhere.list_backups()
    elsewhere.restore_backup(found, tmp_path / "back.db")
    assert notes_in(tmp_path / "back.db") == ["precious"]


def test_the_memory_belongs_to_place_and_repository(app: Application) -> None:
    manager = app.manager(copies=[usb(app)])
    manager.create_backup()
    manager.sync_copies()
    repository = manager._place().open(ManualClock())
    place = manager.settings.backup.copies[0].shown
    assert CopyMemory(app.backups, "usb", place, repository.config.id).known
    assert CopyMemory(app.backups, "usb", "file:///elsewhere", repository.config.id).known is None
    assert CopyMemory(app.backups, "usb", place, b"x" * 16).known is None


def test_a_drive_that_is_not_connected_is_never_replaced_by_a_folder(app: Application) -> None:
    drive = app.folder / "drive"
    drive.mkdir()
    manager = app.manager(copies=[{"name": "usb", "url": (drive / "backups").as_uri()}])
    manager.create_backup()
    manager.sync_copies()
    os.rename(drive, app.folder / "in a pocket")
    for _ in range(2):
        app.write("more")
        manager.create_backup()
        with pytest.raises(StorageError):
            manager.sync_copies()
        assert not (drive / "backups").exists()
        drive.mkdir(exist_ok=True)  # what is left of a mount
    drive.rmdir()
    os.rename(app.folder / "in a pocket", drive)
    manager.sync_copies()
    assert len(ids(drive / "backups")) == 3
