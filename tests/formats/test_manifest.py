"""Manifests and their page maps."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.hostile import BAD_JSON, ODD_VALUES, OTHERS, SEAL, bounds, expect_damage
from litekeep.blocks.compress import compress
from litekeep.errors import CorruptObject, UnsupportedFormat
from litekeep.formats import manifest as module
from litekeep.formats.columns import encode_column, encode_ids
from litekeep.formats.envelope import VERSIONS, Kind, encode_json, encode_record
from litekeep.formats.manifest import (
    Manifest,
    PageMap,
    Run,
    decode_facts,
    decode_manifest,
    encode_manifest,
)

KEY = "snapshots/app/20260101T000000Z-000001-0123456789abcdef"
PACKS = [bytes([number]) * 8 for number in range(4)]

runs = st.lists(
    st.builds(Run, st.sampled_from(PACKS), st.integers(0, 1 << 31) | st.integers(0, 20), st.integers(1, 1 << 20)),
    max_size=30,
)


def facts_for(pages: int, **changes: Any) -> dict[str, Any]:
    member = {
        "kind": "sqlite", "page_size": 4096, "page_count": pages, "image_bytes": 4096 * pages, "block_bytes": 4096,
        "digest": "ab" * 32, "encoding": "UTF-8", "journal_mode": "wal", "user_version": 0, "application_id": 0,
        "schema_version": 1, "auto_vacuum": 0, "freelist_pages": 0,
    }  # fmt: skip
    facts = {
        "litekeep": "0.1.0", "source": "app", "source_path": "/srv/app.db", "created_at": "2026-01-01T00:00:00+00:00",
        "zone": "UTC", "reason": "manual", "label": "", "sequence": 1, "parent": None, "changed_pages": pages,
        "new_bytes": 1, "scan_bytes": 0, "fingerprint": None, "new_packs": ["01" * 8],
    }  # fmt: skip
    return {
        **facts,
        **{name: value for name, value in changes.items() if name not in member},
        "members": [{**member, **{name: value for name, value in changes.items() if name in member}}],
    }


def addresses(many: list[Run]) -> Iterator[tuple[bytes, int]]:
    for run in many:
        for number in range(run.first, run.first + run.count):
            yield run.pack, number


SMALL_MAP = PageMap.from_runs([Run(PACKS[0], 3, 2), Run(PACKS[1], 0, 1), Run(PACKS[0], 5, 4)])
SMALL = encode_manifest(KEY, Manifest(facts_for(7), SMALL_MAP, b""), SEAL)


@given(runs)
def test_maps_round_trip(many: list[Run]) -> None:
    page_map = PageMap.from_runs(many)
    again = PageMap.decode(page_map.encode(), page_map.block_count)
    assert list(again.runs()) == list(page_map.runs())
    assert again.block_count == sum(run.count for run in many)
    assert len(again) == len(list(again.runs())) <= len(many)
    assert sorted(again.packs) == sorted({run.pack for run in many})


@given(st.lists(st.builds(Run, st.sampled_from(PACKS), st.integers(0, 9), st.integers(0, 4)), max_size=12))
def test_joining_runs_changes_no_address(many: list[Run]) -> None:
    page_map = PageMap.from_runs(many)
    page_map = PageMap.decode(page_map.encode(), page_map.block_count)
    assert list(page_map.addresses()) == list(addresses(many))


def test_a_map_is_made_of_very_many_runs_in_little_memory() -> None:
    """Each changed block comes as a run of its own."""
    count = 200_000
    with bounds(count * 40, 30):
        page_map = PageMap.from_runs(Run(PACKS[number % 4], number, 1) for number in range(count))
    assert (len(page_map), page_map.packs) == (count, PACKS)


def test_runs_that_continue_each_other_are_joined() -> None:
    assert list(PageMap.from_runs([Run(PACKS[0], 0, 2), Run(PACKS[0], 2, 3), Run(PACKS[1], 5, 1)]).runs()) == [
        Run(PACKS[0], 0, 5),
        Run(PACKS[1], 5, 1),
    ]


@given(st.lists(st.builds(Run, st.sampled_from(PACKS), st.integers(0, 50), st.integers(1, 5)), max_size=12))
def test_manifests_round_trip(many: list[Run]) -> None:
    pages = sum(run.count for run in many)
    scan = bytes(16 * -(-pages * 4096 // 65536))
    manifest = Manifest(facts_for(pages, scan_bytes=65536), PageMap.from_runs(many), scan)
    data = encode_manifest(KEY, manifest, SEAL)
    again = decode_manifest(KEY, data, SEAL)
    assert (again.facts, again.scan) == (manifest.facts, scan)
    assert list(again.page_map.runs()) == list(manifest.page_map.runs())
    assert decode_facts(KEY, data, SEAL) == manifest.facts


def test_an_empty_database_round_trips() -> None:
    facts = facts_for(0, page_size=0)
    assert (
        decode_manifest(KEY, encode_manifest(KEY, Manifest(facts, PageMap.from_runs([]), b""), SEAL), SEAL).facts
        == facts
    )


def test_all_damage_is_found() -> None:
    expect_damage(lambda data: decode_manifest(KEY, data, SEAL), SMALL)
    expect_damage(lambda data: decode_facts(KEY, data, SEAL), SMALL)


def test_another_name_or_repository() -> None:
    for key in (KEY[:-1] + "e", KEY.replace("app", "other"), KEY.replace("000001", "000002")):
        with pytest.raises(CorruptObject, match="not the object of this name in this repository"):
            decode_manifest(key, SMALL, SEAL)
    for other in OTHERS:
        with pytest.raises(CorruptObject, match="not the object of this name in this repository"):
            decode_facts(KEY, SMALL, other)


def test_a_newer_version(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setitem(VERSIONS, Kind.MANIFEST, 2)
        data = encode_manifest(KEY, Manifest(facts_for(7), SMALL_MAP, b""), SEAL)
    with pytest.raises(UnsupportedFormat, match="newer"):
        decode_manifest(KEY, data, SEAL)


def forge(parts: list[bytes]) -> bytes:
    return encode_record(Kind.MANIFEST, KEY, [compress(parts[0]), *parts[1:]], SEAL)


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_another_number_of_parts(count: int) -> None:
    parts = [encode_json(facts_for(7)), SMALL_MAP.encode(), b"", b"", b"", b"", b"", b""][:count]
    for decode in (decode_manifest, decode_facts):
        with pytest.raises(CorruptObject, match="parts"):
            decode(KEY, forge(parts), SEAL)


def a_map(packs: int, many: int, ids: bytes, *columns: list[int], zeros: int = 0) -> bytes:
    listed = encode_ids([ids[at : at + 8] for at in range(0, len(ids), 8)])
    return compress(struct.pack("<2I", packs, many) + listed + b"".join(map(encode_column, columns)) + bytes(zeros))


HUGE = 2**32 - 1
BAD_MAPS = [
    b"",
    b"not zstd",
    compress(b""),
    compress(b"1234567"),
    a_map(HUGE, 1, PACKS[0], [0], [0], [7]),
    a_map(1, HUGE, PACKS[0], [0], [0], [7]),
    a_map(HUGE, HUGE, PACKS[0], [0], [0], [7]),
    a_map(0, 1, b"", [0], [0], [7]),
    a_map(1, 0, PACKS[0]),
    a_map(1, 1, PACKS[0], [1], [0], [7]),
    a_map(1, 1, PACKS[0], [HUGE], [0], [7]),
    a_map(1, 1, PACKS[0], [0], [0], [HUGE]),
    a_map(1, 1, PACKS[0], [0], [0], [6]),
    a_map(1, 1, PACKS[0], [0], [0], [0]),
    a_map(1, 2, PACKS[0], [0, 0], [0, 0], [7, 0]),
    a_map(1, 2, PACKS[0], [0, 0], [0, 0], [0, 7]),
    a_map(1, 1, PACKS[0], [0], [HUGE], [7]),
    a_map(1, 1, PACKS[0], [0], [0], [7], zeros=1),
    a_map(1, 1, PACKS[0], [0], [0], [7], zeros=12),
    a_map(2, 2, PACKS[0] * 2, [0, 1], [0, 0], [3, 4]),
    a_map(1, 1, PACKS[0], [0], [0], [7]) + b"\0",
    a_map(1, 1, PACKS[0], [0], [0], [7])[:-1],
]


@pytest.mark.parametrize("part", BAD_MAPS, ids=range(len(BAD_MAPS)))
def test_sealed_but_hostile_maps(part: bytes) -> None:
    data = forge([encode_json(facts_for(7)), part, b""])
    with bounds(1 << 20, 1), pytest.raises(CorruptObject):
        decode_manifest(KEY, data, SEAL)


def test_a_map_that_is_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 6 << 20
    monkeypatch.setattr(module, "MAX_MAP_BYTES", limit)
    bomb = forge([encode_json(facts_for(7)), compress(bytes(limit + 1)), b""])
    with bounds(1 << 20, 1), pytest.raises(CorruptObject, match="allowed"):
        decode_manifest(KEY, bomb, SEAL)
    for many, problem in ((100_000, "allowed"), (8, "blocks instead of 7")):
        full = forge([encode_json(facts_for(7)), a_map(1, many, PACKS[0], [0] * many, [1] * many, [1] * many), b""])
        with bounds(1 << 20, 1), pytest.raises(CorruptObject, match=problem):
            decode_manifest(KEY, full, SEAL)


@pytest.mark.parametrize("pages", [2**60, 2**32, 2**36 + 1, 10**4000])
def test_images_beyond_all_measure(pages: int) -> None:
    """The map may go along: sixteen runs say 2^36 blocks, which no pack can hold."""
    part = a_map(1, 16, PACKS[0], [0] * 16, [0] * 16, [HUGE] * 16)
    for block_bytes in (4096, 65536):
        facts = facts_for(pages, block_bytes=block_bytes)
        with bounds(1 << 20, 1), pytest.raises(CorruptObject):
            decode_manifest(KEY, forge([encode_json(facts), part, b""]), SEAL)


MEMBER = facts_for(7)["members"][0]
FORGED_FACTS = [
    *(facts_for(7, **{name: value}) for name in MEMBER for value in ODD_VALUES),
    *({**facts_for(7), "members": value} for value in [*ODD_VALUES, [None], [MEMBER, MEMBER], [[MEMBER]]]),
    *({**facts_for(7), "members": [{k: v for k, v in MEMBER.items() if k != name}]} for name in MEMBER),
    *({**facts_for(7), name: value} for name in facts_for(7) for value in ODD_VALUES),
    *({key: value for key, value in facts_for(7).items() if key != name} for name in facts_for(7)),
]
ESSENTIAL = {
    "page_size": 4096,
    "page_count": 7,
    "image_bytes": 7 * 4096,
    "block_bytes": 4096,
}


def test_sealed_but_hostile_facts() -> None:
    """What a manifest's facts promise to the code that works with them."""
    part = SMALL_MAP.encode()
    for facts in FORGED_FACTS:
        text = json.dumps(facts).replace("Infinity", "1e999").encode()
        try:
            found = decode_manifest(KEY, forge([text, part, b""]), SEAL).facts
        except CorruptObject:
            continue
        (member,) = found["members"]
        assert {name: member[name] for name in ESSENTIAL} == ESSENTIAL
        assert all(type(member[name]) is int for name in ESSENTIAL)
        assert len(bytes.fromhex(member["digest"])) == 32
        assert type(found["scan_bytes"]) is int
        assert all(len(bytes.fromhex(pack)) == 8 for pack in found.get("new_packs", ()))


@pytest.mark.parametrize("facts", BAD_JSON, ids=lambda part: repr(part[:16]))
def test_bad_json(facts: bytes) -> None:
    for decode in (decode_manifest, decode_facts):
        with bounds(64 << 20, 2), pytest.raises(CorruptObject):
            decode(KEY, forge([facts, SMALL_MAP.encode(), b""]), SEAL)


def test_facts_that_are_not_packed_or_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FACTS_BYTES", 1 << 20)
    for part in (encode_json(facts_for(7)), b"", compress(encode_json(facts_for(7))) + b"x"):
        for decode in (decode_manifest, decode_facts):
            with pytest.raises(CorruptObject):
                decode(KEY, encode_record(Kind.MANIFEST, KEY, [part, SMALL_MAP.encode(), b""], SEAL), SEAL)
    bomb = forge([b'{"a":' + b" " * module.MAX_FACTS_BYTES + b"1}", SMALL_MAP.encode(), b""])
    with bounds(1 << 18, 1), pytest.raises(CorruptObject, match="allowed"):
        decode_facts(KEY, bomb, SEAL)
    largest = forge([b'{"a":[' + b"0," * (module.MAX_FACTS_BYTES // 2 - 10) + b"0]}", SMALL_MAP.encode(), b""])
    with bounds(12 * module.MAX_FACTS_BYTES, 10), pytest.raises(CorruptObject):
        decode_manifest(KEY, largest, SEAL)


@pytest.mark.parametrize(
    ("scan_bytes", "digests"),
    [(0, 1), (65536, 0), (65536, 2), (4096, 6), (1, 1), (-65536, 1), (2**60, 2), (8191, 4)],
)
def test_scan_digests_fit_the_image(scan_bytes: int, digests: int) -> None:
    facts = encode_json(facts_for(7, scan_bytes=scan_bytes))
    with pytest.raises(CorruptObject):
        decode_manifest(KEY, forge([facts, SMALL_MAP.encode(), bytes(16 * digests)]), SEAL)


def test_a_map_lists_its_packs_in_rising_order_and_each_is_used() -> None:
    page_map = PageMap.from_runs([Run(PACKS[2], 0, 1), Run(PACKS[0], 0, 1), Run(PACKS[1], 0, 1)])
    assert page_map.packs == PACKS[:3]
    with pytest.raises(ValueError, match="wrong length"):
        PageMap.decode(a_map(2, 1, PACKS[0] + PACKS[1], [0], [0], [7]), 7)


@pytest.mark.parametrize("pack_of", [[0, 1], [1, 0], [1, 1], [0, HUGE]])
def test_a_map_that_names_a_pack_that_it_does_not_list(pack_of: list[int]) -> None:
    with pytest.raises(ValueError, match="does not list"):
        PageMap.decode(a_map(1, 2, PACKS[0], pack_of, [0, 0], [3, 4]), 7)


def test_no_map_takes_more_than_20_bytes_a_block() -> None:
    largest = PageMap.decode(a_map(2, 2, PACKS[0] + PACKS[1], [0, 1], [5, 5], [1, 1]), 2)
    assert list(largest.addresses()) == [(PACKS[0], 5), (PACKS[1], 5)]
    with pytest.raises(ValueError, match="49 bytes, 48 are allowed"):
        PageMap.decode(compress(bytes(49)), 2)


def test_a_run_may_end_with_the_last_number() -> None:
    last = PageMap.from_runs([Run(PACKS[0], HUGE, 1), Run(PACKS[1], HUGE - 1, 2)])
    assert PageMap.decode(last.encode(), 3) == last
    with pytest.raises(ValueError, match="impossible length"):
        PageMap.decode(a_map(1, 1, PACKS[0], [0], [HUGE], [2]), 2)


def test_a_map_equals_maps_only() -> None:
    assert (PageMap.from_runs(SMALL_MAP.runs()) == SMALL_MAP) is True
    assert (SMALL_MAP == b"a map") is False
    assert (SMALL_MAP != b"a map") is True


def test_a_map_that_was_not_encoded_faithfully_is_not_stored() -> None:
    class Broken(PageMap):
        def encode(self) -> bytes:
            return PageMap.from_runs([Run(PACKS[0], 0, 7)]).encode()

    broken = Broken.from_runs(SMALL_MAP.runs())
    with pytest.raises(CorruptObject, match="not encoded faithfully"):
        encode_manifest(KEY, Manifest(facts_for(7), broken, b""), SEAL)


def refusal(facts: dict[str, Any], part: bytes, scan: bytes = b"") -> str:
    """Why a manifest is refused; empty if it is not."""
    try:
        decode_manifest(KEY, forge([encode_json(facts), part, scan]), SEAL)
    except CorruptObject as error:
        return str(error)
    return ""


@pytest.mark.parametrize("page_size", [256, 512, 1024, 4096, 65536, 131072, 0, 1, 1000, 1536, 12288])
def test_page_sizes_are_those_of_sqlite(page_size: int) -> None:
    image_bytes = 4 * page_size
    block_bytes = max(page_size, 4096)
    blocks = -(-image_bytes // block_bytes)
    facts = facts_for(4, page_size=page_size, image_bytes=image_bytes, block_bytes=block_bytes)
    part = PageMap.from_runs([Run(PACKS[0], 0, blocks)]).encode()
    possible = page_size in {512, 1024, 4096, 65536} or page_size == image_bytes == 0
    assert (refusal(facts, part) == "") is possible
    if page_size > 1 and not possible:
        assert "impossible page or block size" in refusal(facts, part)


@pytest.mark.parametrize("name", ["page_size", "page_count", "image_bytes", "block_bytes"])
def test_sizes_are_whole_numbers(name: str) -> None:
    right = facts_for(1)["members"][0][name]
    part = PageMap.from_runs([Run(PACKS[0], 0, 1)]).encode()
    assert refusal(facts_for(1, **{name: right}), part) == ""
    assert "a size is not a number" in refusal(facts_for(1, **{name: float(right)}), part)
    assert "a size is not a number" in refusal(facts_for(1, page_count=True), part)


def test_the_largest_image() -> None:
    """2^36 blocks: seventeen packs, all but one full to the last number."""
    packs = b"".join(bytes(7) + bytes([number]) for number in range(17))
    for beyond in (0, 1):
        counts = [*[HUGE] * 16, 16 + beyond]
        part = a_map(17, 17, packs, list(range(17)), [0] * 17, counts)
        told = refusal(facts_for(2**36 + beyond), part)
        assert ("do not fit" in told) if beyond else (told == "")


@pytest.mark.parametrize("scan_bytes", [False, 65536.0, "65536", None, -65536, -4096])
def test_scan_digests_of_an_impossible_kind(scan_bytes: Any) -> None:
    for digests in range(9):
        told = refusal(facts_for(7, scan_bytes=scan_bytes), SMALL_MAP.encode(), bytes(16 * digests))
        assert "impossible scan digests" in told


@pytest.mark.parametrize("bad", ["01" * 7, "01" * 9, ""])
def test_every_new_pack_has_a_possible_name(bad: str) -> None:
    for names in ([bad], ["01" * 8, bad], [bad, "01" * 8]):
        assert "a pack has an impossible name" in refusal(facts_for(7, new_packs=names), SMALL_MAP.encode())
    assert refusal(facts_for(7, new_packs=[]), SMALL_MAP.encode()) == ""


@given(st.binary(max_size=100))
def test_any_map(junk: bytes) -> None:
    for part in (junk, compress(junk)):
        with pytest.raises(CorruptObject):
            decode_manifest(KEY, forge([encode_json(facts_for(7)), part, b""]), SEAL)


def test_what_is_decoded_is_bounded_as_the_reference_says() -> None:
    assert (module.MAX_MAP_BYTES, module.MAX_FACTS_BYTES) == (512 << 20, 4 << 20)
