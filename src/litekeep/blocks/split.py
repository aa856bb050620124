"""Cut a database image into blocks, and say how long each one is.

A block is one database page; pages smaller than 4 KiB are taken together until they make 4 KiB, since a hash and an
index entry for every 512 bytes would cost more than they save. Only the last block of an image may be shorter. Blocks
are counted from 0, pages (as in SQLite) from 1.

Source: sqlite.org fileformat2 section 1.3.2 (page size: a power of two from 512 to 65536).
"""

from __future__ import annotations

from litekeep.records import dataclass

MIN_PAGE_BYTES = 512
MIN_BLOCK_BYTES = 4096
MAX_BLOCK_BYTES = 65536
FRAME_BYTES = 1 << 20
"""How much plain data one frame holds at most: zstd gains little from more, and it bounds memory."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """How an image of `image_bytes` bytes with pages of `page_bytes` bytes falls into blocks."""

    page_bytes: int
    image_bytes: int

    @property
    def block_bytes(self) -> int:
        """Length of every block but perhaps the last."""
        return max(self.page_bytes, MIN_BLOCK_BYTES)

    @property
    def block_count(self) -> int:
        """Number of blocks, the last and perhaps shorter one included."""
        return -(-self.image_bytes // self.block_bytes)

    @property
    def blocks_per_frame(self) -> int:
        """How many blocks a frame takes."""
        return max(1, FRAME_BYTES // self.block_bytes)

    def length(self, block: int) -> int:
        """Bytes of block number `block`."""
        return min(self.block_bytes, self.image_bytes - block * self.block_bytes)
