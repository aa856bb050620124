"""Several real processes on one folder: each succeeds or waits, and nothing is lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from crash.oracle import require_no_garbage
from litekeep.clock import SystemClock
from litekeep.monitor import Silent
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.scrub import scrub
from litekeep.repository.catalog import load_catalog
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage

ROUNDS = 10

WORKER = """
import json, sqlite3, sys
from pathlib import Path
from crash.worlds import small_scale
from litekeep.clock import SystemClock
from litekeep.errors import LitekeepError
from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.empty_trash import empty_trash
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.restore import restore_new
from litekeep.operations.verify import verify
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.local import LocalStorage
action, root, database, rounds = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
clock, monitor, scratch = SystemClock(), Silent(), database.parent
few = RetentionPolicy(days=0, weeks=0, months=0, keep_last=2, trash_days=0)
def once(number):
    repository = Repository.open(LocalStorage(root, clock))
    if action == "backup":
        db = sqlite3.connect(database, timeout=30)
        db.execute("UPDATE item SET body = randomblob(900) WHERE id % 10 = ?", (number % 10,))
        db.commit()
        db.close()
        options = BackupOptions(reason=Reason.SCHEDULED, scratch=scratch)
        result = backup(repository, database, options=options, clock=clock, monitor=monitor)
        return "damage" if result.damage else result.snapshot.id
    if action == "prune":
        prune(repository, PruneOptions(few, confirmed=True, scratch=scratch), clock=clock, monitor=monitor)
        return "pruned"
    newest = load_catalog(repository).snapshots[-1]
    if action == "restore":
        target = database.with_name(f"restored-{number}.db")
        restore_new(repository, newest, target, clock=clock, monitor=monitor)
        return newest.id
    result = verify(repository, newest, scratch=scratch, clock=clock, monitor=monitor)
    return "damage" if result.damage else newest.id
print("ready", flush=True)
sys.stdin.readline()
told = []
with small_scale():
    for number in range(rounds):
        try:
            told.append(once(number))
        except LitekeepError as error:
            told.append(f"{error.code}: {error.message}")
print(json.dumps(told), flush=True)
"""


@dataclass
class Place:
    """A repository with a snapshot of each of two databases."""

    folder: Path
    root: Path
    databases: tuple[Path, Path]

    def run(self, *jobs: tuple[str, Path], rounds: int = ROUNDS) -> list[list[str]]:
        """Start all jobs at once; returns what each says about its rounds."""
        command = [sys.executable, "-B", "-c", WORKER]
        started = [
            subprocess.Popen(
                [*command, action, str(self.root), str(database), str(rounds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[1],
            )
            for action, database in jobs
        ]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate(timeout=120)[0] for process in started]
        assert [process.returncode for process in started] == [0] * len(started), told
        return [json.loads(text) for text in told]

    def require_sound(self) -> set[str]:
        """Everything listed can be rebuilt and nothing is damaged or left over; returns the ids of what is listed."""
        clock = SystemClock()
        repository = Repository.open(LocalStorage(self.root, clock))
        table, catalog = PackTable(repository), load_catalog(repository)
        assert not catalog.damaged
        for each in catalog.snapshots:
            copy = self.folder / "rebuilt.db"
            copy.write_bytes(b"")
            rebuild(repository, table, each.key, repository.read_manifest(each.key), copy, Silent())
            with closing(sqlite3.connect(copy)) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert each.sound, each
        assert scrub(repository, clock=clock, monitor=Silent()).damaged == ()
        prune(repository, PruneOptions(compact=False), clock=clock, monitor=Silent())
        require_no_garbage(repository)
        return {each.id for each in catalog.snapshots}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    databases = tmp_path / "one.db", tmp_path / "two.db"
    for database in databases:
        with closing(sqlite3.connect(database, isolation_level=None)) as db:
            db.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body BLOB)")
            db.executemany("INSERT INTO item(body) VALUES (randomblob(900))", [()] * 60)
    root = tmp_path / "backups"
    Repository.create(LocalStorage(root, SystemClock(), create=True), SystemClock().now())
    made = Place(tmp_path, root, databases)
    made.run(("backup", databases[0]), ("backup", databases[1]), rounds=1)
    return made


@pytest.mark.parametrize("same", [True, False])
def test_two_backups(place: Place, same: bool) -> None:
    one, two = place.databases
    told = place.run(("backup", one), ("backup", one if same else two))
    listed = place.require_sound()
    assert {name for names in told for name in names} <= listed, told


def test_backup_beside_prune(place: Place) -> None:
    backups, prunes = place.run(("backup", place.databases[0]), ("prune", place.databases[1]))
    assert prunes == ["pruned"] * ROUNDS
    assert all(len(name) == 16 for name in backups), backups
    assert backups[-1] in place.require_sound()


@pytest.mark.parametrize("reader", ["restore", "verify"])
def test_reader_beside_prune_and_backup(place: Place, reader: str) -> None:
    """A snapshot that goes while it is read may be reported missing; damage is never reported."""
    one, two = place.databases
    reads, prunes, backups = place.run((reader, two), ("prune", two), ("backup", two))
    assert prunes == ["pruned"] * ROUNDS
    assert backups[-1] in place.require_sound()
    assert all(len(told) == 16 or told.startswith("object_missing") for told in reads), reads
    assert one.exists()


def test_two_prunes(place: Place) -> None:
    place.run(("backup", place.databases[0]))
    told = place.run(("prune", place.databases[0]), ("prune", place.databases[1]), rounds=3)
    assert told == [["pruned"] * 3] * 2
    assert len(place.require_sound()) == 3


def test_two_runs_that_create_one_repository(place: Place) -> None:
    """One makes it; the other is refused or finds it. It opens afterwards in any case."""
    shutil.rmtree(place.root)
    program = (
        "import sys; from pathlib import Path; from litekeep.clock import SystemClock;"
        "from litekeep.errors import LitekeepError; from litekeep.repository.repository import Repository;"
        "from litekeep.storage.local import LocalStorage; clock = SystemClock()\n"
        "try:\n Repository.create(LocalStorage(Path(sys.argv[1]), clock, create=True), clock.now())\n"
        "except LitekeepError as error: print(error.code)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", program, str(place.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60)[0].strip() for process in both]
    assert all(process.returncode == 0 for process in both)
    assert set(told) <= {"", "refused", "object_exists"}
    repository = Repository.open(LocalStorage(place.root, SystemClock()))
    assert scrub(repository, clock=SystemClock(), monitor=Silent()).damaged == ()
