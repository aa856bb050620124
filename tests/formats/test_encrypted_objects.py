"""Packs and records under the seal of an encrypted repository: every damage is one clear error, nothing shows."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.hostile import bounds, expect_damage
from litekeep.blocks.compress import compress
from litekeep.blocks.encrypt import AeadSeal, padded
from litekeep.blocks.keys import Subkeys
from litekeep.errors import CorruptObject, UnsupportedFormat
from litekeep.formats.envelope import Kind, decode_record, encode_record, new_head
from litekeep.formats.pack import (
    FOOTER_PART,
    INDEX_PART,
    NewFrame,
    PackBuilder,
    PackIndex,
    decode_index,
    index_span,
)

ID, PACK_ID = bytes(range(16)), bytes.fromhex("0000000500000007")
KEY, RECORD = "packs/07/0000000500000007-0", "marks/app/0011"
SEAL = AeadSeal(ID, Subkeys(bytes(range(32))), random.SystemRandom().randbytes)
OTHERS = (
    AeadSeal(bytes(16), Subkeys(bytes(range(32))), random.SystemRandom().randbytes),
    AeadSeal(ID, Subkeys(bytes(32)), random.SystemRandom().randbytes),
)


def build(frames: int = 2, key: str = KEY) -> bytes:
    builder = PackBuilder(key, PACK_ID, 4096, SEAL)
    for number in range(frames):
        plain = bytes([number]) * 4096 + b"end of it" * 400
        numbers = range(2 * number, 2 * number + 2)
        builder.add(NewFrame(compress(plain), numbers, [4096, 3600], bytes(32), [0, 0], []))
    return bytes(builder.finish())


def read(data: bytes, key: str = KEY, seal: AeadSeal = SEAL) -> PackIndex:
    offset, length = index_span(key, len(data), data[-24:], data[:40], seal)
    return decode_index(key, PACK_ID, data[:40], data[offset : offset + length], offset, seal)


def read_all(data: bytes, key: str = KEY, seal: AeadSeal = SEAL) -> list[bytes]:
    index = read(data, key, seal)
    try:
        return [bytes(index.parts.open(f.part, data[f.offset : f.offset + f.stored_bytes])) for f in index.frames]
    except ValueError as error:
        raise CorruptObject(key, str(error)) from error


def test_round_trip_and_padding() -> None:
    for frames in (1, 2, 30):
        data = build(frames)
        assert len(read_all(data)) == frames
        assert padded(len(data)) == len(data)


def test_what_fills_an_index_up_is_zeros() -> None:
    """Else an object could carry something that nobody asked for."""
    tried = 0
    for frames in range(1, 12):
        data = build(frames)
        offset, length = index_span(KEY, len(data), data[-24:], data[:40], SEAL)
        parts = SEAL.bind(KEY, data[:40])
        plain = bytearray(parts.open(INDEX_PART, data[offset : offset + length]))
        (packed,) = struct.unpack_from("<I", plain, 0)
        end = 4 + packed + 2 * frames * 16
        assert not any(plain[end:])
        for at in {end, len(plain) - 1} if end < len(plain) else ():
            plain[at] = 1
            with pytest.raises(CorruptObject, match="impossible sizes"):
                decode_index(KEY, PACK_ID, data[:40], parts.seal(INDEX_PART, bytes(plain)), offset, SEAL)
            plain[at] = 0
            tried += 1
    assert tried


def test_all_damage_to_a_pack_is_found() -> None:
    expect_damage(read_all, build(1))


def test_all_damage_to_a_record_is_found() -> None:
    data = encode_record(Kind.MARK, RECORD, [b"{}", b"more"], SEAL)
    assert decode_record(Kind.MARK, RECORD, data, SEAL) == [b"{}", b"more"]
    expect_damage(lambda wrong: decode_record(Kind.MARK, RECORD, wrong, SEAL), data)


def test_renamed_foreign_and_exchanged_objects() -> None:
    pack, record = build(), encode_record(Kind.MARK, RECORD, [b"{}"], SEAL)
    for other in OTHERS:
        with pytest.raises(CorruptObject):
            read_all(pack, seal=other)
        with pytest.raises(CorruptObject):
            decode_record(Kind.MARK, RECORD, record, other)
    with pytest.raises(CorruptObject):
        read_all(pack, KEY[:-1] + "1")
    with pytest.raises(CorruptObject):
        decode_record(Kind.MARK, RECORD + "x", record, SEAL)
    with pytest.raises(CorruptObject):
        decode_record(Kind.RECEIPT, RECORD, record, SEAL)


def test_frames_of_one_pack_cannot_be_exchanged() -> None:
    data = build(2)
    index = read(data)
    one, two = (data[f.offset : f.offset + f.stored_bytes] for f in index.frames)
    for frame, sealed in ((0, two), (1, one)):
        with pytest.raises(ValueError, match="damaged"):
            index.parts.open(frame, sealed)


def test_nor_those_of_two_generations_that_are_alike() -> None:
    one, two = build(1), build(1, KEY[:-1] + "1")
    frame = read(one).frames[0]
    with pytest.raises(CorruptObject):
        read_all(two[: frame.offset] + one[frame.offset : frame.offset + frame.stored_bytes]
                 + two[frame.offset + frame.stored_bytes :], KEY[:-1] + "1")  # fmt: skip


def test_the_same_content_is_never_stored_as_the_same_bytes() -> None:
    packs = {build() for _ in range(50)}
    records = {encode_record(Kind.MARK, RECORD, [b"{}"], SEAL) for _ in range(50)}
    assert len(packs) == len(records) == 50
    assert len({data[8:40] for data in (*packs, *records)}) == 100, "no salt comes twice"
    assert len({data[40:60] for data in packs}) == 50


def test_nothing_shows() -> None:
    plain = b'{"source":"patients","tables":{"diagnoses":400}}'
    data = encode_record(Kind.RECEIPT, RECORD, [plain], SEAL)
    for word in (b"patients", b"diagnoses", b"source"):
        assert word not in data
    assert b"end of it" not in build()


def test_a_newer_version_is_told_from_a_damaged_byte() -> None:
    data = build()
    with pytest.raises(CorruptObject, match="its version is damaged"):
        read(data[:5] + b"\x02" + data[6:])
    head = data[:5] + b"\x02" + data[6:40]
    bound = SEAL.bind(KEY, head)
    index = bound.seal(INDEX_PART, b"what nobody knows yet")
    newer = head + index + bound.seal(FOOTER_PART, struct.pack("<I", len(index))) + b"LTKE"
    with pytest.raises(UnsupportedFormat):
        read(newer)


@pytest.mark.parametrize("length", [0, 1, 15, (1 << 23) + 1, 2**31, 2**32 - 1])
def test_hostile_index_lengths(length: int) -> None:
    head = new_head(Kind.PACK, SEAL)
    data = head + bytes(100) + SEAL.bind(KEY, head).seal(FOOTER_PART, struct.pack("<I", length)) + b"LTKE"
    with bounds(1 << 16, 1), pytest.raises(CorruptObject):
        read(data)


def hostile_record(plain: bytes) -> Callable[[], object]:
    head = new_head(Kind.MARK, SEAL)
    data = head + SEAL.bind(RECORD, head).seal(0, plain)
    return lambda: decode_record(Kind.MARK, RECORD, data, SEAL)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"\0",
        b"\x09" + bytes(36),
        b"\x01",
        b"\x01\xff\xff\xff\xff",
        b"\x01\x05\0\0\0four",
        b"\x01\x04\0\0\0four and more",
        b"\x02\x04\0\0\0",
    ],
)
def test_hostile_records(plain: bytes) -> None:
    with bounds(1 << 16, 1), pytest.raises(CorruptObject):
        hostile_record(plain)()


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8))
def test_any_parts(parts: list[bytes]) -> None:
    data = encode_record(Kind.PLAN, RECORD, parts, SEAL)
    assert [bytes(part) for part in decode_record(Kind.PLAN, RECORD, data, SEAL)] == parts
    assert padded(len(data)) == len(data)
