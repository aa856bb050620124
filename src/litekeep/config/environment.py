"""Environment variables that stand above the settings file: LITEKEEP_BACKUP__RETENTION_DAYS=60.

The name is LITEKEEP_ and the key path in capitals, with two underscores where the path has a point. The value is JSON,
or text where the setting takes text. Variables that look like an override and are none are complained about: a mistyped
one would otherwise be a setting that silently does nothing. Other LITEKEEP_ variables (LITEKEEP_REPOSITORY, or one that
holds a secret to which the settings refer) are none of this module's business.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from litekeep.errors import SettingProblem

if TYPE_CHECKING:
    from litekeep.config.compound import Declared

PREFIX = "LITEKEEP_"
SEPARATOR = "__"


def process_environment() -> Mapping[str, str]:
    """The environment of this process: the only place below the command line where it is read."""
    return os.environ  # noqa: TID251 - see above


def variable_for(key: str) -> str:
    """The variable that overrides a setting: "backup.retention_days" -> "LITEKEEP_BACKUP__RETENTION_DAYS"."""
    return PREFIX + key.replace(".", SEPARATOR).upper()


def find_overrides(
    environ: Mapping[str, str], settings: Mapping[str, Declared], secrets: frozenset[str]
) -> tuple[dict[str, Any], list[SettingProblem]]:
    """(key path -> JSON value, problems) of all variables that override a setting, or look as if they should.

    settings: all that can be set, by key path. secrets: names of variables to which the settings refer as secrets.
    """
    by_variable = {variable_for(key): key for key in settings}
    sections = {name.partition(SEPARATOR)[0] for name in by_variable}
    found, problems = {}, []
    for variable, text in environ.items():
        if variable in by_variable:
            key = by_variable[variable]
            found[key] = json_or_text(text, settings[key])
        elif variable not in secrets and _looks_like_one(variable, sections):
            problems.append(_unknown(variable, sorted(by_variable)))
    return found, problems


def json_or_text(text: str, setting: Declared | None) -> Any:
    """The JSON value that a person wrote without knowing JSON: 02:00 and 2024 are text where the setting takes text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if setting is not None and not isinstance(value, str) and _accepts(setting, text) and not _accepts(setting, value):
        return text
    return value


def _accepts(setting: Declared, value: object) -> bool:
    from pathlib import Path

    from litekeep.config.place import Place

    place = Place(Path())
    setting.kind.read(value, place)
    return not place.problems


def _looks_like_one(variable: str, sections: set[str]) -> bool:
    if not variable.startswith(PREFIX):
        return False
    return SEPARATOR in variable or any(variable == each or variable.startswith(f"{each}_") for each in sections)


def _unknown(variable: str, known: list[str]) -> SettingProblem:
    from difflib import get_close_matches

    near = get_close_matches(variable, known, 1)
    allowed = f"variables such as {known[0]}" if known else ""
    return SettingProblem(variable, "", "overrides no setting", allowed, near[0] if near else "")
