"""The campaign notices captures that are not what was committed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.sqlite import rawread
from sqlite import programs
from sqlite.company import SETTINGS, made, require_committed
from torture import truth
from torture.campaign import Tally


def test_pages_that_are_not_taken_from_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawread.RawSource, "_in_log", lambda *_: [])
    number = next(n for n, each in enumerate(SETTINGS) if each.name == "automatic checkpoints")
    tally = Tally()
    truth.run((1, number, 6), tally, tmp_path)
    # Not all of them: right after a checkpoint nothing has to be taken from the log.
    assert tally.cases == 6
    assert tally.deviated > 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE counter SET n = n + 1",
        "UPDATE row SET body = x'00' WHERE n = 2",
        "DELETE FROM row WHERE n = 1",
        "DELETE FROM wave WHERE n = 3",
    ],
)
def test_a_sound_file_that_never_was_committed(tmp_path: Path, change: str) -> None:
    copy = made(tmp_path / "a.db", next(each for each in SETTINGS if each.mode == "delete"))
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        db.executemany("INSERT INTO row VALUES (?, ?)", programs.expected(3))
        db.executemany("INSERT INTO wave VALUES (?, ?)", programs.wave(3))
        db.execute("UPDATE counter SET n = 3")
    assert require_committed(copy) == 3
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        db.execute(change)
    with pytest.raises(AssertionError):
        require_committed(copy)
