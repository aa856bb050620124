"""Keys of an encrypted repository: one random master key, and subkeys that are derived from it for one use each.

    subkey = HKDF-SHA256(input: master key, 32 bytes; salt: none; info: label; 32 bytes)

    label                          subkey for
    "litekeep 2026-11 names"       names of blocks and digests of images (blocks.identity)
    "litekeep 2026-11 data"        packs (blocks.encrypt)
    "litekeep 2026-11 meta"        all other sealed objects (blocks.encrypt)

The master key is 32 bytes from the system's generator, made with the repository and never changed; it is stored only
wrapped, in key slots (formats.keyslot).

Source: RFC 5869 (HKDF). A missing salt is 32 zero bytes there.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from litekeep.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MASTER_BYTES = 32
LABEL = b"litekeep 2026-11 "


def hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 with 32 bytes of output, which is one round of its second step."""
    extracted = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


class Subkeys:
    """The subkeys of one repository. Never shown: they have no other form than their use."""

    __slots__ = ("data", "meta", "names")

    def __init__(self, master: bytes) -> None:
        self.names = hkdf(master, b"", LABEL + b"names")
        self.data = hkdf(master, b"", LABEL + b"data")
        self.meta = hkdf(master, b"", LABEL + b"meta")


def aes_gcm(key: bytes) -> AESGCM:
    """AES-256-GCM with this key; raises UsageError where the package is not installed."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise UsageError(
            "this repository is encrypted, and the package cryptography is not installed",
            safe="Nothing was changed.",
            hint="Install it: python -m pip install 'litekeep[encryption]'",
        ) from None
    return AESGCM(key)
