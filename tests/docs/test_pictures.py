"""The pictures of the documentation are small, all of them are shown somewhere, and say in words what they show."""

from __future__ import annotations

import re

from .pages import DOCS, PAGES, read

IMAGES = sorted((DOCS / "images").glob("*.png"))
MOST_BYTES = 150_000
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def test_pictures_are_small() -> None:
    assert IMAGES
    assert {path.name: path.stat().st_size for path in IMAGES if path.stat().st_size > MOST_BYTES} == {}


def test_every_picture_is_shown_or_linked() -> None:
    everything = "\n".join(read(page) for page in PAGES)
    assert [path.name for path in IMAGES if f"images/{path.name})" not in everything] == []


def test_every_picture_that_is_shown_has_words_for_it() -> None:
    for page in PAGES:
        for words, target in _PICTURE.findall(read(page)):
            assert len(words) > 10, f"{page.name}: {target}"
