"""How it looks: signs, colours, plain ASCII, quiet, progress, and terminals."""

from __future__ import annotations

import io
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep.cli import words
from litekeep.cli.progress import Lines, Nothing, Phase, choose_display
from litekeep.testing import ManualClock

from .conftest import Run, process


def test_signs_become_words_where_they_cannot_be_written(database: Path) -> None:
    done = process("backup", database, env={"PYTHONIOENCODING": "ascii"})
    assert done.stdout.startswith("ok Made a repository")
    assert done.stdout.isascii()


def test_colours(database: Path) -> None:
    escape = "\x1b["
    assert escape not in process("backup", database).stdout
    assert escape in process("list", env={"FORCE_COLOR": "1"}).stdout
    for refusal in ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb"}):
        assert escape not in process("list", env=refusal).stdout
    assert escape not in process("list", "--no-color", env={"FORCE_COLOR": "1"}).stdout
    assert escape in process("show", "ffff", env={"FORCE_COLOR": "1"}).stderr


def test_quiet(database: Path, litekeep: Run) -> None:
    assert litekeep("backup", database, "-q").out == ""
    assert litekeep("verify", "-q").out == ""
    assert len(litekeep("list", "-q").out.strip()) == 16
    assert "✗" in litekeep("show", "ffff", "-q", expect=2).err


def test_common_options_before_and_after_the_command(database: Path, litekeep: Run) -> None:
    assert litekeep("--quiet", "backup", database).out == ""
    assert litekeep("--json", "list").out == litekeep("list", "--json").out


def test_plain_progress(database: Path, litekeep: Run) -> None:
    done = litekeep("backup", database, "--progress", "plain")
    assert "Reading the database: 100 % (" in done.err
    assert "Checking: 100 %" in done.err
    assert litekeep("backup", database, "--json").err == ""
    assert "100 %" in litekeep("backup", database, "--json", "--progress", "plain").err


def test_lines_come_every_ten_percent_or_thirty_seconds() -> None:
    written: list[str] = []
    lines, phase = Lines(written.append), Phase("store", "blocks", 0.0, 0, 1000)
    for done in range(1, 1001):
        phase.done = done
        lines.show(phase, done / 1000)
    assert len(written) == 10
    unknown = Phase("unpack", "bytes", 0.0)
    for second in range(100):
        unknown.done = second << 20
        lines.show(unknown, float(second))
    assert written[10:] == [
        "Unpacking: (30.0 MiB), 1.00 MiB/s",
        "Unpacking: (60.0 MiB), 1.00 MiB/s",
        "Unpacking: (90.0 MiB), 1.00 MiB/s",
    ]


def test_time_left_is_told_after_three_seconds() -> None:
    phase = Phase("capture", "pages", 0.0, 500, 1000)
    assert phase.speed(0.5) == ""
    assert phase.speed(2.0) == "250 pages/s"
    assert phase.speed(5.0) == "100 pages/s, about 5.0 s left"
    assert phase.amount() == "500 of 1,000 pages"


def test_no_bar_without_a_terminal() -> None:
    clock = ManualClock()

    def chosen(wish: str = "auto", *, json_mode: bool = False, quiet: bool = False, terminal: bool = True) -> str:
        display = choose_display(wish, json_mode=json_mode, quiet=quiet, terminal=terminal, colour=False, clock=clock)
        return type(display).__name__

    assert chosen() == "Bar"
    assert chosen(terminal=False) == chosen(json_mode=True) == chosen(quiet=True) == chosen("none") == "Nothing"
    assert chosen("plain", terminal=False) == chosen("plain", json_mode=True) == "Lines"
    Nothing().show(Phase("x", "y", 0.0), 0.0)


def test_on_a_terminal(database: Path) -> None:
    """A question is asked, and answered."""
    if sys.platform == "win32":
        pytest.skip("opens a pseudo terminal")
    import pty
    import subprocess
    import time

    process("backup", database)
    control, terminal = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "litekeep", "restore", "--replace"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(control, 1000)
    time.sleep(0.05)
    os.write(control, b"n\n")
    out, _ = running.communicate(timeout=20)
    assert (running.returncode, out) == (6, "")
    os.close(control)


def test_ctrl_c_at_a_question(database: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("opens a pseudo terminal")
    import pty
    import signal
    import subprocess

    process("backup", database)
    control, terminal = pty.openpty()
    command = [sys.executable, "-m", "litekeep", "restore", "--replace"]
    running = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(control, 1000)
    for _ in range(100):  # one that comes just before the terminal is read is noticed with the next key
        os.kill(running.pid, signal.SIGINT)
        try:
            running.wait(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            continue
    assert running.wait(timeout=1) == 130
    os.close(control)


def test_the_bar_draws_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from litekeep.cli.progress import Bar

    drawn = io.StringIO()
    monkeypatch.setattr(sys, "stderr", drawn)
    bar, phase = Bar(0.0, colour=False), Phase("capture", "pages", 0.0, 1, 10)
    bar.show(phase, 0.1)
    assert drawn.getvalue() == "", "short operations draw nothing"
    bar.show(phase, 1.0)
    bar.show(Phase("store", "blocks", 1.0, 5, 10), 2.0)
    bar.clear()
    bar.clear()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (198_656, "194 KiB"),
        (50_646_016, "48.3 MiB"),
        (1 << 30, "1.00 GiB"),
        (5 << 50, "5120 TiB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert words.size(size) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.004, "0.00 s"), (1.41, "1.4 s"), (9.96, "10 s"), (125, "2 min 5 s"), (11_400, "3 h 10 min")],
)
def test_durations(value: float, text: str) -> None:
    assert words.seconds(value) == text


def test_ages() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    ages = [words.ago(now - timedelta(minutes=minutes), now) for minutes in (0, 5, 60 * 26, 60 * 24 * 5)]
    assert ages == ["just now", "5 min ago", "26 h ago", "5 days ago"]
    assert words.ago(now + timedelta(days=2), now).startswith("2026-06-0")


def test_words() -> None:
    assert words.count(1, "table") == "1 table"
    assert words.count(100_719, "row") == "100,719 rows"
    assert words.joined(["a", "b", "c"]) == "a, b and c"
    assert words.plain("a\x1b[2Jb\n") == "a\\x1b[2Jb\\n"
    assert words.sentence("there is none") == "There is none."
    assert words.sentence("app.db is gone") == "app.db is gone."
