"""Answers of a manager about its backups as a whole, from the repository's listing and from sizes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from litekeep.model import Snapshot
from litekeep.records import dataclass
from litekeep.retention import RetentionPlan


@dataclass(frozen=True, slots=True)
class Statistics:
    """The backups of one database in figures.

    space_bytes: all that is stored in the folder of the backups, also for other databases in it; None if it is not
    there. free_bytes: of the drive of that folder; None if that is not known. database_bytes: of the live file, without
    its -wal; None if it is not there. backups: how many are kept, the trash left aside. history_bytes: the sizes of the
    databases in all kept backups together: what as many plain copies would take. newest_at, oldest_at: of the kept
    ones, aware; None without any.
    """

    space_bytes: int | None
    free_bytes: int | None
    database_bytes: int | None
    backups: int
    history_bytes: int
    newest_at: datetime | None
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class RotationPreview:
    """What the next clean-up would do to this database's backups, with the reasons for each.

    frees_bytes: about what removing gives back once the removed ones have left the trash.
    """

    plan: RetentionPlan
    frees_bytes: int


def statistics_of(snapshots: Sequence[Snapshot], folder: Path, database: Path) -> Statistics:
    """snapshots: of the database, the trash included or not. Nothing is opened but folders."""
    kept = [each for each in snapshots if each.trashed_at is None]
    times = [each.created_at for each in kept]
    return Statistics(
        space_bytes=_taken(folder),
        free_bytes=_free(folder),
        database_bytes=_length(database),
        backups=len(kept),
        history_bytes=sum(each.database.size_bytes for each in kept),
        newest_at=max(times, default=None),
        oldest_at=min(times, default=None),
    )


def _taken(folder: Path) -> int | None:
    """The sizes of all files in a folder and below; what goes away meanwhile counts nothing."""
    if not os.path.isdir(folder):
        return None
    total, folders = 0, [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += _length(entry) or 0
        except OSError:
            continue
    return total


def _length(path: Path | os.DirEntry[str]) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _free(folder: Path) -> int | None:
    """Of the folder's drive; before the folder is made, of the one that it is going to be in."""
    try:
        return shutil.disk_usage(folder if os.path.isdir(folder) else folder.parent).free
    except OSError:
        return None
