"""Reading a pinned database raw: the same bytes as through SQLite, or not at all."""

from __future__ import annotations

import os
import random
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litekeep.clock import SystemClock
from litekeep.sqlite import rawread, wal
from litekeep.sqlite.capture import CaptureOptions, Image, capture, pin
from litekeep.sqlite.wal import WalTrouble
from litekeep.testing import RecordingMonitor
from sqlite.databases import connect, fill, make, pieces, same_pages

THROUGH_SQLITE = CaptureOptions(raw=False)


def take(source: Path, copy: Path) -> tuple[Image, list[str]]:
    """A capture, and why raw reading was given up, if it was."""
    monitor = RecordingMonitor()
    image = capture(source, copy, clock=SystemClock(), monitor=monitor)
    return image, [str(facts["reason"]) for name, facts in monitor.events if name == "raw_read_given_up"]


@contextmanager
def writing(source: Path) -> Iterator[sqlite3.Connection]:
    """A program with the database open, whose log is never folded in by itself."""
    with closing(connect(source)) as db:
        db.execute("PRAGMA wal_autocheckpoint=0").fetchall()
        yield db


def require_equal(source: Path, copy: Path, folder: Path) -> None:
    """The raw copy holds what SQLite's own copy holds."""
    through = folder / "through.db"
    capture(source, through, clock=SystemClock(), monitor=RecordingMonitor(), options=THROUGH_SQLITE)
    assert same_pages(through, copy)
    through.unlink()


@pytest.mark.parametrize("page_size", [512, 1024, 4096, 65536])
def test_the_log_lies_over_the_file(tmp_path: Path, page_size: int) -> None:
    source = make(tmp_path / "a.db", page_size=page_size, mode="wal", rows=50)
    with writing(source) as db:
        for rows in (30, 200, 5):
            fill(db, rows)
        assert source.with_name("a.db-wal").stat().st_size > 0
        image, reasons = take(source, tmp_path / "copy.db")
        assert (image.method, reasons) == ("raw_read", [])
        assert image.facts.size_bytes > source.stat().st_size  # the file ends before the database does
        require_equal(source, tmp_path / "copy.db", tmp_path)


def test_a_log_that_is_partly_in_the_file(tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", mode="wal", rows=50)
    with writing(source) as db, closing(connect(source)) as reader:
        fill(db, 30)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM item").fetchall()
        fill(db, 30)
        busy, frames, folded = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert (busy, 0 < folded < frames) == (0, True)
        image, _ = take(source, tmp_path / "copy.db")
        assert image.method == "raw_read"
        require_equal(source, tmp_path / "copy.db", tmp_path)


def test_a_log_that_is_wholly_in_the_file_is_not_looked_at(tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", mode="wal", rows=50)
    with writing(source) as db:
        fill(db, 30)
        db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        with pin(source, clock=SystemClock(), monitor=RecordingMonitor(), options=CaptureOptions()) as pinned:
            fill(db, 30)  # begins the log anew, behind the back of a reader that does not need it
            image = pinned.copy_to(tmp_path / "copy.db")
        assert image.method == "raw_read"
        with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            (kept,) = copy.execute("SELECT count(*) FROM item").fetchone()
            assert kept < db.execute("SELECT count(*) FROM item").fetchone()[0]


def test_a_database_that_became_smaller(tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", mode="wal", rows=2000)
    with writing(source) as db:
        db.execute("DELETE FROM item WHERE id > 20")
        db.execute("VACUUM")
        image, _ = take(source, tmp_path / "copy.db")
        assert image.method == "raw_read"
        assert image.facts.size_bytes < source.stat().st_size
        require_equal(source, tmp_path / "copy.db", tmp_path)


def test_a_long_log_is_left_to_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawread, "MAX_FRAMES", 3)
    monkeypatch.setattr(rawread, "PAGES_PER_FRAME", 1000)
    source = make(tmp_path / "a.db", mode="wal", rows=50)
    with writing(source) as db:
        fill(db, 50)
        image, reasons = take(source, tmp_path / "copy.db")
        assert (image.method, reasons) == ("backup_api", ["the log is long"])


@pytest.mark.parametrize("place", ["salt", "content", "last frame's checksum", "header"])
def test_a_log_that_is_not_what_its_index_says(tmp_path: Path, place: str) -> None:
    """SQLite itself does not look again at a checksum that it has seen; we do, and leave such a log to it."""
    source = make(tmp_path / "a.db", mode="wal", rows=50)
    with writing(source) as db:
        fill(db, 50)
        size = source.with_name("a.db-wal").stat().st_size
        offset = {"salt": 32 + 10, "content": 32 + 24 + 4096 + 24 + 2000, "header": 20}.get(place, size - 4096 - 5)
        with source.with_name("a.db-wal").open("r+b") as log:
            log.seek(offset)
            byte = log.read(1)
            log.seek(offset)
            log.write(bytes([byte[0] ^ 1]))
        image, reasons = take(source, tmp_path / "copy.db")
        assert image.method == "backup_api"
        assert len(reasons) == 1
        assert "log" in reasons[0]


def test_the_page_of_the_lock_byte_is_blank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawread, "LOCK_BYTE", 5 * 4096)
    source = make(tmp_path / "a.db", rows=200)
    assert take(source, tmp_path / "copy.db")[0].method == "raw_read"
    ours, theirs = (tmp_path / "copy.db").read_bytes(), source.read_bytes()
    assert ours[5 * 4096 : 6 * 4096] == bytes(4096) != theirs[5 * 4096 : 6 * 4096]
    assert ours[: 5 * 4096] + ours[6 * 4096 :] == theirs[: 5 * 4096] + theirs[6 * 4096 :]


def test_nothing_is_kept_that_was_not_asked_for(tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", mode="wal", rows=3000)
    with pin(source, clock=SystemClock(), monitor=RecordingMonitor(), options=CaptureOptions()) as pinned:
        with pinned.reading(tmp_path / "copy.db") as reading:
            read = b"".join(bytes(view) for _, view in pieces(reading, 1 << 16))
            reading.keep(8192, memoryview(read)[8192:12288])
        assert reading.image.method == "raw_read"
    assert read == source.read_bytes()
    copy = (tmp_path / "copy.db").read_bytes()
    assert copy == bytes(8192) + read[8192:12288] + bytes(len(read) - 12288)


def test_too_many_commits_to_find_a_quiet_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between any two looks at the index a commit happens: the raw way is not taken."""
    source = make(tmp_path / "a.db", mode="wal", rows=50)
    with writing(source) as db:
        fill(db, 5)
        look = wal.parse_index

        def look_and_commit(area: bytes) -> wal.WalIndex | None:
            db.execute("UPDATE item SET name = name || 'x' WHERE id = 1")
            return look(area)

        monkeypatch.setattr(wal, "parse_index", look_and_commit)
        image, _ = take(source, tmp_path / "copy.db")
        assert image.method == "backup_api"
        with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


words = st.integers(0, 0xFFFFFFFF)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([512, 1024, 4096, 65536]), st.tuples(words, words), st.booleans())
def test_the_quick_checksum_is_the_slow_one(
    seed: int, page_size: int, before: tuple[int, int], big_endian: bool
) -> None:
    frame = random.Random(seed).randbytes(24 + page_size)
    order = ">" if big_endian else "<"
    data = struct.unpack(f"{order}{2 + page_size // 4}I", frame[:8] + frame[24:])
    assert wal.frame_checksum(frame, before, big_endian=big_endian) == wal._checksum_slowly(data, before)


@given(st.binary(max_size=200))
def test_a_foreign_index_is_refused(area: bytes) -> None:
    try:
        assert wal.parse_index(area) is None
    except WalTrouble:
        pass


def test_a_real_log_passes_all_checks(tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", mode="wal", rows=50)
    with writing(source) as db:
        fill(db, 100)
        index = wal.parse_index(source.with_name("a.db-shm").read_bytes()[: wal.INDEX_AREA_BYTES])
        assert index is not None
        log = os.open(source.with_name("a.db-wal"), os.O_RDONLY)
        try:
            frames = rawread._checked_frames(log, index)
        finally:
            os.close(log)
        assert (index.page_size, index.backfilled) == (4096, 0)
        assert 0 < len(frames) <= index.last_frame
