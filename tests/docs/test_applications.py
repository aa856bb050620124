"""The guides for applications are followed to the letter, each in an empty folder."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from .pages import DOCS, blocks, read
from .test_tutorial import run


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are for a POSIX shell")
@pytest.mark.parametrize("name", ["django", "flask", "peewee", "sqlalchemy"])
def test_the_guide_works_as_written(name: str, tmp_path: Path) -> None:
    text = read(DOCS / "how-to" / f"use-with-{name}.md")
    for program in blocks(text, "python"):
        if named := re.match(r"# (\S+\.py)\n", program):
            path = tmp_path / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(program, "utf-8")
    for settings in blocks(text, "json"):
        (tmp_path / "backup.json").write_text(settings, "utf-8")
    commands = [line[2:] for block in blocks(text, "console") for line in block.splitlines() if line.startswith("$ ")]
    assert len(commands) > 2
    for command in commands:
        done = run(command, tmp_path)
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
