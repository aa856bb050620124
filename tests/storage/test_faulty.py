"""The test kit does what it says: planned faults strike, kill and tear, and time moves only by hand."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep.errors import Cancelled, NoSpace, ObjectMissing, StorageError
from litekeep.monitor import stop_if_cancelled
from litekeep.storage.local import LocalStorage
from litekeep.storage.memory import MemoryStorage
from litekeep.testing import Fault, FaultyStorage, ManualClock, Moment, RecordingMonitor
from storage import children

VICTIM = """
from litekeep.testing import Fault, FaultyStorage, Moment
faulty = FaultyStorage(storage, [Fault(2, Moment[sys.argv[2]], error=None)])
faulty.put("a/one", b"1234")
print("one", flush=True)
faulty.put("a/two", b"1234")
print("two", flush=True)
"""


def use_everything(storage: FaultyStorage) -> None:
    storage.put("a", b"1234")
    storage.get("a")
    storage.get_range("a", 1, 2)
    storage.size("a")
    storage.list()
    with storage.lock("me"):
        storage.delete("a")


def test_every_operation_is_counted() -> None:
    storage = FaultyStorage(MemoryStorage())
    use_everything(storage)
    storage.free_bytes()
    assert storage.operations == 7
    assert storage.fired == []
    storage.assert_exhausted()


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("number", range(1, 8))
def test_a_fault_at_every_operation(number: int, moment: Moment) -> None:
    fault = Fault(number, moment, NoSpace)
    storage = FaultyStorage(MemoryStorage(), [fault])
    with pytest.raises(NoSpace, match=f"planned fault {moment.value} operation {number}: "):
        use_everything(storage)
    names = ["put", "get", "get_range", "size", "list", "lock", "delete"]
    assert [(at, name) for at, name, _, _ in storage.fired] == [(number, names[number - 1])]
    storage.assert_exhausted()
    with storage.lock("is free again"):
        pass


def test_effect_before_and_after() -> None:
    inner = MemoryStorage()
    storage = FaultyStorage(inner, [Fault(1), Fault(2, Moment.AFTER), Fault(3), Fault(4, Moment.AFTER)])
    for call, left in ((storage.put, 0), (storage.put, 1), (storage.delete, 1), (storage.delete, 0)):
        arguments = ("a", b"x") if call == storage.put else ("a",)
        with pytest.raises(StorageError):
            call(*arguments)
        assert len(inner.list()) == left
    storage.assert_exhausted()


def test_lasting_faults() -> None:
    storage = FaultyStorage(MemoryStorage(), [Fault(2, lasting=True)])
    storage.put("a", b"x")
    for _ in range(3):
        with pytest.raises(StorageError):
            storage.get("a")
    assert len(storage.fired) == 3
    storage.assert_exhausted()


def test_a_fault_that_never_struck_is_told() -> None:
    storage = FaultyStorage(MemoryStorage(), [Fault(1), Fault(3, Moment.AFTER)])
    with pytest.raises(StorageError):
        storage.list()
    with pytest.raises(AssertionError, match="at=3"):
        storage.assert_exhausted()
    storage.list()
    with pytest.raises(ObjectMissing):  # the operation failed by itself, so the fault had no part in it
        storage.get("a")
    with pytest.raises(AssertionError, match="at=3"):
        storage.assert_exhausted()


def test_a_torn_put_leaves_half_of_a_temporary(tmp_path: Path) -> None:
    clock = ManualClock(datetime.now(UTC))
    inner = LocalStorage(tmp_path / "root", clock, create=True)
    storage = FaultyStorage(inner, [Fault(1, Moment.TORN)])
    with pytest.raises(StorageError):
        storage.put("packs/ab/one", b"12345678")
    assert inner.list() == []
    assert [path.read_bytes() for path in (inner.root / "packs" / "ab").iterdir()] == [b"1234"]
    clock.advance(3600)
    assert inner.sweep_temporaries(1800) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="uses POSIX signals")
@pytest.mark.parametrize(
    ("moment", "files"), [("BEFORE", ["a/one"]), ("AFTER", ["a/one", "a/two"]), ("TORN", ["a/.tmp-torn-2", "a/one"])]
)
def test_killing(tmp_path: Path, moment: str, files: list[str]) -> None:
    storage = LocalStorage(tmp_path / "root", ManualClock(), create=True)
    status, output = children.run(VICTIM, storage.root, moment)
    assert (status, output) == (-signal.SIGKILL, "one\n")
    assert children.names(storage.root) == files


def test_manual_clock() -> None:
    clock = ManualClock(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "Europe/Paris")
    assert (clock.now().isoformat(), clock.zone()) == ("2026-03-29T01:30:00+01:00", "Europe/Paris")
    boot = clock.boot()
    clock.sleep(3600)
    assert clock.now().isoformat() == "2026-03-29T03:30:00+02:00"
    clock.advance(60)
    assert clock.monotonic() == 3660
    assert (clock.boot().boot_id, clock.boot().seconds) == (boot.boot_id, boot.seconds + 3660)
    clock.set(datetime(1970, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(1970, 1, 1, tzinfo=UTC)
    assert clock.monotonic() == 3660
    clock.restart()
    assert clock.boot().boot_id != boot.boot_id
    assert clock.boot().seconds == 0
    assert ManualClock().now().utcoffset() == timedelta(0)


def test_recording_monitor() -> None:
    monitor = RecordingMonitor(cancel_after=2)
    monitor.event("started", source="employees", changed_pages=3)
    monitor.progress("reading", 1, 10, "pages")
    stop_if_cancelled(monitor)
    stop_if_cancelled(monitor)
    with pytest.raises(Cancelled):
        stop_if_cancelled(monitor)
    assert monitor.events == [("started", {"source": "employees", "changed_pages": 3})]
    assert monitor.names() == ["started"]
    assert monitor.steps == [("reading", 1, 10, "pages")]
    assert not RecordingMonitor().cancelled()
