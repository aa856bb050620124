"""New generations of packs: the same blocks, whole, proven before anything older may go."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Self

import pytest

from litekeep.errors import Cancelled, CorruptObject
from litekeep.formats.pack import Frame, NewFrame, PackBuilder, PackIndex
from litekeep.monitor import Silent
from litekeep.repository import garbage, layout
from litekeep.repository.compact import read_back, require_same_names, write_generations
from litekeep.repository.garbage import Rewrite, plan_garbage, read_maps
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import open_frame, require_names
from litekeep.repository.spool import Spool
from litekeep.testing import RecordingMonitor
from repository.store import load, new_repository, save

PAGE = 4096
PAGES = 600


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rewriting begins with the first wasted byte."""
    monkeypatch.setattr(garbage, "WASTE_PERCENT", 0)
    monkeypatch.setattr(garbage, "PACK_WASTE_PERCENT", 0)


class Compaction:
    """Six days, of which two were forgotten: packs with frames to copy, to encode plainly and to build on others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = new_repository()
        chance = random.Random(5)
        pages = [chance.randbytes(300) + bytes(PAGE - 300) for _ in range(PAGES)]
        self.images: dict[str, bytes] = {}
        key = None
        for day in range(6):
            for number in (1, 2, 20 + day, 599 - day):
                pages[number] = pages[number][:100] + chance.randbytes(200) + pages[number][300:]
            image = b"".join(pages)
            key = save(self.repository, folder, image, PAGE, key)
            self.images[key] = image
        for key in list(self.images)[::3]:
            self.repository.storage.delete(key)
            del self.images[key]
        self.maps, _ = read_maps(self.repository)
        self.before = self.table()
        self.rewrites = plan_garbage(self.repository, self.before, self.maps, set(), compact=True).rewrites

    def table(self) -> PackTable:
        return PackTable(self.repository)

    def write(self, monitor: RecordingMonitor | None = None) -> list[str]:
        return write_generations(
            self.repository, self.before, self.rewrites, self.folder, monitor or RecordingMonitor()
        )

    def read_back(self, packs: set[bytes] | None = None, monitor: RecordingMonitor | None = None) -> None:
        packs = {each.pack_id for each in self.rewrites} if packs is None else packs
        read_back(self.repository, self.table(), self.maps, packs, self.folder, monitor or RecordingMonitor())

    def damage(self, key: str, at: int) -> None:
        data = bytearray(self.repository.storage.get(key))
        data[at] ^= 1
        self.repository.storage.delete(key)
        self.repository.storage.put(key, bytes(data))


@pytest.fixture
def made(tmp_path: Path) -> Compaction:
    made = Compaction(tmp_path)
    assert len(made.rewrites) > 2
    assert {isinstance(part, tuple) for each in made.rewrites for part in each.frames} == {True, False}
    bases = {
        (each.pack_id, block.number): block.base
        for each in made.rewrites
        for part in each.frames
        if isinstance(part, tuple)
        for block in part
    }
    assert {base is None for base in bases.values()} == {True, False}
    assert bases.keys() & {*bases.values()}, "one is encoded anew, and another is built on it"
    return made


def test_all_snapshots_are_what_they_were_without_the_old_generations(made: Compaction) -> None:
    monitor = RecordingMonitor()
    written = made.write(monitor)
    assert written == [layout.pack_key(each.pack_id, 1) for each in made.rewrites]
    packs = [step for step in monitor.steps if step[3] == "packs"]
    assert packs == [("compact", done, len(written), "packs") for done in range(1, len(written) + 1)]
    assert {step[0] for step in monitor.steps} == {"compact"}
    made.read_back()
    require_same_names(made.before, made.table(), made.rewrites)
    for each in made.rewrites:
        made.repository.storage.delete(each.key)
    for key, image in made.images.items():
        assert load(made.repository, made.folder, key) == image
    after = made.table()
    for each in made.rewrites:
        index = after.index(each.pack_id)
        depths = dict(zip(index.numbers, index.depths, strict=True))
        for part in each.frames:
            if isinstance(part, tuple):
                assert [depths[block.number] for block in part] == [block.depth for block in part]


def test_what_is_encoded_anew_is_built_on_what_was_planned(made: Compaction) -> None:
    made.write()
    after, built = made.table(), 0
    for each in made.rewrites:
        index = after.index(each.pack_id)
        for part, frame in zip(each.frames, index.frames, strict=True):
            if not isinstance(part, tuple):
                continue
            planned = [block.base for block in part if block.base is not None]
            assert list(index.bases(frame)) == planned
            if planned:
                sealed = made.repository.storage.get_range(index.key, frame.offset, frame.stored_bytes)
                built += not can_be_read_alone(made, index, frame, sealed)
    assert built, "some frame makes use of what it is built on"


def can_be_read_alone(made: Compaction, index: PackIndex, frame: Frame, sealed: bytes) -> bool:
    """Whether a frame gives its blocks without those that it names as its bases."""
    try:
        plain = open_frame(index, frame, sealed, b"")
        require_names(made.repository, index, frame, plain, [(frame.first, frame.blocks)])
    except CorruptObject:
        return False
    return True


def test_what_is_fetched_is_asked_for_as_often_as_was_announced(
    made: Compaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would stay in memory, or in the scratch file, until the end."""
    spools: list[Spool] = []

    class Watched(Spool):
        def __enter__(self) -> Self:
            spools.append(self)
            return super().__enter__()

    monkeypatch.setattr("litekeep.repository.compact.Spool", Watched)
    made.write()
    (spool,) = spools
    assert (spool._uses, spool._memory, spool._places) == ({}, {}, {})


def test_it_can_be_stopped_between_two_packs(made: Compaction) -> None:
    asked = RecordingMonitor()
    made.write(asked)
    for each in made.rewrites:
        made.repository.storage.delete(layout.pack_key(each.pack_id, 1))
    with pytest.raises(Cancelled):
        made.write(RecordingMonitor(cancel_after=asked.questions - len(made.rewrites)))
    assert len(made.table().sizes) == len(made.before.sizes) + 1


def test_damage_in_what_is_copied_stops_it(made: Compaction) -> None:
    copied = next((each, part) for each in made.rewrites for part in each.frames if not isinstance(part, tuple))
    made.damage(copied[0].key, copied[1].offset)
    with pytest.raises(CorruptObject, match=rf"frame {copied[1].part}: "):
        made.write()


def test_damage_in_what_is_encoded_anew_stops_it(made: Compaction) -> None:
    rewrite = next(each for each in made.rewrites if isinstance(each.frames[0], tuple))
    index = made.before.index(rewrite.pack_id)
    first = rewrite.frames[0]
    assert isinstance(first, tuple)
    frame = index.frames[index.frame_of(index.position(first[0].number))]
    made.damage(rewrite.key, frame.offset)
    with pytest.raises(CorruptObject):
        made.write()


def test_damage_in_any_needed_frame_is_found_by_reading_back(made: Compaction) -> None:
    written = made.write()
    monitor = RecordingMonitor()
    made.read_back(monitor=monitor)
    assert {(phase, unit) for phase, _, _, unit in monitor.steps} == {("read back", "frames")}
    for key in written:
        whole = made.repository.storage.get(key)
        parsed = layout.parse_pack_key(key)
        assert parsed
        for frame in made.table().index(parsed[0]).frames:
            made.damage(key, frame.offset)
            with pytest.raises(CorruptObject):
                made.read_back()
            with pytest.raises(CorruptObject):
                made.read_back({parsed[0]})
            made.repository.storage.delete(key)
            made.repository.storage.put(key, whole)
    made.read_back()


def test_only_the_packs_that_are_named_are_read_back(made: Compaction) -> None:
    made.write()
    monitor = RecordingMonitor()
    made.read_back(set(), monitor)
    assert monitor.steps == []
    newest = made.rewrites[0].pack_id
    other = next(
        frame
        for each in made.rewrites
        for frame in made.table().index(each.pack_id).frames
        if each.pack_id not in {newest, *(base[0] for base in _bases(made, newest))}
    )
    pack = next(each for each in made.rewrites if other in made.table().index(each.pack_id).frames)
    made.damage(layout.pack_key(pack.pack_id, 1), other.offset)
    made.read_back({newest})
    with pytest.raises(CorruptObject):
        made.read_back({pack.pack_id})


def _bases(made: Compaction, pack_id: bytes) -> set[tuple[bytes, int]]:
    """All that a pack is built on, and so on."""
    table, found = made.table(), set[tuple[bytes, int]]()
    todo = [pack_id]
    while todo:
        index = table.index(todo.pop())
        new = {base for frame in index.frames for base in index.bases(frame)} - found
        found |= new
        todo += [base[0] for base in new]
    return found


def test_blocks_with_other_names_are_refused(made: Compaction) -> None:
    """A generation that is whole, sealed and readable, but holds something else."""
    made.write()
    rewrite: Rewrite = made.rewrites[0]  # the newest, of few blocks
    key = layout.pack_key(rewrite.pack_id, 1)
    index = made.table().index(rewrite.pack_id)
    numbers = list(index.numbers)
    for wrong in (0, len(numbers) - 1):
        builder = PackBuilder(key, rewrite.pack_id, index.block_bytes, made.repository.seal)
        names = [index.name(position) for position in range(len(numbers))]
        names[wrong] = bytes(16)
        builder.add(NewFrame(b"any", numbers, list(index.lengths), b"".join(names), [0] * len(numbers), []))
        made.repository.storage.delete(key)
        made.repository.storage.put(key, builder.finish())
        with pytest.raises(CorruptObject, match=f"names block {numbers[wrong]} otherwise"):
            require_same_names(made.before, made.table(), made.rewrites)


def test_nothing_to_rewrite(made: Compaction) -> None:
    assert write_generations(made.repository, made.before, (), made.folder, Silent()) == []
    require_same_names(made.before, made.table(), ())
