"""What every guard of migrations needs to know: which file is meant, and whether there is anything to lose.

A guard that backs up another database than the one that is migrated is worse than none, so the two are compared first.
Files are compared by name and by stat, never opened: see litekeep.worker.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack
from urllib.parse import parse_qs, unquote, urlsplit

from litekeep.errors import UsageError
from litekeep.manager.guard import Guard, OnError, Policy
from litekeep.manager.manager import BackupManager


class GuardOptions(TypedDict, total=False):
    """As in BackupManager.before_migration.

    name: for labels and messages. on_error: "restore" brings the database back if the migration fails. policy: "warn"
    goes on without a backup.
    """

    name: str
    on_error: OnError
    policy: Policy


def file_of(name: object) -> Path | None:
    """The file that a driver opens under that name, which may be a URI of SQLite; None for a database in memory."""
    if name is None or not isinstance(name, (str, os.PathLike)):
        return None
    text = os.fspath(name)
    if not text.startswith("file:"):
        return Path(text).absolute() if text and text != ":memory:" else None
    parts = urlsplit(text)
    if parts.path in ("", ":memory:") or parse_qs(parts.query).get("mode") == ["memory"]:
        return None
    return Path(unquote(parts.path)).absolute()


def main_file(database_list: Iterable[Sequence[Any]]) -> Path | None:
    """The same from the rows of PRAGMA database_list, that is from a connection."""
    return next((file_of(row[2]) for row in database_list if row[1] == "main"), None)


def require_same(manager: BackupManager, file: Path | None, what: str) -> None:
    """Raises UsageError unless `file` is the database that the manager protects."""
    if file is not None and is_same(manager.database, file):
        return
    other = "a database in memory" if file is None else str(file)
    raise UsageError(
        f"{what} uses {other}, but this BackupManager protects {manager.database}",
        safe="Nothing was done.",
        hint="Make the BackupManager with the same database.",
    )


def is_same(one: Path, other: Path) -> bool:
    """True if both names mean one file, which need not exist."""
    if os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other)):
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False


def before_migration(manager: BackupManager, pending: Callable[[], object], **options: Unpack[GuardOptions]) -> Guard:
    """The manager's guard; it makes no backup of a database that is not there yet, or is an empty file."""
    return manager.before_migration(lambda: holds_something(manager.database) and pending(), **options)


def holds_something(database: Path) -> bool:
    """False for the database of a new installation, which its first migration makes."""
    try:
        return database.stat().st_size > 0 or os.path.exists(f"{database}-wal")
    except FileNotFoundError:
        return False
