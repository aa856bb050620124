"""The columns of the table: which there are, and which fit."""

from __future__ import annotations

from collections.abc import Mapping

from litekeep.ui.language.words import Language
from litekeep.ui.presenter.history import COLUMNS, titles
from litekeep.ui.presenter.models import Column
from litekeep.ui.widgets.tree import TableColumn

NUMBERS = frozenset({Column.SIZE, Column.ADDED})
LEAST = {Column.REASON: 140, Column.KEPT: 84, Column.STATUS: 112}
"""How narrow a column may become, in pixels at scale 1; the others are as wide as their texts."""
WIDENED = (Column.STATUS, Column.REASON, Column.KEPT)
"""Which get the room that is left, up to the width of their texts; the reason gets what is left then."""
LEAVE_FIRST = (Column.ADDED, Column.KEPT, Column.SIZE)
"""What the table does without where there is no room for all; the pane tells it."""
LEAVE_IN_TRASH = (Column.KEPT, Column.ADDED)


def table_columns(say: Language) -> tuple[TableColumn, ...]:
    """All of them."""
    return tuple(
        TableColumn(str(column), title, right=column in NUMBERS)
        for column, title in zip(COLUMNS, titles(say), strict=True)
    )


def fitting(natural: Mapping[Column, int], room: int, *, in_trash: bool, scale: float = 1.0) -> dict[Column, int]:
    """The columns to show, with their widths. natural: as wide as their texts; room: for all; pixels of the screen."""
    widths = {
        column: min(width, round(LEAST.get(column, width) * scale))
        for column, width in natural.items()
        if not (in_trash and column in LEAVE_IN_TRASH)
    }
    for leaves in LEAVE_FIRST:
        if sum(widths.values()) <= room:
            break
        widths.pop(leaves, None)
    left = room - sum(widths.values())
    for column in WIDENED:
        if column in widths and left > 0:
            more = min(natural[column] - widths[column], left)
            widths[column], left = widths[column] + more, left - more
    widths[Column.STATUS if in_trash else Column.REASON] += left
    return widths


def first_order(column: Column) -> bool:
    """Whether it goes down when its heading is pressed for the first time: the newest and the largest first."""
    return column in (Column.DATE, Column.SIZE, Column.ADDED)
