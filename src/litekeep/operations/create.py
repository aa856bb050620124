"""Create: a new repository in a folder or another storage, for a database that was looked at first.

A mistyped path or a text file must not leave an empty repository behind, so the database is opened and let go again
before anything is made.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from litekeep.clock import Clock
from litekeep.errors import Refused
from litekeep.monitor import Monitor
from litekeep.repository.repository import Repository
from litekeep.sqlite.capture import CaptureOptions, pin
from litekeep.storage.base import Storage
from litekeep.storage.local import LocalStorage

if TYPE_CHECKING:
    from litekeep.repository.keyring import NewSlot


def create_repository(
    place: Path | Storage,
    database: Path | None = None,
    *,
    encryption: Sequence[NewSlot] = (),
    wait_seconds: float = 60.0,
    clock: Clock,
    monitor: Monitor,
) -> Repository:
    """Make a repository in `place`; raises Refused if one is there already.

    place: a folder, which is made if needed, or a storage.
    database: raises Refused if it lies inside the folder, and the BackupFailed family if it cannot be backed up.
    encryption: what will open it, if it is to be encrypted; raises UsageError for a passphrase that is too short.
    """
    if database is not None:
        if isinstance(place, Path):
            refuse_inside(place, database)
        with pin(database, clock=clock, monitor=monitor, options=CaptureOptions(deadline_seconds=wait_seconds)):
            pass
    storage = LocalStorage(place, clock, create=True) if isinstance(place, Path) else place
    others = _others(place) if isinstance(place, Path) else []
    repository = Repository.create(storage, clock.now(), encryption=encryption)
    if others:
        monitor.event(
            "warning",
            code="foreign_files",
            message=f"{place} holds other things too, {others[0]} for one; they are left alone",
        )
    folder = str(storage.root) if isinstance(storage, LocalStorage) else storage.description
    monitor.event("repository_created", folder=folder)
    return repository


def _others(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if not name.startswith(".") and name not in ("lost+found", "lock")]


def refuse_inside(folder: Path, database: Path) -> None:
    """Raise Refused if the database lies in the folder of its backups."""
    if Path(os.path.realpath(database)).is_relative_to(Path(os.path.realpath(folder))):
        raise Refused(
            f"{database} lies inside the folder for its backups, {folder}",
            safe="Nothing was changed.",
            hint="Keep the database and its backups in different folders: name another with --repository.",
        )
