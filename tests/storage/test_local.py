"""The folder itself: what is made in it, what is left alone, what is refused, and a folder that is not there."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from litekeep.errors import Locked, ObjectExists, ObjectMissing, StorageError
from litekeep.storage import durable
from litekeep.storage.base import Entry
from litekeep.storage.durable import rename_checked, rename_no_replace
from litekeep.storage.local import LocalStorage
from litekeep.storage.oslock import hold
from litekeep.testing import ManualClock
from storage.children import names

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def storage(root: Path, clock: ManualClock) -> LocalStorage:
    return LocalStorage(root, clock, create=True)


@posix
def test_everything_made_is_closed_to_other_users(tmp_path: Path, clock: ManualClock) -> None:
    storage = LocalStorage(tmp_path / "some" / "where", clock, create=True)
    storage.put("packs/ab/one", b"x")
    with storage.lock("me"):
        pass
    made = list(tmp_path.rglob("*"))
    modes = (
        {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()},
        {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()},
    )
    assert modes == ({0o700}, {0o600})


def test_a_put_leaves_nothing_but_the_object(storage: LocalStorage, root: Path) -> None:
    storage.put("a/b", b"x")
    storage.put("a/b", b"x")
    with pytest.raises(ObjectExists):
        storage.put("a/b", b"y")
    assert names(root) == ["a/b"]


def test_foreign_files_are_neither_listed_nor_touched(storage: LocalStorage, root: Path, clock: ManualClock) -> None:
    storage.put("packs/ab/one", b"x")
    foreign = [".DS_Store", "Thumbs.db", "~$x", ".tmp", ".hidden/file", "System Volume Information/x", "two words"]
    for name in foreign:
        for folder in (root, root / "packs" / "ab"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(b"foreign")
    before = names(root)
    assert storage.list() == storage.list("packs/") == [Entry("packs/ab/one", 1)]
    clock.set(clock.now() + timedelta(days=40_000))
    assert storage.sweep_temporaries(60) == 0
    assert names(root) == before


def test_sweep_removes_only_old_temporaries(storage: LocalStorage, root: Path, clock: ManualClock) -> None:
    storage.put("packs/ab/one", b"x")
    now = clock.now().timestamp()
    for name, age_seconds in ((".tmp-old", 3601), ("packs/ab/.tmp-old", 7200), ("packs/ab/.tmp-new", 3599)):
        (root / name).write_bytes(b"half")
        os.utime(root / name, (now, now - age_seconds))
    os.utime(root / "packs/ab/one", (0, 0))
    assert storage.sweep_temporaries(3600) == 2
    assert names(root) == ["packs/ab/.tmp-new", "packs/ab/one"]


@posix
@pytest.mark.parametrize("target", ["outside", "nowhere", "root/real"])
def test_a_link_in_place_of_an_object_is_not_followed(
    storage: LocalStorage, root: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    storage.put("real", b"real")
    (root / "a").mkdir()
    (root / "a" / "b").symlink_to(tmp_path / target.replace("root", root.name))
    before = names(tmp_path)
    calls = (storage.get, storage.size, lambda key: storage.put(key, b"secret"), lambda _: storage.list())
    for call in calls:
        with pytest.raises(StorageError, match="symbolic link") as caught:
            call("a/b")
        assert caught.value.hint
    assert names(tmp_path) == before
    storage.delete("a/b")  # the link, not what it leads to
    assert (tmp_path / "outside").read_bytes() == b"secret"
    assert storage.list() == [Entry("real", 4)]


@posix
def test_a_link_in_place_of_a_folder_is_not_followed(storage: LocalStorage, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "ab"
    outside.mkdir(parents=True)
    (outside / "one").write_bytes(b"secret")
    (root / "packs").symlink_to(tmp_path / "outside")
    for call in (storage.get, storage.size, storage.delete, lambda key: storage.put(key, b"x")):
        with pytest.raises(StorageError):
            call("packs/ab/one")
    for prefix in ("", "packs/", "packs/ab/"):
        with pytest.raises(StorageError, match="symbolic link"):
            storage.list(prefix)
    assert (outside / "one").read_bytes() == b"secret"
    assert names(tmp_path / "outside") == ["ab/one"]


@posix
def test_a_pipe_in_place_of_an_object_does_not_block(storage: LocalStorage, root: Path) -> None:
    os.mkfifo(root / "one")
    with pytest.raises(ObjectMissing):
        storage.get("one")
    assert storage.list() == []


def test_a_file_in_place_of_a_folder(storage: LocalStorage) -> None:
    storage.put("packs", b"x")
    with pytest.raises(StorageError) as caught:
        storage.put("packs/ab/one", b"x")
    assert type(caught.value) is StorageError
    with pytest.raises(ObjectMissing):
        storage.get("packs/ab/one")


@pytest.mark.parametrize("seen", [False, True])
def test_an_absent_root_is_an_error_and_never_empty(root: Path, clock: ManualClock, *, seen: bool) -> None:
    storage = LocalStorage(root, clock, create=seen)
    if seen:
        storage.put("a/b", b"x")
        shutil.rmtree(root)
    calls = (
        storage.list,
        storage.free_bytes,
        lambda: storage.list("a/"),
        lambda: storage.get("a/b"),
        lambda: storage.size("a/b"),
        lambda: storage.get_range("a/b", 0, 1),
        lambda: storage.put("a/b", b"x"),
        lambda: storage.delete("a/b"),
        lambda: storage.lock("me").__enter__(),
        lambda: storage.sweep_temporaries(0),
    )
    for call in calls:
        with pytest.raises(StorageError, match="is not there") as caught:
            call()
        assert type(caught.value) is StorageError
    assert not root.exists()


def test_an_absent_folder_is_empty(storage: LocalStorage) -> None:
    assert storage.list("packs/ab/") == []


def test_a_relative_root_stays_where_it_was(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    storage = LocalStorage(Path("here"), clock, create=True)
    monkeypatch.chdir("/")
    storage.put("a", b"x")
    assert (tmp_path / "here" / "a").read_bytes() == b"x"


def test_create_again_changes_nothing(storage: LocalStorage, root: Path, clock: ManualClock) -> None:
    storage.put("a", b"x")
    assert LocalStorage(root, clock, create=True).get("a") == b"x"


def test_lock_gives_up_when_the_time_is_over(storage: LocalStorage, root: Path, clock: ManualClock) -> None:
    other = LocalStorage(root, clock)
    with storage.lock("prune on\nhost-a"):
        begun = clock.monotonic()
        with pytest.raises(Locked, match="prune on host-a, since 2026-01-01T00:00:00") as caught, other.lock("b", 5.0):
            pass
        assert clock.monotonic() == pytest.approx(begun + 5.0)
        assert str(root) in str(caught.value)
    with other.lock("b"):
        pass
    assert (root / "lock").exists()
    assert (root / "lock").read_bytes() == b""


def test_lock_comes_free_while_waiting(root: Path) -> None:
    """The waiter's own sleep lets the holder go, so that nothing depends on the speed of threads."""
    held, leave, left = threading.Event(), threading.Event(), threading.Event()

    class Obliging(ManualClock):
        def sleep(self, seconds: float) -> None:
            leave.set()
            left.wait()
            super().sleep(seconds)

    clock = Obliging()
    storage = LocalStorage(root, clock, create=True)

    def first() -> None:
        with storage.lock("first"):
            held.set()
            leave.wait()
        left.set()

    thread = threading.Thread(target=first)
    thread.start()
    held.wait()
    with storage.lock("second", wait_seconds=60.0):
        assert 0 < clock.monotonic() < 1
    thread.join()


@pytest.mark.parametrize("taken", [False, True])
def test_rename_without_replacing(tmp_path: Path, *, taken: bool) -> None:
    """What takes the place of hard links, in both forms."""

    def by_lock(temporary: str, target: str) -> bool:
        rename_checked(temporary, target, lambda: hold(str(tmp_path / "guard"), "a write", 0.0, ManualClock()))
        return True

    for number, rename in enumerate((rename_no_replace, by_lock)):
        temporary, target = tmp_path / f"temporary-{number}", tmp_path / f"target-{number}"
        temporary.write_bytes(b"new")
        if taken:
            target.write_bytes(b"old")
            with pytest.raises(FileExistsError):
                if not rename(str(temporary), str(target)):
                    pytest.skip("no renameat2 here")
        else:
            if not rename(str(temporary), str(target)):
                pytest.skip("no renameat2 here")
            assert not temporary.exists()
        assert target.read_bytes() == (b"old" if taken else b"new")


def test_writes_in_pieces(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "_WRITE_CHUNK_BYTES", 7)
    storage.put("a", bytes(range(100)))
    assert storage.get("a") == bytes(range(100))
