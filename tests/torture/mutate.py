"""Bytes made from other bytes: what damage, other versions and hostile hands do to a format."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

FLIP, SET, NUMBER, DIGITS = "bits flipped", "bytes set", "a number exchanged", "digits exchanged"
INSERT, REMOVE, REPEAT, SPLICE = "bytes inserted", "bytes removed", "bytes repeated", "two inputs joined"
TOKEN, NEST = "a word of the format put in", "nested deeply"
KINDS = (FLIP, SET, NUMBER, DIGITS, INSERT, REMOVE, REPEAT, SPLICE, TOKEN, NEST)
LONGEST_BYTES = 1 << 14
NUMBERS: tuple[int, ...] = (
    0,
    1,
    2,
    7,
    16,
    255,
    256,
    4096,
    1 << 15,
    65535,
    65536,
    1 << 30,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
)
NUMBERS += (1 << 32, 1 << 60, (1 << 63) - 1, (1 << 64) - 1)
TEXTS: tuple[bytes, ...] = (
    b"0",
    b"-1",
    b"1e999",
    b"-1e999",
    b"1e-999",
    b"0.5",
    b"9" * 5000,
    b"9" * 400,
    b"18446744073709551616",
    b"00",
)
TEXTS += (b"4294967295", b"65537", b"null", b"true", b'"x"', b"[]", b"{}", b"\xd9\xa3", b"-0", b"1_0", b"")
TOKENS: tuple[bytes, ...] = (
    b'"',
    b"\\",
    b"\\ud800",
    b"\0",
    b"\r\n",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"../",
    b"%00",
    b"%zz",
)
TOKENS += (
    b"NaN",
    b"null",
    b"[",
    b"{",
    b"]",
    b"}",
    b",",
    b":",
    b" ",
    b"0001-01-01T00:00:00+23:59",
    b"+14:00",
    b"9999-12-31",
)
TOKENS += (
    b"9999-12-31T23:59:59-12:00",
    b"2026-01-01T00:00:00",
    b"/",
    b"//",
    b"@",
    b"#",
    b"?",
    b"-",
    b"_",
    b"*",
    b"'",
    b"<",
    b">",
)
_DIGITS = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?")


class Mutator:
    """Makes inputs out of a corpus, which grows. tokens: words of the format."""

    def __init__(self, chance: random.Random, corpus: Sequence[bytes], tokens: Sequence[bytes]) -> None:
        self.corpus = list(corpus)
        self._chance = chance
        self._tokens = [*tokens, *tokens, *TOKENS]

    def make(self) -> tuple[bytes, set[str]]:
        """An input, and how it was made."""
        chance, data, kinds = self._chance, self._chance.choice(self.corpus), set()
        while True:
            kind = chance.choice(KINDS[:-1]) if chance.random() < 0.995 else NEST
            data = self._mutate(data, kind)
            kinds.add(kind)
            if chance.random() < 0.55:
                return data[:LONGEST_BYTES], kinds

    def _mutate(self, data: bytes, kind: str) -> bytes:
        chance, size = self._chance, len(data)
        at = chance.randrange(size + 1)
        length = min(size - at, chance.choice((1, 1, 2, 4, 8, 30, 200)))
        if kind == FLIP and at < size:
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        if kind == SET:
            return data[:at] + chance.choice((b"\0", b"\xff", chance.randbytes(1))) * length + data[at + length :]
        if kind == NUMBER:
            width = chance.choice((1, 2, 4, 8))
            value = (chance.choice(NUMBERS) + chance.choice((-1, 0, 0, 1))) % (1 << 8 * width)
            return data[:at] + value.to_bytes(width, chance.choice(("little", "big"))) + data[at + width :]
        if kind == DIGITS:
            found = _DIGITS.search(data, at) or _DIGITS.search(data)
            return data[: found.start()] + self._digits() + data[found.end() :] if found else data
        if kind == INSERT:
            return data[:at] + chance.randbytes(chance.choice((1, 2, 4, 16))) + data[at:]
        if kind == REMOVE:
            return data[:at] + data[at + length :]
        if kind == REPEAT:
            return data[:at] + data[at : at + length] * chance.choice((2, 2, 3, 50)) + data[at + length :]
        if kind == SPLICE:
            other = chance.choice(self.corpus)
            return data[:at] + other[chance.randrange(len(other) + 1) :]
        if kind == NEST:
            opening = chance.choice((b"[", b'{"a":', b"(", b"<a>", b"%25", b"*/", b"a.", b"- "))
            return data[:at] + opening * chance.choice((100, 990, 4000)) + data[at:]
        return data[:at] + chance.choice(self._tokens) + data[at + chance.choice((0, length)) :]

    def _digits(self) -> bytes:
        chance = self._chance
        if chance.random() < 0.5:
            return chance.choice(TEXTS)
        return str(chance.choice(NUMBERS) + chance.choice((-1, 0, 1))).encode()
