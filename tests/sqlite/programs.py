"""Programs that use a database while tests back it up or restore it. Run as a script: programs.py ACTION PATH ...

Each prints "ready", works until its standard input closes, and prints its figures as one line of JSON.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import select
import sqlite3
import sys
import time

KEPT = 300


def body_of(number: int) -> bytes:
    """The content of row `number`: known from the number alone."""
    return hashlib.sha256(str(number).encode()).digest() * (1 + number % 40)


def expected(counter: int) -> list[tuple[int, bytes]]:
    """The rows that a database with this many commits of `storm` has."""
    return [(n, body_of(n)) for n in range(max(1, counter - KEPT + 1), counter + 1)]


def prepare(path: str, mode: str) -> None:
    """The tables of `storm`."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA journal_mode={mode}")
    db.execute("CREATE TABLE counter(n INTEGER)")
    db.execute("INSERT INTO counter VALUES (0)")
    db.execute("CREATE TABLE row(n INTEGER PRIMARY KEY, body BLOB)")
    db.execute("CREATE INDEX row_body ON row(body)")
    db.close()


def _told_to_stop(seconds: float = 0) -> bool:
    return bool(select.select([sys.stdin], [], [], seconds)[0])


def storm(path: str, pause: str = "0", seconds: str = "60") -> dict[str, int]:
    """Commit as fast as possible; figures: commits, busy (a commit that was refused), longest_ms.

    SQLite's waiting is not fair: of two that never rest one may not get its turn for many seconds on a busy machine.
    """
    db = sqlite3.connect(path, isolation_level=None, timeout=60)
    db.execute("PRAGMA synchronous=OFF")
    print("ready", flush=True)
    commits = busy = 0
    longest = 0.0
    ends = time.monotonic() + float(seconds)
    while not _told_to_stop(float(pause)) and time.monotonic() < ends:
        begun = time.monotonic()
        try:
            db.execute("BEGIN IMMEDIATE")
            n = db.execute("SELECT n FROM counter").fetchone()[0] + 1
            db.execute("INSERT INTO row VALUES (?, ?)", (n, body_of(n)))
            db.execute("DELETE FROM row WHERE n <= ?", (n - KEPT,))
            db.execute("UPDATE counter SET n = ?", (n,))
            db.execute("COMMIT")
            commits += 1
        except sqlite3.OperationalError:
            busy += 1
            if db.in_transaction:
                db.execute("ROLLBACK")
        longest = max(longest, time.monotonic() - begun)
    db.close()
    return {"commits": commits, "busy": busy, "longest_ms": int(longest * 1000)}


WAVE = 120


def wave(counter: int) -> list[tuple[int, bytes]]:
    """The rows of `wave` after this many commits of `surge`: the database grows for a while, then shrinks at once."""
    return [(n, body_of(n) * 9) for n in range(counter - counter % WAVE + 1, counter + 1)]


def surge(path: str, autocheckpoint: str = "1000", cache_pages: str = "2000") -> dict[str, int]:
    """As storm, with a second table that comes and goes; small caches write pages of open transactions to the log."""
    db = sqlite3.connect(path, isolation_level=None, timeout=10)
    for setting in ("synchronous=OFF", f"wal_autocheckpoint={autocheckpoint}", f"cache_size={cache_pages}"):
        db.execute(f"PRAGMA {setting}").fetchall()
    print("ready", flush=True)
    commits = refused = 0
    while not _told_to_stop():
        try:
            db.execute("BEGIN IMMEDIATE")
            n = db.execute("SELECT n FROM counter").fetchone()[0] + 1
            db.execute("INSERT INTO row VALUES (?, ?)", (n, body_of(n)))
            db.execute("DELETE FROM row WHERE n <= ?", (n - KEPT,))
            if n % WAVE == 0:
                db.execute("DELETE FROM wave")
            else:
                db.execute("INSERT INTO wave VALUES (?, ?)", (n, body_of(n) * 9))
            db.execute("UPDATE counter SET n = ?", (n,))
            db.execute("COMMIT")
            commits += 1
        except sqlite3.OperationalError:
            refused += 1
            if db.in_transaction:
                db.execute("ROLLBACK")
    db.close()
    return {"commits": commits, "refused": refused}


def checkpoint(path: str, *kinds: str) -> dict[str, int]:
    """Checkpoint in the given ways, one after the other, again and again."""
    db = sqlite3.connect(path, isolation_level=None, timeout=0.05)
    print("ready", flush=True)
    done = 0
    while not _told_to_stop(0.003):
        try:
            db.execute(f"PRAGMA wal_checkpoint({kinds[done % len(kinds)]})").fetchall()
        except sqlite3.OperationalError:
            pass
        done += 1
    db.close()
    return {"done": done}


def reorganise(path: str) -> dict[str, int]:
    """Change the schema and VACUUM again and again beside a storm."""
    db = sqlite3.connect(path, isolation_level=None, timeout=5)
    print("ready", flush=True)
    done = 0
    while not _told_to_stop(0.002):
        try:
            db.execute(f"CREATE TABLE extra{done}(a)")
            db.execute("VACUUM")
            db.execute(f"DROP TABLE extra{done}")
            done += 1
        except sqlite3.OperationalError:
            continue
    db.close()
    return {"done": done}


def exclusive(path: str) -> dict[str, int]:
    """Hold an exclusive lock, as browsers do."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")
    db.execute("COMMIT")
    print("ready", flush=True)
    _told_to_stop(60)
    db.close()
    return {}


def reader(path: str) -> dict[str, int]:
    """Hold one read transaction."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN")
    db.execute("SELECT * FROM sqlite_master").fetchall()
    print("ready", flush=True)
    _told_to_stop(60)
    db.close()
    return {}


def idle(path: str) -> dict[str, int]:
    """Have the database open and do nothing."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("SELECT * FROM sqlite_master").fetchall()
    print("ready", flush=True)
    _told_to_stop(60)
    db.close()
    return {}


def watch(path: str) -> dict[str, int]:
    """Read the versions in all rows of two tables over and over; figures: reads, mixed, versions seen."""
    db = sqlite3.connect(path, isolation_level=None, timeout=5)
    print("ready", flush=True)
    reads = mixed = refused = 0
    seen = set()
    while not _told_to_stop():
        try:
            db.execute("BEGIN")
            first = {v for (v,) in db.execute("SELECT version FROM left")}
            second = {v for (v,) in db.execute("SELECT version FROM right")}
            count = db.execute("SELECT count(*) FROM right INDEXED BY right_version WHERE version > 0").fetchone()[0]
            db.execute("COMMIT")
        except sqlite3.OperationalError:
            refused += 1
            if db.in_transaction:
                db.execute("ROLLBACK")
            continue
        reads += 1
        mixed += not (len(first) == 1 and first == second and count > 0)
        seen |= first
    db.close()
    return {"reads": reads, "mixed": mixed, "refused": refused, "versions": len(seen)}


def rewrite(path: str) -> dict[str, int]:
    """Commit every now and then beside `watch`, changing nothing; figures: commits, refused (a lock), failed."""
    db = sqlite3.connect(path, isolation_level=None, timeout=5)
    print("ready", flush=True)
    figures = dict.fromkeys(("commits", "refused", "failed"), 0)
    while not _told_to_stop(0.02):
        try:
            db.execute("UPDATE left SET filler = filler WHERE rowid = 1")
            figures["commits"] += 1
        except sqlite3.OperationalError as error:
            figures["refused" if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY else "failed"] += 1
        except sqlite3.Error:
            figures["failed"] += 1
    db.close()
    return figures


def make_version(path: str, version: int, mode: str, rows: int = 1500, page_size: int = 4096) -> None:
    """A database for `watch` in which everything says `version`."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(f"PRAGMA page_size={page_size}; PRAGMA journal_mode={mode};")
    db.executescript(
        "CREATE TABLE left(version INT, filler TEXT); CREATE TABLE right(version INT, filler TEXT);"
        "CREATE INDEX right_version ON right(version);"
    )
    db.execute("BEGIN")
    for table in ("left", "right"):
        db.executemany(
            f"INSERT INTO {table} VALUES (?, ?)", ((version, f"{version}" * 200) for _ in range(rows + version * 10))
        )
    db.execute("COMMIT")
    db.close()


def version_of(path: str) -> int:
    """The one version in a database for `watch`; -1 for a mix."""
    db = sqlite3.connect(path, isolation_level=None, timeout=5)
    try:
        found = {v for table in ("left", "right") for (v,) in db.execute(f"SELECT version FROM {table}")}
        whole = db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return found.pop() if len(found) == 1 and whole else -1
    finally:
        db.close()


def capture(source: str, destination: str, user: str = "", way: str = "raw") -> dict[str, int]:
    """Back up as another user may; prints the error's code word, or ok."""
    from pathlib import Path

    from litekeep.clock import SystemClock
    from litekeep.errors import LitekeepError
    from litekeep.sqlite.capture import CaptureOptions
    from litekeep.sqlite.capture import capture as run
    from litekeep.testing import RecordingMonitor

    if user:
        # Python's own files may be out of this user's reach: load what is loaded late.
        codecs.lookup("ascii")
        Path(source).as_uri()
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    monitor = RecordingMonitor()
    print("ready", flush=True)
    try:
        options = CaptureOptions(deadline_seconds=1.0, scratch=Path(destination).parent, raw=way == "raw")
        image = run(Path(source), Path(destination), clock=SystemClock(), monitor=monitor, options=options)
    except LitekeepError as error:
        return {"code": error.code, "message": error.message}  # type: ignore[dict-item]
    return {"code": "ok", "pages": image.facts.page_count}  # type: ignore[dict-item]


if __name__ == "__main__":
    actions = (storm, surge, checkpoint, reorganise, exclusive, reader, idle, watch, rewrite, capture)
    chosen = {action.__name__: action for action in actions}[sys.argv[1]]
    print(json.dumps(chosen(*sys.argv[2:])), flush=True)
