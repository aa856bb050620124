"""Real second processes for the tests: short programs that use a LocalStorage in a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PREPARED = """
import os, sys, time
from pathlib import Path
from litekeep.clock import SystemClock
from litekeep.errors import LitekeepError
from litekeep.storage.local import LocalStorage
storage = LocalStorage(Path(sys.argv[1]), SystemClock())
"""


def start(program: str, folder: Path, *arguments: str, under: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start `program` with `storage` prepared; `under` is a command to run it with, such as strace."""
    command = [*under, sys.executable, "-B", "-c", _PREPARED + program, str(folder), *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(program: str, folder: Path, *arguments: str, under: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run `program` to its end; returns its exit status (negative: the signal) and what it printed."""
    with start(program, folder, *arguments, under=under) as process:
        output, _ = process.communicate(timeout=60)
    return process.returncode, output


def say(process: subprocess.Popen[str], line: str) -> None:
    """Send one line to a started program."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    """Wait for one line from a started program."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def names(folder: Path) -> list[str]:
    """Everything below a folder but folders, also what is hidden, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
