"""Columns of 32-bit numbers, and lists of pack ids, laid out so that zstd makes little of them.

    column = the lowest bytes of all numbers, then all second bytes, then all third, then all highest (little-endian
             planes). The numbers themselves are mostly small differences, so that three planes are zeros.

Only the number of values tells a column's length: 4 bytes each.

    pack id  = sequence of the snapshot that wrote the pack (u32, big-endian), then 4 bytes that tell its packs apart
    pack ids = column of the sequences, each minus the one before it; then the other 4 bytes of each
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence

U32 = 1 << 32


def encode_column(values: Iterable[int]) -> bytes:
    """Numbers modulo 2^32 to planes."""
    numbers = array("I", [value % U32 for value in values])
    assert numbers.itemsize == 4
    if sys.byteorder == "big":
        numbers.byteswap()
    raw = numbers.tobytes()
    return b"".join(raw[plane::4] for plane in range(4))


def decode_column(planes: bytes | memoryview) -> array[int]:
    """Planes to numbers."""
    count = len(planes) // 4
    raw = bytearray(count * 4)
    for plane in range(4):
        raw[plane::4] = planes[plane * count : (plane + 1) * count]
    numbers = array("I", bytes(raw))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


PACK_ID_BYTES = 8


def encode_ids(ids: Sequence[bytes]) -> bytes:
    """A list of pack ids; short when it is in rising order."""
    sequences = [sequence_of(pack_id) for pack_id in ids]
    steps = [after - before for before, after in zip([0, *sequences], sequences, strict=False)]
    return encode_column(steps) + b"".join(pack_id[4:] for pack_id in ids)


def decode_ids(data: bytes | memoryview) -> list[bytes]:
    """The inverse of encode_ids; `data` holds 8 bytes for each id."""
    count, before, ids = len(data) // PACK_ID_BYTES, 0, []
    for place, step in enumerate(decode_column(data[: 4 * count])):
        before = (before + step) % U32
        start = 4 * (count + place)
        ids.append(struct.pack(">I", before) + data[start : start + 4])
    return ids


def sequence_of(pack_id: bytes) -> int:
    """The sequence of the snapshot whose backup wrote the pack."""
    return int.from_bytes(pack_id[:4], "big")
