"""A copy is the source's committed state, page by page, for every kind of database and every odd name."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Cancelled, NoSpace, Refused, SourceBusy, SourceMissing, SourceUnreadable
from litekeep.sqlite.capture import CaptureOptions, SourceReplaced, capture, pin
from litekeep.testing import RecordingMonitor

from .databases import connect, content, fill, has_fts5, make, make_with_reserved_bytes, pragmas, same_pages, sound

PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]
OPTIONS = CaptureOptions(deadline_seconds=2.0)


@pytest.mark.parametrize("page_size", PAGE_SIZES)
@pytest.mark.parametrize("mode", ["delete", "truncate", "persist", "memory", "off", "wal"])
def test_copy_is_faithful(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, page_size: int, mode: str
) -> None:
    source = make(tmp_path / "a.db", page_size=page_size, mode=mode, rows=80)
    image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert same_pages(source, image.path)
    assert sound(image.path)
    assert (image.method, image.facts.page_size, image.path.stat().st_mode & 0o777) == ("raw_read", page_size, 0o600)
    assert image.facts.size_bytes == source.stat().st_size == image.path.stat().st_size
    assert monitor.steps[-1] == ("capture", image.facts.page_count, image.facts.page_count, "pages")
    assert pragmas(source) == pragmas(image.path)
    assert {path.name for path in tmp_path.glob("copy*")} <= {"copy.db", "copy.db-wal", "copy.db-shm"}


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
def test_wal_content_is_part_of_the_copy(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, page_size: int
) -> None:
    source = make(tmp_path / "a.db", page_size=page_size, mode="wal")
    with closing(connect(source)) as app:
        fill(app, 300)
        assert (tmp_path / "a.db-wal").stat().st_size > 0
        with pin(source, clock=clock, monitor=monitor, options=OPTIONS) as pinned:
            fill(app, 100)  # after the pin: not part of it
            image = pinned.copy_to(tmp_path / "copy.db")
        assert content(image.path, query="mode=ro&immutable=1") != content(source)
        assert pinned.facts == image.facts
        assert image.facts.journal_mode == "wal"
        assert image.fingerprint.wal is not None
    assert sound(image.path)


@pytest.mark.parametrize(
    "settings",
    [
        "PRAGMA auto_vacuum=1",
        "PRAGMA auto_vacuum=2",
        "PRAGMA encoding='UTF-16le'",
        "PRAGMA encoding='UTF-16be'",
        "PRAGMA secure_delete=ON",
    ],
)
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_settings_in_the_file_survive(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, settings: str, mode: str
) -> None:
    source = make(tmp_path / "a.db", mode=mode, settings=settings)
    image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert same_pages(source, image.path)
    assert pragmas(source) == pragmas(image.path)
    assert {"UTF-16le": "UTF-16le", "UTF-16be": "UTF-16be"}.get(settings[17:-1], "UTF-8") == image.facts.encoding


@pytest.mark.skipif(not has_fts5(), reason="no FTS5 in this SQLite")
def test_full_text_search_survives(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db")
    with closing(connect(source)) as app:
        app.execute("CREATE VIRTUAL TABLE note USING fts5(text)")
        app.executemany("INSERT INTO note VALUES (?)", [(f"word{i} and more",) for i in range(200)])
    image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert same_pages(source, image.path)
    with closing(connect(image.path)) as db:
        assert db.execute("SELECT count(*) FROM note WHERE note MATCH 'word7'").fetchone() == (1,)


def test_reserved_bytes_survive(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    if not make_with_reserved_bytes(tmp_path / "a.db", 32):
        pytest.skip("this SQLite cannot reserve bytes")
    image = capture(tmp_path / "a.db", tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert same_pages(tmp_path / "a.db", image.path)
    assert image.path.read_bytes()[20] == 32


LOCK_PAGE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from sqlite.databases import library, make, same_pages, sound
assert library().sqlite3_test_control(11, 0x10000) == 0x40000000
from litekeep.clock import SystemClock
from litekeep.sqlite.capture import capture
from litekeep.sqlite.header import lock_byte_page
from litekeep.testing import RecordingMonitor
folder, page_size, mode = Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
source = make(folder / "a.db", page_size=page_size, mode=mode, rows=600)
image = capture(source, folder / "copy.db", clock=SystemClock(), monitor=RecordingMonitor())
page = lock_byte_page(page_size, 0x10000)
assert image.facts.page_count > page
assert image.path.read_bytes()[(page - 1) * page_size:page * page_size] == bytes(page_size)
assert same_pages(source, image.path) and sound(image.path)
"""


@pytest.mark.parametrize(("page_size", "mode"), [(512, "delete"), (4096, "wal"), (4096, "delete"), (65536, "delete")])
def test_lock_byte_page_is_left_out(tmp_path: Path, page_size: int, mode: str) -> None:
    tests = str(Path(__file__).parent.parent)
    command = [sys.executable, "-c", LOCK_PAGE, tests, str(tmp_path), str(page_size), mode]
    subprocess.run(command, check=True, timeout=30)


@pytest.mark.parametrize("length", [512, 4096, 40 * 4096])
def test_a_first_page_that_only_the_log_has(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, length: int
) -> None:
    """The power was cut while a checkpoint wrote the file: the log has all of it, and SQLite reads it from there."""
    source = make(tmp_path / "a.db", mode="wal")
    with closing(connect(source)) as app:
        app.execute("PRAGMA wal_autocheckpoint=0")
        fill(app, 300)
        app.execute("VACUUM")
        wanted = content(source)
        log = (tmp_path / "a.db-wal").read_bytes()
    source.write_bytes(os.urandom(length))
    (tmp_path / "a.db-wal").write_bytes(log)
    image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert image.facts.journal_mode == "wal"
    assert sound(image.path)
    assert content(image.path, query="mode=ro&immutable=1") == wanted


def test_zero_bytes_are_an_empty_database(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    (tmp_path / "a.db").touch()
    image = capture(tmp_path / "a.db", tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert (image.facts.page_size, image.facts.page_count, image.path.stat().st_size) == (0, 0, 0)
    assert (tmp_path / "a.db").stat().st_size == 0


def test_database_without_tables(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    with closing(connect(tmp_path / "a.db")) as app:
        app.execute("PRAGMA user_version=3")
    image = capture(tmp_path / "a.db", tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert (image.facts.page_count, image.facts.user_version) == (1, 3)


@pytest.mark.parametrize("cut", [1, 100, 511])
def test_a_cut_off_file_is_an_error(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, cut: int) -> None:
    source = make(tmp_path / "a.db", page_size=512)
    os.truncate(source, source.stat().st_size - cut)
    with pytest.raises(SourceUnreadable, match=r"cut off|damaged"):
        capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    os.truncate(source, source.stat().st_size // 1024 * 512)
    with pytest.raises(SourceUnreadable, match=r"cut off|damaged"):
        capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)


def test_trailing_bytes_are_an_error(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db")
    with open(source, "ab") as stream:
        stream.write(b"x")
    with pytest.raises(SourceUnreadable, match="cut off"):
        capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)


def test_a_damaged_schema_is_copied_and_said(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db")
    source.write_bytes(source.read_bytes().replace(b"CREATE TABLE item", b"CREATE TABXE item"))
    image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert same_pages(source, image.path)
    assert ("warning", "source_damaged") in [(name, facts["code"]) for name, facts in monitor.events]


def test_destination_must_be_new(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db")
    before = source.read_bytes()
    (tmp_path / "copy.db").write_bytes(b"precious")
    for destination in (source, tmp_path / "copy.db"):
        with pytest.raises(Refused):
            capture(source, destination, clock=clock, monitor=monitor)
    assert ((tmp_path / "copy.db").read_bytes(), source.read_bytes()) == (b"precious", before)
    with pin(source, clock=clock, monitor=monitor, options=OPTIONS) as pinned:
        pinned.copy_to(tmp_path / "one.db")
        with pytest.raises(Refused, match="only once"):
            pinned.copy_to(tmp_path / "two.db")


def test_no_room_is_said_before_a_byte_is_written(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(tmp_path / "a.db")
    free = int(source.stat().st_size * 1.04)
    usage = type(shutil.disk_usage(tmp_path))(free * 9, free * 8, free)
    monkeypatch.setattr("litekeep.sqlite.filesystem.shutil.disk_usage", lambda _: usage)
    with pytest.raises(NoSpace, match="only"):
        capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_cancel_at_every_question(tmp_path: Path, clock: SystemClock, mode: str) -> None:
    source = make(tmp_path / "a.db", mode=mode, rows=300)
    options = CaptureOptions(step_pages=4)
    full = RecordingMonitor()
    capture(source, tmp_path / "full.db", clock=clock, monitor=full, options=options)
    assert full.questions > 5
    for number in range(full.questions):
        with pytest.raises(Cancelled):
            capture(source, tmp_path / "copy.db", clock=clock, monitor=RecordingMonitor(number), options=options)
        assert not list(tmp_path.glob("copy*"))
    with closing(connect(source)) as app:
        fill(app, 1)  # no lock is left behind


def test_limit_of_the_whole_copy(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db")
    options = CaptureOptions(step_pages=1, copy_limit_seconds=0.0)
    with pytest.raises(SourceBusy, match="longer than"):
        capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor, options=options)
    assert not (tmp_path / "copy.db").exists()


class Replacing(RecordingMonitor):
    """Renames other files over the source during the first `times` copies."""

    def __init__(self, source: Path, others: list[Path]) -> None:
        super().__init__()
        self.source = source
        self.others = others

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        super().progress(phase, done, total, unit)
        if done == total and self.others:
            os.rename(self.others.pop(), self.source)


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_replaced_during_the_copy_is_done_again(tmp_path: Path, clock: SystemClock, mode: str) -> None:
    source = make(tmp_path / "a.db", mode=mode)
    others = [make(tmp_path / f"other{number}.db", rows=50 + number) for number in range(2)]
    monitor = Replacing(source, list(others))
    image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert monitor.names() == ["source_replaced", "source_replaced"]
    assert same_pages(source, image.path)
    assert image.fingerprint.inode == source.stat().st_ino


def test_replaced_again_and_again_is_an_error(tmp_path: Path, clock: SystemClock) -> None:
    source = make(tmp_path / "a.db")
    others = [make(tmp_path / f"other{number}.db") for number in range(5)]
    with pytest.raises(SourceReplaced):
        capture(source, tmp_path / "copy.db", clock=clock, monitor=Replacing(source, others))
    assert not (tmp_path / "copy.db").exists()
    assert len(others) == 2


def test_removed_during_the_copy_is_missing(tmp_path: Path, clock: SystemClock) -> None:
    source = make(tmp_path / "a.db")

    class Removing(RecordingMonitor):
        def progress(self, phase: str, done: int, total: int, unit: str) -> None:
            source.unlink(missing_ok=True)

    with pytest.raises(SourceMissing):
        capture(source, tmp_path / "copy.db", clock=clock, monitor=Removing())


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_pinning_does_not_read_the_database(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str
) -> None:
    source = make(tmp_path / "a.db", mode=mode, rows=9000)
    with closing(connect(source)) as app:
        app.execute("INSERT INTO item(name) VALUES ('x')")
        times = []
        for _ in range(20):
            begun = clock.monotonic()
            with pin(source, clock=clock, monitor=monitor, options=OPTIONS):
                pass
            times.append(clock.monotonic() - begun)
    assert min(times) < 0.05, f"{min(times) * 1000:.2f} ms"


def test_locks_of_this_process_survive_a_pin(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    """Closing a descriptor of the file would drop them (howtocorrupt 2.2)."""
    for mode in ("delete", "wal"):
        source = make(tmp_path / f"{mode}.db", mode=mode)
        with closing(connect(source)) as app:
            app.execute("BEGIN IMMEDIATE")
            app.execute("INSERT INTO item(name) VALUES ('mine')")
            capture(source, tmp_path / f"{mode}.copy", clock=clock, monitor=monitor)
            probe = "import sqlite3,sys; sqlite3.connect(sys.argv[1],timeout=0).execute('BEGIN IMMEDIATE')"
            other = subprocess.run(
                [sys.executable, "-c", probe, str(source)], check=False, capture_output=True, text=True
            )
            assert "database is locked" in other.stderr
            app.execute("COMMIT")
            assert app.execute("SELECT count(*) FROM item WHERE name='mine'").fetchone() == (1,)


def test_connections_are_closed_on_error(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db")
    with pytest.raises(ZeroDivisionError), pin(source, clock=clock, monitor=monitor, options=OPTIONS):
        _ = 1 // 0
    with closing(sqlite3.connect(source, timeout=0)) as app:
        app.execute("BEGIN EXCLUSIVE")
