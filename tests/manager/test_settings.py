"""Settings as an application gives them: nothing, an object, a file, Settings; and the environment above them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.config.load import load_settings
from litekeep.errors import SettingsInvalid

from .conftest import Application


def written(folder: Path, **backup: object) -> Path:
    path = folder / "backup.json"
    path.write_text(json.dumps({"database": "app.db", "backup": backup}), "utf-8")
    return path


def test_a_file_that_names_everything_relative_to_itself(
    app: Application, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = written(app.folder, backup_directory="./safe", log_file="./log/backup.log")
    (app.folder / "log").mkdir()
    monkeypatch.chdir(app.folder)
    manager = BackupManager.from_config("backup.json")
    monkeypatch.chdir(tmp_path)
    found = manager.create_backup()
    manager.close(backup=False)
    assert (app.folder / "safe" / "litekeep.json").exists() or any((app.folder / "safe").iterdir())
    assert found.short_id in (app.folder / "log" / "backup.log").read_text("utf-8")
    assert manager.database == path.parent / "app.db"
    assert not (tmp_path / "safe").exists()


def test_settings_that_were_read_before(app: Application) -> None:
    settings = load_settings(written(app.folder, keep_last=3), {})
    manager = BackupManager(config=settings)
    assert manager.settings is settings
    assert manager.create_backup().sound
    manager.close()


def test_an_object_is_relative_to_the_database_wherever_the_program_goes(
    app: Application, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(app.folder)
    manager = BackupManager("app.db", {"backup": {"backup_directory": "safe"}})
    monkeypatch.chdir(tmp_path)
    manager.reload()
    assert manager.database == app.path
    assert manager.repository == app.folder / "safe"
    assert manager.create_backup().source_path == str(app.path)
    manager.close()


def test_the_environment_stands_above(app: Application) -> None:
    environment = {**os.environ, "LITEKEEP_BACKUP__BACKUP_DIRECTORY": str(app.folder / "elsewhere")}
    manager = BackupManager(app.path, {"backup": {"backup_directory": "safe"}}, environment=environment)
    manager.create_backup()
    manager.close()
    assert (app.folder / "elsewhere").is_dir()
    assert not (app.folder / "safe").exists()


def test_all_problems_at_once(app: Application) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        BackupManager(app.path, {"backup": {"retention_day": 3, "backup_time": "25:00"}})
    assert [each.key for each in caught.value.problems] == ["backup.backup_time", "backup.retention_day"]
    assert not app.backups.exists()


def test_reload_takes_what_is_valid_and_keeps_what_is_not(app: Application) -> None:
    manager = BackupManager(config=written(app.folder, automatic_daily=False, restore_test="never"))
    manager.start()
    assert manager.next_runs() == []
    written(app.folder, schedule="0 3 * * *", catch_up=False, restore_test="never")
    manager.reload()
    assert [each.task for each in manager.next_runs()] == ["backup"]
    written(app.folder, schedule="never ever")
    with pytest.raises(SettingsInvalid):
        manager.reload()
    assert manager.settings.backup.schedule == "0 3 * * *"
    manager.close(backup=False)


def test_a_guard_follows_the_settings_of_now(app: Application) -> None:
    manager = BackupManager(config=written(app.folder, backup_before_operations=[]))
    guard = manager.protect("import")
    with guard:
        assert guard.restore_point is None
    written(app.folder, backup_before_operations=["import"])
    manager.reload()
    with guard:
        assert guard.restore_point
    manager.close()


def test_two_databases_in_one_folder_are_told_apart(app: Application, tmp_path: Path) -> None:
    other = Application(tmp_path)
    mine = app.manager()
    theirs = BackupManager(other.path, {"backup": {"backup_directory": str(app.backups)}})
    mine.create_backup("mine")
    theirs.create_backup("theirs")
    assert [each.label for each in mine.list_backups()] == ["mine"]
    assert [each.label for each in theirs.list_backups()] == ["theirs"]
    theirs.close(backup=False)
    other.db.close()


BESIDE = """
import sys
from litekeep import BackupManager
manager = BackupManager(sys.argv[1])
for number in range(6):
    manager.create_backup(f"{sys.argv[2]} {number}")
manager.close(backup=False)
"""


def test_the_first_backups_of_two_programs_make_one_folder(app: Application) -> None:
    managers = [app.manager() for _ in range(4)]
    futures = [manager.submit_backup(str(number)) for number, manager in enumerate(managers)]
    assert all(future.result(60).snapshot.sound for future in futures)
    assert {each.label for each in managers[0].list_backups()} == {"0", "1", "2", "3"}


def test_two_programs_protect_one_database(app: Application) -> None:
    command = [sys.executable, "-c", BESIDE, str(app.path)]
    programs = [subprocess.Popen([*command, name], stderr=subprocess.PIPE, text=True) for name in ("left", "right")]
    for number in range(30):
        app.write(str(number))
    told = [program.communicate(timeout=60)[1] for program in programs]
    assert ([program.returncode for program in programs], told) == ([0, 0], ["", ""])
    manager = app.manager()
    labels = [each.label for each in manager.list_backups()]
    assert sorted(labels) == sorted(f"{name} {number}" for name in ("left", "right") for number in range(6))
    assert all(manager.verify_backup(each).damage == () for each in manager.list_backups())
    assert len(app.notes()) == 30
