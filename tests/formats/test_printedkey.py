"""Printed keys: what is read is what was written, and a slip of the pen is found and named."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.formats.printedkey import ALPHABET, Mistyped, print_key, read_key

KEY = bytes(range(32))
PRINTED = "000G40RQ-40M30E2P-09185GRK-38E1W81Y-24GK2GA6-HC5RR348-D1P70X30-RFX4ZA5E"


def test_known_answer() -> None:
    assert print_key(KEY) == PRINTED
    assert read_key(PRINTED) == KEY


@given(st.binary(min_size=32, max_size=32), st.randoms(use_true_random=False))
def test_however_it_is_typed(key: bytes, rng: random.Random) -> None:
    text = print_key(key)
    typed = "".join(rng.choice([c, c.lower(), f"{c} "]) for c in text.replace("-", rng.choice(["-", " ", "\n", ""])))
    typed = typed.replace("0", rng.choice("0Oo")).replace("1", rng.choice("1IiLl"))
    assert read_key(typed) == key


def test_every_mistyped_sign_is_named() -> None:
    missed = 0
    for place, sign in enumerate(PRINTED):
        if sign == "-":
            continue
        for other in set(ALPHABET) - {sign}:
            with pytest.raises(Mistyped) as caught:
                read_key(PRINTED[:place] + other + PRINTED[place + 1 :])
            missed += f"group {place // 9 + 1} " not in str(caught.value)
            assert not set(PRINTED.split("-")) & set(str(caught.value).split())
    assert missed < 64 * 31 * 0.05, "one in 32 gets past its group's check, and none past that of the whole"


def test_exchanged_groups() -> None:
    groups = PRINTED.split("-")
    for place in range(7):
        other = groups.copy()
        other[place], other[place + 1] = other[place + 1], other[place]
        with pytest.raises(Mistyped):
            read_key("-".join(other))


@pytest.mark.parametrize("text", ["", "correct horse", PRINTED[:-1], PRINTED + "0", "U" * 64, "Z" * 63 + "é"])
def test_what_is_no_key(text: str) -> None:
    assert read_key(text) is None


def test_a_passphrase_of_64_letters_is_none() -> None:
    rng, taken = random.Random(5), 0
    for _ in range(200):
        try:
            assert read_key("".join(rng.choices(ALPHABET, k=64))) is None
        except Mistyped:
            taken += 1
    assert taken == 0
