"""What goes wrong is told in words: what happened, what is safe, what to do, and the right exit code."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Run, execute, make_database, process

as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="needs root, to become another user or to mount a small disk"
)


def _text(path: Path) -> None:
    path.write_text("name;salary\n")


def _nothing(path: Path) -> None:
    pass


def _encrypted(path: Path) -> None:
    path.write_bytes(bytes((i * 97 + i // 7) % 251 for i in range(8192)))


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (_nothing, "source_missing", "there is no database at"),
        (_text, "not_a_database", "is not an SQLite database: it is a text file"),
        (_encrypted, "not_a_database", "it looks encrypted"),
        (_folder, "not_a_database", "is a folder"),
    ],
)
def test_what_is_no_database(make: object, code: str, words: str, place: Path, litekeep: Run) -> None:
    assert callable(make)
    make(place / "thing.db")
    failed = litekeep("backup", "thing.db", "--json", expect=5)
    assert (failed.error["code"], failed.error["exit_code"], failed.error["ok"]) == (code, 5, False)
    assert words in failed.error["message"]
    assert failed.error["safe"]
    assert failed.error["hint"]
    assert not (place / "backups").exists(), "a mistyped path must not leave a repository behind"


def test_a_locked_database_is_waited_for_until_the_deadline(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    with sqlite3.connect(database) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        failed = litekeep("backup", database, "--wait", "0.3", expect=5)
        holder.execute("ROLLBACK")
    assert "locked for" in failed.err
    assert "earlier backups are unchanged" in failed.err
    holder.close()


@pytest.mark.parametrize("arguments", [["list"], ["verify"], ["undo"], ["prune"], ["show", "latest"], ["doctor"]])
def test_no_repository(arguments: list[str], place: Path, litekeep: Run) -> None:
    failed = litekeep(*arguments, "--json", expect=10)
    assert failed.error["code"] == "no_repository"
    assert str(place / "backups") in failed.error["message"]
    assert "--repository" in failed.error["hint"]
    failed = litekeep(*arguments, "-r", "elsewhere", "--json", expect=10)
    assert str(place / "elsewhere") in failed.error["message"]


def test_the_database_inside_the_repository_and_around_it(database: Path, place: Path, litekeep: Run) -> None:
    assert "lies inside the folder for its backups" in litekeep("backup", database, "-r", ".", expect=6).err
    assert not (place / "repository.json").exists()
    litekeep("backup", database)
    inside = make_database(place / "backups" / "inside.db")
    assert "inside" in litekeep("backup", inside, "-r", "backups", expect=6).err


def test_a_damaged_repository(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    (pack,) = [path for path in (place / "backups" / "packs").rglob("*") if path.is_file()]
    data = bytearray(pack.read_bytes())
    data[len(data) // 3] ^= 1
    pack.write_bytes(data)
    found = litekeep("verify", expect=4)
    assert found.out.startswith("✗ Backup")
    stored = litekeep("verify", "--stored", "--json", expect=4).json["stored"]
    assert [each["key"].endswith(pack.name) for each in stored["damaged"]] == [True]
    assert len(stored["damaged"][0]["snapshots"]) == 1
    assert "✗" in litekeep("drill", expect=4).out
    failed = litekeep("restore", "latest", "--to", "new.db", expect=4)
    assert "litekeep verify --all" in failed.err
    assert not (place / "new.db").exists()
    assert "DAMAGED" in litekeep("list").out
    assert litekeep("status", expect=21).out.startswith("NOT PROTECTED")
    litekeep("backup", database)
    litekeep("verify")


def test_a_damaged_record_hides_no_other_backup(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    litekeep("backup", database)
    manifest = min((place / "backups" / "snapshots" / "app").iterdir())
    manifest.write_bytes(manifest.read_bytes()[:-7])
    listed = litekeep("list", expect=3)
    assert "1 backup;" in listed.out
    assert "! damaged: snapshots/app/" in listed.err
    litekeep("verify", "--all", expect=4)


@pytest.mark.parametrize("name", ["ffff", "12", "latest~7", "latest~x", "nonsense", "🐘🐘🐘🐘"])
def test_an_unknown_id(name: str, database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    failed = litekeep("show", name, "--json", expect=2)
    assert failed.error["code"] == "unknown_snapshot"


def test_an_ambiguous_id(database: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from litekeep.repository import layout

    endings = iter(range(100))
    monkeypatch.setattr(layout, "new_id", lambda: f"abcdef{next(endings):010x}")
    litekeep("backup", database)
    litekeep("backup", database)
    failed = litekeep("show", "abcd", "--json", expect=2)
    assert "2 snapshots begin with 'abcd'" in failed.error["message"]
    assert litekeep("show", "abcdef0000000001", "--json").json["snapshot"]["sequence"] == 2


def test_an_existing_target_is_never_overwritten(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    (place / "there.db").write_text("mine")
    assert "exists already" in litekeep("restore", "latest", "--to", "there.db", expect=6).err
    assert "exists already" in litekeep("restore", "latest", "--to", "there.db", "--dry-run", expect=6).err
    assert "exists already" in litekeep("export", "latest", "there.db", expect=6).err
    (place / "log.db-wal").write_text("an old log")
    assert "log.db-wal exists already" in litekeep("restore", "latest", "--to", "log.db", expect=6).err
    assert (place / "there.db").read_text() == "mine"


def test_a_target_in_a_folder_that_is_not_there(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    assert "there is no folder" in litekeep("restore", "--to", "no/where.db", expect=2).err.lower()
    assert "there is no folder" in litekeep("export", "latest", "no/where.db", expect=2).err.lower()


def test_a_database_with_problems_is_kept_and_told(database: Path, litekeep: Run) -> None:
    execute(database, "DELETE FROM people WHERE id < 10")  # visits refer to them
    done = litekeep("backup", database, expect=3)
    assert "! The database itself has a problem: 10 rows of table visits refer to missing rows of people" in done.out
    assert "source has problems" in litekeep("list", "--status", "problem").out
    litekeep("verify", expect=3)
    assert "--accept-problems" in litekeep("restore", "--to", "x.db", expect=4).err
    assert "It has a problem" in litekeep("restore", "--to", "x.db", "--accept-problems", expect=3).out


def test_a_check_that_fails(database: Path, litekeep: Run) -> None:
    done = litekeep("backup", database, "--check", "SELECT count(*) > 1000 FROM people", expect=3)
    assert "check failed: SELECT count(*) > 1000 FROM people" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bakcup"], "did you mean 'backup'"),
        (["backup"], "No database is named"),
        (["list", "--limt", "3"], "--limt"),
        (["list", "--limit", "0"], "--limit"),
        (["backup", "x.db", "--reason", "fun"], "fun"),
        (["restore", "--to", "x", "--replace"], "exclude each other"),
        (["restore", "--to", "x", "--file", "y", "abcd"], "exclude each other"),
        (["completion", "tcsh"], "tcsh"),
    ],
)
def test_a_wrong_command_line(arguments: list[str], words: str, litekeep: Run) -> None:
    failed = litekeep(*arguments, expect=2)
    assert words in failed.err
    assert failed.err.startswith("✗ ")
    assert failed.out == ""
    assert litekeep(*arguments, "--json", expect=2).error["code"] == "usage"


def test_a_file_in_the_place_of_an_id(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    failed = litekeep("restore", database, "--to", database.with_name("new.db"), expect=2)
    assert "is a file, and not the id of a backup" in failed.err
    assert f"restored with --file {database}" in " ".join(failed.err.replace("'", "").split())


def test_a_policy_that_would_keep_nothing(database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    zeros = [f"--keep-{each}=0" for each in ("days", "weeks", "months", "last")]
    assert "would keep nothing" in litekeep("prune", *zeros, expect=2).err


@pytest.mark.parametrize("name", ["two words.db", "ünï ☃.db", "quote'\"s.db", "-dash.db", "a%20b?c#d.db", "tab\t.db"])
def test_odd_file_names(name: str, place: Path, litekeep: Run) -> None:
    if sys.platform == "win32" and any(character in name for character in '"?\t'):
        pytest.skip("not a file name on Windows")
    make_database(place / name)
    litekeep("backup", "--", name)
    assert "\t" not in litekeep("list").out, "a name must not move the cursor"
    execute(place / name, "DELETE FROM visits")
    litekeep("restore", "--replace", "--yes")
    assert execute(place / name, "SELECT count(*) FROM visits") == [(100,)]
    litekeep("undo", "--yes")
    litekeep("restore", "latest", "--to", f"copy {name}")


def test_an_unexpected_error_is_one_line_and_details_only_with_v(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from litekeep.cli.main import main
    from litekeep.repository.repository import Repository

    def broken(*_: object) -> None:
        raise ValueError("secret row")

    assert main(["backup", "app.db"]) == 0
    monkeypatch.setattr(Repository, "open", broken)
    capsys.readouterr()
    assert main(["list"]) == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert "report this" in told
    assert main(["list", "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert database.exists()


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="litekeep-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


AS_NOBODY = textwrap.dedent("""
    import difflib, importlib, os, pkgutil, shutil, sys, tempfile
    import encodings.ascii, encodings.idna, encodings.latin_1, encodings.raw_unicode_escape, encodings.unicode_escape
    import litekeep.cli, litekeep.operations, litekeep.sqlite, litekeep.repository, litekeep.storage
    for package in (litekeep.cli, litekeep.operations, litekeep.sqlite, litekeep.repository, litekeep.storage):
        for each in pkgutil.iter_modules(package.__path__):
            if each.name != "restore" or package is not litekeep.repository:
                importlib.import_module(f"{package.__name__}.{each.name}")
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    from litekeep.cli.main import main
    sys.exit(main(sys.argv[1:]))
""")


def as_nobody(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command as another user, who may not read the source code: it is imported before."""
    command = [sys.executable, "-c", AS_NOBODY, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@as_root
def test_another_user(shared: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("has no users of that kind")
    database = make_database(shared / "app.db")
    database.chmod(0o600)
    out = shared / "nobody"
    assert process("init", "-r", out).returncode == 0
    for path in (out, *out.rglob("*")):
        os.chown(path, 65534, 65534)
    failed = as_nobody("backup", database, "-r", out)
    assert failed.returncode == 5, failed
    assert "may not read" in failed.stderr
    database.chmod(0o644)
    done = as_nobody("backup", database, "-r", out)
    assert done.returncode == 0, done
    assert process("backup", database, "-r", shared / "backups").returncode == 0
    failed = as_nobody("list", "-r", shared / "backups")
    assert (failed.returncode, failed.stdout) == (13, ""), failed
    assert failed.stderr.startswith("✗ ")


@as_root
def test_a_full_disk(shared: Path) -> None:
    small = shared / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", small], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        database = make_database(shared / "app.db", rows=200)
        assert process("backup", database, "-r", small / "b").returncode == 0
        execute(database, "CREATE TABLE noise AS SELECT randomblob(400000) AS noise")
        failed = process("backup", database, "-r", small / "b", "--json")
        assert failed.returncode == 14, failed
        assert '"code":"no_space"' in failed.stderr
        assert process("verify", "--all", "-r", small / "b").returncode == 0, "what was there before is unharmed"
        execute(database, "DROP TABLE noise")
        execute(database, "VACUUM")
        assert process("backup", database, "-r", small / "b").returncode == 0
    finally:
        subprocess.run(["umount", small], check=True)
