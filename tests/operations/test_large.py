"""A database longer than 2 GiB, where numbers of 32 bits end; most of it is a hole, so that it fits anywhere.

What it takes in memory is measured on whole processes. Linux counts in ru_maxrss also what a process was forked from,
which is a large one here; VmHWM begins anew with each program (proc_pid_status(5)).
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sqlite.databases import connect, fill, make_sparse

SIZE_BYTES = (2 << 30) + (8 << 20)
MOST_MIB = 100
PROGRAM = """
import re, resource, sys
from pathlib import Path
from litekeep.cli.main import main
code = main(sys.argv[1:])
if sys.platform == "linux":
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
print("took", peak, file=sys.stderr)
sys.exit(code)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files have no holes there by themselves")


def litekeep(*arguments: str | Path) -> str:
    """A run that must succeed, in bounded memory."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (peak,) = (int(line.split()[1]) for line in done.stderr.splitlines() if line.startswith("took "))
    assert peak / (1 << 20) < MOST_MIB, arguments
    return done.stdout


def test_from_the_first_backup_to_the_restore(tmp_path: Path) -> None:
    source, repository, target = make_sparse(tmp_path / "large.db", SIZE_BYTES), tmp_path / "backups", tmp_path / "b.db"
    litekeep("backup", source, "-r", repository, "--verify", "none")
    with closing(connect(source)) as db:
        fill(db, 2000)
        rows = db.execute("SELECT * FROM item").fetchall()
    assert "integrity ok" in litekeep("backup", source, "-r", repository, "--verify", "full")
    litekeep("restore", "latest", "--to", target, "-r", repository)
    assert target.stat().st_size == source.stat().st_size == SIZE_BYTES
    with closing(sqlite3.connect(target)) as db:
        assert db.execute("SELECT * FROM item").fetchall() == rows
