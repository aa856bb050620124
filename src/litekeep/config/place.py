"""Where in the settings a value stands, and the list on which everything that is wrong is put.

A kind (kinds.py, compound.py) reads the value at a Place and either returns what it means or complains and returns
INVALID; nobody stops at the first problem. Values are shown in complaints, except where a secret may stand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from enum import Enum
from pathlib import Path
from typing import Literal

from litekeep.errors import SettingProblem
from litekeep.records import dataclass

LONGEST_VALUE = 60
MOST_GUESSED = 50
"""Of more problems than these, what was probably meant is not looked for: it takes time for each."""
"""Values in complaints are cut to this many characters."""


class Mark(Enum):
    """See INVALID."""

    INVALID = "invalid"


INVALID: Literal[Mark.INVALID] = Mark.INVALID
"""Stands for a value that was complained about."""


@dataclass(frozen=True, slots=True)
class Place:
    """A value's key path, and what reading it needs.

    key: "backup.retention_days"; empty for the whole. base: the absolute folder of the settings file, to which relative
    paths are relative. variables: key path -> environment variable, for the values that come from one. known: all key
    paths, among which a mistyped one is looked for. problems: shared by all places of one reading. variable: the
    environment variable from which this value, or one around it, comes. besides: what else is allowed just here.
    """

    base: Path
    key: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    known: tuple[str, ...] = ()
    problems: list[SettingProblem] = field(default_factory=list)
    variable: str = ""
    besides: str = ""

    def inside(self, name: str) -> Place:
        """The place of a key in the object here."""
        key = f"{self.key}.{name}" if self.key else name
        return replace(self, key=key, variable=self.variable or self.variables.get(key, ""), besides="")

    def item(self, number: int) -> Place:
        """The place of an item, counted from 0, in the list here."""
        return replace(self, key=f"{self.key}[{number}]", besides="")

    def complain(self, value: object, allowed: str, *, why: str = "", nearest: str = "") -> Literal[Mark.INVALID]:
        """The value is not allowed here. nearest: the value that was probably meant."""
        shown = show(value)
        return self._add(shown, f"is {shown}{self._origin()}{': ' if why else ''}{why}", allowed, nearest)

    def complain_hidden(self, problem: str, allowed: str) -> Literal[Mark.INVALID]:
        """As complain, about a value that may hold a secret: it is not shown."""
        return self._add("", f"{problem}{self._origin()}", allowed)

    def complain_unknown(self, siblings: Sequence[str]) -> None:
        """There is no setting of this key. Its value is not shown: it may be a password under a mistyped name."""
        near = nearest(self.key, siblings, self.known) if len(self.problems) < MOST_GUESSED else ""
        self.problems.append(SettingProblem(self.key, "", "is no setting", f"the keys {', '.join(siblings)}", near))

    def _add(self, shown: str, problem: str, allowed: str, near: str = "") -> Literal[Mark.INVALID]:
        key = self.key or "the whole file"
        self.problems.append(SettingProblem(key, shown, problem, allowed + self.besides, near))
        return INVALID

    def _origin(self) -> str:
        return f" (from {self.variable})" if self.variable else ""


def nearest(key: str, siblings: Sequence[str], known: Sequence[str]) -> str:
    """The key path that was probably meant, or an empty text.

    siblings: the keys that are known in the same section. The right name in the wrong section comes first.
    """
    from difflib import get_close_matches

    section, _, name = key.rpartition(".")
    elsewhere = {path.rpartition(".")[2]: path for path in reversed(known)}
    if name in elsewhere:
        return elsewhere[name]
    if near := get_close_matches(name, siblings, 1):
        return f"{section}.{near[0]}" if section else near[0]
    near = get_close_matches(name, elsewhere, 1)
    return elsewhere[near[0]] if near else ""


def show(value: object) -> str:
    """A value as JSON, cut to a readable length."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "objects and lists that are nested too deeply"
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
