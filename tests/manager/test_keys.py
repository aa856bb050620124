"""Passphrases and keys in an application: shown, tried, changed, confirmed, printed; never told to anybody else."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.clock import SystemClock
from litekeep.errors import NoRepository, Refused, UsageError, WrongKey
from litekeep.formats.keyslot import KEY, PASSPHRASE, RECOVERY, Cost
from litekeep.formats.printedkey import print_key
from litekeep.manager.keys import KeysReport
from litekeep.monitor import Silent
from litekeep.operations.create import create_repository
from litekeep.operations.status import Verdict
from litekeep.repository.keyring import NewSlot
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from manager.conftest import Application

PHRASE, NEW_PHRASE = "correct horse battery", "another horse altogether"
RECOVERY_KEY, MACHINE_KEY = print_key(bytes(range(32))), print_key(bytes(range(1, 33)))


@pytest.fixture
def encrypted(app: Application) -> Application:
    slots = [
        NewSlot(PASSPHRASE, PHRASE, "mine", Cost(64, 1, 1)),
        NewSlot(RECOVERY, RECOVERY_KEY),
        NewSlot(KEY, MACHINE_KEY, "app.key"),
    ]
    create_repository(app.backups, app.path, encryption=slots, clock=SystemClock(), monitor=Silent())
    for name, text in (("phrase", PHRASE), ("app.key", MACHINE_KEY)):
        (app.folder / name).write_text(text + "\n")
        (app.folder / name).chmod(0o600)
    return app


@pytest.fixture
def manager(encrypted: Application) -> BackupManager:
    """It opens the backups with the key of the machine."""
    return encrypted.manager(encryption={"key": {"file": "app.key"}})


def opens(app: Application, text: str) -> bool:
    try:
        Repository.open(LocalStorage(app.backups, SystemClock()), text)
    except WrongKey:
        return False
    return True


def test_what_opens_the_backups(manager: BackupManager) -> None:
    report = manager.keys()
    assert report.encrypted
    assert report.unconfirmed
    assert [(each.kind, each.label, each.in_use) for each in report.keys] == [
        ("passphrase", "mine", False),
        ("recovery", "", False),
        ("key", "app.key", True),
    ]
    assert all(each.created_at.tzinfo for each in report.keys)


def test_backups_that_are_not_encrypted(app: Application) -> None:
    manager = app.manager()
    assert manager.keys() == KeysReport(encrypted=False)
    manager.create_backup()
    assert manager.keys() == KeysReport(encrypted=False)
    for ask in (
        lambda: manager.test_key("anything else"),
        lambda: manager.confirm_recovery_key(RECOVERY_KEY),
        lambda: manager.write_recovery_sheet(app.folder / "sheet.html"),
        lambda: manager.add_passphrase(PHRASE),
    ):
        with pytest.raises(Refused, match="is not encrypted"):
            ask()
    assert not (app.folder / "sheet.html").exists()


def test_the_folder_is_away(manager: BackupManager, encrypted: Application) -> None:
    manager.create_backup()
    encrypted.backups.rename(encrypted.folder / "elsewhere")
    with pytest.raises(NoRepository):
        manager.keys()


def test_the_sheet(manager: BackupManager, encrypted: Application) -> None:
    file = manager.write_recovery_sheet(encrypted.folder / "sheet.html")
    page = file.read_text("utf-8")
    assert all(group in page for group in RECOVERY_KEY.split("-"))
    assert os.fspath(encrypted.backups) in page
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="exists already"):
        manager.write_recovery_sheet(file)
    assert file.read_text("utf-8") == page


def test_the_sheet_in_french(manager: BackupManager, encrypted: Application) -> None:
    page = manager.write_recovery_sheet(encrypted.folder / "fiche.html", language="fr").read_text("utf-8")
    assert '<html lang="fr">' in page
    assert "Fiche de secours" in page
    assert all(group in page for group in RECOVERY_KEY.split("-"))
    for command in ("litekeep key confirm", "python restore.py latest", "litekeep[encryption]"):
        assert command in page
    assert "Without" not in page


def test_confirm(manager: BackupManager) -> None:
    manager.create_backup()
    assert manager.status().verdict is Verdict.KEY_UNCONFIRMED
    with pytest.raises(WrongKey, match="group 2"):
        manager.confirm_recovery_key(RECOVERY_KEY[:9] + ("1" if RECOVERY_KEY[9] != "1" else "2") + RECOVERY_KEY[10:])
    with pytest.raises(UsageError, match="it is not the recovery key"):
        manager.confirm_recovery_key(MACHINE_KEY)
    with pytest.raises(WrongKey):
        manager.confirm_recovery_key(print_key(bytes(32)))
    assert manager.status().verdict is Verdict.KEY_UNCONFIRMED
    found = manager.confirm_recovery_key(RECOVERY_KEY.lower().replace("-", " "))
    assert (found.kind, found.confirmed) == ("recovery", True)
    assert manager.status().verdict is not Verdict.KEY_UNCONFIRMED
    assert not manager.keys().unconfirmed
    rows = [row for row in manager.history() if row.verb == "key"]
    assert rows[0].message == f"confirmed recovery key {found.id[:8]}"
    assert {row.outcome for row in rows[1:]} == {"failed"}


def test_test_a_key(manager: BackupManager) -> None:
    assert manager.test_key(PHRASE).label == "mine"
    assert manager.test_key(RECOVERY_KEY).kind == "recovery"
    assert manager.test_key(MACHINE_KEY).in_use
    with pytest.raises(WrongKey):
        manager.test_key("incorrect horse")


def test_change_a_passphrase(manager: BackupManager, encrypted: Application) -> None:
    manager.create_backup()
    told: list[str] = []
    manager.subscribe(lambda name, facts: told.append(f"{name} {facts}"))
    changed = manager.change_passphrase(NEW_PHRASE)
    assert changed.label == "mine"
    assert opens(encrypted, NEW_PHRASE)
    assert not opens(encrypted, PHRASE)
    assert manager.verify_backup().ok
    assert "key_added" in " ".join(told)
    row = next(row for row in manager.history() if row.verb == "key")
    assert "changed passphrase" in row.message
    for text in (" ".join(told), (encrypted.backups / "journal.jsonl").read_text()):
        assert NEW_PHRASE not in text
    with pytest.raises(UsageError, match="shorter than"):
        manager.change_passphrase("short")
    assert opens(encrypted, NEW_PHRASE)


def test_several_passphrases(manager: BackupManager, encrypted: Application) -> None:
    added = manager.add_passphrase("of somebody else", "hers")
    with pytest.raises(UsageError, match="there are 2 passphrases"):
        manager.change_passphrase(NEW_PHRASE)
    manager.change_passphrase(NEW_PHRASE, added)
    assert opens(encrypted, PHRASE)
    assert opens(encrypted, NEW_PHRASE)
    assert not opens(encrypted, "of somebody else")
    machine = next(each for each in manager.keys().keys if each.kind == "key")
    with pytest.raises(UsageError, match="is not one of the passphrases"):
        manager.change_passphrase(NEW_PHRASE, machine)


def test_the_passphrase_of_the_application_itself(encrypted: Application) -> None:
    """The file that it comes from gets the new one, so that backups go on."""
    manager = encrypted.manager(encryption={"key": {"file": "phrase"}})
    manager.create_backup()
    manager.change_passphrase(NEW_PHRASE)
    file = encrypted.folder / "phrase"
    assert file.read_text() == NEW_PHRASE + "\n"
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o077 == 0
    assert not opens(encrypted, PHRASE)
    encrypted.write("after")
    manager.create_backup()
    assert encrypted.manager(encryption={"key": {"file": "phrase"}}).verify_backup().ok
    assert sorted(path.name for path in encrypted.folder.glob(".*new")) == []


def test_a_passphrase_from_elsewhere_is_not_changed(encrypted: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be the last time that the application could open its backups."""
    monkeypatch.setenv("APP_PHRASE", PHRASE)
    manager = encrypted.manager(encryption={"key": {"env": "APP_PHRASE"}})
    with pytest.raises(Refused, match="takes it from the environment variable APP_PHRASE"):
        manager.change_passphrase(NEW_PHRASE)
    assert opens(encrypted, PHRASE)
    assert not opens(encrypted, NEW_PHRASE)


@pytest.fixture
def fresh(app: Application) -> BackupManager:
    """With a settings file, and no backup yet."""
    file = app.folder / "backup.json"
    backup = {"restore_test": "never", "notifications": {"on_failure": []}}
    file.write_text(json.dumps({"database": "./app.db", "backup": backup}))
    manager = BackupManager.from_config(file)
    app.managers.append(manager)
    return manager


def test_encrypted_from_the_beginning(fresh: BackupManager, app: Application, tmp_path: Path) -> None:
    key_file = tmp_path / "own" / "keys" / "app.key"
    recovery = fresh.make_encrypted(key_file)
    assert fresh.keys().encrypted
    fresh.create_backup()
    assert fresh.status().verdict is Verdict.KEY_UNCONFIRMED
    if sys.platform != "win32":
        assert key_file.stat().st_mode & 0o077 == 0
    fresh.confirm_recovery_key(recovery)
    again = BackupManager.from_config(app.folder / "backup.json")
    app.managers.append(again)
    assert again.verify_backup().ok
    assert [each.kind for each in again.keys().keys] == ["recovery", "key"]
    assert recovery not in (app.folder / "backup.json").read_text()
    with pytest.raises(Refused, match="cannot be made anew"):
        again.make_encrypted(tmp_path / "own" / "other.key")
    assert not (tmp_path / "own" / "other.key").exists()


def test_not_with_its_key_inside(fresh: BackupManager, app: Application) -> None:
    with pytest.raises(Refused, match="lies inside"):
        fresh.make_encrypted(app.backups / "app.key")
    assert not app.backups.exists()


def test_not_over_a_key_that_is_there(fresh: BackupManager, app: Application, tmp_path: Path) -> None:
    (tmp_path / "app.key").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        fresh.make_encrypted(tmp_path / "app.key")
    assert (tmp_path / "app.key").read_text() == "mine"
    assert not app.backups.exists()


def test_not_without_a_settings_file(app: Application, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="came from the program"):
        app.manager().make_encrypted(tmp_path / "app.key")
    assert not app.backups.exists()
