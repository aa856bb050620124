"""Names of blocks and digests of images: BLAKE3, keyed with a key of the repository.

In an unencrypted repository the key is derived from the secret in repository.json, by BLAKE3's key derivation with the
context "litekeep 2026-11 block identity"; in an encrypted one it is the subkey for names (blocks.keys).

The key keeps a stranger who sees only names from testing whether a known page is in the repository (when the key is
secret, in an encrypted repository), and from preparing colliding pages in advance (in any repository). 16 bytes are
kept of a name: without the key, finding a collision is not cheaper than guessing; by accident it takes 2^64 blocks.

Source: the BLAKE3 paper, section 2 (modes) and 6.1 (keyed mode), github.com/BLAKE3-team/BLAKE3-specs.
"""

from __future__ import annotations

from collections.abc import Iterable

from blake3 import blake3

HASH_BYTES = 16
KEY_BYTES = 32
DIGEST_BYTES = 32


def derive_key(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, from the repository's secret; BLAKE3 key derivation mode."""
    return blake3(secret, derive_key_context=f"litekeep 2026-11 {purpose}").digest()


class Identity:
    """Names blocks for one repository."""

    def __init__(self, secret: bytes, *, key: bytes | None = None) -> None:
        """With the secret of an unencrypted repository, or a key that was derived elsewhere."""
        self._key = derive_key(secret, "block identity") if key is None else key

    @classmethod
    def keyed(cls, key: bytes) -> Identity:
        """With the subkey for names of an encrypted repository."""
        return cls(b"", key=key)

    def name(self, block: bytes | memoryview) -> bytes:
        """The 16-byte name of a block's content; equal names mean equal content."""
        return blake3(block, key=self._key).digest(HASH_BYTES)

    def names(self, image: memoryview, block_bytes: int) -> bytes:
        """The names of all blocks of `image`, joined; the last block may be shorter."""
        key = self._key
        return b"".join(
            blake3(image[start : start + block_bytes], key=key).digest(HASH_BYTES)
            for start in range(0, len(image), block_bytes)
        )

    def digest(self, joined_names: Iterable[bytes | memoryview]) -> bytes:
        """The 32-byte digest of an image: over the names of its blocks in order."""
        state = blake3(key=self._key)
        for part in joined_names:
            state.update(part)
        return state.digest(DIGEST_BYTES)
