"""Packs: index and frames."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.hostile import OTHERS, SEAL, bounds, damaged, expect_damage
from litekeep.blocks.compress import compress
from litekeep.blocks.identity import HASH_BYTES
from litekeep.blocks.seal import TAG_BYTES
from litekeep.errors import CorruptObject, UnsupportedFormat
from litekeep.formats.columns import encode_column, encode_ids
from litekeep.formats.envelope import HEADER_BYTES, VERSIONS, Kind, header
from litekeep.formats.pack import (
    FOOTER_BYTES,
    INDEX_PART,
    MAX_BASES,
    MAX_BLOCKS,
    MAX_INDEX_BYTES,
    Address,
    Frame,
    NewFrame,
    PackBuilder,
    PackIndex,
    decode_index,
    index_span,
)

PACK_ID = bytes.fromhex("0000000989abcdef")
KEY = "packs/ef/0000000989abcdef-0"
OLDEST, OLDER = bytes.fromhex("0000000111111111"), bytes.fromhex("0000000222222222")


def read(data: bytes, key: str = KEY, seal: Any = SEAL) -> PackIndex:
    """The index, as the repository finds it."""
    offset, length = index_span(key, len(data), data[-100:], data, seal)
    return decode_index(key, PACK_ID, data[:HEADER_BYTES], data[offset : offset + length], offset, seal)


def build(frames: list[NewFrame]) -> bytes:
    builder = PackBuilder(KEY, PACK_ID, 4096, SEAL)
    for frame in frames:
        builder.add(frame)
    assert builder.frame_count == len(frames)
    return bytes(builder.finish())


def frame(*numbers: int, lengths: list[int] | None = None, bases: list[Address] | None = None) -> NewFrame:
    names = b"".join(struct.pack("<QQ", number, 7) for number in numbers)
    depths = [1 if bases else 0] * len(numbers)
    return NewFrame(b"frame of %d" % numbers[0], numbers, lengths or [4096] * len(numbers), names, depths, bases or [])


SMALL = build([frame(0, 1), frame(2, lengths=[512], bases=[(OLDER, 4), (OLDEST, 9)])])


@st.composite
def contents(draw: st.DrawFn) -> list[NewFrame]:
    steps = draw(st.lists(st.integers(1, 3) | st.integers(1, 1 << 20), min_size=1, max_size=30))
    numbers = [sum(steps[: at + 1]) - 1 for at in range(len(steps))]
    cuts = sorted({0, len(numbers), *draw(st.lists(st.integers(0, len(numbers)), max_size=4))})
    addresses = st.tuples(st.sampled_from([OLDER, OLDEST]), st.integers(0, (1 << 32) - 1))
    return [
        NewFrame(
            draw(st.binary(min_size=1, max_size=30)),
            numbers[a:b],
            draw(st.lists(st.integers(1, 4096), min_size=b - a, max_size=b - a)),
            draw(st.binary(min_size=HASH_BYTES * (b - a), max_size=HASH_BYTES * (b - a))),
            draw(st.lists(st.integers(0, 99), min_size=b - a, max_size=b - a)),
            draw(st.lists(addresses, max_size=5)),
        )
        for a, b in pairwise(cuts)
    ]


@given(contents())
def test_round_trip(frames: list[NewFrame]) -> None:
    data = build(frames)
    index = read(data)
    assert (index.pack_id, index.block_bytes, index.sequence) == (PACK_ID, 4096, 9)
    assert list(index.numbers) == [number for each in frames for number in each.numbers]
    assert list(index.lengths) == [length for each in frames for length in each.lengths]
    assert list(index.depths) == [depth for each in frames for depth in each.depths]
    assert index.names == b"".join(each.names for each in frames)
    parts = SEAL.bind(KEY, data[:HEADER_BYTES])
    for there, each in zip(index.frames, frames, strict=True):
        assert parts.open(there.part, data[there.offset : there.offset + there.stored_bytes]) == each.compressed
        assert index.bases(there) == list(each.bases)
        assert there.plain_bytes == sum(each.lengths)
        assert [index.numbers[position] for position in index.frame_blocks(there)] == list(each.numbers)


@given(contents())
def test_looking_up_numbers(frames: list[NewFrame]) -> None:
    index = read(build(frames))
    numbers = list(index.numbers)
    for position, number in enumerate(numbers):
        assert index.position(number) == position
        assert position in index.frame_blocks(index.frames[index.frame_of(position)])
    for number in {0, *(number + 1 for number in numbers), *(number - 1 for number in numbers)} - set(numbers):
        with pytest.raises(KeyError):
            index.position(number)


@pytest.mark.parametrize("numbers", [[0, 2], [0, 3], [1, 2], [1, 2, 3], [0, 1, 3], [0, 1, 2], [0], [1], [5]])
def test_gaps_between_the_numbers(numbers: list[int]) -> None:
    """A pack without gaps needs no search, and one with gaps does."""
    index = read(build([frame(*numbers)]))
    found = {}
    for number in range(7):
        try:
            found[number] = index.position(number)
        except KeyError:
            continue
    assert found == {number: position for position, number in enumerate(numbers)}
    assert index.dense_count == (len(numbers) if numbers == list(range(len(numbers))) else 0)
    assert [index.name(position) for position in range(len(numbers))] == [
        struct.pack("<QQ", number, 7) for number in numbers
    ]


def test_what_a_builder_knows_of_itself() -> None:
    builder = PackBuilder(KEY, PACK_ID, 4096, SEAL)
    assert (builder.key, builder.pack_id, builder.frame_count, builder.stored_bytes) == (KEY, PACK_ID, 0, HEADER_BYTES)
    builder.add(frame(0))
    builder.add(frame(1))
    assert builder.frame_count == 2
    before = builder.stored_bytes
    data = bytes(builder.finish())
    assert index_span(KEY, len(data), data, data, SEAL)[0] == before


def test_bases_in_many_packs() -> None:
    """Each finds its own, and the same frames make the same index."""
    bases = [(number.to_bytes(8, "big"), 100 - number) for number in range(40, 0, -1)]
    index = read(build([frame(0, bases=bases)]))
    assert index.bases(index.frames[0]) == bases
    assert index._base_packs == sorted(pack for pack, _ in bases)


def test_the_limits_of_the_format() -> None:
    """Readers of every version refuse more, so a writer must never make more."""
    assert (MAX_BLOCKS, MAX_BASES, MAX_INDEX_BYTES) == (65_536, 262_144, 8_388_608)


def test_the_end_of_a_pack_tells_where_its_index_is() -> None:
    def span(size_bytes: int, length: int) -> tuple[int, int]:
        return index_span(KEY, size_bytes, struct.pack("<I", length) + b"LTKE", SMALL[:HEADER_BYTES], SEAL)

    least = HEADER_BYTES + FOOTER_BYTES
    assert span(least, 0) == (HEADER_BYTES, 0)
    assert span(least + 7, 7) == (HEADER_BYTES, 7)
    assert span(least + MAX_INDEX_BYTES, MAX_INDEX_BYTES) == (HEADER_BYTES, MAX_INDEX_BYTES)
    with pytest.raises(CorruptObject, match="does not end like a pack"):
        span(least - 1, 0)
    for size_bytes, length in ((least + 6, 7), (least, 2**32 - 1), (least + 2 * MAX_INDEX_BYTES, MAX_INDEX_BYTES + 1)):
        with pytest.raises(CorruptObject, match="its index is damaged"):
            span(size_bytes, length)


def test_all_damage_is_found_in_index_or_frames() -> None:
    def read_all(data: bytes) -> None:
        index = read(data)
        parts = SEAL.bind(KEY, header(Kind.PACK, 0))
        for each in index.frames:
            try:
                parts.open(each.part, data[each.offset : each.offset + each.stored_bytes])
            except ValueError as error:
                raise CorruptObject(KEY, str(error)) from error

    read_all(SMALL)
    expect_damage(read_all, SMALL)
    frames_end = index_span(KEY, len(SMALL), SMALL, SMALL, SEAL)[0]
    for at in range(HEADER_BYTES, frames_end):  # the index does not depend on the frames' bytes
        read(SMALL[:at] + bytes([SMALL[at] ^ 1]) + SMALL[at + 1 :])


def test_another_name_or_repository() -> None:
    for key in ("packs/ef/0000000989abcdef-1", "packs/ee/0000000989abcdee-0"):
        with pytest.raises(CorruptObject, match="not the object of this name in this repository"):
            read(SMALL, key)
    for other in OTHERS:
        with pytest.raises(CorruptObject, match="not the object of this name in this repository"):
            read(SMALL, seal=other)


def test_newer_and_damaged_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setitem(VERSIONS, Kind.PACK, 2)
        data = build([frame(0)])
    with pytest.raises(UnsupportedFormat, match="newer"):
        read(data)
    for version in range(2, 256):
        with pytest.raises(CorruptObject, match="version is damaged"):
            read(SMALL[:5] + bytes([version]) + SMALL[6:])


def test_empty_is_called_empty() -> None:
    with pytest.raises(CorruptObject, match="empty"):
        index_span(KEY, 0, b"", b"", SEAL)


@pytest.mark.parametrize("length", [0, 1, 15, MAX_INDEX_BYTES, MAX_INDEX_BYTES + 1, 2**31, 2**32 - 1])
def test_hostile_index_lengths(length: int) -> None:
    data = SMALL[:-FOOTER_BYTES] + struct.pack("<I", length) + b"LTKE"
    with bounds(1 << 16, 1), pytest.raises(CorruptObject):
        read(data)
    with pytest.raises(CorruptObject):
        index_span(KEY, 100, data[-FOOTER_BYTES + 1 :], data, SEAL)


@dataclass
class Forged:
    """An index with anything in it, sealed as it should be. Frame 0: blocks 0 and 1; frame 1: block 2 on two bases."""

    block_bytes: int = 4096
    frames: int = 2
    blocks: int = 3
    packs: list[bytes] = field(default_factory=lambda: [OLDEST, OLDER])
    pack_count: int = 2
    bases: int = 2
    stored: list[int] = field(default_factory=lambda: [27, 27])
    blocks_in: list[int] = field(default_factory=lambda: [2, 1])
    bases_in: list[int] = field(default_factory=lambda: [0, 2])
    steps: list[int] = field(default_factory=lambda: [0, 0, 0])
    short: list[int] = field(default_factory=lambda: [0, 0, 3584])
    depths: list[int] = field(default_factory=lambda: [0, 0, 1])
    base_pack_of: list[int] = field(default_factory=lambda: [0, 1])
    base_steps: list[int] = field(default_factory=lambda: [4, 9])
    names: bytes = bytes(48)
    zeros: int = 0
    packed_change: int = 0

    def pack(self) -> bytes:
        counts = (self.block_bytes, self.frames, self.blocks, self.pack_count, self.bases)
        columns = (
            self.stored, self.blocks_in, self.bases_in, self.steps, self.short, self.depths, self.base_pack_of,
            self.base_steps,
        )  # fmt: skip
        plain = struct.pack("<5I", *counts) + encode_ids(self.packs) + b"".join(map(encode_column, columns))
        packed = compress(plain + bytes(self.zeros))
        index = struct.pack("<I", (len(packed) + self.packed_change) % 2**32) + packed + self.names
        head = header(Kind.PACK, 0)
        sealed = SEAL.bind(KEY, head).seal(INDEX_PART, index)
        return head + bytes(54) + sealed + struct.pack("<I", len(sealed)) + b"LTKE"


def test_the_forgery_itself_is_right() -> None:
    index = read(Forged().pack())
    assert index.bases(index.frames[1]) == [(OLDEST, 4), (OLDER, 9)]
    assert index.frames[1] == Frame(1, HEADER_BYTES + 27, 27, 2, 1, 512, 0, 2)
    assert TAG_BYTES == 16


HUGE = 2**32 - 1
HOSTILE = [
    *({name: value} for name in ("frames", "blocks", "pack_count", "bases") for value in (0, 1, 4, 1000, 2**31, HUGE)),
    *({"block_bytes": value} for value in (0, 1, 4095, 4097, 65537, 131072, HUGE)),
    *({"packed_change": value} for value in (-1, 1, 48, 2**31, -(2**31))),
    *({"names": bytes(length)} for length in (0, 16, 47, 49, 64)),
    *({"zeros": length} for length in (1, 4, MAX_INDEX_BYTES, 200 << 20)),
    *({"packs": packs} for packs in ([], [OLDER], [OLDEST, OLDER, PACK_ID])),
    {"stored": [27, 26]},
    {"stored": [27, 28]},
    {"stored": [0, 53]},
    {"stored": [HUGE, 55]},
    {"blocks_in": [3, 0]},
    {"blocks_in": [0, 3]},
    {"blocks_in": [HUGE, 4]},
    {"blocks_in": [2, 2]},
    {"bases_in": [0, 1]},
    {"bases_in": [HUGE, 3]},
    {"steps": [0, 0, HUGE]},
    {"steps": [HUGE, HUGE, HUGE]},
    {"short": [0, 0, 4096]},
    {"short": [0, 0, HUGE]},
    {"base_pack_of": [0, 2]},
    {"base_pack_of": [HUGE, 0]},
]


@pytest.mark.parametrize("change", HOSTILE, ids=repr)
def test_sealed_but_hostile(change: dict[str, Any]) -> None:
    if change == {"pack_count": 1, "packs": []}:
        return
    data = replace(Forged(), **change).pack()
    with bounds(6 * MAX_INDEX_BYTES, 2), pytest.raises(CorruptObject):
        read(data)


@pytest.mark.parametrize(
    "counts",
    [
        {"frames": 0},
        {"frames": 4},
        {"blocks": MAX_BLOCKS + 1},
        {"bases": MAX_BASES + 1},
        {"bases": 1},
        {"pack_count": 3},
    ],
    ids=repr,
)
def test_counts_are_looked_at_before_anything_is_made_of_them(counts: dict[str, int]) -> None:
    with pytest.raises(CorruptObject, match="impossible counts"):
        read(replace(Forged(), **counts).pack())  # type: ignore[arg-type]


def test_as_many_as_the_format_allows() -> None:
    """A whole frame, and one block more: so it is written where a block is larger than a page."""

    def one_frame(blocks: int, bases: int) -> bytes:
        forged = Forged(65_536, 1, blocks, [OLDER], 1, bases, [54], [blocks], [bases], [0] * blocks, [0] * blocks)
        names = bytes(HASH_BYTES * blocks)
        return replace(
            forged, depths=[0] * blocks, base_pack_of=[0] * bases, base_steps=[0] * bases, names=names
        ).pack()

    index = read(one_frame(17, 17))
    assert (index.frames[0].plain_bytes, index.frames[0].bases) == (17 << 16, 17)
    for blocks, bases in ((18, 1), (1, 18)):
        with pytest.raises(CorruptObject, match="too large"):
            read(one_frame(blocks, bases))


def test_a_frame_is_not_larger_than_frames_are() -> None:
    blocks = 273
    large = Forged(blocks=blocks, frames=1, pack_count=0, bases=0, packs=[], stored=[54], blocks_in=[blocks])
    large = replace(large, bases_in=[0], steps=[0] * blocks, short=[0] * blocks, depths=[0] * blocks)
    large = replace(large, base_pack_of=[], base_steps=[], names=bytes(16 * blocks))
    with pytest.raises(CorruptObject, match="too large"):
        read(large.pack())


def test_the_prefix_of_a_delta_is_not_larger_than_frames_are() -> None:
    """Each base may be a whole block: 2^18 of them in one frame would be gigabytes."""
    for bases in (300, 1 << 18):
        many = Forged(bases=bases, bases_in=[0, bases], base_pack_of=[0] * bases, base_steps=[0] * bases)
        with bounds(64 << 20), pytest.raises(CorruptObject, match="too large"):
            read(many.pack())


def test_the_largest_index_is_read_in_bounded_memory_and_time() -> None:
    blocks = 1 << 16
    full = Forged(blocks=blocks, frames=blocks, pack_count=0, bases=0, packs=[], stored=[0] * (blocks - 1) + [54])
    full = replace(full, blocks_in=[1] * blocks, bases_in=[0] * blocks, steps=[0] * blocks, short=[0] * blocks)
    full = replace(full, depths=[0] * blocks, base_pack_of=[], base_steps=[], names=bytes(16 * blocks))
    data = full.pack()
    with bounds(6 * MAX_INDEX_BYTES):
        assert len(read(data).frames) == blocks


@given(st.binary(max_size=200))
def test_any_sealed_bytes(junk: bytes) -> None:
    head = header(Kind.PACK, 0)
    for inner in (junk, struct.pack("<I", len(compress(junk))) + compress(junk) + junk):
        with pytest.raises(CorruptObject):
            decode_index(KEY, PACK_ID, head, SEAL.bind(KEY, head).seal(INDEX_PART, inner), 8, SEAL)


def test_any_damage_to_a_header_alone() -> None:
    offset, length = index_span(KEY, len(SMALL), SMALL, SMALL, SEAL)
    for head in damaged(SMALL[:HEADER_BYTES]):
        if head[:HEADER_BYTES] != SMALL[:HEADER_BYTES]:
            with pytest.raises(CorruptObject):
                decode_index(KEY, PACK_ID, head, SMALL[offset : offset + length], offset, SEAL)
