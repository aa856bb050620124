"""Closing: a last backup if something changed, within its time, and the application closes in any case."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.errors import Cancelled
from litekeep.model import Reason
from litekeep.monitor import Fact

from .conftest import Application, notes_in


def helper_of(manager: BackupManager) -> int | None:
    from litekeep.worker.process import HelperProcess

    runner = manager._queue._runner
    assert isinstance(runner, HelperProcess)
    return runner.pid


def test_a_last_backup_if_something_changed(app: Application, tmp_path: Path) -> None:
    manager = app.manager()
    first = manager.create_backup()
    app.write("last words")
    last = manager.close()
    assert last
    assert (last.reason, last.sound) == (Reason.SHUTDOWN, True)
    assert last.id != first.id
    assert helper_of(manager) is None
    assert manager.close() is None
    app.manager().restore_backup(last, to=tmp_path / "new.db")
    assert notes_in(tmp_path / "new.db") == ["last words"]


def test_no_snapshot_more_if_nothing_changed(app: Application) -> None:
    manager = app.manager()
    first = manager.create_backup()
    last = manager.close()
    assert last
    assert last.id == first.id
    assert [each.id for each in manager.list_backups()] == [first.id]
    assert manager.history(1)[0].outcome.value == "skipped"


@pytest.mark.parametrize("settings", [{"backup_on_shutdown": False}, {"enabled": False}])
def test_not_where_the_settings_do_not_want_it(app: Application, settings: dict[str, bool]) -> None:
    manager = app.manager(**settings)
    assert manager.close() is None
    assert not app.backups.exists()


def test_as_a_context_manager(app: Application) -> None:
    with app.manager(automatic_daily=False) as manager:
        app.write("inside")
    assert [each.reason for each in manager.list_backups()] == [Reason.SHUTDOWN]


def test_a_database_that_is_locked_does_not_keep_the_application_open(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    app.write("unsaved")
    app.db.close()
    warnings: list[Fact] = []
    manager.subscribe(lambda name, facts: warnings.append(facts.get("code")) if name == "warning" else None)
    holder = sqlite3.connect(app.path, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    assert manager.close(timeout_seconds=1.0) is None
    assert time.monotonic() - began < 20  # its own patience with a locked database would be longer
    assert "shutdown" in warnings
    assert helper_of(manager) is None
    holder.execute("COMMIT")
    holder.close()
    assert app.manager().create_backup().sound


def test_what_waits_is_not_begun_and_nothing_is_left_behind(app: Application) -> None:
    manager = app.manager(backup_on_shutdown=False)
    app.add(3000, 4000)
    futures = [manager.submit_backup(str(number)) for number in range(6)]
    manager.close(timeout_seconds=5.0)
    endings = [future.exception(10) for future in futures]
    assert isinstance(endings[-1], Cancelled)
    assert sum(isinstance(each, Cancelled) for each in endings) >= 4
    assert helper_of(manager) is None
    assert not any(thread.is_alive() for thread in [manager._queue._thread] if thread)


def test_a_folder_that_is_away_does_not_keep_the_application_open(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    shutil.move(app.backups, app.folder / "away")
    assert manager.close() is None
    assert not app.backups.exists()


def test_nothing_runs_on_after_the_end(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    pid = helper_of(manager)
    assert pid
    manager.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
