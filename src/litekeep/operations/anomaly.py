"""Did the content shrink as it does when somebody deletes by mistake? Row counts of two verified snapshots, judged.

A mass delete, an emptied table or a dropped one is often noticed weeks later, when rotation has removed what was there
before. So the snapshot before it is pinned, rotation rests and people are told, until somebody has looked. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

Tables = Sequence[tuple[str, int]]
"""(name, rows) of every table."""
FEW_ROWS = 10
"""A table with fewer rows than this may be emptied or dropped without anyone being told."""
MANY_ROWS = 100
"""So many rows must go, and at least half of all, for a table to have shrunk unusually."""
_SHADOWS = (
    "_data",
    "_idx",
    "_content",
    "_docsize",
    "_config",
    "_segments",
    "_segdir",
    "_stat",
    "_node",
    "_parent",
    "_rowid",
)


def anomalies(before: Tables, after: Tables) -> tuple[str, ...]:
    """What is unusual, a sentence for each table, the greatest loss first; empty if nothing is."""
    then, now = dict(before), dict(after)
    found: list[tuple[int, str]] = []
    for name, rows in then.items():
        if rows < FEW_ROWS or _is_internal(name, then):
            continue
        left = now.get(name)
        if left is None:
            found.append((rows, f"the table {name} with {rows} rows has gone"))
        elif left == 0:
            found.append((rows, f"all {rows} rows of {name} have gone"))
        elif rows - left >= MANY_ROWS and left * 2 <= rows:
            found.append((rows - left, f"{name} went from {rows} to {left} rows"))
    return tuple(text for _, text in sorted(found, key=lambda each: (-each[0], each[1])))


def _is_internal(name: str, tables: dict[str, int]) -> bool:
    """SQLite's own, and the hidden parts of a virtual table, which come and go as it pleases."""
    if name.startswith("sqlite_"):
        return True
    return any(name.endswith(end) and name.removesuffix(end) in tables for end in _SHADOWS)
