"""The settings file, and the environment above it, become Settings; or everything that is wrong is told at once.

    bytes -> document.parse_document -> JSON -> + environment.find_overrides -> Section(Settings).read -> Settings
                                                                             -> agreement.disagreements

Nothing is half used: either all of it is valid, or SettingsInvalid is raised and whoever has settings keeps them.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from litekeep.config.agreement import disagreements
from litekeep.config.compound import Declared, Section, leaves, optional_sections
from litekeep.config.document import LONGEST_BYTES, NotJson, parse_document
from litekeep.config.environment import find_overrides, process_environment, variable_for
from litekeep.config.place import INVALID, Place
from litekeep.config.settings import Settings
from litekeep.errors import SettingProblem, SettingsInvalid, UsageError
from litekeep.records import dataclass

UNUSED = "Nothing was changed; a running service keeps its last valid settings."
_NAMED_IN_MESSAGE = 3


class Origin(StrEnum):
    """Where the value of a setting comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Reading:
    """Settings, and where each comes from.

    origins: (key path, origin) for all that can be set, and for the sections that may be null.
    """

    settings: Settings
    origins: tuple[tuple[str, Origin], ...]

    def values(self) -> Iterator[tuple[str, Any, Origin]]:
        """(key path, JSON value, origin) of every setting as it counts; of a section that is null, only the section.

        Paths are absolute, secrets are references.
        """
        origins = dict(self.origins)
        absent = [key for key in optional_sections(Settings) if value_at(self.settings, key) is None]
        for key in (*known_settings(), *absent):
            if key.rpartition(".")[0] not in absent:
                yield key, value_at(self.settings, key), origins[key]


def load_settings(path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in a file, and in the environment above it.

    path: relative paths in the file are relative to its folder. environ: instead of that of this process.

    Raises:
        SettingsInvalid: with all problems.
        UsageError: there is no such file, or it cannot be read.
    """
    return read_settings(path, environ).settings


def parse_settings(document: object, base: Path, environ: Mapping[str, str]) -> Settings:
    """As load_settings, from a JSON value. base: the folder to which relative paths are relative."""
    return _read(document, base.absolute(), environ, "the settings", []).settings


def read_settings(path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Reading:
    """As load_settings, with the origin of every value."""
    place = Path(path).absolute()
    data = read_file(place)
    return read_bytes(data, place, process_environment() if environ is None else environ)


def read_bytes(data: bytes, path: Path, environ: Mapping[str, str]) -> Reading:
    """As read_settings, from the content of a file that is, or is to be, at `path`."""
    name = f"the settings in {path}"
    try:
        document, problems = parse_document(data)
    except NotJson as error:
        raise invalid(name, [error.problem]) from error
    return _read(document, path.parent, environ, name, problems)


def read_file(path: Path) -> bytes:
    """The content of a settings file; raises UsageError."""
    try:
        with open(path, "rb") as stream:
            return stream.read(LONGEST_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(
            f"there is no settings file {path}", safe=UNUSED, hint="`litekeep config init app.db` makes one."
        ) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError(f"the settings file {path} cannot be read: {why}", safe=UNUSED) from error


def known_settings() -> dict[str, Declared]:
    """All that can be set, by key path."""
    return dict(leaves(Settings))


def value_at(settings: Settings, key: str) -> Any:
    """The JSON value of a setting or section as it counts, null inside a section that is null; raises KeyError."""
    value: Any = Section(Settings).write(settings)
    for name in key.split("."):
        if value is None and key in known_settings():
            return None
        if not isinstance(value, dict):
            raise KeyError(key)
        value = value[name]
    return value


def put(document: Any, key: str, value: Any) -> bool:
    """Set the value at a key path, making sections that are missing; False if something else is in the way."""
    *sections, name = key.split(".")
    for each in sections:
        if not isinstance(document, dict):
            return False
        if document.get(each) is None:
            document[each] = {}
        document = document[each]
    if isinstance(document, dict):
        document[name] = value
    return isinstance(document, dict)


def invalid(name: str, problems: Sequence[SettingProblem]) -> SettingsInvalid:
    """The error for all these problems; the first ones are named in the message, for logs of one line."""
    where = [each.key or each.problem for each in problems[:_NAMED_IN_MESSAGE]]
    more = f" and {len(problems) - len(where)} more" if len(problems) > len(where) else ""
    count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    return SettingsInvalid(
        f"{name} have {count}: {', '.join(where)}{more}",
        problems=problems,
        safe=UNUSED,
        hint="Correct the file, or use `litekeep config set`; `litekeep config schema` prints all that is allowed.",
    )


def _read(
    document: object, base: Path, environ: Mapping[str, str], name: str, problems: list[SettingProblem]
) -> Reading:
    known = {key: each for key, each in known_settings().items() if not key.startswith("$")}
    overrides, found = find_overrides(environ, known, frozenset(_secret_variables(document)))
    problems = [*problems, *found]
    merged = copy.deepcopy(document)
    for key, value in overrides.items():
        put(merged, key, value)
    variables = {key: variable_for(key) for key in overrides}
    place = Place(base, variables=variables, known=tuple(known), problems=problems)
    settings = Section(Settings).read(merged, place)
    if settings is not INVALID:
        problems += disagreements(settings, frozenset(each.key for each in problems))
    if problems:
        raise invalid(name, problems)
    return Reading(settings, tuple(_origins(document, overrides)))


def _secret_variables(value: object) -> Iterator[str]:
    """Names of environment variables to which the settings refer as secrets."""
    if isinstance(value, dict):
        if list(value) == ["env"] and isinstance(value["env"], str):
            yield value["env"]
        for inner in value.values():
            yield from _secret_variables(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_variables(inner)


def _origins(document: object, overrides: Mapping[str, Any]) -> Iterator[tuple[str, Origin]]:
    for key in (*known_settings(), *optional_sections(Settings)):
        if key in overrides:
            yield key, Origin.ENVIRONMENT
        else:
            yield key, Origin.FILE if _stands_in(document, key) else Origin.DEFAULT


def _stands_in(document: object, key: str) -> bool:
    for name in key.split("."):
        if not (isinstance(document, dict) and name in document):
            return False
        document = document[name]
    return True
