"""Names of objects: valid everywhere, never the same for two things, read back as they were made."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from litekeep.clock import SystemClock
from litekeep.repository import layout
from litekeep.storage.base import Entry, check_key, check_prefix
from litekeep.storage.local import LocalStorage

file_names = st.binary(min_size=1, max_size=60).map(os.fsdecode)
"""What a file may be called, bytes that are not UTF-8 included."""
sources = st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable()) | file_names
ids = st.text("0123456789abcdef", min_size=16, max_size=16)
moments = st.datetimes(
    datetime(1000, 1, 2),
    datetime(9999, 12, 30),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
)
HOSTILE = [
    "..", ".", "/etc/passwd", "C:\\x", "\0", "a/b", "con", "CON", "nul", "aux", "com1", "lpt9", "lock",
    "Lock", "-", "_", "a b", "x" * 300, "ж" * 100, "日本" * 60, "\udcff\udcfe", "e\u0301", "é", "ﬁ", "İ",
    "thumbs.db", "a.", ".a", "~$a", "%41", "_41", "A", "a\n",
]  # fmt: skip


def every_key(source: str) -> list[str]:
    moment, directory = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), layout.source_dir(source)
    return [
        layout.snapshot_key(source, moment, 7, "0123456789abcdef"),
        layout.receipt_key(directory, "0123456789abcdef"),
        layout.mark_key(directory, "0123456789abcdef", 3),
    ]


@given(sources)
def test_any_source_gives_valid_keys(source: str) -> None:
    for key in every_key(source):
        check_key(key)
        assert all(len(part) <= 140 for part in key.split("/"))
    check_prefix(f"{layout.SNAPSHOTS}{layout.source_dir(source)}/")


@pytest.mark.parametrize("source", HOSTILE)
def test_hostile_names_become_folders_like_any_other(source: str, tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "backups", SystemClock(), create=True)
    for key in every_key(source):
        storage.put(key, b"x")
        assert storage.list(key.rpartition("/")[0] + "/") == [Entry(key, 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backups"]
    assert sorted(path.name for path in (tmp_path / "backups").iterdir() if path.is_dir()) == [
        "marks",
        "receipts",
        "snapshots",
    ]


def test_hostile_names_do_not_collide() -> None:
    folders = [layout.source_dir(source) for source in HOSTILE]
    assert len(set(folders)) == len(HOSTILE)
    assert len({folder.lower() for folder in folders}) == len(HOSTILE)


@given(st.lists(sources, min_size=2, max_size=6, unique=True))
@example(["a", "A"])
@example(["_61", "a"])
@example(["aux", "_61ux", "\x61ux "])
def test_no_two_sources_share_a_folder(many: list[str]) -> None:
    assert len({layout.source_dir(source).lower() for source in many}) == len(many)


def test_long_names_that_begin_alike() -> None:
    assert layout.source_dir("x" * 300) != layout.source_dir("x" * 301)
    assert len(layout.source_dir("x" * 301)) == layout.MAX_DIR_LENGTH


@given(sources, moments, st.integers(1, 10**9 - 1), ids)
def test_snapshot_keys(source: str, moment: datetime, sequence: int, snapshot_id: str) -> None:
    key = layout.snapshot_key(source, moment, sequence, snapshot_id)
    found = layout.parse_snapshot_key(key)
    assert found == layout.SnapshotKey(key, layout.source_dir(source), layout.stamp(moment), sequence, snapshot_id)
    assert moment.astimezone(UTC).replace(microsecond=0, tzinfo=None) == datetime.strptime(
        layout.stamp(moment), "%Y%m%dT%H%M%SZ"
    )


@given(st.binary(min_size=8, max_size=8), st.integers(0, 10**9 - 1))
def test_pack_keys(pack_id: bytes, generation: int) -> None:
    assert layout.parse_pack_key(check_key(layout.pack_key(pack_id, generation))) == (pack_id, generation)


@given(sources, ids, st.integers(1, 9999))
def test_record_keys(source: str, snapshot_id: str, sequence: int) -> None:
    directory = layout.source_dir(source)
    receipt, mark = layout.receipt_key(directory, snapshot_id), layout.mark_key(directory, snapshot_id, sequence)
    assert layout.record_snapshot(receipt) == layout.record_snapshot(mark) == snapshot_id
    assert layout.mark_sequence(mark) == sequence
    assert layout.receipt_key(directory, snapshot_id) != receipt


FOREIGN = [
    "", "packs", "packs/", "packs/01", "packs/01/0123456789abcdef", "packs/02/0123456789abcdef-0",
    "packs/01/0123456789ABCDEF-0", "packs/01/0123456789abcdef-00", "packs/01/0123456789abcdef-0.tmp",
    "packs/01/0123456789abcdef-0\n", "packs/01/0123456789abcdef--1",
    "packs/01/0123456789abcdef-9999999999", "snapshots/app/20260101T000000Z-000001-0123456789abcde",
    "snapshots/app/20260101T000000Z-1-0123456789abcdef",
    "snapshots/app/20260101T000000Z-9999999999-0123456789abcdef",
    "snapshots/20260101T000000Z-000001-0123456789abcdef",
    "snapshots/a/b/20260101T000000Z-000001-0123456789abcdef",
    "snapshots/App/20260101T000000Z-000001-0123456789abcdef", "snapshots/app/notes-txt", "plans/x",
    "receipts/app/0123456789abcdef", "receipts/app/0123456789abcdef-0123456",
    "receipts/app/0123456789abcdef-1-01234567", "marks/app/0123456789abcdef-01234567",
    "marks/app/0123456789abcdef-0001-0123456g", "repository.json", "journal.jsonl",
    "snapshots/app/२०260101T000000Z-000001-0123456789abcdef", "packs/01/0123456789abcdef-٣",
]  # fmt: skip


@pytest.mark.parametrize("key", FOREIGN)
def test_foreign_names_are_not_taken_for_ours(key: str) -> None:
    assert layout.parse_pack_key(key) is None
    assert layout.parse_snapshot_key(key) is None
    assert layout.record_snapshot(key) is None
    assert not layout.is_plan_key(key)


@given(moments)
def test_plan_keys(moment: datetime) -> None:
    assert layout.is_plan_key(check_key(layout.plan_key(moment)))


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    for key in (text, "packs/" + text, "snapshots/" + text, "receipts/" + text, "marks/" + text):
        layout.parse_pack_key(key)
        layout.parse_snapshot_key(key)
        layout.record_snapshot(key)


@pytest.mark.parametrize("letter", ["a", "A", "\u20ac"])
def test_of_a_name_of_any_length_only_the_beginning_is_taken_apart(letter: str) -> None:
    names = [layout.source_dir(letter * length) for length in range(1, 300)]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= layout.MAX_DIR_LENGTH
    assert len(layout.source_dir(letter * 10_000_000)) <= layout.MAX_DIR_LENGTH
