"""`litekeep gui`: as a person starts it, and where it cannot work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from litekeep.ui.app.remembered import load, memory_file
from ui.many import make_database

WITHOUT = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Finder())
from litekeep.cli.main import main
sys.exit(main(["gui"]))
"""


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"} | environ
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, env=environment, timeout=60
    )


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("tkinter", "apt install python3-tk"),
        ("customtkinter", "pip install 'litekeep[gui]'"),
        ("PIL", "pip install 'litekeep[gui]'"),
    ],
)
def test_what_is_missing_is_told_with_what_to_do(missing: str, told: str) -> None:
    done = run("-c", WITHOUT.format(missing=missing))
    assert done.returncode == 2
    assert told in done.stderr
    assert "litekeep status" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen(display: str, tmp_path: Path) -> None:
    done = run("-m", "litekeep", "gui", HOME=str(tmp_path))
    assert done.returncode == 2
    assert "no screen" in done.stderr
    assert "litekeep watch" in done.stderr


def test_a_scale_that_is_none(display: str) -> None:
    for wrong in ("large", "0", "9", "nan"):
        done = run("-m", "litekeep", "gui", LITEKEEP_SCALE=wrong, DISPLAY=display)
        assert done.returncode == 2
        assert "LITEKEEP_SCALE" in done.stderr


def wait_for(condition: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def window_is_there(title: str) -> bool:
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", title], capture_output=True, check=False)
    return found.returncode == 0


@pytest.mark.slow
def test_from_the_first_start_to_the_second(display: str, tmp_path: Path) -> None:
    """A person names the database, presses Return, and has a backup; the second start shows it at once."""
    database = tmp_path / "company.db"
    make_database(database)
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    command = [sys.executable, "-m", "litekeep", "gui", "--language", "en"]
    first = subprocess.Popen([*command, str(database)], env=environment)
    try:
        wait_for(lambda: window_is_there("^Litekeep$"), first)
        receipts = tmp_path / "backups" / "receipts"

        def pressed() -> bool:
            subprocess.run(["xdotool", "search", "--name", "^Litekeep$", "key", "Return"], check=False)
            return window_is_there("company")

        wait_for(pressed, first)
        wait_for(lambda: receipts.exists() and list(receipts.rglob("*-*")), first)
    finally:
        first.send_signal(signal.SIGTERM)
        code = first.wait(30)
    assert code == 0
    memory = load(memory_file(environment))
    assert [each.database for each in memory.databases] == [database]
    assert memory.geometry
    second = subprocess.Popen(command, env=environment)
    try:
        wait_for(lambda: window_is_there("company"), second)
    finally:
        second.send_signal(signal.SIGINT)
        code = second.wait(30)
    assert code == 130
