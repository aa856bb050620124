"""Setting a database up: what is wrong with a choice, and where the settings go."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.ui.app.first_run import Choices, Flaw, known_settings, proposed_folder, set_up
from ui.many import make_database


@pytest.fixture
def database(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "app.db"
    make_database(path)
    return path


def test_flaws_of_the_database(database: Path) -> None:
    assert Choices("").database_flaw() is Flaw.NO_DATABASE
    assert Choices("  ").database_flaw() is Flaw.NO_DATABASE
    assert Choices(str(database.parent)).database_flaw() is Flaw.NOT_THERE
    assert Choices(f" {database} ").database_flaw() is None
    other = database.with_name("other.db")
    other.write_bytes(b"")
    assert Choices(str(other)).database_flaw() is None  # SQLite makes a database of it
    other.write_bytes(b"SQLite format 2\x00 and more")
    assert Choices(str(other)).database_flaw() is Flaw.NOT_SQLITE


def test_flaws_of_the_folder(database: Path, tmp_path: Path) -> None:
    def flaw(folder: object) -> Flaw | None:
        return Choices(str(database), str(folder)).folder_flaw()

    assert flaw("") is Flaw.NO_FOLDER
    assert flaw(tmp_path) is None
    assert flaw(tmp_path / "new") is None
    assert flaw(tmp_path / "no" / "new") is Flaw.FOLDER_ABOVE_MISSING
    assert flaw(database) is Flaw.FOLDER_IS_FILE
    choices = Choices(str(database), str(tmp_path / "new"))
    assert choices.ready
    assert choices.advice() is Flaw.SAME_DRIVE
    assert not Choices(str(database)).ready


def test_the_settings_lie_beside_the_database(database: Path, tmp_path: Path) -> None:
    choices = Choices(str(database), proposed_folder(str(database)))
    known = set_up(choices, tmp_path / "own")
    assert known.settings == database.parent / "backup.json"
    content = json.loads(known.settings.read_text())
    assert (content["database"], content["backup"]["backup_directory"]) == ("./app.db", "./backups")
    manager = BackupManager(known.database, config=known.settings)
    assert manager.repository == database.parent / "backups"
    manager.close(backup=False)
    assert known_settings(database) == known.settings
    assert set_up(choices, tmp_path / "own") == known  # once more changes nothing


def test_settings_that_are_there_say_which_folder(database: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    file = database.parent / "backup.json"
    file.write_text(json.dumps({"database": "app.db", "backup": {"backup_directory": str(away)}}))
    assert proposed_folder(str(database)) == str(away)
    choices = Choices(str(database), str(tmp_path / "no" / "such"))
    assert choices.settled == file
    assert choices.ready
    before = file.read_text()
    assert set_up(choices, tmp_path).settings == file
    assert file.read_text() == before


def test_two_databases_in_one_folder(database: Path, tmp_path: Path) -> None:
    other = database.with_name("other.db")
    make_database(other)
    first = set_up(Choices(str(database), str(tmp_path / "one")), tmp_path)
    second = set_up(Choices(str(other), str(tmp_path / "two")), tmp_path)
    assert (first.settings.name, second.settings.name) == ("backup.json", "other.backup.json")
    assert known_settings(other) == second.settings


def test_where_the_folder_is_closed_it_lies_with_the_program(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != database.parent)
    known = set_up(Choices(str(database), str(tmp_path / "backups")), tmp_path / "own")
    assert known.settings == tmp_path / "own" / "databases" / "app.backup.json"
    again = database.parent.parent / "b" / "app.db"
    again.parent.mkdir()
    make_database(again)
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != again.parent)
    other = set_up(Choices(str(again), str(tmp_path / "backups2")), tmp_path / "own")
    assert other.settings.name == "app-2.backup.json"
