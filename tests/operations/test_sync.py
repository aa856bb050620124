"""Copies: everything arrives in an order that leaves whole snapshots, nothing is lost there, nothing is sent twice."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from litekeep.errors import Cancelled, LitekeepError, Locked, PlaceMissing, Refused, StorageError
from litekeep.formats.keyslot import Cost
from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations import sync as sync_module
from litekeep.operations.copymemory import CopyMemory, read_states
from litekeep.operations.curate import from_trash, label, pin, to_trash
from litekeep.operations.keys import add_slot, remove_slot
from litekeep.operations.replicate import replicate
from litekeep.operations.sync import SyncOptions, SyncResult, sync
from litekeep.operations.verify import verify
from litekeep.repository import garbage, layout, versions
from litekeep.repository.catalog import load_catalog
from litekeep.repository.keyring import NewSlot
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.base import Storage
from litekeep.storage.counting import CountingStorage
from litekeep.storage.local import LocalStorage
from litekeep.testing import Fault, FaultyStorage, MemoryStorage, Moment, RecordingMonitor
from operations.home import DAY, Home, cancel_points, connect, image_of, sha256, warnings_of

LAST_3 = RetentionPolicy(days=0, weeks=0, months=0, keep_last=3, trash_days=2)
PASSPHRASE = "correct horse battery staple"
CHEAP = Cost(64, 1, 1)


class Copy:
    """A place for a copy, and what is remembered of it."""

    def __init__(self, home: Home, storage: Storage | None = None, name: str = "cloud") -> None:
        self.home, self.name = home, name
        self.storage = storage or MemoryStorage()
        self.folder = home.folder / "memory"
        self.folder.mkdir(exist_ok=True)

    def memory(self) -> CopyMemory:
        return CopyMemory(self.folder, self.name, "memory://", self.home.repository.config.id)

    def forget_what_arrived_last(self) -> None:
        """As when the backup that did was removed there since, or another version remembered."""
        memory = self.memory()
        memory.change(last_sent="")
        memory.save()

    def sync(self, storage: Storage | None = None, **options: Any) -> SyncResult:
        wanted = SyncOptions(**{"unencrypted": True, **options})
        return sync(
            self.home.repository,
            storage or self.storage,
            self.memory(),
            wanted,
            clock=self.home.clock,
            monitor=self.home.monitor,
        )

    def open(self, storage: Storage | None = None) -> Repository:
        return Repository.open(storage or self.storage, PASSPHRASE)

    def ids(self) -> set[str]:
        return {each.id for each in load_catalog(self.open()).snapshots}

    def require(self, images: dict[str, str]) -> None:
        """Every snapshot there gives exactly what was backed up."""
        there = self.open()
        catalog = load_catalog(there)
        assert not catalog.damaged
        for snapshot in catalog.snapshots:
            assert sha256(image_of(there, snapshot, self.home.folder)) == images[snapshot.id], snapshot

    @property
    def state(self) -> Any:
        return read_states(self.folder)[self.name]


@pytest.fixture(params=["plain", "encrypted"])
def any_home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    slots = [NewSlot("passphrase", PASSPHRASE, "test", CHEAP)] if request.param == "encrypted" else []
    return Home(tmp_path, encryption=slots)


def noted(home: Home, images: dict[str, str], **options: Any) -> str:
    """Back up; what must come back is remembered."""
    result = home.backup(**options)
    images.setdefault(result.snapshot.id, sha256(image_of(home.repository, result.snapshot, home.folder)))
    return result.snapshot.id


def test_a_copy_has_all_and_the_next_day_only_what_is_new(any_home: Home) -> None:
    home, images = any_home, dict[str, str]()
    copy = Copy(home)
    home.make()
    noted(home, images)
    first = copy.sync()
    assert (first.listed, len(first.snapshots)) == (True, 1)
    assert set(home.keys()) == {entry.key for entry in copy.storage.list()}
    home.change()
    noted(home, images)
    second = copy.sync()
    assert not second.listed
    assert second.sent_objects == 3, "a pack, its manifest, its receipt"
    assert second.requests == 4, "and whether the backup before is still there"
    assert set(home.keys()) == {entry.key for entry in copy.storage.list()}
    copy.require(images)
    there = copy.open()
    for snapshot in load_catalog(there).snapshots:
        assert verify(there, snapshot, clock=home.clock, monitor=Silent()).ok
    assert copy.state.snapshots == 2
    assert copy.state.newest_at == home.snapshots()[-1].created_at
    assert copy.state.synced_at == home.clock.now()


def test_an_unchanged_day_costs_no_request(home: Home) -> None:
    copy = Copy(home)
    home.make()
    home.backup()
    copy.sync()
    assert home.backup(after=DAY).unchanged
    counting = CountingStorage(copy.storage)
    assert copy.sync(counting).nothing_new
    assert not counting.calls
    assert copy.state.synced_at == home.clock.now()


def test_a_week_later_the_place_is_asked(home: Home) -> None:
    copy = Copy(home)
    home.make()
    home.backup()
    copy.sync()
    lost = next(key for key in home.keys(layout.PACKS))
    copy.storage.delete(lost)
    home.clock.advance(6 * DAY)
    assert not copy.sync().listed
    home.clock.advance(2 * DAY)
    result = copy.sync()
    assert result.listed
    assert "copy_lost_objects" in warnings_of(home.monitor)
    assert result.sent_objects == 1, "the snapshot is there, and what it needs is sent again"
    assert lost in {entry.key for entry in copy.storage.list()}


def test_what_was_lost_is_sent_again(home: Home) -> None:
    copy, images = Copy(home), dict[str, str]()
    home.make()
    noted(home, images)
    copy.sync()
    for entry in copy.storage.list():
        copy.storage.delete(entry.key)
    home.clock.advance(8 * DAY)
    for check in (False, True):  # a week later, or because it is a folder
        with pytest.raises(PlaceMissing, match="should hold a copy"):
            copy.sync(check=check)
    assert copy.storage.list() == []
    assert copy.state.problem_code == "place_missing"
    result = copy.sync(look=True)
    assert len(result.snapshots) == 1
    copy.require(images)


def test_a_copy_that_was_emptied_and_went_on_becomes_whole(home: Home) -> None:
    """Nobody looked for a week, so new backups went to a place that lacked what they are built on."""
    copy, images = Copy(home), dict[str, str]()
    home.make()
    noted(home, images)
    copy.sync()
    for entry in copy.storage.list():
        copy.storage.delete(entry.key)
    copy.forget_what_arrived_last()
    home.change()
    noted(home, images)
    copy.sync()
    assert "repository.json" not in {entry.key for entry in copy.storage.list()}
    home.clock.advance(8 * DAY)
    result = copy.sync()
    assert result.listed
    assert "copy_lost_objects" in warnings_of(home.monitor)
    assert copy.ids() == set(images)
    copy.require(images)


def test_before_something_is_sent_the_newest_backup_is_looked_for(home: Home) -> None:
    """A place that was set back, or emptied, gets nothing that it cannot hold, and is not found out a week late."""
    copy, images = Copy(home), dict[str, str]()
    assert isinstance(copy.storage, MemoryStorage)
    home.make()
    noted(home, images)
    copy.sync()
    drawer = dict(copy.storage._objects)
    for day in range(3):
        home.change()
        noted(home, images, after=DAY)
        assert not copy.sync().listed, day
    copy.storage._objects = dict(drawer)
    assert copy.sync().nothing_new, "an unchanged day costs no request"
    home.change()
    noted(home, images, after=DAY)
    result = copy.sync()
    assert result.listed
    assert len(result.snapshots) == 4
    assert "copy_lost_objects" in warnings_of(home.monitor)
    copy.require(images)
    assert copy.ids() == set(images)
    copy.storage._objects = {}
    home.change()
    noted(home, images, after=DAY)
    assert copy.sync(ask_first=False).sent_objects == 3, "where requests are paid for, it waits for the weekly look"
    copy.storage._objects = {}
    home.change()
    noted(home, images, after=DAY)
    with pytest.raises(PlaceMissing, match="should hold a copy"):
        copy.sync()
    assert copy.storage.list() == []


def test_a_copy_that_was_set_back_becomes_whole_also_where_it_need_not_keep(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drive from the drawer: for days new backups go to a place that lacks what they are built on.

    When it is looked at, one of them is of no use to the retention there any more. It is there, and must be whole: else
    nothing could ever be removed from that copy.
    """
    monkeypatch.setattr(versions, "MAX_DEPTH", 1)  # so that the newest are not built on what was lost
    copy, images, drawer = Copy(home), dict[str, str](), dict[str, bytes]()
    assert isinstance(copy.storage, MemoryStorage)
    home.make()
    for day in range(8):
        home.sql(f"UPDATE item SET name = 'day {day}' WHERE id = 1")
        noted(home, images, after=DAY)
        assert copy.sync(policy=LAST_3).listed is (day in (0, 7))
        copy.forget_what_arrived_last()
        if day == 0:
            drawer = dict(copy.storage._objects)
        if day == 2:
            copy.storage._objects = dict(drawer)
    assert "copy_lost_objects" in warnings_of(home.monitor)
    assert len(copy.ids()) > 3
    copy.require(images)
    home.clock.advance(8 * DAY)
    assert copy.sync(policy=LAST_3).pruned is not None
    copy.require(images)


def test_a_copy_with_a_backup_that_nobody_can_make_whole_goes_on(home: Home) -> None:
    """It gets what is new, removes nothing, and says why."""
    copy, images = Copy(home), dict[str, str]()
    home.make()
    for day in range(6):
        home.change()
        noted(home, images, after=DAY)
        if day == 4:
            copy.sync(policy=LAST_3)
    lost = copy.storage.list("packs/")[0].key
    for storage in (copy.storage, home.storage):
        storage.delete(lost)
    home.clock.advance(8 * DAY)
    result = copy.sync(policy=LAST_3)
    assert result.pruned is None
    told = [facts for name, facts in home.monitor.events if name == "warning" and facts["code"] == "copy_prune_held"]
    assert lost in str(told[-1]["message"])
    assert "nothing is removed from the copy cloud" in str(told[-1]["message"])
    assert copy.state.problem_code in ("", "corrupt")


def test_what_is_no_copy_of_ours_stays_refused(home: Home) -> None:
    copy = Copy(home)
    home.make()
    home.backup()
    copy.sync()
    for entry in copy.storage.list():
        copy.storage.delete(entry.key)
    copy.storage.put("snapshots/app/20260101T000000Z-000001-00112233445566ff", b"another's")
    home.clock.advance(8 * DAY)
    with pytest.raises(Refused, match=r"repository\.json is missing"):
        copy.sync()


def test_what_vanishes_here_stays_there(home: Home) -> None:
    copy, images = Copy(home), dict[str, str]()
    home.make()
    for _ in range(4):
        noted(home, images)
        home.change()
    copy.sync()
    mistake = home.snapshots()[0]
    to_trash(home.repository, mistake, clock=home.clock, monitor=Silent())
    copy.sync()
    assert all(each.trashed_at is None for each in load_catalog(copy.open()).snapshots)
    home.prune(LAST_3)
    home.clock.advance(5 * DAY)
    home.prune(LAST_3)
    assert len(home.snapshots()) == 3
    home.change()
    noted(home, images)
    copy.sync(look=True)
    assert len(copy.ids()) == 5
    copy.require(images)


def test_labels_and_pins_arrive_and_so_does_what_came_back_from_the_trash(home: Home) -> None:
    copy = Copy(home)
    home.make()
    one = home.backup().snapshot
    home.change()
    two = home.backup().snapshot
    to_trash(home.repository, two, clock=home.clock, monitor=Silent())
    copy.sync()
    assert copy.ids() == {one.id}
    from_trash(home.repository, home.find(two.id), clock=home.clock, monitor=Silent())
    pin(home.repository, home.find(one.id), clock=home.clock, monitor=Silent())
    label(home.repository, home.find(one.id), "before the move", clock=home.clock, monitor=Silent())
    copy.sync()
    found = {each.id: each for each in load_catalog(copy.open()).snapshots}
    assert found.keys() == {one.id, two.id}
    assert (found[one.id].pinned, found[one.id].label) == (True, "before the move")
    assert found[two.id].trashed_at is None


def test_the_copy_has_a_retention_of_its_own(home: Home) -> None:
    copy, images = Copy(home), dict[str, str]()
    home.make()
    for _ in range(20):
        noted(home, images, after=DAY)
        copy.sync(policy=LAST_3)
        home.change()
    assert len(home.snapshots()) == 20
    live = {each.id for each in load_catalog(copy.open()).snapshots if each.trashed_at is None}
    newest = {each.id for each in home.snapshots()[-3:]}
    assert newest <= live
    assert len(copy.ids()) <= 3 + 7 + 7, "a week of backups between two looks, and a week in the trash"
    home.clock.advance(8 * DAY)
    result = copy.sync(policy=LAST_3)
    home.clock.advance(8 * DAY)
    result = copy.sync(policy=LAST_3)
    assert result.pruned
    assert copy.ids() == newest
    copy.require(images)
    assert copy.sync(policy=LAST_3, look=True).sent_objects == 0, "what it removed itself is not sent again"


def test_two_retentions_and_compaction_for_a_long_time(tmp_path: Path) -> None:
    """Every snapshot of every copy is whole after every step, whatever the repository itself throws away."""
    chance = random.Random(11)
    home, images = Home(tmp_path), dict[str, str]()
    mine = RetentionPolicy(days=5, weeks=2, months=0, keep_last=2, trash_days=1)
    long = RetentionPolicy(days=20, weeks=8, months=3, keep_last=2, trash_days=1)
    copies = [(Copy(home, name="short"), LAST_3), (Copy(home, name="long"), long), (Copy(home, name="all"), None)]
    home.make(120)
    for day in range(30):
        noted(home, images, after=DAY, reason=Reason.MANUAL if chance.random() < 0.05 else Reason.SCHEDULED)
        if chance.random() < 0.5:
            home.prune(mine, confirmed=True)
        for copy, policy in copies:
            if chance.random() < 0.6:
                copy.sync(policy=policy, look=chance.random() < 0.2)
        if day % 12 == 0:
            for copy, _ in copies:
                if copy.storage.list():
                    copy.require(images)
        home.change(chance.randrange(1, 6))
    assert any(layout.parse_pack_key(key)[1] > 0 for key in home.keys(layout.PACKS)), "it was compacted"  # type: ignore[index]
    for copy, policy in copies:
        copy.sync(policy=policy, look=True)
        assert {each.id for each in home.snapshots()[-2:]} <= copy.ids()
        copy.require(images)


def prepared(home: Home) -> dict[str, str]:
    images: dict[str, str] = {}
    home.make()
    for _ in range(3):
        noted(home, images)
        home.change()
    return images


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("lasting", [False, True])
def test_a_fault_at_every_request(tmp_path: Path, moment: Moment, *, lasting: bool) -> None:
    home = Home(tmp_path)
    images = prepared(home)
    whole = FaultyStorage(MemoryStorage())
    Copy(home, name="count").sync(whole)
    for number in range(1, whole.operations + 1):
        copy = Copy(home, name=f"copy-{number}")
        faulty = FaultyStorage(copy.storage, [Fault(number, moment, lasting=lasting)])
        with pytest.raises(StorageError):
            copy.sync(faulty)
        faulty.assert_exhausted()
        assert copy.state.problem
        assert copy.state.failing_since == home.clock.now()
        assert copy.state.synced_at is None
        if any(entry.key == "repository.json" for entry in copy.storage.list()):
            copy.require(images)  # what is listed is whole
        copy.sync()
        assert (copy.state.problem, copy.state.failing_since) == ("", None)
        assert copy.ids() == set(images)
        copy.require(images)


def test_stopped_anywhere_it_goes_on(home: Home) -> None:
    images = prepared(home)
    questions = 0

    class Stopping(Silent):
        def __init__(self, after: int) -> None:
            self.left = after

        def cancelled(self) -> bool:
            nonlocal questions
            questions += 1
            self.left -= 1
            return self.left < 0

    def run(copy: Copy, after: int) -> SyncResult:
        options = SyncOptions(unencrypted=True)
        return sync(home.repository, copy.storage, copy.memory(), options, clock=home.clock, monitor=Stopping(after))

    run(Copy(home, name="count"), 1 << 30)
    stopped = 0
    for number in cancel_points(questions):
        copy = Copy(home, name=f"copy-{number}")
        try:
            run(copy, number)  # objects arrive in groups, so that the last points may not be reached
        except Cancelled:
            stopped += 1
        assert copy.state.problem == ""
        copy.sync()
        copy.require(images)
        assert copy.ids() == set(images)
    assert stopped >= 4


def test_damage_stays_here(home: Home) -> None:
    home.make()
    old = home.backup().snapshot
    home.change(30)
    new = home.backup().snapshot
    pack = next(key for key in home.keys(layout.PACKS) if layout.parse_pack_key(key)[0][:4] == b"\0\0\0\2")  # type: ignore[index]
    home.flip(pack, 200)
    copy = Copy(home)
    result = copy.sync()
    assert copy.ids() == {old.id}
    assert any(pack in text for text in result.left_behind)
    assert any(new.id[:8] in text for text in result.left_behind)
    assert pack not in {entry.key for entry in copy.storage.list()}
    assert copy.state.problem
    assert copy.state.synced_at is None
    home.flip(pack, 200)
    assert copy.sync().snapshots == (new.id,)
    assert copy.state.problem == ""


@pytest.mark.parametrize("how", ["missing", "its index damaged"])
def test_a_backup_without_its_pack_is_not_sent(home: Home, how: str) -> None:
    """Else the copy would list a backup that cannot be restored from it, and refuse its own rotation for ever."""
    home.make()
    old = home.backup().snapshot
    home.change(30)
    new = home.backup().snapshot
    pack = next(key for key in home.keys(layout.PACKS) if layout.parse_pack_key(key)[0][:4] == b"\0\0\0\2")  # type: ignore[index]
    if how == "missing":
        home.storage.delete(pack)
    else:
        home.flip(pack, home.storage.size(pack) - 1)
    copy = Copy(home)
    result = copy.sync(policy=LAST_3)
    assert copy.ids() == {old.id}
    assert any(new.id[:8] in text or pack in text for text in result.left_behind)
    home.clock.advance(8 * DAY)
    assert copy.sync(policy=LAST_3).left_behind
    assert copy.ids() == {old.id}


def test_an_open_repository_needs_a_yes(home: Home) -> None:
    home.make()
    home.backup()
    copy = Copy(home)
    counting = CountingStorage(copy.storage)
    with pytest.raises(Refused, match="not encrypted"):
        copy.sync(counting, unencrypted=False)
    assert not counting.calls


def test_another_repository_is_left_alone(home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    for each in (home, other):
        each.make()
        each.backup()
    copy = Copy(home, other.storage)
    before = other.keys()
    with pytest.raises(Refused, match="another repository") as caught:
        copy.sync()
    assert "folder or prefix of its own" in caught.value.hint
    assert other.keys() == before
    other.storage.delete("repository.json")
    with pytest.raises(Refused, match=r"repository\.json is missing"):
        copy.sync()
    other.storage.put("repository.json", b"<html>Please log in</html>")
    with pytest.raises(Refused, match="not readable"):
        copy.sync()


def test_two_machines_with_one_repository_are_told(home: Home, tmp_path: Path) -> None:
    """A cloned machine, or a home folder that was restored twice."""
    home.make()
    home.backup()
    copy = Copy(home)
    copy.sync(policy=LAST_3)
    clone = Home(tmp_path / "clone", clock=home.clock)
    clone.storage = MemoryStorage()
    replicate(home.repository, clone.storage, clock=home.clock, monitor=Silent())
    clone.repository = Repository.open(clone.storage)
    clone.make(rows=10)
    for each in (home, clone):
        each.change()
        each.backup(source_name="app")
    theirs = Copy(clone, copy.storage)
    theirs.sync(policy=LAST_3)
    result = copy.sync(policy=LAST_3, look=True)
    assert "another machine writes to it" in result.warnings[0]
    assert result.pruned is None
    assert copy.state.warnings == result.warnings
    assert len(copy.ids()) == 3


def test_an_older_state_of_the_repository_removes_nothing(home: Home) -> None:
    images = prepared(home)
    copy = Copy(home)
    copy.sync(policy=LAST_3)
    for snapshot in home.snapshots()[1:]:
        home.storage.delete(snapshot.key)
    result = copy.sync(policy=LAST_3, look=True)
    assert "older state" in result.warnings[0]
    assert copy.ids() == set(images)


def test_a_removed_passphrase_is_told_and_removed_when_asked(tmp_path: Path) -> None:
    home = Home(tmp_path, encryption=[NewSlot("passphrase", PASSPHRASE, "one", CHEAP)])
    home.make()
    home.backup()
    copy = Copy(home)
    added = add_slot(
        home.repository,
        NewSlot("passphrase", "another long passphrase", "two", CHEAP),
        clock=home.clock,
        monitor=Silent(),
    )
    copy.sync()
    remove_slot(home.repository, added, monitor=Silent())
    assert "still opens" in copy.sync().warnings[0]
    assert Repository.open(copy.storage, "another long passphrase").keys
    assert not copy.sync(remove_keys=True).warnings
    with pytest.raises(LitekeepError):
        Repository.open(copy.storage, "another long passphrase")
    assert copy.open().keys


def test_a_copy_that_was_compacted_by_somebody_is_found_out(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "WASTE_PERCENT", 0)
    monkeypatch.setattr(garbage, "PACK_WASTE_PERCENT", 0)
    images = prepared(home)
    copy = Copy(home)
    copy.sync()
    there = Home.__new__(Home)
    there.__dict__ |= {**home.__dict__, "storage": copy.storage, "repository": copy.open()}
    one = replace(LAST_3, keep_last=1)
    there.prune(one, confirmed=True)
    there.clock.advance(5 * DAY)
    there.prune(one, confirmed=True)
    assert any(layout.parse_pack_key(e.key)[1] > 0 for e in copy.storage.list(layout.PACKS))  # type: ignore[index]
    noted(home, images)
    with pytest.raises(Refused, match="compacted by somebody else"):
        copy.sync(look=True)
    copy.require(images)


def test_a_lock_that_cannot_be_taken_does_not_keep_copies_from_being_sent(home: Home) -> None:
    """A folder stands where its file should be."""
    copy = Copy(home)
    home.make()
    home.backup()
    copy.sync()
    (lock,) = copy.folder.rglob("*.lock")
    lock.unlink()
    lock.mkdir()
    home.change()
    home.backup()
    assert copy.sync().sent_objects


def test_one_run_at_a_time(home: Home) -> None:
    home.make()
    home.backup()
    copy = Copy(home)
    with copy.memory().lock("another run", home.clock), pytest.raises(Locked, match="another run"):
        copy.sync()


@pytest.mark.parametrize("spoil", ["nothing", "garbage", "other place", "short"])
def test_the_memory_is_only_a_memory(home: Home, spoil: str) -> None:
    images = prepared(home)
    copy = Copy(home)
    copy.sync()
    keys = copy.folder / ".cache" / "copies" / "cloud.keys"
    if spoil == "nothing":
        keys.unlink()
    elif spoil == "garbage":
        keys.write_bytes(b"\xff\xfe")
    elif spoil == "short":
        keys.write_bytes(keys.read_bytes()[:-200])
    else:
        keys.write_text(keys.read_text().replace("memory://", "s3://other"))
    noted(home, images)
    result = copy.sync()
    assert result.listed
    assert result.sent_objects == 3
    copy.require(images)


def forget_the_oldest(home: Home) -> None:
    """A backup is put into the trash; days later a prune takes it away, and rewrites packs."""
    to_trash(home.repository, home.snapshots()[0], clock=home.clock, monitor=Silent())
    home.clock.advance(5 * DAY)
    home.prune(LAST_3)


class Late(MemoryStorage):
    """A place to send to; before the first object arrives, a prune is made where it comes from."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._home, self._done = home, False

    def put(self, key: str, data: Any) -> None:
        if not self._done:
            self._done = True
            forget_the_oldest(self._home)
        super().put(key, data)


def test_a_prune_beside_it(home: Home) -> None:
    """Objects that were listed are gone when they are to be sent."""
    images = prepared(home)
    copy = Copy(home)

    copy.storage = Late(home)
    copy.sync()
    copy.require(images)
    assert {each.id for each in home.snapshots()[-2:]} <= copy.ids()
    assert copy.state.problem == ""


def test_a_prune_between_two_looks(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It forgets a backup, and rewrites packs, after the manifests were read and before the packs are: no damage."""
    images = prepared(home)
    copy, really, done = Copy(home), sync_module._Sync._packs_for, list[bool]()

    def late(self: Any, *rest: Any) -> Any:
        if not done:
            done.append(True)
            forget_the_oldest(home)
        return really(self, *rest)

    monkeypatch.setattr(sync_module._Sync, "_packs_for", late)
    result = copy.sync()
    assert result.left_behind == ()
    assert copy.ids() == {each.id for each in home.snapshots()}
    copy.require(images)
    assert copy.state.problem == ""


def test_lost_here_rebuilt_from_there(any_home: Home, tmp_path: Path) -> None:
    home = any_home
    images = prepared(home)
    copy = Copy(home)
    copy.sync()
    storage = LocalStorage(tmp_path / "rebuilt", home.clock, create=True)
    result = replicate(copy.open(), storage, clock=home.clock, monitor=home.monitor)
    assert result.snapshots == 3
    assert not result.left_behind
    assert {entry.key for entry in storage.list()} == {entry.key for entry in copy.storage.list()}
    home.storage, home.repository = storage, Repository.open(storage, PASSPHRASE)
    home.change()
    noted(home, images)
    assert len(copy.sync().snapshots) == 1
    copy.require(images)
    assert replicate(home.repository, copy.storage, clock=home.clock, monitor=Silent()).sent_objects == 0


def test_replicate_refuses_a_place_with_more(home: Home) -> None:
    prepared(home)
    copy = Copy(home)
    copy.sync()
    home.storage.delete(home.snapshots()[0].key)
    with pytest.raises(Refused, match="does not have"):
        replicate(home.repository, copy.storage, clock=home.clock, monitor=Silent())


def test_replicate_beside_a_prune(home: Home) -> None:
    """Packs that were listed are rewritten before they are sent."""
    images = prepared(home)

    target = Late(home)
    monitor = RecordingMonitor()
    result = replicate(home.repository, target, clock=home.clock, monitor=monitor)
    assert result.left_behind == ()
    assert warnings_of(monitor) == []
    copy = Repository.open(target)
    whole = {each.id: each for each in load_catalog(copy).snapshots}
    for each in home.snapshots():
        assert sha256(image_of(copy, whole[each.id], home.folder)) == images[each.id]


def test_what_it_cost_is_counted_for_a_month(home: Home) -> None:
    copy = Copy(home)
    home.make()
    home.backup()
    first = copy.sync()
    home.change()
    home.backup(after=10 * DAY)
    second = copy.sync()
    assert copy.state.requests == first.requests + second.requests
    assert copy.state.sent_bytes == first.sent_bytes + second.sent_bytes
    home.clock.advance(timedelta(days=25).total_seconds())
    third = copy.sync()
    assert copy.state.requests == second.requests + third.requests


def test_only_the_own_database_of_several(home: Home) -> None:
    """The policy of one thins out no other, and each sends its own."""
    home.make()
    other = home.folder / "data" / "other.db"
    other.write_bytes(home.database.read_bytes())
    for _ in range(5):
        home.backup(source_name="app")
        home.backup(source_name="other", source=other)
        home.change()
        with closing(connect(other)) as db:
            home.insert(db, 2)
    copy = Copy(home)
    copy.sync(policy=LAST_3, source="app")
    assert {each.source for each in load_catalog(copy.open()).snapshots} == {"app"}
    copy.sync(policy=None, source="other")
    for _ in range(3):
        home.clock.advance(8 * DAY)
        copy.sync(policy=LAST_3, source="app")
    found = load_catalog(copy.open())
    assert (len(found.of("app")), len(found.of("other"))) == (3, 5)
