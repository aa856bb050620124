"""Records: every byte is covered, every limit holds, a newer version is not called damage."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.hostile import BAD_JSON, OTHERS, SEAL, bounds, expect_damage
from litekeep.errors import CorruptObject, UnsupportedFormat
from litekeep.formats.envelope import (
    HEADER_BYTES,
    MAX_PARTS,
    VERSIONS,
    Kind,
    decode_json,
    decode_record,
    encode_json,
    encode_record,
    header,
)

KEY = "plans/20260101T000000Z-01234567"
SMALL = encode_record(Kind.PLAN, KEY, [b"one", b"", b"three"], SEAL)


def read(data: bytes) -> list[bytes]:
    return [bytes(part) for part in decode_record(Kind.PLAN, KEY, data, SEAL)]


@given(st.sampled_from([kind for kind in Kind if kind is not Kind.PACK]), st.lists(st.binary(), min_size=1, max_size=8))
def test_round_trip(kind: Kind, parts: list[bytes]) -> None:
    data = encode_record(kind, KEY, parts, SEAL)
    assert [bytes(part) for part in decode_record(kind, KEY, data, SEAL)] == parts


def test_the_layout_is_what_the_text_says() -> None:
    assert SMALL[:8] == b"LTKPL\x01\0\0"
    assert SMALL[8:21] == struct.pack("<B3I", 3, 3 + 16, 16, 5 + 16)
    assert (SMALL[21:24], SMALL[56:61]) == (b"one", b"three")
    assert len(SMALL) == 77


def test_all_damage_is_found() -> None:
    expect_damage(read, SMALL)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.PLAN])
def test_another_kind(kind: Kind) -> None:
    with pytest.raises(CorruptObject, match="kind"):
        decode_record(kind, KEY, SMALL, SEAL)
    forged = SMALL[:4] + kind.value + SMALL[5:]
    with pytest.raises(CorruptObject):
        decode_record(kind, KEY, forged, SEAL)


def test_another_name_or_repository() -> None:
    with pytest.raises(CorruptObject, match="not the object of this name in this repository"):
        decode_record(Kind.PLAN, KEY + "8", SMALL, SEAL)
    for other in OTHERS:
        with pytest.raises(CorruptObject, match="not the object of this name in this repository"):
            decode_record(Kind.PLAN, KEY, SMALL, other)


def test_empty_is_called_empty() -> None:
    with pytest.raises(CorruptObject, match="empty"):
        read(b"")


def test_a_newer_version_is_not_called_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (2, 3, 255):
        with monkeypatch.context() as newer:
            newer.setitem(VERSIONS, Kind.PLAN, version)
            data = encode_record(Kind.PLAN, KEY, [b"from the future"], SEAL)
        with pytest.raises(UnsupportedFormat, match=f"newer.*version {version} of plan"):
            read(data)
    with pytest.raises(UnsupportedFormat):
        read(b"LTKPL\x02 and then whatever the newer version does")


def test_a_damaged_version_is_not_called_newer() -> None:
    for version in range(2, 256):
        with pytest.raises(CorruptObject, match="version"):
            read(SMALL[:5] + bytes([version]) + SMALL[6:])


def _forge(count: int, lengths: list[int], body: bytes) -> bytes:
    head = header(Kind.PLAN, 0) + struct.pack(f"<B{len(lengths)}I", count, *lengths)
    return head + SEAL.bind(KEY, head).seal(0, body)


@pytest.mark.parametrize("count", [0, 2, MAX_PARTS + 1, 255])
def test_impossible_tables_of_parts(count: int) -> None:
    for length in (0, 15, 16, 19, 2**32 - 1):
        with bounds(1 << 16, 1), pytest.raises(CorruptObject):
            read(_forge(count, [length], b"one"))


def test_lengths_that_overlap_or_leave_a_gap() -> None:
    for lengths in ([19, 0], [20], [18], [0, 19], [2**32 - 1, 19]):
        with pytest.raises(CorruptObject):
            read(_forge(len(lengths), lengths, b"one"))


@given(st.binary(max_size=100))
def test_any_bytes(junk: bytes) -> None:
    for data in (junk, SMALL[:HEADER_BYTES] + junk):
        with pytest.raises(CorruptObject):
            read(data)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), values))
def test_json_round_trip(facts: dict[str, object]) -> None:
    assert decode_json(KEY, encode_json(facts)) == facts


def test_names_of_files_that_are_not_utf8_round_trip() -> None:
    facts = {"source_path": "/tmp/caf\udce9.db", "label": "naïve"}
    assert decode_json(KEY, encode_json(facts)) == facts
    assert encode_json({"label": "naïve"}) == '{"label":"naïve"}'.encode()


@pytest.mark.parametrize("part", BAD_JSON, ids=lambda part: repr(part[:16]))
def test_bad_json(part: bytes) -> None:
    with bounds(64 << 20, 2), pytest.raises(CorruptObject):
        decode_json(KEY, part)


def test_nan_is_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_json({"a": float("nan")})
