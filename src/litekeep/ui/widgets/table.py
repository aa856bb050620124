"""The history: rows with a sign, sortable headings, several selected at once, thousands without a pause."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from litekeep.ui.presenter.models import HistoryRow, Tone
from litekeep.ui.widgets.icons import mark_name, sign_photo
from litekeep.ui.widgets.look import Look
from litekeep.ui.widgets.paint import Photo
from litekeep.ui.widgets.tree import MEASURED, Table, TableColumn

MARK = 16
AT_ONCE = 100
"""Rows that are there before anything is drawn."""
SLICE = 120
"""Rows in each step after that; a step stays under 25 ms."""
UP, DOWN = " ▴", " ▾"
RIGHT_BUTTONS = ("<Button-2>", "<Control-Button-1>") if sys.platform == "darwin" else ("<Button-3>",)

Keys = tuple[str, ...]
Act = Callable[[Keys], object]


def _nothing(_: object) -> None: ...


class HistoryTable(Table):
    """Shows HistoryRows in the order in which they come.

    on_select, on_open (Return, double click), on_toggle (Space) and on_delete get the selected keys; on_sort the key of
    the column whose heading was pressed; on_menu the keys and the point of the screen for a menu.
    """

    def __init__(
        self,
        master: Any,
        columns: Sequence[TableColumn],
        *,
        on_select: Act = _nothing,
        on_open: Act = _nothing,
        on_toggle: Act = _nothing,
        on_delete: Act = _nothing,
        on_sort: Callable[[str], object] = _nothing,
        on_menu: Callable[[Keys, int, int], object] | None = None,
        rows_shown: int = 8,
        look: Look | None = None,
    ) -> None:
        self._rows: list[HistoryRow] = []
        self._shown: dict[str, HistoryRow] = {}
        self._images: dict[tuple[str, Tone], Photo] = {}
        self._stale: set[str] = set()
        self._timer = self._unseen = ""
        super().__init__(master, columns, signs=True, many=True, rows_shown=rows_shown, look=look)
        self._on_open, self._on_toggle, self._on_delete = on_open, on_toggle, on_delete
        self._on_menu = on_menu
        self.tree.bind("<<TreeviewSelect>>", lambda _: on_select(self.selected))
        for column in self.columns:
            self.tree.heading(column.key, command=lambda key=column.key: on_sort(key))  # type: ignore[misc]
        self._listen_for_acts()
        self.set_sort("", descending=False)
        self.set_rows(())

    # --- for its users

    @property
    def selected(self) -> Keys:
        """Keys of the selected rows, from the top."""
        return tuple(self.tree.selection())

    def select(self, *keys: str) -> None:
        """Select these of them that are there, and show the first."""
        present = [key for key in keys if key in self._shown]
        self.tree.selection_set(*present)
        if present:
            self.tree.focus(present[0])
            self._see(present[0])

    def _see(self, key: str) -> None:
        first, last = self.tree.yview()
        if not self.tree.winfo_viewable() or last <= first:
            self._unseen = key  # Tk does not know yet how many rows there is room for, and would scroll too far
        elif self.tree.exists(key) and not self.tree.bbox(key):
            self.tree.see(key)

    def scrolled(self, first: float | str, last: float | str) -> None:
        super().scrolled(first, last)
        if self._unseen and float(last) > float(first):
            key, self._unseen = self._unseen, ""
            self.later(1, lambda: self._see(key))

    def set_sort(self, key: str, *, descending: bool) -> None:
        """The arrow on a heading."""
        for column in self.columns:
            arrow = (DOWN if descending else UP) if column.key == key else ""
            self.tree.heading(column.key, text=column.title + arrow)

    def set_rows(self, rows: Sequence[HistoryRow]) -> None:
        """Other rows. What stays keeps its selection and its place on the screen; only what differs is written.

        The first hundred are there at once, the others in small steps. Keys must be unique.
        """
        self.forget(self._timer)
        first = not self._shown
        self._rows = list(rows)
        anchor = self._anchor()
        self._remove_others()
        self._put_in_order()
        if first and self._rows:
            self.size_columns()
        self._fill(0, AT_ONCE, anchor)

    @property
    def complete(self) -> bool:
        """All rows are there, as they should be."""
        return len(self._shown) == len(self._rows) and not self._timer

    # --- filling

    def _remove_others(self) -> None:
        wanted = {row.key for row in self._rows}
        gone = [key for key in self._shown if key not in wanted]
        if gone:
            self.tree.delete(*gone)
            for key in gone:
                del self._shown[key]
            self._stale.difference_update(gone)

    def _put_in_order(self) -> None:
        present = tuple(row.key for row in self._rows if row.key in self._shown)
        if present != self.tree.get_children():
            self.tree.set_children("", *present)

    def _fill(self, begin: int, count: int, anchor: str) -> None:
        self._timer = ""
        done, at = 0, begin
        for at in range(begin, len(self._rows)):
            if done >= count:
                break
            done += self._write(at, self._rows[at])
        else:
            at = len(self._rows)
        if done:
            self._hold(anchor)
        if at < len(self._rows):
            self._timer = self.later(5, lambda: self._fill(at, SLICE, anchor))

    def _write(self, at: int, row: HistoryRow) -> int:
        before = self._shown.get(row.key)
        if before == row and row.key not in self._stale:
            return 0
        image = self._image(row)
        if before is None:
            where: Any = "end" if at >= len(self._shown) else at  # by number Tk counts through all rows, slowly
            self.tree.insert("", where, iid=row.key, image=image, values=row.cells)
        else:
            self.tree.item(row.key, image=image, values=row.cells)
        self._shown[row.key] = row
        self._stale.discard(row.key)
        return 1

    def _anchor(self) -> str:
        """The row at the top of what is visible; empty while the beginning is shown, which then stays."""
        if not self._shown or self.tree.yview()[0] <= 0:
            return ""
        keys = self.tree.get_children()
        wanted = {row.key for row in self._rows}
        begin = round(self.tree.yview()[0] * len(keys))
        return next((key for key in keys[begin:] if key in wanted), "")

    def _hold(self, anchor: str) -> None:
        if anchor and self.tree.exists(anchor):
            self.tree.yview_moveto(self.tree.index(anchor) / max(len(self._shown), 1))

    def _image(self, row: HistoryRow) -> Photo:
        kind = (row.mark, row.tone)
        if kind not in self._images:
            name, colour = mark_name(row.mark, row.tone), self.colour(self.look.tone(row.tone).text)
            self._images[kind] = sign_photo(self, name, self.scaled(MARK), colour)
        return self._images[kind]

    def restyled(self) -> None:
        self._images.clear()
        self._stale = set(self._shown)
        if not self._stale:
            return
        self.forget(self._timer)
        keys = self.tree.get_children()
        begin = int(self.tree.yview()[0] * len(keys))
        for key in keys[begin : begin + AT_ONCE]:
            self._write(self.tree.index(key), self._shown[key])
        self._timer = self.later(5, lambda: self._fill(0, SLICE, ""))

    def cells_of(self, at: int) -> list[str]:
        return [row.cells[at] for row in self._rows[:MEASURED]]

    def heading_text(self, column: TableColumn) -> str:
        return column.title + DOWN

    # --- what people do

    def _listen_for_acts(self) -> None:
        tree = self.tree
        tree.bind("<Return>", lambda _: self._act(self._on_open))
        tree.bind("<KP_Enter>", lambda _: self._act(self._on_open))
        tree.bind("<space>", lambda _: self._act(self._on_toggle))
        tree.bind("<Delete>", lambda _: self._act(self._on_delete))
        tree.bind("<Double-1>", self._double)
        tree.bind("<Control-a>", lambda _: self._all())
        tree.bind("<Command-a>" if sys.platform == "darwin" else "<Control-A>", lambda _: self._all())
        for sequence in RIGHT_BUTTONS:
            tree.bind(sequence, self._right)
        if sys.platform != "darwin":
            tree.bind("<Menu>" if sys.platform != "win32" else "<App>", lambda _: self._menu_by_key())
        tree.bind("<Shift-F10>", lambda _: self._menu_by_key())

    def _act(self, act: Act) -> str:
        if self.selected:
            act(self.selected)
        return "break"

    def _all(self) -> str:
        self.tree.selection_set(*self.tree.get_children())
        return "break"

    def _double(self, event: Any) -> str | None:
        if self.tree.identify_row(event.y) and self.tree.identify_region(event.x, event.y) != "heading":
            return self._act(self._on_open)
        return None

    def _right(self, event: Any) -> str:
        key = self.tree.identify_row(event.y)
        if key and self._on_menu is not None:
            self.tree.focus_set()
            if key not in self.selected:
                self.select(key)
            self._on_menu(self.selected, event.x_root, event.y_root)
        return "break"

    def _menu_by_key(self) -> str:
        key = self.tree.focus()
        area = self.tree.bbox(key) if key else ""
        if self.selected and area and self._on_menu is not None:
            x, y = self.tree.winfo_rootx() + area[0], self.tree.winfo_rooty() + area[1] + area[3]
            self._on_menu(self.selected, x + self.scaled(MARK * 2), y)
        return "break"
