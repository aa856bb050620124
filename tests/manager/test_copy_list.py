"""Copies that come and go by a form: the settings file, the files of secrets, and a look at a place before."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from litekeep import BackupManager
from litekeep.config.copies import CopySettings
from litekeep.config.edit import create_settings
from litekeep.errors import SettingsInvalid, UsageError
from litekeep.worker.probing import Content, ProbeResult

NAS = {"name": "nas", "url": "webdav://u@127.0.0.1:9/x", "unencrypted": True}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "backup.json"
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        db.execute("CREATE TABLE person(name)")
        db.commit()
    backup = {"restore_test": "never", "notifications": {"on_failure": []}, "retention_days": 9}
    create_settings(path, {"database": "./app.db", "backup": backup})
    return path


@pytest.fixture
def manager(file: Path) -> Iterator[BackupManager]:
    with closing_manager(BackupManager.from_config(file)) as made:
        yield made


@contextmanager
def closing_manager(manager: BackupManager) -> Iterator[BackupManager]:
    yield manager
    manager.close(backup=False)


def entries(file: Path) -> list[Any]:
    found: list[Any] = json.loads(file.read_text("utf-8"))["backup"].get("copies", [])
    return found


def probed(manager: BackupManager, folder: Path) -> ProbeResult:
    return manager.probe_copy(CopySettings("drive", folder.as_uri()))


def test_a_secret_gets_a_file_of_its_own_that_nobody_else_can_read(manager: BackupManager, file: Path) -> None:
    manager.add_copy(NAS, {"password": "s3cr€t "})
    assert entries(file) == [{**NAS, "credentials": {"password": {"file": "./secrets/nas.password"}}}]
    kept = file.parent / "secrets" / "nas.password"
    assert kept.read_text("utf-8") == "s3cr€t "
    assert "s3cr" not in file.read_text("utf-8")
    assert json.loads(file.read_text("utf-8"))["backup"]["retention_days"] == 9
    if sys.platform != "win32":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    copy = manager.settings.backup.copies[0]
    assert copy.secrets() == {"password": "s3cr€t "}
    assert list(manager.copy_states()) == ["nas"]


def test_a_copy_goes_and_comes_back_with_its_password(manager: BackupManager, file: Path) -> None:
    manager.add_copy(NAS, {"password": "one"})
    manager.add_copy({"name": "drive", "url": (file.parent / "usb").as_uri()})
    before = entries(file)
    entry = manager.remove_copy("nas")
    assert [each["name"] for each in entries(file)] == ["drive"]
    assert (file.parent / "secrets" / "nas.password").exists()
    manager.add_copy(entry)
    assert sorted(map(str, entries(file))) == sorted(map(str, before))
    assert manager.settings.backup.copies[1].secrets() == {"password": "one"}


def test_a_second_password_of_that_name_does_not_replace_the_first(manager: BackupManager, file: Path) -> None:
    manager.add_copy(NAS, {"password": "one"})
    manager.remove_copy("nas")
    manager.add_copy(NAS, {"password": "two"})
    assert manager.settings.backup.copies[0].secrets() == {"password": "two"}
    assert (file.parent / "secrets" / "nas.password").read_text() == "one"


@pytest.mark.parametrize(
    "entry", [{**NAS, "name": "a b"}, {**NAS, "url": "ftp://x"}, {**NAS, "url": "webdav://u:pw@h/x"}, {**NAS, "no": 1}]
)
def test_what_the_settings_do_not_take_leaves_nothing_behind(
    manager: BackupManager, file: Path, entry: dict[str, Any]
) -> None:
    before = file.read_bytes()
    with pytest.raises(SettingsInvalid):
        manager.add_copy(entry, {"password": "one"})
    assert file.read_bytes() == before
    assert not list((file.parent / "secrets").iterdir())


def test_where_there_is_no_file_nothing_is_kept(tmp_path: Path) -> None:
    with closing_manager(BackupManager(tmp_path / "app.db", {"backup": {}})) as manager:
        with pytest.raises(UsageError, match="no file"):
            manager.add_copy(NAS, {"password": "one"})
        with pytest.raises(UsageError, match="no file"):
            manager.remove_copy("nas")
    assert not (tmp_path / "secrets").exists()


def test_a_copy_that_is_not_there_cannot_go(manager: BackupManager) -> None:
    with pytest.raises(UsageError, match="'nas'"):
        manager.remove_copy("nas")


def test_what_is_remembered_of_another_place_does_not_count(manager: BackupManager, file: Path) -> None:
    manager.create_backup()
    manager.add_copy({"name": "drive", "url": (file.parent / "usb").as_uri()})
    manager.sync_copies("drive")
    assert manager.copy_states()["drive"].snapshots == 1
    manager.remove_copy("drive")
    manager.add_copy({"name": "drive", "url": (file.parent / "usb2").as_uri()})
    assert manager.copy_states()["drive"].snapshots == 0


def test_a_look_at_folders(manager: BackupManager, file: Path, tmp_path: Path) -> None:
    place = tmp_path / "usb" / "copy"
    found = probed(manager, place)
    assert (found.content, found.code) == (None, "place_missing")
    place.parent.mkdir()
    found = probed(manager, place)
    assert (found.content, found.same_device, found.usable, found.encrypted) == (Content.EMPTY, True, True, False)
    assert not place.exists(), "a look makes no folder"
    manager.create_backup()
    manager.add_copy({"name": "drive", "url": place.as_uri()})
    manager.sync_copies("drive")
    assert (probed(manager, place).content, probed(manager, place).snapshots) == (Content.OURS, 1)
    assert probed(manager, manager.repository).content is Content.HERE
    assert probed(manager, manager.repository / "packs").content is Content.HERE
    other = BackupManager(file.parent / "app.db", {"backup": {"backup_directory": str(tmp_path / "other")}})
    with closing_manager(other):
        other.create_backup()
    assert probed(manager, tmp_path / "other").content is Content.OTHER
    (place / "repository.json").unlink()
    assert probed(manager, place).content is Content.OTHER


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder that may not be written")
def test_a_folder_that_may_not_be_written(manager: BackupManager, tmp_path: Path) -> None:
    place = tmp_path / "closed"
    place.mkdir(mode=0o500)
    assert probed(manager, place).code == "permission"


def test_nothing_answers_there(manager: BackupManager) -> None:
    found = manager.probe_copy(CopySettings("nas", "webdav://u@127.0.0.1:9/x"), {"password": "s3cret"})
    assert (found.content, found.code, found.usable) == (None, "unreachable", False)
    assert "s3cret" not in repr(found)
    wrong = manager.probe_copy(CopySettings("nas", "s3://bucket/x"), {})
    assert wrong.code == "usage"
