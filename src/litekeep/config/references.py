"""Kinds for secrets: references to them, never they themselves, and never a value in a complaint."""

from __future__ import annotations

import os
import re
from typing import Any

from litekeep.config.kinds import Invalid, Kind, Schema, Text, is_line
from litekeep.config.place import INVALID, Place
from litekeep.config.secrets import CommandSecret, EnvironmentSecret, FileSecret, KeyringSecret, Secret
from litekeep.records import dataclass

FORMS = '{"env": "NAME"}, {"file": "path"}, {"command": ["pass", "show", "x"]} or {"keyring": ["service", "user"]}'
_TELLTALE = r"[Aa][Uu][Tt][Hh]|[Tt][Oo][Kk][Ee][Nn]|[Kk][Ee][Yy]|[Ss][Ee][Cc][Rr][Ee][Tt]|[Cc][Oo][Oo][Kk][Ii][Ee]"
_HEADER = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
_LINES = {"type": "array", "items": Text().schema(), "minItems": 1}


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a secret -> Secret."""

    @property
    def allowed(self) -> str:
        return f"a reference: {FORMS}"

    def read(self, value: object, place: Place) -> Secret | Invalid:
        if isinstance(value, str):
            return place.complain_hidden(
                "holds the secret itself, and secrets never stand in the settings", self._write
            )
        if not isinstance(value, dict) or len(value) != 1:
            return place.complain_hidden("is no reference to a secret", self._write)
        ((how, where),) = value.items()
        found = _reference(how, where, place)
        if found is None:
            return place.complain_hidden("is no reference to a secret", self._write)
        return found

    @property
    def _write(self) -> str:
        return FORMS

    def write(self, value: Secret) -> dict[str, Any]:
        if isinstance(value, EnvironmentSecret):
            return {"env": value.name}
        if isinstance(value, FileSecret):
            return {"file": str(value.path)}
        if isinstance(value, CommandSecret):
            return {"command": list(value.arguments)}
        return {"keyring": [value.service, value.user]}

    def schema(self) -> Schema:
        forms = {
            "env": {"type": "string", "pattern": r"^[^=\x00-\x1f\x7f]+$"},
            "file": Text().schema(),
            "command": _LINES,
            "keyring": {**_LINES, "minItems": 2, "maxItems": 2},
        }
        return {"type": "object", "properties": forms, "minProperties": 1, "maxProperties": 1} | {
            "additionalProperties": False
        }


def _reference(how: str, where: object, place: Place) -> Secret | None:
    if how in ("env", "file"):
        if not (isinstance(where, str) and is_line(where)) or (how == "env" and "=" in where):
            return None
        return EnvironmentSecret(where) if how == "env" else FileSecret(place.base / os.path.expanduser(where))
    if not (isinstance(where, list) and where and all(isinstance(each, str) and is_line(each) for each in where)):
        return None
    if how == "keyring" and len(where) == 2:
        return KeyringSecret(*where)
    if how == "command":
        program = where[0]
        has_folder = "/" in program or (os.sep in program)
        first = str(place.base / os.path.expanduser(program)) if has_folder else program
        return CommandSecret((first, *where[1:]), place.base)
    return None


@dataclass(frozen=True, slots=True)
class OrReference:
    """A value that is a secret for some and none for others -> the value, or Secret."""

    kind: Kind

    @property
    def allowed(self) -> str:
        return f"{self.kind.allowed}, or a reference to it: {FORMS}"

    def read(self, value: object, place: Place) -> Any:
        if isinstance(value, dict):
            return Reference().read(value, place)
        return self.kind.read(value, place)

    def write(self, value: Any) -> Any:
        return self.kind.write(value) if isinstance(value, str) else Reference().write(value)

    def schema(self) -> Schema:
        return {"anyOf": [self.kind.schema(), Reference().schema()]}


@dataclass(frozen=True, slots=True)
class Headers:
    """HTTP headers -> a tuple of (name, value), in their order. What names itself a secret must be a reference."""

    @property
    def allowed(self) -> str:
        return f"an object of header names with text; for authorization, tokens, keys and cookies a reference: {FORMS}"

    def read(self, value: object, place: Place) -> tuple[tuple[str, str | Secret], ...] | Invalid:
        if not isinstance(value, dict):
            return place.complain_hidden("is no object", self.allowed)
        found = [(name, self._read(name, given, place.inside(name))) for name, given in value.items()]
        return INVALID if any(given is INVALID for _, given in found) else tuple(found)

    def _read(self, name: str, given: object, place: Place) -> Any:
        if not re.search(_HEADER, name) or name.endswith("\n"):
            return place.complain_hidden("is no name of a header", "letters, digits and -")
        if isinstance(given, dict) or re.search(_TELLTALE, name):
            return Reference().read(given, place)
        if isinstance(given, str) and is_line(given):
            return given
        return place.complain_hidden("is no text in one line", "text in one line")

    def write(self, value: tuple[tuple[str, str | Secret], ...]) -> dict[str, Any]:
        return {name: given if isinstance(given, str) else Reference().write(given) for name, given in value}

    def schema(self) -> Schema:
        either = {"anyOf": [Text().schema(), Reference().schema()]}
        return {
            "type": "object",
            "propertyNames": {"pattern": _HEADER},
            "patternProperties": {_TELLTALE: Reference().schema()},
            "additionalProperties": either,
        }
