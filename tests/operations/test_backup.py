"""Backups of every kind of database, restored and compared page by page; and what happens when they cannot be made."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from litekeep.errors import (
    BackupFailed,
    Cancelled,
    Locked,
    NotADatabase,
    Refused,
    SourceMissing,
)
from litekeep.model import Level, Reason
from litekeep.monitor import Silent
from litekeep.operations.curate import to_trash
from litekeep.repository import layout
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.counting import CountingStorage
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock, MemoryStorage, RecordingMonitor
from operations.home import (
    DAY,
    HOUR,
    Home,
    cancel_points,
    connect,
    corrupt_page,
    different_pages,
    pragmas,
    program,
    puts,
    rows_of,
    scalar,
    warnings_of,
)
from sqlite.databases import has_fts5, leave_hot_journal, leave_wal, make_with_reserved_bytes

PAGE_SIZES = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
MODES = ("delete", "truncate", "persist", "wal")
KINDS = {
    "plain": "",
    "auto_vacuum": "PRAGMA auto_vacuum=FULL",
    "incremental": "PRAGMA auto_vacuum=INCREMENTAL",
    "utf16le": "PRAGMA encoding='UTF-16le'",
    "utf16be": "PRAGMA encoding='UTF-16be'",
}


def require_same(home: Home) -> None:
    """The newest snapshot, restored, equals the database once all programs have closed it."""
    home.sql("SELECT 1 FROM sqlite_master")  # the last one to close folds the log in
    snapshot = home.find("latest")
    image = home.image(snapshot)
    assert different_pages(home.database.read_bytes(), image) == []
    target = home.folder / "out" / f"{snapshot.id}.db"
    home.restore_new(snapshot, target, accept_problems=True)
    assert pragmas(target) == pragmas(home.database)
    assert scalar(target, "PRAGMA integrity_check") == "ok"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("page_size", PAGE_SIZES)
def test_every_kind_comes_back_page_by_page(tmp_path: Path, page_size: int, mode: str) -> None:
    """First and second backup, while a program has uncheckpointed commits in the log."""
    number = PAGE_SIZES.index(page_size) + MODES.index(mode)
    for kind in (list(KINDS)[number % 5], list(KINDS)[(number + 2) % 5]):
        folder = tmp_path / kind
        folder.mkdir()
        home = Home(folder)
        home.make(page_size=page_size, mode=mode, settings=KINDS[kind])
        home.sql("PRAGMA user_version=7; PRAGMA application_id=252006")
        if has_fts5():
            home.sql("CREATE VIRTUAL TABLE text USING fts5(body); INSERT INTO text VALUES ('words to be found')")
        with closing(connect(home.database)) as app:
            home.insert(app, 5)
            first = home.backup()
            assert (first.level, first.problems, first.damage) == (Level.FULL, (), ())
            home.insert(app, 5)
            app.execute("UPDATE item SET body = NULL WHERE id = 3")
            second = home.backup()
        require_same(home)
        assert second.snapshot.parent == first.snapshot.id
        assert 0 < second.changed_pages < second.snapshot.database.page_count or page_size > 8192


def test_reserved_bytes(home: Home) -> None:
    if not make_with_reserved_bytes(home.database, 32):
        pytest.skip("this SQLite cannot make them")
    home.backup()
    home.sql("INSERT INTO item(body) VALUES (zeroblob(3000))")
    home.backup()
    require_same(home)
    assert home.image(home.find("latest"))[20] == 32


def test_an_empty_file_is_an_empty_database(home: Home) -> None:
    home.database.touch()
    result = home.backup()
    assert (result.level, result.problems, result.snapshot.database.page_count) == (Level.FULL, (), 0)
    target = home.folder / "out" / "empty.db"
    home.restore_new(result.snapshot, target)
    assert target.read_bytes() == b""
    home.make()
    home.backup()
    require_same(home)
    home.database.write_bytes(b"")
    home.backup()
    assert home.image(home.find("latest")) == b""
    assert not home.scrub().damaged


def test_growth_shrinkage_vacuum_and_another_page_size(home: Home) -> None:
    home.make(rows=150)
    steps = [
        "INSERT INTO item(body) SELECT zeroblob(900) FROM item",
        "DELETE FROM item WHERE id % 2",
        "VACUUM",
        "DELETE FROM item WHERE id > 20; VACUUM",
        "PRAGMA journal_mode=WAL; UPDATE item SET name = 'x' WHERE id = 2",
        "PRAGMA journal_mode=DELETE; CREATE TABLE another(a); DROP INDEX by_name",
        "PRAGMA page_size=1024; VACUUM",
        "PRAGMA page_size=512; VACUUM",  # the same blocks of 4 KiB
        "PRAGMA page_size=16384; VACUUM",
        "DROP TABLE item; DROP TABLE pair; DROP TABLE another; VACUUM",
    ]
    home.backup()
    images = {home.find("latest").id: home.image(home.find("latest"))}
    for step in steps:
        home.sql(step)
        result = home.backup()
        assert not result.unchanged
        assert result.damage == ()
        require_same(home)
        images[result.snapshot.id] = home.image(result.snapshot)
    assert {each.id: home.image(each) for each in home.snapshots()} == images
    assert [each.sequence for each in home.snapshots()] == list(range(1, len(steps) + 2))


def test_vacuum_moves_pages_and_stores_few_of_them(home: Home) -> None:
    home.make(rows=600)
    first = home.backup()
    home.sql("DELETE FROM item WHERE id < 10; VACUUM")
    assert home.backup().new_bytes < first.new_bytes


def test_interrupted_programs_are_rolled_back_or_replayed(home: Home) -> None:
    home.make()
    leave_hot_journal(home.database)
    home.backup()
    require_same(home)
    assert scalar(home.database, "SELECT count(*) FROM item WHERE name = 'uncommitted'") == 0
    leave_wal(home.database)
    rows = home.backup().snapshot.tables
    assert dict(rows or ())["item"] == rows_of(home.database)
    require_same(home)


# ------------------------------------------------------------ unchanged


@pytest.fixture
def counted(tmp_path: Path) -> tuple[Home, list[tuple[str, str]]]:
    """A home with one verified snapshot, and the log of what its storage is asked from then on."""
    log: list[tuple[str, str]] = []
    home = Home(tmp_path, CountingStorage(MemoryStorage(), log))
    home.make()
    home.backup()
    log.clear()
    return home, log


@pytest.mark.parametrize("reason", [Reason.SCHEDULED, Reason.SHUTDOWN, Reason.PRE_MIGRATION, Reason.PRE_OPERATION])
def test_an_unchanged_database_needs_only_a_receipt(
    counted: tuple[Home, list[tuple[str, str]]], reason: Reason
) -> None:
    home, log = counted
    first = home.find("latest")
    log.clear()
    result = home.backup(reason)
    assert result.unchanged
    assert "change times" in result.unchanged_how
    assert (result.snapshot.id, result.new_bytes, result.changed_pages) == (first.id, 0, 0)
    assert result.level is Level.FULL
    assert puts(log) == ["receipts"]
    assert not any(key.startswith("packs/") for method, key in log if method.startswith("get"))
    [receipt] = [r for r in home.repository.receipts_of(key_of(home, first.key)) if r.kind == "unchanged"]
    assert receipt.facts["full_read"] is False


def key_of(home: Home, key: str) -> layout.SnapshotKey:
    parsed = layout.parse_snapshot_key(key)
    assert parsed
    return parsed


def test_a_touched_database_is_read_and_then_trusted_again(counted: tuple[Home, list[tuple[str, str]]]) -> None:
    home, log = counted
    os.utime(home.database)
    result = home.backup()
    assert result.unchanged_how == "every page was compared"
    assert puts(log) == ["receipts"]
    assert "change times" in home.backup().unchanged_how
    assert len(home.snapshots()) == 1


def test_every_24_hours_all_pages_are_read(counted: tuple[Home, list[tuple[str, str]]]) -> None:
    home, _ = counted
    hows = [home.backup(after=5 * HOUR).unchanged_how for _ in range(12)]
    assert [how == "every page was compared" for how in hows] == [number in (5, 10) for number in range(1, 13)]
    assert len(home.snapshots()) == 1


@pytest.mark.parametrize("reason", [Reason.MANUAL, Reason.PRE_RESTORE])
def test_manual_and_safety_copies_are_always_made(counted: tuple[Home, list[tuple[str, str]]], reason: Reason) -> None:
    home, log = counted
    result = home.backup(reason)
    assert not result.unchanged
    assert result.new_bytes == 0
    assert puts(log) == ["snapshots", "receipts"]
    assert len(home.snapshots()) == 2


def test_skipping_can_be_asked_for_and_forbidden(counted: tuple[Home, list[tuple[str, str]]]) -> None:
    home, _ = counted
    assert home.backup(Reason.MANUAL, skip_unchanged=True).unchanged
    assert not home.backup(Reason.SCHEDULED, skip_unchanged=False).unchanged


def test_an_unproven_snapshot_is_not_relied_on(home: Home) -> None:
    home.make()
    first = home.backup(level=Level.NONE)
    assert first.level is Level.NONE
    second = home.backup()
    assert not second.unchanged
    assert second.level is Level.FULL
    assert home.backup().snapshot.id == second.snapshot.id


def test_a_damaged_snapshot_is_not_relied_on(home: Home) -> None:
    home.make()
    first = home.backup()
    [pack] = home.keys("packs/")
    home.flip(pack)
    assert home.verify(first.snapshot).damage
    second = home.backup()
    assert not second.unchanged
    assert (second.level, second.damage) == (Level.FULL, ())
    assert second.new_bytes >= first.new_bytes > 0


def test_a_snapshot_in_the_trash_is_not_relied_on(home: Home) -> None:
    """It will be forgotten: the state of today would then be nowhere."""
    home.make()
    home.backup()
    home.change()
    second = home.backup()
    to_trash(home.repository, home.find(second.snapshot.id), clock=home.clock, monitor=Silent())
    os.utime(home.database)
    third = home.backup()
    assert not third.unchanged
    assert home.find("latest").id == third.snapshot.id
    to_trash(home.repository, home.find(third.snapshot.id), clock=home.clock, monitor=Silent())
    assert not home.backup().unchanged
    home.clock.advance(10 * DAY)
    home.prune(confirmed=True)
    require_same(home)


def test_a_row_written_back_is_unchanged_but_a_changed_mode_is_not(home: Home) -> None:
    home.make(mode="wal")
    home.backup()
    home.sql("PRAGMA journal_mode=DELETE")
    assert not home.backup().unchanged


def test_a_change_that_keeps_times_is_seen(home: Home) -> None:
    """utime puts the modification time back; the change time and the content tell."""
    home.make()
    home.backup()
    before = home.database.stat()
    home.sql("UPDATE item SET name = 'other' WHERE id = 1")
    os.utime(home.database, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not home.backup().unchanged


def test_commits_in_the_log_are_seen(home: Home) -> None:
    home.make(mode="wal")
    with closing(connect(home.database)) as app:
        app.execute("UPDATE item SET name = 'first' WHERE id = 1")
        home.backup()
        assert home.backup().unchanged
        before = home.database.stat()
        app.execute("UPDATE item SET name = 'later' WHERE id = 1")
        assert home.database.stat() == before
        assert not home.backup().unchanged


def test_after_a_restart_or_a_set_clock_all_pages_are_read(home: Home) -> None:
    home.make()
    home.backup()
    home.clock.restart()
    assert home.backup().unchanged_how == "every page was compared"
    home.clock.set(home.clock.now().replace(year=home.clock.now().year + 1))
    assert home.backup().unchanged_how == "every page was compared"


def test_real_time_is_racy_at_once(tmp_path: Path) -> None:
    """With a clock of now, a database changed this very second is read in full."""
    from datetime import UTC, datetime

    home = Home(tmp_path, clock=ManualClock(datetime.now(UTC)))
    home.make()
    home.backup(after=0)
    assert home.backup(after=1).unchanged_how == "every page was compared"


# ------------------------------------------------------------ heal


def test_the_next_backup_heals_a_damaged_pack(home: Home) -> None:
    home.make(rows=200)
    home.backup()
    home.change()
    home.backup()
    first = home.keys("packs/")[0]
    home.flip(first, offset=home.storage.size(first) // 2)
    home.change()
    result = home.backup()
    assert (result.level, result.damage, result.problems) == (Level.FULL, (), ())
    assert "damaged" in warnings_of(home.monitor)
    require_same(home)
    home.change()
    assert home.backup().new_bytes < result.new_bytes // 2  # and the one after that is small again


def test_the_next_backup_heals_a_missing_pack(home: Home) -> None:
    home.make(rows=200)
    home.backup()
    home.storage.delete(home.keys("packs/")[0])
    home.change()
    assert home.backup().damage == ()
    require_same(home)


def test_an_unreadable_newest_manifest_is_passed_over(home: Home) -> None:
    home.make()
    home.backup()
    home.change()
    second = home.backup()
    home.flip(second.snapshot.key)
    result = home.backup()
    assert not result.unchanged
    assert result.snapshot.sequence == 3
    require_same(home)


# ------------------------------------------------------------ locks, places


def test_a_lock_names_its_holder_and_is_waited_for(local: Home) -> None:
    local.make()
    other = Repository.open(LocalStorage(local.folder / "backups", ManualClock()))
    with other.lock("backup of payroll.db", 0.0):
        with pytest.raises(Locked, match=r"backup of payroll\.db"):
            local.backup(lock_wait_seconds=0.0)
        with pytest.raises(Locked, match=r"backup of payroll\.db"):
            local.backup(lock_wait_seconds=2.0)
    assert not local.snapshots()
    assert local.backup().level is Level.FULL


def test_a_locked_source_is_waited_for_and_then_said_busy(home: Home) -> None:
    home.make()
    with program(home.database) as app:
        app.run("BEGIN EXCLUSIVE")
        with pytest.raises(BackupFailed) as raised:
            home.backup()
        assert raised.value.code == "source_busy"
        assert not home.keys("snapshots/")
        app.run("COMMIT")
        home.backup()


def test_a_source_inside_the_repository_is_refused(local: Home, tmp_path: Path) -> None:
    inside = tmp_path / "backups" / "inside.db"
    sqlite3.connect(inside).close()
    inside.write_bytes(b"")
    with pytest.raises(Refused, match="inside"):
        local.backup(source=inside)
    link = tmp_path / "data" / "link.db"
    link.symlink_to(inside)
    with pytest.raises(Refused, match="inside"):
        local.backup(source=link)


def test_a_link_is_followed(home: Home, tmp_path: Path) -> None:
    home.make()
    link = tmp_path / "current.db"
    link.symlink_to(home.database)
    first = home.backup(source=link)
    assert first.snapshot.source_path == str(home.database)
    home.change()
    second = home.backup()  # by its real path: the same database
    assert second.snapshot.source == first.snapshot.source == "current"
    require_same(home)


NAMES = [
    "with space.db", "q?x#y%41.db", "it's \"quoted\".db", "-r.db", "new\nline.db", ".hidden.db", "no ending",
    "a.b.c.db", "Grüße.db", "日本.db", "con.db", "x" * 200 + ".db", "file:memory.db", "a;b&c.db", "UPPER.DB", "..db",
    "\u202edb.db",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_odd_file_names(home: Home, name: str) -> None:
    home.database = home.folder / "data" / name
    home.make(rows=5)
    first = home.backup()
    home.change()
    second = home.backup()
    assert second.snapshot.source == first.snapshot.source
    assert second.snapshot.source_path == str(home.database)
    require_same(home)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not Unicode")
def test_a_name_that_is_not_unicode(home: Home) -> None:
    home.database = home.folder / "data" / os.fsdecode(b"caf\xe9\xff.db")
    home.make(rows=5)
    home.backup()
    home.change()
    assert home.backup().snapshot.sequence == 2
    require_same(home)
    assert home.find("latest").source_path == str(home.database)


def test_labels_with_odd_characters(home: Home) -> None:
    home.make(rows=5)
    labels = ["", "before audit", "a\nb\tc", "\x00", "\x1b[31mred", "🙂 日本", "\udcff", "x" * 5000, '"}', "  "]
    for label in labels:
        home.backup(Reason.MANUAL, label=label)
    assert [each.label for each in home.snapshots()] == labels
    assert not home.scrub().damaged


def test_missing_foreign_and_folder(home: Home) -> None:
    with pytest.raises(SourceMissing):
        home.backup()
    assert not home.database.exists()
    home.database.write_text("This is a letter, not a database. " * 40)
    with pytest.raises(NotADatabase):
        home.backup()
    with pytest.raises(NotADatabase):
        home.backup(source=home.folder / "data")
    assert not home.keys("packs/")
    assert not home.keys("snapshots/")
    assert home.left_over() == []


# ------------------------------------------------------------ source problems


def add_parents(home: Home) -> None:
    home.sql(
        "CREATE TABLE child(id INTEGER PRIMARY KEY, item INT REFERENCES item(id)); INSERT INTO child VALUES (1, 1)"
    )


SPOILERS: dict[str, Callable[[Home], object]] = {
    "corrupt page": lambda home: corrupt_page(home.database),
    "foreign key": lambda home: home.sql("INSERT INTO child VALUES (NULL, 99999)"),
    "check": lambda home: home.sql("DELETE FROM pair"),
}


@pytest.mark.parametrize("what", SPOILERS)
def test_a_source_with_problems_is_kept_and_never_pushes_out_good_ones(home: Home, what: str) -> None:
    home.make()
    add_parents(home)
    checks = ["SELECT count(*) > 0 FROM pair"]
    for _ in range(3):
        home.change()
        assert home.backup(checks=checks, after=DAY).problems == ()
    good = [each.id for each in home.snapshots()]
    SPOILERS[what](home)
    policy = RetentionPolicy(days=0, weeks=0, months=0, keep_last=2, trash_days=0)
    for _ in range(6):
        home.sql("UPDATE pair SET b = b + 1; INSERT INTO child VALUES (NULL, 1)")
        result = home.backup(checks=checks, after=DAY)
        assert result.problems
        assert (result.level, result.damage) == (Level.FULL, ())
        assert not home.find(result.snapshot.id).sound
        home.prune(policy)
    pruned = home.prune(policy)
    assert len(pruned.waiting) == 1
    assert pruned.trashed == pruned.forgotten == ()
    home.prune(policy, confirmed=True)
    home.clock.advance(DAY)
    home.prune(policy, confirmed=True)
    left = home.snapshots()
    assert set(good[1:]) <= {each.id for each in left}
    assert sum(each.sound for each in left) == 2
    assert not home.scrub().damaged


def test_a_corrupt_leaf_is_copied_faithfully(home: Home) -> None:
    home.make(rows=300)
    home.backup()
    corrupt_page(home.database, "item")
    result = home.backup()
    assert result.problems
    assert different_pages(home.database.read_bytes(), home.image(result.snapshot)) == []
    # Unchanged since: the same findings are told again, and nothing is called good.
    again = home.backup()
    assert again.unchanged
    assert again.problems == result.problems


def test_checks_are_read_only_and_their_failures_listed(home: Home) -> None:
    home.make()
    checks = [
        "SELECT count(*) > 0 FROM item",
        "SELECT 0",
        "DELETE FROM item",
        "SELECT * FROM nowhere",
        "SELECT 1; SELECT 2",
    ]
    result = home.backup(checks=checks)
    assert len(result.problems) == 4
    assert all(text.startswith("check failed: ") for text in result.problems)
    require_same(home)
    assert rows_of(home.database) == 60


# ------------------------------------------------------------ cancel


class Impatient(RecordingMonitor):
    """Also knows how often it had been asked when the last blocks were stored."""

    stored_at = 0

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        if phase == "store":
            self.stored_at = self.questions + 1
        super().progress(phase, done, total, unit)


@pytest.mark.parametrize("first", [True, False])
def test_cancelling_at_any_moment_leaves_nothing_half_done(local: Home, first: bool) -> None:
    local.make(rows=600, page_size=512)
    if not first:
        local.backup()
        local.change(40)
    twin = Home(local.folder / "twin", clock=local.clock)
    twin.database = local.database
    if not first:
        twin.backup()
        local.change(40)
    probe = Impatient()
    twin.backup(monitor=probe)
    for moment in cancel_points(probe.questions, 40):
        known = {each.id for each in local.snapshots()}
        monitor = Impatient(cancel_after=moment)
        with pytest.raises(Cancelled):
            local.backup(Reason.MANUAL, monitor=monitor, after=1)
        new = [each for each in local.snapshots() if each.id not in known]
        # Once its manifest is there, a snapshot is whole: it stays, and is called unverified.
        assert not new or monitor.questions > monitor.stored_at > 0
        assert all(each.verified is Level.NONE for each in new)
        assert local.left_over() == []
        if new:
            break
    else:
        pytest.fail("never cancelled while it was read back")
    local.backup(Reason.MANUAL)
    require_same(local)
    assert not local.scrub().damaged


# ------------------------------------------------------------ facts


def test_facts_of_a_snapshot(home: Home) -> None:
    home.make(mode="wal")
    result = home.backup(Reason.MANUAL, label="before audit", pinned=True)
    snapshot = home.find("latest")
    assert snapshot.pinned
    assert (snapshot.label, snapshot.reason, snapshot.sequence) == ("before audit", Reason.MANUAL, 1)
    assert snapshot.created_at == home.clock.now()
    assert snapshot.zone == "UTC"
    assert dict(snapshot.tables or ())["item"] == 60
    assert snapshot.database == result.snapshot.database
    assert snapshot.database.journal_mode == "wal"
    assert (snapshot.verified, snapshot.problems, snapshot.damage) == (Level.FULL, (), ())


def test_a_source_may_be_named(home: Home) -> None:
    home.make()
    assert home.backup(source_name="Main DB").snapshot.source == "Main DB"
    assert home.find("latest").key.startswith("snapshots/_4dain_20_44_42/")
    home.change()
    assert home.backup().snapshot.source == "Main DB"  # found by its path


@contextmanager
def small_verification(limit: int) -> Iterator[None]:
    from litekeep.operations import backup as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FULL_LIMIT_BYTES", limit)
        yield


def test_large_databases_are_verified_as_written(home: Home) -> None:
    home.make()
    with small_verification(1000):
        assert home.backup().level is Level.WRITTEN
    assert home.find("latest").sound
    assert home.find("latest").tables is None
