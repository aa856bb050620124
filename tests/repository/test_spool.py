"""The scratch store, against a dictionary."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.repository.spool import Spool

actions = st.lists(st.tuples(st.integers(0, 7), st.integers(1, 40), st.integers(1, 3)), max_size=40)


@given(actions, st.sampled_from([0, 30, 10_000]), st.randoms(use_true_random=False))
def test_like_a_dictionary(puts: list[tuple[int, int, int]], memory_bytes: int, rng: random.Random) -> None:
    kept: dict[tuple[bytes, int], list[bytes]] = {}
    with Spool(None, memory_bytes) as spool:
        for number, length, uses in puts:
            address = (b"pack", number)
            if address not in kept:
                block = rng.randbytes(length)
                spool.put(address, memoryview(block), uses)
                kept[address] = [block] * uses
            else:
                assert spool.take(address) == kept[address].pop()
                if not kept[address]:
                    del kept[address]
                    with pytest.raises(KeyError):
                        spool.take(address)
        for address, blocks in kept.items():
            for block in blocks:
                assert spool.take(address) == block


def test_an_unknown_block() -> None:
    with Spool(None) as spool, pytest.raises(KeyError):
        spool.take((b"pack", 1))


def test_the_file_appears_only_when_memory_is_full_and_leaves_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path, 100) as spool:
        spool.put((b"a", 0), bytes(100), 1)
        assert spool._file is None
        spool.put((b"a", 1), bytes(100), 1)
        assert spool._file is not None
        assert spool.take((b"a", 1)) == bytes(100)
    assert list(tmp_path.iterdir()) == []


def test_the_file_does_not_grow_beyond_what_is_waiting(tmp_path: Path) -> None:
    with Spool(tmp_path, 0) as spool:
        for number in range(1000):
            spool.put((b"a", number), bytes([number % 256]) * 512, 2)
            if number >= 3:
                assert spool.take((b"a", number - 3)) == bytes([(number - 3) % 256]) * 512
                assert spool.take((b"a", number - 3))[0] == (number - 3) % 256
        assert spool._file is not None
        spool._file.flush()
        assert os.fstat(spool._file.fileno()).st_size <= 4 * 512


def test_memory_is_given_back(tmp_path: Path) -> None:
    with Spool(tmp_path, 1000) as spool:
        for number in range(100):
            spool.put((b"a", number), bytes(1000), 1)
            spool.take((b"a", number))
        assert spool._file is None
