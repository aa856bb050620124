"""A company of the example application, protected, with its backups in the test's folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.employees import models, office, sample
from examples.employees.protection import BEGINNING, protect

from litekeep import BackupManager

QUIET = {"restore_test": "never", "notifications": {"on_failure": []}}
PEOPLE = 30


class Company:
    """The open database and its manager."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "data" / "employees.db"
        models.open_database(self.path)
        sample.fill(office.today(), people=PEOPLE)
        settings = {"database": "./employees.db", "backup": {**BEGINNING, **QUIET}}
        self.path.with_name("backup.json").write_text(json.dumps(settings), "utf-8")
        self.manager: BackupManager = protect(self.path)

    def names(self) -> list[str]:
        """Of everybody, as the list shows them."""
        return [each.name for each in office.search()]

    def write(self, *lines: str) -> Path:
        """A CSV file."""
        file = self.path.with_name("people.csv")
        file.write_text("\n".join(lines) + "\n", "utf-8")
        return file


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    made = Company(tmp_path)
    yield made
    made.manager.close(backup=False)
    models.database.close()


def execute(statement: str) -> list[tuple[Any, ...]]:
    """On the connection of the application; returns the rows."""
    database: Any = models.database
    return list(database.execute_sql(statement).fetchall())
