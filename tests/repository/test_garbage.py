"""The plan of a collection, on packs made up for each rule: what goes, what is rewritten, and what it is built on then.

Only indexes are read for a plan, so the frames here hold nothing that could be decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from litekeep.blocks.identity import HASH_BYTES
from litekeep.blocks.split import FRAME_BYTES
from litekeep.errors import CorruptObject
from litekeep.formats.manifest import PageMap, Run
from litekeep.formats.pack import Address, Frame, NewFrame, PackBuilder
from litekeep.formats.receipt import Mark, Receipt
from litekeep.repository import garbage, layout
from litekeep.repository.garbage import GarbagePlan, Maps, NewBlock, Rewrite, needed_frames, plan_garbage
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.repository.versions import MAX_DEPTH
from repository.store import new_repository

BLOCK = 4096
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def frame(numbers: Iterable[int], bases: Sequence[Address] = (), *, depth: int = 0, stored: int = 1000) -> NewFrame:
    """A frame of whole blocks."""
    held = list(numbers)
    names = b"".join(number.to_bytes(HASH_BYTES, "big") for number in held)
    return NewFrame(bytes(stored), held, [BLOCK] * len(held), names, [depth or len(bases[:1])] * len(held), bases)


class Packs:
    """A repository in memory, and the maps of its snapshots."""

    def __init__(self) -> None:
        self.repository: Repository = new_repository()
        self.maps: Maps = {}

    def pack(
        self, sequence: int, *frames: NewFrame, number: int = 0, generations: Sequence[int] = (0,), block: int = BLOCK
    ) -> bytes:
        """Store a pack of the snapshot with this sequence; returns its id."""
        pack_id = sequence.to_bytes(4, "big") + number.to_bytes(4, "big")
        for generation in generations:
            key = layout.pack_key(pack_id, generation)
            builder = PackBuilder(key, pack_id, block, self.repository.seal)
            for each in frames:
                lengths = [block] * len(each.numbers)
                builder.add(NewFrame(each.compressed, each.numbers, lengths, each.names, each.depths, each.bases))
            self.repository.storage.put(key, builder.finish())
        return pack_id

    def snapshot(self, *runs: tuple[bytes, int, int], source: str = "app") -> None:
        """The next snapshot: (pack, first number, blocks) in the order of the image."""
        self.maps.setdefault(source, []).append(PageMap.from_runs(Run(*run) for run in runs))

    @property
    def table(self) -> PackTable:
        return PackTable(self.repository)

    def plan(self, *, compact: bool = True, table: PackTable | None = None, ids: Iterable[str] = ()) -> GarbagePlan:
        return plan_garbage(self.repository, table or self.table, self.maps, {*ids}, compact=compact)

    def frames(self, pack_id: bytes) -> Sequence[Frame]:
        return self.table.index(pack_id).frames

    def key(self, pack_id: bytes, generation: int = 0) -> str:
        return layout.pack_key(pack_id, generation)


@pytest.fixture
def packs() -> Packs:
    return Packs()


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rewriting begins with the first wasted byte."""
    monkeypatch.setattr(garbage, "WASTE_PERCENT", 0)
    monkeypatch.setattr(garbage, "PACK_WASTE_PERCENT", 0)


# What is needed


def test_a_pack_stays_while_anything_is_built_on_it(packs: Packs) -> None:
    oldest = packs.pack(1, frame([0, 1]), frame([2, 3]))
    middle = packs.pack(2, frame([0], [(oldest, 2)]))
    newest = packs.pack(3, frame([0], [(middle, 0)]))
    unused = packs.pack(3, frame([0]), number=1)
    packs.snapshot((newest, 0, 1))
    plan = packs.plan(compact=False)
    assert plan.drop == (packs.key(unused),)
    assert (plan.superseded, plan.rewrites, plan.emptied) == ((), (), ())
    assert plan.stored_bytes == sum(packs.table.sizes.values())
    assert needed_frames(packs.table, packs.maps) == {oldest: {1}, middle: {0}, newest: {0}}


def test_every_source_and_every_snapshot_counts(packs: Packs) -> None:
    made = [packs.pack(number, frame([0, 1])) for number in range(1, 5)]
    packs.snapshot((made[0], 0, 1))
    packs.snapshot((made[1], 1, 1), (made[2], 0, 2))
    packs.snapshot((made[3], 0, 1), source="other")
    assert packs.plan(compact=False).drop == ()
    packs.maps["app"].pop()
    assert {*packs.plan(compact=False).drop} == {packs.key(made[1]), packs.key(made[2])}
    packs.maps.clear()
    assert {*packs.plan(compact=False).drop} == {packs.key(each) for each in made}


def test_a_block_that_is_missing_stops_everything(packs: Packs) -> None:
    made = packs.pack(1, frame([0, 1]))
    packs.snapshot((made, 1, 2))
    with pytest.raises(CorruptObject, match="lacks blocks"):
        packs.plan()
    packs.maps.clear()
    gone = (1).to_bytes(4, "big") + b"gone"
    packs.snapshot((packs.pack(2, frame([0], [(gone, 0)])), 0, 1))
    with pytest.raises(CorruptObject, match="is missing"):
        packs.plan()


def test_of_several_generations_the_highest_stays(packs: Packs) -> None:
    """10 is higher than 2, which a listing sorts the other way round."""
    needed = packs.pack(1, frame([0]), generations=(0, 10, 2))
    unneeded = packs.pack(2, frame([0]), generations=(10, 2))
    packs.snapshot((needed, 0, 1))
    plan = packs.plan()
    assert plan.superseded == (packs.key(needed, 0), packs.key(needed, 2))
    assert plan.drop == (packs.key(unneeded, 2), packs.key(unneeded, 10))


# Receipts and marks


class Records:
    """What is said about snapshots."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def receipt(self, snapshot: str, kind: str, day: int, **facts: Any) -> str:
        return self.repository.write_receipt("app", Receipt(snapshot, kind, NOW + timedelta(days=day), facts=facts))

    def mark(self, snapshot: str) -> str:
        return self.repository.write_mark("app", Mark(snapshot, 1, NOW, "person", {"pinned": True}))


HERE, GONE = "a" * 16, "b" * 16


def test_what_is_said_about_snapshots_that_are_gone(packs: Packs) -> None:
    records = Records(packs.repository)
    packs.repository.storage.put("receipts/app/something-else", b"not ours")
    packs.repository.storage.put("marks/app/something-else", b"not ours")
    gone = [records.receipt(GONE, "verify", 0), records.receipt(GONE, "unchanged", 1), records.mark(GONE)]
    records.receipt(HERE, "verify", 0)
    records.mark(HERE)
    assert {*packs.plan(ids=[HERE]).orphans} == {*gone}
    assert packs.plan(ids=[HERE, GONE]).orphans == ()


def test_receipts_of_runs_that_found_nothing_new(packs: Packs) -> None:
    """The newest says when somebody last looked; the newest full read is what a quick look may rely on."""
    records = Records(packs.repository)
    for day in range(4):
        records.mark(HERE)
        records.receipt(HERE, "drill" if day % 2 else "verify", day)
    few = [records.receipt(GONE, "unchanged", day) for day in range(4)]
    assert packs.plan(ids=[HERE, GONE]).orphans == ()
    newest = records.receipt(HERE, "unchanged", 9, full_read=False)
    full = {day: records.receipt(HERE, "unchanged", day, full_read=True) for day in (3, 7, 5)}
    quick = {day: records.receipt(HERE, "unchanged", day, full_read=False) for day in (2, 8, 6)}
    replaced = {full[3], full[5], *quick.values()}
    assert {*packs.plan(ids=[HERE, GONE]).orphans} == replaced
    few.append(records.receipt(GONE, "unchanged", 4, full_read=True))
    assert {*packs.plan(ids=[HERE, GONE]).orphans} == replaced | {*few[:4]}
    assert newest not in replaced


def test_a_receipt_that_cannot_be_read_is_kept(packs: Packs) -> None:
    records = Records(packs.repository)
    made = [records.receipt(HERE, "unchanged", day) for day in range(5)]
    packs.repository.storage.delete(made[0])
    packs.repository.storage.put(made[0], b"damaged")
    assert {*packs.plan(ids=[HERE]).orphans} == {*made[1:4]}


def test_only_receipts_of_other_kinds(packs: Packs) -> None:
    records = Records(packs.repository)
    for day in range(6):
        records.receipt(HERE, "verify", day)
    assert packs.plan(ids=[HERE]).orphans == ()


# When rewriting begins


def _half_dead(packs: Packs, sequence: int) -> tuple[bytes, int]:
    """A pack of which one block of two is live, and its waste: half of a frame, and a block in the index."""
    made = packs.pack(sequence, frame([0, 1], stored=2000))
    sealed = packs.frames(made)[0].stored_bytes
    return made, sealed // 2 + garbage.BLOCK_INDEX_BYTES


def test_rewriting_begins_when_more_than_the_share_is_waste(packs: Packs) -> None:
    made, waste = _half_dead(packs, 1)
    packs.snapshot((made, 0, 1))
    least = waste * 100 / garbage.WASTE_PERCENT
    for stored, begins in ((int(least) - 1, True), (int(least) + 1, False)):
        table = packs.table
        other = packs.key((9).to_bytes(8, "big"))
        table.generations[(9).to_bytes(8, "big")] = [0]
        table.sizes[other] = stored - table.sizes[packs.key(made)]
        plan = packs.plan(table=table)
        assert [each.pack_id for each in plan.rewrites] == ([made] if begins else [])
        assert plan.stored_bytes == stored
        assert not packs.plan(table=table, compact=False).rewrites


def test_exactly_the_share_is_not_enough(packs: Packs, monkeypatch: pytest.MonkeyPatch) -> None:
    made, waste = _half_dead(packs, 1)
    packs.snapshot((made, 0, 1))
    table = packs.table
    table.index(made)
    for key in ("WASTE_PERCENT", "PACK_WASTE_PERCENT"):
        for size_bytes, begins in ((waste * 4 - 1, True), (waste * 4, False), (waste * 4 + 1, False)):
            table.sizes[packs.key(made)] = size_bytes
            with monkeypatch.context() as patch:
                patch.setattr(garbage, key, 25)
                assert bool(packs.plan(table=table).rewrites) == begins, (key, size_bytes)


@pytest.mark.usefixtures("eager")
def test_nothing_is_rewritten_where_nothing_is_wasted(packs: Packs) -> None:
    made = packs.pack(1, frame([0, 1]), frame([2]))
    packs.snapshot((made, 0, 3))
    assert packs.plan() == GarbagePlan((), (), (), (), (), sum(packs.table.sizes.values()))


# What a rewritten pack holds


@pytest.mark.usefixtures("eager")
def test_whole_frames_are_copied_and_others_encoded(packs: Packs) -> None:
    made = packs.pack(
        1, frame(range(4)), frame(range(4, 8)), frame(range(8, 12)), frame(range(12, 16)), frame(range(16, 20))
    )
    packs.snapshot((made, 0, 6), (made, 8, 4), (made, 18, 2))
    assert needed_frames(packs.table, packs.maps) == {made: {0, 1, 2, 4}}
    frames = packs.frames(made)
    (rewrite,) = packs.plan().rewrites
    assert rewrite == Rewrite(
        packs.key(made),
        made,
        1,
        (
            frames[0],
            (NewBlock(4, None, 0), NewBlock(5, None, 0)),
            frames[2],
            (NewBlock(18, None, 0), NewBlock(19, None, 0)),
        ),
    )


@pytest.mark.usefixtures("eager")
def test_the_next_generation_is_higher_than_all(packs: Packs) -> None:
    made = packs.pack(1, frame([0, 1]), generations=(0, 10, 2))
    packs.snapshot((made, 1, 1))
    (rewrite,) = packs.plan().rewrites
    assert (rewrite.generation, rewrite.key) == (11, packs.key(made, 10))


@pytest.mark.usefixtures("eager")
def test_what_is_left_of_neighbours_goes_into_frames_of_the_usual_length(packs: Packs) -> None:
    limit = FRAME_BYTES // BLOCK
    made = packs.pack(1, *(frame(range(start, start + 200)) for start in (0, 200, 400)))
    packs.snapshot((made, 0, 190), (made, 200, 190), (made, 400, 190))
    (rewrite,) = packs.plan().rewrites
    found = [[block.number for block in part] for part in rewrite.frames if isinstance(part, tuple)]
    assert len(found) == len(rewrite.frames)
    left = [*range(190), *range(200, 390), *range(400, 590)]
    assert found == [left[start : start + limit] for start in range(0, len(left), limit)]
    assert len(found) > 2


@pytest.mark.usefixtures("eager")
def test_a_dead_version_in_between_goes_and_the_next_is_built_on_the_one_before(packs: Packs) -> None:
    first = packs.pack(1, frame(range(8)))
    dead = packs.pack(2, frame([0, 1], [(first, 2), (first, 3)]))
    last = packs.pack(3, frame([0, 1], [(dead, 0), (dead, 1)], depth=2), frame([2, 3], depth=5))
    packs.snapshot((first, 0, 8))
    packs.snapshot((first, 0, 2), (last, 0, 3), (first, 5, 2), (last, 3, 1))
    plan = packs.plan()
    blocks = (NewBlock(0, (first, 2), 1), NewBlock(1, (first, 3), 1))
    assert plan.rewrites == (Rewrite(packs.key(last), last, 1, (blocks, packs.frames(last)[1])),)
    assert plan.emptied == (packs.key(dead),)
    assert plan.drop == ()


@pytest.mark.usefixtures("eager")
def test_runs_that_begin_and_end_at_different_places(packs: Packs) -> None:
    first = packs.pack(1, frame(range(4)), number=1)
    second = packs.pack(1, frame(range(4)), number=2)
    changed = packs.pack(2, frame(range(7)))
    packs.snapshot((first, 0, 3), (second, 0, 3))
    packs.snapshot((first, 0, 1), (changed, 1, 4), (second, 2, 1))
    packs.maps["app"].append(PageMap.from_runs([Run(first, 0, 4), Run(second, 0, 4)]))  # nothing of them is dead
    (rewrite,) = packs.plan().rewrites
    bases = [(first, 1), (first, 2), (second, 0), (second, 1)]
    assert rewrite.pack_id == changed
    assert rewrite.frames == (tuple(NewBlock(number, base, 1) for number, base in enumerate(bases, 1)),)


@pytest.mark.usefixtures("eager")
def test_each_place_is_looked_at_by_itself(packs: Packs) -> None:
    """A run ends where it ends, and what is passed over at one place says nothing of the next."""
    first = packs.pack(1, frame([0, 1, 2, 3]))
    second = packs.pack(1, frame([0, 1, 2]), number=1)
    whole = packs.pack(2, frame([0]))
    left, right = (packs.pack(2, frame(range(3)), number=number) for number in (1, 2))
    packs.snapshot((first, 0, 2), (second, 0, 3), (first, 2, 2))
    packs.snapshot((whole, 0, 1), (left, 0, 2), (right, 0, 2), (first, 2, 2))
    found = {each.pack_id: each.frames for each in packs.plan().rewrites}
    assert found == {
        left: ((NewBlock(0, (first, 1), 1), NewBlock(1, (second, 0), 1)),),
        right: ((NewBlock(0, (second, 1), 1), NewBlock(1, (second, 2), 1)),),
    }


@pytest.mark.usefixtures("eager")
def test_the_first_snapshot_that_shows_a_block_decides(packs: Packs) -> None:
    first = packs.pack(1, frame(range(6)))
    other = packs.pack(2, frame(range(3)))
    packs.snapshot((first, 0, 6))
    packs.snapshot((other, 0, 1), (first, 1, 5))
    packs.snapshot((first, 5, 1), (first, 1, 5))  # an older page came to its place,
    packs.snapshot((other, 0, 1), (first, 1, 5))  # and went again
    (rewrite,) = packs.plan().rewrites
    assert rewrite.frames == ((NewBlock(0, (first, 0), 1),),)


@pytest.mark.usefixtures("eager")
def test_bases_are_older_and_of_the_same_size(packs: Packs) -> None:
    wide = packs.pack(1, frame(range(4)), block=2 * BLOCK)
    narrow = packs.pack(2, frame(range(6)))
    packs.snapshot((wide, 0, 4))
    packs.snapshot((narrow, 0, 4))
    (rewrite,) = packs.plan().rewrites
    assert rewrite.frames == (tuple(NewBlock(number, None, 0) for number in range(4)),)
    packs.snapshot((narrow, 4, 1), (narrow, 1, 3))  # a page of the same pack is not older
    (rewrite,) = packs.plan().rewrites
    assert rewrite.frames == (tuple(NewBlock(number, None, 0) for number in range(5)),)


@pytest.mark.usefixtures("eager")
def test_a_frame_is_copied_if_what_it_is_built_on_stays(packs: Packs) -> None:
    """It is live, though its pack is rewritten."""
    first = packs.pack(1, frame([0]), frame([1, 2]))
    second = packs.pack(2, frame([0], [(first, 0)]), frame([1, 2]))
    packs.snapshot((first, 0, 2))
    packs.snapshot((second, 0, 2), (first, 1, 1))
    by_pack = {each.pack_id: each for each in packs.plan().rewrites}
    assert by_pack.keys() == {first, second}
    assert by_pack[first].frames == (packs.frames(first)[0], (NewBlock(1, None, 0),))
    assert by_pack[second].frames == (packs.frames(second)[0], (NewBlock(1, (first, 1), 1),))


def test_a_frame_is_copied_if_the_pack_of_its_base_is_left_alone(packs: Packs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base is dead, but its pack has too little waste to be rewritten."""
    monkeypatch.setattr(garbage, "WASTE_PERCENT", 0)
    first = packs.pack(1, frame(range(20), stored=40_000))
    second = packs.pack(2, frame([0], [(first, 0)]), frame([1, 2], stored=2000))
    packs.snapshot((first, 1, 19))
    packs.snapshot((second, 0, 2), (first, 2, 18))
    plan = packs.plan()
    assert [each.pack_id for each in plan.rewrites] == [second]
    assert plan.rewrites[0].frames == (packs.frames(second)[0], (NewBlock(1, (first, 2), 1),))


@pytest.mark.usefixtures("eager")
def test_the_order_is_from_the_newest_to_the_oldest(packs: Packs) -> None:
    """Else a reader could meet a frame whose base is gone already."""
    first = packs.pack(1, frame(range(9)))
    made = [packs.pack(sequence, frame(range(3)), number=number) for sequence in range(2, 7) for number in (1, 0)]
    packs.snapshot((first, 0, 9))
    packs.snapshot(*((each, 1, 1) for each in made))
    rewrites = packs.plan().rewrites
    assert [each.key for each in rewrites] == [
        packs.key(each) for each in sorted(made, key=lambda each: (-int.from_bytes(each[:4], "big"), packs.key(each)))
    ]


@pytest.mark.usefixtures("eager")
def test_chains_that_are_rewritten_whole_get_shorter(packs: Packs) -> None:
    """Page 0 has a new version each day, and every second day is forgotten."""
    made = [packs.pack(1, frame(range(2)))]
    for day in range(2, 14):
        made.append(packs.pack(day, frame([0], [(made[-1], 0)], depth=day - 1)))
    for each in made[::2]:
        packs.snapshot((each, 0, 1), (made[0], 1, 1))
    plan = packs.plan()
    found = {each.pack_id: each.frames for each in plan.rewrites}
    assert found == {
        each: ((NewBlock(0, (before, 0), depth),),)
        for depth, (before, each) in enumerate(zip(made[::2], made[2::2], strict=False), 1)
    }
    assert {*plan.emptied} == {packs.key(each) for each in made[1::2]}


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH])
def test_a_chain_that_would_be_too_long_begins_anew(packs: Packs, depth: int) -> None:
    ground = packs.pack(1, frame([0, 1]))
    first = packs.pack(2, frame([0], [(ground, 0)], depth=depth))
    second = packs.pack(3, frame([0, 1]))
    packs.snapshot((ground, 0, 2))
    packs.snapshot((first, 0, 1), (ground, 1, 1))
    packs.snapshot((second, 0, 1), (ground, 1, 1))
    (rewrite,) = packs.plan().rewrites
    assert rewrite.frames == ((NewBlock(0, (first, 0), MAX_DEPTH) if depth < MAX_DEPTH else NewBlock(0, None, 0),),)
