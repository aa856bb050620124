"""The columns of the table: which there are, and which fit."""

from __future__ import annotations

from collections.abc import Sequence

from litekeep.ui.language.words import Language
from litekeep.ui.presenter.history import COLUMNS, titles
from litekeep.ui.presenter.models import Column
from litekeep.ui.widgets.tree import TableColumn

NUMBERS = frozenset({Column.SIZE, Column.ADDED})
STRETCHED = frozenset({Column.REASON, Column.STATUS})
LEAST = {Column.REASON: 100, Column.STATUS: 120}
LEAVE_FIRST = (Column.ADDED, Column.KEPT, Column.SIZE)
"""What the table does without where there is no room for all; the pane tells it."""
LEAVE_IN_TRASH = (Column.KEPT, Column.ADDED)


def table_columns(say: Language) -> tuple[TableColumn, ...]:
    """All of them."""
    return tuple(
        TableColumn(
            str(column), title, right=column in NUMBERS, stretch=column in STRETCHED, least=LEAST.get(column, 48)
        )
        for column, title in zip(COLUMNS, titles(say), strict=True)
    )


def fitting(needed: Sequence[tuple[Column, int]], room: int, *, in_trash: bool) -> tuple[Column, ...]:
    """The columns to show. needed: each column with its least width, room: the width for all, in the same pixels."""
    kept = [(column, width) for column, width in needed if not (in_trash and column in LEAVE_IN_TRASH)]
    for leaves in LEAVE_FIRST:
        if sum(width for _, width in kept) <= room:
            break
        kept = [(column, width) for column, width in kept if column is not leaves]
    return tuple(column for column, _ in kept)


def first_order(column: Column) -> bool:
    """Whether it goes down when its heading is pressed for the first time: the newest and the largest first."""
    return column in (Column.DATE, Column.SIZE, Column.ADDED)
