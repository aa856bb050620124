"""Single backups, the backups in figures, what rotation would do, the doctor: as people see it in a window."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.errors import Refused, UnknownSnapshot, UsageError
from litekeep.journal import history
from litekeep.model import Reason
from litekeep.retention import RetentionPolicy
from litekeep.testing import ManualClock
from retention.histories import daily

from .conftest import Application


def test_a_backup_is_pinned_labelled_deleted_and_recovered(app: Application) -> None:
    manager = app.manager()
    first, second = manager.create_backup(), manager.create_backup()
    assert manager.pin_backup(first).pinned
    assert manager.label_backup(first.short_id, "before the audit").label == "before the audit"
    with pytest.raises(Refused, match="pinned"):
        manager.delete_backup(first)
    assert not manager.unpin_backup(first).pinned
    assert manager.delete_backup(first).trashed_at
    assert [each.id for each in manager.list_backups()] == [second.id]
    assert [each.id for each in manager.list_trash()] == [first.id]
    with pytest.raises(Refused, match="only verified one"):
        manager.delete_backup(second)
    assert manager.recover_backup(first).trashed_at is None
    assert [each.label for each in manager.list_backups()] == ["before the audit", ""]
    assert manager.list_trash() == []
    with pytest.raises(UnknownSnapshot):
        manager.pin_backup("feedfacefeedface")


def test_decisions_leave_the_traces_of_the_command_line(
    app: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from litekeep.cli.main import main

    manager = app.manager()
    first = manager.create_backup()
    manager.create_backup()
    before = len(history.read(app.backups))
    manager.pin_backup(first)
    manager.unpin_backup(first)
    manager.label_backup(first, "one")
    manager.delete_backup(first)
    manager.recover_backup(first)
    ours = history.read(app.backups)[before:]
    folder = ["-r", str(app.backups)]
    for words in (["pin"], ["unpin"], ["label"], ["delete", "--yes"], ["trash", "recover"]):
        text = ["one"] if words == ["label"] else []
        assert main([*words, first.id, *text, *folder]) == 0, capsys.readouterr().err
    theirs = history.read(app.backups)[before + len(ours) :]
    assert [(row.verb, row.source, row.outcome, row.facts) for row in ours] == [
        (row.verb, row.source, row.outcome, row.facts) for row in theirs
    ]
    assert [row.verb for row in ours] == ["pin", "unpin", "label", "delete", "recover"]
    log = (app.backups / "backup.log").read_text("utf-8")
    for verb in ("pin", "unpin", "label", "delete", "recover"):
        assert log.count(f" {verb}: backup {first.short_id}") == 2


def test_the_backups_in_figures(app: Application) -> None:
    manager = app.manager()
    none = manager.statistics()
    assert (none.space_bytes, none.backups, none.history_bytes, none.newest_at) == (None, 0, 0, None)
    assert none.free_bytes
    first = manager.create_backup()
    app.add(100)
    second, third = manager.create_backup(), manager.create_backup()
    manager.delete_backup(second)
    found = manager.statistics()
    files = [path for path in app.backups.rglob("*") if path.is_file()]
    assert found.space_bytes == sum(path.stat().st_size for path in files)
    assert found.database_bytes == app.path.stat().st_size
    assert (found.backups, found.oldest_at, found.newest_at) == (2, first.created_at, third.created_at)
    assert found.history_bytes == first.database.size_bytes + third.database.size_bytes
    again = manager.statistics(manager.list_backups())
    assert replace(again, free_bytes=0) == replace(found, free_bytes=0)


def test_figures_where_the_drive_is_away(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    app.backups.rename(app.folder / "away")
    found = manager.statistics()
    assert (found.space_bytes, found.backups) == (None, 0)
    assert found.database_bytes


def test_the_plan_of_a_rotation_is_what_rotation_does(app: Application) -> None:
    manager = app.manager(retention_days=0, retention_weeks=0, retention_months=0, keep_last=2)
    for number in range(5):
        app.add(20 + number)
        manager.create_backup(reason=Reason.SCHEDULED)  # rotates after each
    lavish, strict = RetentionPolicy(), RetentionPolicy(days=0, weeks=0, months=0, keep_last=1)
    assert manager.plan_rotation(lavish).plan.removed == ()
    loaded = [*manager.list_backups(), *manager.list_trash()]
    preview = manager.plan_rotation(strict, snapshots=loaded)
    assert preview.plan.decisions == manager.plan_rotation(strict).plan.decisions
    assert preview.frees_bytes > 0
    strictly = app.manager(retention_days=0, retention_weeks=0, retention_months=0, keep_last=1)
    planned = strictly.plan_rotation().plan
    assert [each.id for each in planned.removed] == [each.id for each in preview.plan.removed] != []
    result = strictly.rotate_backups(confirmed=True)
    assert {each.id for each in result.trashed} == {each.id for each in planned.removed}
    assert {each.id for each in strictly.list_backups()} == {each.id for each in planned.kept}


def test_what_rotation_frees_is_about_what_it_gives_back(app: Application) -> None:
    app.add(2000, 1000)
    manager = app.manager()
    for _ in range(6):
        app.add(50, 1000)
        manager.create_backup(reason=Reason.SCHEDULED)
    policy = RetentionPolicy(days=0, weeks=0, months=0, keep_last=1)
    preview = manager.plan_rotation(policy)
    everything = sum(each.new_bytes for each in preview.plan.removed)
    assert preview.frees_bytes < everything / 4  # the first one's two megabytes are needed by all


def test_rotation_leaves_the_other_databases_of_the_folder_alone(app: Application, tmp_path: Path) -> None:
    """They have settings of their own, and what a person confirmed was the plan of this one."""
    settings = {"backup_directory": str(app.backups), "notifications": {"on_failure": []}}
    lavish = BackupManager(tmp_path / "other.db", {"backup": settings})
    with closing(sqlite3.connect(tmp_path / "other.db", isolation_level=None)) as db:
        for number in range(3):
            db.execute(f"CREATE TABLE t{number}(x)")
            lavish.create_backup(reason=Reason.SCHEDULED)
    strict = app.manager(retention_days=0, retention_weeks=0, retention_months=0, keep_last=1)
    for number in range(2):
        app.add(20 + number)
        strict.create_backup(reason=Reason.SCHEDULED)  # rotates after each
    strict.rotate_backups(confirmed=True)
    assert (len(strict.list_backups()), len(strict.list_trash())) == (1, 1)
    assert (len(lavish.list_backups()), len(lavish.list_trash())) == (3, 0)
    assert {row.source for row in strict.history() if row.verb == "prune"} == {"app", "other"}
    lavish.close(backup=False)


def test_a_plan_of_thousands_is_quick(app: Application) -> None:
    snapshots = daily(datetime(2012, 1, 1, tzinfo=UTC), 5000)
    manager = app.manager(ManualClock(snapshots[-1].created_at + timedelta(hours=1)))
    began = time.process_time()
    preview = manager.plan_rotation(RetentionPolicy(days=10), snapshots=snapshots)
    assert time.process_time() - began < 1.0
    assert len(preview.plan.decisions) == 5000


def test_the_doctor_looks_at_both_sides(app: Application) -> None:
    manager = app.manager()
    assert {"never"} <= {each.code for each in manager.examine()}
    manager.create_backup()
    (app.backups / "letter.txt").write_text("Dear Sir", "utf-8")
    codes = {each.code for each in manager.examine()}
    assert {"same_device", "foreign_files", "never_tested"} <= codes
    assert "never" not in codes
    assert {row.verb for row in manager.history()} == {"backup", "prune"}  # looking leaves no row
    shutil.rmtree(app.backups)
    found = manager.examine()
    assert found[0].severity.value == "problem"
    assert "repository_missing" in {each.code for each in found}


def test_settings_are_changed_in_their_file(app: Application) -> None:
    file = app.folder / "backup.json"
    file.write_text('{"database": "app.db", "backup": {"keep_last": 3, "notifications": {"on_failure": []}}}', "utf-8")
    manager = BackupManager.from_config(file)
    assert manager.settings_file == file
    manager.change_settings({"backup.keep_last": 9, "backup.backup_time": "04:30"})
    assert manager.settings.backup.retention.keep_last == 9
    assert BackupManager.from_config(file).settings == manager.settings
    assert '"on_failure": []' in file.read_text("utf-8")
    from litekeep.errors import SettingsInvalid

    with pytest.raises(SettingsInvalid):
        manager.change_settings({"backup.keep_last": -1})
    assert manager.settings.backup.retention.keep_last == 9
    other = app.manager()
    assert other.settings_file is None
    with pytest.raises(UsageError, match="from no file"):
        other.change_settings({"backup.keep_last": 9})


def test_changed_settings_count_for_the_schedule_at_once(app: Application) -> None:
    file = app.folder / "backup.json"
    file.write_text('{"database": "app.db", "backup": {"restore_test": "never", "catch_up": false}}', "utf-8")
    manager = BackupManager.from_config(file)
    assert (manager.started, manager.paused) == (False, False)
    manager.start()
    assert manager.started
    (before,) = manager.next_runs()
    manager.change_settings({"backup.schedule": "17 5 * * *", "backup.notifications.on_failure": []})
    (after,) = manager.next_runs()
    assert after.slot.astimezone().minute == 17 != before.slot.astimezone().minute
    manager.pause()
    assert manager.paused
    manager.resume()
    assert not manager.paused
    manager.close(backup=False)
    assert not manager.started


def test_what_runs_is_cancelled_whoever_began_it(app: Application) -> None:
    from litekeep.errors import Cancelled

    app.add(3000, 4000)
    manager = app.manager()
    assert manager.cancel() is False
    assert manager.running == ""
    seen: list[object] = []

    def at_progress(name: str, facts: object) -> None:
        if name == "progress" and not seen:
            seen.extend((manager.running, manager.cancel()))

    manager.subscribe(at_progress)
    with pytest.raises(Cancelled):
        manager.create_backup()
    assert seen == ["backup", True]
    assert manager.running == ""
    seen.clear()
    clock = ManualClock(datetime.now(UTC))
    service = app.manager(clock, schedule="* * * * *")
    service.subscribe(lambda name, facts: seen.append(service.cancel()) if name == "progress" and not seen else None)
    service.run_due()
    assert seen == [True]
    assert service.history(1)[0].outcome.value == "cancelled"


def test_a_moved_database_keeps_its_backups(app: Application) -> None:
    """On another machine, say: its folder has another name, and the old one is not there."""
    app.manager().create_backup("of before")
    app.db.close()
    home = app.folder.rename(app.folder.with_name("elsewhere"))
    manager = BackupManager(home / "app.db", {"backup": {"notifications": {"on_failure": []}}})
    assert [each.label for each in manager.list_backups()] == ["of before"]
    assert manager.create_backup("after").source == "app"
    assert [each.label for each in manager.list_backups()] == ["of before", "after"]
    manager.close(backup=False)


def test_another_database_of_the_same_name_shows_none_of_its_backups(app: Application, tmp_path: Path) -> None:
    app.manager().create_backup()
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "app.db"
    twin.write_bytes(b"")
    settings = {"backup_directory": str(app.backups), "notifications": {"on_failure": []}}
    manager = BackupManager(twin, {"backup": settings})
    assert manager.list_backups() == []
    assert manager.status().verdict.value == "never"
    manager.close(backup=False)
