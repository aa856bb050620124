"""What valid settings become: defaults, types, paths, and the request's own file."""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from litekeep.config import BackupSettings, Settings, load_settings, retention_policy
from litekeep.config.compound import NEEDED, leaves
from litekeep.config.copies import MOST_KEPT
from litekeep.config.notifications import EmailSettings
from litekeep.config.secrets import CommandSecret, EnvironmentSecret, FileSecret, KeyringSecret
from litekeep.errors import UsageError
from litekeep.model import Level
from litekeep.operations.backup import FULL_LIMIT_BYTES
from litekeep.retention import RetentionPolicy

from .conftest import BASE, backup, parse

REQUEST = """
{
  "backup": {
    "enabled": true,
    "automatic_daily": true,
    "backup_time": "02:00",
    "backup_on_shutdown": true,
    "backup_directory": "./backups",
    "retention_days": 30
  }
}
"""
EMAIL = {"host": "mail.example.org", "from": "a@example.org", "to": ["b@example.org"]}


def email(**keys: Any) -> dict[str, Any]:
    """A document with the channel email."""
    return backup(notifications={"email": {**EMAIL, **keys}})


def test_the_file_of_the_request_works_unchanged(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(REQUEST)
    settings = load_settings(tmp_path / "config.json", {})
    assert settings == load_settings(str(tmp_path / "config.json"), {})
    assert settings.backup.backup_directory == tmp_path / "backups"
    assert settings.backup.backup_time == time(2)
    assert settings.backup.effective_schedule == "02:00"


def test_nothing_given_is_the_recommended_policy() -> None:
    settings = parse({})
    assert settings.database is None
    assert retention_policy(settings) == RetentionPolicy(days=30, weeks=12, months=12, keep_last=7)
    found = settings.backup
    assert (found.enabled, found.automatic_daily, found.backup_time) == (True, True, time(2))
    assert (found.backup_on_shutdown, found.backup_before_migration, found.catch_up) == (True, True, True)
    assert (found.backup_directory, found.log_path) == (BASE / "backups", BASE / "backups" / "backup.log")
    assert (found.restore_test, found.verify_after_backup, found.encryption, found.copies) == ("weekly", None, None, ())
    assert found.notifications.on_failure == ("desktop",)


def test_every_default_given_explicitly_changes_nothing() -> None:
    document: dict[str, Any] = {"backup": {"notifications": {}}}
    for key, each in leaves(Settings):
        *sections, name = key.split(".")
        if each.default is not NEEDED and sections in ([], ["backup"], ["backup", "notifications"]):
            place = document
            for section in sections:
                place = place[section]
            place[name] = each.default
    assert len(document["backup"]) >= 20
    assert parse(document) == parse({})


def test_they_are_immutable_hashable_and_can_be_sent_to_another_process() -> None:
    settings = parse(email(user="u", password={"env": "P"}))
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert hash(settings) == hash(parse(email(user="u", password={"env": "P"})))
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.backup.keep_last = 3  # type: ignore[misc]


def test_paths_are_relative_to_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "s.json").write_text('{"database": "data/x.db", "backup": {"backup_directory": "../b"}}')
    monkeypatch.chdir(tmp_path)
    settings = load_settings("app/s.json", {})
    assert settings.database == tmp_path / "app" / "data" / "x.db"
    assert settings.backup.backup_directory.resolve() == tmp_path / "b"


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert parse(backup(backup_directory="~/b")).backup.backup_directory == tmp_path / "b"
    assert parse(backup(backup_directory="~b")).backup.backup_directory == BASE / "~b"


@pytest.mark.parametrize(
    ("word", "level"), [("auto", None), ("full", Level.FULL), ("written", Level.WRITTEN), ("none", Level.NONE)]
)
def test_levels(word: str, level: Level | None) -> None:
    assert parse(backup(verify_after_backup=word)).backup.verify_after_backup is level


def test_the_words_of_auto_are_true() -> None:
    text = next(each.text for key, each in leaves(Settings) if key == "backup.verify_after_backup")
    assert f"full up to {FULL_LIMIT_BYTES >> 20} MiB" in text


@pytest.mark.parametrize(
    ("keys", "schedule"),
    [
        ({}, "02:00"),
        ({"backup_time": "3:07"}, "03:07"),
        ({"backup_time": "03:07", "schedule": "*/15 * * * *"}, "*/15 * * * *"),
        ({"schedule": None, "backup_time": "23:59"}, "23:59"),
        ({"automatic_daily": False, "schedule": "0 1 * * *"}, None),
        ({"enabled": False}, None),
    ],
)
def test_schedule_stands_above_backup_time(keys: dict[str, Any], schedule: str | None) -> None:
    assert parse(backup(**keys)).backup.effective_schedule == schedule


@pytest.mark.parametrize("zone", ["Europe/Paris", "UTC", "+05:30", "America/Argentina/Ushuaia"])
def test_zones(zone: str) -> None:
    assert parse(backup(timezone=zone)).backup.timezone == zone


@pytest.mark.parametrize("restore_test", ["never", "daily", "weekly", "monthly", "05:00", "0 5 * * 6"])
def test_restore_tests(restore_test: str) -> None:
    assert parse(backup(restore_test=restore_test)).backup.restore_test == restore_test


def test_operations_that_are_guarded() -> None:
    assert parse({}).backup.guards("anything")
    some = parse(backup(backup_before_operations=["import", "bulk_delete"])).backup
    assert [some.guards(name) for name in ("import", "bulk_delete", "other", "*")] == [True, True, False, False]
    assert not parse(backup(backup_before_operations=[])).backup.guards("import")
    assert not parse(backup(enabled=False)).backup.guards("import")


def test_a_whole_number_may_be_written_with_a_point() -> None:
    found = parse(backup(retention_days=60.0)).backup.retention_days
    assert (found, type(found)) == (60, int)


def test_the_largest_policy_is_one_and_the_next_is_none() -> None:
    names = ("retention_days", "retention_weeks", "retention_months", "keep_last")
    assert parse(backup(**dict.fromkeys(names, MOST_KEPT))).backup.retention.days == MOST_KEPT
    with pytest.raises(UsageError):
        RetentionPolicy(days=MOST_KEPT + 1)


def test_channels_of_an_occasion() -> None:
    found = parse(backup(notifications={"on_failure": [], "on_anomaly": ["desktop"]})).backup.notifications
    assert [found.channels(each) for each in ("failure", "recovery", "overdue", "success")] == [()] * 4
    assert found.channels("anomaly") == ("desktop",)


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("ssl", 465), ("plain", 25)])
def test_ports(security: str, port: int) -> None:
    found = parse(email(security=security)).backup.notifications.email
    assert found is not None
    assert found.effective_port == port
    assert dataclasses.replace(found, port=2525).effective_port == 2525


def test_channels_are_typed() -> None:
    found = parse(
        backup(
            notifications={
                "on_failure": ["email", "webhook", "ntfy", "apprise"],
                "heartbeat_url": {"env": "PING"},
                "email": {**EMAIL, "user": "u", "password": {"file": "pw"}, "port": 2525},
                "webhook": {
                    "url": "https://hooks.example.org/x",
                    "headers": {"X-A": "1", "Authorization": {"env": "T"}},
                },
                "ntfy": {"topic": "t-1", "token": {"keyring": ["litekeep", "ntfy"]}},
                "apprise": {"urls": [{"command": ["./tell", "url"]}, {"command": ["pass", "x"]}]},
            }
        )
    ).backup.notifications
    assert found.email == EmailSettings(
        host="mail.example.org",
        sender="a@example.org",
        recipients=("b@example.org",),
        port=2525,
        user="u",
        password=FileSecret(BASE / "pw"),
    )
    assert found.heartbeat_url == EnvironmentSecret("PING")
    assert found.webhook is not None
    assert found.webhook.headers == (("X-A", "1"), ("Authorization", EnvironmentSecret("T")))
    assert found.ntfy is not None
    assert (found.ntfy.url, found.ntfy.token) == ("https://ntfy.sh", KeyringSecret("litekeep", "ntfy"))
    assert found.apprise is not None
    assert found.apprise.urls == (
        CommandSecret((str(BASE / "tell"), "url"), BASE),
        CommandSecret(("pass", "x"), BASE),
    )


def test_copies_are_parsed() -> None:
    copies = [{"name": "nas", "url": "sftp://nas.local/backups"}, {"name": "cloud", "url": "s3://bucket/prefix"}]
    found = parse(backup(copies=copies)).backup.copies
    assert [(each.name, each.url) for each in found] == [tuple(each.values()) for each in copies]


def test_a_section_made_by_hand_has_the_same_defaults() -> None:
    made = dataclasses.replace(BackupSettings(), backup_directory=BASE / "backups")
    assert made == parse({}).backup


def test_the_example_in_the_documentation_is_valid() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"
    example = page.read_text("utf-8").split("```json\n")[1].split("```")[0]
    settings = parse(json.loads(example))
    assert settings.backup.notifications.channels("failure") == ("desktop", "email")


def test_loading_imports_only_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(REQUEST)
    program = (
        "import sys; from litekeep.config import load_settings; load_settings(sys.argv[1], {}); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "s.json"], capture_output=True, text=True, check=True
    )
    heavy = {
        "click",
        "rich",
        "sqlite3",
        "blake3",
        "cronsim",
        "zoneinfo",
        "difflib",
        "subprocess",
        "keyring",
        "jsonschema",
    }
    assert not heavy & set(done.stdout.split())
