"""Commands with a settings file: database, folder, checks, retention, log and notifications come from it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep.scheduling.rule import longest_gap, parse_rule

from .conftest import Run, execute, journal, make_database


@pytest.fixture(autouse=True)
def nobody(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings and no home of the person who runs the tests."""
    (place / "home").mkdir()
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(place / "home"))
    monkeypatch.delenv("LITEKEEP_CONFIG", raising=False)


def settings(place: Path, **backup: object) -> Path:
    """etc/backup.json, with the backups in store."""
    path = place / "etc" / "backup.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"database": "../app.db", "backup": {"backup_directory": "../store", **backup}}))
    return path


def test_a_backup_needs_nothing_but_the_file(database: Path, place: Path, litekeep: Run) -> None:
    config = settings(place, log_file="../own.log")
    assert "/store (" in litekeep("backup", "--config", config).out
    assert len(litekeep("list", "-c", config, "--json").json["snapshots"]) == 1
    assert "backup of" in (place / "own.log").read_text()
    assert not (place / "store" / "backup.log").exists()


def test_the_variable_does_the_same_and_options_stand_above(
    database: Path, place: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITEKEEP_CONFIG", str(settings(place)))
    monkeypatch.setenv("LITEKEEP_REPOSITORY", str(place / "ambient"))
    litekeep("backup")
    assert (place / "store" / "repository.json").exists()
    litekeep("backup", "-r", "elsewhere")
    assert (place / "elsewhere" / "repository.json").exists()
    assert not (place / "ambient").exists()


def test_a_file_in_the_working_directory_is_not_taken_by_itself(database: Path, place: Path, litekeep: Run) -> None:
    (place / "backup.json").write_text(json.dumps({"backup": {"backup_directory": "store"}}))
    litekeep("backup", "app.db")
    assert not (place / "store").exists()
    assert "No database is named" in litekeep("backup", expect=2).err


def test_settings_with_mistakes_are_refused(database: Path, place: Path, litekeep: Run) -> None:
    refused = litekeep("backup", "-c", settings(place, keep_lost=3), "--json", expect=2).error
    assert refused["code"] == "settings"
    assert not (place / "store").exists()


def test_checks_and_level(database: Path, place: Path, litekeep: Run) -> None:
    config = settings(place, checks=["SELECT count(*) > 1000 FROM people"], verify_after_backup="full")
    found = litekeep("backup", "-c", config, "--json", expect=3).json
    assert found["problems"]
    assert litekeep("drill", "-c", config, expect=3).code == 3
    assert litekeep("verify", "-c", config, "--check", "SELECT 1").code == 0
    written = settings(place, verify_after_backup="written")
    execute(database, "INSERT INTO people VALUES(999, 'new')")
    assert litekeep("backup", "-c", written, "--json").json["level"] == "written"


def test_prune_by_the_policy_of_the_file_and_only_its_database(database: Path, place: Path, litekeep: Run) -> None:
    other = make_database(place / "other.db")
    for number in range(3):
        for path in (database, other):
            execute(path, f"INSERT INTO people VALUES({1000 + number}, 'x')")
            litekeep("backup", path, "-r", "store", "--reason", "scheduled")
    policy = {"retention_days": 0, "retention_weeks": 0, "retention_months": 0, "keep_last": 1}
    done = litekeep("prune", "-c", settings(place, **policy), "--yes", "--json").json
    assert len(done["trashed"]) == 2
    assert not litekeep("prune", "-c", settings(place, **policy), "--keep-last", 7, "--json").json["trashed"]
    left = litekeep("list", "-r", "store", "--json").json["snapshots"]
    assert sorted(each["source"] for each in left) == ["app", "other", "other", "other"]


def test_people_are_told_after_a_run(database: Path, place: Path, litekeep: Run) -> None:
    dead = {"webhook": {"url": "http://127.0.0.1:9/"}, "on_failure": ["webhook"], "on_success": ["webhook"]}
    done = litekeep("backup", "-c", settings(place, notifications=dead), "--json")
    assert [each["code"] for each in done.json["warnings"]] == ["notification"]
    assert [each["verb"] for each in journal(place / "store")] == ["backup", "notify"]


def test_scheduled_by_the_file(database: Path, place: Path, litekeep: Run) -> None:
    config = settings(place, schedule="0 2 * * *", timezone="Europe/Paris")
    litekeep("init", "app.db", "-r", "store")
    first = litekeep("backup", "-c", config, "--scheduled", "--json").json
    assert first["slot"].endswith(("02:00:00+01:00", "02:00:00+02:00"))
    assert first["snapshot"]["reason"] == "scheduled"
    assert litekeep("backup", "-c", config, "--scheduled", "--json").json["satisfied"]
    off = litekeep("backup", "-c", settings(place, enabled=False), "--scheduled")
    assert "switches scheduled backups off" in off.out
    assert "needs a rule" in litekeep("backup", "app.db", "--scheduled", expect=2).err


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_timers_go_by_the_zone_of_the_file(
    database: Path, place: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    """systemd is told the zone; others cannot be, and the person is."""
    from litekeep.scheduling.install import Timers

    monkeypatch.setattr(Timers, "of", lambda _: Timers.SYSTEMD if platform == "linux" else Timers.LAUNCHD)
    monkeypatch.setattr("litekeep.clock.SystemClock.zone", lambda _: "Europe/Paris")
    litekeep("init", "app.db", "-r", "store")
    there = settings(place, schedule="15 6 * * *", timezone="Asia/Tokyo")
    done = litekeep("schedule", "install", "-c", there, "--dry-run")
    assert ("OnCalendar=*-*-* 06:15:00 Asia/Tokyo" in done.out) == (platform == "linux")
    assert ("go by the machine's zone" in done.err) == (platform != "linux")
    here = settings(place, schedule="15 6 * * *", timezone="Europe/Paris")
    done = litekeep("schedule", "install", "-c", here, "--dry-run")
    assert "Europe/Paris" not in done.out
    assert "go by the machine's zone" not in done.err


@pytest.mark.skipif(sys.platform != "linux", reason="the text is that of systemd")
def test_timers_read_the_file_at_each_run(database: Path, place: Path, litekeep: Run) -> None:
    config = settings(place, schedule="15 6 * * *", restore_test="never")
    litekeep("init", "app.db", "-r", "store")
    plan = litekeep("schedule", "install", "-c", config, "--dry-run").out
    assert f'"--scheduled" "--config" "{config}"' in plan
    assert f'"prune" "--config" "{config}"' in plan
    assert "OnCalendar=*-*-* 06:15:00" in plan
    assert '"drill"' not in plan
    assert (
        '"--scheduled" "0 7 * * *"' in litekeep("schedule", "install", "-c", config, "--at", "07:00", "--dry-run").out
    )


def test_status_by_the_schedule_of_the_file(database: Path, place: Path, litekeep: Run) -> None:
    config = settings(place, schedule="0 2 1 * *")
    litekeep("backup", "-c", config)
    litekeep("drill", "-c", config)
    assert "PROTECTED" in litekeep("status", "-c", config).out


@pytest.mark.parametrize(
    ("rule", "hours"),
    [("0 * * * *", 1), ("0 2 * * *", 24), ("0 2 * * MON-FRI", 72), ("0 2 * * SUN", 168), ("0 2 1 * *", 31 * 24)],
)
def test_a_backup_may_be_as_old_as_the_plan_lets_it_become(rule: str, hours: int) -> None:
    friday_evening = datetime(2026, 5, 1, 20, tzinfo=UTC)
    assert longest_gap(parse_rule(rule), friday_evening, UTC) == timedelta(hours=hours)


def test_the_doctor_looks_at_what_the_file_promises(database: Path, place: Path, litekeep: Run) -> None:
    config = settings(place, log_file="../nowhere/own.log")
    litekeep("init", "app.db", "-r", "store")
    found = litekeep("doctor", "-c", config, "--json", expect=3).json["findings"]
    assert {"log", "never"} <= {each["code"] for each in found}
    (place / "nowhere").mkdir()
    litekeep("backup", "-c", config)
    codes = {each["code"] for each in litekeep("doctor", "-c", config, "--json", expect=3).json["findings"]}
    assert not {"log", "never"} & codes
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        (place / "nowhere" / "own.log").chmod(0o400)
        again = litekeep("doctor", "-c", config, "--json", expect=3).json["findings"]
        assert "log" in {each["code"] for each in again}
