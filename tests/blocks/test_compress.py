"""Frames: round trips, and everything that is not exactly the frame that was promised."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.blocks import compress as module
from litekeep.blocks.compress import ZstdError, compress, compress_delta, decompress, decompress_within

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PLAIN = random.Random(1).randbytes(3000) + bytes(1000)
PREFIX = random.Random(2).randbytes(2000) + PLAIN[:2000]


@given(st.binary(max_size=5000), st.binary(max_size=5000))
def test_round_trip(plain: bytes, prefix: bytes) -> None:
    assert decompress(compress(plain), len(plain)) == plain
    assert decompress(compress_delta(plain, prefix), len(plain), prefix) == plain


@pytest.mark.parametrize("prefix_bytes", [0, 1, 7, 8, 9])
def test_short_prefixes(prefix_bytes: int) -> None:
    prefix = PLAIN[:prefix_bytes]
    assert decompress(compress_delta(PLAIN, prefix), len(PLAIN), prefix) == PLAIN


def test_a_delta_is_small_and_needs_its_prefix() -> None:
    frame = compress_delta(PLAIN, PREFIX)
    assert len(frame) < len(compress(PLAIN)) / 2
    for wrong in (b"", PREFIX[:-1], bytes(len(PREFIX))):
        try:
            assert decompress(frame, len(PLAIN), wrong) != PLAIN
        except ValueError:
            pass


@pytest.mark.parametrize("change", [-len(PLAIN), -1, 1, 1 << 20, 1 << 60])
def test_wrong_declared_size(change: int) -> None:
    with pytest.raises(ValueError, match="instead of"):
        decompress(compress(PLAIN), len(PLAIN) + change)


@pytest.mark.parametrize("frame", [compress(PLAIN), compress(b""), compress_delta(PLAIN, PREFIX)])
def test_every_truncation_fails(frame: bytes) -> None:
    for length in range(len(frame)):
        with pytest.raises(ValueError, match="frame"):
            decompress(frame[:length], 0 if frame == compress(b"") else len(PLAIN), PREFIX)
        with pytest.raises(ValueError, match="frame"):
            decompress_within(frame[:length], 1 << 20)


@pytest.mark.parametrize("extra", [b"\0", b"\x28", compress(b""), compress(PLAIN), b"\x50\x2a\x4d\x18\0\0\0\0"])
def test_bytes_behind_a_frame_fail(extra: bytes) -> None:
    for plain in (PLAIN, b""):
        with pytest.raises(ValueError, match="frame"):
            decompress(compress(plain) + extra, len(plain))


def test_flipped_bits_never_raise_anything_else() -> None:
    frame = compress_delta(PLAIN, PREFIX)
    for at in range(len(frame)):
        for bit in (0x01, 0x80, 0xFF):
            damaged = frame[:at] + bytes([frame[at] ^ bit]) + frame[at + 1 :]
            try:
                assert len(decompress(damaged, len(PLAIN), PREFIX)) == len(PLAIN)
            except ValueError:
                pass


@given(st.binary(max_size=200))
def test_any_bytes_raise_nothing_else(junk: bytes) -> None:
    for frame in (junk, b"\x28\xb5\x2f\xfd" + junk):
        with pytest.raises(ValueError, match="frame"):
            decompress(frame, 1 << 16)
        try:
            assert len(decompress_within(frame, 1 << 16)) <= 1 << 16
        except ValueError:
            pass


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = compress(bytes(200 << 20))
    tracemalloc.start()
    with pytest.raises(ValueError, match="declares"):
        decompress(bomb, 4096)
    with pytest.raises(ValueError, match="declares"):
        decompress_within(bomb, 1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_frame_that_holds_more_than_it_declares() -> None:
    bomb = bytearray(compress(bytes(1 << 20)))
    assert bomb[4] & 0xC0 == 0x80  # the size stands in four bytes behind the descriptor, one segment or a window first
    offset = 5 if bomb[4] & 0x20 else 6
    assert struct.unpack_from("<I", bomb, offset) == (1 << 20,)
    struct.pack_into("<I", bomb, offset, 4096)
    with pytest.raises(ValueError, match="frame"):
        decompress(bytes(bomb), 4096)


def test_the_limit_is_the_largest_that_is_decoded() -> None:
    frame = compress(PLAIN)
    assert decompress_within(frame, len(PLAIN)) == PLAIN
    with pytest.raises(ValueError, match=f"{len(PLAIN) - 1} are allowed"):
        decompress_within(frame, len(PLAIN) - 1)


def test_a_frame_without_a_size_is_refused() -> None:
    raw = (
        b"\x28\xb5\x2f\xfd\x00\x58" + struct.pack("<I", (4 << 3) | 1)[:3] + b"abcd"
    )  # RFC 8878 3.1.1: no size, raw block
    with pytest.raises(ValueError, match="declares None"):
        decompress_within(raw, 1 << 20)
    with pytest.raises(ValueError, match="declares None"):
        decompress(raw, 4)


@pytest.mark.skipif(sys.platform == "win32", reason="resource")
def test_a_large_window_costs_no_memory() -> None:
    """A frame may ask for a window of terabytes; what it costs is bounded by the declared size."""
    program = """
import resource, struct
from litekeep.blocks.compress import decompress
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
block = struct.pack("<I", (4 << 3) | 1)[:3] + b"abcd"
before = peak()
for window in range(256):  # descriptor 0x40: two bytes of size (less 256), a window
    frame = b"\\x28\\xb5\\x2f\\xfd\\x40" + bytes([window]) + struct.pack("<H", 4000) + block
    try:
        decompress(frame, 4256)
    except ValueError:
        pass
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < (16 << 20) / (1 if sys.platform == "darwin" else 1024)


def test_how_hard_it_tries() -> None:
    """The levels whose sizes and times were measured; zstd promises that equal input gives equal output."""
    base = zstd.ZstdDict(PREFIX, is_raw=True).as_prefix
    plain = random.Random(3).choices(b"abcdefgh   ", k=20_000)
    text = bytes(plain)
    assert compress(text) == zstd.compress(text, 3) != zstd.compress(text, 4)
    delta = {level: zstd.compress(text, level, zstd_dict=base) for level in (3, 4, 8, 9)}
    assert compress_delta(text, PREFIX) == delta[9] != delta[8]
    assert compress_delta(text, PREFIX, module.BULK_DELTA_LEVEL) == delta[3] != delta[4]


def test_the_library_is_the_one_the_module_speaks_of() -> None:
    assert issubclass(ZstdError, Exception)


class Late:
    """A decompressor as another version of the library may have it: the end of a frame comes with a second call."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[bytes, int]] = []
        self.unused_data = b""

    @property
    def eof(self) -> bool:
        return not self.answers

    def decompress(self, data: bytes, max_length: int) -> bytes:
        self.asked.append((data, max_length))
        return self.answers.pop(0)


@pytest.mark.parametrize(
    ("answers", "right"),
    [
        ((b"plain", b""), True),
        ((b"plai", b"n"), True),
        ((b"plai",), False),
        ((b"plain", b"!"), False),
        ((b"plain", b"", b""), False),
    ],
)
def test_where_a_frame_ends_later_than_its_last_byte(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[bytes, ...], *, right: bool
) -> None:
    frame, decoder = compress(b"plain"), Late(*answers)
    monkeypatch.setattr("litekeep.blocks.compress.zstd.ZstdDecompressor", lambda **_options: decoder)
    if right:
        assert decompress(frame, 5) == b"plain"
    else:
        with pytest.raises(ValueError, match="frame gives"):
            decompress(frame, 5)
    assert decoder.asked == [(frame, 5), (b"", 1)][: len(decoder.asked)]
    assert len(decoder.asked) == min(2, len(answers))
