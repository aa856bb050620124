"""An application with a database that is open, and managers for it that are closed at the end."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from litekeep import BackupManager


class Application:
    """A program's database, open in this process, with one connection as programs have it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "app.db"
        self.backups = folder / "backups"
        self.db = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body BLOB)")
        self.db.execute("CREATE TABLE note(text TEXT)")
        self.add(50)
        self.managers: list[BackupManager] = []

    def add(self, rows: int, size: int = 300) -> None:
        """Rows, in one transaction."""
        self.db.execute("BEGIN")
        self.db.executemany("INSERT INTO item(body) VALUES (?)", ((os.urandom(size),) for _ in range(rows)))
        self.db.execute("COMMIT")

    def write(self, text: str) -> None:
        """A change that is easy to see."""
        self.db.execute("INSERT INTO note VALUES (?)", (text,))

    def notes(self) -> list[str]:
        """The changes, as the open connection sees them."""
        return [text for (text,) in self.db.execute("SELECT text FROM note ORDER BY rowid")]

    def manager(self, clock: Any = None, **settings: Any) -> BackupManager:
        """A manager with these settings of the section `backup`; it tells no desktop."""
        backup = {"restore_test": "never", "notifications": {"on_failure": []}, **settings}
        made = BackupManager(self.path, {"backup": backup}, clock=clock)
        self.managers.append(made)
        return made


def notes_in(path: Path) -> list[str]:
    """As `Application.notes`, of a file."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return [text for (text,) in db.execute("SELECT text FROM note ORDER BY rowid")]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Application]:
    (tmp_path / "data").mkdir()
    application = Application(tmp_path / "data")
    yield application
    for manager in application.managers:
        manager.close(backup=False)
    application.db.close()
