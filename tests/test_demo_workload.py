"""The sample database of the demonstration and the benchmarks is what it says."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from demo.employees import TABLES, JournalMode, count_rows, delete_every_second, make, work_day


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()


def pragma(path: Path, name: str) -> object:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"PRAGMA {name}").fetchone()[0]


@pytest.fixture
def company(tmp_path: Path) -> Path:
    path = tmp_path / "company.db"
    make(path, 0.5)
    return path


def test_the_same_seed_gives_the_same_rows(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.db" for name in "abc"]
    for path, seed in zip(paths, (5, 5, 6), strict=True):
        make(path, 0.5, seed=seed)
        work_day(path, updates=7, hires=3, seed=seed)
    same, again, other = ([rows(path, table) for table in TABLES] for path in paths)
    assert same == again
    assert same != other


@pytest.mark.parametrize(
    ("journal_mode", "page_size"),
    [("wal", 4096), ("delete", 4096), ("truncate", 1024), ("persist", 16384), ("wal", 65536)],
)
def test_size_page_size_and_journal_mode_are_as_asked(
    tmp_path: Path, journal_mode: JournalMode, page_size: int
) -> None:
    path = tmp_path / "company.db"
    people = make(path, 2.0, journal_mode=journal_mode, page_size=page_size)
    assert people == count_rows(path)["employees"]
    assert 2.0 <= path.stat().st_size / 2**20 < 2.5
    assert pragma(path, "page_size") == page_size
    if journal_mode in {"wal", "delete"}:  # truncate and persist belong to a connection, not to the file
        assert pragma(path, "journal_mode") == journal_mode
    assert list(tmp_path.iterdir()) == [path]


def test_the_database_is_sound(company: Path) -> None:
    work_day(company)
    assert pragma(company, "integrity_check") == "ok"
    with closing(sqlite3.connect(company)) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_existing_file_is_left_alone(company: Path) -> None:
    before = company.read_bytes()
    with pytest.raises(FileExistsError):
        make(company, 0.5)
    assert company.read_bytes() == before


@pytest.mark.parametrize(("updates", "hires"), [(20, 2), (1, 0), (0, 3), (0, 0)])
def test_a_work_day_changes_what_it_says(company: Path, updates: int, hires: int) -> None:
    before = rows(company, "employees")
    counts = count_rows(company)
    work_day(company, updates, hires, seed=3)
    after = rows(company, "employees")
    edited = [new for old, new in zip(before, after[: len(before)], strict=True) if old != new]
    assert len(edited) == updates
    assert len(after) == len(before) + hires
    assert count_rows(company)["changes"] == counts["changes"] + updates + hires
    logged = {row[3]: row[6] for row in rows(company, "changes")[counts["changes"] :] if row[4] == "notes"}
    assert logged == {row[0]: row[11] for row in edited}


def test_more_edits_than_people_edits_everyone(company: Path) -> None:
    people = count_rows(company)["employees"]
    changes = count_rows(company)["changes"]
    work_day(company, updates=people + 50, hires=0)
    assert count_rows(company)["changes"] == changes + people


def test_a_day_touches_a_small_part_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "company.db"
    make(path, 4.0)
    before = path.read_bytes()
    work_day(path)
    after = path.read_bytes()
    pages = range(0, len(after), 4096)
    changed = sum(before[start : start + 4096] != after[start : start + 4096] for start in pages)
    assert 20 <= changed <= 100


def test_the_mistake_deletes_every_second_employee_and_what_is_theirs(company: Path) -> None:
    people = count_rows(company)["employees"]
    assert delete_every_second(company) == people // 2
    counts = count_rows(company)
    assert counts["employees"] == people - people // 2
    assert counts["checkups"] == counts["employees"]
    assert counts["changes"] == people
