"""Kinds of single values: what may stand in the file, what it becomes, and how a JSON Schema and a person are told.

JSON value at a Place -> `read` -> typed, immutable value (or INVALID and a complaint) -> `write` -> JSON value again.
A kind is the only description of what a setting allows: the loader, the shipped schema and the reference page use it.
What only the loader can judge (a cron expression, a time zone) the schema describes as text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import time
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Protocol

from litekeep.config.place import INVALID, Mark, Place
from litekeep.errors import UsageError
from litekeep.records import dataclass

Schema = dict[str, Any]  # a JSON Schema is JSON
Invalid = Literal[Mark.INVALID]
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]+$"
_WITH_LOGIN = r"^[^/]*//[^/@]*:[^/@]*@"
_SCHEME = r"^[A-Za-z][A-Za-z0-9+.-]*://"


class Kind(Protocol):
    """What may stand at one place. `read` and `write` are opposites; their types differ from kind to kind."""

    @property
    def allowed(self) -> str:
        """What may stand there, in words that end a sentence."""

    def read(self, value: object, place: Place) -> Any:
        """The typed value, or INVALID after a complaint to `place`."""

    def write(self, value: Any) -> Any:
        """The JSON value for a typed one; paths are absolute."""

    def schema(self) -> Schema:
        """JSON Schema 2020-12."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A switch -> bool."""

    @property
    def allowed(self) -> str:
        return "true or false"

    def read(self, value: object, place: Place) -> bool | Invalid:
        return value if isinstance(value, bool) else place.complain(value, self.allowed)

    def write(self, value: bool) -> bool:  # noqa: FBT001 - the value itself
        return value

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number -> int; 7.0 is one too, as in JSON Schema, and true is none."""

    lowest: int
    highest: int

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.lowest} to {self.highest}"

    def read(self, value: object, place: Place) -> int | Invalid:
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        if type(number) is int and self.lowest <= number <= self.highest:
            return number
        return place.complain(value, self.allowed)

    def write(self, value: int) -> int:
        return value

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.lowest, "maximum": self.highest}


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text, not empty -> str. pattern: searched for in it, and understood alike by Python and ECMA-262."""

    allowed: str = "text in one line"
    pattern: str = _NO_CONTROLS

    def read(self, value: object, place: Place) -> str | Invalid:
        if isinstance(value, str) and is_line(value) and re.search(self.pattern, value):
            return value
        return place.complain(value, self.allowed)

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        both = [{"pattern": _NO_CONTROLS}, {"pattern": self.pattern}] if self.pattern != _NO_CONTROLS else []
        return {"type": "string", **({"allOf": both} if both else {"pattern": _NO_CONTROLS})}


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL, of several lines if need be -> str."""

    @property
    def allowed(self) -> str:
        return 'an SQL statement such as "SELECT count(*) > 0 FROM employees"'

    def read(self, value: object, place: Place) -> str | Invalid:
        if isinstance(value, str) and value.strip() and "\0" not in value and _is_text(value):
            return value
        return place.complain(value, self.allowed)

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"\S", "not": {"pattern": r"\x00"}}


@dataclass(frozen=True)
class Choice:
    """One of some words -> what it stands for."""

    meanings: Mapping[str, Enum | str | None]

    @property
    def allowed(self) -> str:
        return " | ".join(f'"{word}"' for word in self.meanings)

    def read(self, value: object, place: Place) -> Enum | str | Invalid | None:
        if isinstance(value, str) and value in self.meanings:
            return self.meanings[value]
        return place.complain(value, self.allowed)

    def write(self, value: Enum | str | None) -> str:
        return next(word for word, meaning in self.meanings.items() if meaning == value)

    def schema(self) -> Schema:
        return {"enum": list(self.meanings)}


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """Hours and minutes -> datetime.time without zone."""

    pattern = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"

    @property
    def allowed(self) -> str:
        return 'a time of the day such as "02:00"'

    def read(self, value: object, place: Place) -> time | Invalid:
        if isinstance(value, str) and re.search(self.pattern, value) and not value.endswith("\n"):
            hour, minute = value.split(":")
            return time(int(hour), int(minute))
        return place.complain(value, self.allowed)

    def write(self, value: time) -> str:
        return value.strftime("%H:%M")

    def schema(self) -> Schema:
        return {"type": "string", "pattern": self.pattern}


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule -> the same text. also: words that stand for something else than a schedule."""

    also: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        words = "".join(f'"{word}", ' for word in self.also)
        return f'{words}a cron expression such as "0 2 * * MON-FRI", or a time such as "02:00"'

    def read(self, value: object, place: Place) -> str | Invalid:
        if not isinstance(value, str):
            return place.complain(value, self.allowed)
        if value in self.also:
            return value
        from litekeep.scheduling.rule import parse_rule

        try:
            parse_rule(value)
        except UsageError as error:
            return place.complain(value, self.allowed, why=error.message.rpartition(": ")[2])
        return value

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone -> its name."""

    @property
    def allowed(self) -> str:
        return 'a time zone such as "Europe/Paris", or an offset such as "+02:00"'

    def read(self, value: object, place: Place) -> str | Invalid:
        if not isinstance(value, str):
            return place.complain(value, self.allowed)
        from litekeep.scheduling.zone import zone_named

        try:
            zone_named(value)
        except UsageError:
            return place.complain(value, self.allowed, **_near_zone(value))
        return value

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class FilePath:
    """A path -> an absolute Path, relative ones below the folder of the settings file; "~/" is the user's home.

    A URL is refused, or a folder called "s3:" would be made. elsewhere: what to do who wants one, as a clause.
    """

    allowed: str = "a path, relative to this file or absolute"
    elsewhere: str = ""

    def read(self, value: object, place: Place) -> Path | Invalid:
        if not (isinstance(value, str) and is_line(value)):
            return place.complain(value, self.allowed)
        if found := re.match(_SCHEME, value):
            wanted = f"{self.allowed}; {self.elsewhere}" if self.elsewhere else self.allowed
            return place.complain_hidden(f"is a URL that begins with {found[0]}", wanted)
        if value == "~" or value.startswith(("~/", "~\\")):
            value = os.path.expanduser(value)
        return place.base / value

    def write(self, value: Path) -> str:
        return str(value)

    def schema(self) -> Schema:
        return {"type": "string", "pattern": _NO_CONTROLS, "not": {"pattern": _SCHEME}}


@dataclass(frozen=True, slots=True)
class Url:
    """An address -> the same text. One with a password in it is refused: secrets do not stand in the file."""

    schemes: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return f"an address that begins with {' or '.join(f'{scheme}://' for scheme in self.schemes)}"

    def read(self, value: object, place: Place) -> str | Invalid:
        if isinstance(value, str) and re.search(_WITH_LOGIN, value):
            return place.complain_hidden("holds a password", f"{self.allowed}, without the password")
        if isinstance(value, str) and is_line(value) and re.search(self._pattern, value):
            return value
        return place.complain(value, self.allowed)

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"type": "string", "pattern": self._pattern, "not": {"pattern": _WITH_LOGIN}}

    @property
    def _pattern(self) -> str:
        return rf"^({'|'.join(self.schemes)})://[^\x00-\x20\x7f]+$"


def is_line(text: str) -> bool:
    """True for text of one line that can be written to a file: not empty, no control characters."""
    return bool(text) and not any(sign < " " or sign == "\x7f" for sign in text) and _is_text(text)


def _is_text(text: str) -> bool:
    """False for half of a pair of surrogates, which JSON can hold and no file."""
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def _near_zone(name: str) -> dict[str, str]:
    """What more there is to say about a zone that does not exist."""
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    known = available_timezones()
    if not known:
        return {"why": "this machine has no table of time zones, and the package tzdata would bring one"}
    near = get_close_matches(name, known, 1)
    return {"nearest": near[0]} if near else {}


__all__ = [
    "INVALID",
    "Choice",
    "Cron",
    "FilePath",
    "Flag",
    "Invalid",
    "Kind",
    "Schema",
    "Statement",
    "Text",
    "TimeOfDay",
    "Url",
    "Whole",
    "Zone",
    "is_line",
]
