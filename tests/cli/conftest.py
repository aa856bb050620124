"""A database, a quick way to run commands in this process, and a real one in a process of its own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from litekeep.cli.main import main


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The JSON result."""
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def error(self) -> dict[str, Any]:
        """The JSON error."""
        loaded: dict[str, Any] = json.loads(self.err)
        return loaded


Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in a folder of its own, with no settings of the person who runs it."""
    for name in ("LITEKEEP_REPOSITORY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def database(place: Path) -> Path:
    """app.db: two tables, 200 rows."""
    return make_database(place / "app.db")


@pytest.fixture
def litekeep(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run(*arguments: object, expect: int | None = 0) -> Result:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        result = Result(code, out, err)
        assert "Traceback" not in err
        assert expect is None or code == expect, result
        return result

    return run


def make_database(path: Path, rows: int = 200) -> Path:
    """people with their visits."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        db.execute("CREATE TABLE visits(id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id), day TEXT)")
        db.executemany("INSERT INTO people VALUES(?, ?)", [(i, f"person {i * 7919 % 10007}") for i in range(rows // 2)])
        db.executemany("INSERT INTO visits VALUES(?, ?, ?)", [(i, i, f"day {i}") for i in range(rows // 2)])
        db.commit()
    return path


def execute(path: Path, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement and commit."""
    with closing(sqlite3.connect(path)) as db:
        found = db.execute(statement).fetchall()
        db.commit()
    return found


def process(
    *arguments: object, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `python -m litekeep` as its users do."""
    return subprocess.run(
        [sys.executable, "-m", "litekeep", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **(env or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def journal(repository: Path) -> list[dict[str, Any]]:
    """The rows of the journal."""
    return [json.loads(line) for line in (repository / "journal.jsonl").read_text("utf-8").splitlines()]
