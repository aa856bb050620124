"""Seals: each field of the context matters, and so does each bit of the part and of the tag."""

from __future__ import annotations

import struct
from itertools import combinations

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from litekeep.blocks.identity import derive_key
from litekeep.blocks.seal import TAG_BYTES, TagSeal

ID, SECRET, NAME, HEADER = bytes(range(16)), bytes(range(32)), "packs/00/0011-0", b"LTKPP\x01\0\0"
PLAIN = b"what is kept"

parts = st.integers(0, (1 << 32) - 1)


@given(st.binary(max_size=200), parts, st.text("abc/-", max_size=40), st.binary(max_size=20))
def test_round_trip(plain: bytes, part: int, name: str, header: bytes) -> None:
    seal = TagSeal(ID, SECRET)
    sealed = seal.bind(name, header).seal(part, plain)
    assert len(sealed) == len(plain) + seal.overhead_bytes
    assert seal.bind(name, header).open(part, sealed) == plain


def test_the_tag_is_what_the_text_says() -> None:
    context = ID + struct.pack("<H", 8) + HEADER + struct.pack("<H", len(NAME)) + NAME.encode() + struct.pack("<I", 7)
    key = derive_key(SECRET, "seal")
    tag = blake3(PLAIN + context + struct.pack("<I", len(context)), key=key).digest()[:TAG_BYTES]
    assert TagSeal(ID, SECRET).bind(NAME, HEADER).seal(7, PLAIN) == PLAIN + tag


CONTEXTS = [
    (ID, SECRET, NAME, HEADER, 0),
    (ID[:-1] + b"\xff", SECRET, NAME, HEADER, 0),
    (ID, SECRET[:-1] + b"\xff", NAME, HEADER, 0),
    (ID, SECRET, NAME[:-1] + "1", HEADER, 0),
    (ID, SECRET, NAME + "0", HEADER, 0),
    (ID, SECRET, NAME, HEADER[:4] + b"M" + HEADER[5:], 0),
    (ID, SECRET, NAME, HEADER[:5] + b"\x02" + HEADER[6:], 0),
    (ID, SECRET, NAME, HEADER + b"\0", 0),
    (ID, SECRET, NAME, HEADER, 1),
    (ID, SECRET, NAME, HEADER, (1 << 32) - 1),
    # the same bytes, divided differently between header and name
    (ID, SECRET, "bc", b"a", 0),
    (ID, SECRET, "c", b"ab", 0),
]


def test_every_field_of_the_context_matters() -> None:
    for one, other in combinations(CONTEXTS, 2):
        sealed = TagSeal(*one[:2]).bind(*one[2:4]).seal(one[4], PLAIN)
        with pytest.raises(ValueError, match="damaged, or not the object of this name in this repository"):
            TagSeal(*other[:2]).bind(*other[2:4]).open(other[4], sealed)


def test_every_flipped_bit_fails() -> None:
    bound = TagSeal(ID, SECRET).bind(NAME, HEADER)
    sealed = bound.seal(0, PLAIN)
    for bit in range(len(sealed) * 8):
        damaged = bytearray(sealed)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match="damaged"):
            bound.open(0, bytes(damaged))


def test_every_other_length_fails() -> None:
    bound = TagSeal(ID, SECRET).bind(NAME, HEADER)
    sealed = bound.seal(0, PLAIN)
    for other in [*(sealed[:length] for length in range(len(sealed))), sealed + b"\0", b"\0" + sealed, sealed[1:]]:
        with pytest.raises(ValueError, match="damaged"):
            bound.open(0, other)
    with pytest.raises(ValueError, match="damaged"):
        bound.open(0, bytes(TAG_BYTES))
    assert bytes(bound.open(0, bound.seal(0, b""))) == b""
