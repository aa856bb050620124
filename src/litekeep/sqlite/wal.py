"""The byte layouts of SQLite's write-ahead log and of its index's header; bytes in, facts out.

Source: sqlite.org fileformat2 section 4 (WAL header, frame header, checksum), walformat section 2 (wal-index header).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import mul

from litekeep.records import dataclass

INDEX_BYTES = 48
"""Length of the wal-index header; two copies of it begin the -shm, then comes WalCkptInfo with nBackfill first."""
INDEX_AREA_BYTES = 2 * INDEX_BYTES + 4
HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
VERSION = 3007000
INDEX_LAYOUT = struct.Struct("=IIIBBHIIIIIIII")  # in the machine's own byte order
_MASK = 0xFFFFFFFF


class WalTrouble(Exception):
    """The log is not what its index says; the caller reads the database in another way."""


@dataclass(frozen=True, slots=True)
class WalIndex:
    """The wal-index header of one moment. checksum: of the last frame. backfilled: frames already in the database."""

    raw: bytes
    page_size: int
    big_endian: bool
    last_frame: int
    page_count: int
    checksum: tuple[int, int]
    salts: bytes
    backfilled: int

    @property
    def whole(self) -> bool:
        """True if all of the log is in the database file; once it is, that holds until another commit or log."""
        return self.backfilled >= self.last_frame


def parse_index(area: bytes) -> WalIndex | None:
    """From the first INDEX_AREA_BYTES of the -shm; None while a commit is being published (the copies differ).

    Raises WalTrouble if it is not an initialised index of the known version, or fails its own checksum.
    """
    if len(area) < INDEX_AREA_BYTES:
        raise WalTrouble("the wal-index is too short")
    first = area[:INDEX_BYTES]
    if first != area[INDEX_BYTES : 2 * INDEX_BYTES]:
        return None
    (version, _, _, initialised, big_endian, page_size, last, pages, sum1, sum2, _, _, own1, own2) = (
        INDEX_LAYOUT.unpack(first)
    )
    if not initialised or version != VERSION:
        raise WalTrouble("the wal-index is not initialised")
    words = struct.unpack("=10I", first[:40])
    if _checksum_slowly(words, (0, 0)) != (own1, own2):
        raise WalTrouble("the wal-index fails its checksum")
    return WalIndex(
        raw=first,
        page_size=65536 if page_size == 1 else page_size,
        big_endian=bool(big_endian),
        last_frame=last,
        page_count=pages,
        checksum=(sum1, sum2),
        salts=first[32:40],
        backfilled=int.from_bytes(area[2 * INDEX_BYTES :][:4], sys.byteorder),
    )


def require_header(header: bytes, index: WalIndex) -> None:
    """Raise WalTrouble unless this is the header of the log that the index describes."""
    if len(header) < HEADER_BYTES:
        raise WalTrouble("the log is cut off")
    magic, version, page_size = struct.unpack(">3I", header[:12])
    words = _words(header[:24], big_endian=index.big_endian)
    if magic != 0x377F0682 + index.big_endian or version != VERSION or page_size != index.page_size:
        raise WalTrouble("the log has another format than its index")
    if header[16:24] != index.salts or _checksum_slowly(words, (0, 0)) != struct.unpack(">2I", header[24:32]):
        raise WalTrouble("the log is not the one that its index describes")


def frame_page(header: bytes | memoryview, index: WalIndex) -> int:
    """The page number in a frame's header; raises WalTrouble for a frame of another log."""
    if header[8:16] != index.salts:
        raise WalTrouble("the log was begun anew")
    return int.from_bytes(header[:4])


def stored_checksum(header: bytes | memoryview) -> tuple[int, int]:
    """The running checksum that a frame's header (or, shifted by 8, the log's header) ends with."""
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def frame_checksum(frame: bytes | memoryview, before: tuple[int, int], *, big_endian: bool) -> tuple[int, int]:
    """What a frame's header must hold, after the frame before it (or the log's header) ended with `before`.

    SQLite runs s0 += x0 + s1; s1 += x1 + s0 over pairs of words. That is linear: every word has a fixed coefficient
    (modulo 2^32) in the result, so two sums of products give it, at the speed of C.
    """
    words = _words(bytes(frame[:8]) + bytes(frame[FRAME_HEADER_BYTES:]), big_endian=big_endian)
    first, second, power = _coefficients(len(words))
    (a, b), (c, d) = power
    return (
        (a * before[0] + b * before[1] + sum(map(mul, first, words))) & _MASK,
        (c * before[0] + d * before[1] + sum(map(mul, second, words))) & _MASK,
    )


@lru_cache(maxsize=4)
def _coefficients(words: int) -> tuple[array[int], array[int], tuple[tuple[int, int], tuple[int, int]]]:
    """Of every word in s0, in s1, and of the starting values: powers of the step ((1, 1), (1, 2))."""
    first, second = array("Q", bytes(8 * words)), array("Q", bytes(8 * words))
    (a, b), (c, d) = (1, 0), (0, 1)
    for pair in range(words - 2, -1, -2):
        # A pair (x0, x1) enters as (x0, x0 + x1) and then goes through all later steps.
        first[pair], first[pair + 1] = (a + b) & _MASK, b
        second[pair], second[pair + 1] = (c + d) & _MASK, d
        a, b, c, d = (a + b) & _MASK, (a + 2 * b) & _MASK, (c + d) & _MASK, (c + 2 * d) & _MASK
    return first, second, ((a, b), (c, d))


def _words(data: bytes, *, big_endian: bool) -> array[int]:
    words = array("I", data)
    if big_endian != (sys.byteorder == "big"):
        words.byteswap()
    return words


def _checksum_slowly(words: Sequence[int], start: tuple[int, int]) -> tuple[int, int]:
    first, second = start
    for pair in range(0, len(words), 2):
        first = (first + words[pair] + second) & _MASK
        second = (second + words[pair + 1] + first) & _MASK
    return first, second
