"""Every storage and every wrapper around memory and around a folder keeps the promises."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from litekeep.errors import Locked, ReadOnlyStorage
from litekeep.storage.base import Storage
from litekeep.storage.counting import CountingStorage
from litekeep.storage.local import LocalStorage
from litekeep.storage.memory import MemoryStorage
from litekeep.storage.readonly import ReadOnly
from litekeep.storage.retrying import RetryingStorage
from litekeep.storage.throttled import ThrottledStorage
from litekeep.testing import FaultyStorage, ManualClock
from storage.conformance import Conformance

PLACES: dict[str, Callable[[Path], Storage]] = {
    "memory": lambda _: MemoryStorage(),
    "local": lambda folder: LocalStorage(folder / "backups", ManualClock(), create=True),
}
WRAPPERS: dict[str, Callable[[Storage], Storage]] = {
    "bare": lambda inner: inner,
    "retrying": lambda inner: RetryingStorage(inner, ManualClock()),
    "counting": CountingStorage,
    "faulty": FaultyStorage,
    "throttled": lambda inner: ThrottledStorage(inner, ManualClock(), 1e9),
    "all": lambda inner: RetryingStorage(CountingStorage(FaultyStorage(inner)), ManualClock()),
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return PLACES[request.param](tmp_path)


class TestStorages(Conformance):
    """Places, bare and wrapped."""

    @pytest.fixture(params=WRAPPERS)
    def storage(self, request: pytest.FixtureRequest, place: Storage) -> Storage:
        return WRAPPERS[request.param](place)


class TestReadOnly(Conformance):
    """Reading through ReadOnly what is written beside it."""

    @pytest.fixture
    def storage(self, place: Storage) -> Storage:
        return place

    @pytest.fixture
    def reader(self, storage: Storage) -> Storage:
        return ReadOnly(storage)

    def test_everything_else_is_refused(self, storage: Storage, reader: Storage) -> None:
        storage.put("a/b", b"x")
        with pytest.raises(ReadOnlyStorage) as caught:
            reader.put("a/b", b"x")
        assert caught.value.key == "a/b"
        with pytest.raises(ReadOnlyStorage):
            reader.delete("a/b")
        with pytest.raises(ReadOnlyStorage), reader.lock("someone"):
            pass
        assert storage.get("a/b") == b"x"


def test_counting() -> None:
    log: list[tuple[str, str]] = []
    storage = CountingStorage(MemoryStorage(), log)
    storage.put("a", memoryview(b"12345678").cast("Q"))
    storage.get("a")
    storage.get_range("a", 1, 3)
    storage.list()
    with storage.lock("me"):
        storage.delete("a")
    assert log == [("put", "a"), ("get", "a"), ("get_range", "a"), ("list", ""), ("lock", "me"), ("delete", "a")]
    assert storage.calls == {"put": 1, "get": 1, "get_range": 1, "list": 1, "lock": 1, "delete": 1}
    assert (storage.written_bytes, storage.read_bytes) == (8, 11)


def test_memory_waits_for_its_lock() -> None:
    storage = MemoryStorage()
    held, leave = threading.Event(), threading.Event()

    def first() -> None:
        with storage.lock("first"):
            held.set()
            leave.wait()

    thread = threading.Thread(target=first)
    thread.start()
    held.wait()
    with pytest.raises(Locked, match="first"), storage.lock("second", wait_seconds=0.01):
        pass
    leave.set()
    with storage.lock("second", wait_seconds=60.0):
        pass
    thread.join()
