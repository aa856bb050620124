"""Columns of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from litekeep.formats.columns import U32, decode_column, encode_column

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


@given(st.binary(max_size=50))
def test_any_bytes_are_some_numbers(planes: bytes) -> None:
    whole = planes[: len(planes) // 4 * 4]
    assert encode_column(decode_column(whole)) == whole
