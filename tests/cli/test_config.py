"""litekeep config: the whole way of a settings file, what goes wrong, and what scripts see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run, process
from .test_startup import imported


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the person who runs the tests."""
    monkeypatch.delenv("LITEKEEP_CONFIG", raising=False)


@pytest.fixture
def settings(place: Path, database: Path, litekeep: Run) -> Path:
    """backup.json for app.db."""
    litekeep("config", "init", database)
    return place / "backup.json"


def test_the_whole_way(database: Path, place: Path, litekeep: Run) -> None:
    made = litekeep("config", "init", "app.db")
    assert "✓ Wrote backup.json" in made.out
    assert made.err == ""
    assert json.loads((place / "backup.json").read_text())["database"] == "./app.db"
    assert "✓ backup.json is valid: 6 settings given" in litekeep("config", "validate").out
    assert "✓ Set backup.retention_days in backup.json" in litekeep("config", "set", "backup.retention_days", "60").out
    assert litekeep("config", "get", "backup.retention_days").out == "60\n"
    assert litekeep("config", "get", "database").out == f"{database}\n"


def test_init_refuses_to_replace(settings: Path, litekeep: Run) -> None:
    before = settings.read_bytes()
    refused = litekeep("config", "init", "app.db", expect=6)
    assert "There is something at" in refused.err
    assert "litekeep config set" in refused.err
    assert settings.read_bytes() == before


def test_init_elsewhere(place: Path, litekeep: Run) -> None:
    (place / "etc").mkdir()
    made = litekeep("config", "init", "app.db", "-c", "etc/my.json", "-r", "b")
    assert "there is no database at" in made.err
    document = json.loads((place / "etc" / "my.json").read_text())
    assert document["database"] == str(place / "app.db"), "not below the folder of the settings"
    assert document["backup"]["backup_directory"] == str(place / "b")
    assert "litekeep config show -c etc/my.json" in made.out


def test_show_with_origin(settings: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITEKEEP_BACKUP__KEEP_LAST", "3")
    shown = [line.split() for line in litekeep("config", "show", "--origin").out.splitlines()]
    assert ["backup.keep_last", "3", "environment:", "LITEKEEP_BACKUP__KEEP_LAST"] in shown
    assert ["backup.retention_days", "30", "file"] in shown
    assert ["backup.enabled", "true", "default"] in shown
    assert ["backup.notifications.email", "null", "default"] in shown
    assert "default" not in litekeep("config", "show").out
    found = litekeep("config", "show", "--json").json["settings"]
    assert {"key": "backup.keep_last", "value": 3, "origin": "environment"} in found
    assert {"key": "backup.backup_directory", "value": str(settings.parent / "backups"), "origin": "file"} in found


def test_no_secret_is_shown(settings: Path, place: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "pw").write_text("hunter2")
    (place / "pw").chmod(0o600)
    monkeypatch.setenv("PING", "https://hunter2")
    email = {"host": "h", "from": "a@b", "to": ["a@b"], "user": "u", "password": {"file": "pw"}}
    litekeep("config", "set", "backup.notifications.email", json.dumps(email))
    litekeep("config", "set", "backup.notifications.heartbeat_url", '{"env": "PING"}')
    for arguments in (["show"], ["show", "--json"], ["get", "backup"], ["validate", "--json"]):
        told = litekeep("config", *arguments)
        assert "hunter2" not in told.out + told.err
    assert json.loads(litekeep("config", "get", "backup.notifications.email.password").out) == {
        "file": str(place / "pw")
    }
    assert settings.exists()


def test_all_problems_in_words_and_as_json(settings: Path, litekeep: Run) -> None:
    settings.write_text('{"backup": {"retention_day": 5, "keep_last": "seven"}, "backup_time": "02:00"}')
    told = litekeep("config", "validate", expect=2)
    assert told.out == ""
    assert f"✗ The settings in {settings} have 3 problems" in told.err
    assert '  - backup.keep_last is "seven"; allowed: a whole number from 0 to 999999\n' in told.err
    assert "  - backup.retention_day is no setting; did you mean backup.retention_days?\n" in told.err
    assert "  - backup_time is no setting; did you mean backup.backup_time?\n" in told.err
    error = litekeep("config", "validate", "--json", expect=2).error
    assert (error["code"], error["exit_code"]) == ("settings", 2)
    assert error["problems"][0] == {
        "key": "backup.keep_last",
        "value": '"seven"',
        "problem": 'is "seven"',
        "allowed": "a whole number from 0 to 999999",
        "nearest": "",
    }
    assert [each["nearest"] for each in error["problems"]] == ["", "backup.retention_days", "backup.backup_time"]


def test_control_characters_do_not_reach_the_terminal(settings: Path, litekeep: Run) -> None:
    settings.write_text('{"\\u001b[2J": 1}')
    assert "\x1b[2J" not in litekeep("config", "validate", expect=2).err


def test_valid_with_something_to_know(settings: Path, litekeep: Run) -> None:
    settings.write_text('{"backup": {"copies": [{"name": "nas", "url": "sftp://nas/x"}]}}')
    told = litekeep("config", "validate", expect=3)
    assert "! backups that are not encrypted are not sent to nas" in told.err
    assert "is valid: 1 setting given" in told.out
    found = litekeep("config", "validate", "--json", expect=3).json
    assert [each["code"] for each in found["warnings"]] == ["copy_refused"]


def test_a_missing_database_is_a_warning(settings: Path, database: Path, litekeep: Run) -> None:
    database.unlink()
    assert f"! there is no database at {database} yet" in litekeep("config", "validate", expect=3).err
    assert settings.exists()


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [
        ("backup.retention_days", "60", 60),
        ("backup.enabled", "false", False),
        ("backup.schedule", "0 2 * * MON-FRI", "0 2 * * MON-FRI"),
        ("backup.schedule", "null", None),
        ("backup.log_file", "2024", "2024"),
        ("backup.checks", '["SELECT 1"]', ["SELECT 1"]),
        ("$schema", "./s.json", "./s.json"),
    ],
)
def test_set_takes_json_or_text(key: str, value: str, written: object, settings: Path, litekeep: Run) -> None:
    litekeep("config", "set", key, value)
    found = json.loads(settings.read_text())
    for name in key.split("."):
        found = found[name]
    assert found == written


def test_a_value_that_begins_with_a_dash(settings: Path, litekeep: Run) -> None:
    before = settings.read_bytes()
    assert "backup.keep_last is -1" in litekeep("config", "set", "--", "backup.keep_last", "-1", expect=2).err
    assert settings.read_bytes() == before


def test_set_writes_nothing_that_is_not_valid(settings: Path, litekeep: Run) -> None:
    before = settings.read_bytes()
    told = litekeep("config", "set", "backup.retention_day", "5", expect=2)
    assert "did you mean backup.retention_days?" in told.err
    assert "Nothing was changed" in told.err
    assert settings.read_bytes() == before


def test_set_tells_when_the_environment_stands_above(
    settings: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITEKEEP_BACKUP__KEEP_LAST", "3")
    told = litekeep("config", "set", "backup.keep_last", "9")
    assert "! LITEKEEP_BACKUP__KEEP_LAST is set in the environment and stands above the file" in told.err
    assert json.loads(settings.read_text())["backup"]["keep_last"] == 9
    assert litekeep("config", "get", "backup.keep_last").out == "3\n"


def test_get_what_is_not_there(settings: Path, litekeep: Run) -> None:
    assert "did you mean backup.keep_last?" in litekeep("config", "get", "backup.keep_lst", expect=2).err
    assert "There is no setting zzz." in litekeep("config", "get", "zzz", expect=2).err
    assert litekeep("config", "get", "backup.notifications.email.host").out == "null\n"
    assert litekeep("config", "get", "backup.keep_last", "-q").out == "7\n", "what a script asked for"
    assert settings.exists()


def test_which_file(settings: Path, place: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "two.json").write_text('{"backup": {"keep_last": 2}}')
    (place / "three.json").write_text('{"backup": {"keep_last": 3}}')
    monkeypatch.setenv("LITEKEEP_CONFIG", "two.json")
    assert litekeep("config", "get", "backup.keep_last").out == "2\n"
    assert litekeep("config", "get", "backup.keep_last", "-c", "three.json").out == "3\n"
    monkeypatch.delenv("LITEKEEP_CONFIG")
    settings.unlink()
    told = litekeep("config", "get", "backup.keep_last", expect=2).err
    assert f"There is no settings file {settings}" in told
    assert "litekeep config init" in told


def test_other_variables_of_the_command_line_do_no_harm(
    settings: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITEKEEP_REPOSITORY", "elsewhere")
    monkeypatch.setenv("LITEKEEP_CONFIG", str(settings))
    litekeep("config", "validate")


def test_schema_is_the_file_that_is_shipped(litekeep: Run) -> None:
    printed = litekeep("config", "schema").out
    assert json.loads(printed)["title"] == "Settings of Litekeep"
    assert litekeep("config", "schema", "--json").json["json_schema"] == json.loads(printed)


def test_as_a_process_with_the_environment(settings: Path) -> None:
    done = process("config", "get", "backup.backup_time", env={"LITEKEEP_BACKUP__BACKUP_TIME": "04:05"})
    assert (done.stdout, done.stderr) == ("04:05\n", "")
    wrong = process("config", "get", "backup.backup_time", env={"LITEKEEP_BACKUP__BACKUP_TYME": "04:05"})
    assert wrong.returncode == 2
    assert "did you mean LITEKEEP_BACKUP__BACKUP_TIME?" in wrong.stderr
    assert settings.exists()


def test_help_imports_no_settings() -> None:
    modules = imported("config", "set", "--help")
    assert not {"litekeep.config", "sqlite3", "cronsim", "zoneinfo", "jsonschema"} & modules
