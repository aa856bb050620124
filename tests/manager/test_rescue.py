"""The backups here are lost, and a copy of them elsewhere is not: look, restore, get them back. Nothing is lost on the
way: neither what is in the database now, nor what is in the folders."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litekeep import BackupManager
from litekeep.clock import SystemClock
from litekeep.errors import Cancelled, KeyNeeded, NoRepository, Refused, StorageError, UnknownSnapshot, UsageError
from litekeep.formats.keyslot import KEY
from litekeep.formats.printedkey import print_key
from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations.create import create_repository
from litekeep.operations.restore import RestoreOptions
from litekeep.operations.status import Verdict
from litekeep.repository.keyring import NewSlot
from litekeep.worker.rescue import RebuildJob, RestoreCopyJob
from manager.conftest import Application, notes_in
from storage.remote.servers import SERVERS


def copied(app: Application, **settings: Any) -> dict[str, Any]:
    return {"copies": [{"name": "cloud", "url": (app.folder.parent / "cloud").as_uri()}], **settings}


@pytest.fixture
def manager(app: Application) -> BackupManager:
    """Two backups, both on the copy."""
    manager = app.manager(**copied(app))
    for text in ("one", "two"):
        app.write(text)
        manager.create_backup(label=text)
        manager.sync_copies()
    app.write("today")
    return manager


def lose(app: Application) -> None:
    """What is being sent to the copy ends by itself; it may write down that it failed."""
    for manager in app.managers:
        manager.sync_copies()
    shutil.rmtree(app.backups)


def labelled(manager: BackupManager, label: str) -> str:
    return next(each.id for each in manager.list_backups_of("cloud") if each.label == label)


def test_what_a_copy_has(manager: BackupManager, app: Application) -> None:
    assert [each.label for each in manager.list_backups_of("cloud")] == ["one", "two"]
    lose(app)
    assert [each.label for each in manager.list_backups_of("cloud")] == ["one", "two"]
    with pytest.raises(UsageError, match="no copy in the settings is called 'moon'"):
        manager.list_backups_of("moon")
    shutil.rmtree(app.folder.parent / "cloud")
    with pytest.raises((NoRepository, StorageError)):
        manager.list_backups_of("cloud")


def test_what_a_restore_from_it_would_change(manager: BackupManager, app: Application) -> None:
    lose(app)
    preview = manager.preview_restore_from("cloud", labelled(manager, "one"))
    assert ("note", 3, 1) in preview.differences()


def test_over_the_database_without_backups_here(manager: BackupManager, app: Application) -> None:
    """What is there now goes into a file beside it first, and can be had back from that."""
    lose(app)
    called: list[str] = []
    manager.before_restore = lambda: called.append("before")
    manager.after_restore = lambda: called.append("after")
    result = manager.restore_from("cloud", labelled(manager, "one"))
    assert called == ["before", "after"]
    assert app.notes() == ["one"]
    assert result.safety_file is not None
    assert result.safety_file.parent == app.folder
    assert notes_in(result.safety_file) == ["one", "two", "today"]
    assert result.safety_copy is None
    assert not app.backups.exists(), "nothing begins a history of its own here"
    row = next(row for row in manager.history() if row.verb == "restore")
    assert row.facts["safety_file"] == str(result.safety_file)
    assert row.facts["copy"] == "cloud"
    manager.rebuild_from("cloud")
    manager.restore_file(result.safety_file)
    assert app.notes() == ["one", "two", "today"]


def test_over_the_database_with_backups_here(manager: BackupManager, app: Application) -> None:
    """The safety copy goes into the repository here, never into the copy, and can be undone as always."""
    before = {path: path.stat().st_size for path in (app.folder.parent / "cloud").rglob("*") if path.is_file()}
    result = manager.restore_from("cloud", labelled(manager, "one"))
    assert app.notes() == ["one"]
    assert result.safety_file is None
    assert result.safety_copy is not None
    assert result.safety_copy.id in {each.id for each in manager.list_backups()}
    assert before == {path: path.stat().st_size for path in before}
    manager.undo_restore()
    assert app.notes() == ["one", "two", "today"]


def test_from_a_server(app: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3, with secrets of its own and a limit of speed: the same, and it is told when it does not answer any more."""
    (tmp_path / "server").mkdir()
    with SERVERS["seaweedfs"](tmp_path / "server") as server:
        for name, value in server.secrets.items():
            monkeypatch.setenv(f"CLOUD_{name.upper()}", value)
        credentials = {name: {"env": f"CLOUD_{name.upper()}"} for name in server.secrets}
        cloud = {"name": "cloud", "url": server.at("lost"), "credentials": credentials, "unencrypted": True}
        manager = app.manager(copies=[{**cloud, "upload_limit": 100_000}])
        app.write("one")
        manager.create_backup(label="one")
        lose(app)
        app.write("today")
        wanted = labelled(manager, "one")
        assert ("note", 2, 1) in manager.preview_restore_from("cloud", wanted).differences()
        assert manager.restore_from("cloud", wanted).safety_file is not None
        assert app.notes() == ["one"]
        assert manager.rebuild_from("cloud").snapshots == 1
        assert manager.verify_backup(wanted).ok
        lose(app)
    with pytest.raises(StorageError):
        manager.list_backups_of("cloud")
    with pytest.raises(StorageError):
        manager.rebuild_from("cloud")
    assert not (app.backups / "repository.json").exists()
    assert app.notes() == ["one"]


def test_a_new_computer_that_began_backups_of_its_own(manager: BackupManager, app: Application) -> None:
    lose(app)
    shutil.rmtree(app.folder / ".litekeep")
    new = app.manager(**copied(app))
    new.create_backup(label="new")
    with pytest.raises(Refused, match="holds another repository"):
        new.sync_copies()
    result = new.restore_from("cloud", labelled(new, "two"))
    assert app.notes() == ["one", "two"]
    assert result.safety_copy is not None
    new.undo_restore()
    assert app.notes() == ["one", "two", "today"]


def test_to_a_new_file(manager: BackupManager, app: Application) -> None:
    lose(app)
    manager.restore_from("cloud", labelled(manager, "two"), app.folder / "new.db")
    assert notes_in(app.folder / "new.db") == ["one", "two"]
    assert app.notes() == ["one", "two", "today"]
    assert sorted(path.name for path in app.folder.glob("*before*")) == []


def test_a_database_that_is_lost_too(manager: BackupManager, app: Application) -> None:
    lose(app)
    wanted = labelled(manager, "two")
    app.db.close()
    for path in app.folder.glob("app.db*"):
        path.unlink()
    result = manager.restore_from("cloud", wanted)
    assert (result.how, result.safety_file) == ("new", None)
    assert notes_in(app.path) == ["one", "two"]


def test_a_damaged_database_is_moved_aside(manager: BackupManager, app: Application) -> None:
    lose(app)
    wanted = labelled(manager, "two")
    app.db.close()
    for path in app.folder.glob("app.db-*"):
        path.unlink()
    app.path.write_bytes(b"nothing of SQLite" * 999)
    result = manager.restore_from("cloud", wanted, all_closed=True)
    assert notes_in(app.path) == ["one", "two"]
    assert result.safety_file is None
    assert result.kept_aside is not None
    kept = [path for path in result.kept_aside.iterdir() if path.read_bytes().startswith(b"nothing of SQLite")]
    assert kept


def test_nothing_is_restored_where_what_is_there_cannot_be_kept(manager: BackupManager, app: Application) -> None:
    lose(app)
    wanted = labelled(manager, "one")
    other = sqlite3.connect(app.path, isolation_level=None)
    app.db.execute("PRAGMA journal_mode=DELETE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        impatient = RestoreOptions(deadline_seconds=1.0)
        job = RestoreCopyJob(manager._place(), manager.settings.backup.copies[0], wanted, None, impatient)
        with pytest.raises(Refused, match="could not be saved first"):
            manager._ask("restore", job)
    finally:
        other.close()
    assert app.notes() == ["one", "two", "today"]


def test_get_them_all_back(manager: BackupManager, app: Application) -> None:
    made = [each.id for each in manager.list_backups()]
    lose(app)
    assert manager.status().verdict is Verdict.REPOSITORY_MISSING
    result = manager.rebuild_from("cloud")
    assert result.snapshots == 2
    assert [each.id for each in manager.list_backups()] == made
    assert all(manager.verify_backup(each).ok for each in made)
    assert manager.status().verdict not in (Verdict.REPOSITORY_MISSING, Verdict.ALTERED)
    app.write("later")
    new = manager.create_backup(reason=Reason.MANUAL)
    assert new.sequence == 3
    manager.sync_copies()
    assert [each.id for each in manager.list_backups_of("cloud")] == [*made, new.id]
    assert not list(app.folder.glob("*.coming"))
    row = next(row for row in manager.history() if row.verb == "copy")
    assert row.facts["copy"] == "cloud"


def test_encrypted_ones_come_back_encrypted(app: Application) -> None:
    """With the key that the settings name; without it, nothing is shown of them."""
    key = print_key(bytes(range(32)))
    (app.folder / "app.key").write_text(key)
    (app.folder / "app.key").chmod(0o600)
    create_repository(app.backups, encryption=[NewSlot(KEY, key)], clock=SystemClock(), monitor=Silent())
    manager = app.manager(**copied(app, encryption={"key": {"file": "app.key"}}))
    app.write("secret")
    made = manager.create_backup()
    lose(app)
    with pytest.raises(KeyNeeded):
        app.manager(**copied(app)).list_backups_of("cloud")
    assert manager.rebuild_from("cloud").snapshots == 1
    assert manager.keys().encrypted
    assert manager.verify_backup(made.id).ok


def test_a_copy_that_has_less_is_what_a_person_wants(manager: BackupManager, app: Application) -> None:
    """Backups that were here, and never reached the copy, are not missed any more after that."""
    alone = app.manager()
    alone.create_backup(label="three")
    manager.status()
    shutil.rmtree(app.backups)
    assert manager.rebuild_from("cloud").snapshots == 2
    assert manager.status().verdict is not Verdict.ALTERED


def test_what_is_found_out_anew_is_in_nobodys_way(manager: BackupManager, app: Application) -> None:
    lose(app)
    (app.backups / ".cache" / "copies").mkdir(parents=True)
    assert manager.rebuild_from("cloud").snapshots == 2


class Stopping(Silent):
    """Somebody wants to stop when the first object has come."""

    def __init__(self) -> None:
        self.came = False

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        self.came = True

    def cancelled(self) -> bool:
        return self.came


def test_it_goes_on_where_it_stopped(manager: BackupManager, app: Application) -> None:
    lose(app)
    with pytest.raises(Cancelled):
        RebuildJob(manager._place(), manager.settings.backup.copies[0]).run(Stopping())
    assert not app.backups.exists(), "a backup that is due now finds no half of a repository"
    assert any(path.is_file() for path in (app.folder / "backups.coming").rglob("*"))
    assert manager.rebuild_from("cloud").snapshots == 2
    assert len(manager.list_backups()) == 2
    assert not (app.folder / "backups.coming").exists()


def _occupied(app: Application) -> None:
    app.backups.mkdir()
    (app.backups / "mine.txt").write_text("mine")


def _a_file(app: Application) -> None:
    app.backups.write_text("mine")


@pytest.mark.parametrize("there", [_occupied, _a_file])
def test_nothing_that_is_there_is_replaced(
    manager: BackupManager, app: Application, there: Callable[[Application], None]
) -> None:
    lose(app)
    there(app)
    with pytest.raises(Refused, match="is not an empty folder"):
        manager.rebuild_from("cloud")
    file = app.backups / "mine.txt" if app.backups.is_dir() else app.backups
    assert file.read_text() == "mine"


def test_not_where_there_are_backups(manager: BackupManager) -> None:
    with pytest.raises(Refused, match="holds backups"):
        manager.rebuild_from("cloud")
    assert len(manager.list_backups()) == 2


def test_an_empty_folder_is_taken(manager: BackupManager, app: Application) -> None:
    lose(app)
    app.backups.mkdir()
    assert manager.rebuild_from("cloud").snapshots == 2


def test_a_drive_that_is_away(manager: BackupManager, app: Application, tmp_path: Path) -> None:
    """Nothing is made where it would be mounted; another folder is written into the settings."""
    lose(app)
    file = app.folder / "backup.json"
    content = copied(app, backup_directory=str(tmp_path / "drive" / "backups"), restore_test="never")
    file.write_text(json.dumps({"database": "./app.db", "backup": {**content, "notifications": {"on_failure": []}}}))
    away = BackupManager.from_config(file)
    app.managers.append(away)
    with pytest.raises(Refused, match="is not there"):
        away.rebuild_from("cloud")
    assert not (tmp_path / "drive").exists()
    away.rebuild_from("cloud", tmp_path / "here")
    assert away.repository == tmp_path / "here"
    assert json.loads(file.read_text())["backup"]["backup_directory"] == str(tmp_path / "here")
    assert len(away.list_backups()) == 2
    away.create_backup()
    with pytest.raises(UsageError, match="the settings came from the program"):
        manager.rebuild_from("cloud", tmp_path / "there")


def test_a_copy_of_another_database(manager: BackupManager, app: Application, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = Application(folder)
    try:
        theirs = other.manager(**copied(app))
        assert theirs.list_backups_of("cloud") == []
        with pytest.raises(UnknownSnapshot, match="no backup of"):
            theirs.rebuild_from("cloud")
        assert not other.backups.exists()
    finally:
        for each in other.managers:
            each.close(backup=False)
        other.db.close()
    assert manager.list_backups()
