"""Kinds made of kinds: null or something, lists, and sections, which are objects with known keys.

A section is a frozen dataclass whose fields are declared with `setting`: one declaration gives the key, the kind, the
default and the text of the reference page.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litekeep.config.kinds import Invalid, Kind, Schema
from litekeep.config.place import INVALID, Place
from litekeep.records import dataclass

_DECLARED = "setting"
NEEDED = object()
"""In place of a default: the key must be given."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What `setting` was told. default: as JSON. key: the name in the file. text: for the reference page."""

    key: str
    kind: Kind
    default: Any
    text: str


def setting(kind: Kind, default: Any, text: str, *, key: str = "") -> Any:
    """A field of a section; Any, because a field is declared with the type of its value.

    default: as it would stand in the file, or NEEDED. In a section that is made by hand, paths among the defaults are
    relative: only a settings file gives them a folder.
    """
    metadata = {_DECLARED: Declared(key, kind, default, text)}
    if default is NEEDED:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=kind.read(default, Place(base=Path())), metadata=metadata)


def declared(section: type[Any]) -> Iterator[tuple[str, Declared]]:
    """(name of the field, what was declared) for every setting of a section, in its order."""
    for field in dataclasses.fields(section):
        found: Declared = field.metadata[_DECLARED]
        yield field.name, found if found.key else dataclasses.replace(found, key=field.name)


@dataclass(frozen=True, slots=True)
class Nullable:
    """null -> None, or another kind. null_means: what null stands for."""

    kind: Kind
    null_means: str = ""

    @property
    def allowed(self) -> str:
        return f"{self.kind.allowed}{self._or_null}"

    @property
    def _or_null(self) -> str:
        return f", or null ({self.null_means})" if self.null_means else ", or null"

    def read(self, value: object, place: Place) -> Any:
        return None if value is None else self.kind.read(value, dataclasses.replace(place, besides=self._or_null))

    def write(self, value: Any) -> Any:
        return None if value is None else self.kind.write(value)

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "null"}, self.kind.schema()]}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list -> a tuple. distinct: no item twice. least: the fewest items. hidden: what is no list is not shown."""

    kind: Kind
    distinct: bool = False
    least: int = 0
    hidden: bool = False

    @property
    def allowed(self) -> str:
        return f"a list{', not empty' if self.least else ''}, each item {self.kind.allowed}"

    def read(self, value: object, place: Place) -> tuple[Any, ...] | Invalid:
        if not isinstance(value, list):
            if self.hidden:
                return place.complain_hidden("is no list", self.allowed)
            return place.complain(value, self.allowed)
        items = [self.kind.read(item, place.item(number)) for number, item in enumerate(value)]
        if any(item is INVALID for item in items):
            return INVALID
        if len(items) < self.least:
            return place.complain(value, self.allowed)
        if self.distinct and len(set(items)) < len(items):
            return place.complain(value, f"{self.allowed}, none of them twice")
        return tuple(items)

    def write(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.kind.write(item) for item in value]

    def schema(self) -> Schema:
        limits = {"minItems": self.least} if self.least else {}
        distinct = {"uniqueItems": True} if self.distinct else {}
        return {"type": "array", "items": self.kind.schema(), **limits, **distinct}


@dataclass(frozen=True, slots=True)
class Section:
    """An object with known keys -> its dataclass. A key that is not given has its default, unless it is needed.

    hidden: what is no object is not shown, because it may be an address with a password.
    """

    dataclass: type[Any]
    hidden: bool = False

    @property
    def allowed(self) -> str:
        return f"an object with keys among {', '.join(each.key for _, each in declared(self.dataclass))}"

    def read(self, value: object, place: Place) -> Any:
        if not isinstance(value, dict):
            if self.hidden:
                return place.complain_hidden("is no object", self.allowed)
            return place.complain(value, self.allowed)
        values = {name: _read(each, value, place.inside(each.key)) for name, each in declared(self.dataclass)}
        known = [each.key for _, each in declared(self.dataclass)]
        for key in value:
            if key not in known:
                place.inside(key).complain_unknown(known)
        return INVALID if any(each is INVALID for each in values.values()) else self.dataclass(**values)

    def write(self, value: Any) -> dict[str, Any]:
        return {each.key: each.kind.write(getattr(value, name)) for name, each in declared(self.dataclass)}

    def schema(self) -> Schema:
        properties, required = {}, []
        for _, each in declared(self.dataclass):
            default = {"default": each.default}
            if each.default is NEEDED:
                required.append(each.key)
                default = {}
            properties[each.key] = {"description": each.text, **default, **each.kind.schema()}
        needed = {"required": required} if required else {}
        return {"type": "object", "properties": properties, **needed, "additionalProperties": False}


def _read(each: Declared, given: dict[str, Any], place: Place) -> Any:
    """The value of one key of a section. A wrong one is replaced by its default, so that the rest can be looked at."""
    if each.key in given:
        found = each.kind.read(given[each.key], place)
        if found is not INVALID or each.default is NEEDED:
            return found
    if each.default is NEEDED:
        return place.complain_hidden("is missing", each.kind.allowed)
    return each.kind.read(each.default, place)


def inner_section(kind: Kind) -> Section | None:
    """The section that a kind is, or is unless null."""
    if isinstance(kind, Nullable):
        kind = kind.kind
    return kind if isinstance(kind, Section) else None


def optional_sections(section: type[Any], prefix: str = "") -> Iterator[str]:
    """Key paths of the sections that may be null."""
    for _, each in declared(section):
        inner = inner_section(each.kind)
        if inner is not None:
            if isinstance(each.kind, Nullable):
                yield f"{prefix}{each.key}"
            yield from optional_sections(inner.dataclass, f"{prefix}{each.key}.")


def leaves(section: type[Any], prefix: str = "") -> Iterator[tuple[str, Declared]]:
    """(key path, what was declared) for every setting, sections themselves left out."""
    for _, each in declared(section):
        inner = inner_section(each.kind)
        if inner is None:
            yield f"{prefix}{each.key}", each
        else:
            yield from leaves(inner.dataclass, f"{prefix}{each.key}.")
