"""Write blocks into new packs: frames are compressed on several threads, packs are stored by one more.

Numbers are given when a frame is added, on the caller's thread, so addresses are known at once; a pack is closed after
PACK_BYTES of plain data, however small it becomes. Every frame is decoded again and compared before it is put into a
pack: a fault of memory or of the compressor is found here and not at the restore. At most two packs and a few frames
are in memory.

`finish` returns when every pack is durable. Only then may the manifest be written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self

from litekeep.blocks.compress import DELTA_LEVEL, compress, compress_delta, decompress
from litekeep.blocks.identity import HASH_BYTES
from litekeep.errors import CorruptObject
from litekeep.formats.pack import MAX_BASES, MAX_BLOCKS, Address, NewFrame, PackBuilder
from litekeep.repository import layout
from litekeep.repository.reader import THREADS
from litekeep.repository.repository import Repository

PACK_BYTES = 24 << 20
"""Plain bytes in one pack: bounds memory, and the loss when an upload is interrupted."""

Encode = Callable[[Sequence[int]], NewFrame]
"""Makes the frame whose blocks get these numbers."""


class PackWriter:
    """Collects frames into packs of one block size, for the snapshot `sequence`; use as a context, then `finish`."""

    def __init__(self, repository: Repository, block_bytes: int, sequence: int, delta_level: int = DELTA_LEVEL) -> None:
        self._repository = repository
        self._ids = layout.new_pack_ids(sequence)
        self._delta_level = delta_level
        self._block_bytes = block_bytes
        self._pool = ThreadPoolExecutor(THREADS)
        self._uploader = ThreadPoolExecutor(1)
        self._upload: Future[tuple[str, int]] | None = None
        self._frames: deque[Future[NewFrame]] = deque()
        self._builder: PackBuilder | None = None
        self._numbers = self._plain_bytes = self._bases = 0
        self.written: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._uploader.shutdown(wait=True, cancel_futures=True)

    @property
    def stored_bytes(self) -> int:
        """Bytes of all packs stored so far."""
        return sum(size for _, size in self.written)

    def add(
        self,
        plain: bytes,
        names: bytes,
        lengths: Sequence[int],
        depths: Sequence[int],
        bases: Sequence[Address],
        prefix: bytes,
    ) -> Address:
        """Add one frame; returns the address of its first block, the others follow with consecutive numbers.

        plain: the blocks, joined (at most a frame); names: theirs, joined; bases, prefix: what a delta is built on.
        """
        encode = partial(encode_frame, plain, names, lengths, depths, bases, prefix, level=self._delta_level)
        return self.submit(encode, len(plain), len(names) // HASH_BYTES, len(bases))

    def submit(self, encode: Encode, plain_bytes: int, blocks: int, bases: int = 0) -> Address:
        """Add one frame that `encode` makes, on another thread; the rest as for `add`."""
        if self._builder and (
            self._plain_bytes + plain_bytes > PACK_BYTES
            or self._numbers + blocks > MAX_BLOCKS
            or self._bases + bases > MAX_BASES
        ):
            self._close_pack()
        if self._builder is None:
            pack_id = next(self._ids)
            key = layout.pack_key(pack_id, 0)
            self._builder = PackBuilder(key, pack_id, self._block_bytes, self._repository.seal)
            self._numbers = self._plain_bytes = self._bases = 0
        numbers = range(self._numbers, self._numbers + blocks)
        self._frames.append(self._pool.submit(encode, numbers))
        self._numbers += blocks
        self._plain_bytes += plain_bytes
        self._bases += bases
        while len(self._frames) > 3 * THREADS:
            self._builder.add(self._frames.popleft().result())
        return self._builder.pack_id, numbers[0]

    def finish(self) -> list[tuple[str, int]]:
        """Store what is left; returns (key, stored bytes) of all packs, all of them durable."""
        self._close_pack()
        self._collect_upload()
        return self.written

    def _close_pack(self) -> None:
        if self._builder is None:
            return
        while self._frames:
            self._builder.add(self._frames.popleft().result())
        data, key = self._builder.finish(), self._builder.key
        self._builder = None
        self._collect_upload()
        self._upload = self._uploader.submit(self._store, key, data)

    def _store(self, key: str, data: bytearray) -> tuple[str, int]:
        self._repository.storage.put(key, data)
        return key, len(data)

    def _collect_upload(self) -> None:
        if self._upload is not None:
            self.written.append(self._upload.result())
            self._upload = None


def encode_frame(
    plain: bytes | bytearray,
    names: bytes,
    lengths: Sequence[int],
    depths: Sequence[int],
    bases: Sequence[Address],
    prefix: bytes,
    numbers: Sequence[int],
    level: int = DELTA_LEVEL,
) -> NewFrame:
    """Compress one frame and prove that it decodes to the same bytes.

    plain: no memoryview, which Python compares byte by byte, a hundred times slower, while all other threads wait.
    """
    compressed = compress_delta(plain, prefix, level) if bases else compress(plain)
    try:
        faithful = decompress(compressed, len(plain), prefix if bases else b"") == plain
    except ValueError:
        faithful = False
    if not faithful:
        raise CorruptObject("a new frame", "was not compressed faithfully (memory or library fault); it was not stored")
    return NewFrame(compressed, numbers, lengths, names, depths, bases)
