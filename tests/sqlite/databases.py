"""Databases of every kind, made on the spot, and the questions tests ask about them."""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import os
import signal
import sqlite3
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from litekeep.sqlite.pinned import Reading

MIB = 1 << 20


def connect(path: Path) -> sqlite3.Connection:
    """A program's connection: autocommit, patient."""
    return sqlite3.connect(path, isolation_level=None, timeout=10)


def make(path: Path, *, page_size: int = 4096, mode: str = "delete", rows: int = 200, settings: str = "") -> Path:
    """A database with tables of several kinds; closed, so a WAL is folded in."""
    with closing(connect(path)) as db:
        db.executescript(f"PRAGMA page_size={page_size}; {settings}; PRAGMA journal_mode={mode};")
        db.executescript(
            "PRAGMA user_version=7; PRAGMA application_id=252006;"
            "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, body BLOB);"
            "CREATE INDEX item_name ON item(name);"
            "CREATE TABLE pair(a TEXT, b INT, PRIMARY KEY(a, b)) WITHOUT ROWID;"
        )
        fill(db, rows)
    return path


def fill(db: sqlite3.Connection, rows: int) -> None:
    """Insert rows in one transaction and delete some, so that there are free pages."""
    db.execute("BEGIN")
    db.executemany("INSERT INTO item(name, body) VALUES (?, ?)", ((f"n{i}", os.urandom(300)) for i in range(rows)))
    db.executemany("INSERT OR IGNORE INTO pair VALUES (?, ?)", ((f"p{i % 17}", i) for i in range(rows)))
    db.execute("DELETE FROM item WHERE id % 5 = 0")
    db.execute("COMMIT")


def pieces(reading: Reading, step: int) -> Iterator[tuple[int, memoryview]]:
    """A pinned state from front to back: (offset, bytes)."""
    for offset in range(0, reading.image.facts.size_bytes, step):
        view = memoryview(bytearray(min(step, reading.image.facts.size_bytes - offset)))
        reading.fill(offset, view)
        yield offset, view


def has_fts5() -> bool:
    """True if this SQLite has full-text search compiled in."""
    with closing(sqlite3.connect(":memory:")) as db:
        return bool(db.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()[0])


def content(path: Path, *, query: str = "mode=ro") -> str:
    """A digest of all rows of all tables, in order, and of the schema."""
    digest = hashlib.sha256()
    with closing(sqlite3.connect(f"{path.as_uri()}?{query}", uri=True)) as db:
        db.text_factory = bytes
        names = [
            n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type='table' AND rootpage>0 ORDER BY 1")
        ]
        for row in db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"):
            digest.update(repr(row).encode())
        for name in names:
            for row in db.execute(f'SELECT * FROM "{name.decode()}"'):
                digest.update(repr(row).encode())
    return digest.hexdigest()


def pragmas(path: Path) -> dict[str, object]:
    """What must survive a backup beside the rows."""
    names = ["page_size", "page_count", "encoding", "auto_vacuum", "user_version", "application_id"]
    names += ["freelist_count", "schema_version"]
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in names}


def same_pages(source: Path, copy: Path) -> bool:
    """True if the files are equal but for the change counter and its twin (bytes 24-27 and 92-95)."""

    def masked(path: Path) -> bytes:
        data = bytearray(path.read_bytes())
        data[24:28] = data[92:96] = bytes(4)
        return bytes(data)

    return masked(source) == masked(copy)


def sound(path: Path) -> bool:
    """integrity_check, without making sidecars."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        return bool(db.execute("PRAGMA integrity_check").fetchall() == [("ok",)])


def in_killed_child(action: Callable[[], None]) -> None:
    """Run `action` in a forked child that then dies as by a power switch, with its connections open."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def leave_hot_journal(path: Path) -> None:
    """A program writes half a transaction into the file (mode delete) and dies."""

    def half() -> None:
        db = connect(path)
        db.execute("PRAGMA cache_size=5")
        db.execute("BEGIN")
        db.execute("UPDATE item SET body = zeroblob(300), name = 'uncommitted'")

    in_killed_child(half)
    assert path.with_name(path.name + "-journal").stat().st_size > 512


def leave_wal(path: Path, *, rows: int = 50) -> None:
    """A program commits into the WAL and dies without a checkpoint; -wal and -shm stay."""

    def commit() -> None:
        db = connect(path)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA wal_autocheckpoint=0")
        fill(db, rows)

    in_killed_child(commit)
    assert path.with_name(path.name + "-wal").stat().st_size > 0


def library() -> ctypes.CDLL:
    """The SQLite library that Python's sqlite3 module itself uses."""
    import _sqlite3

    name = ctypes.util.find_library("sqlite3")
    return ctypes.CDLL(name or _sqlite3.__file__)


def make_with_reserved_bytes(path: Path, reserved: int) -> bool:
    """A database whose pages end in `reserved` unused bytes; False if this SQLite cannot make one."""
    sqlite = library()
    handle = ctypes.c_void_p()
    sqlite.sqlite3_open(os.fsencode(path), ctypes.byref(handle))
    try:
        wanted = ctypes.c_int(reserved)
        if sqlite.sqlite3_file_control(handle, b"main", 38, ctypes.byref(wanted)):  # SQLITE_FCNTL_RESERVE_BYTES
            return False
        script = (
            b"CREATE TABLE item(id INTEGER PRIMARY KEY, body BLOB);"
            + b"INSERT INTO item(body) VALUES (randomblob(900));" * 60
        )
        sqlite.sqlite3_exec(handle, script, None, None, None)
    finally:
        sqlite.sqlite3_close(handle)
    return path.read_bytes()[20] == reserved


@contextmanager
def process(action: str, *arguments: object) -> Iterator[Child]:
    """Run an action of programs.py in a process of its own; it is killed at the end of the block."""
    import subprocess

    script = Path(__file__).with_name("programs.py")
    with subprocess.Popen(
        [sys.executable, str(script), action, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline().strip() == "ready"
            yield Child(child.stdin, child.stdout, child.pid)
        finally:
            child.kill()


class Child:
    """A program that runs until it is told to stop, then says one line."""

    def __init__(self, stdin: object, stdout: object, pid: int) -> None:
        self.pid = pid
        self._stdin = stdin
        self._stdout = stdout

    def stop(self) -> dict[str, int]:
        """Let it end and return its figures."""
        import json

        self._stdin.close()  # type: ignore[attr-defined]
        answer: dict[str, int] = json.loads(self._stdout.readline())  # type: ignore[attr-defined]
        return answer


def make_sparse(path: Path, size_bytes: int) -> Path:
    """A valid database of this length with few rows: all other pages are free, and holes of the file.

    Free pages are named by trunk pages (sqlite.org fileformat2 section 1.5); only these take room on the disk.
    """
    with closing(connect(make(path, rows=50))) as db:
        db.execute("VACUUM")
    page_size, leaves = 4096, 4096 // 4 - 8  # SQLite leaves the last six entries of a trunk unused
    pages, lock_page = size_bytes // page_size, (1 << 30) // page_size + 1
    with path.open("r+b") as file:
        header = file.read(100)
        (used,) = struct.unpack_from(">I", header, 28)
        assert struct.unpack_from(">HxxxxxxxxxxxxxxII", header, 16) == (page_size, 0, 0), "no free pages yet"
        free = [number for number in range(used + 1, pages + 1) if number != lock_page]
        trunks = [free[at : at + leaves + 1] for at in range(0, len(free), leaves + 1)]
        file.truncate(pages * page_size)
        for place, (number, *others) in enumerate(trunks):
            following = trunks[place + 1][0] if place + 1 < len(trunks) else 0
            file.seek((number - 1) * page_size)
            file.write(struct.pack(f">{2 + len(others)}I", following, len(others), *others))
        file.seek(28)
        file.write(struct.pack(">3I", pages, trunks[0][0], len(free)))
    return path
