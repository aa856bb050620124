"""A database and its repository, a clock to live by, and the questions that tests ask of them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest

from litekeep.model import Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, BackupResult, backup
from litekeep.operations.drill import DrillResult, drill
from litekeep.operations.prune import PruneOptions, PruneResult, prune
from litekeep.operations.restore import RestoreOptions, RestoreResult, restore_new, restore_over
from litekeep.operations.scrub import ScrubReport, scrub
from litekeep.operations.verify import VerifyResult, verify
from litekeep.repository.catalog import load_catalog
from litekeep.repository.keyring import NewSlot
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.base import Storage
from litekeep.testing import ManualClock, MemoryStorage, RecordingMonitor

HOUR = 3600
DAY = 24 * HOUR


class Home:
    """One database, `data/app.db`, and one repository.

    folder: data/ holds databases, scratch/ working copies, out/ what is restored. clock: ahead of the machine's, so
    that files changed by a test have change times of the past.
    """

    def __init__(
        self,
        folder: Path,
        storage: Storage | None = None,
        clock: ManualClock | None = None,
        encryption: Sequence[NewSlot] = (),
    ) -> None:
        for name in ("data", "scratch", "out"):
            (folder / name).mkdir(parents=True)
        self.folder = folder
        self.clock = clock or ManualClock(datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1))
        self.monitor = RecordingMonitor()
        self.storage = storage or MemoryStorage()
        self.repository = Repository.create(self.storage, self.clock.now(), encryption=encryption)
        self.database = folder / "data" / "app.db"
        self.scratch = folder / "scratch"
        self.chance = random.Random(7)

    def make(self, rows: int = 60, *, page_size: int = 4096, mode: str = "delete", settings: str = "") -> None:
        """A database with a table, an index and a table without row numbers."""
        with closing(connect(self.database)) as db:
            db.executescript(f"PRAGMA page_size={page_size}; {settings}; PRAGMA journal_mode={mode};")
            db.executescript(
                "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, body BLOB); CREATE INDEX by_name ON item(name);"
                "CREATE TABLE pair(a TEXT, b INT, PRIMARY KEY(a, b)) WITHOUT ROWID;"
            )
            self.insert(db, rows)

    def insert(self, db: sqlite3.Connection, rows: int) -> None:
        """Add rows in one transaction."""
        bodies = [(f"n{self.chance.random()}", self.chance.randbytes(400)) for _ in range(rows)]
        db.execute("BEGIN")
        db.executemany("INSERT INTO item(name, body) VALUES (?, ?)", bodies)
        db.executemany(
            "INSERT OR IGNORE INTO pair VALUES (?, ?)", [(name, i % 3) for i, (name, _) in enumerate(bodies)]
        )
        db.execute("COMMIT")

    def change(self, rows: int = 2) -> None:
        """Edit some rows and add some."""
        with closing(connect(self.database)) as db:
            for _ in range(rows):
                number = self.chance.randrange(1, 40)
                db.execute("UPDATE item SET body = ? WHERE id = ?", (self.chance.randbytes(400), number))
            self.insert(db, rows)

    def sql(self, script: str) -> None:
        """Run a script on the database."""
        with closing(connect(self.database)) as db:
            db.executescript(script)

    def backup(
        self, reason: Reason = Reason.SCHEDULED, *, source: Path | None = None, after: float = HOUR, **options: Any
    ) -> BackupResult:
        """Let an hour pass, then back up."""
        self.clock.advance(after)
        wanted = BackupOptions(reason=reason, scratch=self.scratch)
        monitor = options.pop("monitor", self.monitor)
        if "source_name" in options:
            options["source"] = options.pop("source_name")
        return backup(
            self.repository,
            source or self.database,
            options=replace(wanted, **options),
            clock=self.clock,
            monitor=monitor,
        )

    def snapshots(self) -> list[Snapshot]:
        """All that are listed, the trash included."""
        return list(load_catalog(self.repository).snapshots)

    def find(self, name: str) -> Snapshot:
        """By id, or "latest"."""
        return load_catalog(self.repository).find(name)

    def image(self, snapshot: Snapshot, table: PackTable | None = None) -> bytes:
        """The file that the snapshot is of, every byte proven."""
        return image_of(self.repository, snapshot, self.scratch, table)

    def verify(self, snapshot: Snapshot, **options: Any) -> VerifyResult:
        """A second later, verify fully."""
        self.clock.advance(1)
        return verify(
            self.repository, snapshot, scratch=self.scratch, clock=self.clock, monitor=self.monitor, **options
        )

    def drill(self, snapshot: Snapshot, checks: Sequence[str] = ()) -> DrillResult:
        """A second later, test-restore."""
        self.clock.advance(1)
        return drill(
            self.repository, snapshot, checks=checks, scratch=self.scratch, clock=self.clock, monitor=self.monitor
        )

    def restore_new(self, snapshot: Snapshot, target: Path, **options: Any) -> RestoreResult:
        """Restore to a new path."""
        return restore_new(
            self.repository, snapshot, target, options=RestoreOptions(**options), clock=self.clock, monitor=self.monitor
        )

    def restore_over(self, snapshot: Snapshot, target: Path | None = None, **options: Any) -> RestoreResult:
        """Restore over the database."""
        return restore_over(
            self.repository,
            snapshot,
            target or self.database,
            options=RestoreOptions(**options),
            clock=self.clock,
            monitor=self.monitor,
        )

    def prune(self, policy: RetentionPolicy | None = None, **options: Any) -> PruneResult:
        """Prune at once."""
        wanted = PruneOptions(policy or RetentionPolicy(), scratch=self.scratch, **options)
        return prune(self.repository, wanted, clock=self.clock, monitor=self.monitor)

    def scrub(self) -> ScrubReport:
        """Read everything."""
        return scrub(self.repository, clock=self.clock, monitor=Silent())

    def keys(self, prefix: str = "") -> list[str]:
        """The names of all stored objects."""
        return [entry.key for entry in self.storage.list(prefix)]

    def flip(self, key: str, offset: int = 100) -> None:
        """Damage one byte of an object in a MemoryStorage."""
        assert isinstance(self.storage, MemoryStorage)
        data = bytearray(self.storage.get(key))
        data[offset] ^= 0xFF
        self.storage._objects[key] = bytes(data)

    def left_over(self) -> list[str]:
        """What runs left in the working folders."""
        found = [*self.scratch.iterdir(), *self.folder.rglob("litekeep-scratch-*"), *self.folder.rglob(".litekeep-*")]
        return sorted(str(path) for path in found)


def image_of(repository: Repository, snapshot: Snapshot, folder: Path, table: PackTable | None = None) -> bytes:
    """Rebuild a snapshot in memory, by way of a file in `folder`."""
    path = folder / "oracle.db"
    path.write_bytes(b"")
    try:
        manifest = repository.read_manifest(snapshot.key)
        rebuild(repository, table or PackTable(repository), snapshot.key, manifest, path, Silent())
        return path.read_bytes()
    finally:
        path.unlink()


def connect(path: Path) -> sqlite3.Connection:
    """A program's connection."""
    return sqlite3.connect(path, isolation_level=None, timeout=10)


def scalar(path: Path, statement: str) -> Any:
    """The first value of the first row."""
    with closing(connect(path)) as db:
        return db.execute(statement).fetchone()[0]


def rows_of(path: Path) -> int:
    """How many items there are."""
    return int(scalar(path, "SELECT count(*) FROM item"))


def pragmas(path: Path) -> dict[str, object]:
    """What must survive beside the rows."""
    names = ["page_size", "page_count", "encoding", "auto_vacuum", "user_version", "application_id", "journal_mode"]
    return {name: scalar(path, f"PRAGMA {name}") for name in [*names, "freelist_count", "schema_version"]}


def different_pages(one: bytes, other: bytes) -> list[int]:
    """Numbers of the pages that differ, the change counter and its twin left aside; -1: the lengths differ."""
    if len(one) != len(other):
        return [-1]
    size = int.from_bytes(one[16:18], "big") if one else 1
    size = 65536 if size == 1 else size
    left, right = bytearray(one), bytearray(other)
    for data in (left, right):
        if data:
            data[24:28] = data[92:96] = bytes(4)
    return [at // size + 1 for at in range(0, len(left), size) if left[at : at + size] != right[at : at + size]]


def sha256(data: bytes) -> str:
    """In hex digits."""
    return hashlib.sha256(data).hexdigest()


def corrupt_page(path: Path, index: str = "by_name") -> None:
    """Overwrite the middle of an index's root page with nonsense, as a failing disk does."""
    root = scalar(path, f"SELECT rootpage FROM sqlite_master WHERE name = '{index}'")
    size = scalar(path, "PRAGMA page_size")
    with path.open("r+b") as stream:
        stream.seek((root - 1) * size + 8)
        stream.write(b"\xa5" * 200)


class Program:
    """Another program that has a database open and does what it is told, statement by statement."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        self._stdin, self._stdout = stdin, stdout

    def run(self, statement: str) -> Any:
        """The rows of the answer; raises sqlite3.OperationalError with the program's error."""
        self._stdin.write(json.dumps(statement) + "\n")
        self._stdin.flush()
        answer = json.loads(self._stdout.readline())
        if "error" in answer:
            raise sqlite3.OperationalError(answer["error"])
        return answer["rows"]


_PROGRAM = """
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
for line in sys.stdin:
    try:
        answer = {"rows": db.execute(json.loads(line)).fetchall()}
    except sqlite3.Error as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
db.close()
"""


@contextmanager
def program(path: Path) -> Iterator[Program]:
    """A process of its own with the database open; it closes it at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield Program(child.stdin, child.stdout)
        finally:
            child.stdin.close()
            child.wait(10)


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system that is soon full; the test is skipped where none may be mounted."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("needs root on Linux")
    place = Path(tempfile.mkdtemp(prefix="small-", dir=folder))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("may not mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def cancel_points(questions: int, most: int = 12) -> list[int]:
    """A sample of the moments at which a run asks whether it should stop, the first and the last among them."""
    if questions <= most:
        return list(range(questions))
    return sorted({round(number * (questions - 1) / (most - 1)) for number in range(most)})


def puts(log: list[tuple[str, str]]) -> list[str]:
    """The objects that were written, by their first folder."""
    return [key.split("/")[0] for method, key in log if method in ("put", "delete")]


def warnings_of(monitor: RecordingMonitor) -> list[str]:
    """The codes of the warnings."""
    return [str(facts["code"]) for name, facts in monitor.events if name == "warning"]
