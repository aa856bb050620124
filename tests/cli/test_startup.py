"""A command line is started often: what is not needed is not imported, and --version is there at once."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

import litekeep

HEAVY = ("sqlite3", "rich", "blake3", "backports.zstd", "compression.zstd", "platform", "litekeep.operations")
LIMIT_SECONDS = 0.120
TELLING = """
import os, sys
before, leave = set(sys.modules), os._exit
def told(code):
    sys.stderr.write(" ".join(set(sys.modules) - before))
    sys.stderr.flush()
    leave(code)
os._exit = told
from litekeep.cli.main import run
run()
told(0)  # --version comes back
"""


def imported(*arguments: str) -> set[str]:
    """The modules that a command line imports."""
    done = subprocess.run([sys.executable, "-c", TELLING, *arguments], capture_output=True, text=True, check=True)
    modules = set(done.stderr.split())
    assert "litekeep.cli.main" in modules
    return modules


def test_version_imports_nothing() -> None:
    modules = imported("--version")
    assert not modules & {*HEAVY, "click", "dataclasses", "json"}


@pytest.mark.parametrize("arguments", [["--help"], ["backup", "--help"], ["list", "--help"], ["status", "--help"]])
def test_help_imports_no_engine(arguments: list[str]) -> None:
    assert not imported(*arguments) & {*HEAVY} - {"platform"}  # click itself imports platform


def test_help_of_one_command_imports_no_other() -> None:
    commands = {name for name in imported("drill", "--help") if name.startswith("litekeep.cli.cmd_")}
    assert commands == {"litekeep.cli.cmd_drill"}
    assert not {name for name in imported("--help") if name.startswith("litekeep.cli.cmd_")}


def test_version_is_quick() -> None:
    bare = fastest("-c", "pass")
    assert fastest("-m", "litekeep", "--version") - bare < LIMIT_SECONDS


def fastest(*arguments: str) -> float:
    """The shortest of some runs: the others were disturbed."""
    durations = []
    for _ in range(7):
        began = spent()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        durations.append(spent() - began)
    return min(durations)


def spent() -> float:
    """Processor seconds of child processes, whatever else the machine did; where nobody tells them, all seconds."""
    if sys.platform == "win32":
        return time.perf_counter()
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_version_says_the_same_everywhere() -> None:
    for arguments in (["--version"], ["--no-color", "--version"]):
        done = subprocess.run(
            [sys.executable, "-m", "litekeep", *arguments], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"litekeep {litekeep.__version__}\n"


def test_what_was_written_is_brought_out_whatever_it_is() -> None:
    """The process ends without the interpreter's own end."""
    done = subprocess.run([sys.executable, "-m", "litekeep", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n")
    assert "completion" in done.stdout
    wrong = subprocess.run([sys.executable, "-m", "litekeep", "nonsense"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "nonsense" in wrong.stderr


def test_output_that_nobody_takes_is_no_success() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("there is no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "litekeep", "--help"], stdout=full, check=False)
    assert done.returncode != 0
