"""The races on which reading raw depends (docs/explanation/capture.md), each forced at its worst moment."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.sqlite import rawread, wal
from litekeep.sqlite.capture import CaptureOptions, capture, pin
from litekeep.testing import RecordingMonitor
from sqlite.databases import connect, fill, make, same_pages
from sqlite.test_rawread import THROUGH_SQLITE, require_equal, take, writing


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
