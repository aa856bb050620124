"""A key of 32 bytes as people write it down, type it, and keep it in files: 8 groups of 8 characters.

    A1B2C3D4-E5F6G7H8-...       (8 groups)

    group    = 7 characters of data, then one that checks the group
    data     = the 56 characters that 35 bytes give, 5 bits each, most significant bits first:
               the 32 bytes of the key, then the first 3 bytes of SHA-256("litekeep key " || key)
    check    = the lowest 5 bits of the first byte of SHA-256(number of the group, from 1, as one byte || its 7 data
               characters in ASCII), as a character
    alphabet = 0123456789ABCDEFGHJKMNPQRSTVWXYZ

Read are capital and small letters alike; O counts as 0, I and L as 1; spaces, dashes and line breaks do not count. So
a mistyped group is named, and a wrong key is not tried at all.

Source of the alphabet: "Base 32", Douglas Crockford, crockford.com/base32.html.
"""

from __future__ import annotations

import hashlib

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KEY_BYTES = 32
GROUPS = 8
GROUP_CHARACTERS = 8
_CHECK_BYTES = 3
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", **dict.fromkeys(" -\t\r\n")})


class Mistyped(ValueError):
    """Text that looks like a key and is none. The message names the groups, and nothing of the key."""


def print_key(key: bytes) -> str:
    """The text of a key."""
    number = int.from_bytes(key + _check(key), "big")
    data = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(GROUPS * (GROUP_CHARACTERS - 1))))
    parts = [data[at : at + GROUP_CHARACTERS - 1] for at in range(0, len(data), GROUP_CHARACTERS - 1)]
    return "-".join(part + _group_check(place, part) for place, part in enumerate(parts, 1))


def read_key(text: str) -> bytes | None:
    """The key in a text; None if it does not look like one (then it may be a passphrase); raises Mistyped."""
    plain = text.upper().translate(_READ_AS)
    if len(plain) != GROUPS * GROUP_CHARACTERS or not set(plain) <= set(ALPHABET):
        return None
    groups = [plain[at : at + GROUP_CHARACTERS] for at in range(0, len(plain), GROUP_CHARACTERS)]
    wrong = [place for place, group in enumerate(groups, 1) if _group_check(place, group[:-1]) != group[-1]]
    if len(wrong) > GROUPS // 2:
        return None  # 64 letters and digits that were never meant to be a key
    if wrong:
        named = ", ".join(map(str, wrong))
        raise Mistyped(
            f"group{'s' if len(wrong) > 1 else ''} {named} of the key {'are' if wrong[1:] else 'is'} mistyped"
        )
    number = 0
    for character in "".join(group[:-1] for group in groups):
        number = number << 5 | ALPHABET.index(character)
    data = number.to_bytes(KEY_BYTES + _CHECK_BYTES, "big")
    key = data[:KEY_BYTES]
    if _check(key) != data[KEY_BYTES:]:
        raise Mistyped("the key is mistyped, or its groups are in another order")
    return key


def _check(key: bytes) -> bytes:
    return hashlib.sha256(b"litekeep key " + key).digest()[:_CHECK_BYTES]


def _group_check(place: int, data: str) -> str:
    return ALPHABET[hashlib.sha256(bytes([place]) + data.encode("ascii")).digest()[0] & 31]
