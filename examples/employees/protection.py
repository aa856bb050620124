"""What protects this application: the ten lines that an application needs of Litekeep, and its settings file."""

from __future__ import annotations

import json
from pathlib import Path

from examples.employees.models import database
from litekeep import BackupManager
from litekeep.integrations.peewee import attach

CLOSING_SECONDS = 5.0
"""How long the window waits, at most, for the last backup when it closes."""


def protect(path: Path) -> BackupManager:
    """The manager of this database, not started yet; connections close while a restore goes over it."""
    manager = BackupManager(path, settings_beside(path))
    attach(manager, database)
    return manager


def settings_beside(path: Path) -> Path:
    """The settings file in the folder of the database; a short one is written where there is none."""
    file = path.with_name("backup.json")
    if not file.exists():
        file.write_text(json.dumps({"database": f"./{path.name}", "backup": BEGINNING}, indent=2) + "\n", "utf-8")
    return file


BEGINNING = {
    "backup_directory": "./backups",
    "backup_time": "02:00",
    "backup_on_shutdown": True,
    "backup_before_migration": True,
    "backup_before_operations": ["import", "bulk_delete"],
    "retention_days": 30,
    "retention_weeks": 12,
    "retention_months": 12,
}
