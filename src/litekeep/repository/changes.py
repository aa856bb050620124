"""Compare a new image with the newest snapshot, block by block: which blocks must be written, and where the others are.

Small images are compared by the names of their blocks. For larger ones, the snapshot's manifest also holds digests of
larger stretches (scan digests); where the digest of a stretch is equal, so are its blocks, and their names are taken
from the snapshot. Both are keyed BLAKE3: "equal" never rests on anything weaker.

Some threads only read ahead, in pieces of megabytes; all hashing is done by one. Naming a page takes a microsecond or
two, and Python lets other threads run during each: two threads that name pages spend most of their time waiting for
each other (measured: 64 MiB take one thread 0.05 s; two threads with as much each take 0.33 s), and a third of what two
did is saved by one.

A block that is not the same as its predecessor may still be known: VACUUM and auto_vacuum move pages. So the names of
changed blocks are looked up among all blocks of the snapshot.
"""

from __future__ import annotations

import errno
import struct
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import IO, Protocol, Self

from litekeep.blocks.identity import HASH_BYTES, Identity
from litekeep.blocks.split import Geometry
from litekeep.formats.manifest import PageMap
from litekeep.formats.pack import Address
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.records import dataclass
from litekeep.repository.packs import PackTable

SCAN_FROM_BYTES = 16 << 20
"""Smaller images have no scan digests: naming 4,000 pages takes some 20 ms, and a kilobyte a day is not nothing."""
CHUNK_BYTES = 2 << 20
READERS = 2
"""Pieces that are read at the same time."""
HELD_BYTES = 8 << 20
MOVED_LIMIT = 100_000
"""More changed blocks than this are not looked up elsewhere: it would take much memory for little gain."""


def scan_bytes_for(image_bytes: int) -> int:
    """How long a stretch one scan digest covers; 0 = none. It grows with the image, so that digests stay few."""
    if image_bytes < SCAN_FROM_BYTES:
        return 0
    size = 1 << 16
    while size < 1 << 18 and image_bytes // size > 12_000:
        size *= 2
    return size


class ImageSource(Protocol):
    """An image that is read once, piece by piece and on several threads: sqlite.pinned.Reading, or a file."""

    @property
    def fill(self) -> Callable[[int, memoryview], None]:
        """Fills a view with the bytes from an offset on, from any thread."""

    @property
    def check(self) -> Callable[[], None]:
        """Called between pieces on one thread; raises what should end the reading."""

    def keep(self, offset: int, view: memoryview | bytes) -> None:
        """Told about every block that differs from the snapshot's: it is going to be read again."""


class ImageFile:
    """An image that is in a file already; there is nothing to keep. Open it with `with`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._opened:
            file.close()

    def fill(self, offset: int, view: memoryview) -> None:
        """Each thread has a file position of its own: not every system can read at an offset."""
        file: IO[bytes] | None = getattr(self._local, "file", None)
        if file is None:
            file = self._local.file = self._path.open("rb", buffering=0)
            self._opened.append(file)
        file.seek(offset)
        done = 0
        while done < len(view):
            count = file.readinto(view[done:])  # type: ignore[attr-defined]
            if not count:
                raise OSError(errno.EIO, "the image became shorter", str(self._path))
            done += count

    def check(self) -> None:
        """Nothing to do."""

    def keep(self, offset: int, view: memoryview | bytes) -> None:
        """Nothing to do."""


@dataclass(slots=True)
class Changes:
    """What a comparison found. changed: numbers of the blocks to write, rising, with their names, joined.

    moved: blocks whose content the snapshot holds elsewhere, after find_moved. held: the content of the first changed
    ones, up to HELD_BYTES. digest: over the names of all blocks of the new image. before: the snapshot's names.
    """

    digest: bytes = b""
    scan: bytes = b""
    changed: array[int] = field(default_factory=lambda: array("Q"))
    names: bytearray = field(default_factory=bytearray)
    moved: dict[int, Address] = field(default_factory=dict)
    held: dict[int, bytes] = field(default_factory=dict)
    before: _Names | None = None

    def keep(self, block: int, content: bytes, geometry: Geometry, image: ImageSource) -> None:
        """Hold a changed block for the writer: in memory as long as there are few, else where the image keeps it."""
        if (len(self.held) + 1) * geometry.block_bytes <= HELD_BYTES:
            self.held[block] = content
        else:
            image.keep(block * geometry.block_bytes, content)

    def name(self, place: int) -> bytes:
        """The name of the place-th changed block."""
        return bytes(self.names[place * HASH_BYTES : (place + 1) * HASH_BYTES])


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was found in one piece of the image. changed: (block, place of its name in `names`, content)."""

    names: bytes
    digests: bytes
    changed: list[tuple[int, int, bytes]]


class _Names:
    """The names of a snapshot's blocks, handed out from the first to the last in pieces of any length."""

    def __init__(self, table: PackTable, page_map: PageMap) -> None:
        self._table, self._map = table, page_map
        self._runs = table.names(page_map)
        self._held = b""

    def take(self, blocks: int) -> bytes:
        """The next names; fewer at the end."""
        parts, missing = [self._held], blocks * HASH_BYTES - len(self._held)
        for part in self._runs if missing > 0 else ():
            parts.append(part)
            missing -= len(part)
            if missing <= 0:
                break
        joined = b"".join(parts)
        self._held = joined[blocks * HASH_BYTES :]
        return joined[: blocks * HASH_BYTES]

    def locate(self, wanted: set[bytes]) -> dict[bytes, Address]:
        """Where the snapshot holds blocks with these names. Mostly nowhere: one quick look at all names comes first."""
        every = self._table.names(self._map)
        known = chain.from_iterable(struct.iter_unpack(f"{HASH_BYTES}s", part) for part in every)
        wanted = wanted.intersection(map(itemgetter(0), known))
        found: dict[bytes, Address] = {}
        for run, names in zip(self._map.runs(), self._table.names(self._map), strict=True) if wanted else ():
            for offset in range(run.count):
                name = names[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
                if name in wanted:
                    found[name] = (run.pack, run.first + offset)
        return found


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
    changes, scan_parts, old = Changes(), list[bytes](), _Names(table, before)

    def collected() -> Iterator[bytes]:
        comparer = _Comparer(geometry, identity, scan_bytes)
        for piece in _compare(image, comparer, old, usable, monitor):
            scan_parts.append(piece.digests)
            for block, place, content in piece.changed:
                changes.changed.append(block)
                changes.names += piece.names[place : place + HASH_BYTES]
                changes.keep(block, content, geometry, image)
            yield piece.names

    changes.digest, changes.scan = identity.digest(collected()), b"".join(scan_parts)
    changes.before = old
    return changes


def _compare(
    image: ImageSource, comparer: _Comparer, names: _Names, digests: bytes, monitor: Monitor
) -> Iterator[_Piece]:
    """What was found in each piece, in order; who asks compares, on this thread (see the module's text)."""
    geometry, step = comparer.geometry, CHUNK_BYTES
    per_piece = step // comparer.scan_bytes * HASH_BYTES if comparer.scan_bytes else 0
    free = [memoryview(bytearray(min(step, geometry.image_bytes))) for _ in range(READERS + 1)]
    starts = iter(range(0, geometry.image_bytes, step))
    reading: deque[tuple[int, memoryview, Future[None]]] = deque()
    with ThreadPoolExecutor(READERS, "litekeep-read") as pool:
        for number in range(-(-geometry.image_bytes // step)):
            while free and (start := next(starts, None)) is not None:
                view = free.pop()[: geometry.image_bytes - start]
                reading.append((start, view, pool.submit(image.fill, start, view)))
            offset, view, read = reading.popleft()
            read.result()
            blocks = -(-len(view) // geometry.block_bytes)
            known = digests[number * per_piece : (number + 1) * per_piece]
            yield comparer.compare(offset, view, names.take(blocks), known)
            free.append(view)
            monitor.progress("compare", offset // geometry.block_bytes + blocks, geometry.block_count, "blocks")
            image.check()
            stop_if_cancelled(monitor)


@dataclass(frozen=True, slots=True)
class _Comparer:
    """Compares pieces of an image with what was there before."""

    geometry: Geometry
    identity: Identity
    scan_bytes: int

    def compare(self, offset: int, piece: memoryview, before: bytes, known: bytes) -> _Piece:
        """Compare the bytes from `offset` on with the names and digests of what was there before."""
        block_bytes, names, digests = self.geometry.block_bytes, list[bytes](), list[bytes]()
        stretch, changed = self.scan_bytes or CHUNK_BYTES, list[tuple[int, int, bytes]]()
        for number, start in enumerate(range(0, len(piece), stretch)):
            view, first = piece[start : start + stretch], start // block_bytes
            old = before[first * HASH_BYTES : (first + -(-len(view) // block_bytes)) * HASH_BYTES]
            if self.scan_bytes:
                digests.append(self.identity.name(view))
                if old and digests[-1] == known[number * HASH_BYTES : (number + 1) * HASH_BYTES]:
                    names.append(old)
                    continue
            new = self.identity.names(view, block_bytes)
            names.append(new)
            for place in _differing(new, old):
                at = place * block_bytes
                content = bytes(view[at : at + block_bytes])
                changed.append((offset // block_bytes + first + place, (first + place) * HASH_BYTES, content))
        return _Piece(b"".join(names), b"".join(digests), changed)


def _differing(names: bytes, before: bytes) -> list[int]:
    """Which names are others than before, by their number."""
    if names == before:
        return []
    return [
        place // HASH_BYTES
        for place in range(0, len(names), HASH_BYTES)
        if names[place : place + HASH_BYTES] != before[place : place + HASH_BYTES]
    ]


def find_moved(changes: Changes) -> None:
    """Look for changed blocks that the snapshot holds elsewhere; the image is not needed any more."""
    before, changes.before, count = changes.before, None, len(changes.changed)
    if before is None or not 0 < count <= MOVED_LIMIT:
        return
    found = before.locate({changes.name(place) for place in range(count)})
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
