"""Give back the space of what no snapshot needs: plan first, then act. The order of steps is what keeps data safe.

What is needed: every block that the map of any manifest addresses (*live*), and every block that a needed frame is
built on. A frame is needed when it holds such a block. If one manifest cannot be read, nothing is planned: what it
needs is not known, and nothing is deleted on a guess.

Packs of which no frame is needed are dropped. Packs with much waste are rewritten as the next generation: without dead
blocks, and with frames built on the nearest earlier *live* version of the same page, so that dead versions in between
can go. Numbers stay, so no manifest changes. Frames that lose nothing are copied as they are.

Why an interruption at any point is harmless:

1. Readers use the highest generation of each pack. New generations are written from the highest sequence to the lowest.
   Whatever is built on a block that a new generation leaves out lies in a pack of higher sequence (formats.pack), and
   that one has been rewritten before, on live blocks. So at every moment the highest generations together hold all that
   is needed.
2. Packs that nothing needs are deleted first: nothing else depends on them, and on a full disk they make the room for
   the rest. Old generations, and packs of which nothing is left, are deleted only after every needed frame of the new
   generations was read back, and the digest of every manifest was found again in the new indexes.
3. An interrupted run leaves superseded generations. The next run treats them as in 2: it reads the highest one back,
   then deletes the lower ones. What is needed was learned from generations that were not read back until then, so packs
   that nothing needs go last in such a run.

The repository's lock is held throughout; a plan is made and executed under one lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import field
from itertools import pairwise

from litekeep.blocks.split import FRAME_BYTES
from litekeep.errors import CorruptObject, ObjectMissing, UnsupportedFormat
from litekeep.formats.manifest import PageMap, Run
from litekeep.formats.pack import Address, Frame, PackIndex
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.repository.versions import MAX_DEPTH

FEW_RECEIPTS = 4
"""Snapshots with no more receipts than this are not looked at for superseded ones."""
WASTE_PERCENT = 8
"""Rewriting begins when this share of all stored bytes is waste: less often costs space, more often work."""
BLOCK_INDEX_BYTES = 19
"""What a block costs in its pack's index, about: its name and a little."""
PACK_WASTE_PERCENT = 15
"""Packs with less waste than this are left alone, unless they are built on what another one leaves out."""


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A block of a frame that is encoded anew: its number, what it is built on, and how long its chain is then."""

    number: int
    base: Address | None
    depth: int


@dataclass(frozen=True, slots=True)
class Rewrite:
    """How to make the next generation of one pack: its frames, either copied (Frame) or encoded anew."""

    key: str
    pack_id: bytes
    generation: int
    frames: tuple[Frame | tuple[NewBlock, ...], ...]


@dataclass(frozen=True, slots=True)
class GarbagePlan:
    """What to do. drop: packs that nothing needs. superseded: lower generations. rewrites: highest sequence first.

    emptied: packs of which nothing is left once the rewrites are done; only others were built on them. orphans:
    receipts and marks that nothing needs. stored_bytes: of all packs.
    """

    drop: tuple[str, ...]
    superseded: tuple[str, ...]
    rewrites: tuple[Rewrite, ...]
    emptied: tuple[str, ...]
    orphans: tuple[str, ...]
    stored_bytes: int


@dataclass(slots=True)
class _Use:
    """What is needed of one pack: flags per index position, and the frames that must stay."""

    index: PackIndex
    live: bytearray
    frames: set[int] = field(default_factory=set)

    def has_live(self, frame: Frame) -> bool:
        """True if any block of the frame is live."""
        return any(self.live[frame.first : frame.first + frame.blocks])


Maps = dict[str, list[PageMap]]
"""The maps of all snapshots, by source folder, in the order of their sequence."""


def read_maps(repository: Repository) -> tuple[Maps, list[layout.SnapshotKey]]:
    """The maps of all snapshots; raises CorruptObject if a manifest cannot be read, so that nothing is deleted then."""
    maps: Maps = {}
    keys = repository.snapshot_keys()
    for key in keys:
        maps.setdefault(key.source_dir, []).append(repository.read_manifest(key.key).page_map)
    return maps, keys


def plan_garbage(repository: Repository, table: PackTable, maps: Maps, ids: set[str], *, compact: bool) -> GarbagePlan:
    """Decide what to drop and what to rewrite; raises CorruptObject when a needed block is missing.

    maps, ids: of all snapshots that exist.
    """
    uses = _find_uses(table, maps)
    drop, superseded, stored = [], [], 0
    for pack_id, generations in table.generations.items():
        keys = [layout.pack_key(pack_id, generation) for generation in sorted(generations)]
        stored += sum(table.sizes[key] for key in keys)
        if pack_id not in uses:
            drop += keys
        else:
            superseded += keys[:-1]
    wasted = {pack_id: _wasted(use) for pack_id, use in uses.items()}
    planned: list[Rewrite] = []
    if compact and sum(wasted.values()) * 100 > WASTE_PERCENT * stored:
        planned = _plan_rewrites(table, uses, wasted, maps)
    return GarbagePlan(
        drop=tuple(drop),
        superseded=tuple(superseded),
        rewrites=tuple(rewrite for rewrite in planned if rewrite.frames),
        emptied=tuple(rewrite.key for rewrite in planned if not rewrite.frames),
        orphans=tuple(_orphans(repository, ids)),
        stored_bytes=stored,
    )


def needed_frames(table: PackTable, maps: Maps) -> dict[bytes, set[int]]:
    """The frames that must be readable, by pack; raises CorruptObject when one is missing.

    Others may be undecodable, and no damage: what they were built on is garbage like themselves, and perhaps gone.
    """
    return {pack_id: use.frames for pack_id, use in _find_uses(table, maps).items()}


def _find_uses(table: PackTable, maps: Maps) -> dict[bytes, _Use]:
    uses: dict[bytes, _Use] = {}

    def use_of(pack_id: bytes) -> _Use:
        if pack_id not in uses:
            index = table.index(pack_id)
            uses[pack_id] = _Use(index, bytearray(len(index.numbers)))
        return uses[pack_id]

    for run in (run for of_source in maps.values() for page_map in of_source for run in page_map.runs()):
        _, position = table.locate(run.pack, run.first, run.count)
        use_of(run.pack).live[position : position + run.count] = b"\x01" * run.count
    todo = [(pack_id, frame.part) for pack_id, use in uses.items() for frame in use.index.frames if use.has_live(frame)]
    while todo:
        pack_id, part = todo.pop()
        use = use_of(pack_id)
        if part not in use.frames:
            use.frames.add(part)
            for base_pack, number in use.index.bases(use.index.frames[part]):
                index, position = table.locate(base_pack, number)
                todo.append((base_pack, index.frame_of(position)))
    return uses


def _wasted(use: _Use) -> int:
    """Stored bytes of frames and blocks that are not live, a block's share of its frame counted evenly."""
    waste = 0
    for frame in use.index.frames:
        dead = frame.blocks - sum(use.live[frame.first : frame.first + frame.blocks])
        waste += frame.stored_bytes * dead // frame.blocks + dead * BLOCK_INDEX_BYTES
    return waste


def _orphans(repository: Repository, ids: set[str]) -> Iterator[str]:
    """Receipts and marks of snapshots that are gone, and receipts of unchanged runs that later ones replace."""
    receipts: dict[str, list[str]] = {}
    for prefix in (layout.RECEIPTS, layout.MARKS):
        for entry in repository.storage.list(prefix):
            snapshot = layout.record_snapshot(entry.key)
            if snapshot is not None and snapshot not in ids:
                yield entry.key
            elif snapshot is not None and prefix == layout.RECEIPTS:
                receipts.setdefault(snapshot, []).append(entry.key)
    for keys in receipts.values():
        if len(keys) > FEW_RECEIPTS:
            yield from _superseded(repository, keys)


def _superseded(repository: Repository, keys: list[str]) -> Iterator[str]:
    """Of the receipts "unchanged", all but the newest, and the newest one that rests on a full read."""
    unchanged = []
    for key in keys:
        with suppress(CorruptObject, UnsupportedFormat, ObjectMissing):
            receipt = repository.read_receipt(key)
            if receipt.kind == "unchanged":
                unchanged.append((receipt.at, bool(receipt.facts.get("full_read")), key))
    unchanged.sort(reverse=True)
    needed = {unchanged[0][2], *[key for _, full, key in unchanged if full][:1]} if unchanged else set()
    yield from (key for _, _, key in unchanged if key not in needed)


def _plan_rewrites(table: PackTable, uses: dict[bytes, _Use], wasted: dict[bytes, int], maps: Maps) -> list[Rewrite]:
    chosen = _choose_packs(table, uses, wasted)
    frames = {pack_id: _frames_to_encode(table, uses, chosen, pack_id) for pack_id in chosen}
    wanted: dict[Address, Address | None] = {}
    for pack_id, parts in frames.items():
        use = uses[pack_id]
        for part in parts:
            for position in use.index.frame_blocks(use.index.frames[part]):
                if use.live[position]:
                    wanted[pack_id, use.index.numbers[position]] = None
    _find_bases(table, maps, wanted)
    depths = _find_depths(table, wanted)
    rewrites = [_rewrite(table, uses[pack_id], frames[pack_id], wanted, depths) for pack_id in chosen]
    return sorted(rewrites, key=lambda rewrite: (-table.index(rewrite.pack_id).sequence, rewrite.key))


def _choose_packs(table: PackTable, uses: dict[bytes, _Use], wasted: dict[bytes, int]) -> set[bytes]:
    """Packs with much waste, and all that are built on dead blocks of these, and so on."""
    users: dict[bytes, set[tuple[bytes, Address]]] = {}
    for pack_id, use in uses.items():
        for part in use.frames:
            for base in use.index.bases(use.index.frames[part]):
                position = table.locate(*base)[1]
                if not uses[base[0]].live[position]:
                    users.setdefault(base[0], set()).add((pack_id, base))
    sizes = {pack_id: table.sizes[table.key(pack_id)] for pack_id in uses}
    todo = [pack_id for pack_id, waste in wasted.items() if waste * 100 > PACK_WASTE_PERCENT * sizes[pack_id]]
    chosen: set[bytes] = set()
    while todo:
        pack_id = todo.pop()
        if pack_id not in chosen:
            chosen.add(pack_id)
            todo += [user for user, _ in users.get(pack_id, ())]
    return chosen


def _frames_to_encode(table: PackTable, uses: dict[bytes, _Use], chosen: set[bytes], pack_id: bytes) -> set[int]:
    """The frames of a chosen pack that lose blocks, or are built on dead blocks of chosen packs."""
    use, found = uses[pack_id], set[int]()
    for part in use.frames:
        frame = use.index.frames[part]
        if not all(use.live[frame.first : frame.first + frame.blocks]):
            found.add(part)
            continue
        for base_pack, number in use.index.bases(frame):
            _, position = table.locate(base_pack, number)
            if base_pack in chosen and not uses[base_pack].live[position]:
                found.add(part)
                break
    return found


def _find_bases(table: PackTable, maps: Maps, wanted: dict[Address, Address | None]) -> None:
    """For each block its base: what stood at its place in the snapshot before the first one that shows it."""
    packs = {pack for pack, _ in wanted}
    for of_source in maps.values():
        for before, after in pairwise(of_source):
            for count, old, new in _differences(before, after):
                if new.pack not in packs or not _may_be_built_on(table.index(new.pack), table.index(old.pack)):
                    continue
                for offset in range(count):
                    address = (new.pack, new.first + offset)
                    if address in wanted and wanted[address] is None:
                        wanted[address] = (old.pack, old.first + offset)


def _may_be_built_on(index: PackIndex, base: PackIndex) -> bool:
    return base.sequence < index.sequence and base.block_bytes == index.block_bytes


def _differences(before: PageMap, after: PageMap) -> Iterator[tuple[int, Run, Run]]:
    """Stretches where two maps differ: (blocks, run of the one, run of the other), both at least that long."""
    left, right = before.runs(), after.runs()
    old, new = next(left, None), next(right, None)
    while old and new:
        count = min(old.count, new.count)
        if (old.pack, old.first) != (new.pack, new.first):
            yield count, old, new
        old = Run(old.pack, old.first + count, old.count - count) if count < old.count else next(left, None)
        new = Run(new.pack, new.first + count, new.count - count) if count < new.count else next(right, None)


def _find_depths(table: PackTable, wanted: dict[Address, Address | None]) -> dict[Address, int]:
    """Depths after rewriting; a chain that would get too long begins anew, by losing its base in `wanted`."""
    depths: dict[Address, int] = {}
    for address in sorted(wanted, key=lambda address: (table.index(address[0]).sequence, address)):
        base = wanted[address]
        if base is None:
            depths[address] = 0
            continue
        index, position = table.locate(*base)
        depths[address] = 1 + depths.get(base, index.depths[position])
        if depths[address] > MAX_DEPTH:
            wanted[address], depths[address] = None, 0
    return depths


def _rewrite(
    table: PackTable,
    use: _Use,
    encode: set[int],
    bases: dict[Address, Address | None],
    depths: dict[Address, int],
) -> Rewrite:
    index, frames, pending = use.index, list[Frame | tuple[NewBlock, ...]](), list[NewBlock]()
    limit = FRAME_BYTES // index.block_bytes

    def flush() -> None:
        for start in range(0, len(pending), limit):
            frames.append(tuple(pending[start : start + limit]))
        pending.clear()

    for frame in index.frames:
        if frame.part in encode:
            for position in index.frame_blocks(frame):
                if use.live[position]:
                    address = (index.pack_id, index.numbers[position])
                    pending.append(NewBlock(address[1], bases[address], depths[address]))
        elif frame.part in use.frames:
            flush()
            frames.append(frame)
    flush()
    generation = max(table.generations[index.pack_id]) + 1
    return Rewrite(index.key, index.pack_id, generation, tuple(frames))
