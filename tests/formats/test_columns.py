"""Columns of numbers."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.formats.columns import U32, decode_column, decode_ids, encode_column, encode_ids, sequence_of

numbers = st.lists(st.integers(0, U32 - 1), max_size=50)


@given(numbers)
def test_round_trip(values: list[int]) -> None:
    planes = encode_column(values)
    assert len(planes) == 4 * len(values)
    assert list(decode_column(planes)) == values
    assert list(decode_column(memoryview(planes))) == values


@given(st.integers(-U32, 2 * U32))
def test_numbers_are_taken_modulo_2_to_the_32(value: int) -> None:
    assert list(decode_column(encode_column([value]))) == [value % U32]


def test_the_lowest_bytes_come_first() -> None:
    assert encode_column([0x04030201, 0x14131211]) == bytes.fromhex("0111021203130414")


def test_a_machine_of_the_other_byte_order_swaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers in memory are of that order there; here, pretending so, they come out swapped, and come back."""
    other = "big" if sys.byteorder == "little" else "little"
    monkeypatch.setattr(sys, "byteorder", other)
    planes = encode_column([0x04030201, 0x14131211])
    assert planes == bytes.fromhex("0414031302120111" if other == "big" else "0111021203130414")
    assert list(decode_column(planes)) == [0x04030201, 0x14131211]


@given(st.binary(max_size=50))
def test_any_bytes_are_some_numbers(planes: bytes) -> None:
    whole = planes[: len(planes) // 4 * 4]
    assert encode_column(decode_column(whole)) == whole


ids = st.lists(st.binary(min_size=8, max_size=8), max_size=20)


@given(ids)
def test_pack_ids_round_trip_in_any_order(many: list[bytes]) -> None:
    data = encode_ids(many)
    assert len(data) == 8 * len(many)
    assert decode_ids(data) == many
    assert decode_ids(memoryview(data)) == many


def test_a_pack_id_begins_with_its_sequence() -> None:
    assert sequence_of(bytes.fromhex("00000102aabbccdd")) == 0x0102


@given(st.binary(max_size=80))
def test_any_bytes_are_some_ids(data: bytes) -> None:
    whole = data[: len(data) // 8 * 8]
    assert encode_ids(decode_ids(whole)) == whole
