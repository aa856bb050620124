"""Self-test: try on the user's own disk, share or bucket what backups rely on, in a scratch folder of its own.

First the promises of a storage (storage/base.py): created and never replaced, read back exactly, listed completely,
deleted, locked. Then the whole way with a small database made on the spot: backed up three times, verified, restored,
compared byte by byte, a flipped bit found, old backups removed. Whatever was made is deleted at the end.

What cannot be tried this way: whether what was stored survives a power cut. Nothing of the user is read or changed.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import Cancelled, LitekeepError, Locked, ObjectExists, ObjectMissing
from litekeep.model import Level, Reason
from litekeep.monitor import Monitor, Silent, stop_if_cancelled
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.drill import drill
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.restore import RestoreOptions, restore_new
from litekeep.operations.verify import verify
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.base import Storage, sizes_by_key
from litekeep.storage.counting import CountingStorage
from litekeep.storage.readonly import ReadOnly

_OBJECTS = 40
_LARGE_BYTES = 4 << 20
_ROWS = 2000
_FOLDER = "selftest/"


class _Failed(Exception):
    """What should be so is not."""


@dataclass(frozen=True, slots=True)
class Check:
    """One promise that was tried. detail: a figure, or what went wrong."""

    name: str
    ok: bool
    detail: str
    elapsed_seconds: float


def selftest(storage: Storage, *, scratch: Path, clock: Clock, monitor: Monitor) -> Iterator[Check]:
    """Try everything, in this order; one check that fails does not keep the others from being tried.

    storage: an empty place of its own; emptied at the end. scratch: an empty folder for the sample database.
    Raises Cancelled; where not even the first object can be stored, the error of the storage: there is nothing to try.
    """
    steps: list[tuple[str, Callable[[], str]]] = [
        ("objects are created and never replaced", lambda: _creates(storage)),
        ("what was stored is read back exactly", lambda: _reads(storage, clock)),
        ("listings are complete", lambda: _lists(storage)),
        ("deleted objects are gone, and a second time is harmless", lambda: _deletes(storage)),
        ("one holder of the lock at a time", lambda: _locks(storage)),
    ]
    whole = _Whole(storage, scratch, clock)
    steps += [
        ("a database is backed up, changed, backed up again", whole.back_up),
        ("every backup is verified and comes back byte by byte", whole.restore),
        ("one flipped bit is found", whole.find_damage),
        ("old backups are removed, the others stay whole", whole.prune),
    ]
    try:
        for number, (name, step) in enumerate(steps):
            stop_if_cancelled(monitor)
            began = clock.monotonic()
            ok, detail = _tried(step, first=number == 0)
            yield Check(name, ok, detail, clock.monotonic() - began)
    finally:
        with suppress(LitekeepError):
            for entry in storage.list():
                storage.delete(entry.key)


def _tried(step: Callable[[], str], *, first: bool) -> tuple[bool, str]:
    try:
        return True, step()
    except _Failed as problem:
        return False, str(problem)
    except Cancelled:
        raise
    except LitekeepError as error:
        if first:
            raise
        return False, error.message


def _require(so: object, otherwise: str) -> None:
    if not so:
        raise _Failed(otherwise)


def _bytes(count: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(count)  # noqa: S311 - no secret


def _creates(storage: Storage) -> str:
    key, data = f"{_FOLDER}created", _bytes(1000, 1)
    storage.put(key, data)
    storage.put(key, data)
    try:
        storage.put(key, _bytes(1000, 2))
    except ObjectExists:
        pass
    else:
        raise _Failed("an object was replaced by another one, and nothing was said")
    _require(storage.get(key) == data, "an object has changed after another one was refused")
    return ""


def _reads(storage: Storage, clock: Clock) -> str:
    key, data = f"{_FOLDER}large", _bytes(_LARGE_BYTES, 3)
    began = clock.monotonic()
    storage.put(key, data)
    written = clock.monotonic()
    _require(storage.get(key) == data, "other bytes came back than were stored")
    read = clock.monotonic()
    _require(storage.size(key) == len(data), "an object has another length than was stored")
    for offset, length in ((0, 1), (1 << 20, 70_000), (len(data) - 5, 5)):
        _require(storage.get_range(key, offset, length) == data[offset : offset + length], "a part has other bytes")
    try:
        storage.get(f"{_FOLDER}nothing")
    except ObjectMissing:
        pass
    else:
        raise _Failed("an object was read that was never stored")
    speeds = (_LARGE_BYTES / max(1e-6, seconds) / 1e6 for seconds in (written - began, read - written))
    return "{:.0f} MB/s written, {:.0f} MB/s read".format(*speeds)


def _lists(storage: Storage) -> str:
    wanted = {f"{_FOLDER}{number % 7}/{number}": number + 1 for number in range(_OBJECTS)}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda item: storage.put(item[0], _bytes(item[1], 4)), wanted.items()))
    found = sizes_by_key(storage.list(_FOLDER))
    lacking = [key for key, size in wanted.items() if found.get(key) != size]
    _require(not lacking, f"{len(lacking)} of {_OBJECTS} objects are not listed, or with another length")
    _require(len(storage.list(f"{_FOLDER}3/")) == len([key for key in wanted if "/3/" in key]), "a folder is not whole")
    return f"{_OBJECTS} objects"


def _deletes(storage: Storage) -> str:
    keys = [entry.key for entry in storage.list(_FOLDER)]
    for key in (*keys, keys[0] if keys else f"{_FOLDER}nothing"):
        storage.delete(key)
    left = storage.list(_FOLDER)
    _require(not left, f"{len(left)} deleted objects are still listed")
    return ""


def _locks(storage: Storage) -> str:
    with storage.lock("self-test, first"):
        try:
            with storage.lock("self-test, second"):
                raise _Failed("two held the lock at the same time")
        except Locked:
            pass
    with storage.lock("self-test, third", 5.0):
        pass
    return ""


class _Whole:
    """The way of a small database through a repository of its own."""

    def __init__(self, storage: Storage, scratch: Path, clock: Clock) -> None:
        self._storage, self._scratch, self._clock = CountingStorage(storage), scratch, clock
        self._database = scratch / "sample.db"
        self._images: dict[str, bytes] = {}
        self._repository: Repository | None = None

    def _there(self) -> Repository:
        _require(self._repository is not None, "there is no backup to try it with")
        assert self._repository is not None
        return self._repository

    def back_up(self) -> str:
        self._repository = Repository.create(self._storage, self._clock.now())
        chance = random.Random(5)  # noqa: S311 - no secret
        stored: list[int] = []
        with closing(sqlite3.connect(self._database, isolation_level=None)) as db:
            db.execute("CREATE TABLE sample(id INTEGER PRIMARY KEY, body BLOB)")
            for _ in range(3):
                rows = [(chance.randbytes(200),) for _ in range(_ROWS if not stored else 20)]
                db.execute("BEGIN")
                db.executemany("INSERT INTO sample(body) VALUES (?)", rows)
                db.execute("COMMIT")
                result = backup(
                    self._repository,
                    self._database,
                    options=BackupOptions(Reason.SCHEDULED, level=Level.FULL, scratch=self._scratch),
                    clock=self._clock,
                    monitor=Silent(),
                )
                _require(result.level is Level.FULL and not result.damage, "a new backup could not be read back")
                self._images[result.snapshot.id] = self._database.read_bytes()
                stored.append(result.new_bytes)
        return f"{stored[0]:,} bytes the first, {stored[-1]:,} the last"

    def restore(self) -> str:
        there, tools = self._there(), {"clock": self._clock, "monitor": Silent()}
        for snapshot in load_catalog(there).snapshots:
            checked = verify(there, snapshot, scratch=self._scratch, **tools)  # type: ignore[arg-type]
            _require(checked.ok, f"a backup is not what was stored: {'; '.join(checked.damage)}")
            target = self._scratch / "restored.db"
            restore_new(there, snapshot, target, options=RestoreOptions(), **tools)  # type: ignore[arg-type]
            image = target.read_bytes()
            target.unlink()
            _require(image == self._images[snapshot.id], "a database came back with other bytes")
        newest = load_catalog(there).snapshots[-1]
        _require(drill(there, newest, scratch=self._scratch, **tools).ok, "a test restore failed")  # type: ignore[arg-type]
        return f"{len(self._images)} backups"

    def find_damage(self) -> str:
        there = self._there()
        newest = load_catalog(there).snapshots[-1]
        spoiled = Repository(_Spoiled(self._storage), there.config, there.keys)
        result = verify(spoiled, newest, scratch=self._scratch, record=False, clock=self._clock, monitor=Silent())
        _require(result.damage, "a backup was called good although a byte of it was wrong")
        return ""

    def prune(self) -> str:
        there = self._there()
        policy = RetentionPolicy(days=0, weeks=0, months=0, keep_last=1, trash_days=0)
        options = PruneOptions(policy, confirmed=True, scratch=self._scratch)
        for _ in range(2):  # into the trash, and out of it
            prune(there, options, clock=self._clock, monitor=Silent())
        left = len(load_catalog(there).snapshots)
        _require(left == 1, f"{left} backups are there, and one should be")
        self.restore()
        return f"{sum(self._storage.calls.values())} requests in all"


class _Spoiled(ReadOnly):
    """One byte in the middle of each pack is wrong when it is read."""

    def get(self, key: str) -> bytes:
        return self._spoil(key, 0, super().get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self._spoil(key, offset, super().get_range(key, offset, length))

    def _spoil(self, key: str, offset: int, data: bytes) -> bytes:
        at = self.size(key) // 2 - offset if key.startswith(layout.PACKS) else -1
        if 0 <= at < len(data):
            return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        return data
