"""What check_database finds, what it leaves to the application, and what it never says or does."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Cancelled, VerificationFailed
from litekeep.sqlite.check import CheckReport, check_database, quote
from litekeep.testing import RecordingMonitor

from .databases import connect, has_fts5, make

SECRET = "very-secret-row-content"
HOSTILE = [
    'we"ird',
    "a;DROP TABLE item;--",
    "sp ace",
    "",
    "line\nbreak",
    "[x]",
    "'quote'",
    "日本",
    "--c",
    "select",
    "%s {0}",
]


def check(path: Path, *checks: str, counts: bool = True, limit: float = 20.0) -> CheckReport:
    return check_database(
        path,
        checks=checks,
        time_limit_seconds=limit,
        clock=SystemClock(),
        monitor=RecordingMonitor(),
        counts=counts,
    )


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_sound_database_passes(tmp_path: Path, page_size: int, mode: str) -> None:
    path = make(tmp_path / "a.db", page_size=page_size, mode=mode)
    before = path.read_bytes()
    for sidecar in tmp_path.glob("*-*"):
        sidecar.unlink()
    report = check(path, "SELECT count(*) > 0 FROM item")
    assert report.passed
    assert report.tables == (("item", 160), ("pair", 200))
    assert (report.problems, report.failed_checks, report.unchecked, report.schema_readable) == ((), (), (), True)
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]
    assert path.read_bytes() == before
    assert check(path, counts=False).tables == ()


def test_zero_bytes_pass(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    report = check(tmp_path / "a.db")
    assert report.passed
    assert report.tables == ()


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(VerificationFailed, match="cannot be opened"):
        check(tmp_path / "a.db")


def test_hostile_names_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(connect(path)) as db:
        for number, name in enumerate(HOSTILE):
            db.execute(f"CREATE TABLE {quote(name)}(a INTEGER PRIMARY KEY, {quote('b' + name)} UNIQUE)")
            db.executemany(f"INSERT INTO {quote(name)} VALUES (?, ?)", [(i, i) for i in range(number)])
        db.execute("CREATE VIEW v AS SELECT 1")
    report = check(path)
    assert report.passed
    assert dict(report.tables) == {name: number for number, name in enumerate(HOSTILE)}


@pytest.mark.skipif(not has_fts5(), reason="no FTS5 in this SQLite")
def test_virtual_tables_are_left_out_and_their_storage_is_counted(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db")
    with closing(connect(path)) as db:
        db.execute("CREATE VIRTUAL TABLE note USING fts5(text)")
        db.execute("INSERT INTO note VALUES ('one')")
    names = [name for name, _ in check(path).tables]
    assert "note" not in names
    assert "note_content" in names


def test_what_only_the_application_has_is_no_damage(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db")
    with closing(connect(path)) as db:
        db.create_collation("OURS", lambda a, b: (a > b) - (a < b))
        db.create_function("ours", 1, lambda value: 1, deterministic=True)
        db.executescript(
            "CREATE TABLE c(a COLLATE OURS PRIMARY KEY); INSERT INTO c VALUES ('x'), ('y');"
            "CREATE TABLE f(a CHECK (ours(a))); INSERT INTO f VALUES (1);"
            "CREATE INDEX i ON f(ours(a));"
        )
    report = check(path)
    assert report.problems == ()
    assert any("OURS" in line for line in report.unchecked)
    assert dict(report.tables)["item"] == 160


def test_damage_is_found_also_beside_what_cannot_be_judged(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db")
    with closing(connect(path)) as db:
        db.create_collation("OURS", lambda a, b: (a > b) - (a < b))
        db.execute("CREATE TABLE c(a COLLATE OURS PRIMARY KEY)")
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'item_name'").fetchone()[0]
        db.execute("PRAGMA writable_schema=ON")
    with open(path, "r+b") as stream:
        stream.seek((root - 1) * 4096 + 8)
        stream.write(b"\xff" * 300)
    assert check(path).problems


def test_broken_references_are_counted_without_their_content(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(connect(path)) as db:
        db.executescript(
            "CREATE TABLE p(id TEXT PRIMARY KEY); CREATE TABLE c(p TEXT REFERENCES p(id), q TEXT REFERENCES gone(id));"
            f"INSERT INTO c VALUES ('{SECRET}', NULL), ('{SECRET}2', NULL);"
            "CREATE TABLE m(a TEXT REFERENCES c(p));"
        )
    report = check(path)
    assert report.problems == ("2 rows of table c refer to missing rows of p",)
    assert any("foreign key mismatch" in line for line in report.unchecked)
    assert SECRET not in repr(report)


def test_row_content_is_never_told(tmp_path: Path) -> None:
    chance = random.Random(3)
    path = tmp_path / "a.db"
    with closing(connect(path)) as db:
        db.execute("PRAGMA page_size=512")
        db.execute("CREATE TABLE t(a TEXT UNIQUE NOT NULL, b TEXT CHECK (length(b) > 3))")
        db.executemany("INSERT INTO t VALUES (?, ?)", [(f"{SECRET}{i}", f"{SECRET}{i}") for i in range(300)])
    good = path.read_bytes()
    found = 0
    for _ in range(60):
        bad = bytearray(good)
        for _ in range(chance.randrange(1, 30)):
            bad[chance.randrange(100, len(bad))] ^= 1 << chance.randrange(8)
        path.write_bytes(bad)
        report = check(path, "SELECT count(*) FROM t")
        found += not report.passed
        assert "secret" not in repr(report)
        assert len(report.problems) <= 130
    assert found > 10


def test_a_cut_off_or_foreign_file(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db")
    data = path.read_bytes()
    path.write_bytes(data[:-5000])
    assert any("cut off" in line for line in check(path).problems)
    path.write_bytes(b"not a database at all" * 100)
    report = check(path)
    assert "text file" in report.problems[0]
    assert not report.schema_readable
    path.write_bytes(data.replace(b"CREATE TABLE item", b"CREATE TABXE item"))
    report = check(path)
    assert not report.schema_readable
    assert "schema" in report.problems[0]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 0", "is not true"),
        ("SELECT NULL", "is not true"),
        ("SELECT ''", "is not true"),
        ("SELECT 1 WHERE 0", "no row"),
        ("SELECT nonsense", "no such column"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("", "no row"),
        ("SELECT 1 \x00", ""),
        ("INSERT INTO item(name) VALUES ('x')", "not authorized"),
        ("DROP TABLE item", "not authorized"),
        ("ATTACH 'other.db' AS other", "not authorized"),
        ("PRAGMA query_only=OFF", "not authorized"),
        ("PRAGMA writable_schema=1", "not authorized"),
        ("PRAGMA journal_mode=DELETE", "not authorized"),
        ("BEGIN", "not authorized"),
        ("VACUUM", "denied"),
        ("VACUUM INTO 'other.db'", "denied"),
        ("SELECT load_extension('x')", ""),
        ("WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t) SELECT max(i) FROM t", "did not finish"),
    ],
)
def test_checks_that_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, reason: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = make(tmp_path / "a.db")
    before = path.read_bytes()
    report = check(path, sql, limit=0.3)
    assert len(report.failed_checks) == 1
    assert reason in report.failed_checks[0]
    assert not report.passed
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT 'yes'",
        "SELECT 0.5",
        "SELECT x'00'",
        "WITH t AS (SELECT count(*) AS n FROM item) SELECT n > 5 FROM t",
        "PRAGMA user_version",
        "SELECT count(*) FROM pragma_table_info('item')",
        "SELECT max(length(name)) FROM item JOIN pair",
        "SELECT json_valid('{}')",
    ],
)
def test_checks_that_hold(tmp_path: Path, sql: str) -> None:
    assert check(make(tmp_path / "a.db"), sql).failed_checks == ()


def test_time_limit_is_told_and_not_passed(tmp_path: Path) -> None:
    report = check(make(tmp_path / "a.db", rows=20000), limit=0.0)
    assert not report.complete
    assert not report.passed
    assert any("within 0 seconds" in line for line in report.unchecked)


def test_cancel(tmp_path: Path, clock: SystemClock) -> None:
    path = make(tmp_path / "a.db", rows=20000)
    for number in range(4):
        with pytest.raises(Cancelled):
            check_database(path, time_limit_seconds=20, clock=clock, monitor=RecordingMonitor(number))


def test_hostile_schema_runs_nothing(tmp_path: Path) -> None:
    """A view and a trigger with functions of the application, a table whose entry claims another table's root."""
    path = make(tmp_path / "a.db")
    with closing(connect(path)) as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON item BEGIN SELECT raise(ABORT, 'no'); END")
        db.execute("CREATE VIEW bomb AS SELECT randomblob(999999999) FROM item a, item b, item c")
        db.execute("PRAGMA writable_schema=ON")
        db.execute("UPDATE sqlite_master SET rootpage = 1 WHERE name = 'pair'")
    report = check(path, "SELECT 1")
    assert report.problems
    assert not report.passed
