"""Every state in which a program can leave a database, and every right that a user may lack."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import SourceBusy
from litekeep.sqlite.capture import CaptureOptions, capture, pin
from litekeep.testing import RecordingMonitor

from .databases import connect, content, leave_hot_journal, leave_wal, make, process, same_pages, sound

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="uses fork, signals and mounts")
as_root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux")
QUICK = CaptureOptions(deadline_seconds=0.3)
IMMUTABLE = "mode=ro&immutable=1"


@pytest.mark.parametrize("mode", ["delete", "persist"])
def test_hot_journal_is_rolled_back_by_sqlite(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str
) -> None:
    source = make(tmp_path / "a.db", mode=mode, rows=600)
    before = content(source)
    leave_hot_journal(source)
    image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert content(image.path) == before
    assert sound(image.path)
    assert [facts["code"] for _, facts in monitor.events] == ["hot_journal"]


def test_wal_without_its_index(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db", mode="wal")
    leave_wal(source)
    (tmp_path / "a.db-shm").unlink()
    log = (tmp_path / "a.db-wal").read_bytes()
    image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert (tmp_path / "a.db-wal").read_bytes() == log
    assert content(image.path) == content(source)


def test_wal_of_a_program_that_died(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db", mode="delete")
    leave_wal(source)
    data, log = source.read_bytes(), (tmp_path / "a.db-wal").read_bytes()
    image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert (source.read_bytes(), (tmp_path / "a.db-wal").read_bytes()) == (data, log)
    assert content(image.path) == content(source)
    assert image.facts.journal_mode == "wal"


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_exclusive_lock_is_waited_for_and_then_told(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str
) -> None:
    source = make(tmp_path / "a.db", mode=mode)
    with process("exclusive", source) as program:
        begun = clock.monotonic()
        with pytest.raises(SourceBusy, match="locked for") as caught:
            capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor, options=QUICK)
        assert 0.3 <= clock.monotonic() - begun < 15
        assert "EXCLUSIVE" in caught.value.hint
        assert not (tmp_path / "copy.db").exists()
        program.stop()
    capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor, options=QUICK)


def test_a_lock_that_ends_in_time_is_no_error(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db")
    with closing(connect(source)) as app:
        app.execute("BEGIN EXCLUSIVE")
        app.execute("INSERT INTO item(name) VALUES ('x')")

        class Ending(RecordingMonitor):
            def cancelled(self) -> bool:
                if self.questions == 5:
                    app.execute("COMMIT")
                return super().cancelled()

        image = capture(source, tmp_path / "copy.db", clock=clock, monitor=Ending())
    assert same_pages(source, image.path)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own; the test may remount it read-only."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "none", folder], check=False, capture_output=True
    ).returncode:
        pytest.skip("cannot mount")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)


@as_root
@pytest.mark.parametrize("state", ["rollback", "wal", "wal with log", "wal with log and index", "hot journal"])
def test_read_only_file_system(
    mounted: Path, tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, state: str
) -> None:
    source = make(mounted / "a.db", mode="wal" if state.startswith("wal") else "delete", rows=600)
    wanted = content(source)
    for sidecar in mounted.glob("*-*"):
        sidecar.unlink()
    if state == "hot journal":
        leave_hot_journal(source)
    elif state.startswith("wal with"):
        leave_wal(source)
        wanted = content(source)
    if state == "wal with log":
        (mounted / "a.db-shm").unlink()
    read_only(mounted)
    names = sorted(mounted.iterdir())
    options = CaptureOptions(deadline_seconds=2.0, scratch=tmp_path)
    for _ in range(2):
        image = capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor, options=options)
        assert content(image.path, query=IMMUTABLE) == wanted
        assert sound(image.path)
        image.path.unlink()
    assert sorted(mounted.iterdir()) == names
    assert not list(tmp_path.glob("litekeep-*"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="reach-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


NOBODY = 65534


def try_as_nobody(source: Path, destination: Path) -> dict[str, int | str]:
    destination.parent.mkdir(exist_ok=True)
    os.chown(destination.parent, NOBODY, NOBODY)
    with process("capture", source, destination, NOBODY) as program:
        return dict(program.stop())


@as_root
def test_folder_that_the_owner_cannot_write(open_folder: Path) -> None:
    folder = open_folder / "data"
    folder.mkdir()
    for name, action in {"closed.db": None, "log.db": leave_wal, "hot.db": leave_hot_journal}.items():
        source = make(folder / name, mode="delete" if name == "hot.db" else "wal", rows=600)
        if action:
            action(source)
        for sidecar in folder.glob("*-shm"):
            sidecar.unlink()
    for path in folder.iterdir():
        os.chown(path, NOBODY, NOBODY)
    folder.chmod(0o555)
    names = sorted(folder.iterdir())
    for name in ("closed.db", "log.db", "hot.db"):
        answer = try_as_nobody(folder / name, open_folder / "out" / name)
        assert answer["code"] == "ok", (name, answer)
        assert sound(open_folder / "out" / name)
    assert sorted(folder.iterdir()) == names


@as_root
def test_another_user_is_refused_for_wal_only(open_folder: Path) -> None:
    wal = make(open_folder / "wal.db", mode="wal")
    rollback = make(open_folder / "rollback.db")
    secret = make(open_folder / "secret.db")
    for path in (wal, rollback):
        path.chmod(0o666)
    secret.chmod(0o600)
    open_folder.chmod(0o777)
    assert try_as_nobody(wal, open_folder / "out" / "1.db")["code"] == "refused"
    assert try_as_nobody(rollback, open_folder / "out" / "2.db")["code"] == "ok"
    assert try_as_nobody(secret, open_folder / "out" / "3.db")["code"] == "source_unreadable"
    assert {path.name for path in open_folder.iterdir()} == {"wal.db", "rollback.db", "secret.db", "out"}


@as_root
def test_root_leaves_sidecars_to_the_owner(
    open_folder: Path, tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor
) -> None:
    source = make(open_folder / "a.db", mode="wal")
    os.chown(source, NOBODY, NOBODY)
    capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert {path.stat().st_uid for path in open_folder.iterdir()} == {NOBODY}


def test_reading_leaves_the_files_as_they_were(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db")
    status = source.stat()
    with pin(source, clock=clock, monitor=monitor, options=QUICK):
        pass
    capture(source, tmp_path / "copy.db", clock=clock, monitor=monitor)
    after = source.stat()
    assert (after.st_mtime_ns, after.st_ctime_ns) == (status.st_mtime_ns, status.st_ctime_ns)
    assert {path.name for path in tmp_path.iterdir()} == {"a.db", "copy.db"}
