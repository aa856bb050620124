"""The kind of settings that have a name and no function yet."""

from __future__ import annotations

from dataclasses import dataclass

from litekeep.config.kinds import Invalid, Schema
from litekeep.config.place import Place


@dataclass(frozen=True, slots=True)
class Reserved:
    """null -> None; nothing else may stand here yet. what: what will be set here, for the complaint."""

    what: str

    @property
    def allowed(self) -> str:
        return "null"

    def read(self, value: object, place: Place) -> Invalid | None:
        if value is None:
            return None
        if isinstance(value, dict):
            return place.complain_hidden(f"is not available yet: this version has no {self.what}", self.allowed)
        return place.complain_hidden("is neither null nor an object", self.allowed)

    def write(self, value: None) -> None:
        """There is no value."""

    def schema(self) -> Schema:
        return {"type": "null"}
