"""A pack: an immutable object of compressed frames, with an index at its end.

    offset  size   field
    0       8      header (formats.envelope), kind P
    8       ...    frames, sealed, one after the other; part numbers 0, 1, 2 ...
    ...     I      index, sealed; its part number is 4294967295
    end-8   4      I: stored length of the index, u32
    end-4   4      magic "LTKE"

In an encrypted repository (blocks.encrypt) a salt follows the header, and the length of the index is sealed:

    0       8      header, kind P, flag 1
    8       32     salt; header and salt are the header of all parts
    40      ...    frames, sealed
    ...     I      index, sealed; behind the names in it, zeros: as many as the padding of the whole pack asks for
    end-24  20     I, u32, sealed; its part number is 4294967294
    end-4   4      magic "LTKE"

A frame holds the bytes of its blocks in index order, compressed with zstd (blocks.compress); a delta frame also needs
its base blocks. Addresses are logical: (pack id, number). Numbers are given once and for ever when the pack is written;
when a pack is rewritten as the next generation, blocks that are no longer needed are left out and the others keep their
numbers, so that no manifest ever changes.

Index, plain (all numbers u32, little-endian; "column" as in formats.columns):

    length of what zstd made of the following, up to the names
      block bytes, frames, blocks, base packs, bases         five numbers
      ids of the base packs                                  formats.columns, 8 bytes each, rising
      stored length of each frame                            column   (with seal)
      blocks in each frame                                   column
      bases of each frame                                    column   0 = plain frame
      number of each block, minus the one before, minus 1    column   (strictly rising; the first: the number itself)
      block bytes minus the length of each block             column
      depth of each block                                    column   0 = plain; else 1 + depth of its own last version
      base pack of each base                                 column   index into the base packs
      number of each base                                    column   minus that of the base before it, minus 1
    name of each block                                       16 bytes each (blocks.identity)

A pack's id begins with the sequence of the snapshot whose backup wrote it. Bases always lie in packs of the same source
with a lower sequence: so frames can never need each other in a circle, whoever wrote them. The depth is a hint for
writers (how long the chain of versions is); readers find their way by bases alone.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import accumulate, repeat
from operator import add, sub

from litekeep.blocks.compress import compress, decompress_within
from litekeep.blocks.identity import HASH_BYTES
from litekeep.blocks.seal import Parts, Seal
from litekeep.blocks.split import FRAME_BYTES, MAX_BLOCK_BYTES, MIN_BLOCK_BYTES
from litekeep.errors import CorruptObject, NewerObject
from litekeep.formats.columns import PACK_ID_BYTES, decode_column, decode_ids, encode_column, encode_ids, sequence_of
from litekeep.formats.envelope import Kind, check_header, head_bytes, new_head, with_known_versions
from litekeep.records import dataclass

END_MAGIC = b"LTKE"
FOOTER_BYTES = 8
INDEX_PART = (1 << 32) - 1
FOOTER_PART = (1 << 32) - 2
MAX_BLOCKS = 1 << 16
"""Writers begin a new pack here; with 4 KiB pages that is 256 MiB of database."""
MAX_BASES = 1 << 18
MAX_INDEX_BYTES = 1 << 23
"""Readers refuse more before they allocate: an index at the limits above, uncompressed."""

Address = tuple[bytes, int]
"""(pack id, number): where a block is, whatever generation of the pack holds it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as the index describes it: where it is, which blocks it holds (index positions), and its bases."""

    part: int
    offset: int
    stored_bytes: int
    first: int
    blocks: int
    plain_bytes: int
    first_base: int
    bases: int


class PackIndex:
    """The decoded index of one pack."""

    def __init__(
        self,
        key: str,
        pack_id: bytes,
        block_bytes: int,
        frames: Sequence[Frame],
        numbers: array[int],
        lengths: array[int],
        depths: array[int],
        names: bytes,
        base_packs: Sequence[bytes],
        base_pack_of: array[int],
        base_numbers: array[int],
        parts: Parts,
    ) -> None:
        self.key = key
        self.parts = parts
        """Opens the frames."""
        self.pack_id = pack_id
        self.sequence = sequence_of(pack_id)
        self.block_bytes = block_bytes
        self.frames = frames
        self.numbers = numbers
        self.lengths = lengths
        self.depths = depths
        self.names = names
        self._base_packs = base_packs
        self._base_pack_of = base_pack_of
        self._base_numbers = base_numbers
        self._firsts = [frame.first for frame in frames]
        self.dense_count = len(numbers) if numbers[-1] == len(numbers) - 1 else 0
        """Number of blocks if their numbers are 0, 1, 2, ..., and so the same as their positions; else 0. (They rise,
        and there is at least one, so the last one tells.)"""

    def position(self, number: int) -> int:
        """The index position of a block number; raises KeyError if this generation does not hold it."""
        if 0 <= number < self.dense_count:
            return number
        position = bisect_left(self.numbers, number)
        if position == len(self.numbers) or self.numbers[position] != number:
            raise KeyError(number)
        return position

    def frame_of(self, position: int) -> int:
        """The number of the frame that holds the block at an index position."""
        return bisect_left(self._firsts, position + 1) - 1

    def name(self, position: int) -> bytes:
        """The name of the block at an index position."""
        return self.names[position * HASH_BYTES : (position + 1) * HASH_BYTES]

    def bases(self, frame: Frame) -> list[Address]:
        """The addresses whose bytes, joined, are the prefix of a delta frame; empty for a plain one."""
        end = frame.first_base + frame.bases
        return [
            (self._base_packs[self._base_pack_of[index]], self._base_numbers[index])
            for index in range(frame.first_base, end)
        ]

    def frame_blocks(self, frame: Frame) -> range:
        """The index positions of a frame's blocks."""
        return range(frame.first, frame.first + frame.blocks)


@dataclass(frozen=True, slots=True)
class NewFrame:
    """A frame ready to be put into a pack: compressed bytes, and per block its number, length, name and depth."""

    compressed: bytes
    numbers: Sequence[int]
    lengths: Sequence[int]
    names: bytes
    depths: Sequence[int]
    bases: Sequence[Address]


class PackBuilder:
    """Collects frames into the bytes of one pack; numbers must rise from frame to frame."""

    def __init__(self, key: str, pack_id: bytes, block_bytes: int, seal: Seal) -> None:
        self.key = key
        self.pack_id = pack_id
        self.block_bytes = block_bytes
        head = new_head(Kind.PACK, seal)
        self._seal = seal
        self._parts: Parts = seal.bind(key, head)
        self._data = bytearray(head)
        self._frames: list[tuple[int, NewFrame]] = []

    @property
    def stored_bytes(self) -> int:
        """Length so far, without the index."""
        return len(self._data)

    @property
    def frame_count(self) -> int:
        """Frames so far."""
        return len(self._frames)

    def add(self, frame: NewFrame) -> None:
        """Append a frame."""
        sealed = self._parts.seal(len(self._frames), frame.compressed)
        self._data += sealed
        self._frames.append((len(sealed), replace(frame, compressed=b"")))  # its bytes are not kept twice

    def finish(self) -> bytearray:
        """Append index and footer; returns the whole pack."""
        seal, plain = self._seal, self._encode_index()
        rest = len(self._data) + seal.overhead_bytes + footer_bytes(seal)
        index = self._parts.seal(INDEX_PART, plain.ljust(seal.padded(rest + len(plain)) - rest, b"\0"))
        length = struct.pack("<I", len(index))
        self._data += index + (self._parts.seal(FOOTER_PART, length) if seal.salt_bytes else length) + END_MAGIC
        return self._data

    def _encode_index(self) -> bytes:
        frames = [frame for _, frame in self._frames]
        numbers = [number for frame in frames for number in frame.numbers]
        bases = [base for frame in frames for base in frame.bases]
        base_packs = sorted({pack for pack, _ in bases})
        place = {pack: index for index, pack in enumerate(base_packs)}
        steps, last = [], dict.fromkeys(base_packs, -1)
        for pack, number in bases:
            steps.append(number - last[pack] - 1)
            last[pack] = number
        head = struct.pack("<5I", self.block_bytes, len(frames), len(numbers), len(base_packs), len(bases))
        columns = (
            [size for size, _ in self._frames],
            [len(frame.numbers) for frame in frames],
            [len(frame.bases) for frame in frames],
            [number - before - 1 for before, number in zip([-1, *numbers], numbers, strict=False)],
            [self.block_bytes - length for frame in frames for length in frame.lengths],
            [depth for frame in frames for depth in frame.depths],
            [place[pack] for pack, _ in bases],
            steps,
        )
        packed = compress(head + encode_ids(base_packs) + b"".join(map(encode_column, columns)), level=9)
        return struct.pack("<I", len(packed)) + packed + b"".join(frame.names for frame in frames)


def footer_bytes(seal: Seal) -> int:
    """Length of what follows the index."""
    return FOOTER_BYTES + (seal.overhead_bytes if seal.salt_bytes else 0)


def index_span(
    key: str, size_bytes: int, tail: bytes | memoryview, head: bytes | memoryview, seal: Seal
) -> tuple[int, int]:
    """Where the sealed index of a pack lies: (offset, length).

    size_bytes: length of the whole object. tail: its last bytes, at least the footer. head: its first bytes.
    """
    start, end = head_bytes(seal), footer_bytes(seal)
    if size_bytes < start + end or len(tail) < end or bytes(tail[-4:]) != END_MAGIC:
        raise CorruptObject(key, "empty" if size_bytes == 0 else "cut short, or does not end like a pack")
    footer = tail[len(tail) - end : len(tail) - 4]
    if seal.salt_bytes:
        _, footer = _open(key, head, FOOTER_PART, footer, seal, "its end is")
    (length,) = struct.unpack("<I", footer)
    offset = size_bytes - end - length
    if offset < start or length > MAX_INDEX_BYTES:
        raise CorruptObject(key, "cut short, or its index is damaged")
    return offset, length


def decode_index(
    key: str, pack_id: bytes, head: bytes | memoryview, sealed: bytes | memoryview, end: int, seal: Seal
) -> PackIndex:
    """The index of a pack.

    head: the first bytes of the object. sealed: the stored index. end: the offset where it begins, that is where the
    frames must end. Raises CorruptObject; allocates at most a small multiple of MAX_INDEX_BYTES.
    """
    parts, plain = _open(key, head, INDEX_PART, sealed, seal, "its index is")
    try:
        return _parse_index(key, pack_id, memoryview(plain), end, seal, parts)
    except (ValueError, struct.error, IndexError, OverflowError) as error:
        raise CorruptObject(key, f"its index makes no sense: {error}") from error


def _open(
    key: str, head: bytes | memoryview, part: int, sealed: bytes | memoryview, seal: Seal, what: str
) -> tuple[Parts, bytes | memoryview]:
    """(the pack's seal, a part of it); raises CorruptObject."""
    head = bytes(head[: head_bytes(seal)])
    try:
        check_header(key, head, Kind.PACK, seal.flags)
    except NewerObject:
        for other in with_known_versions(head, Kind.PACK):
            with suppress(ValueError):
                seal.bind(key, other).open(part, sealed)
                raise CorruptObject(key, "its version is damaged") from None
        raise
    try:
        parts = seal.bind(key, head)
        return parts, parts.open(part, sealed)
    except ValueError as error:
        raise CorruptObject(key, f"{what} {error}") from error


def _parse_index(key: str, pack_id: bytes, plain: memoryview, end: int, seal: Seal, parts: Parts) -> PackIndex:
    (packed_bytes,) = struct.unpack_from("<I", plain, 0)
    packed = decompress_within(plain[4 : 4 + packed_bytes], MAX_INDEX_BYTES)
    block_bytes, frames, blocks, base_packs, bases = struct.unpack_from("<5I", packed, 0)
    if not (1 <= frames <= blocks <= MAX_BLOCKS and bases <= MAX_BASES and base_packs <= bases):
        raise ValueError("impossible counts")
    names_end = 4 + packed_bytes + blocks * HASH_BYTES if seal.salt_bytes else len(plain)
    names = bytes(plain[4 + packed_bytes : names_end])
    possible = MIN_BLOCK_BYTES <= block_bytes <= MAX_BLOCK_BYTES and block_bytes.bit_count() == 1
    if not possible or len(names) != blocks * HASH_BYTES or any(plain[names_end:]):
        raise ValueError("impossible sizes")
    start = 20 + base_packs * PACK_ID_BYTES
    pack_ids = decode_ids(packed[20:start])
    if start + 4 * (3 * frames + 3 * blocks + 2 * bases) != len(packed):
        raise ValueError("columns of the wrong length")
    columns = []
    for count in (frames, frames, frames, blocks, blocks, blocks, bases, bases):
        columns.append(decode_column(packed[start : start + 4 * count]))
        start += 4 * count
    stored, blocks_in, bases_in, steps, short, depths, base_pack_of, base_steps = columns
    if sum(blocks_in) != blocks or sum(bases_in) != bases or max(short) >= block_bytes:
        raise ValueError("frames and blocks do not fit")
    lengths = array("I", map(sub, repeat(block_bytes), short)) if any(short) else array("I", [block_bytes]) * blocks
    if max(bases_in) * block_bytes > FRAME_BYTES + MAX_BLOCK_BYTES:
        raise ValueError("a frame has too many bases: what it builds on is too large")
    described = _frames(stored, blocks_in, bases_in, lengths, head_bytes(seal), end)
    base_numbers = _base_numbers(base_pack_of, base_steps, len(pack_ids))
    return PackIndex(
        key=key,
        pack_id=pack_id,
        block_bytes=block_bytes,
        frames=described,
        numbers=_rising(steps),
        lengths=lengths,
        depths=depths,
        names=names,
        base_packs=pack_ids,
        base_pack_of=base_pack_of,
        base_numbers=base_numbers,
        parts=parts,
    )


def _rising(steps: array[int]) -> array[int]:
    if not any(steps):
        return array("I", range(len(steps)))
    return array("I", map(add, accumulate(steps), range(len(steps))))  # OverflowError beyond 32 bits


def _base_numbers(packs: array[int], steps: array[int], pack_count: int) -> array[int]:
    numbers, last = array("I"), [-1] * pack_count
    for pack, step in zip(packs, steps, strict=True):
        last[pack] = (last[pack] + step + 1) % (1 << 32)
        numbers.append(last[pack])
    return numbers


def _frames(
    stored: array[int], blocks_in: array[int], bases_in: array[int], lengths: array[int], start: int, end: int
) -> list[Frame]:
    frames, offset, first, first_base = [], start, 0, 0
    for part, (stored_bytes, blocks, bases) in enumerate(zip(stored, blocks_in, bases_in, strict=True)):
        plain_bytes = sum(lengths[first : first + blocks])
        if blocks == 0 or plain_bytes > FRAME_BYTES + MAX_BLOCK_BYTES:
            raise ValueError("a frame without blocks, or too large")
        frames.append(Frame(part, offset, stored_bytes, first, blocks, plain_bytes, first_base, bases))
        offset, first, first_base = offset + stored_bytes, first + blocks, first_base + bases
    if offset != end:
        raise ValueError("frames do not fill the pack")
    return frames
