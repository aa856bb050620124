"""Changes of the file: valid or not at all, whole or not at all, and everything else stays."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from litekeep.config import create_settings, load_settings, save_changes
from litekeep.config.starter import starter_document
from litekeep.errors import Refused, SettingsInvalid, UsageError

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
BEFORE = """{
    "database": "café.db",
    "backup": {
        "schedule": "0 2 * * *",
        "backup_before_operations": ["import", "bulk_delete"],
        "copies": [
            {
                "name": "nas",
                "url": "sftp://nas/x"
            }
        ],
        "keep_last": 3
    },
    "$schema": "./s.schema.json"
}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A settings file in a person's own order and indent."""
    found = tmp_path / "s.json"
    found.write_text(BEFORE, "utf-8")
    return found


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(each.name for each in folder.iterdir())


def test_one_change_changes_one_line(path: Path) -> None:
    settings = save_changes(path, {"backup.keep_last": 5})
    assert settings.backup.keep_last == 5
    assert path.read_text("utf-8") == BEFORE.replace('"keep_last": 3', '"keep_last": 5')
    assert settings == load_settings(path, {})
    assert names(path.parent) == ["s.json"]


def test_no_change_changes_nothing(path: Path) -> None:
    save_changes(path, {})
    assert path.read_text("utf-8") == BEFORE


def test_line_ends_of_windows_stay(path: Path) -> None:
    path.write_bytes(BEFORE.replace("\n", "\r\n").encode())
    save_changes(path, {"backup.keep_last": 5})
    assert path.read_bytes() == BEFORE.replace('"keep_last": 3', '"keep_last": 5').replace("\n", "\r\n").encode()


def test_new_keys_come_last_and_sections_are_made(path: Path) -> None:
    path.write_text('{"database": "x.db"}')
    save_changes(path, {"backup.notifications.ntfy.topic": "t", "backup.retention_days": 60})
    assert list(json.loads(path.read_text()).items()) == [
        ("database", "x.db"),
        ("backup", {"notifications": {"ntfy": {"topic": "t"}}, "retention_days": 60}),
    ]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"backup.keep_last": -1}, "backup.keep_last"),
        ({"backup.keep_lst": 1}, "backup.keep_lst"),
        ({"backup.keep_last": 9, "backup.timezone": "Mars/Base"}, "backup.timezone"),
        ({"backup.keep_last.x": 1}, "backup.keep_last.x"),
        ({"backup.notifications.on_failure": ["email"]}, "backup.notifications.on_failure"),
        ({"": 1}, ""),
    ],
)
def test_what_is_not_valid_is_not_written(changes: dict[str, object], key: str, path: Path) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        save_changes(path, changes)
    assert [each.key for each in caught.value.problems] == [key]
    assert path.read_text("utf-8") == BEFORE
    assert names(path.parent) == ["s.json"]


@pytest.mark.parametrize("text", ['{"backup": {"keep_last": 1, "keep_last": 2}}', "{", '{"backup": 5}', "[]", "5"])
def test_a_file_that_is_not_valid_is_not_touched(text: str, path: Path) -> None:
    path.write_text(text)
    with pytest.raises(SettingsInvalid):
        save_changes(path, {"backup.keep_last": 5})
    assert path.read_text() == text


def test_a_change_can_mend_what_is_not_valid(path: Path) -> None:
    path.write_text('{"backup": {"keep_last": -5}}')
    assert save_changes(path, {"backup.keep_last": 5}).backup.keep_last == 5


def test_the_environment_is_not_written_into_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITEKEEP_BACKUP__RETENTION_DAYS", "99")
    monkeypatch.setenv("LITEKEEP_BACKUP__NONSENSE", "1")
    assert save_changes(path, {"backup.keep_last": 5}).backup.retention_days == 30


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660])
def test_permissions_stay(mode: int, path: Path) -> None:
    path.chmod(mode)
    save_changes(path, {"backup.keep_last": 5})
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs root")
def test_the_owner_stays(path: Path) -> None:
    os.chown(path, 1234, 1235)
    save_changes(path, {"backup.keep_last": 5})
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1235)


@posix
def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    real = path.rename(tmp_path / "etc" / "real.json")
    path.symlink_to(real)
    save_changes(path, {"backup.keep_last": 5})
    assert path.is_symlink()
    assert load_settings(path, {}).backup.keep_last == 5


def test_a_change_of_somebody_else_meanwhile_is_not_lost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = os.urandom

    def somebody_else_changes_it(size: int) -> bytes:
        path.write_text('{"backup": {"keep_last": 42}}')
        return random(size)

    monkeypatch.setattr(os, "urandom", somebody_else_changes_it)  # asked for when the temporary file gets its name
    with pytest.raises(Refused, match="changed by somebody else"):
        save_changes(path, {"backup.keep_last": 5})
    assert load_settings(path, {}).backup.keep_last == 42
    assert names(path.parent) == ["s.json"]


def test_a_full_disk_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UsageError, match="cannot be written: No space left") as caught:
        save_changes(path, {"backup.keep_last": 5})
    assert caught.value.safe == "The settings are unchanged."
    assert path.read_text("utf-8") == BEFORE
    assert names(path.parent) == ["s.json"]


def test_no_file_to_change(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no settings file"):
        save_changes(tmp_path / "s.json", {"backup.keep_last": 5})


def test_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    settings = create_settings(path, starter_document(path, tmp_path / "data" / "app.db", None))
    assert settings == load_settings(path, {})
    assert settings.database == tmp_path / "data" / "app.db"
    assert json.loads(path.read_text())["database"] == "./data/app.db", "file and database can move together"
    assert settings.backup == load_settings(path, {}).backup
    assert names(tmp_path) == ["s.json"]


def test_a_new_file_for_places_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "s.json"
    document = starter_document(path, tmp_path / "etc" / ".." / "app.db", tmp_path / "b")
    assert document["database"] == str(tmp_path / "app.db")
    assert create_settings(path, document).backup.backup_directory == tmp_path / "b"


def test_a_new_file_replaces_nothing(path: Path) -> None:
    with pytest.raises(Refused) as caught:
        create_settings(path, {})
    assert path.read_text("utf-8") == BEFORE
    assert caught.value.hint
    assert names(path.parent) == ["s.json"]


def test_a_new_file_is_valid_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        create_settings(tmp_path / "s.json", {"backup": {"keep_last": "x"}})
    with pytest.raises(UsageError, match="cannot be written"):
        create_settings(tmp_path / "missing" / "s.json", {})
    assert names(tmp_path) == []
