"""sync and copy on the command line: to folders and to a real server, and back when everything here is lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Result, make_database
from litekeep.config import copies as config_copies
from storage.remote.conftest import servers  # noqa: F401 - a fixture
from storage.remote.servers import Server, free_port

Run = Callable[..., Result]
PASSPHRASE = "correct horse battery staple"


def settings(place: Path, *copies: dict[str, Any], **more: Any) -> Path:
    """backup.json with these copies."""
    path = place / "backup.json"
    backup = {"notifications": {"on_failure": []}, "copies": list(copies), **more}
    path.write_text(json.dumps({"database": "app.db", "backup": backup}))
    return path


def usb(place: Path, **more: Any) -> dict[str, Any]:
    return {"name": "usb", "url": (place / "usb").as_uri(), **more}


def change(database: Path) -> None:
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("INSERT INTO people(name) VALUES ('Ada')")


def names(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as db:
        return [name for (name,) in db.execute("SELECT name FROM people ORDER BY id")]


def test_what_a_person_removes_from_a_copy_stays_removed(litekeep: Run, database: Path, place: Path) -> None:
    """It is neither told as lost nor sent again, also where it would be kept; what is lost besides is."""
    config = settings(place, usb(place))
    for _ in range(3):
        litekeep("backup", "-c", config)
        change(database)
    first, second, _ = (each["id"] for each in litekeep("list", "-c", config, "--json").json["snapshots"])
    litekeep("delete", first, "--yes", "--copy", "usb", "-c", config)
    litekeep("trash", "empty", "--yes", "--copy", "usb", "-c", config)
    told = litekeep("sync", "-c", config, "--json").json["copies"][0]
    assert (told["sent_objects"], told["copy_warnings"]) == (0, [])
    there = {each["id"] for each in litekeep("list", "--copy", "usb", "-c", config, "--json").json["snapshots"]}
    assert there == {each["id"] for each in litekeep("list", "-c", config, "--json").json["snapshots"]} - {first}
    next((place / "usb" / "snapshots").rglob(f"*{second}")).unlink()
    told = litekeep("sync", "-c", config, "--json", expect=3).json["copies"][0]
    assert (len(told["snapshots"]), len(told["copy_warnings"])) == (1, 1)


def test_a_backup_sends_to_the_copies(litekeep: Run, database: Path, place: Path) -> None:
    config = settings(place, usb(place))
    made = litekeep("backup", "-c", config)
    assert "Copy usb: sent 1 backup" in made.out
    change(database)
    assert "Copy usb: sent 1 backup" in litekeep("backup", "-c", config).out
    unchanged = litekeep("backup", "-c", config, "--reason", "scheduled")
    assert "Copy usb: all is there" in unchanged.out
    assert "2 backup" in litekeep("list", "--copy", "usb", "-c", config).out
    drilled = litekeep("drill", "--copy", "usb", "-c", config)
    assert "passed" in drilled.out
    shutil.rmtree(place / "backups")
    litekeep("restore", "latest", "--to", "back.db", "--copy", "usb", "-c", config)
    assert names(place / "back.db") == names(database)


def test_what_is_known_of_copies(litekeep: Run, database: Path, place: Path) -> None:
    config = settings(place, usb(place), {"name": "away", "url": "file:///nowhere/at/all", "enabled": False})
    listed = litekeep("sync", "--list", "-c", config, expect=10)
    assert "repository" in listed.err
    litekeep("backup", "-c", config)
    found = litekeep("sync", "--list", "usb", "-c", config)
    assert "Has 1 backup" in found.out
    assert "never proven" in found.out
    (state,) = litekeep("sync", "--list", "usb", "--json", "-c", config).json["states"]
    assert (state["name"], state["snapshots"], state["problem"]) == ("usb", 1, "")
    assert state["synced_at"]


def test_a_copy_that_cannot_be_reached_takes_nothing_from_the_backup(
    litekeep: Run, database: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_copies, "FIRST_ANSWER_SECONDS", 0.5)
    copy = {
        "name": "cloud",
        "url": f"webdav://127.0.0.1:{free_port()}/x",
        "unencrypted": True,
        "credentials": {},
    }
    config = settings(place, copy, usb(place))
    (place / "usb").write_text("a file where the folder should be")
    made = litekeep("backup", "-c", config, expect=3)
    assert "nothing was sent to the copy usb" in made.err
    assert "nothing was sent to the copy cloud" in made.err
    assert "1 backup" in litekeep("list", "-c", config).out
    listed = litekeep("sync", "--list", "-c", config).out
    assert listed.count("Nothing arrived since") == 2
    (place / "usb").unlink()
    both = litekeep("sync", "-c", config, "--json", expect=13)
    assert [each["name"] for each in both.json["copies"]] == ["usb"]
    assert [each["name"] for each in both.json["failed"]] == ["cloud"]
    assert litekeep("sync", "usb", "-c", config).code == 0
    assert litekeep("sync", "cloud", "-c", config, expect=13).err


def test_mistakes(litekeep: Run, database: Path, place: Path) -> None:
    assert "No copies are described" in litekeep("sync", expect=2).err
    config = settings(place, usb(place))
    litekeep("backup", "-c", config, "--no-sync")
    assert not (place / "usb").exists()
    assert "No copy in the settings is called 'usc'" in litekeep("sync", "usc", "-c", config, expect=2).err
    make_database(place / "other.db")
    litekeep("backup", "other.db", "-r", place / "usb")
    refused = litekeep("sync", "-c", config, expect=6)
    assert "holds another repository" in refused.err
    assert "Nothing was sent" in refused.err


def test_not_encrypted_needs_a_yes(litekeep: Run, database: Path, place: Path) -> None:
    litekeep("backup", database)
    url = f"webdav://127.0.0.1:{free_port()}/x"
    refused = litekeep("copy", "backups", url, expect=6)
    assert "not encrypted" in refused.err
    config = settings(place, {"name": "cloud", "url": url})
    assert "not encrypted" in litekeep("sync", "-c", config, expect=6).err


def test_a_repository_is_copied_and_comes_back(litekeep: Run, database: Path, place: Path) -> None:
    litekeep("backup", database)
    change(database)
    litekeep("backup", database)
    done = litekeep("copy", "backups", "usb/deep")
    assert "2 backups now" in done.out
    assert litekeep("copy", "backups", "usb/deep", "--json").json["sent_objects"] == 0
    change(database)
    litekeep("backup", database)
    shutil.rmtree(place / "backups")
    litekeep("copy", "usb/deep", "backups")
    assert "gone" not in litekeep("status", expect=None).out, "a person chose the older state"
    assert not litekeep("prune", "--dry-run").err
    litekeep("verify", "--all")
    litekeep("restore", "latest", "--to", "back.db")
    assert names(place / "back.db") == names(database)[:-1]
    assert "is not there" in litekeep("copy", "nothing", "there", expect=13).err
    assert not (place / "there").exists()


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("kind", ["seaweedfs", "openssh", "wsgidav"])
def test_everything_here_is_lost(
    litekeep: Run,
    database: Path,
    place: Path,
    servers: Callable[[str], Server],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    *,
    encrypted: bool,
) -> None:
    """Backup, sync, fire, restore on a bare machine with only the URL, its secrets, and the recovery key."""
    server = servers(kind)
    url = server.at(f"lost-{encrypted}")
    secrets = {name: {"env": f"TEST_{name.upper()}"} for name in server.secrets}
    for name, value in server.secrets.items():
        monkeypatch.setenv(f"TEST_{name.upper()}", value)
    more: dict[str, Any] = {}
    if encrypted:
        (place / "phrase").write_text(PASSPHRASE)
        new = ("--encrypt", "--passphrase-file", "phrase", "--new-key-file", "machine.key")
        made = litekeep("init", *new, "--json", "-r", "backups").json
        (place / "sheet").write_text(made["recovery_key"])
        more["encryption"] = {"key": {"file": "machine.key"}}
    config = settings(
        place, {"name": "cloud", "url": url, "credentials": secrets, "unencrypted": not encrypted}, **more
    )
    litekeep("backup", "-c", config)
    change(database)
    litekeep("backup", "-c", config)
    (state,) = litekeep("sync", "--list", "--json", "-c", config).json["states"]
    assert state["snapshots"] == 2
    bare = place / "bare"
    bare.mkdir()
    wanted = names(database)
    shutil.move(place / "sheet", bare / "sheet") if encrypted else None
    for path in ("backups", "app.db", "backup.json"):
        shutil.rmtree(place / path, ignore_errors=True)
        (place / path).unlink(missing_ok=True)
    monkeypatch.chdir(bare)
    for name, value in server.secrets.items():
        monkeypatch.setenv(f"LITEKEEP_SECRET_{name.upper()}", value)
    key = ("--key-file", "sheet") if encrypted else ()
    assert "2 backup" in litekeep("list", "-r", url, *key).out
    litekeep("restore", "latest", "--to", "app.db", "-r", url, *key)
    assert names(bare / "app.db") == wanted
    litekeep("copy", url, "backups", *key)
    assert "passed" in litekeep("drill", *key).out
    change(bare / "app.db")
    litekeep("backup", "app.db", *key)
    assert "3 backup" in litekeep("list", *key).out
