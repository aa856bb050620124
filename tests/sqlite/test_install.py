"""Restored files under a new name and inside a database that is open."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Cancelled, NoSpace, Refused, StorageError, TargetInUse
from litekeep.sqlite.install import install_live, install_new
from litekeep.sqlite.publish import sweep
from litekeep.testing import RecordingMonitor

from . import programs
from .databases import connect, content, leave_hot_journal, leave_wal, make, process, sound

MODES = ["delete", "wal", "persist"]


def version(path: Path, number: int, mode: str = "delete", rows: int = 1500, page_size: int = 4096) -> Path:
    programs.make_version(str(path), number, mode, rows, page_size)
    return path


def test_new_file(tmp_path: Path) -> None:
    prepared = make(tmp_path / "prepared")
    data = prepared.read_bytes()
    install_new(prepared, tmp_path / "a.db")
    assert (tmp_path / "a.db").read_bytes() == data
    assert (tmp_path / "a.db").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]
    install_new(make(tmp_path / "prepared"), tmp_path / "b.db", mode=0o640)
    assert (tmp_path / "b.db").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("kind", ["file", "folder", "dangling symlink"])
def test_new_file_refuses_whatever_is_there(tmp_path: Path, suffix: str, kind: str) -> None:
    prepared = make(tmp_path / "prepared")
    there = tmp_path / f"a.db{suffix}"
    if kind == "file":
        there.write_bytes(b"old")
    elif kind == "folder":
        there.mkdir()
    else:
        there.symlink_to("nowhere")
    names = sorted(tmp_path.iterdir())
    with pytest.raises(Refused, match="exists already"):
        install_new(prepared, tmp_path / "a.db")
    assert sorted(tmp_path.iterdir()) == names
    assert prepared.exists()


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs a second file system")
def test_new_file_from_another_file_system(tmp_path: Path) -> None:
    far = Path("/dev/shm") / f"litekeep-test-{os.getpid()}"
    shutil.copy(make(tmp_path / "x.db"), far)
    try:
        install_new(far, tmp_path / "a.db")
        assert not far.exists()
    finally:
        far.unlink(missing_ok=True)
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "x.db").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.db", "x.db"}


def test_sweep_removes_only_old_leftovers(tmp_path: Path, clock: SystemClock) -> None:
    for name in (".litekeep-1.tmp", ".litekeep-2.tmp", "a.db"):
        (tmp_path / name).touch()
    os.utime(tmp_path / ".litekeep-1.tmp", (1, 1))
    from datetime import timedelta

    assert sweep(tmp_path, before=clock.now() - timedelta(hours=1)) == 1
    assert {path.name for path in tmp_path.iterdir()} == {".litekeep-2.tmp", "a.db"}


@pytest.mark.parametrize("image_mode", ["delete", "wal"])
@pytest.mark.parametrize("mode", MODES)
def test_live_restore_keeps_mode_and_connections(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str, image_mode: str
) -> None:
    target = version(tmp_path / "a.db", 1, mode)
    target.chmod(0o640)
    prepared = version(tmp_path / "prepared", 2, image_mode)
    data = prepared.read_bytes()
    with closing(connect(target)) as app:
        app.execute(f"PRAGMA journal_mode={mode}")
        assert app.execute("SELECT DISTINCT version FROM left").fetchall() == [(1,)]
        install_live(prepared, target, deadline_seconds=5, clock=clock, monitor=monitor)
        assert app.execute("SELECT DISTINCT version FROM left").fetchall() == [(2,)]
        assert app.execute("PRAGMA journal_mode").fetchone() == (mode,)
        app.execute("INSERT INTO left(version) VALUES (2)")
    assert prepared.read_bytes() == data
    assert programs.version_of(str(target)) == 2
    assert target.stat().st_mode & 0o777 == 0o640
    assert monitor.steps[-1][0] == "restore"
    assert not (tmp_path / "a.db-journal").exists() or mode == "persist"


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_live_restore_of_a_smaller_an_empty_and_a_larger_one(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str
) -> None:
    target = version(tmp_path / "a.db", 1, mode)
    for number, rows in ((2, 10), (3, 4000)):
        prepared = version(tmp_path / f"prepared{number}", number, rows=rows)
        with closing(connect(target)) as app:
            app.execute("SELECT * FROM left").fetchone()
            install_live(prepared, target, deadline_seconds=5, clock=clock, monitor=monitor)
            assert app.execute("SELECT DISTINCT version FROM right").fetchall() == [(number,)]
        assert content(prepared) == content(target)
    (tmp_path / "empty").touch()
    install_live(tmp_path / "empty", target, deadline_seconds=5, clock=clock, monitor=monitor)
    with closing(connect(target)) as app:
        assert app.execute("SELECT * FROM sqlite_master").fetchall() == []
        assert app.execute("PRAGMA journal_mode").fetchone() == (mode,)


LIVE = """
import sys; from pathlib import Path; from litekeep.clock import SystemClock; from litekeep.monitor import Silent
from litekeep.sqlite.install import install_live
install_live(Path(sys.argv[1]), Path(sys.argv[2]), deadline_seconds=5, clock=SystemClock(), monitor=Silent())
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_journal_is_gone_for_good_before_the_file_is_cut(tmp_path: Path) -> None:
    """Else a power cut may bring the journal back and leave the file cut, which the journal cannot undo."""
    target, prepared = version(tmp_path / "a.db", 1, rows=3000), version(tmp_path / "p", 2, rows=10)
    calls = "trace=fsync,fdatasync,unlink,unlinkat,ftruncate"
    strace = ["strace", "-f", "-y", "-qq", "-e", calls, "-o", str(tmp_path / "log")]
    subprocess.run([*strace, sys.executable, "-c", LIVE, str(prepared), str(target)], check=True)
    lines = (tmp_path / "log").read_text().splitlines()
    removed = next(n for n, line in enumerate(lines) if "unlink" in line and "a.db-journal" in line)
    flushed = next(n for n, line in enumerate(lines) if n > removed and "sync" in line and f"<{tmp_path}>" in line)
    cut = next(n for n, line in enumerate(lines) if "ftruncate" in line and "a.db>" in line)
    assert removed < flushed < cut


def test_page_size_may_change_in_rollback_mode_only(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor
) -> None:
    for target_size, size in ((4096, 1024), (1024, 65536)):
        target = version(tmp_path / f"{size}.db", 1, page_size=target_size)
        prepared = version(tmp_path / f"prepared{size}", 2, page_size=size)
        with closing(connect(target)) as app:
            app.execute("SELECT * FROM left").fetchone()
            install_live(prepared, target, deadline_seconds=5, clock=clock, monitor=monitor)
            assert app.execute("SELECT DISTINCT version FROM right").fetchall() == [(2,)]
        assert programs.version_of(str(target)) == 2
    target = version(tmp_path / "wal.db", 1, "wal")
    with pytest.raises(Refused, match="pages of 4096 bytes and the backup of 1024") as caught:
        install_live(tmp_path / "prepared1024", target, deadline_seconds=1, clock=clock, monitor=monitor)
    assert "replacing the file" in caught.value.hint
    assert programs.version_of(str(target)) == 1


@pytest.mark.parametrize(("mode", "holder"), [("delete", "exclusive"), ("wal", "exclusive"), ("delete", "reader")])
def test_live_restore_gives_up_at_the_deadline(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str, holder: str
) -> None:
    target = version(tmp_path / "a.db", 1, mode)
    prepared = version(tmp_path / "prepared", 2)
    with process(holder, target):
        begun = clock.monotonic()
        with pytest.raises(TargetInUse):
            install_live(prepared, target, deadline_seconds=0.5, clock=clock, monitor=monitor)
        assert 0.4 < clock.monotonic() - begun < 20
    assert programs.version_of(str(target)) == 1
    install_live(prepared, target, deadline_seconds=0.5, clock=clock, monitor=monitor)


def test_live_restore_beside_a_reader_in_wal_mode(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor
) -> None:
    target = version(tmp_path / "a.db", 1, "wal")
    with closing(connect(target)) as app:
        app.execute("BEGIN")
        assert app.execute("SELECT DISTINCT version FROM left").fetchall() == [(1,)]
        install_live(version(tmp_path / "p", 2), target, deadline_seconds=5, clock=clock, monitor=monitor)
        assert app.execute("SELECT DISTINCT version FROM right").fetchall() == [(1,)]
        app.execute("COMMIT")
        assert app.execute("SELECT DISTINCT version FROM right").fetchall() == [(2,)]


def test_live_restore_refuses_what_is_no_healthy_database(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor
) -> None:
    prepared = make(tmp_path / "prepared")
    (tmp_path / "text.db").write_text("text" * 2000)
    bad = make(tmp_path / "bad.db")
    bad.write_bytes(bad.read_bytes().replace(b"CREATE TABLE item", b"CREATE TABXE item"))
    for name in ("missing.db", "text.db", "bad.db"):
        before = (tmp_path / name).read_bytes() if (tmp_path / name).exists() else None
        with pytest.raises(Refused, match="through SQLite"):
            install_live(prepared, tmp_path / name, deadline_seconds=1, clock=clock, monitor=monitor)
        assert ((tmp_path / name).read_bytes() if (tmp_path / name).exists() else None) == before
    with pytest.raises(Refused, match="itself"):
        install_live(prepared, prepared, deadline_seconds=1, clock=clock, monitor=monitor)


def test_live_restore_over_a_hot_journal_and_an_orphaned_wal(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor
) -> None:
    prepared = version(tmp_path / "prepared", 2)
    hot, wal = make(tmp_path / "hot.db", rows=600), make(tmp_path / "wal.db")
    leave_hot_journal(hot)
    leave_wal(wal)
    for target in (hot, wal):
        install_live(prepared, target, deadline_seconds=1, clock=clock, monitor=monitor)
        assert programs.version_of(str(target)) == 2


def test_live_restore_needs_room(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, prepared = version(tmp_path / "a.db", 1), version(tmp_path / "p", 2)
    usage = type(shutil.disk_usage(tmp_path))(10**9, 10**9, prepared.stat().st_size)
    monkeypatch.setattr("litekeep.sqlite.filesystem.shutil.disk_usage", lambda _: usage)
    with pytest.raises(NoSpace):
        install_live(prepared, target, deadline_seconds=1, clock=clock, monitor=monitor)
    assert programs.version_of(str(target)) == 1


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_cancelling_a_live_restore_leaves_the_old_state(tmp_path: Path, clock: SystemClock, mode: str) -> None:
    target, prepared = version(tmp_path / "a.db", 1, mode), version(tmp_path / "p", 2, rows=36000)
    for number in range(3):
        with pytest.raises(Cancelled):
            install_live(prepared, target, deadline_seconds=1, clock=clock, monitor=RecordingMonitor(number))
        assert programs.version_of(str(target)) == 1


@pytest.mark.parametrize(("mode", "times"), [("wal", 60), ("delete", 25)])
def test_readers_never_see_a_mix(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str, times: int
) -> None:
    target = version(tmp_path / "a.db", 1, mode, rows=300)
    images = [version(tmp_path / f"p{number}", number, rows=300) for number in (1, 2, 3)]
    with ExitStack() as stack:
        readers = [stack.enter_context(process("watch", target)) for _ in range(3)]
        for number in range(times):
            install_live(images[number % 3], target, deadline_seconds=60, clock=clock, monitor=monitor)
        figures = [reader.stop() for reader in readers]
    assert [each["mixed"] for each in figures] == [0, 0, 0]
    assert sum(each["reads"] for each in figures) > 30
    assert max(each["versions"] for each in figures) > 1
    assert programs.version_of(str(target)) == (times - 1) % 3 + 1


def restore_and_die(prepared: Path, target: Path, seconds: float) -> bool:
    """A live restore in a child that is killed after `seconds`; True if it had ended before."""
    script = (
        "import sys; from pathlib import Path; from litekeep.clock import SystemClock;"
        "from litekeep.monitor import Silent;"
        "from litekeep.sqlite.install import install_live; print('ready', flush=True);"
        "install_live(Path(sys.argv[1]), Path(sys.argv[2]), deadline_seconds=5, clock=SystemClock(), monitor=Silent())"
    )
    command = [sys.executable, "-c", script, str(prepared), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        return child.wait() == 0


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_killed_live_restore_is_old_or_new(tmp_path: Path, mode: str) -> None:
    chance = random.Random(mode)
    target = version(tmp_path / "a.db", 1, mode)
    images = {number: version(tmp_path / f"p{number}", number, rows=8000) for number in (2, 3)}
    now = 1
    seen = set()
    for round_ in range(12):
        wanted = 2 + round_ % 2
        ended = restore_and_die(images[wanted], target, chance.uniform(0.0, 0.02 if mode == "wal" else 0.06))
        found = programs.version_of(str(target))
        assert found in (now, wanted)
        assert not ended or found == wanted
        seen.add(found == wanted)
        now = found
    assert sound(target)
    assert seen


def test_a_killed_live_restore_beside_a_program(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    target = version(tmp_path / "a.db", 1, "wal")
    prepared = version(tmp_path / "p", 2, rows=6000)
    with closing(connect(target)) as app:
        for _ in range(6):
            restore_and_die(prepared, target, 0.01)
            found = {v for (v,) in app.execute("SELECT version FROM left UNION SELECT version FROM right")}
            assert found in ({1}, {2})
        fill_more = app.execute("INSERT INTO left(version) SELECT version FROM left LIMIT 1")
        assert fill_more.rowcount == 1
    assert programs.version_of(str(target)) in (1, 2)


def test_what_the_system_refuses_is_said(tmp_path: Path) -> None:
    prepared = make(tmp_path / "prepared")
    data = prepared.read_bytes()
    with pytest.raises(StorageError, match="cannot be used"):
        install_new(prepared, tmp_path / "no" / "such" / "folder" / "a.db")
    assert prepared.read_bytes() == data
