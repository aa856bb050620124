"""Where things are, and the jobs that follow from the settings: what an application gave becomes what workers take."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from litekeep.config.load import load_settings, parse_settings
from litekeep.config.settings import Settings
from litekeep.model import Level, Reason
from litekeep.operations.backup import BackupOptions
from litekeep.worker.jobs import BackupJob, Place

STATE_FOLDER = ".litekeep"
"""Beside the database: what must be remembered also while the backups' drive is away."""
GUARDING = frozenset({Reason.PRE_OPERATION, Reason.PRE_MIGRATION})
Given = str | Path | Mapping[str, Any] | Settings | None


def read_given(config: Given, base: Path, environment: Mapping[str, str]) -> Settings:
    """The settings in what the application gave. base: for relative paths where that is an object and no file."""
    if isinstance(config, Settings):
        return config
    if isinstance(config, (str, Path)):
        return load_settings(config, environment)
    return parse_settings(dict(config or {}), base, environment)


def place_of(settings: Settings, database: Path, source: str | None, state: Path | None = None) -> Place:
    """What jobs work with; the state folder beside the database is made. state: the one of this user."""
    folder, given = database.parent / STATE_FOLDER, settings.backup
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    spare = folder if os.path.isdir(folder) else None
    key = given.encryption.key if given.encryption else None
    return Place(database, given.backup_directory, source, given.log_path, spare, key=key, state=state)


def known_mark(place: Place) -> Path:
    """A file that says that this folder held a repository: one that is missing is then not made anew."""
    from blake3 import blake3

    digits = blake3(str(place.folder).encode("utf-8", "surrogatepass")).hexdigest(8)
    return place.database.parent / STATE_FOLDER / f"known-{digits}"


def remember(place: Place) -> None:
    """There is a repository."""
    mark = known_mark(place)
    with suppress(OSError):
        if not os.path.exists(mark):
            mark.touch(mode=0o600)


def may_create(place: Place) -> bool:
    """A first repository is made where its parent folder is; never a second one in its place."""
    if place.there:
        remember(place)
        return False
    return os.path.isdir(place.folder.parent) and not os.path.lexists(known_mark(place))


def backup_job(
    settings: Settings,
    place: Place,
    reason: Reason,
    *,
    label: str = "",
    pinned: bool = False,
    slot: datetime | None = None,
) -> BackupJob:
    """A backup as the settings want it."""
    given = settings.backup
    level = given.verify_after_backup
    if level is Level.NONE and reason in GUARDING:
        level = Level.WRITTEN  # nobody may rely on what was not read back
    options = BackupOptions(
        reason=reason,
        label=label,
        pinned=pinned,
        level=level,
        checks=given.checks,
        source=place.source,
        slot=slot,
    )
    return BackupJob(place, options, create=may_create(place), rotation=given.retention)
