"""Changes of the database that come with new versions of the program, and how they are run behind a backup."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from peewee_migrate import Router

from examples.employees.models import database
from litekeep import BackupManager
from litekeep.integrations.peewee import pending, protect_migrations

FOLDER = Path(__file__).with_name("migrations")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One migration. title: the first line of its text."""

    name: str
    title: str
    pending: bool


def upgrades(folder: Path = FOLDER) -> list[Upgrade]:
    """All migrations, oldest first; reads, and changes nothing."""
    router = Router(database, migrate_dir=folder)
    todo = set(pending(router))
    return [Upgrade(name, _title(folder / f"{name}.py"), name in todo) for name in router.todo]


def run(manager: BackupManager, folder: Path = FOLDER) -> list[str]:
    """Run what is pending, behind a verified backup that is brought back if a migration fails; returns the names."""
    router = protect_migrations(manager, Router(database, migrate_dir=folder), on_error="restore")
    return router.run()


def _title(file: Path) -> str:
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or file.stem
    return text.splitlines()[0]
