"""How an image falls into blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.blocks.split import FRAME_BYTES, MAX_BLOCK_BYTES, MIN_BLOCK_BYTES, Geometry

PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]


@pytest.mark.parametrize(
    ("page_bytes", "pages", "block_bytes", "blocks", "last"),
    [
        (512, 1, 4096, 1, 512),
        (512, 8, 4096, 1, 4096),
        (512, 9, 4096, 2, 512),
        (1024, 5, 4096, 2, 1024),
        (4096, 3, 4096, 3, 4096),
        (65536, 2, 65536, 2, 65536),
    ],
)
def test_blocks_of_some_images(page_bytes: int, pages: int, block_bytes: int, blocks: int, last: int) -> None:
    geometry = Geometry(page_bytes, page_bytes * pages)
    assert (geometry.block_bytes, geometry.block_count, geometry.length(blocks - 1)) == (block_bytes, blocks, last)


def test_an_empty_database_has_no_blocks() -> None:
    geometry = Geometry(0, 0)
    assert (geometry.block_bytes, geometry.block_count) == (MIN_BLOCK_BYTES, 0)


@given(st.sampled_from(PAGE_SIZES), st.integers(1, 1 << 44))
def test_blocks_cover_the_image_exactly(page_bytes: int, pages: int) -> None:
    geometry = Geometry(page_bytes, page_bytes * pages)
    last = geometry.block_count - 1
    assert last * geometry.block_bytes + geometry.length(last) == geometry.image_bytes
    assert 0 < geometry.length(last) <= geometry.block_bytes == geometry.length(0) or last == 0
    assert geometry.length(last) % page_bytes == 0


@pytest.mark.parametrize("page_bytes", PAGE_SIZES)
def test_frames_hold_whole_blocks_up_to_their_limit(page_bytes: int) -> None:
    geometry = Geometry(page_bytes, page_bytes)
    assert geometry.blocks_per_frame * geometry.block_bytes == FRAME_BYTES
    assert MIN_BLOCK_BYTES <= geometry.block_bytes <= MAX_BLOCK_BYTES
