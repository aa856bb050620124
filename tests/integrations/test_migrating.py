"""Which file a driver's name means, and errors that name the extra."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from litekeep.errors import UsageError
from litekeep.integrations.extras import library
from litekeep.integrations.migrating import file_of, holds_something, is_same, require_same

from .conftest import App


@pytest.mark.parametrize(
    "name", [None, "", ":memory:", "file::memory:", "file:name?mode=memory&cache=shared", 3], ids=str
)
def test_no_file_is_meant(name: object) -> None:
    assert file_of(name) is None


@pytest.mark.parametrize("name", ["{}/a b.db", "file:{}/a b.db", "file:{}/a%20b.db?mode=rwc", "file://{}/a%20b.db"])
@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
def test_the_file_of_a_name(name: str, tmp_path: Path) -> None:
    assert file_of(name.format(tmp_path)) == tmp_path / "a b.db"


def test_a_path_is_relative_to_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_of(Path("app.db")) == tmp_path / "app.db"


def test_one_file_by_two_names_is_the_same(app: App) -> None:
    link = app.folder / "link.db"
    link.symlink_to(app.database)
    assert is_same(app.database, link)
    require_same(app.manager, link, "the library")


def test_another_database_is_refused(app: App) -> None:
    with pytest.raises(UsageError, match=r"the library uses .*other\.db, but this BackupManager protects .*app\.db"):
        require_same(app.manager, app.folder / "other.db", "the library")
    with pytest.raises(UsageError, match="a database in memory"):
        require_same(app.manager, None, "the library")


def test_what_holds_something(app: App) -> None:
    empty = app.folder / "empty.db"
    empty.touch()
    assert holds_something(app.database)
    assert not holds_something(empty)
    assert not holds_something(app.folder / "none.db")


def test_a_missing_library_is_named_with_its_extra() -> None:
    with pytest.raises(UsageError, match="nosuchlibrary is not installed") as caught:
        library("nosuchlibrary.router", "peewee")
    assert caught.value.hint == "Install it: pip install 'litekeep[peewee]'."


def test_a_library_that_is_there_but_broken_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brokenlibrary.py").write_text("import nosuchmodule\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nosuchmodule"):
        library("brokenlibrary", "peewee")
