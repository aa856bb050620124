"""Emptying the trash: what goes, what stays whatever was asked, and what is told of what the storage keeps."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from litekeep.errors import PermissionRefused, Refused
from litekeep.model import Level, Snapshot
from litekeep.monitor import Silent
from litekeep.operations.curate import pin, to_trash
from litekeep.operations.empty_trash import empty_trash
from litekeep.operations.removal import Removal
from litekeep.testing import MemoryStorage, RecordingMonitor
from operations.home import DAY, Home, warnings_of


class Keeping(MemoryStorage):
    """Lets nothing go whose key begins with one of these."""

    kept: tuple[str, ...] = ()

    def delete(self, key: str) -> None:
        if self.kept and key.startswith(self.kept):
            raise PermissionRefused(f"{key} is locked", key=key)
        super().delete(key)


def trashed(home: Home, count: int = 1, left: int = 1) -> list[Snapshot]:
    """So many snapshots, the first ones in the trash; returns all."""
    home.make(rows=40, page_size=1024)
    for _ in range(count + left):
        home.change()
        home.backup(after=DAY)
    for each in home.snapshots()[:count]:
        to_trash(home.repository, each, clock=home.clock, monitor=Silent())
    return home.snapshots()


def test_a_pin_holds_in_the_trash_too(home: Home) -> None:
    first, second, _ = trashed(home, 2)
    pin(home.repository, first, clock=home.clock, monitor=Silent())
    result = empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert [each.id for each in result.forgotten] == [second.id]
    assert first.id in {each.id for each in home.snapshots()}


def test_only_the_source_that_was_named(home: Home) -> None:
    trashed(home)
    home.database = home.folder / "data" / "other.db"
    home.make()
    for _ in range(2):
        home.change()
        home.backup(after=DAY)
    other = next(each for each in home.snapshots() if each.source == "other")
    to_trash(home.repository, other, clock=home.clock, monitor=Silent())
    result = empty_trash(home.repository, "other", clock=home.clock, monitor=Silent())
    assert [each.source for each in result.forgotten] == ["other"]
    result = empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert [each.source for each in result.forgotten] == ["app"]


def test_the_sound_snapshots_of_another_source_do_not_count(home: Home) -> None:
    home.make()
    home.backup(after=DAY)
    (only,) = home.snapshots()
    home.database = home.folder / "data" / "other.db"
    home.make()
    home.backup(after=DAY)
    home.repository.mark(only.source, only.id, "user", {"trashed_at": home.clock.now().isoformat()}, home.clock.now())
    with pytest.raises(Refused, match="no verified backup of app would be left"):
        empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert len(home.snapshots()) == 2


def test_one_sound_snapshot_among_others_is_enough(home: Home) -> None:
    first, *_ = trashed(home, 1, 1)
    home.change()
    home.backup(after=DAY, level=Level.NONE)
    result = empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert [each.id for each in result.forgotten] == [first.id]


def test_a_snapshot_with_a_mark_that_cannot_be_read_stays(home: Home) -> None:
    """The mark may say that it was recovered."""
    first, second, _ = trashed(home, 2)
    home.clock.advance(1)
    home.repository.mark(first.source, first.id, "user", {"trashed_at": None}, home.clock.now())
    newest = max(key for key in home.keys("marks/") if first.id in key)
    home.flip(newest, 60)
    result = empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert [each.id for each in result.forgotten] == [second.id]


def test_what_it_did_is_told(home: Home) -> None:
    first, _ = trashed(home)
    monitor = RecordingMonitor()
    stored = sum(entry.size_bytes for entry in home.storage.list("packs/"))
    result = empty_trash(home.repository, clock=home.clock, monitor=monitor)
    left = sum(entry.size_bytes for entry in home.storage.list("packs/"))
    assert (result.stored_bytes, result.freed_bytes, result.kept_by_lock) == (left, stored - left, ())
    assert 0 <= result.elapsed_seconds < 60
    events = dict(monitor.events)
    assert events["trash_emptied"]["forgotten"] == 1
    assert events["trash_emptied"]["freed_bytes"] == result.freed_bytes
    assert events["forgotten"]["snapshot"] == first.id
    assert events["forgotten"]["why"] == "the trash was emptied"
    assert not warnings_of(monitor)


def test_what_the_storage_keeps_stays_whole_and_is_told(home: Home) -> None:
    first, second, third = trashed(home, 2)
    storage = Keeping()
    for key in home.keys(""):
        storage.put(key, home.storage.get(key))
    storage.kept = (first.key,)
    home.storage = home.repository.storage = storage
    monitor = RecordingMonitor()
    result = empty_trash(home.repository, clock=home.clock, monitor=monitor)
    assert [each.id for each in result.forgotten] == [second.id]
    assert result.kept_by_lock == (first.key,)
    assert {each.id for each in home.snapshots()} == {first.id, third.id}
    home.image(first)
    assert warnings_of(monitor) == ["kept_by_lock"]


def test_who_holds_the_lock_is_told_to_others(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    trashed(home)
    asked: list[tuple[str, float]] = []
    lock = home.storage.lock

    def watched(owner: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        asked.append((owner, wait_seconds))
        return lock(owner, wait_seconds)

    monkeypatch.setattr(home.storage, "lock", watched)
    empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert asked == [("emptying the trash", 60.0)]


def test_a_removal_remembers_what_was_refused_and_why_first() -> None:
    storage = Keeping()
    for key in ("packs/a", "packs/b", "keys/c"):
        storage.put(key, b"x")
    storage.kept = ("packs/",)
    removal, monitor = Removal(storage), RecordingMonitor()
    assert removal.delete("keys/c") is True
    removal.tell(monitor)
    assert monitor.events == []
    assert removal.delete("packs/b") is False
    removal.tell(monitor)
    assert removal.delete("packs/a") is False
    removal.tell(monitor)
    assert removal.refused == ["packs/b", "packs/a"]
    assert warnings_of(monitor) == ["kept_by_lock", "kept_by_lock"]
    assert [facts["message"] for _, facts in monitor.events] == [
        f"{things} could not be removed, because the storage does not allow it: packs/b is locked"
        for things in ("one object", "2 objects")
    ]
    assert [entry.key for entry in storage.list()] == ["packs/a", "packs/b"]
