"""Environment variables above the file, where values come from, and variables that are none of our business."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from litekeep.config import Origin, load_settings, read_settings
from litekeep.config.environment import json_or_text, variable_for
from litekeep.config.load import known_settings

from .conftest import BASE, backup, parse, problems
from .test_settings import EMAIL


def test_a_variable_stands_above_the_file() -> None:
    assert variable_for("backup.retention_days") == "LITEKEEP_BACKUP__RETENTION_DAYS"
    settings = parse(backup(retention_days=30, keep_last=3), {"LITEKEEP_BACKUP__RETENTION_DAYS": "60"})
    assert (settings.backup.retention_days, settings.backup.keep_last) == (60, 3)


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("LITEKEEP_DATABASE", "data/x.db", "database", str(BASE / "data" / "x.db")),
        ("LITEKEEP_DATABASE", "2024", "database", str(BASE / "2024")),
        ("LITEKEEP_BACKUP__ENABLED", "false", "backup.enabled", False),
        ("LITEKEEP_BACKUP__BACKUP_TIME", "03:30", "backup.backup_time", "03:30"),
        ("LITEKEEP_BACKUP__SCHEDULE", "0 2 * * *", "backup.schedule", "0 2 * * *"),
        ("LITEKEEP_BACKUP__SCHEDULE", "null", "backup.schedule", None),
        ("LITEKEEP_BACKUP__CHECKS", '["SELECT 1"]', "backup.checks", ["SELECT 1"]),
        ("LITEKEEP_BACKUP__NOTIFICATIONS__ON_FAILURE", "[]", "backup.notifications.on_failure", []),
        ("LITEKEEP_BACKUP__NOTIFICATIONS__EMAIL__HOST", "other", "backup.notifications.email.host", "other"),
    ],
)
def test_values_are_json_or_text(name: str, text: str, key: str, value: Any, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps(backup(notifications={"email": EMAIL})))
    expected = value.replace(str(BASE), str(tmp_path)) if isinstance(value, str) else value
    found = {key: (value, origin) for key, value, origin in read_settings(path, {name: text}).values()}
    assert found[key] == (expected, Origin.ENVIRONMENT)


def test_every_setting_has_a_variable_and_no_two_the_same() -> None:
    variables = [variable_for(key) for key in known_settings() if not key.startswith("$")]
    assert len(set(variables)) == len(variables) > 30


def test_a_variable_can_make_a_section_and_not_break_one() -> None:
    environ = {"LITEKEEP_BACKUP__NOTIFICATIONS__NTFY__TOPIC": "t"}
    ntfy = parse({}, environ).backup.notifications.ntfy
    assert ntfy is not None
    assert ntfy.topic == "t"
    assert set(problems(backup(notifications=5), environ)) == {"backup.notifications"}


def test_a_wrong_value_names_its_variable() -> None:
    (found,) = problems({}, {"LITEKEEP_BACKUP__KEEP_LAST": "-1"}).values()
    assert found.text.startswith("backup.keep_last is -1 (from LITEKEEP_BACKUP__KEEP_LAST); allowed: a whole number")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("LITEKEEP_BACKUP__RETENTION_DAY", "LITEKEEP_BACKUP__RETENTION_DAYS"),
        ("LITEKEEP_BACKUP_RETENTION_DAYS", "LITEKEEP_BACKUP__RETENTION_DAYS"),
        ("LITEKEEP_DATABASE_PATH", "LITEKEEP_DATABASE"),
        ("LITEKEEP_RETENTION__DAYS", ""),
    ],
)
def test_a_variable_that_only_looks_like_one_is_a_problem(name: str, nearest: str) -> None:
    (found,) = problems({}, {name: "1"}).values()
    assert found.key == name
    assert found.nearest == nearest or not nearest
    assert "overrides no setting" in found.text
    assert found.value == "", "it may be a secret"


def test_whole_sections_cannot_be_overridden() -> None:
    assert set(problems({}, {"LITEKEEP_BACKUP": "{}"})) == {"LITEKEEP_BACKUP"}


@pytest.mark.parametrize(
    "name",
    ["LITEKEEP_REPOSITORY", "LITEKEEP_CONFIG", "LITEKEEP_SMTP_PASSWORD", "LITEKEEP_BACKUPS", "BACKUP__X", "PATH"],
)
def test_other_variables_are_left_alone(name: str) -> None:
    assert parse({}, {name: "x"}) == parse({})


def test_a_variable_that_holds_a_secret_is_left_alone() -> None:
    name = "LITEKEEP_BACKUP_PASSWORD"
    document = backup(notifications={"heartbeat_url": {"env": name}})
    assert parse(document, {name: "x"}) == parse(document)
    assert set(problems({}, {name: "x"})) == {name}


def test_the_environment_of_the_process_counts_unless_another_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s.json").write_text("{}")
    monkeypatch.setenv("LITEKEEP_BACKUP__KEEP_LAST", "5")
    assert load_settings(tmp_path / "s.json").backup.keep_last == 5
    assert load_settings(tmp_path / "s.json", {}).backup.keep_last == 7


def test_origins(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"backup": {"keep_last": 7, "notifications": {"email": null}}}')
    reading = read_settings(tmp_path / "s.json", {"LITEKEEP_BACKUP__RETENTION_DAYS": "30"})
    found = {key: origin for key, _, origin in reading.values()}
    assert found["backup.keep_last"] is Origin.FILE, "although the default is the same"
    assert found["backup.retention_days"] is Origin.ENVIRONMENT
    assert found["backup.notifications.email"] is Origin.FILE
    assert found["backup.notifications.ntfy"] is Origin.DEFAULT
    assert found["backup.enabled"] is Origin.DEFAULT
    assert "backup.notifications.email.host" not in found


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("60", "backup.keep_last", 60),
        ("60", "backup.log_file", "60"),
        ('"60"', "backup.log_file", "60"),
        ("null", "backup.log_file", None),
        ("[1", "backup.log_file", "[1"),
        ("60", "no.such.key", 60),
        ("[" * 100_000, "backup.log_file", "[" * 100_000),
    ],
)
def test_what_a_person_writes(text: str, key: str, value: Any) -> None:
    assert json_or_text(text, known_settings().get(key)) == value
