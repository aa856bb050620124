"""An application that commits as fast as it can and has no patience. application.py DATABASE ACKNOWLEDGED COMMITS HOW

ACKNOWLEDGED is a file of 8 bytes in which it notes each commit that SQLite has said is done: what is noted must never
be lost. HOW: "alone", or "embedded" to let a manager back the database up all the while, as a desktop application does.
Prints its figures as one line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import sqlite3
import struct
import sys
import time
from pathlib import Path

ROWS = 200
COUNTER = struct.Struct("<Q")
CHECKPOINT_EVERY = 997


def prepare(path: Path, mode: str) -> None:
    """A counter, a running checksum over all commits, and rows that are rewritten in turn."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA journal_mode={mode}").fetchall()
    db.execute("CREATE TABLE counter(n INTEGER, chain BLOB)")
    db.execute("INSERT INTO counter VALUES (0, x'')")
    db.execute("CREATE TABLE row(place INTEGER PRIMARY KEY, n INTEGER, body BLOB)")
    db.execute("CREATE INDEX row_n ON row(n)")
    db.close()


def link_after(link: bytes, number: int) -> bytes:
    """The checksum after commit `number`."""
    return hashlib.sha256(link + COUNTER.pack(number)).digest()


def body_of(number: int) -> bytes:
    """What commit `number` writes into its row."""
    return COUNTER.pack(number) * (1 + number % 50)


def commit(db: sqlite3.Connection, number: int, link: bytes) -> bytes:
    """One transaction; the checksum after it."""
    link = link_after(link, number)
    db.execute("BEGIN IMMEDIATE")
    db.execute("REPLACE INTO row VALUES (?, ?, ?)", (number % ROWS, number, body_of(number)))
    db.execute("UPDATE counter SET n = ?, chain = ?", (number, link))
    db.execute("COMMIT")
    return link


def work(path: str, acknowledged: str, commits: int) -> dict[str, float]:
    """Commit so often; a refused transaction is tried again and counted. Figures, with the slowest hundredth in µs."""
    db = sqlite3.connect(path, isolation_level=None, timeout=0)
    wal = db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    for setting in ("synchronous=OFF", "busy_timeout=0" if wal else "busy_timeout=10000"):
        db.execute(f"PRAGMA {setting}").fetchall()
    number, link = db.execute("SELECT n, chain FROM counter").fetchone()
    ends, busy, took = number + commits, 0, []
    with open(acknowledged, "r+b") as file, mmap.mmap(file.fileno(), COUNTER.size) as noted:
        COUNTER.pack_into(noted, 0, number)
        print("ready", flush=True)
        while number < ends:
            began = time.perf_counter()
            try:
                link = commit(db, number + 1, link)
                number += 1
                COUNTER.pack_into(noted, 0, number)
            except sqlite3.OperationalError:
                busy += 1
                if db.in_transaction:
                    db.execute("ROLLBACK")
            took.append(time.perf_counter() - began)
            if wal and number % CHECKPOINT_EVERY == 0:
                db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()  # it may say that it could not
    db.close()
    return {"commits": commits, "busy": busy, "p99_us": sorted(took)[len(took) * 99 // 100] * 1e6}


def work_embedded(path: str, acknowledged: str, commits: int) -> dict[str, float]:
    """The same beside a manager in this very process."""
    import threading

    from litekeep import BackupManager

    manager = BackupManager(path, {"backup": {"notifications": {"on_failure": []}}})
    manager.create_backup()  # the helper process has started
    over, made = threading.Event(), list[object]()

    def back_up() -> None:
        while not over.is_set():
            made.append(manager.submit_backup(str(len(made))).result())

    thread = threading.Thread(target=back_up)
    thread.start()
    try:
        figures = work(path, acknowledged, commits)
    finally:
        over.set()
        thread.join()
        manager.close()
    return {**figures, "backups": len(made)}


def commits_in(path: Path) -> int:
    """How many commits the database holds, after proving that it holds what exactly so many leave."""
    db = sqlite3.connect(path, timeout=10)
    number, chain = db.execute("SELECT n, chain FROM counter").fetchone()
    rows = db.execute("SELECT place, n, body FROM row ORDER BY n").fetchall()
    sound = db.execute("PRAGMA integrity_check").fetchall()
    db.close()
    link = b""
    for each in range(1, number + 1):
        link = link_after(link, each)
    assert sound == [("ok",)], sound
    assert chain == link, "the commits are not those that were made"
    assert rows == [(n % ROWS, n, body_of(n)) for n in range(max(1, number - ROWS + 1), number + 1)]
    return int(number)


if __name__ == "__main__":
    way = work_embedded if sys.argv[4] == "embedded" else work
    print(json.dumps(way(sys.argv[1], sys.argv[2], int(sys.argv[3]))), flush=True)
