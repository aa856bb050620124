"""A folder on a disk that is full, read-only, forbidden or failing; and the order of the flushes, seen from outside."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import NoSpace, ObjectMissing, PermissionRefused, StorageError
from litekeep.storage.base import Entry
from litekeep.storage.local import LocalStorage
from storage import children

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses mount, strace and limits of Linux")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
needs_root = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="needs root")

PUT = """
try:
    storage.put("packs/ab/one", b"x" * int(sys.argv[2]))
    print("stored")
except LitekeepError as error:
    print(error.code, error)
"""
BECOME_ANOTHER = "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "backups", SystemClock(), create=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)


def test_a_full_disk(small_disk: Path) -> None:
    storage = LocalStorage(small_disk, SystemClock())
    storage.put("packs/ab/small", b"x" * 1000)
    with pytest.raises(NoSpace) as caught:
        storage.put("packs/ab/large", b"x" * 2_000_000)
    assert caught.value.key == "packs/ab/large"
    assert caught.value.safe
    assert str(small_disk) in caught.value.hint
    assert children.names(small_disk) == ["packs/ab/small"]
    (small_disk / "filler").write_bytes(b"x" * (storage.free_bytes() or 0))
    assert storage.free_bytes() == 0
    with storage.lock("prune"):  # must work, or nothing could ever be freed
        storage.delete("packs/ab/small")
    storage.put("packs/ab/another", b"x" * 1000)


def test_a_disk_that_turned_read_only(small_disk: Path) -> None:
    storage = LocalStorage(small_disk, SystemClock())
    storage.put("packs/ab/one", b"x")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(PermissionRefused, match="packs/ab/two") as caught:
        storage.put("packs/ab/two", b"x")
    assert "reading only" in caught.value.hint
    with pytest.raises(PermissionRefused):
        storage.delete("packs/ab/one")
    assert storage.get("packs/ab/one") == b"x"
    assert storage.list() == [Entry("packs/ab/one", 1)]


def test_a_drive_that_came_off_leaves_no_empty_repository(small_disk: Path) -> None:
    storage = LocalStorage(small_disk, SystemClock())
    storage.put("packs/ab/one", b"x")
    subprocess.run(["umount", str(small_disk)], check=True)
    assert small_disk.is_dir()
    for call in (storage.list, lambda: storage.list("packs/"), lambda: storage.get("packs/ab/one")):
        with pytest.raises(StorageError, match="drive came off") as caught:
            call()
        assert not isinstance(caught.value, ObjectMissing)
    with pytest.raises(StorageError, match="drive came off"):
        storage.put("packs/ab/two", b"x")
    assert list(small_disk.iterdir()) == []


def test_a_limit_on_the_length_of_files(storage: LocalStorage) -> None:
    """The system writes a part, then refuses the rest."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    status, output = children.run(limit + PUT, storage.root, "70000")
    assert (status, output.split()[0]) == (0, "no_space")
    assert children.names(storage.root) == []
    assert children.run(limit + PUT, storage.root, "50000") == (0, "stored\n")


@needs_root
def test_another_user(tmp_path: Path) -> None:
    """Root gives up being root: the folder can neither be written nor, being 0700, read."""
    storage = LocalStorage(tmp_path / "backups", SystemClock(), create=True)
    storage.put("packs/ab/zero", b"x")
    get = PUT.replace('storage.put("packs/ab/one", b"x" * int(sys.argv[2]))', 'storage.get("packs/ab/zero")')
    for program in (PUT, get, PUT.replace("storage.put", "(lambda *_: storage.list())")):
        status, output = children.run(BECOME_ANOTHER + program, storage.root, "1000")
        assert (status, output.split()[0]) == (0, "permission")
    assert children.names(storage.root) == ["packs/ab/zero"]


@needs_root
def test_a_folder_another_user_may_only_read() -> None:
    with tempfile.TemporaryDirectory() as open_to_all:  # pytest's own folders are closed to others further up
        Path(open_to_all).chmod(0o755)
        storage = LocalStorage(Path(open_to_all) / "backups", SystemClock(), create=True)
        storage.put("packs/ab/zero", b"x")
        for path in (storage.root, *storage.root.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        status, output = children.run(BECOME_ANOTHER + PUT, storage.root, "1000")
        assert (status, output.split()[0]) == (0, "permission")
        assert "packs/ab/one" in output
        reading = '\nprint(storage.get("packs/ab/zero"), storage.list()[0].key)'
        assert children.run(BECOME_ANOTHER + reading, storage.root) == (0, "b'x' packs/ab/zero\n")


@needs_strace
@pytest.mark.parametrize(
    "fault",
    [
        "write:error=EIO",
        "write:error=ENOSPC",
        "fsync:error=EIO:when=3",
        "link,linkat:error=EIO",
        "fsync:error=EIO:when=4",
    ],
)
def test_a_disk_that_fails_once(storage: LocalStorage, fault: str) -> None:
    """The put fails, leaves no temporary, flushes no descriptor twice, and the next one goes through."""
    (storage.root / "packs" / "ab").mkdir(parents=True)
    log = storage.root.with_name("trace")
    rule = fault if "when" in fault else f"{fault}:when=1"
    under = ("strace", "-y", "-o", str(log), "-e", "trace=write,fsync,link,linkat", "-e", f"inject={rule}")
    status, output = children.run(PUT, storage.root, "1000", under=under)
    assert (status, output.split()[0]) == (0, "no_space" if "ENOSPC" in fault else "unreachable")
    assert "packs/ab/one" in output
    flushed = [path for name, path in steps(log, storage.root) if name == "fsync"]
    assert len(flushed) == len(set(flushed))
    # flushing the folder is the last step: the object is in sight then, but was not reported as stored
    assert children.names(storage.root) == (["packs/ab/one"] if fault.endswith("when=4") else [])
    storage.put("packs/ab/one", b"x" * 1000)
    assert children.names(storage.root) == ["packs/ab/one"]


@pytest.mark.parametrize("fails", ["fstat", "close"])
def test_a_drive_that_fails_while_an_object_is_read(
    storage: LocalStorage, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as any other trouble of the storage; but what was read is not thrown away for a failing close."""
    storage.put("packs/ab/one", b"x")
    real = getattr(os, fails)

    def failing(descriptor: int) -> None:
        real(descriptor)
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with monkeypatch.context() as patched:
        patched.setattr(os, fails, failing)
        if fails == "close":
            assert (storage.get("packs/ab/one"), storage.size("packs/ab/one")) == (b"x", 1)
        else:
            for read in (storage.get, storage.size):
                with pytest.raises(StorageError, match="packs/ab/one"):
                    read("packs/ab/one")
    assert storage.get("packs/ab/one") == b"x"


@needs_strace
def test_the_order_of_the_flushes(storage: LocalStorage) -> None:
    """Folder in its parent, then the bytes, then the name, then the folder; anew after someone may have died midway."""
    root = storage.root
    log = root.with_name("trace")
    trace = "trace=mkdir,mkdirat,write,fsync,link,linkat,unlink,unlinkat"
    status, output = children.run(PUT, root, "1000", under=("strace", "-y", "-o", str(log), "-e", trace))
    assert (status, output) == (0, "stored\n")
    expected = [
        ("mkdir", "packs"),
        ("fsync", "."),
        ("mkdir", "packs/ab"),
        ("fsync", "packs"),
        ("write", "packs/ab/.tmp"),
        ("fsync", "packs/ab/.tmp"),
        ("link", "packs/ab/one"),
        ("unlink", "packs/ab/.tmp"),
        ("fsync", "packs/ab"),
    ]
    assert steps(log, root) == expected
    children.run(PUT, root, "1000", under=("strace", "-y", "-o", str(log), "-e", trace))
    repeated = [*expected[:-2], ("fsync", "packs/ab/one"), *expected[-2:]]
    assert steps(log, root) == repeated


def steps(log: Path, root: Path) -> list[tuple[str, str]]:
    """(system call, last path below `root` that it names) in a log of strace, with temporaries called ".tmp"."""
    found = []
    for line in log.read_text().splitlines():
        name = line.partition("(")[0].removesuffix("at")
        paths = re.findall(rf"{re.escape(str(root))}(/[^\">]*)?[\">]", line)
        if paths:
            found.append((name, re.sub(r"\.tmp-\w+", ".tmp", paths[-1].strip("/") or ".")))
    return found
