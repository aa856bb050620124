"""Restores to new paths, over open databases, from files and over wreckage; and the ways back."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from litekeep.errors import (
    Cancelled,
    CorruptObject,
    LitekeepError,
    NoSpace,
    NotADatabase,
    Refused,
    SourceMissing,
    TargetInUse,
    UnknownSnapshot,
    UsageError,
    VerificationFailed,
)
from litekeep.model import Level, Reason, Snapshot
from litekeep.operations.export import export
from litekeep.operations.restore import RestoreOptions, RestoreResult, find_undo, restore_file
from litekeep.repository.catalog import load_catalog
from litekeep.sqlite.openers import openers
from litekeep.testing import RecordingMonitor
from operations.home import (
    Home,
    cancel_points,
    connect,
    corrupt_page,
    different_pages,
    pragmas,
    program,
    rows_of,
    small_disk,
    warnings_of,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def beside(path: Path) -> list[str]:
    """Everything in the folder of a database."""
    return sorted(each.name for each in path.parent.iterdir())


@pytest.fixture
def lived(home: Home) -> Home:
    """A database with two days of history, which has changed since."""
    home.make()
    home.backup()
    home.change()
    home.backup()
    home.change(5)
    return home


def first_of(home: Home) -> Snapshot:
    return home.snapshots()[0]


# ------------------------------------------------------------ new path


def test_to_a_new_path(lived: Home, tmp_path: Path) -> None:
    target = tmp_path / "out" / "again.db"
    result = lived.restore_new(first_of(lived), target)
    assert (result.how, result.safety_copy, result.kept_aside, result.problems) == ("new", None, None, ())
    assert target.read_bytes() == lived.image(first_of(lived))
    assert dict(result.tables)["item"] == rows_of(target) == 60
    assert result.size_bytes == target.stat().st_size
    assert beside(target) == ["again.db"]
    assert len(lived.snapshots()) == 2
    if sys.platform != "win32":
        assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_nothing_may_stand_there(lived: Home, tmp_path: Path, suffix: str) -> None:
    blocker = tmp_path / "out" / f"again.db{suffix}"
    blocker.write_bytes(b"precious")
    with pytest.raises(Refused, match="exists already"):
        lived.restore_new(first_of(lived), tmp_path / "out" / "again.db")
    assert blocker.read_bytes() == b"precious"
    assert beside(blocker) == [blocker.name]


def test_a_dangling_link_is_not_followed(lived: Home, tmp_path: Path) -> None:
    link = tmp_path / "out" / "again.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(Refused):
        lived.restore_new(first_of(lived), link)
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_folder_that_is_not_there(lived: Home, tmp_path: Path) -> None:
    with pytest.raises(LitekeepError):
        lived.restore_new(first_of(lived), tmp_path / "nowhere" / "again.db")
    assert not (tmp_path / "nowhere").exists()


# ------------------------------------------------------------ over


@pytest.mark.parametrize("mode", ["wal", "delete", "truncate", "persist"])
def test_programs_that_have_it_open_see_the_restored_data(home: Home, mode: str) -> None:
    home.make(mode=mode)
    wanted = home.backup().snapshot
    with program(home.database) as reader, program(home.database) as writer:
        assert reader.run("SELECT count(*) FROM item") == [[60]]
        writer.run("DELETE FROM item WHERE id > 10")
        writer.run("CREATE TABLE later(a)")
        if mode == "wal":  # in the middle of a transaction: it sees its own state to the end
            reader.run("BEGIN")
            assert reader.run("SELECT count(*) FROM item") == [[10]]
        result = home.restore_over(wanted)
        assert result.how == "live"
        if mode == "wal":
            assert reader.run("SELECT count(*) FROM item") == [[10]]
            reader.run("COMMIT")
        assert reader.run("SELECT count(*) FROM item") == [[60]]
        assert writer.run("SELECT count(*) FROM item") == [[60]]
        with pytest.raises(sqlite3.OperationalError, match="later"):
            writer.run("SELECT * FROM later")
        writer.run("INSERT INTO item(name) VALUES ('after')")
        assert reader.run("SELECT count(*) FROM item") == [[61]]
        assert reader.run("PRAGMA integrity_check") == [["ok"]]
        assert (reader.run("PRAGMA journal_mode") == [["wal"]]) == (mode == "wal")
    assert rows_of(home.database) == 61


def test_a_reader_in_rollback_mode_is_waited_for_then_nothing_is_changed(home: Home) -> None:
    home.make()
    wanted = home.backup().snapshot
    home.change()
    with program(home.database) as reader:
        reader.run("BEGIN")
        count = reader.run("SELECT count(*) FROM item")
        with pytest.raises(TargetInUse):
            home.restore_over(wanted, deadline_seconds=1.0)
        assert reader.run("SELECT count(*) FROM item") == count
    assert [[rows_of(home.database)]] == count


def test_undo_and_undo_of_the_undo(lived: Home) -> None:
    before, wanted = lived.database.read_bytes(), first_of(lived)
    result = lived.restore_over(wanted)
    assert result.safety_copy
    safety = lived.find(result.safety_copy.id)
    assert (safety.reason, safety.verified, safety.source) == (Reason.PRE_RESTORE, Level.FULL, wanted.source)
    assert different_rows(lived.database.read_bytes(), lived.image(wanted)) == []
    assert lived.find("latest").id != safety.id  # safety copies are no "latest"

    chosen, path = find_undo(load_catalog(lived.repository).snapshots)
    assert (chosen.id, path) == (safety.id, lived.database)
    lived.clock.advance(60)
    lived.restore_over(chosen)
    assert different_rows(lived.database.read_bytes(), before) == []

    chosen, path = find_undo(load_catalog(lived.repository).snapshots)
    assert chosen.id != safety.id
    lived.clock.advance(60)
    lived.restore_over(chosen)
    assert different_rows(lived.database.read_bytes(), lived.image(wanted)) == []


def different_rows(one: bytes, other: bytes) -> list[int]:
    """Pages that differ, the counters that SQLite keeps in page 1 left aside."""
    left, right = bytearray(one), bytearray(other)
    for data in (left, right):
        data[40:44] = data[96:100] = bytes(4)
        data[18:20] = b"\x01\x01"
    return different_pages(bytes(left), bytes(right))


def test_there_is_nothing_to_undo(lived: Home) -> None:
    with pytest.raises(UnknownSnapshot):
        find_undo(load_catalog(lived.repository).snapshots)


def test_undo_of_a_database_with_problems(home: Home) -> None:
    """What was there is kept even if it is unsound, and brought back when that is accepted."""
    home.make(rows=300)
    good = home.backup().snapshot
    corrupt_page(home.database)
    before = home.database.read_bytes()
    result = home.restore_over(good)
    assert result.safety_copy
    assert home.find(result.safety_copy.id).problems
    home.clock.advance(60)
    home.restore_over(find_undo(home.snapshots())[0], accept_problems=True)
    assert different_rows(home.database.read_bytes(), before) == []


def test_without_a_safety_copy(lived: Home) -> None:
    result = lived.restore_over(first_of(lived), safety_copy=False)
    assert result.safety_copy is None
    assert len(lived.snapshots()) == 2
    assert rows_of(lived.database) == 60


def test_over_another_database(lived: Home, tmp_path: Path) -> None:
    """Its safety copy is kept under its own name."""
    other = tmp_path / "data" / "other.db"
    with closing(connect(other)) as db:
        db.execute("CREATE TABLE own(a)")
    result = lived.restore_over(first_of(lived), other)
    assert result.safety_copy
    assert result.safety_copy.source == "other"
    assert rows_of(other) == 60


def test_over_nothing(lived: Home, tmp_path: Path) -> None:
    target = tmp_path / "out" / "fresh.db"
    result = lived.restore_over(first_of(lived), target)
    assert (result.how, result.safety_copy) == ("new", None)
    assert rows_of(target) == 60
    assert beside(target) == ["fresh.db"]


def test_over_an_empty_file_and_an_empty_snapshot_over_a_full_one(home: Home) -> None:
    home.database.touch()
    empty = home.backup().snapshot
    home.make()
    full = home.backup().snapshot
    assert home.restore_over(empty).how == "live"
    with closing(connect(home.database)) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    home.clock.advance(60)
    home.restore_over(full)
    assert rows_of(home.database) == 60
    home.database.write_bytes(b"")
    home.clock.advance(60)
    home.restore_over(full)
    assert rows_of(home.database) == 60


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links")
@pytest.mark.parametrize("damaged", [False, True])
def test_mode_owner_and_links_stay(lived: Home, tmp_path: Path, damaged: bool) -> None:
    if damaged:
        lived.database.write_bytes(b"no database any more" * 300)
    lived.database.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(lived.database, 12345, 23456)
    link = tmp_path / "link.db"
    link.symlink_to(lived.database)
    before = lived.database.stat()
    assert replace(lived, first_of(lived), link).how == ("replaced" if damaged else "live")
    after = lived.database.stat()
    assert link.is_symlink()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert rows_of(lived.database) == 60


# ------------------------------------------------------------ wreckage at the target


def spoil_header(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.write(b"\xff" * 100)


def replace(home: Home, snapshot: Snapshot, target: Path | None = None) -> RestoreResult:
    """Restore where the file may have to be replaced; the test vouches that it is closed if the system cannot tell."""
    closed = openers(target or home.database) is None
    return home.restore_over(snapshot, target, all_closed=closed)


WRECKS: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("the disk made a letter of it " * 50),
    "header": spoil_header,
    "cut": lambda path: os.truncate(path, 5000),
}


@pytest.mark.parametrize("wreck", WRECKS)
def test_what_cannot_be_backed_up_is_moved_aside(lived: Home, wreck: str) -> None:
    WRECKS[wreck](lived.database)
    wreckage = lived.database.read_bytes()
    log = lived.database.with_name("app.db-journal")
    log.write_bytes(b"\0" * 600)
    result = replace(lived, first_of(lived))
    assert (result.how, result.safety_copy) == ("replaced", None)
    assert result.kept_aside
    assert (result.kept_aside / "app.db").read_bytes() == wreckage
    assert (result.kept_aside / log.name).exists() != log.exists()
    assert "no_safety_copy" in warnings_of(lived.monitor)
    assert lived.database.read_bytes() == lived.image(first_of(lived))
    assert rows_of(lived.database) == 60


def test_wreckage_that_a_program_has_open_is_left_alone(lived: Home) -> None:
    with program(lived.database) as app:
        app.run("SELECT count(*) FROM item")
        spoil_header(lived.database)
        wreckage = lived.database.read_bytes()
        with pytest.raises(TargetInUse):
            lived.restore_over(first_of(lived))
        assert lived.database.read_bytes() == wreckage
    assert replace(lived, first_of(lived)).how == "replaced"


def test_another_page_size_in_wal_mode(home: Home) -> None:
    home.make(page_size=1024)
    small = home.backup().snapshot
    home.sql("PRAGMA page_size=8192; VACUUM; PRAGMA journal_mode=WAL; DELETE FROM item WHERE id > 5")
    with program(home.database) as app:
        app.run("SELECT count(*) FROM item")
        with pytest.raises(TargetInUse, match="cannot be replaced"):
            home.restore_over(small)
        assert app.run("SELECT count(*) FROM item") == [[5]]
    result = replace(home, small)
    assert result.how == "replaced"
    assert result.safety_copy
    assert result.kept_aside
    assert pragmas(home.database)["page_size"] == 1024
    assert rows_of(home.database) == 60
    home.clock.advance(60)
    replace(home, find_undo(home.snapshots())[0])
    assert rows_of(home.database) == 5


def test_another_page_size_in_rollback_mode_goes_through_sqlite(home: Home) -> None:
    home.make(page_size=1024)
    small = home.backup().snapshot
    home.sql("PRAGMA page_size=8192; VACUUM")
    with program(home.database) as app:
        app.run("SELECT count(*) FROM item")
        assert home.restore_over(small).how == "live"
        assert app.run("SELECT count(*) FROM item") == [[60]]
    assert pragmas(home.database)["page_size"] == 1024


# ------------------------------------------------------------ what must not touch the target


def untouched(home: Home, action: Callable[[], object], *errors: type[LitekeepError]) -> None:
    """The action raises one of these errors, and everything about the database is as it was."""
    before, names = home.database.read_bytes(), beside(home.database)
    status, listed = home.database.stat(), [each.id for each in home.snapshots()]
    with pytest.raises(errors):
        action()
    after = home.database.stat()
    assert home.database.read_bytes() == before
    assert (after.st_mtime_ns, after.st_ctime_ns, after.st_ino) == (
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino,
    )
    assert beside(home.database) == names
    assert [each.id for each in home.snapshots()] == listed


def test_a_damaged_snapshot(lived: Home) -> None:
    snapshot = first_of(lived)
    for pack in lived.keys("packs/"):
        lived.flip(pack, lived.storage.size(pack) // 3)
    untouched(lived, lambda: lived.restore_over(snapshot), CorruptObject)
    target = lived.folder / "out" / "again.db"
    with pytest.raises(CorruptObject):
        lived.restore_new(snapshot, target)
    assert beside(target) == []


def test_a_damaged_manifest(lived: Home) -> None:
    snapshot = first_of(lived)
    lived.flip(snapshot.key)
    untouched_but_listed = lived.database.read_bytes()
    with pytest.raises(CorruptObject):
        lived.restore_over(snapshot)
    assert lived.database.read_bytes() == untouched_but_listed


@pytest.mark.parametrize("level", [Level.NONE, Level.WRITTEN, Level.FULL])
def test_a_snapshot_with_problems_is_refused_unless_accepted(home: Home, level: Level) -> None:
    home.make(rows=300)
    home.sql("CREATE TABLE child(item INT REFERENCES item(id)); INSERT INTO child VALUES (99999)")
    snapshot = home.backup(level=level).snapshot
    snapshot = home.find(snapshot.id)
    home.sql("DELETE FROM child")
    untouched(home, lambda: home.restore_over(snapshot), VerificationFailed)
    target = home.folder / "out" / "again.db"
    with pytest.raises(VerificationFailed, match="problems"):
        home.restore_new(snapshot, target)
    assert beside(target) == []
    assert home.restore_new(snapshot, target, accept_problems=True).problems
    assert home.restore_over(snapshot, accept_problems=True).problems
    with closing(connect(home.database)) as db:
        assert db.execute("SELECT count(*) FROM child").fetchone() == (1,)


def test_checks_decide_before_the_target_is_touched(lived: Home) -> None:
    checks = ["SELECT count(*) > 1000000 FROM item"]
    untouched(lived, lambda: lived.restore_over(first_of(lived), checks=checks), VerificationFailed)
    assert lived.restore_over(first_of(lived), checks=["SELECT count(*) = 60 FROM item"]).problems == ()


def test_cancelling_at_any_moment(lived: Home) -> None:
    lived.monitor = RecordingMonitor()
    wanted, target = first_of(lived), lived.folder / "out" / "again.db"
    lived.restore_over(wanted, safety_copy=False)
    old = lived.database.read_bytes()
    lived.change()
    new = lived.database.read_bytes()
    for moment in cancel_points(lived.monitor.questions, 20):
        lived.monitor = RecordingMonitor(cancel_after=moment)
        with pytest.raises(Cancelled):
            lived.restore_over(wanted, safety_copy=False)
        assert lived.database.read_bytes() == new != old
        assert beside(lived.database) == ["app.db"]
    lived.monitor = RecordingMonitor()
    lived.restore_new(wanted, lived.folder / "out" / "probe.db")
    for moment in cancel_points(lived.monitor.questions, 20):
        lived.monitor = RecordingMonitor(cancel_after=moment)
        with pytest.raises(Cancelled):
            lived.restore_new(wanted, target)
        assert beside(target) == ["probe.db"]


def test_no_room_for_a_new_file(home: Home) -> None:
    home.make(rows=3000)
    snapshot = home.backup().snapshot
    with small_disk(home.folder, 1000) as place:
        with pytest.raises(NoSpace):
            home.restore_new(snapshot, place / "again.db")
        assert list(place.iterdir()) == []


def test_no_room_beside_the_database(home: Home) -> None:
    home.make(rows=3000)
    snapshot = home.backup().snapshot
    with small_disk(home.folder, 2600) as place:
        shutil.copy(home.database, place / "app.db")
        home.database = place / "app.db"
        untouched(home, lambda: home.restore_over(snapshot), NoSpace)


# ------------------------------------------------------------ from files


def from_file(home: Home, file: Path, target: Path, **options: object) -> RestoreResult:
    return restore_file(
        home.repository,
        file,
        target,
        options=RestoreOptions(**options),  # type: ignore[arg-type]
        clock=home.clock,
        monitor=home.monitor,
    )


@pytest.mark.parametrize("ending", [".db", ".gz", ".zst", ".renamed"])
def test_from_exported_files(lived: Home, tmp_path: Path, ending: str) -> None:
    file, target = tmp_path / f"kept{ending}", tmp_path / "out" / "again.db"
    export(lived.repository, first_of(lived), file, clock=lived.clock, monitor=lived.monitor)
    result = from_file(lived, file, target)
    assert (result.how, result.snapshot, result.problems) == ("new", None, ())
    assert different_pages(target.read_bytes(), lived.image(first_of(lived))) == []
    over = from_file(lived, file, lived.database)
    assert over.how == "live"
    assert over.safety_copy
    assert rows_of(lived.database) == 60
    with pytest.raises(Refused):
        restore_file(None, file, lived.database, clock=lived.clock, monitor=lived.monitor)


def test_from_a_live_database(lived: Home, tmp_path: Path) -> None:
    """Its log is included, and it is not disturbed."""
    lived.sql("PRAGMA journal_mode=WAL")
    target = tmp_path / "out" / "again.db"
    with closing(connect(lived.database)) as app:
        app.execute("INSERT INTO item(name) VALUES ('only in the log')")
        from_file(lived, lived.database, target)
        assert rows_of(target) == app.execute("SELECT count(*) FROM item").fetchone()[0]
        app.execute("INSERT INTO item(name) VALUES ('goes on')")


def bad_files(folder: Path) -> dict[str, tuple[Path, type[LitekeepError]]]:
    text = folder / "letter.txt"
    text.write_text("Dear Sir or Madam, " * 50)
    cut = folder / "cut.db.gz"
    cut.write_bytes(gzip.compress(os.urandom(50_000))[:20_000])
    cut_zst = folder / "cut.db.zst"
    cut_zst.write_bytes(zstd.compress(os.urandom(50_000))[:20_000])
    packed = folder / "letter.gz"
    packed.write_bytes(gzip.compress(text.read_bytes()))
    odd = folder / "odd.gz"
    odd.write_bytes(b"\x1f\x8b" + b"nonsense" * 10)
    return {
        "missing": (folder / "nowhere.db", SourceMissing),
        "folder": (folder, UsageError),
        "text": (text, NotADatabase),
        "cut gz": (cut, NotADatabase),
        "cut zst": (cut_zst, NotADatabase),
        "packed text": (packed, NotADatabase),
        "odd gz": (odd, NotADatabase),
    }


@pytest.mark.parametrize("what", ["missing", "folder", "text", "cut gz", "cut zst", "packed text", "odd gz"])
@pytest.mark.parametrize("accept", [False, True])
def test_files_that_are_no_backups(lived: Home, tmp_path: Path, what: str, accept: bool) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    file, error = bad_files(folder)[what]
    untouched(lived, lambda: from_file(lived, file, lived.database, accept_problems=accept), error)
    target = tmp_path / "out" / "again.db"
    with pytest.raises(error):
        from_file(lived, file, target, accept_problems=accept)
    assert beside(target) == []


def test_a_file_with_problems(home: Home, tmp_path: Path) -> None:
    home.make(rows=300)
    file, target = tmp_path / "kept.db", tmp_path / "out" / "again.db"
    shutil.copy(home.database, file)
    corrupt_page(file)
    with pytest.raises(VerificationFailed):
        from_file(home, file, target)
    assert from_file(home, file, target, accept_problems=True).problems


def bomb(folder: Path, megabytes: int) -> Path:
    file = folder / "bomb.db.zst"
    with zstd.ZstdFile(file, "wb") as out:
        for _ in range(megabytes):
            out.write(bytes(1 << 20))
    assert file.stat().st_size < 100_000
    return file


def test_a_bomb_fills_the_disk_and_is_cleared_away(home: Home, tmp_path: Path) -> None:
    file = bomb(tmp_path, 64)
    with small_disk(tmp_path, 8 << 10) as place:
        with pytest.raises(NoSpace):
            from_file(home, file, place / "again.db")
        assert list(place.iterdir()) == []


def test_a_bomb_can_be_stopped(home: Home, tmp_path: Path) -> None:
    file = bomb(tmp_path, 16)
    for moment in (0, 3, 9):
        home.monitor = RecordingMonitor(cancel_after=moment)
        with pytest.raises(Cancelled):
            from_file(home, file, tmp_path / "out" / "again.db")
        assert beside(tmp_path / "out" / "again.db") == []


def test_many_programs_at_once(home: Home) -> None:
    home.make(mode="wal")
    wanted = home.backup().snapshot
    with ExitStack() as stack:
        apps = [stack.enter_context(program(home.database)) for _ in range(4)]
        for round_ in range(3):
            for app in apps:
                app.run("INSERT INTO item(name) VALUES ('x')")
            home.clock.advance(60)
            home.restore_over(wanted, safety_copy=round_ % 2 == 0)
            assert [app.run("SELECT count(*) FROM item") for app in apps] == [[[60]]] * 4
