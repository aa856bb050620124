"""The small settings file that a person begins with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litekeep.config.compound import leaves
from litekeep.config.settings import Settings

KEYS = (
    "backup.backup_directory",
    "backup.backup_time",
    "backup.retention_days",
    "backup.retention_weeks",
    "backup.retention_months",
)
"""What most people change, with the defaults as values."""


def starter_document(file: Path, database: Path, directory: Path | None) -> Mapping[str, Any]:
    """The content for a settings file at `file`. directory: of the backups; None: as by default."""
    folder = file.absolute().parent
    defaults = {key: each.default for key, each in leaves(Settings)}
    backup = {key.removeprefix("backup."): defaults[key] for key in KEYS}
    if directory is not None:
        backup["backup_directory"] = _from_folder(directory, folder)
    return {"database": _from_folder(database, folder), "backup": backup}


def _from_folder(path: Path, folder: Path) -> str:
    """Relative if it is below the folder, so that both can move together."""
    whole = Path(os.path.normpath(path.absolute()))
    return f"./{whole.relative_to(folder).as_posix()}" if whole.is_relative_to(folder) else str(whole)
