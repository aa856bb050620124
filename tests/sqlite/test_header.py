"""The 100-byte header: what is read from it, and what is said of files that have none."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest

from litekeep.errors import NotADatabase
from litekeep.sqlite.header import lock_byte_page, parse_header

from .databases import make, pragmas

PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]


@pytest.mark.parametrize("page_size", PAGE_SIZES)
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_facts_of_a_closed_file_equal_the_pragmas(tmp_path: Path, page_size: int, mode: str) -> None:
    path = make(tmp_path / "a.db", page_size=page_size, mode=mode, settings="PRAGMA auto_vacuum=2")
    header = parse_header(path.read_bytes()[:100], "a.db")
    facts = header.facts(path.stat().st_size)
    said = pragmas(path)
    assert (facts.page_size, facts.page_count, facts.encoding) == (page_size, said["page_count"], "UTF-8")
    assert (facts.user_version, facts.application_id, facts.auto_vacuum) == (7, 252006, 2)
    assert (facts.freelist_pages, facts.schema_version) == (said["freelist_count"], said["schema_version"])
    assert facts.journal_mode == mode
    assert header.page_count == facts.page_count


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"hello, world\n" * 20, "text file"),
        ("Grüße aus Köln " * 20, "text file"),
        (gzip.compress(b"x" * 1000, mtime=0), "gzip"),
        (random.Random(1).randbytes(4096), "encrypted"),
        (b"SQLite format 3\x00", "only 16"),
        (bytes(4096), "zeros"),
        (b"", "0 bytes"),
        (b"\x37\x7f\x06\x82" + bytes(100), "write-ahead log"),
        (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(100), "rollback journal"),
        (b"** This file contains an SQLite 2.1 database **", "SQLite 2"),
        (b"PK\x03\x04" + bytes(100), "ZIP"),
        (b"\x28\xb5\x2f\xfd" + bytes(100), "zstd"),
        (b"\x00\x01" * 60, "begins differently"),
    ],
)
def test_what_is_not_a_database_is_named(first: bytes | str, words: str) -> None:
    data = first.encode() if isinstance(first, str) else first
    with pytest.raises(NotADatabase, match=words):
        parse_header(data[:100], "a.db")


@pytest.mark.parametrize(
    ("offset", "value"),
    [(16, b"\x00\x03"), (16, b"\x01\x00"), (20, b"\xff"), (21, b"\x00"), (19, b"\x07"), (59, b"\x09")],
)
def test_impossible_fields_are_refused(tmp_path: Path, offset: int, value: bytes) -> None:
    first = bytearray(make(tmp_path / "a.db", page_size=512).read_bytes()[:100])
    first[offset : offset + len(value)] = value
    with pytest.raises(NotADatabase, match="header claims"):
        parse_header(bytes(first), "a.db")


def test_every_byte_string_is_answered_or_refused(tmp_path: Path) -> None:
    good = make(tmp_path / "a.db").read_bytes()[:100]
    chance = random.Random(7)
    for _ in range(3000):
        first = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            first[chance.randrange(100)] = chance.randrange(256)
        try:
            parse_header(bytes(first[: chance.choice([100, 100, chance.randrange(101)])]), os.fsdecode(b"\xff"))
        except NotADatabase:
            continue


def test_lock_byte_page() -> None:
    assert lock_byte_page(4096) == 262145
    assert lock_byte_page(65536) == 16385
    assert lock_byte_page(512) == 2097153
    assert lock_byte_page(4096, 0x10000) == 17
