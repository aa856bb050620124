"""Each finding of the doctor, from a situation that has it."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.operations.doctor_database import has_wal_reset_bug
from litekeep.operations.places import synced_by
from litekeep.sqlite.openers import openers

from .conftest import Run, execute, make_database


def codes(litekeep: Run, *arguments: object) -> set[str]:
    """The codes of all findings; the command ends with 3 when there are any."""
    done = litekeep("doctor", *arguments, "--json", expect=None)
    found = {finding["code"] for finding in done.json["findings"]}
    assert done.code == (3 if found else 0)
    return found


def test_nothing_to_complain_about(place: Path, litekeep: Run) -> None:
    (place / "backups").mkdir(mode=0o700)
    litekeep("init")
    assert "✓ Nothing to complain about" in litekeep("doctor").out


def test_same_drive_and_never_tested(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    assert codes(litekeep) >= {"same_device", "never_tested"}
    litekeep("drill")
    assert "never_tested" not in codes(litekeep)
    told = litekeep("doctor", expect=3).out
    assert "Why it matters: a drive that fails takes both." in told


@pytest.mark.parametrize(
    ("folder", "program"),
    [
        ("OneDrive - Contoso", "OneDrive"),
        ("Dropbox", "Dropbox"),
        ("Google Drive", "Google Drive"),
        ("Mobile Documents", "iCloud Drive"),
        ("Nextcloud", "Nextcloud"),
        ("data", ""),
    ],
)
def test_a_synced_folder(folder: str, program: str, place: Path, litekeep: Run) -> None:
    (place / folder / "deep").mkdir(parents=True)
    database = make_database(place / folder / "deep" / "app.db")
    assert synced_by(database) == program
    assert ("synced_folder" in codes(litekeep, database)) is bool(program)


def test_a_folder_with_the_mark_of_a_sync_client(place: Path) -> None:
    (place / "mine").mkdir()
    (place / "mine" / ".nextcloudsync.log").touch()
    assert synced_by(place / "mine" / "app.db") == "Nextcloud"


def test_rights_links_and_openness(database: Path, place: Path, litekeep: Run) -> None:
    if sys.platform == "win32":
        pytest.skip("about POSIX rights and links")
    litekeep("backup", database)
    os.link(database, place / "second.db")
    assert "hard_links" in codes(litekeep, database)
    (place / "second.db").unlink()
    if os.geteuid() == 0:
        os.chown(database, 65534, 65534)
        assert "other_owner" in codes(litekeep, database)
    os.chmod(place / "backups", 0o755)
    world = all(parent.stat().st_mode & 0o001 for parent in (place / "backups").parents)
    assert ("open_folder" in codes(litekeep)) is world


def test_stale_sidecars(database: Path, place: Path, litekeep: Run) -> None:
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("DELETE FROM visits")
        db.commit()
        assert not codes(litekeep, database) & {"stale_wal"}, "it is in use"
        wal = (place / "app.db-wal").read_bytes()
        copy = database.read_bytes()
    (place / "left.db").write_bytes(copy)
    (place / "left.db-wal").write_bytes(wal)
    assert "stale_wal" in codes(litekeep, place / "left.db")


def test_a_hot_journal(database: Path, place: Path, litekeep: Run) -> None:
    if openers(database) is None:
        pytest.skip("this system does not tell who has a file open")
    (place / "app.db-journal").write_bytes(bytes(512))
    assert "stale_journal" not in codes(litekeep, database), "journal_mode=PERSIST leaves such a one"
    (place / "app.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
    assert "stale_journal" in codes(litekeep, database)


def test_an_interrupted_restore(database: Path, place: Path, litekeep: Run) -> None:
    (place / ".app.db.litekeep-restore").write_text("{}")
    assert "interrupted_restore" in codes(litekeep, database)


def test_a_missing_database(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    database.unlink()
    assert "missing" in codes(litekeep)


def test_left_overs_foreign_files_and_damage(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    execute(database, "DELETE FROM visits")
    litekeep("backup", database)
    repository = place / "backups"
    assert not codes(litekeep) & {"left_overs", "foreign_files", "damaged"}
    left = repository / "packs" / ".tmp-0123"
    left.touch()
    os.utime(left, (1_700_000_000, 1_700_000_000))
    (repository / "holiday.jpg").touch()
    manifest = min((repository / "snapshots" / "app").iterdir())
    manifest.write_bytes(manifest.read_bytes()[:-1])
    assert codes(litekeep) >= {"left_overs", "foreign_files", "damaged"}


@pytest.mark.parametrize(
    ("version", "bug"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_versions_with_the_wal_reset_bug(version: tuple[int, int, int], bug: bool) -> None:
    assert has_wal_reset_bug(version) is bug


def test_the_wal_reset_bug_matters_only_in_wal_mode(database: Path, litekeep: Run) -> None:
    assert "wal_reset_bug" not in codes(litekeep, database)
    execute(database, "PRAGMA journal_mode=WAL")
    assert ("wal_reset_bug" in codes(litekeep, database)) is has_wal_reset_bug(sqlite3.sqlite_version_info)
