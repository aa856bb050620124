"""The seal of an encrypted repository: AES-256-GCM with a fresh key for every object.

    key of an object  = HKDF-SHA256(input: subkey "data" for packs, "meta" for all others (blocks.keys);
                        salt: the 32 bytes behind the object's header; info: "litekeep 2026-11 object", then the header)
    part as stored    = AES-256-GCM(that key, nonce, bytes of the part, associated data), its tag of 16 bytes included
    nonce             = 8 zero bytes || u32 part, big-endian
    associated data   = the context of blocks.seal: repository id, header with its salt, name of the object, number of
                        the part

The salt is random and new for every object, so each object has a key of its own; within it a part number is used once.
So no nonce is ever used twice with one key, without any counter that could be set back by a restored disk or a cloned
machine. An upload that is repeated sends the same bytes again. What is swapped, renamed, cut, reordered, of another
repository or under another version fails, because one of the associated facts differs.

Lengths are hidden: those of parts stand inside the sealed bytes, and objects are padded with zeros, inside the sealed
bytes too, so that their size tells little about what they hold: it has at most as many significant bits as the length
of its own binary exponent. That costs less than 12 %, and 3 % for a pack of some megabytes.

    padded(n) = n rounded up to a multiple of 2^(E - S), where E = floor(log2 n) and S = floor(log2 E) + 1

Source: "Padmé" in "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", Nikitin, Barman,
Lueks, Underwood, Hubaux, Ford; Proceedings on Privacy Enhancing Technologies 2019(4), section 4.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from litekeep.blocks.keys import LABEL, Subkeys, aes_gcm, hkdf
from litekeep.blocks.seal import TAG_BYTES, context_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SALT_BYTES = 32
ENCRYPTED = 1
"""The flag in an object's header."""
_PACK = b"P"


class AeadSeal:
    """See the module's text. random: gives so many bytes from the system's generator."""

    flags = ENCRYPTED
    overhead_bytes = TAG_BYTES
    salt_bytes = SALT_BYTES

    def __init__(self, repository_id: bytes, keys: Subkeys, random: Callable[[int], bytes]) -> None:
        self._repository_id = repository_id
        self._keys = keys
        self._random = random
        aes_gcm(keys.meta)  # tells at once if the package is missing

    def new_salt(self) -> bytes:
        """The salt of a new object."""
        return self._random(SALT_BYTES)

    def bind(self, name: str, header: bytes) -> AeadParts:
        """The seal for the object `name` that begins with `header`, salt included."""
        head, salt = header[: len(header) - SALT_BYTES], header[len(header) - SALT_BYTES :]
        subkey = self._keys.data if head[4:5] == _PACK else self._keys.meta
        key = hkdf(subkey, salt, LABEL + b"object" + head)
        return AeadParts(aes_gcm(key), context_of(self._repository_id, name, header))

    def padded(self, size_bytes: int) -> int:
        """The length to which an object of this length is filled up."""
        return padded(size_bytes)


class AeadParts:
    """See seal.Parts; safe to use from several threads."""

    def __init__(self, cipher: AESGCM, context: bytes) -> None:
        self._cipher = cipher
        self._context = context

    def seal(self, part: int, plain: bytes | memoryview) -> bytes:
        """Encrypt."""
        return self._cipher.encrypt(struct.pack(">QI", 0, part), plain, self._context + struct.pack("<I", part))

    def open(self, part: int, sealed: bytes | memoryview) -> bytes:
        """Decrypt and check."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(struct.pack(">QI", 0, part), sealed, self._context + struct.pack("<I", part))
        except InvalidTag:
            raise ValueError("damaged, or not the object of this name in this repository") from None


def padded(size_bytes: int) -> int:
    """Padmé; see the module's text."""
    if size_bytes < 2:
        return size_bytes
    exponent = size_bytes.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-size_bytes // step) * step
