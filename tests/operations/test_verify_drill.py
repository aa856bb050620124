"""What a proof says, and what it does not say."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from litekeep.errors import Cancelled, NoSpace, ObjectMissing, UnknownSnapshot
from litekeep.formats.receipt import Receipt
from litekeep.model import Level, Snapshot
from litekeep.operations.curate import to_trash
from litekeep.operations.drill import choose_for_drill, drill
from litekeep.operations.verify import verify
from litekeep.repository import layout
from litekeep.repository.repository import Repository
from litekeep.storage.counting import CountingStorage
from litekeep.storage.readonly import ReadOnly
from litekeep.testing import MemoryStorage, RecordingMonitor
from operations.home import DAY, Home, cancel_points, corrupt_page, puts, small_disk


@pytest.fixture
def two(home: Home) -> Home:
    """A first snapshot, and a small second one that shares most of its blocks."""
    home.make(rows=400)
    home.backup()
    home.sql("UPDATE item SET name = 'changed' WHERE id = 1; INSERT INTO pair VALUES ('z', 1)")
    home.backup()
    return home


def receipts(home: Home, snapshot: Snapshot) -> list[Receipt]:
    key = layout.parse_snapshot_key(snapshot.key)
    assert key
    return home.repository.receipts_of(key)


def old_pack(home: Home) -> str:
    """The pack of the first backup."""
    return min(home.keys("packs/"), key=lambda key: key.rpartition("/")[2])


def test_full_and_its_receipt(two: Home) -> None:
    two.clock.advance(DAY)
    result = two.verify(two.find("latest"))
    assert (result.level, result.damage, result.problems, result.ok) == (Level.FULL, (), (), True)
    assert dict(result.tables or ())["item"] == 400
    newest = receipts(two, result.snapshot)[-1]
    assert (newest.kind, newest.level, newest.at) == ("verify", Level.FULL, two.clock.now())
    assert two.find("latest").verified_at == two.clock.now()


def test_damage_in_an_old_pack_is_found_by_full_and_not_by_written(home: Home) -> None:
    home.make(rows=6000)  # several frames
    home.backup(level=Level.NONE)
    home.sql("UPDATE item SET name = 'changed' WHERE id = 1")
    home.backup()
    snapshot, pack = home.find("latest"), old_pack(home)
    for eighth in range(1, 8):
        home.flip(pack, home.storage.size(pack) * eighth // 8)
        if home.verify(snapshot, level=Level.WRITTEN, record=False).ok:
            break  # nothing that the second backup wrote is built on this frame
        home.flip(pack, home.storage.size(pack) * eighth // 8)
    written = home.verify(snapshot, level=Level.WRITTEN)
    assert (written.level, written.ok, written.tables) == (Level.WRITTEN, True, None)
    home.clock.advance(60)
    full = home.verify(snapshot)
    assert (full.level, full.ok) == (Level.NONE, False)
    assert pack in full.damage[0]
    listed = home.find("latest")
    assert (listed.verified, listed.sound, listed.verified_at) == (Level.NONE, False, None)
    assert listed.damage == full.damage
    # A weaker proof afterwards does not talk the damage away.
    home.clock.advance(60)
    home.verify(snapshot, level=Level.WRITTEN)
    assert home.find("latest").damage
    assert not home.find("latest").sound


def test_damage_in_what_it_wrote_is_found_by_written(two: Home) -> None:
    pack = max(two.keys("packs/"), key=lambda key: key.rpartition("/")[2])
    two.flip(pack, 60)
    assert two.verify(two.find("latest"), level=Level.WRITTEN).damage
    assert two.verify(two.snapshots()[0]).ok


def test_a_repaired_object_is_good_again(two: Home) -> None:
    pack = old_pack(two)
    two.flip(pack, two.storage.size(pack) // 2)
    two.verify(two.find("latest"))
    two.flip(pack, two.storage.size(pack) // 2)
    two.clock.advance(60)
    assert two.verify(two.find("latest")).ok
    assert two.find("latest").sound


@pytest.mark.parametrize("level", [Level.WRITTEN, Level.FULL])
def test_missing_objects_are_damage(two: Home, level: Level) -> None:
    snapshot = two.find("latest")
    two.storage.delete(old_pack(two))
    result = two.verify(snapshot, level=level)
    assert "missing" in result.damage[0]


def test_problems_of_the_source_are_no_damage(home: Home) -> None:
    home.make(rows=400)
    corrupt_page(home.database)
    snapshot = home.backup().snapshot
    result = home.verify(snapshot, checks=["SELECT 0"])
    assert (result.level, result.damage, result.ok) == (Level.FULL, (), False)
    assert result.problems[-1] == "check failed: SELECT 0: is not true"
    listed = home.find("latest")
    assert (listed.verified, listed.sound) == (Level.FULL, False)
    # Written says nothing about the database, and forgets nothing.
    home.clock.advance(60)
    home.verify(snapshot, level=Level.WRITTEN)
    assert home.find("latest").problems == result.problems


def test_levels_of_a_catalog(two: Home) -> None:
    snapshot = two.backup(skip_unchanged=False, level=Level.NONE).snapshot
    seen = [two.find(snapshot.id).verified]
    for level in (Level.WRITTEN, Level.FULL):
        two.clock.advance(60)
        two.verify(snapshot, level=level)
        seen.append(two.find(snapshot.id).verified)
    two.clock.advance(60)
    two.drill(snapshot)
    seen.append(two.find(snapshot.id).verified)
    assert seen == [Level.NONE, Level.WRITTEN, Level.FULL, Level.DRILL]


def test_a_read_only_storage(two: Home) -> None:
    log: list[tuple[str, str]] = []
    repository = Repository.open(ReadOnly(CountingStorage(two.storage, log)))
    result = verify(repository, two.find("latest"), record=False, clock=two.clock, monitor=two.monitor)
    assert result.ok
    assert puts(log) == []


def test_where_the_receipt_cannot_be_kept_the_result_is_told_with_a_warning(two: Home) -> None:
    repository = Repository.open(ReadOnly(two.storage))
    before, snapshot = two.keys(), two.find("latest")
    options = {"scratch": two.scratch, "clock": two.clock, "monitor": two.monitor}
    assert verify(repository, snapshot, **options).ok  # type: ignore[arg-type]
    assert drill(repository, snapshot, **options).damage == ()  # type: ignore[arg-type]
    told = [facts["code"] for name, facts in two.monitor.events if name == "warning"]
    assert told == ["read_only", "read_only"]
    assert two.keys() == before
    two.flip(next(key for key in two.keys("packs/")), 60)
    assert not verify(repository, snapshot, **options).ok  # type: ignore[arg-type]


def test_every_stored_byte_of_a_snapshot_is_read(tmp_path: Path) -> None:
    log: list[tuple[str, str]] = []
    home = Home(tmp_path, CountingStorage(MemoryStorage(), log))
    home.make(rows=400)
    home.backup()
    home.change()
    home.backup()
    log.clear()
    home.verify(home.find("latest"))
    assert {key for method, key in log if method == "get_range"} == set(home.keys("packs/"))


def test_cancelling_proves_and_records_nothing(two: Home) -> None:
    snapshot, before = two.find("latest"), two.keys()
    for action in (lambda: two.verify(snapshot), lambda: two.drill(snapshot)):
        two.monitor = RecordingMonitor()
        action()
        probe = two.monitor.questions
        for key in set(two.keys()) - set(before):
            two.storage.delete(key)
        for moment in cancel_points(probe):
            two.monitor = RecordingMonitor(cancel_after=moment)
            with pytest.raises(Cancelled):
                action()
        assert two.keys() == before
        assert two.left_over() == []


def test_a_full_scratch_folder_is_no_damage(home: Home) -> None:
    home.make(rows=3000)
    snapshot = home.backup().snapshot
    before = home.keys()
    with small_disk(home.folder, 1000) as place:
        home.scratch = place
        for action in (home.verify, home.drill):
            with pytest.raises(NoSpace):
                action(snapshot)
        assert list(place.iterdir()) == []
    assert home.keys() == before


# ------------------------------------------------------------------------------------------------------------- drill


def test_a_drill_and_its_receipt(two: Home) -> None:
    two.clock.advance(DAY)
    result = two.drill(two.snapshots()[0], checks=["SELECT count(*) = 400 FROM item"])
    assert (result.ok, result.damage, result.problems) == (True, (), ())
    assert dict(result.tables)["item"] == 400
    assert result.restored_bytes == result.snapshot.database.size_bytes
    snapshot = two.snapshots()[0]
    assert (snapshot.verified, snapshot.drilled_at) == (Level.DRILL, two.clock.now())
    assert two.left_over() == []


def test_a_drill_of_a_damaged_snapshot_records_the_damage(two: Home) -> None:
    for pack in two.keys("packs/"):
        two.flip(pack, two.storage.size(pack) // 2)
    result = two.drill(two.find("latest"))
    assert (result.ok, result.restored_bytes) == (False, 0)
    listed = two.find("latest")
    assert listed.damage == result.damage
    assert listed.drilled_at is None
    assert two.left_over() == []


def test_a_snapshot_that_was_forgotten_meanwhile_is_no_damage(two: Home) -> None:
    snapshot = two.find("latest")
    two.storage.delete(snapshot.key)
    before = two.keys()
    for action in (two.verify, two.drill):
        with pytest.raises(ObjectMissing):
            action(snapshot)
    assert two.keys() == before
    assert two.left_over() == []


def test_a_drill_of_an_unsound_source_tells_its_problems(home: Home) -> None:
    home.make(rows=400)
    corrupt_page(home.database)
    result = home.drill(home.backup().snapshot)
    assert (result.damage, result.ok) == ((), False)
    assert result.problems
    assert home.find("latest").verified is Level.DRILL
    result = home.drill(home.find("latest"), checks=["SELECT 0"])
    assert "check failed" in result.problems[-1]


def test_the_least_recently_proven_is_chosen_and_chance_decides_among_equals(two: Home) -> None:
    for _ in range(4):
        two.change()
        two.backup()
    chosen = Counter(choose_for_drill(two.snapshots(), random.Random(seed)).sequence for seed in range(200))
    assert set(chosen) == {1, 2, 3, 4, 5, 6}
    assert min(chosen.values()) > 10
    chance, order = random.Random(1), list[int]()
    for _ in range(12):
        snapshot = choose_for_drill(two.snapshots(), chance)
        order.append(snapshot.sequence)
        two.clock.advance(7 * DAY)
        two.drill(snapshot)
    assert sorted(order[:6]) == [1, 2, 3, 4, 5, 6]
    assert order[6:] == order[:6]  # from then on the longest ago


def test_the_trash_is_not_drilled(two: Home) -> None:
    to_trash(two.repository, two.snapshots()[0], clock=two.clock, monitor=two.monitor)
    assert {choose_for_drill(two.snapshots(), random.Random(seed)).sequence for seed in range(20)} == {2}
    with pytest.raises(UnknownSnapshot):
        choose_for_drill([], random.Random(1))


def test_a_damaged_snapshot_does_not_hold_up_the_round(two: Home) -> None:
    """It is drilled in its turn, and the others come to theirs."""
    two.change()
    two.backup()
    doomed = two.snapshots()[-1]
    two.flip(max(two.keys("packs/"), key=lambda key: key.rpartition("/")[2]), 60)
    drilled = set()
    chance = random.Random(3)
    for _ in range(6):
        snapshot = choose_for_drill(two.snapshots(), chance)
        drilled.add(snapshot.sequence)
        two.clock.advance(7 * DAY)
        two.drill(snapshot)
    assert drilled >= {1, 2}
    assert two.find(doomed.id).damage
