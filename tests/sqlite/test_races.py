"""The races on which reading raw depends (docs/explanation/capture.md), each forced at its worst moment."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import SourceUnreadable
from litekeep.sqlite import wal
from litekeep.sqlite.capture import CaptureOptions, Image, SourceReplaced, pin
from litekeep.testing import RecordingMonitor
from sqlite.databases import connect, fill, in_killed_child, leave_wal, make, pieces, same_pages
from sqlite.test_rawread import require_equal, take, writing


class Looks:
    """Does something after the n-th look at the wal-index; what was read by then is already out of date."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, does: dict[int, Callable[[], object]]) -> None:
        self.count = 0
        self._does = does
        self._look = wal.parse_index
        monkeypatch.setattr(wal, "parse_index", self._looked)

    def _looked(self, area: bytes) -> wal.WalIndex | None:
        found = self._look(area)
        self.count += 1
        self._does.get(self.count, lambda: None)()
        return found


def content(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return db.execute("SELECT * FROM item ORDER BY id").fetchall()


def test_everything_is_copied_back_between_the_look_and_the_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction then holds SQLite's read-lock 0, which lets a writer begin the log anew while we read it."""
    source = make(tmp_path / "a.db", mode="wal", rows=50)
    with writing(source) as db:
        fill(db, 300)
        wanted = db.execute("SELECT * FROM item ORDER BY id").fetchall()
        Looks(monkeypatch, {1: lambda: db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()})
        with pin(source, clock=SystemClock(), monitor=RecordingMonitor(), options=CaptureOptions()) as pinned:
            db.execute("UPDATE item SET name = 'begun anew'")
            image = pinned.copy_to(tmp_path / "copy.db")
    assert image.method == "raw_read"
    assert content(tmp_path / "copy.db") == wanted


def test_the_log_begins_anew_between_the_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of frames may even be the same: salts and counter tell the difference."""
    source = make(tmp_path / "a.db", mode="wal", rows=50)
    with writing(source) as db:
        db.execute("UPDATE item SET name = 'before' WHERE id = 1")

        def anew() -> None:
            db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
            db.execute("UPDATE item SET name = 'after' WHERE id = 1")

        looks = Looks(monkeypatch, {1: anew})
        image, reasons = take(source, tmp_path / "copy.db")
        assert (image.method, reasons) == ("raw_read", [])
        assert looks.count == 4  # both looks again
        assert content(tmp_path / "copy.db") == db.execute("SELECT * FROM item ORDER BY id").fetchall()


@pytest.mark.parametrize("kind", ["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
def test_checkpoints_while_the_file_is_read(tmp_path: Path, kind: str) -> None:
    """They write pages of our state into the file, and commits of later ones go into the log."""
    source = make(tmp_path / "a.db", mode="wal", rows=2000)
    with writing(source) as db:
        db.execute("UPDATE item SET name = 'ours' WHERE id % 3 = 1")
        wanted = db.execute("SELECT * FROM item ORDER BY id").fetchall()
        with pin(source, clock=SystemClock(), monitor=RecordingMonitor(), options=CaptureOptions()) as pinned:
            with pinned.reading(tmp_path / "copy.db") as reading:
                for number, (offset, view) in enumerate(pieces(reading, 1 << 15)):
                    reading.keep(offset, view)
                    db.execute("UPDATE item SET name = ?, body = NULL WHERE id % 3 < 2", [f"later {number}"])
                    db.execute("PRAGMA busy_timeout=0").fetchall()
                    db.execute(f"PRAGMA wal_checkpoint({kind})").fetchall()
            assert reading.image.method == "raw_read"
            assert number > 5
    assert content(tmp_path / "copy.db") == wanted


def test_frames_of_a_transaction_that_is_still_open(tmp_path: Path) -> None:
    """A small cache makes a program write pages into the log long before it commits."""
    source = make(tmp_path / "a.db", mode="wal", rows=2000)
    with writing(source) as db:
        wanted = db.execute("SELECT * FROM item ORDER BY id").fetchall()
        db.execute("PRAGMA cache_size=5").fetchall()
        db.execute("BEGIN")
        db.execute("UPDATE item SET name = 'not yet', body = zeroblob(300)")
        assert source.with_name("a.db-wal").stat().st_size > 100_000
        image, _ = take(source, tmp_path / "copy.db")
        db.execute("ROLLBACK")
    assert image.method == "raw_read"
    assert content(tmp_path / "copy.db") == wanted


@pytest.mark.parametrize("tail", ["half a frame", "a whole frame without a commit", "an old log's frames"])
def test_a_torn_end_of_the_log(tmp_path: Path, tail: str) -> None:
    """What lies behind the last commit is nobody's, whatever it is; a program that died left it."""
    source = make(tmp_path / "a.db", mode="wal", rows=200)
    leave_wal(source, rows=80)
    log = source.with_name("a.db-wal")
    frames = log.read_bytes()[32:]
    frame = frames[: 24 + 4096]
    behind = {"half a frame": frame[:2000], "a whole frame without a commit": frame}.get(tail, frames)
    log.write_bytes(log.read_bytes() + behind)
    image, _ = take(source, tmp_path / "copy.db")
    require_as_sqlite_sees(image, source, tmp_path / "copy.db")


@pytest.mark.parametrize("index", ["as it was left", "zeros", "of an earlier moment", "garbage", "missing"])
def test_an_index_that_is_out_of_date(tmp_path: Path, index: str) -> None:
    """The first to open a database whose programs have died makes the index anew, from the log."""
    source = make(tmp_path / "a.db", mode="wal", rows=200)
    shared, kept = source.with_name("a.db-shm"), tmp_path / "earlier"

    def two_commits() -> None:
        db = connect(source)
        db.execute("PRAGMA wal_autocheckpoint=0")
        fill(db, 30)
        kept.write_bytes(shared.read_bytes())
        fill(db, 60)

    in_killed_child(two_commits)
    new = {"zeros": bytes(32768), "of an earlier moment": kept.read_bytes(), "garbage": os.urandom(32768)}
    if index in new:
        shared.write_bytes(new[index])
    elif index == "missing":
        shared.unlink()
    image, _ = take(source, tmp_path / "copy.db")
    require_as_sqlite_sees(image, source, tmp_path / "copy.db")


def test_a_log_larger_than_the_database(tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", mode="wal", rows=20)
    with writing(source) as db:
        for number in range(300):
            db.execute("UPDATE item SET name = ?", [f"round {number}"])
        assert source.with_name("a.db-wal").stat().st_size > 20 * source.stat().st_size
        image, _ = take(source, tmp_path / "copy.db")
        assert image.method == "raw_read"
        require_equal(source, tmp_path / "copy.db", tmp_path)


@pytest.mark.parametrize("how", ["another one is there", "none is there"])
def test_the_log_of_another_database(tmp_path: Path, how: str) -> None:
    """The path leads to a log that SQLite does not use: never looked at."""
    source, other = make(tmp_path / "a.db", mode="wal", rows=50), make(tmp_path / "b.db", mode="wal", rows=50)
    log = source.with_name("a.db-wal")
    with writing(source) as db, writing(other) as foreign:
        fill(db, 20)
        fill(foreign, 90)
        db.execute("BEGIN")
        wanted = db.execute("SELECT * FROM item ORDER BY id").fetchall()

        def change() -> None:
            os.rename(log, tmp_path / "aside")
            if how == "another one is there":
                os.link(other.with_name("b.db-wal"), log)

        with pytest.MonkeyPatch.context() as patches:
            Looks(patches, {2: change})
            if how == "none is there":
                with pytest.raises(SourceUnreadable, match="is cut off"):
                    take(source, tmp_path / "copy.db")
                return
            image, reasons = take(source, tmp_path / "copy.db")
        db.execute("COMMIT")
    assert image.method == "backup_api"
    assert len(reasons) == 1
    assert content(tmp_path / "copy.db") == wanted


def test_the_file_is_replaced_while_it_is_read(tmp_path: Path) -> None:
    """What its users see now is what the second attempt captures."""
    source, new = make(tmp_path / "a.db", rows=2000), make(tmp_path / "new.db", rows=30)
    with pytest.raises(SourceReplaced):
        with pin(source, clock=SystemClock(), monitor=RecordingMonitor(), options=CaptureOptions()) as pinned:
            with pinned.reading(tmp_path / "copy.db") as reading:
                for offset, view in pieces(reading, 1 << 15):
                    reading.keep(offset, view)
                    if offset == 0:
                        os.replace(new, source)
    assert not (tmp_path / "copy.db").exists()
    image, _ = take(source, tmp_path / "copy.db")
    assert same_pages(source, image.path)


def test_the_journal_mode_changes_between_looking_and_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a log to a journal and back needs the file alone: our connection, once open, prevents it."""
    source = make(tmp_path / "a.db", mode="wal", rows=50)
    with writing(source) as db:
        modes: list[object] = []
        Looks(monkeypatch, {1: lambda: modes.extend(attempt(db, "PRAGMA journal_mode=DELETE"))})
        image, _ = take(source, tmp_path / "copy.db")
        assert modes == ["database is locked"]
        assert image.method == "raw_read"
        require_equal(source, tmp_path / "copy.db", tmp_path)


def attempt(db: sqlite3.Connection, statement: str) -> list[object]:
    db.execute("PRAGMA busy_timeout=0").fetchall()
    try:
        return [value for (value,) in db.execute(statement)]
    except sqlite3.OperationalError as error:
        return [str(error)]


def require_as_sqlite_sees(image: Image, source: Path, copy: Path) -> None:
    """Read raw, and equal to what SQLite copies."""
    assert image.method == "raw_read"
    require_equal(source, copy, copy.parent)
    with closing(connect(source)) as db:
        assert content(copy) == db.execute("SELECT * FROM item ORDER BY id").fetchall()
