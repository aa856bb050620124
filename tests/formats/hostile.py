"""Wrong bytes for the readers of objects: what accidents and strangers make of a good one."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from litekeep.blocks.seal import TagSeal
from litekeep.errors import CorruptObject, LitekeepError

SEAL = TagSeal(bytes(range(16)), bytes(range(32)))
OTHERS = (
    TagSeal(bytes(16), bytes(range(32))),  # another repository with the same secret
    TagSeal(bytes(range(16)), bytes(32)),
)

BAD_JSON = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"{}x",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"a":1,"a":2}',
    b'{"b":{"a":1,"a":1}}',
    b'{"a":NaN}',
    b'{"a":-Infinity}',
    b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":"\xff"}',
    b'{"a":"\xed\xa0\x80"}',
    '{"a":1}'.encode("utf-16"),
    b'\xef\xbb\xbf{"a":1}',
]
"""Not one JSON object in UTF-8, or not one that says what it means."""

ODD_VALUES = [
    None, True, -1, 0, 1.5, 1e999, 2**31, 2**32, 2**60, 2**64, 10**40, "", "x", "\ud800", "../x", "1", [], [1], ["x"],
    {}, {"x": 1}, {"x": "y"}, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00",
]  # fmt: skip
"""What a fact may be replaced with."""


def damaged(data: bytes) -> Iterator[bytes]:
    """Each byte flipped in three ways, each shorter length, and some longer ones."""
    for at in range(len(data)):
        for mask in (0x01, 0x80, 0xFF):
            yield data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]
    for length in range(len(data)):
        yield data[:length]
    yield from (data + b"\0", b"\0" + data, data + data, data + b"\xff" * 4)


def expect_damage(read: Callable[[bytes], object], data: bytes, *errors: type[LitekeepError]) -> None:
    """Every damage to `data` raises CorruptObject, or one of `errors`, and nothing else."""
    for wrong in damaged(data):
        with pytest.raises(errors or (CorruptObject,)):
            read(wrong)


@contextmanager
def bounds(memory_bytes: int, seconds: float = 5.0) -> Iterator[None]:
    """Fail when what happens inside allocates more, or takes very much longer."""
    tracemalloc.start()
    started = time.perf_counter()
    try:
        yield
        elapsed, peak = time.perf_counter() - started, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= memory_bytes, f"{peak:,} bytes"
    assert elapsed <= 10 * seconds, f"{elapsed:.1f} seconds"  # tenfold: other programs use the machine too
