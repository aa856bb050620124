"""Key slots: known answers from the text alone, every damage told from a wrong passphrase, and bounded costs."""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from formats.hostile import BAD_JSON, ODD_VALUES, bounds, expect_damage
from litekeep.errors import CorruptObject, UnsupportedFormat
from litekeep.formats.keyslot import (
    DEFAULT_COST,
    KEY,
    MAX_ITERATIONS,
    MAX_LANES,
    MAX_MEMORY_KIB,
    PASSPHRASE,
    RECOVERY,
    Cost,
    Slot,
    decode_slot,
    encode_slot,
    keep,
    kept_key,
    passphrase_bytes,
    unwrap,
    wrap,
)

NAME, ID, SALT, MASTER = "keys/0011223344556677", bytes(range(16)), bytes(range(50, 82)), bytes(range(32))
AT = "2026-01-01T00:00:00+00:00"
PHRASE = passphrase_bytes("Größe: correct horse")
BLANK = Slot(NAME, ID, PASSPHRASE, "mine", AT, Cost(64, 2, 2), SALT, b"")
SLOT = wrap(BLANK, PHRASE, MASTER)
RECOVERY_SLOT = wrap(
    keep(replace(BLANK, kind=RECOVERY, cost=None), bytes(32), MASTER),
    bytes(32),
    MASTER,
)
DATA = encode_slot(SLOT)


def read(data: bytes) -> Slot:
    return decode_slot(NAME, data)


def seal(facts: dict[str, Any]) -> bytes:
    """Write as encode_slot does, whatever the facts are."""
    facts = {key: value for key, value in facts.items() if key != "checksum"}
    return canonical({**facts, "checksum": blake3(canonical(facts)).hexdigest()})


def canonical(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return hmac.new(hmac.new(salt, secret, hashlib.sha256).digest(), info + b"\x01", hashlib.sha256).digest()


@pytest.mark.parametrize("kind", [PASSPHRASE, RECOVERY])
def test_it_is_what_the_text_says(kind: str) -> None:
    slot = SLOT if kind == PASSPHRASE else RECOVERY_SLOT
    facts = json.loads(encode_slot(slot))
    if kind == PASSPHRASE:
        phrase = unicodedata.normalize("NFC", "Größe: correct horse").encode()
        secret = Argon2id(salt=SALT, length=32, iterations=2, lanes=2, memory_cost=64).derive(phrase)
    else:
        secret = bytes(32)
    associated = NAME.encode() + b"\0" + canonical(
        {key: facts[key] for key in facts if key not in ("wrapped", "kept", "checksum")}
    )  # fmt: skip
    cipher = AESGCM(derive(secret, SALT, b"litekeep 2026-11 key slot"))
    assert cipher.decrypt(bytes(12), bytes.fromhex(facts["wrapped"]), associated) == MASTER
    if kind == RECOVERY:
        cipher = AESGCM(derive(MASTER, SALT, b"litekeep 2026-11 kept key"))
        assert cipher.decrypt(bytes(12), bytes.fromhex(facts["kept"]), associated) == bytes(32)


def test_argon2id_of_rfc_9106() -> None:
    """Section 5.3: the library computes what the standard says."""
    found = Argon2id(
        salt=b"\x02" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\x04" * 12, secret=b"\x03" * 8
    ).derive(b"\x01" * 32)
    assert found.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


def test_known_answer() -> None:
    """Written once, so that a change of the format cannot pass unnoticed."""
    assert hashlib.sha256(DATA).hexdigest() == "b8083cf1813f7a593a6465ce597d72a6a034b520d1dcc6e4064da923f9267eec"


def test_round_trip() -> None:
    for slot in (SLOT, RECOVERY_SLOT, wrap(replace(BLANK, kind=KEY, cost=None, label="Zoë's"), bytes(32), MASTER)):
        assert decode_slot(NAME, encode_slot(slot)) == slot
    assert unwrap(SLOT, PHRASE) == MASTER
    assert unwrap(SLOT, PHRASE + b" ") is None
    assert kept_key(RECOVERY_SLOT, MASTER) == bytes(32)
    assert kept_key(SLOT, MASTER) is None


def test_a_passphrase_typed_on_another_system() -> None:
    assert passphrase_bytes(unicodedata.normalize("NFD", "Größe: correct horse")) == PHRASE


def test_every_damage_is_called_damage() -> None:
    """Never a wrong passphrase: that would send a person looking in the wrong place."""
    expect_damage(read, DATA)


def test_every_fact_is_bound_to_the_wrapped_key() -> None:
    """Somebody who can write, and computes the checksum anew, gets no slot that opens."""
    other = [
        replace(SLOT, name=NAME[:-1] + "8"),
        replace(SLOT, repository=bytes(16)),
        replace(SLOT, label="yours"),
        replace(SLOT, created_at="2026-01-02T00:00:00+00:00"),
        replace(SLOT, cost=Cost(64, 1, 2)),
        replace(SLOT, salt=bytes(32)),
        replace(SLOT, wrapped=SLOT.wrapped[:-1] + b"x"),
    ]
    for each in other:
        assert unwrap(decode_slot(each.name, encode_slot(each)), PHRASE) is None
    with pytest.raises(CorruptObject):
        kept_key(replace(RECOVERY_SLOT, kept=bytes(48)), MASTER)


@pytest.mark.parametrize(
    "cost",
    [
        {"memory_kib": MAX_MEMORY_KIB + 1},
        {"memory_kib": 2**40},
        {"memory_kib": 0},
        {"memory_kib": -1},
        {"memory_kib": 15},
        {"memory_kib": 64.0},
        {"memory_kib": True},
        {"iterations": 0},
        {"iterations": MAX_ITERATIONS + 1},
        {"iterations": 2**32},
        {"lanes": 0},
        {"lanes": MAX_LANES + 1},
        {"lanes": "2"},
        {"more": 1},
    ],
)
def test_hostile_costs_take_no_memory(cost: dict[str, object]) -> None:
    facts = json.loads(DATA)
    data = seal({**facts, "argon2id": {**facts["argon2id"], **cost}})
    with bounds(1 << 18, 1), pytest.raises(CorruptObject):
        read(data)


def test_sealed_but_hostile() -> None:
    for base in (DATA, encode_slot(RECOVERY_SLOT)):
        facts = json.loads(base)
        forged = [{**facts, name: value} for name in facts for value in ODD_VALUES]
        forged += [{**facts, "argon2id": {**(facts["argon2id"] or {}), "lanes": value}} for value in ODD_VALUES]
        forged += [{**facts, "extra": value} for value in ODD_VALUES]
        forged += [{key: value for key, value in facts.items() if key != name} for name in facts]
        for each in forged:
            for data in (seal(each), json.dumps(each).encode()):
                try:
                    slot = read(data)
                except (CorruptObject, UnsupportedFormat):
                    continue
                assert (len(slot.repository), len(slot.salt), len(slot.wrapped)) == (16, 32, 48)
                assert isinstance(slot.label, str)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"<html>", b"\0" * 4096, b" " * (1 << 15), *BAD_JSON])
def test_other_files(data: bytes) -> None:
    with bounds(64 << 20), pytest.raises(CorruptObject):
        read(data)


def test_a_newer_format() -> None:
    with pytest.raises(UnsupportedFormat):
        read(seal({**json.loads(DATA), "format": 2}))


def test_the_usual_cost_is_within_the_limits_and_no_less_than_advised() -> None:
    """RFC 9106 section 4: 64 MiB and three rounds at least."""
    assert DEFAULT_COST.memory_kib >= 1 << 16
    assert DEFAULT_COST.iterations >= 3
    assert DEFAULT_COST.memory_kib <= MAX_MEMORY_KIB
    encode_slot(replace(SLOT, cost=DEFAULT_COST))
