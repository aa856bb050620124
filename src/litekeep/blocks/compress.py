"""Frames: many blocks compressed together with zstd, alone or against earlier versions of the same blocks.

A delta frame is an ordinary zstd frame whose compressor had the base blocks, joined in their stated order, as a prefix
(RFC 8878 section 5; "raw content" dictionary). To decode it, the same bytes are needed again. A prefix of fewer than 8
bytes is none: zstd would ignore it.

zstd finds most but not all damage, so it is never trusted as an integrity check: blocks are compared by name after
decoding. What it is asked to decode is bounded: the length is declared outside the frame and checked before and after.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):  # the same library under two names
    from compression import zstd
else:
    from backports import zstd

LEVEL = 3
DELTA_LEVEL = 9
"""Measured on daily changes of the sample workload: deltas at 9 are 6 % smaller than at 3; a day costs some 15 ms."""
BULK_DELTA_LEVEL = 3
"""For changes of many megabytes, where time counts more."""

ZstdError = zstd.ZstdError


def compress(plain: bytes | bytearray | memoryview, level: int = LEVEL) -> bytes:
    """One zstd frame."""
    return zstd.compress(plain, level)


def compress_delta(plain: bytes | bytearray | memoryview, prefix: bytes, level: int = DELTA_LEVEL) -> bytes:
    """One zstd frame that can be decoded only with `prefix`."""
    if len(prefix) < 8:  # zstd ignores shorter prefixes
        return compress(plain, level)
    return zstd.compress(plain, level, zstd_dict=zstd.ZstdDict(prefix, is_raw=True).as_prefix)


def _declared(frame: bytes | memoryview) -> int | None:
    return zstd.get_frame_info(frame).decompressed_size


def decompress(frame: bytes | memoryview, plain_bytes: int, prefix: bytes = b"") -> bytes:
    """Decode one frame that must give exactly `plain_bytes` bytes.

    Raises:
        ValueError: not a zstd frame, damaged, followed by other bytes, or of another length. Never allocates more than
            about `plain_bytes`.
    """
    try:
        declared = _declared(frame)
        if declared != plain_bytes:
            raise ValueError(f"frame declares {declared} bytes instead of {plain_bytes}")
        dictionary = zstd.ZstdDict(prefix, is_raw=True).as_prefix if len(prefix) >= 8 else None
        decoder = zstd.ZstdDecompressor(zstd_dict=dictionary)
        plain = decoder.decompress(frame, max_length=plain_bytes)
        if not decoder.eof:
            plain += decoder.decompress(b"", max_length=1)
    except (zstd.ZstdError, EOFError, MemoryError) as error:
        raise ValueError(f"frame cannot be decoded: {error}") from error
    if not decoder.eof or decoder.unused_data or len(plain) != plain_bytes:
        raise ValueError(f"frame gives {len(plain)} bytes instead of {plain_bytes}")
    return plain


def decompress_within(frame: bytes | memoryview, limit_bytes: int) -> bytes:
    """Decode one frame whose length only the frame tells; raises ValueError as `decompress`, or beyond the limit."""
    try:
        declared = _declared(frame)
    except zstd.ZstdError as error:
        raise ValueError(f"frame cannot be decoded: {error}") from error
    if declared is None or declared > limit_bytes:
        raise ValueError(f"frame declares {declared} bytes, {limit_bytes} are allowed")
    return decompress(frame, declared)
