"""Columns of 32-bit numbers, laid out so that zstd makes little of them.

    column = the lowest bytes of all numbers, then all second bytes, then all third, then all highest (little-endian
             planes). The numbers themselves are mostly small differences, so that three planes are zeros.

Only the number of values tells a column's length: 4 bytes each.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable

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
