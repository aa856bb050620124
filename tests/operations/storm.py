"""Programs of test_storm, run as scripts: storm.py write DATABASE SECONDS | back_up DATABASE REPOSITORY SECONDS

Each works for so long and prints its figures as one line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

KEPT = 400


def body_of(number: int) -> str:
    """The content of row `number`."""
    return hashlib.sha256(str(number).encode()).hexdigest() * (1 + number % 30)


def prepare(database: Path) -> None:
    """A counter, rows that follow from it, and a running checksum over all commits."""
    db = sqlite3.connect(database, isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode=WAL; CREATE TABLE counter(n INTEGER, chain TEXT); INSERT INTO counter VALUES (0, '');"
        "CREATE TABLE row(n INTEGER PRIMARY KEY, body TEXT); CREATE INDEX row_body ON row(body);"
    )
    db.close()


def next_link(chain: str, number: int) -> str:
    """The checksum after commit `number`."""
    return hashlib.sha256(f"{chain}{number}".encode()).hexdigest()


def write(database: str, seconds: str) -> dict[str, Any]:
    """Commit as fast as possible without any patience; writers take turns by a lock of their own."""
    import fcntl

    db = sqlite3.connect(database, isolation_level=None, timeout=0)
    db.execute("PRAGMA synchronous=OFF")
    commits = busy = wrong = 0
    ends = time.monotonic() + float(seconds)
    with open(f"{database}.turn", "w") as turn:
        while time.monotonic() < ends:
            fcntl.flock(turn, fcntl.LOCK_EX)
            try:
                db.execute("BEGIN IMMEDIATE")
                number, chain = db.execute("SELECT n, chain FROM counter").fetchone()
                db.execute("INSERT INTO row VALUES (?, ?)", (number + 1, body_of(number + 1)))
                db.execute("DELETE FROM row WHERE n <= ?", (number + 1 - KEPT,))
                db.execute("UPDATE counter SET n = ?, chain = ?", (number + 1, next_link(chain, number + 1)))
                db.execute("COMMIT")
                commits += 1
                wrong += db.execute("SELECT n FROM counter").fetchone()[0] != number + 1
            except sqlite3.OperationalError:
                busy += 1
                if db.in_transaction:
                    db.execute("ROLLBACK")
            finally:
                fcntl.flock(turn, fcntl.LOCK_UN)
    db.close()
    return {"commits": commits, "busy": busy, "wrong": wrong}


def back_up(database: str, repository: str, seconds: str) -> dict[str, Any]:
    """Back up without a pause."""
    from litekeep.clock import SystemClock
    from litekeep.model import Level
    from litekeep.monitor import Silent
    from litekeep.operations.backup import BackupOptions, backup
    from litekeep.repository.repository import Repository
    from litekeep.storage.local import LocalStorage

    clock, made = SystemClock(), []
    opened = Repository.open(LocalStorage(Path(repository), clock))
    ends = time.monotonic() + float(seconds)
    while time.monotonic() < ends:
        result = backup(opened, Path(database), options=BackupOptions(), clock=clock, monitor=Silent())
        assert (result.level, result.problems, result.damage) == (Level.FULL, (), ())
        made.append(result.snapshot.id)
    return {"made": made}


if __name__ == "__main__":
    action = {"write": write, "back_up": back_up}[sys.argv[1]]
    print(json.dumps(action(*sys.argv[2:])))  # type: ignore[operator]
