"""The self-test passes where a storage keeps its promises, fails by name where it does not, and leaves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Cancelled, StorageError
from litekeep.monitor import Silent
from litekeep.operations.selftest import Check, selftest
from litekeep.storage.base import Buffer, Entry, Storage
from litekeep.storage.local import LocalStorage
from litekeep.testing import Fault, FaultyStorage, MemoryStorage


class Replaces(MemoryStorage):
    def put(self, key: str, data: Buffer) -> None:
        self.delete(key)
        super().put(key, data)


class Flips(MemoryStorage):
    """A disk that returns one wrong bit in large objects."""

    def get(self, key: str) -> bytes:
        return self._flipped(super().get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self._flipped(super().get_range(key, offset, length))

    def _flipped(self, data: bytes) -> bytes:
        return data[:60_000] + bytes([data[60_000] ^ 4]) + data[60_001:] if len(data) > 60_000 else data


class ListsShort(MemoryStorage):
    def list(self, prefix: str = "") -> list[Entry]:
        return super().list(prefix)[:20]


class KeepsDeleted(MemoryStorage):
    def delete(self, key: str) -> None: ...


class LocksNobodyOut(MemoryStorage):
    @contextmanager
    def lock(self, owner: str, wait_seconds: float = 0.0) -> Iterator[None]:
        yield


def run(storage: Storage, scratch: Path) -> list[Check]:
    scratch.mkdir()
    return list(selftest(storage, scratch=scratch, clock=SystemClock(), monitor=Silent()))


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_a_good_place_passes_and_is_empty_afterwards(tmp_path: Path, kind: str) -> None:
    storage = MemoryStorage() if kind == "memory" else LocalStorage(tmp_path / "there", SystemClock(), create=True)
    checks = run(storage, tmp_path / "scratch")
    assert len(checks) == 9
    assert [check for check in checks if not check.ok] == []
    assert storage.list() == []


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (Replaces, "never replaced"),
        (Flips, "read back exactly"),
        (ListsShort, "listings are complete"),
        (KeepsDeleted, "deleted objects are gone"),
        (LocksNobodyOut, "one holder of the lock"),
    ],
)
def test_a_bad_place_fails_by_name(tmp_path: Path, make: Callable[[], Storage], what: str) -> None:
    failed = [check for check in run(make(), tmp_path / "scratch") if not check.ok]
    assert any(what in check.name for check in failed)
    assert all(check.detail for check in failed)


def test_where_nothing_can_be_stored_the_error_is_the_answer(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        run(FaultyStorage(MemoryStorage(), [Fault(1, lasting=True)]), tmp_path / "scratch")


def test_stopped_it_leaves_nothing(tmp_path: Path) -> None:
    class Stopping(Silent):
        left = 4

        def cancelled(self) -> bool:
            self.left -= 1
            return self.left < 0

    storage = MemoryStorage()
    with pytest.raises(Cancelled):
        list(selftest(storage, scratch=tmp_path, clock=SystemClock(), monitor=Stopping()))
    assert storage.list() == []
