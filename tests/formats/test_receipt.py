"""Receipts and marks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.hostile import BAD_JSON, ODD_VALUES, SEAL, expect_damage
from litekeep.errors import CorruptObject
from litekeep.formats.envelope import Kind, decode_json, decode_record, encode_json, encode_record
from litekeep.formats.receipt import Mark, Receipt, decode_mark, decode_receipt, encode_mark, encode_receipt
from litekeep.model import Level

KEY = "receipts/app/0123456789abcdef-01234567"
NOW = datetime(2026, 3, 1, 2, 0, 0, 123456, timezone(timedelta(hours=1)))

texts = st.lists(st.text(max_size=20), max_size=3).map(tuple)
moments = st.datetimes(
    datetime(2, 1, 2),
    datetime(9998, 12, 30),  # every zone can show it (model.read_moment)
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]),
)
receipts = st.builds(
    Receipt,
    snapshot=st.text("0123456789abcdef", min_size=16, max_size=16),
    kind=st.sampled_from(["verify", "drill", "unchanged", "restore"]),
    at=moments,
    level=st.sampled_from(Level),
    problems=texts,
    damage=texts,
    tables=st.none()
    | st.dictionaries(st.text(max_size=9), st.integers(0, 1 << 60)).map(lambda d: tuple(sorted(d.items()))),
    facts=st.dictionaries(st.text(max_size=5), st.integers() | st.text() | st.none(), max_size=4),
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "pinned": st.booleans(),
        "label": st.text(max_size=20),
        "trashed_at": st.none() | moments.map(datetime.isoformat),
    },
)
marks = st.builds(Mark, st.just("0123456789abcdef"), st.integers(0, 1 << 30), moments, st.text(max_size=9), changes)

RECEIPT = Receipt("0123456789abcdef", "verify", NOW, Level.FULL, ("p",), (), (("t", 5),), {"unchecked": []})
MARK = Mark("0123456789abcdef", 1, NOW, "pin", {"pinned": True, "label": "x", "trashed_at": NOW.isoformat()})


@given(receipts)
def test_receipts_round_trip(receipt: Receipt) -> None:
    assert decode_receipt(KEY, encode_receipt(KEY, receipt, SEAL), SEAL) == receipt


@given(marks)
def test_marks_round_trip(mark: Mark) -> None:
    assert decode_mark(KEY, encode_mark(KEY, mark, SEAL), SEAL) == mark


def test_all_damage_is_found() -> None:
    expect_damage(lambda data: decode_receipt(KEY, data, SEAL), encode_receipt(KEY, RECEIPT, SEAL))
    expect_damage(lambda data: decode_mark(KEY, data, SEAL), encode_mark(KEY, MARK, SEAL))


def test_one_is_not_taken_for_the_other() -> None:
    with pytest.raises(CorruptObject, match="kind"):
        decode_mark(KEY, encode_receipt(KEY, RECEIPT, SEAL), SEAL)


READERS = [
    pytest.param(Kind.RECEIPT, decode_receipt, encode_receipt(KEY, RECEIPT, SEAL), id="receipt"),
    pytest.param(Kind.MARK, decode_mark, encode_mark(KEY, MARK, SEAL), id="mark"),
]


@pytest.mark.parametrize(("kind", "decode", "good"), READERS)
def test_sealed_but_hostile(kind: Kind, decode: Callable[..., Any], good: bytes) -> None:
    """Whoever has the keys can seal anything; that still is no way to make a reader stumble."""
    facts = decode_json(KEY, decode_record(kind, KEY, good, SEAL)[0])
    forged = [{**facts, name: value} for name in facts for value in ODD_VALUES]
    forged += [{key: value for key, value in facts.items() if key != name} for name in facts]
    forged += [{**facts, "tables": {"t": value}, "set": {"trashed_at": value}} for value in ODD_VALUES]
    for each in forged:
        _read_or_corrupt(kind, decode, [encode_json_with_infinity(each)])
    for part in BAD_JSON:
        with pytest.raises(CorruptObject):
            decode(KEY, encode_record(kind, KEY, [part], SEAL), SEAL)
    with pytest.raises(CorruptObject):
        decode(KEY, encode_record(kind, KEY, [encode_json(facts), b"another part"], SEAL), SEAL)


def encode_json_with_infinity(facts: dict[str, Any]) -> bytes:
    import json

    return json.dumps(facts).replace("Infinity", "1e999").encode()


def _read_or_corrupt(kind: Kind, decode: Callable[..., Any], parts: list[bytes]) -> None:
    try:
        found = decode(KEY, encode_record(kind, KEY, parts, SEAL), SEAL)
    except CorruptObject:
        return
    assert isinstance(found, Receipt | Mark)
    assert found.at.tzinfo is not None


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 1),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),  # no clock of the west could show it
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_times_have_an_offset_and_can_be_shown_everywhere(moment: datetime) -> None:
    receipt = encode_receipt(KEY, Receipt("0123456789abcdef", "verify", moment), SEAL)
    with pytest.raises(CorruptObject, match="not a moment with an offset"):
        decode_receipt(KEY, receipt, SEAL)
    mark = encode_mark(KEY, Mark("0123456789abcdef", 1, NOW, "x", {"trashed_at": moment.isoformat()}), SEAL)
    with pytest.raises(CorruptObject, match="not a moment with an offset"):
        decode_mark(KEY, mark, SEAL)
