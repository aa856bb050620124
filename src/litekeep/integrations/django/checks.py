"""System checks, run by `manage.py check` and before most commands.

litekeep.E001   settings.LITEKEEP is not valid
litekeep.E002   a database that it names is missing or no SQLite file
litekeep.W001   a database was never backed up
litekeep.W002   its newest backup is too old
litekeep.W003   the folder of its backups is not there
litekeep.W004   the folder of its backups is among files that the web server gives to everybody
litekeep.W005   its backups fail, or are damaged
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

from litekeep.errors import LitekeepError
from litekeep.integrations.django.before_migrate import told
from litekeep.integrations.django.managers import file_for, given, manager_for
from litekeep.manager.manager import BackupManager
from litekeep.operations.status import Protection, Verdict

IDS = {
    Verdict.NEVER: "litekeep.W001",
    Verdict.OVERDUE: "litekeep.W002",
    Verdict.REPOSITORY_MISSING: "litekeep.W003",
    Verdict.FAILING: "litekeep.W005",
    Verdict.DAMAGED: "litekeep.W005",
    Verdict.SUSPICIOUS: "litekeep.W005",
    Verdict.ALTERED: "litekeep.W005",
    Verdict.COPY_UNREACHABLE: "litekeep.W005",
}
HINTS = {
    "litekeep.W001": "Run manage.py litekeep_backup, and litekeep watch for the ones to come.",
    "litekeep.W002": "Is litekeep watch running?",
    "litekeep.W003": "Is the drive connected? See backup_directory in settings.LITEKEEP.",
    "litekeep.W005": "manage.py litekeep_status and the log tell more.",
}


def check_settings(**_: Any) -> list[CheckMessage]:
    """settings.LITEKEEP, and that it fits settings.DATABASES."""
    try:
        aliases = list(given())
    except LitekeepError as error:
        return [Error(error.message, hint=error.hint, id="litekeep.E001")]
    found: list[CheckMessage] = []
    for alias in aliases:
        identity = "litekeep.E002"
        try:
            file_for(alias)
            identity = "litekeep.E001"
            manager_for(alias)
        except LitekeepError as error:
            found.append(Error(told(error), id=identity))
    return found


def check_places(**_: Any) -> list[CheckMessage]:
    """That backups are not where everybody can load them down."""
    found: list[CheckMessage] = []
    for alias, manager in _valid():
        for name, root in _served():
            if _is_within(manager.repository, root):
                text = f"The backups of {alias!r} are in {manager.repository}, inside {name}: everybody may get them."
                hint = "Move the folder, and name the new one in backup_directory."
                found.append(Caution(text, hint=hint, id="litekeep.W004"))
    return found


def check_status(**_: Any) -> list[CheckMessage]:
    """That there is a recent backup."""
    found: list[CheckMessage] = []
    for alias, manager in _valid():
        if not manager.settings.backup.enabled:
            continue
        status = manager.status()
        identity = IDS.get(status.verdict, "litekeep.W005" if status.protection is Protection.NOT_PROTECTED else "")
        if identity:
            found.append(Caution(f"{alias}: {status.sentence}", hint=HINTS[identity], id=identity))
    return found


def _valid() -> Iterator[tuple[str, BackupManager]]:
    """What check_settings has nothing to say about."""
    try:
        for alias in given():
            try:
                yield alias, manager_for(alias)
            except LitekeepError:
                continue
    except LitekeepError:
        return


def _served() -> Iterator[tuple[str, Path]]:
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        if root := getattr(settings, name, None):
            yield name, Path(root)
    for entry in getattr(settings, "STATICFILES_DIRS", ()):
        yield "STATICFILES_DIRS", Path(entry[1] if isinstance(entry, (list, tuple)) else entry)


def _is_within(folder: Path, root: Path) -> bool:
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root))
