"""A desktop application in small: two threads write as fast as they can, the main thread must not stall, and a manager
backs it all up again and again. host_program.py DATABASE TIMES; prints its figures as one line of JSON.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from litekeep import BackupManager

BEAT_SECONDS = 0.005


class Writer(threading.Thread):
    """Commits rows 1, 2, 3 ... and their sum, in one transaction each; never waits for a lock that it need not."""

    def __init__(self, path: str, number: int, turn: threading.Lock) -> None:
        super().__init__()
        self.number, self.turn = number, turn
        self.commits = self.busy = 0
        self.over = threading.Event()
        # Opened while nobody else is there: whoever opens a WAL database first locks the others out for a moment
        # (sqlite.org wal.html section 2.4), with or without backups.
        self.db = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
        self.db.execute("PRAGMA synchronous=OFF")

    def run(self) -> None:
        while not self.over.is_set():
            with self.turn:  # the writers exclude each other, so that BUSY can only come from elsewhere
                self._commit(self.db, self.commits + 1)
            time.sleep(0)
        self.db.close()

    def _commit(self, db: sqlite3.Connection, n: int) -> None:
        try:
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO entry VALUES (?, ?, ?)", (self.number, n, "x" * (n % 200)))
            db.execute("UPDATE total SET commits = ?, amount = amount + ? WHERE writer = ?", (n, n, self.number))
            db.execute("COMMIT")
            self.commits = n
        except sqlite3.OperationalError:
            self.busy += 1
            if db.in_transaction:
                db.execute("ROLLBACK")


def prepare(path: str) -> None:
    """WAL mode, as desktop applications use it."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE entry(writer INT, n INT, text TEXT, PRIMARY KEY (writer, n)) WITHOUT ROWID")
    db.execute("CREATE TABLE total(writer INTEGER PRIMARY KEY, commits INT, amount INT)")
    db.execute("INSERT INTO total VALUES (0, 0, 0), (1, 0, 0)")
    db.close()


def problems_in(path: str) -> list[str]:
    """What is wrong in a database of this program: every row up to the counter must be there, and no more."""
    db = sqlite3.connect(path)
    wrong = [text for (text,) in db.execute("PRAGMA integrity_check") if text != "ok"]
    for writer, commits, amount in db.execute("SELECT * FROM total").fetchall():
        found = db.execute(
            "SELECT count(*), coalesce(sum(n), 0), coalesce(max(n), 0) FROM entry WHERE writer = ?", [writer]
        )
        row = found.fetchone()
        if row != (commits, amount, commits) or amount != commits * (commits + 1) // 2:
            wrong.append(f"writer {writer}: {commits} commits, {amount} in all, but rows {row}")
    db.close()
    return wrong


def beat_until(waiting: Future[Any]) -> float:
    """The event loop of the main thread; returns its longest stall."""
    longest = 0.0
    while not waiting.done():
        began = time.perf_counter()
        time.sleep(BEAT_SECONDS)
        longest = max(longest, time.perf_counter() - began - BEAT_SECONDS)
    return longest


def main() -> None:
    """Run it all."""
    path, times = sys.argv[1], int(sys.argv[2])
    prepare(path)
    turn = threading.Lock()
    manager = BackupManager(path, {"backup": {"notifications": {"on_failure": []}}})
    manager.create_backup()  # the helper process has started
    writers = [Writer(path, number, turn) for number in range(2)]
    for writer in writers:
        writer.start()
    stalls, newest = [], ""
    for number in range(times):
        future = manager.submit_backup(str(number))
        stalls.append(beat_until(future))
        newest = future.result().snapshot.id
    for writer in writers:
        writer.over.set()
        writer.join()
    copy = Path(path).with_name("restored.db")
    manager.restore_backup(newest, to=copy)
    manager.close()
    figures = {
        "commits": [writer.commits for writer in writers],
        "busy": sum(writer.busy for writer in writers),
        "backups": len(manager.list_backups()),
        "stalls": stalls,
        "problems": [*problems_in(path), *problems_in(str(copy))],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
