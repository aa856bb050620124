"""A key slot: the master key of an encrypted repository, wrapped under one passphrase or one random key.

Small objects `keys/<16 hex digits>`, of plain JSON in the canonical form of repository.json. There is at least one; any
of them opens the repository. A passphrase is changed by adding a slot and removing the old one; nothing else is
written.

    {"magic": "litekeep key slot", "format": 1, "repository": id in 32 hex digits,
     "kind": "passphrase" | "recovery" | "key", "label": text, "created_at": ISO time with offset,
     "argon2id": {"memory_kib": m, "iterations": t, "lanes": p} or null, "salt": 64 hex digits,
     "wrapped": 96 hex digits, "kept": 96 hex digits or null, "checksum": 64 hex digits}

    input    = passphrase:     Argon2id(the passphrase in Unicode form NFC and UTF-8, salt, m, t, p; 32 bytes)
               recovery, key:  the 32 bytes of the key (formats.printedkey)
    wrapping = HKDF-SHA256(input; salt; info "litekeep 2026-11 key slot"; 32 bytes)
    wrapped  = AES-256-GCM(wrapping, nonce of 12 zero bytes, the master key, associated data), with its tag
    kept     = of a recovery key, else null: AES-256-GCM(key, nonce of 12 zero bytes, the 32 bytes of the recovery key,
               associated data); key = HKDF-SHA256(master key; salt; info "litekeep 2026-11 kept key"; 32 bytes)
    associated data = name of the object, a zero byte, the JSON text without "wrapped", "kept" and "checksum"

The salt is random and new in every slot, so a wrapping key is used once. "checksum" is BLAKE3 of the text without this
key: with it, damage and a wrong passphrase are told apart. Slots that name another repository are left-overs of an
interrupted creation, and do not count.

Beside a slot lies `keys/<16 hex digits>-confirmed` once somebody typed its key back: a record (formats.envelope) of
kind K with the JSON {"slot": its digits, "at": ISO time with offset}.

"kept" lets whoever has opened the repository print the recovery sheet again; whoever can do that can read everything
anyway.

A reader refuses what is beyond the limits below before it takes memory for Argon2id.

Sources: RFC 9106 (Argon2; its section 4 recommends the parameters' order of magnitude), RFC 5869 (HKDF).
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from typing import Any

from blake3 import blake3

from litekeep.blocks.keys import LABEL, aes_gcm, hkdf
from litekeep.errors import CorruptObject, KeyNeeded, UnsupportedFormat, UsageError
from litekeep.formats.repoconfig import canonical
from litekeep.model import read_moment
from litekeep.records import dataclass

MAGIC = "litekeep key slot"
FORMAT = 1
MAX_SLOT_BYTES = 1 << 14
MAX_MEMORY_KIB = 1 << 21
"""2 GiB."""
MAX_ITERATIONS = 16
MAX_LANES = 16
SALT_BYTES = 32
WRAPPED_BYTES = 48
"""A wrapped key of 32 bytes, and its tag."""
PASSPHRASE, RECOVERY, KEY = "passphrase", "recovery", "key"
KINDS = (PASSPHRASE, RECOVERY, KEY)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a guess at the passphrase costs: parameters of Argon2id."""

    memory_kib: int = 1 << 18
    iterations: int = 3
    lanes: int = 4


DEFAULT_COST = Cost()


@dataclass(frozen=True, slots=True)
class Slot:
    """A decoded slot; `name` is the key of its object."""

    name: str
    repository: bytes
    kind: str
    label: str
    created_at: str
    cost: Cost | None
    salt: bytes
    wrapped: bytes
    kept: bytes | None = None

    @property
    def id(self) -> str:
        """Its digits."""
        return self.name.rpartition("/")[2]


def wrap(slot: Slot, secret: bytes, master: bytes) -> Slot:
    """The slot with the master key in it; secret: the bytes of the key, or of the passphrase."""
    cipher = aes_gcm(_wrapping_key(slot, secret))
    return replace(slot, wrapped=cipher.encrypt(bytes(12), master, _associated(slot)))


def unwrap(slot: Slot, secret: bytes) -> bytes | None:
    """The master key, or None if the secret does not fit; raises KeyNeeded where Argon2id gets too little memory."""
    cipher = aes_gcm(_wrapping_key(slot, secret))  # tells if the package is missing
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(bytes(12), slot.wrapped, _associated(slot))
    except InvalidTag:
        return None


def keep(slot: Slot, key: bytes, master: bytes) -> Slot:
    """The slot with its own recovery key in it, for those who have the master key."""
    cipher = aes_gcm(hkdf(master, slot.salt, LABEL + b"kept key"))
    return replace(slot, kept=cipher.encrypt(bytes(12), key, _associated(slot)))


def kept_key(slot: Slot, master: bytes) -> bytes | None:
    """The recovery key that was put into its slot; None if there is none. Raises CorruptObject."""
    if slot.kept is None:
        return None
    cipher = aes_gcm(hkdf(master, slot.salt, LABEL + b"kept key"))
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(bytes(12), slot.kept, _associated(slot))
    except InvalidTag:
        raise CorruptObject(slot.name, "its recovery key is damaged", hint=_COPY_HINT) from None


def passphrase_bytes(passphrase: str) -> bytes:
    """The bytes of a passphrase, the same whatever keyboard and system they come from; raises UsageError."""
    try:
        return unicodedata.normalize("NFC", passphrase).encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError("the passphrase is no Unicode text", safe="Nothing was changed.") from None


def _wrapping_key(slot: Slot, secret: bytes) -> bytes:
    stretched = secret if slot.cost is None else _argon2id(secret, slot.salt, slot.cost)
    return hkdf(stretched, slot.salt, LABEL + b"key slot")


def _argon2id(secret: bytes, salt: bytes, cost: Cost) -> bytes:
    aes_gcm(bytes(32))  # tells if the package is missing
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

        return Argon2id(
            salt=salt, length=32, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib
        ).derive(secret)
    except MemoryError:
        raise KeyNeeded(
            f"there is not enough memory to use a passphrase: it takes {cost.memory_kib >> 10} MiB",
            safe="Nothing was changed.",
            hint="Use the recovery key or a key file, which take none.",
        ) from None
    except (ImportError, UnsupportedAlgorithm):
        raise KeyNeeded(
            "the package cryptography is too old, or built without Argon2id, to use a passphrase",
            safe="Nothing was changed.",
            hint="Update it: python -m pip install --upgrade 'litekeep[encryption]'; or use the recovery key.",
        ) from None


def _facts(slot: Slot) -> dict[str, Any]:
    cost = slot.cost
    return {
        "magic": MAGIC,
        "format": FORMAT,
        "repository": slot.repository.hex(),
        "kind": slot.kind,
        "label": slot.label,
        "created_at": slot.created_at,
        "argon2id": cost and {"memory_kib": cost.memory_kib, "iterations": cost.iterations, "lanes": cost.lanes},
        "salt": slot.salt.hex(),
    }


def _associated(slot: Slot) -> bytes:
    return slot.name.encode("utf-8") + b"\0" + canonical(_facts(slot))


def encode_slot(slot: Slot) -> bytes:
    """The bytes of the object; raises CorruptObject if they would not be read as the same slot."""
    facts = {**_facts(slot), "wrapped": slot.wrapped.hex(), "kept": slot.kept and slot.kept.hex()}
    data = canonical({**facts, "checksum": blake3(canonical(facts)).hexdigest()})
    if decode_slot(slot.name, data) != slot:
        raise CorruptObject(slot.name, "was not encoded faithfully (memory or library fault); it was not stored")
    return data


def decode_slot(name: str, data: bytes) -> Slot:
    """Read a slot; raises CorruptObject, UnsupportedFormat. Beyond the limits is damage."""
    try:
        facts = json.loads(data) if len(data) <= MAX_SLOT_BYTES else None
        if not isinstance(facts, dict):
            raise TypeError("no object")
        checksum = facts.pop("checksum")
        sound = checksum == blake3(canonical(facts)).hexdigest()
        if not sound or canonical({**facts, "checksum": checksum}) != data:
            raise ValueError("its checksum does not fit")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptObject(name, f"is damaged: {error}", hint=_COPY_HINT) from error
    if facts.get("magic") == MAGIC and type(facts.get("format")) is int and facts["format"] > FORMAT:
        raise UnsupportedFormat(
            f"{name}: written by a newer Litekeep (format {facts['format']} of key slots)",
            safe="Nothing was changed.",
            hint="Use the newest Litekeep, or another passphrase or key of this repository.",
        )
    try:
        return _decode(name, facts)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptObject(name, f"makes no sense: {error}", hint=_COPY_HINT) from error


_COPY_HINT = "Take the folder keys from a copy of the repository, or use another passphrase or key of this repository."


def _decode(name: str, facts: dict[str, Any]) -> Slot:
    slot = Slot(
        name,
        bytes.fromhex(facts["repository"]),
        facts["kind"],
        facts["label"],
        facts["created_at"],
        None if facts["argon2id"] is None else _cost(facts["argon2id"]),
        bytes.fromhex(facts["salt"]),
        bytes.fromhex(facts["wrapped"]),
        None if facts["kept"] is None else bytes.fromhex(facts["kept"]),
    )
    kept_bytes = WRAPPED_BYTES if slot.kept is None else len(slot.kept)
    lengths = (len(slot.repository), len(slot.salt), len(slot.wrapped), kept_bytes)
    fit = (
        (facts["magic"], facts["format"]) == (MAGIC, FORMAT),
        set(facts) == {*_facts(slot), "wrapped", "kept"},
        lengths == (16, SALT_BYTES, WRAPPED_BYTES, WRAPPED_BYTES),
        slot.kind in KINDS and type(facts["label"]) is str,
        read_moment(slot.created_at) is not None,
        (slot.kind == PASSPHRASE) == (slot.cost is not None),
        slot.kept is None or slot.kind == RECOVERY,
    )
    if not all(fit):
        raise ValueError("impossible facts")
    return slot


def _cost(facts: dict[str, Any]) -> Cost:
    cost = Cost(**facts)
    if any(type(value) is not int for value in (cost.memory_kib, cost.iterations, cost.lanes)):
        raise TypeError("a parameter of Argon2id is no number")
    in_bounds = 1 <= cost.iterations <= MAX_ITERATIONS and 1 <= cost.lanes <= MAX_LANES
    if not in_bounds or not 8 * cost.lanes <= cost.memory_kib <= MAX_MEMORY_KIB:
        raise ValueError("parameters of Argon2id beyond the limits")
    return cost
