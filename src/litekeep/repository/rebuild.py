"""From a manifest back to the database file it describes, every byte proven on the way.

Three proofs, none of which trusts the others: each block equals the name it got when the source was read, the names in
image order give the digest in the manifest, and the number of blocks fits page size, page count and length.

A larger image also has digests of longer stretches, taken when the source was read (changes); then the finished file is
compared with those instead of block by block on the way: the same keyed hash, at a quarter of the time. Only if one
differs are the blocks compared, to tell which stored object is damaged.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Self

from litekeep.blocks.identity import HASH_BYTES, Identity
from litekeep.errors import CorruptObject
from litekeep.formats.manifest import Manifest
from litekeep.monitor import Monitor
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import THREADS, BlockReader, plan_read
from litekeep.repository.repository import Repository
from litekeep.sqlite.filesystem import file_errors, write_all

_SCAN_CHUNK_BYTES = 2 << 20
_FLUSH_EVERY_BYTES = 32 << 20
_HELD_BYTES = 8 << 20
_LARGE_BYTES = 64 << 10


def require_digest(repository: Repository, table: PackTable, key: str, manifest: Manifest) -> None:
    """Raise CorruptObject unless the packs' indexes hold the names of exactly the image that the manifest describes."""
    member = manifest.facts["members"][0]
    if repository.identity.digest(table.names(manifest.page_map)).hex() != member["digest"]:
        raise CorruptObject(key, "its packs hold other pages than it describes")
    _require_lengths(table, key, manifest)


def _require_lengths(table: PackTable, key: str, manifest: Manifest) -> None:
    """Every block but the last one of the image is whole."""
    member = manifest.facts["members"][0]
    block_bytes, at = member["block_bytes"], 0
    for run in manifest.page_map.runs():
        index, position = table.locate(run.pack, run.first, run.count)
        if index.block_bytes != block_bytes:
            raise CorruptObject(key, "addresses blocks of another size")
        at += run.count * block_bytes
        missing = max(0, at - member["image_bytes"])
        lengths = index.lengths[position : position + run.count]
        if lengths[-1] != block_bytes - missing or sum(lengths) != run.count * block_bytes - missing:
            raise CorruptObject(key, "addresses blocks of other lengths than its image has")


def rebuild(
    repository: Repository,
    table: PackTable,
    key: str,
    manifest: Manifest,
    destination: Path,
    monitor: Monitor,
    phase: str = "rebuild",
) -> None:
    """Write the database into the existing empty file `destination`.

    Raises CorruptObject, StorageError, NoSpace, Cancelled; the file is then unfinished and must be thrown away. Syncing
    it is up to the caller.
    """
    require_digest(repository, table, key, manifest)
    member = manifest.facts["members"][0]
    block_bytes, scan_bytes = member["block_bytes"], manifest.facts["scan_bytes"] if manifest.scan else 0
    plan = plan_read(table, manifest.page_map.runs())
    written = 0
    with file_errors(destination.parent), destination.open("r+b", buffering=0) as file, Flusher(file) as flusher:
        pieces = _Pieces(file.fileno())
        file.truncate(member["image_bytes"])

        def write(position: int, blocks: memoryview) -> None:
            nonlocal written
            pieces.put(position * block_bytes, blocks)
            written += len(blocks)
            flusher.tell(written)

        reader = BlockReader(repository, table, destination.parent, check_names=not scan_bytes)
        reader.read(plan, write, monitor, phase)
        pieces.write()
    if written != member["image_bytes"]:
        raise CorruptObject(key, f"gave {written} bytes instead of {member['image_bytes']}")
    if scan_bytes and not _scan_agrees(
        repository.identity, destination, member["image_bytes"], scan_bytes, manifest.scan
    ):
        # Some block is not what was read from the source. Which one, the slower way tells.
        BlockReader(repository, table, destination.parent).read(plan, lambda *_: None, monitor, phase)
        raise CorruptObject(key, "its pages are not the ones that were read from the database")


def _scan_agrees(identity: Identity, file: Path, size_bytes: int, scan_bytes: int, digests: bytes) -> bool:
    """True if every stretch of the file has the digest that it had when the source was read."""
    per_chunk = max(1, _SCAN_CHUNK_BYTES // scan_bytes)
    stretches = -(-size_bytes // scan_bytes)

    def agrees(first: int) -> bool:
        with file.open("rb", buffering=0) as stream:
            stream.seek(first * scan_bytes)
            view = memoryview(stream.read(per_chunk * scan_bytes))
        found = b"".join(identity.name(view[at : at + scan_bytes]) for at in range(0, len(view), scan_bytes))
        return found == digests[first * HASH_BYTES : (first + per_chunk) * HASH_BYTES]

    if len(digests) != stretches * HASH_BYTES:
        return False
    with ThreadPoolExecutor(THREADS) as pool:
        return all(pool.map(agrees, range(0, stretches, per_chunk)))


class _Pieces:
    """Collects small writes and makes them together, in order, neighbours as one.

    Every write lets other threads go first; among decoding threads, one of 4 KiB then waits ten times as long as it
    takes. Together they are made while nothing else runs.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._held: list[tuple[int, bytes]] = []
        self._held_bytes = 0

    def put(self, at: int, content: memoryview) -> None:
        """Write `content` to the offset `at`, now or later; no two overlap."""
        if len(content) >= _LARGE_BYTES:
            write_all(self._descriptor, content, at)
            return
        self._held.append((at, bytes(content)))
        self._held_bytes += len(content)
        if self._held_bytes >= _HELD_BYTES:
            self.write()

    def write(self) -> None:
        """Write what is held."""
        self._held.sort()
        parts: list[bytes] = []
        start = end = 0
        for at, content in self._held:
            if at != end and parts:
                write_all(self._descriptor, memoryview(b"".join(parts)), start)
                parts = []
            if not parts:
                start = at
            parts.append(content)
            end = at + len(content)
        if parts:
            write_all(self._descriptor, memoryview(b"".join(parts)), start)
        self._held, self._held_bytes = [], 0


class Flusher:
    """Lets the disk begin its work while the rest of a file is still being made, on a thread of its own.

    A flush that fails is raised here, since the system may report it only once.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pool = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None
        self._told_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._pool.shutdown(wait=True)
        if self._running is not None and kind is None:
            self._running.result()

    def tell(self, written_bytes: int) -> None:
        """Called as the file grows; raises the OSError of an earlier flush."""
        if written_bytes - self._told_bytes < _FLUSH_EVERY_BYTES or (self._running and not self._running.done()):
            return
        if self._running is not None:
            self._running.result()
        self._told_bytes = written_bytes
        self._running = self._pool.submit(os.fsync, self._file.fileno())
