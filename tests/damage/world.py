"""A small repository made by real backups of a real database, damaged copies of it, and what can be read from them."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from litekeep.blocks import split
from litekeep.errors import CorruptObject, LitekeepError
from litekeep.formats.pack import Address
from litekeep.formats.receipt import Mark
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, BackupResult, backup
from litekeep.operations.scrub import ScrubReport, scrub
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.keyring import NewSlot
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import FrameId, frame_offsets, open_frame, plan_read, require_names
from litekeep.repository.rebuild import rebuild, require_digest
from litekeep.repository.repository import Repository
from litekeep.storage.memory import MemoryStorage
from litekeep.testing import ManualClock

MASKS = (0x01, 0x80, 0xFF)


@dataclass
class World:
    """objects: all of them, undamaged. images: the bytes of each snapshot's database, by the snapshot's key.

    needs: the frames that each snapshot needs. key: what opens it, if it is encrypted. database: the live one, as it
    was at the newest snapshot.
    """

    folder: Path
    clock: ManualClock
    database: Path
    objects: dict[str, bytes]
    images: dict[str, bytes]
    needs: dict[str, set[FrameId]] = field(default_factory=dict)
    key: str | None = None

    def open(self, storage: MemoryStorage) -> Repository:
        """Open a repository, with the key if it is encrypted."""
        return Repository.open(storage, self.key)

    def keys(self, prefix: str) -> list[str]:
        """The names of the objects in a folder."""
        return [key for key in sorted(self.objects) if key.startswith(prefix)]

    def depending_on(self, pack_id: bytes, frame: int | None = None) -> set[str]:
        """The snapshots that need a pack, or one frame of it."""
        return {
            key for key, frames in self.needs.items() if any(p == pack_id and frame in (None, n) for p, n in frames)
        }

    def damaged(self, changes: Mapping[str, bytes | None]) -> MemoryStorage:
        """A copy of the repository in which some objects have other bytes, or are gone (None)."""
        storage = MemoryStorage()
        storage._objects.update({key: data for key, data in self.objects.items() if key not in changes})
        storage._objects.update({key: data for key, data in changes.items() if data is not None})
        return storage

    def scrub(self, storage: MemoryStorage) -> ScrubReport:
        """Read everything."""
        return scrub(self.open(storage), clock=self.clock, monitor=Silent())

    def rows(self) -> int:
        """How many rows the live database holds."""
        connection = sqlite3.connect(self.database)
        (count,) = connection.execute("SELECT count(*) FROM t").fetchone()
        connection.close()
        return int(count)

    def back_up(self, storage: MemoryStorage) -> BackupResult:
        """The next backup, of a database in which a little has changed."""
        change(self.database)
        self.clock.advance(86_400)
        options = BackupOptions(scratch=self.folder, source="app")
        return backup(self.open(storage), self.database, options=options, clock=self.clock, monitor=Silent())


def make_world(folder: Path, encryption: Sequence[NewSlot] = ()) -> World:
    """Three snapshots: the second and third have deltas; receipts, marks and a prune plan beside them.

    Frames hold two blocks, so that not every snapshot needs every frame.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "FRAME_BYTES", 8192)
        return _make_world(folder, encryption)


def _make_world(folder: Path, encryption: Sequence[NewSlot]) -> World:
    clock, storage, database = ManualClock(), MemoryStorage(), folder / "app.db"
    repository, images = Repository.create(storage, clock.now(), encryption=encryption), dict[str, bytes]()
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA page_size = 512")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT)")
    connection.executemany("INSERT INTO t (word) VALUES (?)", [(f"word {n * n % 997}",) for n in range(450)])
    connection.close()
    for _ in range(3):
        change(database)
        clock.advance(86_400)
        options = BackupOptions(scratch=folder, source="app")
        result = backup(repository, database, options=options, clock=clock, monitor=Silent())
        images[result.snapshot.key] = _as_captured(database.read_bytes(), repository, result.snapshot.key, folder)
    ids = [key[-16:] for key in sorted(images)]
    repository.write_mark("app", Mark(ids[0], 1, clock.now(), "pin", {"pinned": True}))
    repository.write_mark("app", Mark(ids[1], 1, clock.now(), "label", {"label": "before the import"}))
    repository.write_plan(datetime(2026, 1, 3, tzinfo=UTC), {"forget": [], "drop": []})
    key = encryption[0].secret if encryption else None
    world = World(folder, clock, database, dict(storage._objects), images, key=key)
    for key in images:
        world.needs[key] = set(plan_read(PackTable(repository), repository.read_manifest(key).page_map.runs()).frames)
    return world


def _as_captured(live: bytes, repository: Repository, key: str, folder: Path) -> bytes:
    """The image as SQLite's backup made it: it may set the change counters of the header, and nothing else."""
    path = folder / "captured.db"
    path.write_bytes(b"")
    rebuild(repository, PackTable(repository), key, repository.read_manifest(key), path, Silent())
    image = path.read_bytes()
    for counter in (slice(24, 28), slice(92, 100)):
        live = live[: counter.start] + image[counter] + live[counter.stop :]
    assert image == live
    return image


def change(database: Path) -> None:
    """A row here and there, some more rows."""
    connection = sqlite3.connect(database, isolation_level=None)
    (rows,) = connection.execute("SELECT count(*) FROM t").fetchone()
    connection.execute("UPDATE t SET word = 'changed ' || ? WHERE id % 211 = ?", (rows, rows % 211))
    connection.executemany("INSERT INTO t (word) VALUES (?)", [(f"more {n}",) for n in range(rows % 5 + 1)])
    connection.close()


How = Callable[[World, Repository, PackTable, str], bytes] | None


@dataclass
class Seen:
    """What could be read. refused: why the repository could not be opened. reported: what the catalog calls damaged.

    wrong: snapshots that gave other bytes than they hold. unreadable: snapshots, listed or not, that gave an error.
    """

    refused: LitekeepError | None = None
    reported: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)
    same: set[str] = field(default_factory=set)
    wrong: set[str] = field(default_factory=set)


def look(world: World, storage: MemoryStorage, how: How = None) -> Seen:
    """Open, list, and rebuild every snapshot; lets any error through that is not Litekeep's.

    how: what rebuilds; None for nothing but a list.
    """
    seen = Seen()
    try:
        repository = world.open(storage)
    except LitekeepError as error:
        seen.refused = error
        return seen
    seen.reported = {error.key for error in load_catalog(repository).damaged}
    keys = [key.key for key in repository.snapshot_keys()]
    seen.unlisted = set(world.images) - set(keys)
    table = PackTable(repository)
    for key in keys if how else ():
        assert how
        try:
            image = how(world, repository, table, key)
        except CorruptObject as error:
            seen.unreadable[key] = error.key
        else:
            (seen.same if image == world.images.get(key) else seen.wrong).add(key)
    return seen


def properly(world: World, repository: Repository, table: PackTable, key: str) -> bytes:
    """As a restore does it."""
    path = world.folder / "rebuilt.db"
    path.write_bytes(b"")
    rebuild(repository, table, key, repository.read_manifest(key), path, Silent())
    return path.read_bytes()


def quickly(world: World, repository: Repository, table: PackTable, key: str) -> bytes:
    """With the same checks in the same order, but without threads and files."""
    manifest = repository.read_manifest(key)
    require_digest(repository, table, key, manifest)
    blocks: dict[Address, bytes] = {}
    for pack_id, number in sorted(plan_read(table, manifest.page_map.runs()).frames):  # the oldest first
        index = table.index(pack_id)
        frame = index.frames[number]
        sealed = repository.storage.get_range(index.key, frame.offset, frame.stored_bytes)
        prefix = b"".join(blocks[base] for base in index.bases(frame))
        plain, offsets = open_frame(index, frame, sealed, prefix), frame_offsets(index, frame)
        require_names(repository, index, frame, plain, [(frame.first, frame.blocks)])
        for place, position in enumerate(index.frame_blocks(frame)):
            blocks[pack_id, index.numbers[position]] = plain[offsets[place] : offsets[place + 1]]
    return b"".join(blocks[address] for address in manifest.page_map.addresses())


def flipped(data: bytes, at: int, mask: int) -> bytes:
    """The same bytes with one changed."""
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def flips(data: bytes, every: int, masks: int) -> Iterator[bytes]:
    """Each `every`-th byte changed in `masks` of three ways, in rotation."""
    rotation = itertools.count()
    for at in range(0, len(data), every):
        for _ in range(masks):
            yield flipped(data, at, MASKS[next(rotation) % 3])


def key_of_snapshot(snapshot: str) -> layout.SnapshotKey:
    """The parsed key of a manifest."""
    parsed = layout.parse_snapshot_key(snapshot)
    assert parsed
    return parsed
