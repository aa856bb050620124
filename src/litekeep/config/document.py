"""The settings file as JSON: bytes in; the object, its repeated keys and its syntax errors out. And the way back.

JSON itself allows a key twice, and most readers silently take the last one. In settings that is a mistake, because one
of the two values does nothing; so it is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from litekeep.errors import SettingProblem

LONGEST_BYTES = 1 << 18
DEEPEST = 50
"""Objects and lists within each other; settings need six."""
WIDEST_LIST = 100
"""Lists of single values up to this many characters are written in one line, as people write them."""


class NotJson(Exception):
    """The bytes are no JSON; `problem` says where."""

    def __init__(self, problem: SettingProblem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class _Repeating(dict[str, Any]):
    """An object in which keys stood twice."""

    repeated: tuple[str, ...] = ()


def parse_document(data: bytes) -> tuple[Any, list[SettingProblem]]:
    """(the JSON value, a problem for each key that stands twice); raises NotJson."""
    text = _decode(data)
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        repeated = list(_repeated_keys(document, ""))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotJson(SettingProblem("", "", f"{where}: {error.msg}{_advice(text, error.pos)}")) from error
    except RecursionError:
        raise NotJson(SettingProblem("", "", "objects and lists are nested too deeply")) from None
    except ValueError as error:  # from _no_constant, and from numbers of thousands of digits
        raise NotJson(SettingProblem("", "", str(error))) from error
    return document, [SettingProblem(key, "", "stands there twice", "each key once") for key in repeated]


def _decode(data: bytes) -> str:
    if len(data) > LONGEST_BYTES:
        raise NotJson(SettingProblem("", "", f"the file has {len(data):,} bytes, and {LONGEST_BYTES:,} are allowed"))
    try:
        return data.decode("utf-8-sig")  # some editors of Windows begin files with a mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotJson(SettingProblem("", "", f"line {line}: the file is no UTF-8 text")) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    repeating = _Repeating(found)
    repeating.repeated = tuple(name for name in found if names.count(name) > 1)
    return repeating


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _repeated_keys(value: Any, key: str, depth: int = 0) -> Iterator[str]:
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, _Repeating):
        yield from (f"{key}.{name}" if key else name for name in value.repeated)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _repeated_keys(inner, f"{key}.{name}" if key else name, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _repeated_keys(inner, f"{key}[{number}]", depth + 1)


def _advice(text: str, position: int) -> str:
    here = text[position : position + 1]
    if here in ("/", "#"):
        return " (JSON has no comments)"
    if here == "'":
        return ' (JSON takes double quotes: "...")'
    if re.search(r",\s*$", text[:position]) and here in ("}", "]"):
        return " (no comma after the last item)"
    return ""


def render(document: Any, before: bytes) -> bytes:
    """The text of a document, in the indent and the line ends of what was there before; empty: two spaces and \\n."""
    found = re.search(rb"\n([ \t]+)\S", before)
    indent = found[1].decode("ascii") if found else "  "
    text = _render(document, indent, "\n") + "\n"
    return text.replace("\n", "\r\n" if b"\r\n" in before else "\n").encode("utf-8")


def _render(value: Any, indent: str, line_end: str) -> str:
    if isinstance(value, dict) and value:
        inner = line_end + indent
        items = [
            f"{json.dumps(name, ensure_ascii=False)}: {_render(each, indent, inner)}" for name, each in value.items()
        ]
        return f"{{{inner}{f',{inner}'.join(items)}{line_end}}}"
    if isinstance(value, list) and value:
        flat = json.dumps(value, ensure_ascii=False)
        if len(flat) <= WIDEST_LIST and not any(isinstance(each, (dict, list)) for each in value):
            return flat
        inner = line_end + indent
        return f"[{inner}{f',{inner}'.join(_render(each, indent, inner) for each in value)}{line_end}]"
    return json.dumps(value, ensure_ascii=False)
