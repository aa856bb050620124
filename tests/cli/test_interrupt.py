"""Ctrl-C: the first stops where nothing is half done, the second at once; and two runs beside each other."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import Run, journal, make_database, process

posix = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


def start(*arguments: object) -> subprocess.Popen[str]:
    """A command that goes on."""
    command = [sys.executable, "-m", "litekeep", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path, text: str) -> None:
    """Until the file holds the text."""
    for _ in range(400):
        if path.exists() and text in path.read_text(errors="replace"):
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} never held {text!r}")


@posix
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_one_signal_stops_at_a_safe_point(number: str, database: Path, place: Path) -> None:
    assert process("backup", database).returncode == 0
    with closing(sqlite3.connect(database)) as holder:
        holder.execute("BEGIN EXCLUSIVE")  # the backup waits for this lock
        running = start("backup", database)
        wait_for(place / "backups" / "lock", "backup of app.db")
        time.sleep(0.2)
        os.kill(running.pid, getattr(signal, number))
        out, err = running.communicate(timeout=10)
    assert running.returncode == 130, err
    assert "Stopping at the next safe point" in err
    assert "Traceback" not in err
    assert out == ""
    assert journal(place / "backups")[-1]["outcome"] == "cancelled"
    assert len(json.loads(process("list", "--json").stdout)["snapshots"]) == 1
    assert process("verify", "--all").returncode == 0


@posix
def test_in_the_middle_of_a_long_backup(place: Path) -> None:
    database = make_database(place / "big.db", rows=100)
    with closing(sqlite3.connect(database)) as db:
        for _ in range(40):
            db.execute("CREATE TABLE IF NOT EXISTS noise(bytes)")
            db.execute("INSERT INTO noise VALUES(randomblob(1000000))")
        db.commit()
    running = start("backup", database, "--progress", "plain")
    assert running.stderr is not None
    first = running.stderr.readline()
    os.kill(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert first.startswith("Reading the database: ")
    assert running.returncode == 130, err
    listed = process("list", "--json")
    assert json.loads(listed.stdout)["snapshots"] == []
    assert not [*place.glob("litekeep-scratch-*")]


@posix
@pytest.mark.parametrize(("tidy", "told"), [("print('tidy', flush=True)", "tidy\n"), ("1 / 0", "")])
def test_a_second_signal_ends_at_once(tidy: str, told: str) -> None:
    """Here an operation stands in that never comes to a safe point.

    It says that it is ready past Python's buffers: within a write to those both signals can strike, and no other write
    to them may begin there (then the terminal stays as it is, as it does after any failure of `tidy`).
    """
    code = (
        "import os, time; from litekeep.cli.interrupt import Interrupt; i = Interrupt();\n"
        f"with i.listening(lambda: {tidy}):\n"
        "    os.write(1, b'ready\\n'); end = time.monotonic() + 20\n"
        "    while time.monotonic() < end: time.sleep(1)\n"
    )
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stderr is not None
    assert running.stdout.readline() == "ready\n"
    began = time.monotonic()
    os.kill(running.pid, signal.SIGINT)
    assert "Stopping" in running.stderr.readline() + running.stderr.readline()
    assert running.poll() is None
    os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=10)
    assert (running.returncode, out) == (130, told), err
    assert time.monotonic() - began < 15


def test_two_backups_at_once(database: Path, place: Path) -> None:
    assert process("init", database).returncode == 0
    both = [start("backup", database, "--json") for _ in range(2)]
    ended = [each.communicate(timeout=30) for each in both]
    assert [each.returncode for each in both] == [0, 0], ended
    snapshots = json.loads(process("list", "--json").stdout)["snapshots"]
    assert [each["sequence"] for each in snapshots] == [1, 2]
    assert process("verify", "--all").returncode == 0
    assert len(journal(place / "backups")) == 3


def test_a_repository_in_use(database: Path, place: Path, litekeep: Run) -> None:
    from litekeep.clock import SystemClock
    from litekeep.storage.local import LocalStorage

    litekeep("backup", database)
    with LocalStorage(place / "backups", SystemClock()).lock("backup of payroll"):
        failed = process("backup", database, "--wait", "0.1", "--json")
        assert failed.returncode == 11, failed
        assert "in use by backup of payroll" in json.loads(failed.stderr)["message"]
        status = json.loads(process("status", "--json").stdout)
        assert status["sources"][0]["verdict"] == "running"
