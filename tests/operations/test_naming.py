"""Which series a database's backups belong to."""

from __future__ import annotations

import shutil
from pathlib import Path

from operations.home import Home, warnings_of


def at(home: Home, name: str) -> Path:
    """A database at another place."""
    path = home.folder / "data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not home.database.exists():
        home.make(rows=5)
    shutil.copy(home.database, path)
    return path


def named(home: Home, path: Path) -> str:
    """The source of the next backup."""
    return home.backup(source=path).snapshot.source


def test_two_databases_with_one_file_name(home: Home) -> None:
    paths = [at(home, f"{folder}/data.db") for folder in ("a", "b", "c", "deep/b")]
    names = ["data", "data-b", "data-c", "data-2"]
    for _ in range(2):
        assert [named(home, path) for path in paths] == names
    assert warnings_of(home.monitor) == []
    assert {each.source for each in home.snapshots()} == set(names)


def test_a_moved_database_continues_its_series(home: Home) -> None:
    path = at(home, "a/data.db")
    assert named(home, path) == "data"
    moved = path.parent.with_name("elsewhere") / "data.db"
    moved.parent.mkdir()
    path.rename(moved)
    assert named(home, moved) == "data"
    assert warnings_of(home.monitor) == ["moved"]
    assert named(home, moved) == "data"
    assert warnings_of(home.monitor) == ["moved"]
    # Another one at the old place is another one.
    assert named(home, at(home, "a/data.db")) == "data-a"


def test_a_database_is_known_by_its_path_whatever_it_is_called(home: Home) -> None:
    path = at(home, "a/data.db")
    home.backup(source=path, source_name="the company")
    assert named(home, path) == "the company"
    link = home.folder / "data" / "link.db"
    link.symlink_to(path)
    assert named(home, link) == "the company"


def test_one_unreadable_manifest_does_not_merge_two_databases(home: Home) -> None:
    first, second = at(home, "a/data.db"), at(home, "b/data.db")
    assert [named(home, first), named(home, second)] == ["data", "data-b"]
    assert [named(home, first), named(home, second)] == ["data", "data-b"]
    for path in (first, second):
        home.sql("SELECT 1")
        shutil.copy(home.database, path)
        home.backup(source=path, skip_unchanged=False)
    for source in ("data", "data-b"):
        newest = [each for each in home.snapshots() if each.source == source][-1]
        home.flip(newest.key, 60)
    assert [named(home, first), named(home, second)] == ["data", "data-b"]
    assert named(home, at(home, "c/data.db")) == "data-c"
