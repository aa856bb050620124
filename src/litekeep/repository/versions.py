"""Write the changed blocks of an image, as deltas against their earlier versions where that pays.

The base of a block is the block that stood at the same place in the snapshot before. Reading bases back costs decoding:
of their frames, and of everything those are built on. Two limits keep that cost in proportion, for this backup and for
every later restore:

* BUDGET: bases are taken up, frame by frame, the frames with most changed blocks first, until the bytes to decode reach
  48 MiB less an eighth of the image, but at least 16 MiB, and at least a 32nd of the image: in a small image, chains
  are what costs, and they are what saves space; in a large one, reading its frames costs. Blocks beyond it are stored
  plain and become cheap bases next time.
* MAX_DEPTH: after so many versions on top of each other a block is stored plain. Chains over the snapshots that the
  default retention keeps (about fifty) stay below it; measured in docs/explanation/decisions/0003-delta-depth.md.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path

from litekeep.blocks.compress import BULK_DELTA_LEVEL, DELTA_LEVEL
from litekeep.blocks.identity import HASH_BYTES, Identity
from litekeep.blocks.split import Geometry
from litekeep.formats.manifest import PageMap, Run
from litekeep.formats.pack import Address, NewFrame
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.records import dataclass
from litekeep.repository.changes import Changes, ImageSource, find_moved, scan_bytes_for
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import BlockReader, FrameId, plan_read
from litekeep.repository.repository import Repository
from litekeep.repository.spool import Spool
from litekeep.repository.writer import Encode, PackWriter, encode_frame

MAX_DEPTH = 64
BUDGET_BYTES = 48 << 20
BULK_BYTES = 2 << 20
"""More changed bytes than this are compressed at the quick level."""
MAX_DELTA_BLOCKS = 100_000
"""More changed blocks than this are all stored plain: keeping track of their bases would take too much memory."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an image: its map, digests, and the packs that were stored for it, (key, stored bytes) each."""

    page_map: PageMap
    digest: bytes
    scan: bytes
    packs: tuple[tuple[str, int], ...]
    changed_blocks: int

    @property
    def stored_bytes(self) -> int:
        """Bytes added to the storage as packs."""
        return sum(size for _, size in self.packs)


def write_first(
    repository: Repository, image: ImageSource, geometry: Geometry, sequence: int, monitor: Monitor
) -> Written:
    """Write every block of an image plain, in one pass: each frame is read, named and compressed on one thread."""
    frame_bytes = geometry.blocks_per_frame * geometry.block_bytes
    first, runs = _FirstFrames(image, geometry, repository.identity), list[Run]()
    with PackWriter(repository, geometry.block_bytes, sequence) as writer:
        for number, offset in enumerate(range(0, geometry.image_bytes, frame_bytes)):
            length = min(frame_bytes, geometry.image_bytes - offset)
            blocks = -(-length // geometry.block_bytes)
            pack, place = writer.submit(first.prepare(number, offset, length), length, blocks)
            runs.append(Run(pack, place, blocks))
            monitor.progress("store", offset // geometry.block_bytes + blocks, geometry.block_count, "blocks")
            image.check()
            stop_if_cancelled(monitor)
        packs = writer.finish()
    digest = repository.identity.digest(first.names)
    return Written(PageMap.from_runs(runs), digest, b"".join(first.scan), tuple(packs), geometry.block_count)


class _FirstFrames:
    """The frames of an image of which nothing is known yet. names, scan: of each frame, in order."""

    def __init__(self, image: ImageSource, geometry: Geometry, identity: Identity) -> None:
        self._image, self._geometry, self._identity = image, geometry, identity
        self._scan_bytes = scan_bytes_for(geometry.image_bytes)
        self._local = threading.local()
        self.names: list[bytes] = []
        self.scan: list[bytes] = []

    def prepare(self, number: int, offset: int, length: int) -> Encode:
        """What makes the number-th frame."""
        self.names.append(b"")
        self.scan.append(b"")
        return partial(self._encode, number, offset, length)

    def _encode(self, number: int, offset: int, length: int, numbers: Sequence[int]) -> NewFrame:
        buffer: bytearray | None = getattr(self._local, "buffer", None)
        if buffer is None or len(buffer) != length:
            buffer = self._local.buffer = bytearray(length)
        view, block_bytes, scan_bytes = memoryview(buffer), self._geometry.block_bytes, self._scan_bytes
        self._image.fill(offset, view)
        names = self.names[number] = self._identity.names(view, block_bytes)
        if scan_bytes:
            self.scan[number] = self._identity.names(view, scan_bytes)
        lengths = [min(block_bytes, length - at) for at in range(0, length, block_bytes)]
        return encode_frame(buffer, names, lengths, [0] * len(lengths), (), b"", numbers)


def write_changes(
    repository: Repository,
    table: PackTable,
    image: Path,
    geometry: Geometry,
    before: PageMap,
    changes: Changes,
    sequence: int,
    scratch: Path | None,
    monitor: Monitor,
) -> Written:
    """Write the changed blocks of an image; all others are addressed where they already are.

    sequence: of the snapshot to come, higher than that of any pack of this source.
    """
    find_moved(changes)
    bases = choose_bases(table, geometry, before, changes)
    placed, bulk = list[Run](), len(changes.changed) * geometry.block_bytes > BULK_BYTES
    with (
        Spool(scratch) as spool,
        PackWriter(repository, geometry.block_bytes, sequence, BULK_DELTA_LEVEL if bulk else DELTA_LEVEL) as writer,
        image.open("rb") as file,
    ):
        fetch_bases(repository, table, list(bases.values()), spool, scratch, monitor)
        places = iter(range(len(changes.changed)))
        while group := list(islice(places, geometry.blocks_per_frame)):
            blocks = [changes.changed[place] for place in group]
            lengths = [geometry.length(block) for block in blocks]
            plain = bytearray()
            for block, length in zip(blocks, lengths, strict=True):
                content = changes.held.pop(block, None)
                if content is None:
                    file.seek(block * geometry.block_bytes)
                    content = file.read(length)
                plain += content
            used = [bases[block] for block in blocks if block in bases]
            prefix = b"".join(spool.take(base) for base in used)
            depths = [_depth(table, bases[block]) + 1 if block in bases else 0 for block in blocks]
            names = bytes(changes.names[group[0] * HASH_BYTES : (group[-1] + 1) * HASH_BYTES])
            pack, first = writer.add(bytes(plain), names, lengths, depths, used, prefix)
            placed.append(Run(pack, first, len(blocks)))
            monitor.progress("store", group[-1] + 1, len(changes.changed), "blocks")
            stop_if_cancelled(monitor)
        packs = writer.finish()
    page_map = PageMap.from_spans(_merge(before, geometry, changes, placed))
    return Written(page_map, changes.digest, changes.scan, tuple(packs), len(changes.changed))


def fetch_bases(
    repository: Repository, table: PackTable, bases: list[Address], spool: Spool, scratch: Path | None, monitor: Monitor
) -> None:
    """Read base blocks into the spool, each for one use."""
    plan = plan_read(table, (Run(pack, number, 1) for pack, number in bases))

    def keep(position: int, block: memoryview) -> None:
        spool.put(bases[position], block, 1)

    BlockReader(repository, table, scratch).read(plan, keep, monitor, phase="bases")


def choose_bases(table: PackTable, geometry: Geometry, before: PageMap, changes: Changes) -> dict[int, Address]:
    """For each changed block its base, where it has one and it pays; no base is used twice."""
    by_frame: dict[FrameId, list[tuple[int, Address]]] = {}
    if len(changes.changed) > MAX_DELTA_BLOCKS:
        return {}
    for block, address in _addresses_at(before, changes):
        index = table.index(address[0])
        position = index.position(address[1])
        if index.depths[position] < MAX_DEPTH:
            by_frame.setdefault((address[0], index.frame_of(position)), []).append((block, address))
    budget, chosen, taken, decoded = budget_bytes(geometry.image_bytes), {}, set[Address](), set[FrameId]()
    for frame, members in sorted(by_frame.items(), key=lambda item: (-len(item[1]), item[0])):
        if frame not in decoded and table.index(frame[0]).frames[frame[1]].plain_bytes > budget:
            continue
        fresh, cost = _cost(table, frame, decoded)
        if cost > budget:
            continue
        budget -= cost
        decoded |= fresh
        for block, address in members:
            if address not in taken:
                taken.add(address)
                chosen[block] = address
    return chosen


def budget_bytes(image_bytes: int) -> int:
    """How many bytes may be decoded to make deltas for an image of this length."""
    return max(BUDGET_BYTES - image_bytes // 8, BUDGET_BYTES // 3, image_bytes // 32)


def _cost(table: PackTable, frame: FrameId, decoded: set[FrameId]) -> tuple[set[FrameId], int]:
    """The frames that must be decoded for `frame` beyond those already counted, and their plain bytes."""
    fresh, todo, cost = set[FrameId](), [frame], 0
    while todo:
        pack, number = here = todo.pop()
        if here in decoded or here in fresh:
            continue
        fresh.add(here)
        index = table.index(pack)
        cost += index.frames[number].plain_bytes
        for base_pack, base_number in index.bases(index.frames[number]):
            base_index = table.index(base_pack)
            todo.append((base_pack, base_index.frame_of(base_index.position(base_number))))
    return fresh, cost


def _depth(table: PackTable, address: Address) -> int:
    index = table.index(address[0])
    return index.depths[index.position(address[1])]


def _addresses_at(before: PageMap, changes: Changes) -> Iterator[tuple[int, Address]]:
    """(changed block, address of its predecessor) for all changed blocks that have one."""
    changed = iter(changes.changed)
    block, start = next(changed, None), 0
    for run in before.runs():
        end = start + run.count
        while block is not None and block < end:
            yield block, (run.pack, run.first + block - start)
            block = next(changed, None)
        start = end


def _merge(
    before: PageMap, geometry: Geometry, changes: Changes, placed: list[Run]
) -> Iterator[tuple[bytes, int, int]]:
    """The spans of the new map: new and moved blocks in between what stays of the map before."""
    addresses = ((run.pack, run.first + offset) for run in placed for offset in range(run.count))
    written = zip(changes.changed, addresses, strict=True)
    length = geometry.block_count
    others = chain(heapq.merge(written, sorted(changes.moved.items())), [(length, (b"", 0))])
    block, address = next(others)
    start = 0
    for pack, first, count in before.spans():
        at, end = start, min(start + count, length)
        while block < end:
            yield pack, first + at - start, block - at
            yield *address, 1
            at = block + 1
            block, address = next(others)
        if at < end:
            yield pack, first + at - start, end - at
        start += count
    while block < length:
        yield *address, 1
        block, address = next(others)
