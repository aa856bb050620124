"""The main road, command by command, with real databases."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import pytest

from .conftest import Run, execute, journal, make_database, process


def test_one_command_is_enough(database: Path) -> None:
    done = process("backup", "app.db")
    assert done.returncode == 0, done.stderr
    assert "✓ Made a repository in backups" in done.stdout
    assert "✓ Verified: every page read back, integrity ok, 2 tables, 200 rows" in done.stdout
    assert done.stderr == ""
    assert (database.parent / "backups" / "repository.json").exists()


def test_list_and_show(database: Path, litekeep: Run) -> None:
    litekeep("backup", database, "--label", "first", "--pin")
    execute(database, "DELETE FROM visits WHERE id % 2")
    litekeep("backup", database)
    listed = litekeep("list")
    assert "first [pinned]" in listed.out
    assert "2 backups; the repository in backups takes" in listed.out
    shown = litekeep("show", "latest~1")
    for text in ("Pinned        yes", "verified (full)", "2 tables, 200 rows", "  pinned", "  made by hand"):
        assert text in shown.out
    assert "2 tables, 150 rows" in litekeep("show", "latest").out
    identifier = litekeep("list", "--json").json["snapshots"][0]["id"]
    assert litekeep("show", identifier[:4], "--json").json["snapshot"]["label"] == "first"
    assert len(litekeep("list", "--json", "--limit", 1).json["snapshots"]) == 1
    assert [each["id"] for each in litekeep("list", "--json", "--pinned").json["snapshots"]] == [identifier]
    assert litekeep("list", "-q").out.splitlines()[0] == identifier


def test_an_unchanged_database_needs_no_new_backup(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    assert "Nothing changed since backup" in litekeep("backup", database, "--if-changed").out
    assert litekeep("backup", database, "--reason", "scheduled", "--json").json["unchanged"] is True
    assert journal(database.parent / "backups")[-1]["outcome"] == "skipped"
    assert len(litekeep("list", "--json").json["snapshots"]) == 1


def test_restore_to_a_new_file(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    done = litekeep("restore", "latest", "--to", "new.db")
    assert "2 tables, 200 rows, integrity ok" in done.out
    assert execute(place / "new.db", "SELECT count(*) FROM people") == [(100,)]


def test_restore_over_the_database_and_undo(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    execute(database, "DELETE FROM visits")
    preview = litekeep("restore", "--replace", "--dry-run")
    assert "visits" in preview.out
    assert "+100" in preview.out
    assert execute(database, "SELECT count(*) FROM visits") == [(0,)]
    refused = litekeep("restore", "--replace", expect=6)
    assert "--yes" in refused.err
    assert execute(database, "SELECT count(*) FROM visits") == [(0,)]
    application = sqlite3.connect(database)
    assert "`litekeep undo` brings it back" in litekeep("restore", "--replace", "--yes").out
    assert application.execute("SELECT count(*) FROM visits").fetchall() == [(100,)]
    application.close()
    litekeep("undo", expect=6)
    litekeep("undo", "--yes")
    assert execute(database, "SELECT count(*) FROM visits") == [(0,)]


def test_latest_is_never_the_safety_copy_of_a_restore(database: Path, litekeep: Run) -> None:
    litekeep("backup", database, "--label", "good")
    execute(database, "DELETE FROM visits")
    for _ in range(2):
        litekeep("restore", "latest", "--replace", "--yes")
        assert execute(database, "SELECT count(*) FROM visits") == [(100,)]


def test_restore_needs_to_be_told_where(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    refused = litekeep("restore", "latest", expect=2)
    assert "--to restored.db" in refused.err
    assert "--replace" in refused.err


def test_restore_a_plain_file(database: Path, place: Path, litekeep: Run) -> None:
    (place / "old.db.gz").write_bytes(gzip.compress(database.read_bytes()))
    litekeep("restore", "--file", "old.db.gz", "--to", "old.db")
    assert execute(place / "old.db", "SELECT count(*) FROM people") == [(100,)]
    litekeep("restore", "--file", "old.db.gz", "--replace", expect=2)
    litekeep("restore", "--file", "old.db.gz", "--target", "old.db", "--replace", "--yes", expect=6)
    litekeep("backup", database)
    done = litekeep("restore", "--file", "old.db.gz", "--target", "app.db", "--replace", "--yes")
    assert "`litekeep undo`" in done.out


@pytest.mark.parametrize("name", ["out.db", "out.db.gz", "out.db.zst"])
def test_export(name: str, database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    litekeep("export", "latest", name)
    litekeep("restore", "--file", name, "--to", "again.db")
    assert execute(place / "again.db", "SELECT count(*) FROM people") == [(100,)]
    litekeep("export", "latest", name, expect=6)


def test_verify_and_drill(database: Path, litekeep: Run) -> None:
    litekeep("backup", database, "--verify", "none")
    assert litekeep("list", "--json").json["snapshots"][0]["verified"] == "none"
    litekeep("backup", database)
    assert "every page is right, integrity ok, 2 tables, 200 rows" in litekeep("verify").out
    everything = litekeep("verify", "--all")
    assert "all are as they were written" in everything.out
    assert "All 2 backups are intact." in everything.out
    assert "what it wrote was read back" in litekeep("verify", "latest", "--level", "written").out
    assert "stored objects" in litekeep("verify", "--stored").out
    litekeep("verify", "latest", "--all", expect=2)
    assert "passed" in litekeep("drill", "--check", "SELECT count(*) = 100 FROM people").out
    assert "passed" in litekeep("drill").out  # the other one: it was tested least recently
    assert "passed" in litekeep("drill", "latest").out
    assert {each["verified"] for each in litekeep("list", "--json").json["snapshots"]} == {"drill"}


def test_pin_label_delete_and_recover(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    litekeep("backup", database)
    first = litekeep("list", "-q").out.split()[0]
    assert "is pinned" in litekeep("pin", first).out
    assert "Unpin it first" in litekeep("delete", first, "--yes", expect=6).err
    litekeep("unpin", first)
    assert "is now called 'audit'" in litekeep("label", first, "audit").out
    assert "--yes" in litekeep("delete", first, expect=6).err
    gone = litekeep("delete", first, "--yes")
    assert "trash recover" in gone.out
    assert first[:8] not in litekeep("list").out
    assert "[in the trash]" in litekeep("list", "--all").out
    assert first[:8] in litekeep("trash", "list").out
    litekeep("trash", "recover", first)
    litekeep("trash", "recover", first, expect=6)
    assert "The trash is empty" in litekeep("trash", "list").out


def test_the_last_verified_backup_cannot_be_deleted(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    assert "only verified one" in litekeep("delete", "latest", "--yes", expect=6).err


def test_empty_the_trash(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    litekeep("backup", database)
    litekeep("delete", "latest", "--yes")
    litekeep("trash", "empty", expect=6)
    assert "Removed 1 backup for good" in litekeep("trash", "empty", "--yes").out
    assert len(litekeep("list", "--all", "--json").json["snapshots"]) == 1
    litekeep("verify", "--all")


def test_two_databases_in_one_repository(database: Path, place: Path, litekeep: Run) -> None:
    other = make_database(place / "other.db", rows=20)
    litekeep("backup", database)
    litekeep("backup", other)
    refused = litekeep("restore", "latest", "--to", "x.db", expect=2)
    assert "--source: app, other" in refused.err
    litekeep("--source", "other", "restore", "latest", "--to", "x.db")
    assert execute(place / "x.db", "SELECT count(*) FROM people") == [(10,)]
    assert len(litekeep("list", "--source", "app", "--json").json["snapshots"]) == 1


def test_init(database: Path, litekeep: Run) -> None:
    made = litekeep("init", database, "-r", "else where")
    assert "Next: litekeep backup" in made.out
    assert "-r 'else where'" in made.out
    assert "already a repository" in litekeep("init", "-r", "else where", expect=6).err
    litekeep("backup", database, "-r", "else where")
    assert "app" in litekeep("-r", "else where", "list").out


def test_the_repository_comes_from_option_then_environment(
    database: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITEKEEP_REPOSITORY", "from-environment")
    litekeep("backup", database)
    assert Path("from-environment", "repository.json").exists()
    litekeep("backup", database, "-r", "from-option")
    litekeep("-r", "from-group", "backup", database)
    assert Path("from-option", "repository.json").exists()
    assert Path("from-group", "repository.json").exists()
    assert not Path("backups").exists()


def test_a_repository_is_found_from_inside(database: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    litekeep("backup", database)
    monkeypatch.chdir(database.parent / "backups")
    assert "1 backup" in litekeep("list").out


def test_every_run_leaves_a_row(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    litekeep("backup", "missing.db", expect=5)
    litekeep("verify")
    litekeep("drill")
    litekeep("restore", "latest", "--to", "new.db")
    litekeep("restore", "latest", "--to", "new.db", expect=6)
    litekeep("restore", "latest", "--replace", "--yes")
    litekeep("undo", "--yes")
    litekeep("prune")
    litekeep("export", "latest", "plain.db")
    rows = [(row["verb"], row["outcome"], row["exit_code"]) for row in journal(place / "backups")]
    assert rows == [
        ("backup", "ok", 0),
        ("backup", "failed", 5),
        ("verify", "ok", 0),
        ("drill", "ok", 0),
        ("restore", "ok", 0),
        ("restore", "refused", 6),
        ("restore", "ok", 0),
        ("undo", "ok", 0),
        ("prune", "ok", 0),
        ("export", "ok", 0),
    ]
    assert journal(place / "backups")[1]["code"] == "source_missing"
    assert journal(place / "backups")[0]["facts"]["new_bytes"] > 0
    assert journal(place / "backups")[7]["facts"]["how"] == "live"
