"""The list of copies in the settings file, as a form changes it: whole entries come and go, the others stay as they
are written. What a form is told in secret goes into files of its own, closed to other users:

    backup.json                 {"backup": {"copies": [{"name": "nas", "credentials": {"password": {"file": ...}}}]}}
    secrets/nas.password        beside it
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from litekeep.config.document import NotJson, parse_document
from litekeep.config.load import invalid, read_file
from litekeep.errors import UsageError

FOLDER = "secrets"
KEY = "backup.copies"
_SAFE = "The settings are unchanged."
_MOST = 100
"""So many files of one name there may be: those of removed copies stay, because what is there can still be restored."""


def copy_entries(path: Path) -> list[Any]:
    """The entries of `backup.copies` as they are written in a settings file; raises SettingsInvalid, UsageError."""
    try:
        document, _ = parse_document(read_file(path))
    except NotJson as error:
        raise invalid(f"the settings in {path}", [error.problem]) from error
    section = document.get("backup") if isinstance(document, dict) else None
    found = section.get("copies") if isinstance(section, dict) else None
    return list(found) if isinstance(found, list) else []


def name_of(entry: Any) -> str:
    """Of an entry; "" if it has none."""
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


def keep_secrets(settings_file: Path, copy: str, given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Write each secret into a file of its own beside the settings file, mode 0600, and give the references to them.

    Nothing that exists is replaced. Raises UsageError; then none of them is left.
    """
    folder, found = settings_file.parent / FOLDER, dict[str, dict[str, str]]()
    try:
        for name, value in given.items():
            folder.mkdir(mode=0o700, exist_ok=True)
            found[name] = {"file": f"./{FOLDER}/{_write(folder, f'{copy}.{name}', value)}"}
    except OSError as error:
        forget_secrets(settings_file, found)
        why = error.strerror or type(error).__name__
        raise UsageError(f"the password cannot be kept in {folder}: {why}", safe=_SAFE) from error
    return found


def forget_secrets(settings_file: Path, references: Mapping[str, Mapping[str, str]]) -> None:
    """Delete what `keep_secrets` wrote, where it came to nothing."""
    for each in references.values():
        with suppress(OSError):
            os.unlink(settings_file.parent / each["file"])


def _write(folder: Path, name: str, value: str) -> str:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for number in range(1, _MOST):
        path = folder / (name if number == 1 else f"{name}-{number}")
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(value.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.unlink(path)
            raise
        return path.name
    raise FileExistsError(17, "too many files of that name", str(folder / name))
