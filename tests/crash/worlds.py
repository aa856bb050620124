"""Small repositories with a real history: a few pages, many days."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from crash.film import State, files_in, in_memory
from litekeep.blocks import split
from litekeep.model import Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, BackupResult, backup
from litekeep.operations.prune import PruneOptions, PruneResult, prune
from litekeep.repository import garbage, layout, writer
from litekeep.repository.catalog import load_catalog
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.base import Storage
from litekeep.testing import ManualClock

DAY = 86_400
PACK_BYTES = 16 << 10
FEW = RetentionPolicy(days=0, weeks=0, months=0, keep_last=3, trash_days=2)
"""Keeps the last three snapshots."""
ALL = RetentionPolicy(days=900_000, trash_days=900_000)
"""Removes nothing."""


@dataclass
class World:
    """A moment at which an operation begins.

    folder: data/ holds the live databases, out/ is for restores, scratch/ for working copies. objects: of the
    repository. images: SHA-256 of each snapshot's image, by its id. live: digest of what each live database holds;
    contents: of all states that are anywhere.
    """

    folder: Path
    now: datetime
    objects: State
    images: dict[str, str]
    data: State = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    contents: frozenset[str] = frozenset()

    @property
    def database(self) -> Path:
        """The live database."""
        return self.folder / "data" / "app.db"

    @property
    def target(self) -> Path:
        """Where nothing is yet."""
        return self.folder / "out" / "restored.db"

    @property
    def scratch(self) -> Path:
        """For working copies."""
        return self.folder / "scratch"

    def clock(self) -> ManualClock:
        """A clock that stands at the beginning of the operation."""
        return ManualClock(self.now)

    def reset(self, data: State | None = None) -> None:
        """Bring the live databases back to what they were, or to another state; empty the other folders."""
        for name in ("out", "scratch"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()
        wanted = self.data if data is None else data
        present = files_in(self.folder / "data")
        for name in present.keys() - wanted.keys():
            (self.folder / "data" / name).unlink()
        for folder in [path for path in (self.folder / "data").iterdir() if path.is_dir()]:
            shutil.rmtree(folder)
        for name, content in wanted.items():
            if present.get(name) != content:  # else left alone, with its change time
                path = self.folder / "data" / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)


class Builder:
    """Lives through days."""

    def __init__(self, folder: Path) -> None:
        for name in ("data", "out", "scratch"):
            (folder / name).mkdir(parents=True)
        self.folder = folder
        self.clock = ManualClock(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10))
        self.storage = in_memory({})
        self.chance = random.Random(5)
        self.database = folder / "data" / "app.db"

    def create(self) -> Repository:
        """A new repository and a new database."""
        self.make(self.database)
        return Repository.create(self.storage, self.clock.now())

    def make(self, database: Path) -> None:
        """Some twelve pages."""
        with closing(sqlite3.connect(database, isolation_level=None)) as db:
            db.executescript("PRAGMA page_size=4096; CREATE TABLE item(id INTEGER PRIMARY KEY, body BLOB);")
            db.executemany("INSERT INTO item(body) VALUES (?)", [(self.chance.randbytes(600),) for _ in range(60)])

    def change(self, database: Path | None = None) -> None:
        """One hot row, one cold one, and a new one."""
        with closing(sqlite3.connect(database or self.database, isolation_level=None)) as db:
            for number in (1, self.chance.randrange(2, 60)):
                db.execute("UPDATE item SET body = ? WHERE id = ?", (self.chance.randbytes(600), number))
            db.execute("INSERT INTO item(body) VALUES (?)", (self.chance.randbytes(300),))

    def back_up(self, reason: Reason = Reason.SCHEDULED, database: Path | None = None) -> BackupResult:
        """The next day's backup."""
        self.clock.advance(DAY)
        options = BackupOptions(reason=reason, scratch=self.folder / "scratch")
        repository = Repository.open(self.storage)
        return backup(repository, database or self.database, options=options, clock=self.clock, monitor=Silent())

    def prune(self, policy: RetentionPolicy = FEW) -> PruneResult:
        """As confirmed by a person; nothing is rewritten."""
        options = PruneOptions(policy, confirmed=True, compact=False)
        return prune(Repository.open(self.storage), options, clock=self.clock, monitor=Silent())

    def days(self, count: int) -> None:
        """Change and back up."""
        for _ in range(count):
            self.change()
            self.back_up()

    def world(self) -> World:
        """The world as it is now."""
        objects = dict(self.storage._objects)
        images = images_of(in_memory(objects), self.folder / "scratch") if objects else {}
        digests = {name: hashlib.sha256(image).hexdigest() for name, image in images.items()}
        made = World(self.folder, self.clock.now(), objects, digests, files_in(self.folder / "data"))
        made.live = {name: content_digest(content) for name, content in made.data.items()}
        made.contents = frozenset((*made.live.values(), *map(content_digest, images.values())))
        return made


def content_digest(image: bytes) -> str:
    """SHA-256 of the database in a file, but for what SQLite itself counts up whenever a database is written.

    Bytes 24-27 and 92-95: the change counter and its twin; 40-43: the schema cookie; 96-99: the version of SQLite.
    What lies behind the header's page count is not part of the database (sqlite.org fileformat2, 1.3.7): a writer that
    is killed between the end of its journal and the truncation of a database that became smaller leaves some.
    """
    size, pages = int.from_bytes(image[16:18]), int.from_bytes(image[28:32])
    if pages and image[24:28] == image[92:96]:
        image = image[: pages * (65536 if size == 1 else size)]
    return hashlib.sha256(b"".join((image[:24], image[28:40], image[44:92], image[100:]))).hexdigest()


def rebuilt(repository: Repository, table: PackTable, snapshot: Snapshot, scratch: Path) -> bytes:
    """The image of a snapshot."""
    path = scratch / "oracle.db"
    path.write_bytes(b"")
    rebuild(repository, table, snapshot.key, repository.read_manifest(snapshot.key), path, Silent())
    content = path.read_bytes()
    path.unlink()
    return content


def images_of(storage: Storage, scratch: Path) -> dict[str, bytes]:
    """Every listed snapshot's image, by id."""
    repository = Repository.open(storage)
    table = PackTable(repository)
    found = load_catalog(repository).snapshots
    return {each.id: rebuilt(repository, table, each, scratch) for each in found}


@contextmanager
def names_from(seed: int) -> Iterator[None]:
    """Names are random; from a seed, the same run makes the same objects in the same order."""
    chance = random.Random(seed)
    with mock.patch.object(layout, "random_bytes", chance.randbytes):
        yield


@contextmanager
def small_scale() -> Iterator[None]:
    """What takes gigabytes and months elsewhere: packs are rewritten for any waste, and are full with a few pages."""
    with (
        mock.patch.multiple(garbage, WASTE_PERCENT=0, PACK_WASTE_PERCENT=0, FRAME_BYTES=PACK_BYTES),
        mock.patch.multiple(writer, PACK_BYTES=PACK_BYTES),
        mock.patch.multiple(split, FRAME_BYTES=PACK_BYTES),
    ):
        yield
