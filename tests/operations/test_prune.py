"""Rotation and garbage collection: what is kept stays byte for byte, what nothing needs goes, nothing on a guess."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from litekeep.errors import Cancelled, CorruptObject, Refused, StorageError
from litekeep.model import Level, Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations.curate import from_trash, label, pin, to_trash, unpin
from litekeep.operations.empty_trash import empty_trash
from litekeep.operations.prune import PruneOptions, PrunePlan, plan_prune, prune
from litekeep.repository import garbage, layout, versions
from litekeep.repository.compact import write_generations
from litekeep.repository.garbage import plan_garbage, read_maps
from litekeep.repository.packs import PackTable
from litekeep.retention import RetentionPolicy
from litekeep.storage.base import Buffer, Storage
from litekeep.testing import MemoryStorage, RecordingMonitor
from operations.home import DAY, HOUR, Home, cancel_points, corrupt_page, sha256, warnings_of

LAST_3 = RetentionPolicy(days=0, weeks=0, months=0, keep_last=3, trash_days=2)


class Memory:
    """What each snapshot must give back for ever: the database's own bytes of that moment."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.images: dict[str, str] = {}

    def note(self, snapshot: Snapshot) -> None:
        """Remember the file of a snapshot that has just been made."""
        self.images[snapshot.id] = sha256(masked(self._home.database.read_bytes()))

    def require(self) -> None:
        """All listed snapshots give what was there."""
        table = PackTable(self._home.repository)
        for snapshot in self._home.snapshots():
            assert sha256(masked(self._home.image(snapshot, table))) == self.images[snapshot.id], snapshot


def masked(image: bytes) -> bytes:
    """Without the change counter and its twin."""
    return image[:24] + image[28:92] + image[96:]


def live(home: Home) -> set[str]:
    """The ids of all snapshots outside the trash."""
    return {each.id for each in home.snapshots() if each.trashed_at is None}


def plan_of(home: Home, policy: RetentionPolicy) -> PrunePlan:
    return plan_prune(home.repository, PruneOptions(policy), clock=home.clock, monitor=home.monitor)


def require_no_garbage(home: Home) -> None:
    """Nothing is stored that nothing needs, and no plan is left."""
    maps, keys = read_maps(home.repository)
    plan = plan_garbage(home.repository, PackTable(home.repository), maps, {key.id for key in keys}, compact=False)
    assert (plan.drop, plan.superseded, plan.orphans) == ((), (), ())
    assert home.keys("plans/") == []


def days(home: Home, memory: Memory, count: int) -> None:
    """Live and back up."""
    for _ in range(count):
        home.change()
        memory.note(home.backup(after=DAY).snapshot)


@pytest.fixture
def memory(home: Home) -> Memory:
    home.make(rows=40, page_size=1024)
    return Memory(home)


# ------------------------------------------------------------ a year


def test_a_year(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Daily backup and prune: what is kept is what was planned, and gives what it gave on its day.

    To save time, the year has 150 days, and its long middle is pruned every ten days; with --operations-all it has
    365, and is pruned daily.
    """
    home = Home(tmp_path)
    home.make(rows=60, page_size=1024)
    memory, policy = Memory(home), RetentionPolicy()
    always = request.config.getoption("--operations-all")
    length = 365 if always else 150
    for day in range(length):
        home.change(1)
        memory.note(home.backup(after=DAY, level=Level.WRITTEN if day % 10 else Level.FULL).snapshot)
        if always or not 40 <= day < length - 15 or day % 10 == 0:
            [(_, decided)] = plan_of(home, policy).retention
            pruned = home.prune(policy)
            assert pruned.waiting == ()
            assert {each.id for each in pruned.trashed} == {each.id for each in decided.removed}
            assert {each.id for each in pruned.forgotten} == {each.id for each in decided.expired}
            assert live(home) == {each.id for each in decided.kept}
        if day % 90 == 48 or day == length - 1:
            memory.require()
            require_no_garbage(home)
    assert 30 + 12 + length // 31 - 10 <= len(live(home)) <= 30 + 12 + 12
    assert home.scrub().damaged == ()
    stored = sum(entry.size_bytes for entry in home.storage.list("packs/"))
    full = home.backup(Reason.MANUAL, source_name="again").new_bytes  # the newest state as one full backup
    assert stored < 3 * full  # fifty-odd states in the room of three


# ------------------------------------------------------------ trash


def test_trash_recover_forget(home: Home, memory: Memory) -> None:
    days(home, memory, 6)
    doomed = [each.id for each in home.snapshots()[:3]]
    result = home.prune(LAST_3)
    assert [each.id for each in reversed(result.trashed)] == doomed
    assert {each.id for each in home.snapshots() if each.trashed_at} == set(doomed)
    assert result.forgotten == ()
    from_trash(home.repository, home.find(doomed[0]), clock=home.clock, monitor=Silent())
    pin(home.repository, home.find(doomed[0]), clock=home.clock, monitor=Silent())
    with pytest.raises(Refused):
        from_trash(home.repository, home.find(doomed[0]), clock=home.clock, monitor=Silent())
    home.clock.advance(DAY)
    assert home.prune(LAST_3).forgotten == ()
    memory.require()
    home.clock.advance(DAY)
    result = home.prune(LAST_3)
    assert {each.id for each in result.forgotten} == set(doomed[1:])
    assert live(home) == {doomed[0], *list(memory.images)[3:]}
    memory.require()
    require_no_garbage(home)
    assert home.scrub().damaged == ()
    gone = set(doomed[1:])
    assert not any(layout.record_snapshot(key) in gone for key in home.keys(""))


def test_a_second_prune_does_nothing(home: Home, memory: Memory) -> None:
    days(home, memory, 6)
    home.prune(LAST_3)
    before = home.keys()
    result = home.prune(LAST_3)
    assert (result.trashed, result.forgotten, result.dropped_packs, result.rewritten_packs) == ((), (), 0, 0)
    assert home.keys() == before


def test_pinned_manual_and_the_newest_verified_survive(home: Home, memory: Memory) -> None:
    home.change()
    manual = home.backup(Reason.MANUAL).snapshot
    memory.note(manual)
    days(home, memory, 2)
    pinned = home.snapshots()[1]
    pin(home.repository, pinned, clock=home.clock, monitor=Silent())
    days(home, memory, 3)
    verified = home.find("latest")
    for _ in range(4):
        home.change()
        memory.note(home.backup(after=DAY, level=Level.NONE).snapshot)
    policy = replace(LAST_3, keep_last=1, trash_days=0)
    for _ in range(3):
        home.prune(policy, confirmed=True)
        home.clock.advance(DAY)
    assert {manual.id, pinned.id, verified.id} <= live(home)
    unpin(home.repository, pinned, clock=home.clock, monitor=Silent())
    home.prune(policy, confirmed=True)
    assert pinned.id not in live(home)
    memory.require()


def test_deleting_by_hand(home: Home, memory: Memory) -> None:
    days(home, memory, 3)
    first, second, third = home.snapshots()
    pin(home.repository, first, clock=home.clock, monitor=Silent())
    with pytest.raises(Refused, match="pinned"):
        to_trash(home.repository, home.find(first.id), clock=home.clock, monitor=Silent())
    unpin(home.repository, first, clock=home.clock, monitor=Silent())
    label(home.repository, first, "kept its label", clock=home.clock, monitor=Silent())
    for each in (first, third):
        to_trash(home.repository, home.find(each.id), clock=home.clock, monitor=Silent())
    with pytest.raises(Refused, match="only verified"):
        to_trash(home.repository, home.find(second.id), clock=home.clock, monitor=Silent())
    assert home.find("latest").id == second.id
    assert home.find(first.id).label == "kept its label"
    memory.require()
    result = empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert {each.id for each in result.forgotten} == {first.id, third.id}
    assert [each.id for each in home.snapshots()] == [second.id]
    memory.require()
    require_no_garbage(home)


def test_the_trash_is_not_emptied_when_nothing_sound_is_left(home: Home, memory: Memory) -> None:
    days(home, memory, 2)
    first, second = home.snapshots()
    to_trash(home.repository, first, clock=home.clock, monitor=Silent())
    for pack in home.keys("packs/"):
        home.flip(pack, 60)
    home.verify(second)
    before = home.keys()
    with pytest.raises(Refused, match="no verified backup"):
        empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert home.keys() == before


# ------------------------------------------------------------ brake, hold, stale plans


def test_the_brake_waits_and_a_confirmed_run_executes(home: Home, memory: Memory) -> None:
    days(home, memory, 20)
    before = home.keys()
    result = home.prune(LAST_3)
    [(source, whys)] = result.waiting
    assert source == "app"
    assert "17" in whys[0]
    assert (result.trashed, result.forgotten) == ((), ())
    assert home.keys() == before
    assert len(home.prune(LAST_3, confirmed=True).trashed) == 17


@pytest.mark.parametrize("jump", [60 * DAY, -10 * DAY])
def test_a_clock_that_jumped_waits(home: Home, memory: Memory, jump: int) -> None:
    days(home, memory, 5)
    home.clock.advance(jump)
    result = home.prune(LAST_3)
    assert len(result.waiting) == 1 or not plan_of(home, LAST_3).retention[0][1].changes
    assert result.trashed == result.forgotten == ()
    assert len(live(home)) == 5


def test_a_hold_concerns_its_source_only(home: Home, memory: Memory) -> None:
    other = home.folder / "data" / "other.db"
    days(home, memory, 5)
    other.write_bytes(home.database.read_bytes())
    for _ in range(5):
        home.backup(source=other, after=DAY, skip_unchanged=False)
    corrupt_page(other)
    assert home.backup(source=other).problems
    result = home.prune(LAST_3)
    assert [source for source, _ in result.waiting] == ["other"]
    assert {each.source for each in result.trashed} == {"app"}
    assert sum(each.source == "other" and each.trashed_at is None for each in home.snapshots()) == 6


def test_a_stale_plan_is_refused(home: Home, memory: Memory) -> None:
    days(home, memory, 6)
    plan = plan_of(home, LAST_3)
    days(home, memory, 1)
    before = home.keys()
    with pytest.raises(Refused, match="not the same"):
        prune(home.repository, PruneOptions(LAST_3), plan, clock=home.clock, monitor=Silent())
    assert home.keys() == before
    plan = plan_of(home, LAST_3)
    result = prune(home.repository, PruneOptions(LAST_3), plan, clock=home.clock, monitor=Silent())
    assert {each.id for each in result.trashed} == {each.id for each in plan.retention[0][1].removed}


def test_a_plan_changes_nothing(home: Home, memory: Memory) -> None:
    days(home, memory, 6)
    before = home.keys()
    plan = plan_of(home, LAST_3)
    assert home.keys() == before
    assert plan.stored_bytes == sum(entry.size_bytes for entry in home.storage.list("packs/"))


# ------------------------------------------------------------ nothing on a guess


def test_a_manifest_that_cannot_be_read_stops_everything(home: Home, memory: Memory) -> None:
    days(home, memory, 7)
    home.prune(LAST_3)
    home.clock.advance(3 * DAY)
    home.flip(home.snapshots()[-1].key, 60)
    before = home.keys()
    with pytest.raises(CorruptObject):
        home.prune(LAST_3)
    assert home.keys() == before
    with pytest.raises(CorruptObject):
        empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert home.keys() == before


def test_a_mark_that_cannot_be_read_waits_for_a_person(home: Home, memory: Memory) -> None:
    """It may be a pin."""
    days(home, memory, 6)
    pin(home.repository, home.snapshots()[0], clock=home.clock, monitor=Silent())
    [mark] = home.keys("marks/")
    home.flip(mark, 60)
    result = home.prune(LAST_3)
    assert result.trashed == ()
    [(source, whys)] = result.waiting
    assert source == "app"
    assert mark in " ".join(whys)
    assert home.prune(LAST_3, confirmed=True).trashed


def test_a_missing_pack_stops_the_collection(home: Home, memory: Memory) -> None:
    days(home, memory, 6)
    home.storage.delete(home.keys("packs/")[0])
    packs = home.keys("packs/")
    with pytest.raises(CorruptObject):
        home.prune(LAST_3)
    assert home.keys("packs/") == packs
    assert len(home.snapshots()) == 6


def test_foreign_things_are_left_alone(local: Home) -> None:
    local.make(rows=40)
    memory = Memory(local)
    root = local.folder / "backups"
    days(local, memory, 1)
    (root / "packs" / "note.txt").write_text("mine")
    (root / "holiday.jpg").write_bytes(b"\xff\xd8")
    days(local, memory, 5)
    local.prune(LAST_3)
    local.clock.advance(3 * DAY)
    local.prune(LAST_3)
    assert (root / "packs" / "note.txt").read_text() == "mine"
    assert (root / "holiday.jpg").exists()
    memory.require()


# ------------------------------------------------------------ interruptions


class Spoiling:
    """A storage that fails, or stores something else, where a test says so."""

    def __init__(self, inner: Storage, refuse: str = "", spoil: str = "") -> None:
        self._inner, self._refuse, self._spoil = inner, refuse, spoil

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def put(self, key: str, data: Buffer) -> None:
        """Refuse keys that begin with `refuse`; change a byte of those that end with `spoil`."""
        if self._refuse and key.startswith(self._refuse):
            raise StorageError("the line went dead", key=key)
        content = bytearray(data)
        if self._spoil and key.endswith(self._spoil):
            content[len(content) // 2] ^= 1
        self._inner.put(key, content)


def test_packs_of_an_interrupted_backup_are_collected(home: Home, memory: Memory) -> None:
    days(home, memory, 3)
    before = set(home.keys())
    home.change()
    inner = home.storage
    home.repository.storage = Spoiling(inner, refuse="snapshots/")
    with pytest.raises(StorageError):
        home.backup()
    home.repository.storage = inner
    orphans = set(home.keys()) - before
    assert orphans
    assert all(key.startswith("packs/") for key in orphans)
    result = home.prune(RetentionPolicy())
    assert result.dropped_packs == len(orphans)
    assert set(home.keys()) == before
    memory.require()


def test_new_generations_that_read_back_wrong_are_taken_back(home: Home, memory: Memory, eager: None) -> None:
    days(home, memory, 12)
    home.prune(LAST_3)
    home.clock.advance(3 * DAY)
    inner = home.storage
    home.repository.storage = Spoiling(inner, spoil="-1")
    with pytest.raises(CorruptObject):
        home.prune(LAST_3)
    home.repository.storage = inner
    memory.require()
    assert home.scrub().damaged == ()
    assert home.prune(LAST_3).rewritten_packs
    memory.require()
    require_no_garbage(home)


def test_two_generations_of_a_pack(home: Home, memory: Memory, eager: None) -> None:
    """A run that died after writing new generations: the next one finishes its work, readers saw no difference."""
    days(home, memory, 8)
    home.prune(LAST_3)
    for each in home.snapshots():
        if each.trashed_at is not None:
            home.storage.delete(each.key)  # as a run that died after forgetting
    maps, keys = read_maps(home.repository)
    table = PackTable(home.repository)
    plan = plan_garbage(home.repository, table, maps, {key.id for key in keys}, compact=True)
    assert plan.rewrites
    write_generations(home.repository, table, plan.rewrites, home.scratch, Silent())
    assert any(len(found) == 2 for found in PackTable(home.repository).generations.values())
    memory.require()
    home.change()
    memory.note(home.backup().snapshot)
    memory.require()
    home.prune(LAST_3)
    assert all(len(found) == 1 for found in PackTable(home.repository).generations.values())
    memory.require()
    require_no_garbage(home)
    assert home.scrub().damaged == ()


def test_a_damaged_new_generation_does_not_cost_the_old_one(home: Home, memory: Memory, eager: None) -> None:
    days(home, memory, 8)
    home.prune(LAST_3)
    for each in home.snapshots():
        if each.trashed_at is not None:
            home.storage.delete(each.key)
    maps, keys = read_maps(home.repository)
    table = PackTable(home.repository)
    plan = plan_garbage(home.repository, table, maps, {key.id for key in keys}, compact=True)
    written = write_generations(home.repository, table, plan.rewrites, home.scratch, Silent())
    home.flip(written[0], 60)
    with pytest.raises(CorruptObject):
        home.prune(LAST_3)
    assert {rewrite.key for rewrite in plan.rewrites} <= set(home.keys("packs/"))
    for key in reversed(written):
        home.storage.delete(key)
    memory.require()


def test_cancelling_at_any_moment(home: Home, memory: Memory, eager: None) -> None:
    days(home, memory, 8)
    home.prune(LAST_3)
    home.clock.advance(3 * DAY)
    assert isinstance(home.storage, MemoryStorage)
    objects = dict(home.storage._objects)
    home.monitor = RecordingMonitor()
    home.prune(LAST_3)
    for moment in cancel_points(home.monitor.questions, 20):
        home.storage._objects.clear()
        home.storage._objects.update(objects)
        home.monitor = RecordingMonitor(cancel_after=moment)
        with pytest.raises(Cancelled):
            home.prune(LAST_3)
        memory.require()
        home.monitor = RecordingMonitor()
        home.prune(LAST_3)
        assert len(home.snapshots()) == 3
        memory.require()
        require_no_garbage(home)


def test_an_interrupted_prune_is_told_and_finished(home: Home, memory: Memory) -> None:
    days(home, memory, 6)
    home.prune(LAST_3)
    home.clock.advance(3 * DAY)
    home.monitor = RecordingMonitor(cancel_after=1)
    with pytest.raises(Cancelled):
        home.prune(LAST_3)
    assert home.keys("plans/")
    home.monitor = RecordingMonitor()
    home.prune(LAST_3)
    assert "interrupted_prune" in warnings_of(home.monitor)
    require_no_garbage(home)
    memory.require()


# ------------------------------------------------------------ compaction


def test_manifests_stay_as_they_are(home: Home, memory: Memory, eager: None) -> None:
    days(home, memory, 12)
    home.prune(LAST_3)
    home.clock.advance(3 * DAY)
    before = {key: home.storage.get(key) for key in home.keys("snapshots/")}
    packs = set(home.keys("packs/"))
    result = home.prune(LAST_3)
    assert result.rewritten_packs
    assert result.freed_bytes > 0
    after = {key: home.storage.get(key) for key in home.keys("snapshots/")}
    assert after.items() <= before.items()
    assert any(key.endswith("-1") for key in set(home.keys("packs/")) - packs)
    memory.require()
    assert home.scrub().damaged == ()


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_depth_is_bounded(home: Home, memory: Memory, eager: None, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "MAX_DEPTH", limit)
    monkeypatch.setattr(versions, "MAX_DEPTH", limit)
    for _ in range(4):
        days(home, memory, 6)
        home.prune(LAST_3, confirmed=True)
        home.clock.advance(3 * DAY)
        home.prune(LAST_3, confirmed=True)
        table = PackTable(home.repository)
        depths = [depth for pack in table.generations for depth in table.index(pack).depths]
        assert max(depths) <= limit
        memory.require()


@pytest.mark.parametrize("page_size", [512, 8192])
def test_compaction_across_a_change_of_page_size(home: Home, memory: Memory, eager: None, page_size: int) -> None:
    """The first snapshot of the new size goes; nothing may be built on blocks of the old size then."""
    days(home, memory, 2)
    home.sql(f"PRAGMA page_size={page_size}; VACUUM")
    days(home, memory, 3)
    to_trash(home.repository, home.snapshots()[2], clock=home.clock, monitor=Silent())
    empty_trash(home.repository, clock=home.clock, monitor=Silent())
    assert any(key.endswith("-1") for key in home.keys("packs/"))
    memory.require()
    assert home.scrub().damaged == ()


def test_no_compaction_when_it_is_not_wanted(home: Home, memory: Memory, eager: None) -> None:
    days(home, memory, 12)
    home.prune(LAST_3)
    home.clock.advance(3 * DAY)
    result = home.prune(LAST_3, compact=False)
    assert result.rewritten_packs == 0
    assert not any(key.endswith("-1") for key in home.keys("packs/"))
    memory.require()


def test_several_sources_in_one_repository(home: Home, memory: Memory, eager: None) -> None:
    names = ["app.db", "stock.db", "Ünïcode.db"]
    for round_ in range(6):
        for name in names:
            home.database = home.folder / "data" / name
            if round_ == 0 and name != "app.db":
                home.make(rows=40, page_size=2048)
            home.change()
            memory.note(home.backup(after=DAY / 3).snapshot)
    only = home.prune(LAST_3, source="stock")
    assert {each.source for each in only.trashed} == {"stock"}
    home.prune(LAST_3)
    home.clock.advance(3 * DAY)
    home.prune(LAST_3)
    assert sorted(each.source for each in home.snapshots()) == sorted(["app", "stock", "Ünïcode"] * 3)
    memory.require()
    require_no_garbage(home)
    assert home.scrub().damaged == ()


# ------------------------------------------------------------ random histories


def random_step(home: Home, memory: Memory, chance: random.Random) -> None:
    what = chance.choice(
        ["backup"] * 8 + ["big", "vacuum", "shrink", "page size", "prune", "prune", "trash", "pin", "wait"]
    )
    if what in ("big", "vacuum", "shrink", "page size"):
        home.sql(
            {
                "big": "INSERT INTO item(body) SELECT randomblob(700) FROM item LIMIT 30",
                "vacuum": "VACUUM",
                "shrink": "DELETE FROM item WHERE id % 3 = 0; VACUUM",
                "page size": f"PRAGMA page_size={chance.choice([512, 1024, 4096, 8192])}; VACUUM",
            }[what]
        )
    if what in ("backup", "big", "vacuum", "shrink", "page size"):
        if chance.random() < 0.8:
            home.change(chance.randrange(1, 5))
        reason = chance.choice([Reason.SCHEDULED] * 6 + [Reason.MANUAL, Reason.PRE_RESTORE])
        level = chance.choice([None, None, Level.WRITTEN, Level.NONE])
        result = home.backup(reason, level=level, after=chance.choice([HOUR, DAY, 3 * DAY]))
        if not result.unchanged:
            memory.note(result.snapshot)
        return
    snapshots = home.snapshots()
    chosen = chance.choice(snapshots) if snapshots else None
    try:
        if what == "prune":
            policy = replace(LAST_3, keep_last=chance.randrange(1, 6), pre_restore_days=3)
            home.prune(policy, confirmed=chance.random() < 0.7, compact=chance.random() < 0.9)
            require_no_garbage(home)
        elif what == "trash" and chosen:
            to_trash(home.repository, chosen, clock=home.clock, monitor=Silent())
            if chance.random() < 0.4:
                empty_trash(home.repository, clock=home.clock, monitor=Silent())
        elif what == "pin" and chosen:
            (unpin if chosen.pinned else pin)(home.repository, chosen, clock=home.clock, monitor=Silent())
    except Refused:
        pass  # the last sound one, a pinned one
    home.clock.advance(DAY)


def test_random_histories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """After every step every listed snapshot gives what it gave, whatever happened and in whatever order."""
    monkeypatch.setattr(garbage, "WASTE_PERCENT", 2)
    monkeypatch.setattr(garbage, "PACK_WASTE_PERCENT", 3)
    monkeypatch.setattr(garbage, "MAX_DEPTH", 4)
    monkeypatch.setattr(versions, "MAX_DEPTH", 4)
    histories, steps = (60, 120) if request.config.getoption("--operations-all") else (3, 30)
    for seed in range(histories):
        home = Home(tmp_path / str(seed))
        home.chance = random.Random(seed)
        home.make(rows=30, page_size=1024)
        memory, chance = Memory(home), random.Random(seed)
        memory.note(home.backup().snapshot)
        for _ in range(steps):
            random_step(home, memory, chance)
            memory.require()
        assert home.scrub().damaged == ()
