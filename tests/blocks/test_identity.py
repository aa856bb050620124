"""Names of blocks: keyed, separated by purpose, the same however they are computed."""

from __future__ import annotations

from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from litekeep.blocks.identity import DIGEST_BYTES, HASH_BYTES, KEY_BYTES, Identity, derive_key

SECRET = bytes(range(32))


def test_keys_depend_on_secret_and_purpose() -> None:
    keys = {derive_key(secret, purpose) for secret in (SECRET, bytes(32)) for purpose in ("block identity", "seal")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {KEY_BYTES}


def test_a_name_is_keyed_blake3_so_that_others_can_compute_it() -> None:
    key = blake3(SECRET, derive_key_context="litekeep 2026-11 block identity").digest()
    assert Identity(SECRET).name(b"page") == blake3(b"page", key=key).digest()[:HASH_BYTES]


def test_names_say_nothing_without_the_secret() -> None:
    assert Identity(SECRET).name(b"page") != Identity(bytes(32)).name(b"page")
    assert Identity(SECRET).digest([b"names"]) != Identity(bytes(32)).digest([b"names"])
    assert Identity(SECRET).name(b"page") != blake3(b"page").digest()[:HASH_BYTES]


@given(st.binary(max_size=300), st.integers(1, 64))
def test_joined_names_are_the_names_of_the_blocks(image: bytes, block_bytes: int) -> None:
    identity = Identity(SECRET)
    blocks = [image[at : at + block_bytes] for at in range(0, len(image), block_bytes)]
    assert identity.names(memoryview(image), block_bytes) == b"".join(map(identity.name, blocks))


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_a_digest_does_not_depend_on_how_names_come_in(parts: list[bytes]) -> None:
    identity = Identity(SECRET)
    assert identity.digest(parts) == identity.digest([b"".join(parts)])
    assert len(identity.digest(parts)) == DIGEST_BYTES


def test_a_digest_depends_on_order_and_number() -> None:
    identity = Identity(SECRET)
    a, b = identity.name(b"a"), identity.name(b"b")
    assert len({identity.digest(names) for names in ([a, b], [b, a], [a], [a, a], [])}) == 5
