"""Carry out the rewrites of a garbage plan: write new generations, read them back. Deleting is not done here.

Everything to be encoded anew, and everything it is built on, is read in one pass through the old generations into a
spool, so that chains of versions are decoded once and not once a pack.
"""

from __future__ import annotations

from pathlib import Path

from litekeep.blocks.identity import HASH_BYTES
from litekeep.errors import CorruptObject
from litekeep.formats.manifest import Run
from litekeep.formats.pack import Address, Frame, NewFrame, PackBuilder, PackIndex
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.repository import layout
from litekeep.repository.garbage import Maps, NewBlock, Rewrite, needed_frames
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import BlockReader, plan_read
from litekeep.repository.repository import Repository
from litekeep.repository.spool import Spool
from litekeep.repository.writer import encode_frame


def write_generations(
    repository: Repository, table: PackTable, rewrites: tuple[Rewrite, ...], scratch: Path | None, monitor: Monitor
) -> list[str]:
    """Write the new generations, in the given order; returns their keys. Only adds objects."""
    written = []
    with Spool(scratch) as spool:
        _fetch(repository, table, rewrites, spool, scratch, monitor)
        for number, rewrite in enumerate(rewrites):
            key = layout.pack_key(rewrite.pack_id, rewrite.generation)
            repository.storage.put(key, _build(repository, table, rewrite, key, spool))
            written.append(key)
            monitor.progress("compact", number + 1, len(rewrites), "packs")
            stop_if_cancelled(monitor)
    return written


def _fetch(
    repository: Repository,
    table: PackTable,
    rewrites: tuple[Rewrite, ...],
    spool: Spool,
    scratch: Path | None,
    monitor: Monitor,
) -> None:
    uses: dict[Address, int] = {}
    for rewrite in rewrites:
        for block in _blocks(rewrite):
            for address in ((rewrite.pack_id, block.number), block.base):
                if address is not None:
                    uses[address] = uses.get(address, 0) + 1
    addresses = list(uses)
    plan = plan_read(table, (Run(pack, number, 1) for pack, number in addresses))

    def keep(position: int, block: memoryview) -> None:
        spool.put(addresses[position], block, uses[addresses[position]])

    BlockReader(repository, table, scratch).read(plan, keep, monitor, phase="compact")


def _blocks(rewrite: Rewrite) -> list[NewBlock]:
    return [block for frame in rewrite.frames if not isinstance(frame, Frame) for block in frame]


def _build(repository: Repository, table: PackTable, rewrite: Rewrite, key: str, spool: Spool) -> bytearray:
    index = table.index(rewrite.pack_id)
    builder = PackBuilder(key, rewrite.pack_id, index.block_bytes, repository.seal)
    for frame in rewrite.frames:
        builder.add(_copy(repository, index, frame) if isinstance(frame, Frame) else _encode(index, frame, spool))
    return builder.finish()


def _copy(repository: Repository, index: PackIndex, frame: Frame) -> NewFrame:
    """A frame as it is, sealed for its new place."""
    sealed = repository.storage.get_range(index.key, frame.offset, frame.stored_bytes)
    try:
        compressed = bytes(index.parts.open(frame.part, sealed))
    except ValueError as error:
        raise CorruptObject(index.key, f"frame {frame.part}: {error}") from error
    first, end = frame.first, frame.first + frame.blocks
    names = index.names[first * HASH_BYTES : end * HASH_BYTES]
    numbers, lengths, depths = index.numbers[first:end], index.lengths[first:end], index.depths[first:end]
    return NewFrame(compressed, numbers, lengths, names, depths, index.bases(frame))


def _encode(index: PackIndex, blocks: tuple[NewBlock, ...], spool: Spool) -> NewFrame:
    positions = [index.position(block.number) for block in blocks]
    plain = b"".join(spool.take((index.pack_id, block.number)) for block in blocks)
    bases = [block.base for block in blocks if block.base is not None]
    prefix = b"".join(spool.take(base) for base in bases)
    names = b"".join(index.name(position) for position in positions)
    lengths = [index.lengths[position] for position in positions]
    return encode_frame(
        plain, names, lengths, [block.depth for block in blocks], bases, prefix, [block.number for block in blocks]
    )


def read_back(
    repository: Repository, table: PackTable, maps: Maps, packs: set[bytes], scratch: Path | None, monitor: Monitor
) -> None:
    """Decode all that is needed of the newest generations of these packs; raises CorruptObject at the first failure.

    table: from a fresh listing. maps: of all snapshots.
    """
    runs: list[Run] = []
    for pack, parts in sorted(needed_frames(table, maps).items()):
        index = table.index(pack)
        for part in sorted(parts) if pack in packs else ():
            runs += [Run(pack, index.numbers[position], 1) for position in index.frame_blocks(index.frames[part])]
    BlockReader(repository, table, scratch).read(plan_read(table, runs), lambda *_: None, monitor, "read back")


def require_same_names(old: PackTable, new: PackTable, rewrites: tuple[Rewrite, ...]) -> None:
    """Raise CorruptObject unless every block of the new generations has the name that it had in the old ones."""
    for rewrite in rewrites:
        before, after = old.index(rewrite.pack_id), new.index(rewrite.pack_id)
        for position, number in enumerate(after.numbers):
            if after.name(position) != before.name(before.position(number)):
                raise CorruptObject(after.key, f"names block {number} otherwise than the generation before")
