"""Compare a new image with the newest snapshot, block by block: which blocks must be written, and where the others are.

Small images are compared by the names of their blocks. For larger ones, the snapshot's manifest also holds digests of
larger stretches (scan digests); where the digest of a stretch is equal, so are its blocks, and their names are taken
from the snapshot. Both are keyed BLAKE3: "equal" never rests on anything weaker.

A block that is not the same as its predecessor may still be known: VACUUM and auto_vacuum move pages. So the names of
changed blocks are looked up among all blocks of the snapshot.
"""

from __future__ import annotations

import struct
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Protocol

from litekeep.blocks.identity import HASH_BYTES, Identity
from litekeep.blocks.split import Geometry
from litekeep.formats.manifest import PageMap
from litekeep.formats.pack import Address
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import THREADS

SCAN_FROM_BYTES = 16 << 20
"""Smaller images have no scan digests: naming 4,000 pages takes some 20 ms, and a kilobyte a day is not nothing."""
CHUNK_BYTES = 2 << 20
HELD_BYTES = 16 << 20
MOVED_LIMIT = 100_000
"""More changed blocks than this are not looked up elsewhere: it would take much memory for little gain."""


def scan_bytes_for(image_bytes: int) -> int:
    """How long a stretch one scan digest covers; 0 = none. It grows with the image, so that digests stay few."""
    if image_bytes < SCAN_FROM_BYTES:
        return 0
    size = 1 << 16
    while size < 1 << 18 and image_bytes // size > 8192:
        size *= 2
    return size


class ImageSource(Protocol):
    """An image that is read once, from front to back, by sqlite.pinned.Reading or from a file."""

    @property
    def chunks(self) -> Callable[[int], Iterable[tuple[int, memoryview]]]:
        """For a length in bytes, (offset, bytes) in order; each view is valid until THREADS + 2 more were asked for."""

    def keep(self, offset: int, view: memoryview) -> None:
        """Told about every block that differs from the snapshot's: it is going to be read again."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image that is in a file already; there is nothing to keep."""

    path: Path

    def chunks(self, chunk_bytes: int) -> Iterator[tuple[int, memoryview]]:
        """Every view is one of its own."""
        offset = 0
        with self.path.open("rb", buffering=0) as file:
            while data := file.read(chunk_bytes):
                yield offset, memoryview(data)
                offset += len(data)

    def keep(self, offset: int, view: memoryview) -> None:
        """Nothing to do."""


@dataclass(slots=True)
class Changes:
    """What a comparison found. changed: numbers of the blocks to write, rising, with their names, joined.

    moved: blocks whose content the snapshot holds elsewhere. held: the content of the first changed ones, up to
    HELD_BYTES. digest: over the names of all blocks of the new image.
    """

    digest: bytes = b""
    scan: bytes = b""
    changed: array[int] = field(default_factory=lambda: array("Q"))
    names: bytearray = field(default_factory=bytearray)
    moved: dict[int, Address] = field(default_factory=dict)
    held: dict[int, bytes] = field(default_factory=dict)

    def keep(self, block: int, content: memoryview, geometry: Geometry, image: ImageSource) -> None:
        """Hold a changed block for the writer: in memory as long as there are few, else where the image keeps it."""
        if (len(self.held) + 1) * geometry.block_bytes <= HELD_BYTES:
            self.held[block] = bytes(content)
        else:
            image.keep(block * geometry.block_bytes, content)

    def name(self, place: int) -> bytes:
        """The name of the place-th changed block."""
        return bytes(self.names[place * HASH_BYTES : (place + 1) * HASH_BYTES])


@dataclass(frozen=True, slots=True)
class _Chunk:
    first: int
    data: memoryview
    names: bytes
    digests: bytes
    changed: list[int]


class _Names:
    """The names of a snapshot's blocks, handed out from the first to the last in pieces of any length."""

    def __init__(self, table: PackTable, page_map: PageMap) -> None:
        self._runs = table.names(page_map)
        self._held = b""

    def take(self, blocks: int) -> bytes:
        """The next names; fewer at the end."""
        parts, missing = [self._held], blocks * HASH_BYTES - len(self._held)
        while missing > 0:
            part = next(self._runs, None)
            if part is None:
                break
            parts.append(part)
            missing -= len(part)
        joined = b"".join(parts)
        self._held = joined[blocks * HASH_BYTES :]
        return joined[: blocks * HASH_BYTES]


def find_changes(
    image: ImageSource,
    geometry: Geometry,
    identity: Identity,
    table: PackTable,
    before: PageMap,
    before_scan: tuple[int, bytes],
    monitor: Monitor,
) -> Changes:
    """Compare the image with a snapshot of the same block size.

    before_scan: (stretch in bytes, digests) of that snapshot; (0, b"") if it has none.
    """
    scan_bytes = scan_bytes_for(geometry.image_bytes)
    usable = before_scan[1] if before_scan[0] == scan_bytes else b""
    changes, digest_parts, scan_parts = Changes(), list[bytes](), list[bytes]()
    for chunk in _compare(image, geometry, identity, _Names(table, before), scan_bytes, usable, monitor):
        digest_parts.append(chunk.names)
        scan_parts.append(chunk.digests)
        for block in chunk.changed:
            changes.changed.append(block)
            place = block - chunk.first
            changes.names += chunk.names[place * HASH_BYTES : (place + 1) * HASH_BYTES]
            at = place * geometry.block_bytes
            changes.keep(block, chunk.data[at : at + geometry.block_bytes], geometry, image)
    changes.digest, changes.scan = identity.digest(digest_parts), b"".join(scan_parts)
    _find_moved(changes, table, before)
    return changes


def _compare(
    image: ImageSource,
    geometry: Geometry,
    identity: Identity,
    names: _Names,
    scan_bytes: int,
    digests: bytes,
    monitor: Monitor,
) -> Iterator[_Chunk]:
    per_chunk = CHUNK_BYTES // scan_bytes * HASH_BYTES if scan_bytes else 0
    waiting: deque[Future[_Chunk]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for number, (offset, data) in enumerate(image.chunks(CHUNK_BYTES)):
            first, blocks = offset // geometry.block_bytes, -(-len(data) // geometry.block_bytes)
            known = digests[number * per_chunk : (number + 1) * per_chunk]
            job = (first, data, names.take(blocks), scan_bytes, known, geometry.block_bytes, identity)
            waiting.append(pool.submit(_compare_chunk, *job))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
            monitor.progress("compare", first + blocks, geometry.block_count, "blocks")
            stop_if_cancelled(monitor)
        while waiting:
            yield waiting.popleft().result()


def _compare_chunk(
    first: int, view: memoryview, before: bytes, scan_bytes: int, known: bytes, block_bytes: int, identity: Identity
) -> _Chunk:
    if not scan_bytes:
        names = identity.names(view, block_bytes)
        return _Chunk(first, view, names, b"", _differing(names, before, first))
    digests, parts, changed = [], list[bytes](), list[int]()
    blocks = scan_bytes // block_bytes
    for number, start in enumerate(range(0, len(view), scan_bytes)):
        stretch = view[start : start + scan_bytes]
        digest = identity.name(stretch)
        digests.append(digest)
        place = number * blocks * HASH_BYTES
        old = before[place : place + -(-len(stretch) // block_bytes) * HASH_BYTES]
        if digest == known[number * HASH_BYTES : (number + 1) * HASH_BYTES] and old:
            parts.append(old)
            continue
        names = identity.names(stretch, block_bytes)
        parts.append(names)
        changed += _differing(names, old, first + number * blocks)
    return _Chunk(first, view, b"".join(parts), b"".join(digests), changed)


def _differing(names: bytes, before: bytes, first: int) -> list[int]:
    if names == before:
        return []
    return [
        first + place // HASH_BYTES
        for place in range(0, len(names), HASH_BYTES)
        if names[place : place + HASH_BYTES] != before[place : place + HASH_BYTES]
    ]


def _locate(wanted: set[bytes], table: PackTable, before: PageMap) -> dict[bytes, Address]:
    """Where the snapshot holds blocks with these names. Mostly nowhere: one quick look at all names comes first."""
    known = struct.iter_unpack(f"{HASH_BYTES}s", b"".join(table.names(before)))
    wanted = wanted.intersection(map(itemgetter(0), known))
    found: dict[bytes, Address] = {}
    for run, names in zip(before.runs(), table.names(before), strict=True) if wanted else ():
        for offset in range(run.count):
            name = names[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
            if name in wanted:
                found[name] = (run.pack, run.first + offset)
    return found


def _find_moved(changes: Changes, table: PackTable, before: PageMap) -> None:
    count = len(changes.changed)
    if not 0 < count <= MOVED_LIMIT:
        return
    found = _locate({changes.name(place) for place in range(count)}, table, before)
    if not found:
        return
    kept, names_kept = array("Q"), bytearray()
    for place, block in enumerate(changes.changed):
        name = changes.name(place)
        if name in found:
            changes.moved[block] = found[name]
        else:
            kept.append(block)
            names_kept += name
    changes.changed, changes.names = kept, names_kept
