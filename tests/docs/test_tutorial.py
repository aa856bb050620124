"""The tutorial is followed to the letter, in an empty folder: every command must end as the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .pages import DOCS, blocks, read

TUTORIAL = DOCS / "tutorials" / "first-backup.md"


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are for a POSIX shell")
def test_the_tutorial_works_as_written(tmp_path: Path) -> None:
    text = read(TUTORIAL)
    for program in blocks(text, "python"):
        named = re.match(r"# (\S+\.py)\n", program)
        if named:
            (tmp_path / named[1]).write_text(program, "utf-8")
    ran = 0
    for block in blocks(text, "console"):
        for command in (line[2:] for line in block.splitlines() if line.startswith("$ ")):
            expected = re.search(r"# exit code (\d+)$", command)
            done = run(command, tmp_path)
            assert done.returncode == int(expected[1] if expected else 0), f"$ {command}\n{done.stdout}"
            ran += 1
    assert ran > 15


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are for a POSIX shell")
def test_the_python_example_works_as_written(tmp_path: Path) -> None:
    run("python -c \"import sqlite3; sqlite3.connect('app.db').execute('CREATE TABLE t(x)')\"", tmp_path)
    for name, sign in (("README.md", 'BackupManager("app.db")'), ("docs/reference/python-api.md", "SystemClock()")):
        (example,) = (each for each in blocks(read(DOCS.parent / name), "python") if sign in each)
        folder = tmp_path / name.replace("/", "-")
        folder.mkdir()
        (tmp_path / "app.db").rename(folder / "app.db")
        done = run(f"python - <<'END'\n{example}\nEND", folder)
        assert done.returncode == 0, done.stdout
        (folder / "app.db").rename(tmp_path / "app.db")


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """One line of a shell, in which `python` and `litekeep` are those of this environment."""
    scripts = sysconfig.get_path("scripts")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LITEKEEP_")}
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**kept, "PATH": f"{scripts}{os.pathsep}{kept.get('PATH', '')}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
