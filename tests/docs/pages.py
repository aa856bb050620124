"""The documentation as the tests see it: its pages, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def read(page: Path) -> str:
    """The text of a page."""
    return page.read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The contents of all fenced blocks of a language."""
    return [content for name, content in _FENCE.findall(text) if name == language]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", text)


def code(text: str) -> Iterator[str]:
    """Everything that is set as code: the lines of fenced blocks, and what stands in backquotes."""
    for _, content in _FENCE.findall(text):
        yield from content.splitlines()
    yield from _SPAN.findall(prose(text))


def links(text: str) -> list[str]:
    """The targets of all links."""
    return _LINK.findall(prose(text))


def anchors(text: str) -> set[str]:
    """The fragments that the headings of a page make."""
    found = set[str]()
    for heading in _HEADING.findall(prose(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        found.add(re.sub(r"[^\w -]", "", plain.lower()).replace(" ", "-"))
    return found


def name_of(page: Path) -> str:
    """A page's path from the root of the source, for the names of tests."""
    return page.relative_to(ROOT).as_posix()
