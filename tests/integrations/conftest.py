"""An application's folder: its database, the backups, and a manager of both."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.model import Reason, Snapshot


@dataclass
class App:
    """What the tests look at without the library that is tested."""

    folder: Path
    manager: BackupManager

    @property
    def database(self) -> Path:
        return self.manager.database

    def execute(self, *statements: str) -> None:
        """With a connection of its own."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def tables(self, database: Path | None = None) -> set[str]:
        """The names of the tables."""
        with closing(sqlite3.connect(database or self.database)) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def columns(self, table: str, database: Path | None = None) -> list[str]:
        """The names of a table's columns."""
        with closing(sqlite3.connect(database or self.database)) as connection:
            return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]

    def before_migrations(self) -> list[Snapshot]:
        """The backups that were made before migrations."""
        return [each for each in self.manager.list_backups() if each.reason is Reason.PRE_MIGRATION]

    def restored(self, snapshot: Snapshot) -> Path:
        """What a backup holds, as a file."""
        target = self.folder / f"restored-{snapshot.short_id}.db"
        self.manager.restore_backup(snapshot, target)
        return target

    def lose_backups(self) -> None:
        """The backups' drive is away: it was used, and is not there."""
        self.manager.create_backup()
        shutil.rmtree(self.manager.repository)

    def content(self) -> bytes:
        """The bytes of the database."""
        return self.database.read_bytes()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """With one table of two rows, which stands for what must not be lost."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LITEKEEP_")}
    manager = BackupManager(tmp_path / "app.db", {"backup": {"restore_test": "never"}}, environment=environment)
    made = App(tmp_path, manager)
    made.execute("CREATE TABLE person (name TEXT)", "INSERT INTO person VALUES ('Ada'), ('Grace')")
    yield made
    manager.close(backup=False)
