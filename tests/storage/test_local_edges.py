"""A folder as storage, call by call: what is told when one fails, that nothing stays open, and reads in pieces."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from litekeep.errors import Locked, ObjectExists, ObjectMissing, StorageError
from litekeep.storage import local, tree
from litekeep.storage.base import MAX_WHOLE_BYTES, Entry, ObjectShorter
from litekeep.storage.local import LocalStorage
from litekeep.storage.tree import Tree
from litekeep.testing import ManualClock

if sys.platform == "win32":
    pytest.skip("descriptors and links of POSIX", allow_module_level=True)

KEY = "packs/ab/one"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def storage(tmp_path: Path, clock: ManualClock) -> LocalStorage:
    storage = LocalStorage(tmp_path / "backups", clock, create=True)
    storage.put(KEY, b"0123456789")
    storage.put("packs/ab/two", b"2")
    return storage


def raising(*_: object, **__: object) -> Any:
    raise OSError(errno.EIO, "broken")


class System:
    """Stands for `os` in the module: some functions are others."""

    def __init__(self, **others: Callable[..., Any]) -> None:
        self.others = others

    def __getattr__(self, name: str) -> Any:
        return self.others.get(name) or getattr(os, name)


def descriptors() -> set[str]:
    """All that are open in this process."""
    return set(os.listdir("/dev/fd"))


@pytest.fixture
def nothing_stays_open() -> Iterator[None]:
    """Descriptors are closed, whatever happened."""
    before = descriptors()
    yield
    assert descriptors() == before


# ------------------------------------------------------------ what is told


@pytest.mark.parametrize(
    ("doing", "act", "broken"),
    [
        (f"write {KEY}", lambda storage: storage.put(KEY, b"x"), "write_temporary"),
        ("list packs/", lambda storage: storage.list("packs/"), "Tree.walk"),
        ("list the objects", lambda storage: storage.list(), "Tree.walk"),
        (f"delete {KEY}", lambda storage: storage.delete(KEY), "os.unlink"),
        (f"read {KEY}", lambda storage: storage.get(KEY), "os.open"),
        (f"read {KEY}", lambda storage: storage.get(KEY), "os.fstat"),
        (f"read {KEY}", lambda storage: storage.get(KEY), "os.read"),
        (f"read {KEY}", lambda storage: storage.get_range(KEY, 0, 1), "os.read"),
        (f"read {KEY}", lambda storage: storage.get_range(KEY, 0, 1), "os.lseek"),
        (f"read {KEY}", lambda storage: storage.size(KEY), "os.fstat"),
        ("sweep the objects", lambda storage: storage.sweep_temporaries(0), "Tree.walk"),
        ("measure the free space for the objects", lambda storage: storage.free_bytes(), "shutil.disk_usage"),
        ("lock lock", lambda storage: storage.lock("me").__enter__(), "hold"),
        ("lock .publish-lock", lambda storage: storage._publish_lock().__enter__(), "hold"),
    ],
)
@pytest.mark.usefixtures("nothing_stays_open")
def test_what_failed_is_told(
    storage: LocalStorage,
    monkeypatch: pytest.MonkeyPatch,
    doing: str,
    act: Callable[[LocalStorage], object],
    broken: str,
) -> None:
    where, _, name = broken.rpartition(".")
    if where == "os":
        monkeypatch.setattr(local, "os", System(**{name: raising}))
    else:
        monkeypatch.setattr({"": local, "Tree": Tree, "shutil": shutil}[where], name, raising)
    with pytest.raises(StorageError) as told:
        act(storage)
    assert told.value.message == f"cannot {doing} in {storage.description}: broken"
    named = doing.rsplit(maxsplit=1)[-1]
    assert told.value.key == ("" if named == "objects" else named)


def test_a_folder_that_cannot_be_made(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError) as told:
        LocalStorage(tmp_path / "file" / "backups", clock, create=True)
    assert told.value.message.startswith(f"cannot create the objects in {tmp_path / 'file' / 'backups'}: ")
    assert told.value.key == ""


@pytest.mark.usefixtures("nothing_stays_open")
def test_something_else_of_that_name(storage: LocalStorage) -> None:
    for act in (storage.get, storage.size):
        with pytest.raises(ObjectMissing, match="but something else of that name") as missing:
            act("packs/ab")
        assert missing.value.key == "packs/ab"
    with pytest.raises(ObjectMissing, match=r"there is no packs/ab/none in .*backups$") as missing:
        storage.get("packs/ab/none")
    assert missing.value.key == "packs/ab/none"


@pytest.mark.usefixtures("nothing_stays_open")
def test_an_object_longer_than_any_is_not_read(storage: LocalStorage) -> None:
    os.truncate(storage.root / KEY, MAX_WHOLE_BYTES + 1)
    with pytest.raises(StorageError, match="no such object of Litekeep is"):
        storage.get(KEY)
    assert storage.size(KEY) == MAX_WHOLE_BYTES + 1


@pytest.mark.usefixtures("nothing_stays_open")
def test_ranges_to_the_last_byte(storage: LocalStorage) -> None:
    assert storage.get_range(KEY, 3, 7) == b"3456789"
    assert storage.get_range(KEY, 10, 0) == b""
    for offset, length in ((3, 8), (9, 2), (10, 1), (11, 0)):
        with pytest.raises(ObjectShorter, match=f"ends at byte 10, before {offset + length}$"):
            storage.get_range(KEY, offset, length)


# ------------------------------------------------------------ links, folders that go, files that go


@pytest.mark.usefixtures("nothing_stays_open")
def test_a_link_in_the_last_folder_is_refused(storage: LocalStorage, tmp_path: Path, clock: ManualClock) -> None:
    (storage.root / "packs" / "ab").rename(tmp_path / "elsewhere")
    (storage.root / "packs" / "ab").symlink_to(tmp_path / "elsewhere")
    fresh = LocalStorage(storage.root, clock)
    acts: list[Callable[[], object]] = [lambda: fresh.get(KEY), lambda: fresh.delete(KEY), lambda: fresh.size(KEY)]
    for act in acts:
        with pytest.raises(StorageError, match="a symbolic link"):
            act()
    assert (tmp_path / "elsewhere" / "one").read_bytes() == b"0123456789"


class Gone:
    """A file that was removed after its folder was read."""

    name = ".tmp-gone"

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        assert not follow_symlinks
        raise FileNotFoundError


def walking(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, *, then: Callable[[], object] = int) -> None:
    """The first file that is found is removed before it is looked at; `then` happens at the end."""
    honest = Tree.walk

    def walk(tree: Tree, prefix: str) -> Iterator[tuple[str, Any]]:
        yield "packs/ab/gone", Gone()
        yield from honest(tree, prefix)
        then()

    monkeypatch.setattr(Tree, "walk", walk)


def test_files_that_go_while_the_folder_is_read(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    old = storage.root / "packs" / ".tmp-old"
    old.write_bytes(b"")
    os.utime(old, (1.0, 1.0))
    walking(storage, monkeypatch)
    assert storage.list() == [Entry(KEY, 10), Entry("packs/ab/two", 1)]
    assert storage.sweep_temporaries(60) == 1
    assert not old.exists()


def test_a_root_that_goes_while_it_is_listed(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    walking(storage, monkeypatch, then=lambda: storage.root.rename(storage.root.with_name("gone")))
    with pytest.raises(StorageError, match="is not there"):
        storage.list()


def test_sizes_are_those_of_the_entries_themselves(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    class Asked:
        name = ".tmp-asked"

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            asked.append(follow_symlinks)
            return os.stat(storage.root / KEY)

    monkeypatch.setattr(Tree, "walk", lambda *_: iter([("packs/ab/one", Asked())]))
    assert storage.list() == [Entry(KEY, 10)]
    storage.sweep_temporaries(1e9)
    assert asked == [False, False]


def test_left_overs_are_swept_when_they_are_older(storage: LocalStorage, clock: ManualClock) -> None:
    edge = clock.now().timestamp() - 60
    for name, at in ((".tmp-same", edge), (".tmp-older", edge - 1)):
        (storage.root / name).write_bytes(b"")
        os.utime(storage.root / name, (at, at))
    assert storage.sweep_temporaries(60) == 1
    assert (storage.root / ".tmp-same").exists()


def test_a_delete_is_durable_also_if_somebody_else_did_it(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(local, "sync_folder", synced.append)
    for _ in range(2):
        storage.delete(KEY)
    assert synced == [str(storage.root / "packs" / "ab")] * 2
    storage.delete("packs/none/at-all")
    assert len(synced) == 2


@pytest.mark.parametrize(
    ("key", "unlisted", "listed"),
    [
        ("packs/ab/three", ["", "packs"], []),
        ("packs/cd/one", ["", "packs"], ["packs"]),  # an unfinished put may be left by somebody who died
        ("marks/one", [""], [""]),  # and so may an empty folder
    ],
)
def test_a_folder_that_was_seen_to_hold_an_object_is_durable(
    storage: LocalStorage,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    unlisted: list[str],
    listed: list[str],
) -> None:
    root = storage.root
    (root / "packs" / "cd").mkdir()
    (root / "packs" / "cd" / ".tmp-0123").write_bytes(b"")
    (root / "marks").mkdir()
    synced: list[str] = []
    monkeypatch.setattr(tree, "sync_folder", lambda folder: synced.append(os.path.relpath(folder, root).strip(".")))
    later = LocalStorage(root, clock)
    later.list()
    later.put(key, b"x")
    assert synced == listed
    synced.clear()
    LocalStorage(root, clock).put(f"{key}-more", b"x")
    assert synced == unlisted


# ------------------------------------------------------------ what is there already


@pytest.mark.usefixtures("nothing_stays_open")
def test_an_equal_object_is_made_durable_and_another_one_refused(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(local, "sync_descriptor", synced.append)
    storage.put(KEY, b"0123456789")
    assert len(synced) == 1
    for other in (b"012345678x", b"0123456789x", b"012345678", b""):
        with pytest.raises(ObjectExists, match="with other content") as refused:
            storage.put(KEY, other)
        assert refused.value.key == KEY
    assert len(synced) == 1


def test_an_object_that_was_there_and_is_gone_again(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    def publish(temporary: str, target: str, lock: object) -> None:
        raise FileExistsError

    monkeypatch.setattr(local, "publish", publish)
    with pytest.raises(StorageError, match="was there and is gone again") as gone:
        storage.put("packs/ab/new", b"x")
    assert gone.value.key == "packs/ab/new"
    assert type(gone.value) is StorageError


# ------------------------------------------------------------ locks


def test_nobody_waits_for_the_lock_unless_told_to(storage: LocalStorage, clock: ManualClock) -> None:
    other = LocalStorage(storage.root, ManualClock())
    with other.lock("the other one"):
        with pytest.raises(Locked, match="the other one"), storage.lock("me"):
            pass
        assert clock.monotonic() == 0
        with pytest.raises(Locked), storage.lock("me", 3.0):
            pass
        assert clock.monotonic() == pytest.approx(3.0)


def test_writes_that_must_not_meet_wait_for_a_minute(storage: LocalStorage, clock: ManualClock) -> None:
    with storage._publish_lock(), storage.lock("a run"):
        assert (storage.root / ".publish-lock").read_text("utf-8").startswith("a write, since ")
        with pytest.raises(Locked, match="a write"), storage._publish_lock():
            pass
        assert clock.monotonic() == pytest.approx(60.0)


# ------------------------------------------------------------ reading


@pytest.mark.parametrize("most", [1, 3, 9, 10, 11])
@pytest.mark.usefixtures("nothing_stays_open")
def test_reads_in_pieces(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(local, "os", System(read=lambda descriptor, count: os.read(descriptor, min(count, most))))
    assert storage.get(KEY) == b"0123456789"
    assert storage.get_range(KEY, 2, 7) == b"2345678"


@pytest.mark.usefixtures("nothing_stays_open")
def test_a_file_that_ends_early(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [b"012", b"345", b""]
    monkeypatch.setattr(local, "os", System(read=lambda _descriptor, _count: answers.pop(0)))
    with pytest.raises(StorageError, match="the file ended early"):
        storage.get(KEY)
    assert answers == []


def test_one_read_asks_for_no_more_than_every_system_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def read(_descriptor: int, count: int) -> bytes:
        asked.append(count)
        return b"x" if len(asked) < 3 else b""

    monkeypatch.setattr(local, "os", System(read=read))
    with pytest.raises(OSError, match="ended early"):
        local._read(0, 3 << 30)
    assert asked == [1 << 30] * 3
    asked.clear()
    with pytest.raises(OSError, match="ended early"):
        local._read(0, 3)
    assert asked == [3, 2, 1]
