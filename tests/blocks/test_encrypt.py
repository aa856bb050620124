"""AES-256-GCM as the seal: known answers from the text alone, a key for each object, no bit that does not matter."""

from __future__ import annotations

import hashlib
import hmac
import random
import struct
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from litekeep.blocks.encrypt import SALT_BYTES, AeadSeal, padded
from litekeep.blocks.identity import Identity
from litekeep.blocks.keys import Subkeys, hkdf

ID, MASTER, NAME = bytes(range(16)), bytes(range(32)), "packs/00/0011-0"
PACK, MANIFEST = b"LTKPP\x01\x01\0", b"LTKPM\x01\x01\0"
SALT = bytes(range(100, 132))
PLAIN = b"what is kept"


def seal(repository: bytes = ID, master: bytes = MASTER) -> AeadSeal:
    return AeadSeal(repository, Subkeys(master), random.Random(1).randbytes)


def test_hkdf_of_rfc_5869() -> None:
    """Appendix A.1 and A.3, cut to the 32 bytes that are used."""
    key = bytes.fromhex("0b" * 22)
    info = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9")
    known = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    assert hkdf(key, bytes(range(13)), info).hex() == known
    assert hkdf(key, b"", b"").hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"


@given(st.binary(min_size=1, max_size=64), st.binary(max_size=64), st.binary(max_size=64))
def test_hkdf_equals_the_library(key: bytes, salt: bytes, info: bytes) -> None:
    assert hkdf(key, salt, info) == HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def _hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    """As the text says, once more."""
    extracted = hmac.new(salt or bytes(32), key, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


@pytest.mark.parametrize(("head", "label"), [(PACK, b"data"), (MANIFEST, b"meta")])
def test_a_part_is_what_the_text_says(head: bytes, label: bytes) -> None:
    header = head + SALT
    key = _hkdf(_hkdf(MASTER, b"", b"litekeep 2026-11 " + label), SALT, b"litekeep 2026-11 object" + head)
    context = ID + struct.pack("<H", 40) + header + struct.pack("<H", len(NAME)) + NAME.encode() + struct.pack("<I", 7)
    sealed = AESGCM(key).encrypt(bytes(8) + struct.pack(">I", 7), PLAIN, context)
    assert seal().bind(NAME, header).seal(7, PLAIN) == sealed
    assert seal().bind(NAME, header).open(7, sealed) == PLAIN


def test_known_answer() -> None:
    """Written once, so that a change of the format cannot pass unnoticed."""
    sealed = seal().bind(NAME, PACK + SALT).seal(7, PLAIN)
    assert sealed.hex() == "42fbafaf722236bd70b81ffa2f6428c833d56a740f9bc2f0d3e51346"
    assert Identity.keyed(Subkeys(MASTER).names).name(PLAIN).hex() == "c8d792ae3280e2241fb67ed5af5f9889"


@given(st.binary(max_size=200), st.integers(0, (1 << 32) - 1), st.text("abc/-", max_size=40))
def test_round_trip(plain: bytes, part: int, name: str) -> None:
    bound = seal().bind(name, PACK + SALT)
    sealed = bound.seal(part, memoryview(plain))
    assert len(sealed) == len(plain) + seal().overhead_bytes
    assert bound.open(part, memoryview(sealed)) == plain
    assert not plain or len(plain) < 8 or plain not in sealed


def test_every_field_of_the_context_matters() -> None:
    sealed = seal().bind(NAME, PACK + SALT).seal(0, PLAIN)
    others = [
        seal(repository=bytes(16)).bind(NAME, PACK + SALT),
        seal(master=bytes(32)).bind(NAME, PACK + SALT),
        seal().bind(NAME[:-1] + "1", PACK + SALT),
        seal().bind(NAME, MANIFEST + SALT),
        seal().bind(NAME, PACK[:5] + b"\x02" + PACK[6:] + SALT),
        seal().bind(NAME, PACK + SALT[:-1] + b"\0"),
    ]
    for part, bound in [(0, other) for other in others] + [(1, seal().bind(NAME, PACK + SALT))]:
        with pytest.raises(ValueError, match="damaged, or not the object of this name in this repository"):
            bound.open(part, sealed)


def test_every_flipped_bit_and_every_other_length_fails() -> None:
    bound = seal().bind(NAME, PACK + SALT)
    sealed = bound.seal(0, PLAIN)
    wrong = [sealed[:length] for length in range(len(sealed))] + [sealed + b"\0", b"\0" + sealed]
    for bit in range(len(sealed) * 8):
        damaged = bytearray(sealed)
        damaged[bit // 8] ^= 1 << bit % 8
        wrong.append(bytes(damaged))
    for each in wrong:
        with pytest.raises(ValueError, match="damaged"):
            bound.open(0, each)


def test_no_salt_comes_twice() -> None:
    assert len({seal().new_salt() for _ in range(3)}) == 1, "they come from the generator that was given"
    made = AeadSeal(ID, Subkeys(MASTER), random.SystemRandom().randbytes)
    salts = {made.new_salt() for _ in range(1000)}
    assert len(salts) == 1000
    assert {len(salt) for salt in salts} == {SALT_BYTES}


def test_subkeys_differ() -> None:
    keys = Subkeys(MASTER)
    assert len({keys.names, keys.data, keys.meta, MASTER}) == 4


@given(st.integers(0, 1 << 40))
def test_padding(size: int) -> None:
    found = padded(size)
    assert size <= found <= size * 1.12 + 1
    assert padded(found) == found
    if size > 1:
        exponent = size.bit_length() - 1
        assert found % (1 << max(0, exponent - exponent.bit_length())) == 0


def test_padding_of_the_paper() -> None:
    """Figure and text of section 4: 9 is 1001 in binary, its exponent 3 has two digits, so two digits may vary."""
    assert [padded(n) for n in (0, 1, 2, 8, 9, 10, 17, 100, 1000, 1025, 1 << 20, (1 << 20) + 1)] == [
        0, 1, 2, 8, 10, 10, 18, 104, 1024, 1088, 1 << 20, (1 << 20) + (1 << 15),
    ]  # fmt: skip


def test_a_missing_package_is_told() -> None:
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from litekeep.blocks.keys import aes_gcm\nfrom litekeep.errors import UsageError\n"
        "try:\n aes_gcm(bytes(32))\nexcept UsageError as error:\n print(error.message, error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "the package cryptography is not installed" in done.stdout
    assert "litekeep[encryption]" in done.stdout
