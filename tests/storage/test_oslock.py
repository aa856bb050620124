"""The lock on a file, where taking it fails: what is told, and that nothing stays taken."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from litekeep.errors import Locked
from litekeep.storage import oslock
from litekeep.storage.oslock import hold
from litekeep.testing import ManualClock

if sys.platform == "win32":
    pytest.skip("flock", allow_module_level=True)

import fcntl


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def refusal(path: str) -> str:
    with pytest.raises(Locked) as refused, hold(path, "we", 0.0, ManualClock()):
        pass
    return refused.value.message


def take(path: str) -> None:
    with hold(path, "we", 0.0, ManualClock()):
        pass


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK])
def test_the_ways_in_which_a_system_says_busy(path: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(descriptor: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as system:
        system.setattr(fcntl, "flock", busy)
        before = len(os.listdir("/dev/fd"))
        assert refusal(path).endswith("is in use by another run")
        assert len(os.listdir("/dev/fd")) == before
    take(path)


def test_a_system_that_cannot_lock(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with monkeypatch.context() as system:
        system.setattr(fcntl, "flock", unable)
        before = len(os.listdir("/dev/fd"))
        for _ in range(2):
            with pytest.raises(OSError, match="No locks available"):
                take(path)
        assert len(os.listdir("/dev/fd")) == before
    take(path)


def test_a_file_that_fails_when_it_is_closed(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network drive tells then that the holder's name could not be written. The lock is free all the same."""
    close = os.close

    def failing(descriptor: int) -> None:
        close(descriptor)
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    with monkeypatch.context() as system:
        system.setattr(os, "close", failing)
        take(path)
    take(path)


def test_a_file_that_cannot_be_opened(path: str) -> None:
    os.mkdir(path)
    before = set(os.listdir("/dev/fd"))
    for _ in range(2):
        with pytest.raises(IsADirectoryError):
            take(path)
    assert {"0", "1", "2"} <= set(os.listdir("/dev/fd")) == before
    Path(path).rmdir()
    take(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "another run"),
        (b" \n", "another run"),
        (b"a prune\n", "a prune"),
        (b"\xffx\n", "\ufffdx"),
        (b"y" * 2000, "y" * 1000),
    ],
)
def test_the_holder_is_told_by_what_it_wrote(path: str, content: bytes, told: str) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        assert refusal(path) == f"{os.path.dirname(path)} is in use by {told}"


def test_a_holder_whose_file_cannot_be_read(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy_and_gone(descriptor: int, how: int) -> None:
        os.unlink(path)
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(fcntl, "flock", busy_and_gone)
    assert refusal(path) == f"{os.path.dirname(path)} is in use by another run"


@pytest.mark.parametrize("owner", ["backup", "a  b\n c", "é" * 2000, "\udcff"])
def test_what_is_written_is_one_bounded_line_and_gone_afterwards(path: str, owner: str) -> None:
    with hold(path, owner, 0.0, ManualClock()):
        written = Path(path).read_bytes()
        whole = f"{' '.join(owner.split())}, since 2026-01-01T00:00:00+00:00\n".encode("utf-8", "backslashreplace")
        assert written == whole[:1000]
    assert Path(path).read_bytes() == b""


def test_the_byte_that_windows_locks() -> None:
    """Another version of Litekeep must come upon the same one."""
    assert oslock._LOCKED_BYTE == 1_073_741_824


def test_the_byte_that_is_locked_on_windows_is_the_same_in_every_version() -> None:
    """Two versions that lock different bytes would not keep each other out."""
    assert oslock._LOCKED_BYTE == 1 << 30
    assert oslock._LOCKED_BYTE > oslock._RECORD_LIMIT_BYTES
