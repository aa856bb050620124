"""Captures beside programs that commit as fast as they can: each is one committed state, and nobody is disturbed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.sqlite.capture import CaptureOptions, capture
from litekeep.testing import RecordingMonitor

from . import programs
from .company import committed_state, counter
from .databases import connect, fill, leave_wal, make, process

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


@pytest.mark.parametrize(("mode", "times"), [("wal", 30), ("delete", 15), ("truncate", 15), ("persist", 15)])
def test_every_capture_is_a_committed_state(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str, times: int
) -> None:
    source, copy = tmp_path / "a.db", tmp_path / "copy.db"
    programs.prepare(str(source), mode)
    options = CaptureOptions(deadline_seconds=60.0, step_pages=7)
    with ExitStack() as stack:
        writers = [stack.enter_context(process("storm", source)) for _ in range(2)]
        for _ in range(times):
            before = counter(source)
            capture(source, copy, clock=clock, monitor=monitor, options=options)
            after = counter(source)
            assert before <= committed_state(copy) <= after
            copy.unlink()
        figures = [writer.stop() for writer in writers]
    assert sum(each["commits"] for each in figures) > times
    if mode == "wal":
        assert [each["busy"] for each in figures] == [0, 0]


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_vacuum_and_schema_changes_meanwhile(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str
) -> None:
    source, copy = tmp_path / "a.db", tmp_path / "copy.db"
    programs.prepare(str(source), mode)
    options = CaptureOptions(deadline_seconds=60.0, step_pages=3)
    with process("storm", source, 0.001) as writer, process("reorganise", source) as organiser:
        for _ in range(20):
            before = counter(source)
            capture(source, copy, clock=clock, monitor=monitor, options=options)
            assert before <= committed_state(copy)
            copy.unlink()
        assert organiser.stop()["done"] > 0
        assert writer.stop()["commits"] > 0


CAPTURE = (
    "import sys; sys.path.insert(0, sys.argv[1]); from sqlite.programs import capture; print(capture(*sys.argv[2:]))"
)
TESTS = str(Path(__file__).parent.parent)


def traced(tmp_path: Path, source: Path, *options: str, way: str = "raw") -> tuple[str, str]:
    """Run a capture under strace; returns its answer and the trace."""
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-o", str(trace), *options, sys.executable, "-c", CAPTURE, TESTS]
    run = subprocess.run(
        [*command, str(source), str(tmp_path / "copy.db"), "", way],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in run.stderr, run.stderr
    return run.stdout, trace.read_text()


@needs_strace
@pytest.mark.parametrize("way", ["raw", "api"])
@pytest.mark.parametrize("state", ["delete", "wal open", "wal closed", "wal of a dead program"])
def test_the_source_is_never_opened_for_writing(tmp_path: Path, state: str, way: str) -> None:
    (tmp_path / "data").mkdir()
    source = make(tmp_path / "data" / "a.db", mode="delete" if state == "delete" else "wal")
    with ExitStack() as stack:
        if state == "wal open":
            fill(stack.enter_context(closing(connect(source))), 50)
        elif state == "wal of a dead program":
            leave_wal(source)
        before = source.read_bytes()
        # The app's own log may be reset by nobody while the capture runs: bytes are compared too.
        log = source.with_name("a.db-wal")
        frames = log.read_bytes() if log.exists() else b""
        answer, trace = traced(
            tmp_path, source, "-y", "-e", "trace=openat,open,creat,pwrite64,write,ftruncate,unlink,rename", way=way
        )
        assert "'ok'" in answer
        assert source.read_bytes() == before
        assert (log.read_bytes() if log.exists() else b"") == frames
    touched = [line for line in trace.splitlines() if f"{source}" in line and "a.db-shm" not in line]
    opened = [line for line in touched if f'{source}"' in line and "open" in line]
    assert opened
    assert all("O_RDONLY" in line and "O_CREAT" not in line for line in opened)
    # SQLite opens the log for writing also when it only reads (wal.c, sqlite3WalOpen); it must never write there.
    assert [line for line in touched if "open" not in line.split("(")[0]] == []


@needs_strace
@pytest.mark.parametrize("state", ["delete", "wal open"])
def test_no_descriptor_is_closed_before_the_transaction_ends(tmp_path: Path, state: str) -> None:
    """Closing any descriptor of a file drops the process's locks on it (sqlite.org howtocorrupt 2.2)."""
    (tmp_path / "data").mkdir()
    source = make(tmp_path / "data" / "a.db", mode="delete" if state == "delete" else "wal", rows=3000)
    with ExitStack() as stack:
        if state == "wal open":
            fill(stack.enter_context(closing(connect(source))), 50)
        calls = "openat,close,close_range,dup,dup2,dup3,fcntl,pread64,preadv,preadv2"
        answer, trace = traced(tmp_path, source, "-y", "-e", f"trace={calls}")
    assert "'ok'" in answer
    ours = [line for line in trace.splitlines() if f"{source}" in line]
    reads = [n for n, line in enumerate(ours) if "preadv" in line and f"{source}>" in line]
    closes = [n for n, line in enumerate(ours) if " close" in line or " dup" in line]
    unlocks = [n for n, line in enumerate(ours) if "F_UNLCK" in line and f"{source}>" in line]
    assert len(reads) > 0
    assert min(closes) > max(reads)
    assert max(reads) < max(unlocks)
    assert not any(min(reads) < n < max(reads) for n in unlocks)
    opened = [line for line in ours if "openat(" in line and f'{source}"' in line]
    assert len(opened) == 1, "SQLite's own is the only one"


@needs_strace
@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize(("way", "number"), [("raw", 1), ("raw", 2), ("api", 4), ("api", 9), ("api", 60), ("api", 120)])
def test_a_page_that_cannot_be_read_is_an_error_and_never_zeros(
    tmp_path: Path, mode: str, way: str, number: int
) -> None:
    (tmp_path / "data").mkdir()
    source = make(tmp_path / "data" / "a.db", mode=mode, rows=7500)
    call = "preadv,preadv2" if way == "raw" else "pread64"
    fault = f"inject={call}:error=EIO:when={number}"
    answer, trace = traced(tmp_path, source, "-P", str(source), "-e", f"trace={call}", "-e", fault, way=way)
    assert trace.count("INJECTED") == 1
    assert "source_unreadable" in answer
    assert not (tmp_path / "copy.db").exists()
