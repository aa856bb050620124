"""Restore and undo over a database that readers and a writer have open, killed at any moment."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Refused
from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations.backup import backup
from litekeep.operations.restore import find_undo, is_still_there, restore_file, restore_new, restore_over
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from sqlite.databases import leave_wal, process
from sqlite.programs import make_version, version_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="uses POSIX signals")

KILLS = 8
CLOCK = SystemClock()
RESTORER = """
import sys
from pathlib import Path
from litekeep.clock import SystemClock
from litekeep.monitor import Silent
from litekeep.operations.restore import restore_over
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
clock = SystemClock()
repository = Repository.open(LocalStorage(Path(sys.argv[1]), clock))
first = load_catalog(repository).snapshots[0]
print("ready", flush=True)
restore_over(repository, first, Path(sys.argv[2]), clock=clock, monitor=Silent())
"""
KILLED_REPLACEMENT = """
import os, signal, sys
def hook(name, arguments):
    if name == "os.link" and str(arguments[1]) == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from pathlib import Path
from litekeep.sqlite.replace import install_replace
install_replace(Path(sys.argv[1]), Path(sys.argv[2]), all_closed=True)
"""
WRITER = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
print("ready", flush=True)
while True:
    db.execute("UPDATE left SET filler = filler WHERE rowid = 1")
    time.sleep(0.02)
"""


class Place:
    """Version 1 is in the repository, version 2 is live."""

    def __init__(self, folder: Path, mode: str) -> None:
        (folder / "data").mkdir()
        self.database, self.mode, root = folder / "data" / "app.db", mode, folder / "backups"
        self.repository = Repository.create(LocalStorage(root, CLOCK, create=True), CLOCK.now())
        self.root = root
        make_version(str(self.database), 1, mode, rows=300)
        backup(self.repository, self.database, clock=CLOCK, monitor=Silent())
        self.make_second()

    def make_second(self) -> None:
        """The present state, in a new file or in the place of what is there."""
        for path in self.database.parent.iterdir():
            path.unlink()
        make_version(str(self.database), 2, self.mode, rows=300)

    def kill_a_restore(self, seconds: float) -> None:
        """Start one, and end it so much later."""
        command = [sys.executable, "-B", "-c", RESTORER, str(self.root), str(self.database)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            time.sleep(seconds)
            child.send_signal(signal.SIGKILL)

    def restore(self) -> None:
        """To its end."""
        first = load_catalog(self.repository).snapshots[0]
        restore_over(self.repository, first, self.database, clock=CLOCK, monitor=Silent())

    def undo(self) -> None:
        """As the command line does it."""
        snapshots = load_catalog(self.repository).snapshots
        snapshot, path = find_undo(
            snapshots, lambda found: is_still_there(self.repository, found, clock=CLOCK, monitor=Silent())
        )
        restore_over(self.repository, snapshot, path, clock=CLOCK, monitor=Silent())

    def safety_copies(self) -> int:
        """How many there are."""
        return sum(each.reason is Reason.PRE_RESTORE for each in load_catalog(self.repository).snapshots)


@contextmanager
def writing(database: Path) -> Iterator[None]:
    """A program that commits every now and then, and changes nothing."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(database)], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            yield
            assert child.poll() is None, "the writer met an error"
        finally:
            child.kill()


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_restores_killed_under_readers_and_a_writer(tmp_path: Path, mode: str, pytestconfig: pytest.Config) -> None:
    """Old or new for everyone, never a mix; a safety copy before any change; restore and undo work right after."""
    place, chance = Place(tmp_path, mode), random.Random(mode)
    for _ in range(KILLS * (20 if pytestconfig.getoption("--crash-all") else 1)):
        place.make_second()
        copies = place.safety_copies()
        with process("watch", place.database) as reader, writing(place.database):
            place.kill_a_restore(chance.uniform(0.0, 0.12))
            found = version_of(str(place.database))
            assert found in (1, 2)
            assert found == 2 or place.safety_copies() == copies + 1
            if found == 2:
                place.restore()
            assert version_of(str(place.database)) == 1
            place.undo()
            assert version_of(str(place.database)) == 2
            assert reader.stop()["mixed"] == 0
        assert not [path.name for path in place.database.parent.iterdir() if "litekeep-scratch" in path.name]


def test_an_old_log_is_never_replayed_into_a_restored_database(tmp_path: Path) -> None:
    """A program died with commits in its log; the database itself is damaged, or gone."""
    place = Place(tmp_path, "wal")
    first = load_catalog(place.repository).snapshots[0]
    with closing(sqlite3.connect(place.database)) as db:
        db.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, body BLOB)")
        db.execute("CREATE TABLE pair(a TEXT, b INT, PRIMARY KEY(a, b))")
    leave_wal(place.database)
    log = place.database.with_name("app.db-wal")
    kept = log.read_bytes()
    place.database.rename(place.database.with_name("aside.db"))
    with pytest.raises(Refused):
        restore_new(place.repository, first, place.database, clock=CLOCK, monitor=Silent())
    with pytest.raises(Refused):
        restore_over(place.repository, first, place.database, clock=CLOCK, monitor=Silent())
    assert log.read_bytes() == kept
    place.database.with_name("aside.db").rename(place.database)
    place.restore()
    assert version_of(str(place.database)) == 1
    place.undo()
    with closing(sqlite3.connect(place.database)) as db:
        assert db.execute("SELECT count(*) > 0 FROM item").fetchone() == (1,)  # what only the log held came back


def test_an_interrupted_replacement_is_finished_before_anything_is_decided(tmp_path: Path) -> None:
    """It died when the old file was moved away and the new one not yet there: nothing seems to be there."""
    place = Place(tmp_path, "delete")
    place.database.write_bytes(b"no database at all" * 1000)
    prepared = place.database.with_name("prepared.db")
    make_version(str(prepared), 1, "delete", rows=300)
    command = [sys.executable, "-B", "-c", KILLED_REPLACEMENT, str(prepared), str(place.database)]
    done = subprocess.run(command, check=False, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not place.database.exists()
    first = load_catalog(place.repository).snapshots[0]
    with pytest.raises(Refused, match="exists already"):
        restore_new(place.repository, first, place.database, clock=CLOCK, monitor=Silent())
    assert version_of(str(place.database)) == 1
    make_version(str(tmp_path / "other.db"), 3, "delete", rows=300)
    restore_file(place.repository, tmp_path / "other.db", place.database, clock=CLOCK, monitor=Silent())
    assert version_of(str(place.database)) == 3
    (aside,) = place.database.parent.glob(".before-restore-*")
    assert (aside / "app.db").read_bytes().startswith(b"no database at all")
