"""What went wrong in another program's backups of an SQLite application, one by one, and what happens here.

Numbers are those of the list that was made when its code was read. Of number 17, attachments are left: files beside the
database are not backed up.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.clock import SystemClock
from litekeep.errors import HelperFailed, LitekeepError, Refused, SettingsInvalid, VerificationFailed
from litekeep.formats.keyslot import KEY, RECOVERY
from litekeep.formats.printedkey import print_key
from litekeep.model import Level, Reason
from litekeep.monitor import Fact, Silent
from litekeep.operations.create import create_repository
from litekeep.repository.keyring import NewSlot
from litekeep.testing import ManualClock

from .conftest import Application, notes_in

ELSEWHERE = {
    14: "tests/worker/test_hosts.py, test_frozen.py: any main module, any folder, frozen or not",
    18: "tests/docs: what the documentation says is run; the doctor's wal_on_share for what one promise was about",
}


def test_every_number_is_answered() -> None:
    here = {int(n) for name in globals() for n in re.findall(r"\d+", name) if name.startswith("test_no_")}
    assert here | ELSEWHERE.keys() == set(range(1, 20))


def only_in_the_log(app: Application) -> None:
    """From now on, commits stay in the -wal file."""
    app.db.execute("PRAGMA wal_autocheckpoint=0")


def test_no_1_a_restore_reaches_open_connections_and_later_commits_stand(app: Application) -> None:
    manager = app.manager()
    only_in_the_log(app)
    app.write("wanted")
    first = manager.create_backup()
    app.add(500)
    app.write("unwanted")
    with closing(sqlite3.connect(app.path)) as other:
        other.execute("SELECT count(*) FROM item").fetchone()
        manager.restore_backup(first)
        assert other.execute("SELECT text FROM note").fetchall() == [("wanted",)]
    app.write("later")
    assert app.notes() == ["wanted", "later"]
    assert app.db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    app.db.close()
    assert notes_in(app.path) == ["wanted", "later"]


def test_no_2_the_safety_copy_has_the_newest_edits_and_is_a_backup_like_others(app: Application) -> None:
    manager = app.manager(retention_days=0, retention_weeks=0, retention_months=0, keep_last=1)
    first = manager.create_backup()
    only_in_the_log(app)
    app.write("seconds ago")
    result = manager.restore_backup(first)
    assert result.safety_copy
    listed = {each.id: each for each in manager.list_backups()}
    safety = listed[result.safety_copy.id]
    assert (safety.reason, safety.verified) == (Reason.PRE_RESTORE, Level.FULL)
    app.write("after")
    manager.create_backup(reason=Reason.SCHEDULED)
    manager.rotate_backups(confirmed=True)
    assert safety.id in {each.id for each in manager.list_backups()}
    manager.restore_backup(safety, to=app.folder / "safety.db")
    assert notes_in(app.folder / "safety.db") == ["seconds ago"]


def test_no_3_many_automatic_backups_push_no_others_out(app: Application) -> None:
    clock = ManualClock(datetime.now(UTC) - timedelta(days=1))
    manager = app.manager(clock, retention_days=0, retention_weeks=0, retention_months=0, keep_last=2)
    by_hand = manager.create_backup("by hand")
    app.write("x")
    with manager.before_migration():
        app.write("migrated")
    migration = manager.list_backups()[-1]
    for number in range(12):
        app.write(str(number))
        manager.create_backup(reason=Reason.SHUTDOWN)
        manager.rotate_backups(confirmed=True)
    kept = manager.list_backups()
    assert by_hand.id in {each.id for each in kept}
    assert migration.reason is Reason.PRE_MIGRATION
    assert sum(each.reason is Reason.SHUTDOWN for each in kept) == 2  # keep_last counts, not the files' times


def test_no_4_failing_runs_never_remove_a_good_backup(app: Application) -> None:
    manager = app.manager(keep_last=1, retention_days=0, retention_weeks=0, retention_months=0)
    app.write("good")
    good = manager.create_backup(reason=Reason.SCHEDULED)
    app.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    app.db.close()
    with app.path.open("r+b") as file:  # a page of the database decays
        file.seek(4096)
        file.write(os.urandom(4096))
    for _ in range(8):
        try:
            assert not manager.create_backup(reason=Reason.SCHEDULED).sound
        except LitekeepError:
            continue
    assert good.id in {each.id for each in manager.list_backups()}
    manager.restore_backup(good, to=app.folder / "good.db")
    assert notes_in(app.folder / "good.db") == ["good"]
    app.db = sqlite3.connect(app.path)


@pytest.mark.parametrize("harm", ["empty", "foreign", "one bit"])
def test_no_5_a_backup_that_is_not_what_was_stored_is_never_restored(app: Application, harm: str) -> None:
    manager = app.manager()
    app.add(200, 3000)
    app.write("safe")
    first = manager.create_backup()
    packs = [path for path in app.backups.rglob("*") if path.is_file() and "packs" in path.parts]
    assert packs
    for pack in packs:
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 1
        pack.chmod(0o600)
        pack.write_bytes({"empty": b"", "foreign": app.path.read_bytes(), "one bit": bytes(data)}[harm])
    assert manager.verify_backup(first).damage
    with pytest.raises(VerificationFailed):
        manager.restore_backup(first)
    assert app.notes() == ["safe"]
    assert app.db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_no_6_a_backup_before_a_migration_has_the_commits_of_the_log(app: Application) -> None:
    manager = app.manager()
    only_in_the_log(app)
    app.write("only in the log")
    with manager.before_migration() as guard:
        assert guard.restore_point
        point = guard.restore_point
    manager.restore_backup(point, to=app.folder / "point.db")
    assert notes_in(app.folder / "point.db") == ["only in the log"]
    assert point.id in {each.id for each in manager.list_backups()}
    assert manager.repository == app.backups


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_no_7_a_run_that_died_leaves_no_backup_that_looks_like_one(app: Application) -> None:
    manager = app.manager()
    first = manager.create_backup()
    app.add(2500, 4000)

    def kill(name: str, facts: dict[str, Fact]) -> None:
        pid = manager._queue._runner.pid  # type: ignore[attr-defined]
        if name == "progress" and facts["done"] and pid:
            os.kill(pid, signal.SIGKILL)

    end = manager.subscribe(kill)
    with pytest.raises(HelperFailed):
        manager.create_backup()
    end()
    assert [each.id for each in manager.list_backups()] == [first.id]
    second = manager.create_backup()
    assert [each.id for each in manager.list_backups()] == [first.id, second.id]
    assert manager.verify_backup(second).damage == ()


def test_no_8_the_backup_comes_before_the_migration_which_is_taken_back_if_it_fails(app: Application) -> None:
    manager = app.manager()
    with pytest.raises(sqlite3.OperationalError), manager.before_migration(on_error="restore"):
        app.db.execute("CREATE TABLE early(x)")
        app.db.execute("INSERT INTO nowhere VALUES (1)")
    tables = [name for (name,) in app.db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    assert tables == ["item", "note"]


def test_no_9_the_schedule_runs_once_for_a_slot_whoever_asks(app: Application) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 12, tzinfo=UTC))
    settings = {"backup_time": "02:00", "timezone": "UTC"}
    first = app.manager(clock, **settings)
    first.run_due()  # missed at night: made up for at start
    first.run_due()
    again = app.manager(clock, **settings)  # the application was started again
    again.run_due()
    assert [each.reason for each in again.list_backups()] == [Reason.SCHEDULED]
    clock.advance(24 * 3600)
    app.write("a day's work")
    again.run_due()
    first.run_due()
    assert len(again.list_backups()) == 2
    off = app.manager(automatic_daily=False)
    off.start()
    assert off.next_runs() == []


@pytest.mark.parametrize("name", ["C# apps", "50% off?", "a b&c=d;", "Größe"])
def test_no_10_any_path(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / "elsewhere").mkdir()
    app = Application(tmp_path / name)
    app.write("here")
    monkeypatch.chdir(tmp_path / "elsewhere")
    manager = app.manager()
    first = manager.create_backup()
    assert manager.verify_backup(first).damage == ()
    manager.restore_backup(first)
    manager.close()
    app.db.close()
    assert app.backups.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "elsewhere"])
    assert os.listdir(tmp_path / "elsewhere") == []
    assert {path.name for path in app.folder.iterdir()} == {"app.db", "backups", ".litekeep"}


def test_no_11_every_run_leaves_a_line_and_a_row_also_one_that_failed(app: Application) -> None:
    manager = app.manager()
    first = manager.create_backup()
    with pytest.raises(LitekeepError):
        manager.export_backup(first, app.path)
    log = (app.backups / "backup.log").read_text("utf-8")
    assert first.short_id in log
    assert [(row.verb, row.outcome.value) for row in manager.history(1)] == [("export", "refused")]
    assert "export" in log


def test_no_12_settings_are_saved_or_nothing_is_changed(app: Application) -> None:
    file = app.folder / "backup.json"
    file.write_text('{"database": "app.db", "backup": {"notifications": {"on_failure": []}}}', "utf-8")
    manager = BackupManager.from_config(file)
    before = manager.settings
    with pytest.raises(SettingsInvalid) as caught:
        manager.change_settings({"backup.backup_on_shutdown": 1, "backup.retention_days": "30"})  # as widgets give them
    assert [each.key for each in caught.value.problems] == ["backup.backup_on_shutdown", "backup.retention_days"]
    assert manager.settings == before == BackupManager.from_config(file).settings
    manager.change_settings({"backup.backup_on_shutdown": bool(0), "backup.retention_days": int("31")})
    assert manager.settings.backup.retention.days == 31
    assert manager.settings.backup.backup_on_shutdown is False
    assert BackupManager.from_config(file).settings == manager.settings


@pytest.mark.parametrize("schema", ["", "CREATE TABLE cace(x)", "CREATE TABLE 'a table; with -- signs'(\"c'\")"])
def test_no_13_verifying_a_good_backup_says_that_it_is_good(tmp_path: Path, schema: str) -> None:
    """Whatever its tables are called."""
    with closing(sqlite3.connect(tmp_path / "any.db")) as db:
        db.executescript(schema)
        db.commit()
    manager = BackupManager(tmp_path / "any.db", {"backup": {"notifications": {"on_failure": []}}})
    made = manager.create_backup()
    result = manager.verify_backup(made)
    assert (result.ok, result.level, result.snapshot.id) == (True, Level.FULL, made.id)
    assert len(result.tables or ()) == bool(schema)
    assert manager.test_restore(made).damage == ()
    assert manager.list_backups()[0].verified is Level.DRILL
    manager.close(backup=False)


def test_no_16_nothing_is_done_on_the_thread_that_asks(app: Application) -> None:
    app.add(2000, 4000)
    manager = app.manager()
    threads: set[int] = set()
    phases: list[str] = []

    def hear(name: str, facts: dict[str, Fact]) -> None:
        threads.add(threading.get_ident())
        if name == "progress":
            phases.append(str(facts["phase"]))

    manager.subscribe(hear)
    future = manager.submit_backup("from the window")
    assert not future.done()
    snapshot = future.result(60).snapshot
    assert threading.get_ident() not in threads
    assert len(set(phases)) > 1
    (listed,) = manager.list_backups()  # a row that can be chosen, with what a status column shows
    assert (listed.id, listed.label, listed.verified) == (snapshot.id, "from the window", Level.FULL)
    assert manager.history(1)[0].verb in ("backup", "prune")


def test_no_17_encrypted_and_elsewhere(app: Application, tmp_path: Path) -> None:
    """The computer and the folder of the backups are gone; a copy and the paper with the recovery key are left."""
    key, elsewhere = print_key(bytes(range(32))), tmp_path / "elsewhere"
    slots = [NewSlot(KEY, print_key(bytes(range(1, 33)))), NewSlot(RECOVERY, key)]
    create_repository(app.backups, app.path, encryption=slots, clock=SystemClock(), monitor=Silent())
    (app.folder / "machine.key").write_text(print_key(bytes(range(1, 33))))
    copies = [{"name": "elsewhere", "url": elsewhere.as_uri(), "off_site": True}]
    manager = app.manager(copies=copies, encryption={"key": {"file": "machine.key"}})
    app.write("diagnosis: something nobody else may read")
    manager.create_backup()
    manager.sync_copies()
    assert (manager.spread().copies, manager.spread().off_site) == (3, 1)
    stored = b"".join(path.read_bytes() for path in elsewhere.rglob("*") if path.is_file())
    assert b"diagnosis" not in stored
    manager.close(backup=False)
    shutil.rmtree(app.folder)
    (tmp_path / "paper").write_text(key)
    new = tmp_path / "new" / "app.db"
    new.parent.mkdir()
    settings = {"backup_directory": str(elsewhere), "encryption": {"key": {"file": str(tmp_path / "paper")}}}
    restored = BackupManager(new, {"backup": settings})
    (found,) = restored._place().open(SystemClock()).snapshot_keys()
    restored.restore_backup(found.id, to=new)
    restored.close(backup=False)
    assert notes_in(new) == ["diagnosis: something nobody else may read"]


def test_no_17_small_incremental_and_told_where_it_lies(app: Application) -> None:
    app.db.executemany("INSERT INTO note VALUES (?)", ((f"the same words again and again {i}",) for i in range(20_000)))
    manager = app.manager()
    first = manager.create_backup()
    assert first.new_bytes * 2 < first.database.size_bytes
    app.write("one more")
    second = manager.create_backup()
    assert second.new_bytes * 20 < first.new_bytes
    assert manager.verify_backup(second).ok
    assert "same_device" in {each.code for each in manager.examine()}


def test_no_15_every_kind_of_backup_is_verified_and_nothing_lies_about(app: Application) -> None:
    manager = app.manager()
    app.db.execute("CREATE TABLE child(item INTEGER REFERENCES item(id))")
    for reason in (Reason.MANUAL, Reason.SCHEDULED, Reason.SHUTDOWN, Reason.PRE_MIGRATION, Reason.PRE_OPERATION):
        app.write(reason.value)
        assert manager.create_backup(reason=reason).verified is Level.FULL
    assert manager.test_restore().damage == ()
    assert [path.name for path in app.backups.rglob("*") if path.name.endswith(("-wal", "-shm", "-journal"))] == []
    app.db.execute("INSERT INTO child VALUES (123456789)")
    found = manager.create_backup()
    assert not found.sound
    assert "child" in " ".join(found.problems)


def test_no_19_the_database_of_these_tests_is_in_wal_mode_with_a_log(app: Application) -> None:
    assert app.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert app.path.with_name("app.db-wal").stat().st_size > 0


def test_an_existing_file_is_not_overwritten_by_a_restore_to_it(app: Application, tmp_path: Path) -> None:
    manager = app.manager()
    first = manager.create_backup()
    precious = tmp_path / "precious.db"
    shutil.copy(app.path, precious)
    before = precious.read_bytes()
    with pytest.raises(Refused):
        manager.restore_backup(first, to=precious)
    assert precious.read_bytes() == before
    assert BackupManager(app.path).list_backups()[0].id == first.id
