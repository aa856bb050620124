"""A database that attacks whoever checks it: out of a repository, or a plain file that was handed over.

Its schema is forged by writing into sqlite_master, as an attacker would, not by SQL that SQLite would refuse.
"""

from __future__ import annotations

import gzip
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Cancelled
from litekeep.monitor import Silent
from litekeep.sqlite.check import CheckReport, check_database
from litekeep.testing import RecordingMonitor

MOST_GROWTH_KIB = 100_000


def forge(path: Path, script: str, find: str, put: str) -> Path:
    """A database made by a harmless script, with a part of its schema's text replaced."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(script)
        db.execute("PRAGMA writable_schema=ON")
        changed = db.execute("UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE instr(sql, ?)", (find, put, find))
        assert changed.rowcount == 1
        db.commit()
    return path


def check(path: Path, *, seconds: float = 5) -> CheckReport:
    return check_database(path, time_limit_seconds=seconds, clock=SystemClock(), monitor=Silent())


INDEX = "CREATE TABLE t(a); INSERT INTO t VALUES(1); CREATE INDEX i ON t(a + 1);"
BOMBS = [
    (INDEX, "a + 1", "length(hex(zeroblob(a * 450000000)))"),
    (INDEX, "a + 1", "replace(hex(zeroblob(a * 1000000)), '0', '0123456789')"),
    (INDEX, "a + 1", "instr(hex(zeroblob(a * 2000000)), hex(zeroblob(a * 900000)) || '1')"),
    (INDEX, "a + 1", "(hex(zeroblob(a * 60000)) || 'b') LIKE ('%' || hex(zeroblob(a * 20000)) || '_%c')"),
    ("CREATE TABLE t(a, b AS (a + 1)); INSERT INTO t VALUES(1); CREATE INDEX i ON t(b)", "a + 1",
     "length(hex(zeroblob(a * 450000000)))"),
    ("CREATE TABLE t(a); INSERT INTO t VALUES(1); CREATE INDEX i ON t(a) WHERE a > 0", "a > 0",
     "length(hex(zeroblob(a * 450000000))) > 0"),
    ("CREATE TABLE t(a, CHECK(a > 0)); INSERT INTO t VALUES(1)", "a > 0", "length(printf('%.*c', 900000000, 'x')) > 0"),
]  # fmt: skip
MEASURED = """
import resource, sys
from pathlib import Path
from litekeep.clock import SystemClock
from litekeep.monitor import Silent
from litekeep.sqlite.check import check_database
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    report = check_database(Path(path), time_limit_seconds=5, clock=SystemClock(), monitor=Silent())
    print(report.unchecked, report.problems)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux does")
def test_nothing_computed_is_longer_than_the_file(tmp_path: Path) -> None:
    paths = [forge(tmp_path / f"{number}.db", *bomb) for number, bomb in enumerate(BOMBS)]
    began = time.monotonic()
    command = [sys.executable, "-c", MEASURED, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    *told, grown = done.stdout.splitlines()
    assert int(grown) < MOST_GROWTH_KIB
    assert time.monotonic() - began < 60
    assert [("too big" in line or "too complex" in line) for line in told] == [True] * 6 + [False], told


UNPACKED = """
import resource, sys
from pathlib import Path
from litekeep.clock import SystemClock
from litekeep.errors import NotADatabase
from litekeep.monitor import Silent
from litekeep.operations.plainfile import unpack_plain_file
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    unpack_plain_file(Path(sys.argv[1]), Path(sys.argv[2]), clock=SystemClock(), monitor=Silent())
except NotADatabase:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux does")
def test_a_packed_file_takes_no_memory(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.gz", "wb", compresslevel=1) as file:
        for _ in range(200):
            file.write(bytes(1 << 20))
    command = [sys.executable, "-c", UNPACKED, str(tmp_path / "bomb.gz"), str(tmp_path / "copy.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert int(done.stdout) < MOST_GROWTH_KIB
    (tmp_path / "copy.db").unlink()


def test_what_is_large_in_the_file_is_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as db:
        db.execute("CREATE TABLE t(a, b AS (hex(a)))")
        db.execute("CREATE INDEX i ON t(length(b))")
        db.execute("INSERT INTO t VALUES(zeroblob(3000000))")
        db.execute("INSERT INTO t VALUES(zeroblob(1000))")
        db.commit()
    report = check(tmp_path / "a.db")
    assert report.tables == (("t", 2),)
    assert not report.problems
    report = check_database(
        tmp_path / "a.db",
        checks=["SELECT length(hex(zeroblob(4000000))) = 8000000"],
        time_limit_seconds=5,
        clock=SystemClock(),
        monitor=Silent(),
    )
    assert report.failed_checks == (), "a person's own check may compute what it likes"


REACHING_OUT = [
    "load_extension(a || '/nowhere.so')", "writefile('{}', a)", "edit(a)", "readfile('{}')", "fts3_tokenizer(a)",
    "sqlite_compileoption_get(a)",
]  # fmt: skip


@pytest.mark.parametrize("call", REACHING_OUT)
def test_no_function_reaches_out(tmp_path: Path, call: str) -> None:
    """Of an index, a column, a view and a trigger."""
    made = tmp_path / "made"
    script = f"{INDEX} CREATE VIEW v AS SELECT a + 2 FROM t;"
    script += "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT new.a + 3; END;"
    for number, column in ((1, "a"), (2, "a"), (3, "new.a")):
        put = call.format(made).replace("(a", f"({column}").replace(", a", f", {column}")
        path = forge(tmp_path / f"{number}.db", script, f"{column} + {number}", put)
        report = check_database(
            path, checks=["SELECT count(*) FROM v"], time_limit_seconds=5, clock=SystemClock(), monitor=Silent()
        )
        assert isinstance(report, CheckReport)
        assert not made.exists()


def test_a_table_of_another_program_is_not_opened(tmp_path: Path) -> None:
    """A virtual table names a module and what the module shall open; none of them is called for."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t(a)")
        db.execute("PRAGMA writable_schema=ON")
        for number, module in enumerate(("csv(filename='/etc/passwd')", "zipfile('/etc/passwd')", "fsdir('/')")):
            sql = f"CREATE VIRTUAL TABLE v{number} USING {module}"
            db.execute("INSERT INTO sqlite_master VALUES('table', ?, ?, 0, ?)", (f"v{number}", f"v{number}", sql))
        db.commit()
    assert check(path).tables == (("t", 0),)


def test_a_damaged_full_text_index_ends_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as db:
        try:
            db.execute("CREATE VIRTUAL TABLE f USING fts5(body)")
        except sqlite3.OperationalError:
            pytest.skip("this SQLite has no FTS5")
        db.executemany("INSERT INTO f VALUES(?)", [(f"word{number} " * 20,) for number in range(500)])
        db.commit()
        rows = db.execute("SELECT id, block FROM f_data").fetchall()
    for seed in range(12):
        hurt = tmp_path / f"{seed}.db"
        hurt.write_bytes(path.read_bytes())
        with closing(sqlite3.connect(hurt)) as db:
            for number, block in rows[seed % 3 :: 3]:
                other = bytes(byte ^ (seed * 21 + 1) for byte in block)
                db.execute("UPDATE f_data SET block = ? WHERE id = ?", (other, number))
            db.commit()
        assert check(hurt).schema_readable


def test_many_rows_that_wait_for_nobody(tmp_path: Path) -> None:
    """Slow content ends at the limit, and at once when somebody wants to stop."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b REFERENCES u(x))")
        db.execute("CREATE TABLE u(x UNIQUE)")
        numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 60000)"
        db.execute(f"{numbers} INSERT INTO t SELECT x, x FROM n")
        db.execute(f"{numbers} INSERT INTO u SELECT x FROM n")
        db.execute("CREATE VIEW w AS SELECT count(*) FROM t a, t b, t c WHERE a.b + b.b + c.b = -1")
        db.commit()
    began = time.monotonic()
    report = check_database(
        path, checks=["SELECT * FROM w"], time_limit_seconds=0.3, clock=SystemClock(), monitor=Silent()
    )
    assert time.monotonic() - began < 20
    assert report.failed_checks == ("SELECT * FROM w: did not finish within 0.3 seconds",)
    with pytest.raises(Cancelled):
        check_database(
            path, checks=["SELECT * FROM w"], time_limit_seconds=60, clock=SystemClock(), monitor=RecordingMonitor(5)
        )
