"""Seals: what makes a swapped, renamed, foreign or damaged object fail instead of being believed.

Every object begins with a header, and everything else in it is cut into parts. A part is sealed together with the
context it belongs to: the repository, the object's header (kind and version), its name, and the part's number. In an
unencrypted repository the seal is a keyed BLAKE3 tag behind the part; an encrypted repository puts AES-256-GCM in its
place (blocks.encrypt), with the same context as associated data, so formats and readers hardly need to know which one
is in force: only that there the lengths of parts are sealed too, and a salt follows the header.

    part as stored = bytes of the part, then 16 bytes: BLAKE3 keyed(part || context || u32 length of context)[:16]
    context        = repository id (16) || u16 length of header || header || u16 length of name || name || u32 part

All numbers are little-endian. The key is derived from the repository's secret (blocks.identity.derive_key, "seal"). In
an unencrypted repository that secret stands in repository.json: the seal then proves against accidents and mix-ups,
not against someone who wants to forge.
"""

from __future__ import annotations

import struct
from typing import Protocol

from blake3 import blake3

from litekeep.blocks.identity import derive_key

TAG_BYTES = 16


class Parts(Protocol):
    """Seals and opens the parts of one object."""

    def seal(self, part: int, plain: bytes | memoryview) -> bytes:
        """The bytes to store for part number `part`."""

    def open(self, part: int, sealed: bytes | memoryview) -> bytes | memoryview:
        """The plain bytes of part number `part`; raises ValueError when the seal does not fit."""


class Seal(Protocol):
    """The seal of one repository."""

    @property
    def flags(self) -> int:
        """What the header of new objects says about the seal: 0 for a plain tag."""

    @property
    def overhead_bytes(self) -> int:
        """By how much sealing lengthens a part."""

    @property
    def salt_bytes(self) -> int:
        """Length of the salt behind an object's header; 0: none, and lengths stand in the clear."""

    def new_salt(self) -> bytes:
        """The salt for a new object."""

    def padded(self, size_bytes: int) -> int:
        """The length to which an object of this length is filled up."""

    def bind(self, name: str, header: bytes) -> Parts:
        """The seal for one object."""


def context_of(repository_id: bytes, name: str, header: bytes) -> bytes:
    """The context of an object's parts, up to the number of the part."""
    encoded = name.encode("utf-8")
    lengths = struct.pack("<H", len(header)), struct.pack("<H", len(encoded))
    return b"".join((repository_id, lengths[0], header, lengths[1], encoded))


class TagSeal:
    """The seal of an unencrypted repository."""

    flags = 0
    overhead_bytes = TAG_BYTES
    salt_bytes = 0

    def __init__(self, repository_id: bytes, secret: bytes) -> None:
        self._repository_id = repository_id
        self._key = derive_key(secret, "seal")

    def bind(self, name: str, header: bytes) -> TagParts:
        """The seal for the object `name` that begins with `header`."""
        return TagParts(self._key, context_of(self._repository_id, name, header))

    def new_salt(self) -> bytes:
        """None."""
        return b""

    def padded(self, size_bytes: int) -> int:
        """As it is."""
        return size_bytes


class TagParts:
    """See Parts; safe to use from several threads."""

    def __init__(self, key: bytes, context: bytes) -> None:
        self._key = key
        self._context = context

    def _tag(self, part: int, plain: bytes | memoryview) -> bytes:
        context = self._context + struct.pack("<I", part)
        state = blake3(plain, key=self._key)
        state.update(context + struct.pack("<I", len(context)))
        return state.digest(TAG_BYTES)

    def seal(self, part: int, plain: bytes | memoryview) -> bytes:
        """Append the tag."""
        return b"".join((plain, self._tag(part, plain)))

    def open(self, part: int, sealed: bytes | memoryview) -> memoryview:
        """Check and cut off the tag."""
        view = memoryview(sealed)
        if len(view) < TAG_BYTES or self._tag(part, view[:-TAG_BYTES]) != bytes(view[-TAG_BYTES:]):
            raise ValueError("damaged, or not the object of this name in this repository")
        return view[:-TAG_BYTES]
