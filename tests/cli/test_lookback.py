"""Backups that went missing, on the command line: told, nothing pruned, accepted; and how the data is spread."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from .conftest import Run, execute, journal, process


def three(litekeep: Run, database: Path) -> list[Path]:
    """The manifests of three backups, oldest first."""
    for number in range(3):
        execute(database, f"INSERT INTO people(name) VALUES('new {number}')")
        litekeep("backup", database)
    return sorted(
        (database.parent / "backups" / "snapshots" / "app").iterdir(), key=lambda path: path.name.split("-")[1]
    )


def test_a_deleted_manifest(database: Path, place: Path, litekeep: Run) -> None:
    three(litekeep, database)[1].unlink()
    told = litekeep("status", expect=20)
    assert told.out.startswith(
        "AT RISK  app: One backup of app is gone that nobody removed. The newest good backup was"
    )
    assert "one backup of app is gone" in told.err
    (source,) = litekeep("status", "--json", expect=20).json["sources"]
    assert source["verdict"] == "altered"
    listed = litekeep("list", "--json").json
    assert [each["code"] for each in listed["warnings"]] == ["snapshots_missing"]
    refused = litekeep("prune", "--yes", "--json", expect=6).error
    assert refused["safe"] == "Nothing was deleted."
    assert "litekeep doctor --accept-changes" in refused["hint"]
    litekeep("trash", "empty", "--yes", expect=6)
    execute(database, "INSERT INTO people(name) VALUES('x')")
    assert "gone that nobody removed" in litekeep("backup", database).err  # and goes on

    findings = litekeep("doctor", "--json", expect=3).json["findings"]
    assert [each["severity"] for each in findings if each["code"] == "snapshots_missing"] == ["problem"]
    accepted = litekeep("doctor", "--accept-changes", "--json").json["accepted"]
    assert [(each["source"], each["code"], len(each["missing"])) for each in accepted] == [
        ("app", "snapshots_missing", 1)
    ]
    row = journal(place / "backups")[-1]
    assert (row["verb"], row["outcome"]) == ("accept", "ok")
    assert row["message"] == "one backup of app is gone that nobody removed"
    assert "accepted by a person: one backup of app" in (place / "backups" / "backup.log").read_text("utf-8")
    assert "nothing to accept" in litekeep("doctor", "--accept-changes").out
    assert litekeep("status").err == ""
    litekeep("prune", "--yes")


def test_an_older_state_of_the_folder(database: Path, place: Path, litekeep: Run) -> None:
    three(litekeep, database)
    shutil.copytree(place / "backups", place / "older")
    three(litekeep, database)
    shutil.rmtree(place / "backups")
    (place / "older").rename(place / "backups")
    told = litekeep("status", expect=20).out
    assert (
        "The repository is in an older state: 3 backups of app, the newest that were seen here, are not in it." in told
    )
    dry = litekeep("prune", "--dry-run", "--json").json
    assert [each["code"] for each in dry["warnings"]] == ["rolled_back"]
    litekeep("prune", "--yes", expect=6)
    assert litekeep("doctor", "--accept-changes").out.startswith("✓ Accepted: the repository is in an older state")
    litekeep("prune", "--yes")


def test_all_backups_of_a_database_are_gone(database: Path, place: Path, litekeep: Run) -> None:
    three(litekeep, database)
    shutil.rmtree(place / "backups" / "snapshots" / "app")
    told = litekeep("status", expect=21).out
    assert told.startswith(
        "NOT PROTECTED  app: 3 backups of app, all that there were, are gone that nobody removed; no"
    )


def test_another_user_of_the_machine_looks_for_the_first_time(database: Path, place: Path, litekeep: Run) -> None:
    three(litekeep, database)[1].unlink()
    other = {"LITEKEEP_STATE_FOLDER": str(place / "other")}
    assert process("status", env=other).returncode == 0
    assert process("status").returncode == 20
    assert [path.suffix for path in (place / "other" / "seen").iterdir()] == [".json"]


@pytest.mark.skipif(os.name != "posix", reason="about the folders of XDG")
def test_where_it_is_remembered(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    process("list", env={"LITEKEEP_STATE_FOLDER": "", "XDG_STATE_HOME": str(place / "xdg")})
    if os.uname().sysname != "Darwin":
        assert list((place / "xdg" / "litekeep" / "seen").iterdir())
    (place / "file").touch()
    assert process("list", env={"LITEKEEP_STATE_FOLDER": str(place / "file")}).returncode == 0


# How the data is spread


def test_status_tells_what_is_missing_of_3_2_1(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    told = litekeep("status").out
    assert "  3-2-1: 2 copies on 1 device, none off-site. Add a place: only 2 places have the data" in told
    (source,) = litekeep("status", "--json").json["sources"]
    spread = source["spread"]
    assert [each["code"] for each in spread["missing"]] == ["copies", "devices", "off_site"]
    assert [(each["name"], each["kind"], each["counts"]) for each in spread["places"]] == [
        ("database", "database", True),
        ("repository", "repository", True),
    ]
    assert spread["places"][1]["newest_at"]


def test_copies_of_the_settings_are_places(database: Path, place: Path, litekeep: Run) -> None:
    copies = [{"name": "usb", "url": (place / "usb").as_uri()}, {"name": "nas", "url": "sftp://nas.invalid/b"}]
    backup = {"copies": copies, "notifications": {"on_failure": []}}
    (place / "backup.json").write_text(json.dumps({"database": "app.db", "backup": backup}))
    litekeep("backup", database)
    (source,) = litekeep("status", "-c", "backup.json", "--json").json["sources"]
    assert [each["name"] for each in source["spread"]["places"]] == ["database", "repository", "usb", "nas"]
    assert [each["places"] for each in source["spread"]["missing"]] == [["usb", "nas"], ["nas"], ["nas"]]
    found = litekeep("doctor", "-c", "backup.json", "--json", expect=3).json["findings"]
    assert "one_place" in [each["code"] for each in found]


def test_a_copy_that_nothing_reaches_is_a_risk(database: Path, place: Path, litekeep: Run) -> None:
    from datetime import UTC, datetime, timedelta

    from litekeep.operations.copymemory import CopyMemory
    from litekeep.repository.repository import Repository
    from litekeep.storage.local import LocalStorage
    from litekeep.testing import ManualClock

    backup = {"copies": [{"name": "nas", "url": "sftp://nas.invalid/b"}], "notifications": {"on_failure": []}}
    (place / "backup.json").write_text(json.dumps({"database": "app.db", "backup": backup}))
    litekeep("backup", database)
    repository = Repository.open(LocalStorage(place / "backups", ManualClock()))
    memory = CopyMemory(place / "backups", "nas", "sftp://nas.invalid/b", repository.config.id)
    memory.change(failing_since=datetime.now(UTC) - timedelta(days=5), problem="there is no nas.invalid")
    memory.save()
    told = litekeep("status", "-c", "backup.json", expect=20).out
    assert told.startswith(
        "AT RISK  app: Copy nas: nothing could be sent for 5 days: there is no nas.invalid. Last backup"
    )
    assert litekeep("status").out.startswith("PROTECTED")
