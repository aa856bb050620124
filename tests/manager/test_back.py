"""Looking at what a restore would change, and restoring a file that a person picked."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.errors import NotADatabase, Refused, SourceMissing, UnknownSnapshot

from .conftest import Application, notes_in


def test_a_preview_counts_both_sides_and_changes_nothing(app: Application) -> None:
    manager = app.manager()
    app.write("one")
    first = manager.create_backup()
    rows = len(manager.history())
    app.add(5)
    app.write("two")
    preview = manager.preview_restore(first)
    assert preview.exists
    assert preview.why == ""
    assert preview.differences() == [("item", 55, 50), ("note", 2, 1)]
    assert manager.preview_restore(first.short_id).after == preview.after
    assert len(manager.history()) == rows
    assert app.notes() == ["one", "two"]
    with pytest.raises(UnknownSnapshot):
        manager.preview_restore("feedfacefeedface")


def plain_copy(app: Application, path: Path) -> Path:
    with closing(sqlite3.connect(path)) as copy:
        app.db.backup(copy)
    return path


def test_a_preview_of_a_file(app: Application, tmp_path: Path) -> None:
    app.write("one")
    file = plain_copy(app, tmp_path / "old.db")
    packed = tmp_path / "old.db.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    app.write("two")
    manager = app.manager()
    for each in (file, packed):
        assert manager.preview_restore(each).differences() == [("item", 50, 50), ("note", 2, 1)]
    with pytest.raises(SourceMissing):
        manager.preview_restore(tmp_path / "none.db")
    assert not app.backups.exists()


def test_a_file_is_restored_over_the_open_database_and_taken_back(app: Application, tmp_path: Path) -> None:
    app.write("one")
    packed = tmp_path / "old.db.gz"
    packed.write_bytes(gzip.compress(plain_copy(app, tmp_path / "old.db").read_bytes()))
    app.write("two")
    manager = app.manager()
    called: list[str] = []
    manager.before_restore = lambda: called.append("before")
    manager.after_restore = lambda: called.append("after")
    result = manager.restore_file(packed)  # there is no repository yet: it is made for the safety copy
    assert result.how == "live"
    assert result.safety_copy
    assert app.notes() == ["one"]
    assert manager.undo_restore().how == "live"
    assert app.notes() == ["one", "two"]
    assert called == ["before", "after"] * 2
    assert [(row.verb, row.source) for row in manager.history()] == [("undo", "app"), ("restore", "app")]


def test_a_file_is_restored_to_a_new_path_only(app: Application, tmp_path: Path) -> None:
    app.write("one")
    file = plain_copy(app, tmp_path / "old.db")
    manager = app.manager()
    assert manager.restore_file(str(file), to=tmp_path / "new.db").how == "new"
    assert notes_in(tmp_path / "new.db") == ["one"]
    with pytest.raises(Refused, match="exists"):
        manager.restore_file(file, to=tmp_path / "new.db")
    assert not app.backups.exists()


def test_a_file_that_is_no_database_changes_nothing(app: Application, tmp_path: Path) -> None:
    app.write("one")
    (tmp_path / "letter.db").write_bytes(b"Dear Sir or Madam, " * 100)
    manager = app.manager()
    manager.create_backup()
    with pytest.raises(NotADatabase):
        manager.restore_file(tmp_path / "letter.db")
    assert app.notes() == ["one"]
    assert len(manager.list_backups()) == 1


def test_a_file_comes_back_where_the_database_is_lost_or_damaged(app: Application, tmp_path: Path) -> None:
    app.write("one")
    file = plain_copy(app, tmp_path / "old.db")
    app.db.close()
    manager = app.manager()
    app.path.unlink()
    for end in ("-wal", "-shm"):
        app.path.with_name(app.path.name + end).unlink(missing_ok=True)
    assert manager.restore_file(file).how == "new"
    assert notes_in(app.path) == ["one"]
    app.path.write_bytes(b"not a database any more " * 500)
    result = manager.restore_file(file, all_closed=True)
    assert result.how == "replaced"
    assert result.kept_aside
    assert notes_in(app.path) == ["one"]
    shutil.rmtree(result.kept_aside)
