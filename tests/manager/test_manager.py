"""Everything that an application can ask of its manager, once, with the database open."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.errors import Cancelled, NoRepository, Refused, SourceMissing, UnknownSnapshot, UsageError
from litekeep.model import Level, Reason
from litekeep.monitor import Fact
from litekeep.operations.status import Verdict

from .conftest import Application, notes_in


def test_backups_are_made_listed_and_verified(app: Application) -> None:
    manager = app.manager()
    assert manager.list_backups() == []
    assert manager.status().verdict is Verdict.NEVER
    app.write("one")
    first = manager.create_backup("before the audit", pinned=True)
    assert (first.label, first.pinned, first.reason) == ("before the audit", True, Reason.MANUAL)
    assert first.verified is Level.FULL
    second = manager.create_backup()
    assert [each.id for each in manager.list_backups()] == [first.id, second.id]
    assert manager.verify_backup(first).damage == ()
    assert manager.verify_backup().snapshot.id == second.id
    assert manager.status().verdict is Verdict.UNPROVEN
    manager.test_restore()
    assert manager.status().verdict is Verdict.HEALTHY
    assert manager.repository == app.backups


def test_a_submitted_backup_tells_what_happens(app: Application) -> None:
    manager = app.manager()
    heard: list[tuple[str, dict[str, Fact]]] = []
    manager.subscribe(lambda name, facts: heard.append((name, facts)))
    result = manager.submit_backup("soon").result(30)
    assert result.snapshot.label == "soon"
    names = [name for name, _ in heard]
    assert names[0] == "job_started"
    assert names[-1] == "job_finished"
    assert {"progress", "backup_started", "backup_finished"} <= set(names)
    assert {facts["verb"] for _, facts in heard} == {"backup"}
    assert manager.list_backups()[0].id == result.snapshot.id


def test_a_running_backup_is_cancelled(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    app.add(3000, 4000)
    stops: list[bool] = []

    def at_progress(name: str, facts: dict[str, Fact]) -> None:
        if name == "progress" and not stops:
            stops.append(future.cancel())

    manager.subscribe(at_progress)
    future = manager.submit_backup()
    with pytest.raises(Cancelled):
        future.result(30)
    assert stops == [True]
    assert future.cancel() is False
    assert len(manager.list_backups()) == 1
    assert manager.history(1)[0].outcome.value == "cancelled"
    assert manager.create_backup().sound


def test_a_waiting_backup_is_cancelled_and_never_begun(app: Application) -> None:
    manager = app.manager()
    app.add(2000, 4000)
    first, second = manager.submit_backup(), manager.submit_backup("second")
    assert second.cancel()
    assert first.result(30).snapshot.sound
    assert second.cancelled()
    assert [each.label for each in manager.list_backups()] == [""]


def test_waiting_for_a_backup_has_a_limit(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    holder = sqlite3.connect(app.path, isolation_level=None)
    app.db.close()
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TimeoutError):
        manager.create_backup(timeout_seconds=0.3)
    holder.close()
    assert manager.create_backup().sound


def test_restore_over_the_open_database_and_undo(app: Application) -> None:
    manager = app.manager()
    app.write("one")
    first = manager.create_backup()
    app.write("two")
    with closing(sqlite3.connect(app.path)) as other:
        result = manager.restore_backup(first)
        assert result.how == "live"
        assert result.safety_copy
        assert app.notes() == ["one"]
        assert other.execute("SELECT text FROM note").fetchall() == [("one",)]
        assert manager.undo_restore().target == app.path
        assert app.notes() == ["one", "two"]
    app.write("three")
    assert notes_in(app.path) == ["one", "two", "three"]


def test_restore_by_name_to_a_file_that_must_be_new(app: Application, tmp_path: Path) -> None:
    manager = app.manager()
    app.write("one")
    first = manager.create_backup()
    app.write("two")
    manager.create_backup()
    manager.restore_backup(first.short_id, to=tmp_path / "first.db")
    manager.restore_backup("latest", to=str(tmp_path / "newest.db"))
    assert notes_in(tmp_path / "first.db") == ["one"]
    assert notes_in(tmp_path / "newest.db") == ["one", "two"]
    with pytest.raises(Refused):
        manager.restore_backup(first, to=tmp_path / "first.db")
    with pytest.raises(UnknownSnapshot):
        manager.restore_backup("feedfacefeedface", to=tmp_path / "none.db")
    assert app.notes() == ["one", "two"]


def test_nothing_to_undo(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    with pytest.raises(UnknownSnapshot):
        manager.undo_restore()


def test_export(app: Application, tmp_path: Path) -> None:
    manager = app.manager()
    app.write("one")
    manager.create_backup()
    written = manager.export_backup("latest", tmp_path / "plain.db.gz")
    (tmp_path / "plain.db").write_bytes(gzip.decompress(written.read_bytes()))
    assert notes_in(tmp_path / "plain.db") == ["one"]


def test_test_restore_and_history(app: Application) -> None:
    manager = app.manager()
    first = manager.create_backup()
    result = manager.test_restore()
    assert (result.snapshot.id, result.damage) == (first.id, ())
    assert manager.test_restore(first.id).restored_bytes > 0
    assert manager.list_backups()[0].verified is Level.DRILL
    assert [row.verb for row in manager.history()] == ["drill", "drill", "prune", "backup"]
    assert len(manager.history(limit=1)) == 1


def test_rotation_keeps_what_people_made(app: Application) -> None:
    manager = app.manager(retention_days=0, retention_weeks=0, retention_months=0, keep_last=1)
    for number in range(4):
        app.write(str(number))
        manager.create_backup("by hand" if number == 0 else "", reason=[Reason.MANUAL, Reason.SCHEDULED][number > 0])
    result = manager.rotate_backups(confirmed=True)
    assert result.waiting == ()
    kept = manager.list_backups()
    assert [each.reason for each in kept] == [Reason.MANUAL, Reason.SCHEDULED]
    assert kept[-1].sound


def test_hooks_around_a_restore_over_the_database_only(app: Application, tmp_path: Path) -> None:
    manager = app.manager()
    called: list[str] = []
    manager.before_restore = lambda: called.append("before")
    manager.after_restore = lambda: called.append("after")
    first = manager.create_backup()
    manager.restore_backup(first, to=tmp_path / "new.db")
    assert called == []
    manager.restore_backup(first)
    assert called == ["before", "after"]
    with pytest.raises(UnknownSnapshot):
        manager.restore_backup("feedfacefeedface")
    assert called == ["before", "after"] * 2
    manager.undo_restore()
    assert called == ["before", "after"] * 3


def test_a_hook_that_raises_stops_the_restore(app: Application) -> None:
    manager = app.manager()
    first = manager.create_backup()
    app.write("newer")

    def refuse() -> None:
        raise RuntimeError("a window is open")

    manager.before_restore = refuse
    with pytest.raises(RuntimeError, match="a window is open"):
        manager.restore_backup(first)
    assert app.notes() == ["newer"]


def test_after_close_nothing_is_done(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    manager.close()
    for call in (manager.create_backup, manager.submit_backup, manager.verify_backup, manager.start, manager.run_due):
        with pytest.raises(UsageError, match="closed"):
            call()
    with pytest.raises(UsageError, match="closed"):
        manager.restore_backup("latest")
    assert manager.close() is None
    assert len(manager.list_backups()) == 1


def test_start_twice_is_start_once(app: Application) -> None:
    import threading

    manager = app.manager(schedule="0 3 * * *", catch_up=False)
    manager.start()
    threads = {thread.ident for thread in threading.enumerate() if thread.name.startswith("litekeep")}
    manager.start()
    assert {thread.ident for thread in threading.enumerate() if thread.name.startswith("litekeep")} == threads
    assert [each.task for each in manager.next_runs()] == ["backup"]
    manager.pause()
    manager.resume()


def test_no_database_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no database"):
        BackupManager()


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    manager = BackupManager(tmp_path / "none.db")
    with pytest.raises(SourceMissing) as caught:
        manager.create_backup()
    assert caught.value.exit_code == 5
    assert manager.close() is None
    assert not (tmp_path / "none.db").exists()


def test_what_was_never_backed_up_cannot_be_verified(app: Application) -> None:
    with pytest.raises(NoRepository):
        app.manager().verify_backup()
