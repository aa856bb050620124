"""settings.LITEKEEP: for each database of Django a BackupManager.

    LITEKEEP = {"default": BASE_DIR / "backup.json"}                                  # a settings file, or
    LITEKEEP = {"default": {"backup": {"backup_directory": "/mnt/usb/backups"}}}      # the same keys

Without it the database "default" is protected with all defaults. The managers belong to this process, are made when
they are first asked for, and never start a schedule or back up when the process ends.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from litekeep.errors import UsageError
from litekeep.integrations.hooks import around_restores
from litekeep.integrations.migrating import file_of, require_same
from litekeep.manager.manager import BackupManager

_guard = threading.Lock()
_managers: dict[tuple[int, str], BackupManager] = {}
_files: dict[str, Path | None] = {}


def manager_for(alias: str = DEFAULT_DB_ALIAS) -> BackupManager:
    """The BackupManager of a database; the same one for every call in this process.

    Raises UsageError if settings.LITEKEEP does not name it, or it is no SQLite file; SettingsInvalid.
    """
    key = (os.getpid(), alias)  # a process that was forked needs its own helper process
    with _guard:
        if key not in _managers:
            _managers[key] = _make(alias)
        return _managers[key]


def close_managers() -> None:
    """End the helper processes of this process's managers; done by itself at exit. The next call makes new ones."""
    with _guard:
        mine = [key for key in _managers if key[0] == os.getpid()]
        closing = [_managers.pop(key) for key in mine]
    for manager in closing:
        manager.close(backup=False)


atexit.register(close_managers)


def given() -> Mapping[str, Any]:
    """settings.LITEKEEP; raises UsageError if it is not of that form."""
    found = getattr(settings, "LITEKEEP", {DEFAULT_DB_ALIAS: {}})
    if not isinstance(found, Mapping):
        hint = 'LITEKEEP = {"default": BASE_DIR / "backup.json"}'
        raise UsageError("settings.LITEKEEP must be a dict of databases", hint=f"For example: {hint}.")
    return found


def remember_files() -> None:
    """Note which file each database is: a test runner changes the names later, and its databases are not protected."""
    for alias in connections:
        facts = connections[alias].settings_dict
        _files[alias] = file_of(facts["NAME"]) if connections[alias].vendor == "sqlite" else None


def file_for(alias: str) -> Path:
    """The file of a database, as it was when Django started; raises UsageError if there is none."""
    if alias not in connections:
        raise UsageError(f"settings.LITEKEEP names the database {alias!r}, which settings.DATABASES does not")
    file = _files.get(alias)
    if file is None:
        raise UsageError(f"the database {alias!r} is no SQLite file", hint="Remove it from settings.LITEKEEP.")
    return file


def _make(alias: str) -> BackupManager:
    if alias not in given():
        raise UsageError(f"settings.LITEKEEP does not name the database {alias!r}")
    config = given()[alias]
    if not isinstance(config, (str, os.PathLike, Mapping)):
        raise UsageError(f"settings.LITEKEEP[{alias!r}] must be a settings file, or a dict of settings")
    file = file_for(alias)
    manager = BackupManager(file, _plain(config) if isinstance(config, Mapping) else config)
    if manager.settings.database is not None:
        require_same(manager, manager.settings.database, f"settings.LITEKEEP[{alias!r}]")

    def let_go() -> None:
        if connections[alias].in_atomic_block:
            raise UsageError(
                "a restore was asked for inside a transaction of the same thread",
                safe="Nothing was changed.",
                hint="End the atomic block first.",
            )
        connections[alias].close()

    around_restores(manager, let_go, lambda: None)
    return manager


def _plain(value: Any) -> Any:
    """As in JSON: settings modules have paths."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value
