"""The page to print: complete in itself, with the key to read and to scan."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime

import pytest

from litekeep.formats.printedkey import print_key
from litekeep.operations.sheet import recovery_sheet

KEY = print_key(bytes(range(32)))


def page() -> str:
    return recovery_sheet(
        KEY,
        repository_id=bytes(16),
        slot="0123456789abcdef",
        places=["/backups on <host>", "cloud: s3://bucket/prefix"],
        sources=["app"],
        now=datetime(2026, 3, 1, tzinfo=UTC),
    )


def test_it_needs_nothing_from_elsewhere() -> None:
    text = re.sub(r'xmlns="[^"]*"', "", page())
    assert "<script" not in text
    assert not re.search(r"""(?:src|href)=|url\(""", text)
    assert "&lt;host&gt;" in text
    for group in KEY.split("-"):
        assert group in text


def test_the_key_can_be_scanned() -> None:
    """The code is that of the key: drawn by itself it gives the same picture, and of another key another one."""
    import segno

    def drawn(text: str) -> str:
        return str(segno.make(text, error="m", micro=False).svg_inline(scale=4, border=2))

    assert drawn(KEY) in page()
    assert drawn(print_key(bytes(range(1, 33)))) not in page()


def test_without_the_package_the_letters_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    assert "<svg" not in page()
    assert KEY.split("-")[0] in page()
