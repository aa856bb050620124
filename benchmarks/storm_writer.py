"""One of the writers of the case `storm`, a process of its own: an application that commits as fast as it can.

python -m benchmarks.storm_writer DATABASE NUMBER SECONDS REPORT
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

TABLE = "CREATE TABLE IF NOT EXISTS storm(writer INTEGER, number INTEGER, text TEXT, PRIMARY KEY(writer, number))"
PAUSE_SECONDS = 0.0005  # between commits, and before another attempt: without it two writers starve each other


def main() -> None:
    """Write until the time is over, then report every latency and how often the database was BUSY."""
    database, writer, lasting, report = sys.argv[1:]
    latencies, busy = list[float](), 0
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as db:
        end = time.perf_counter() + float(lasting)
        while time.perf_counter() < end:
            began = time.perf_counter()
            while not attempt(db, int(writer), len(latencies)):
                busy += 1
                time.sleep(PAUSE_SECONDS)
            latencies.append(time.perf_counter() - began)
            time.sleep(PAUSE_SECONDS)
    Path(report).write_text(json.dumps({"latencies": latencies, "busy": busy}), "ascii")


def attempt(db: sqlite3.Connection, writer: int, number: int) -> bool:
    """One transaction; False if it met BUSY and left nothing behind."""
    try:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO storm VALUES(?,?,?)", (writer, number, "x" * 200))
        db.execute("UPDATE employees SET changed_at=changed_at+1 WHERE id=?", (1 + number % 1000,))
        db.execute("COMMIT")
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        if db.in_transaction:
            db.execute("ROLLBACK")
        return False
    return True


if __name__ == "__main__":
    main()
