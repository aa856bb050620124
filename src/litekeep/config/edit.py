"""Changes of the settings file: by a command, or by a form that knows a part of the settings only.

1. Read the file and put the changes into what it holds; every other key stays, in its place.
2. Check the result as if it had been loaded. What is invalid is never written.
3. Write it beside the file, flush it, and give it the rights of the file.
4. Look whether the file is still what was read in step 1; else somebody else's change would be lost.
5. Let it take the file's name in one step. A crash leaves the old file or the new one, and at most a `.tmp-` file.

Between steps 4 and 5 remains a moment in which another change would be lost: microseconds, while settings are edited by
people. The environment plays no part here: what it overrides is not written into the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from litekeep.config.document import NotJson, parse_document, render
from litekeep.config.load import invalid, put, read_bytes, read_file
from litekeep.config.settings import Settings
from litekeep.errors import Refused, SettingProblem, UsageError
from litekeep.sqlite.publish import dress
from litekeep.storage.durable import publish, remove_quietly, sync_folder, write_temporary

_UNCHANGED = "The settings are unchanged."


def save_changes(path: str | os.PathLike[str], changes: Mapping[str, Any]) -> Settings:
    """Change settings in a file; everything else in it stays. Returns the settings that the file now holds.

    changes: key path ("backup.retention_days") -> JSON value. Sections that are missing are made.

    Raises:
        SettingsInvalid: the result would not be valid; nothing was written.
        Refused: somebody else changed the file meanwhile, or its owner cannot be kept.
        UsageError: the file is not there, or it cannot be read or written.
    """
    shown = Path(path).absolute()
    before = read_file(shown)
    try:
        document, _ = parse_document(before)
    except NotJson as error:
        raise invalid(f"the settings in {shown}", [error.problem]) from error
    for key, value in changes.items():
        if not put(document, key, value):
            problem = SettingProblem(key, "", "cannot be set, because what should hold it is no object")
            raise invalid(f"the settings in {shown}", [problem])
    after = render(document, before)
    settings = _check(before, after, shown)
    _replace(Path(os.path.realpath(shown)), before, after)  # a link stays one
    return settings


def create_settings(path: str | os.PathLike[str], document: Mapping[str, Any]) -> Settings:
    """Make a settings file, closed to other users.

    Raises:
        Refused: there is something at that path.
        SettingsInvalid, UsageError: as save_changes.
    """
    place = Path(path).absolute()
    data = render(dict(document), b"")
    settings = read_bytes(data, place, {}).settings
    try:
        temporary = write_temporary(str(place.parent), memoryview(data))
        try:
            publish(temporary, str(place), nullcontext)
        finally:
            remove_quietly(temporary)
        sync_folder(str(place.parent))
    except FileExistsError:
        raise Refused(
            f"there is something at {place}", safe=_UNCHANGED, hint="`litekeep config set` changes settings."
        ) from None
    except OSError as error:
        raise _not_written(place, error) from error
    return settings


def _check(before: bytes, after: bytes, path: Path) -> Settings:
    """Raise for what is wrong in the result, and for keys that stood twice before, which the result no longer shows."""
    _, repeated = parse_document(before)
    if repeated:
        raise invalid(f"the settings in {path}", repeated)
    return read_bytes(after, path, {}).settings


def _replace(path: Path, before: bytes, after: bytes) -> None:
    try:
        temporary = write_temporary(str(path.parent), memoryview(after))
        try:
            _keep_rights(path, temporary)
            if read_file(path) != before:
                raise Refused(
                    f"{path} was changed by somebody else at the same moment", safe=_UNCHANGED, hint="Try again."
                )
            os.replace(temporary, path)
        except BaseException:
            remove_quietly(temporary)
            raise
        sync_folder(str(path.parent))
    except OSError as error:
        raise _not_written(path, error) from error


def _keep_rights(path: Path, temporary: str) -> None:
    facts, ours = os.stat(path), os.stat(temporary)
    owner = (facts.st_uid, facts.st_gid)
    try:
        dress(Path(temporary), facts.st_mode & 0o777, owner if owner != (ours.st_uid, ours.st_gid) else None)
    except PermissionError:
        hint = "Change the settings as the owner of the file."
        raise Refused(f"{path} belongs to somebody else", safe=_UNCHANGED, hint=hint) from None


def _not_written(path: Path, error: OSError) -> UsageError:
    why = error.strerror or type(error).__name__
    return UsageError(f"the settings file {path} cannot be written: {why}", safe=_UNCHANGED)
