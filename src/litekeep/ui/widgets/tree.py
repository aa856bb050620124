"""What our tables share: a Treeview with a style of ours, a scroll bar, the wheel, the ring, and the keyboard."""

from __future__ import annotations

import tkinter
from collections.abc import Sequence
from tkinter import ttk
from typing import Any

from litekeep.records import dataclass
from litekeep.ui.widgets.ctk import Piece, look_of
from litekeep.ui.widgets.look import RING, ROW, Look
from litekeep.ui.widgets.scrollbar import ScrollBar
from litekeep.ui.widgets.treestyle import CELL, TKS_OWN, style_for
from litekeep.ui.widgets.wheel import on_wheel

NOTCH = 3
"""Rows for a notch of the wheel."""
MEASURED = 40
"""So many rows decide how wide a column is."""
SIGNS = 38


@dataclass(frozen=True, slots=True)
class TableColumn:
    """key: stable. right: numbers stand right. stretch: takes the room that is left. least: width at scale 1."""

    key: str
    title: str
    right: bool = False
    stretch: bool = False
    least: int = 48


class Table(Piece):
    """A Treeview in the colours of the window. signs: it has a column of pictures before the first."""

    def __init__(
        self,
        master: Any,
        columns: Sequence[TableColumn],
        *,
        signs: bool = False,
        many: bool = False,
        rows_shown: int = 8,
        row: int = ROW,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, fill=(look or look_of(master)).surface, look=look)
        self.columns, self._signs, self._row = tuple(columns), signs, row
        self._natural: dict[str, int] = {}
        self._frame = tkinter.Frame(self, highlightthickness=RING, borderwidth=0)
        self.tree = ttk.Treeview(
            self._frame,
            columns=[column.key for column in columns],
            show="tree headings" if signs else "headings",
            selectmode="extended" if many else "browse",
            height=rows_shown,
        )
        self.bar = ScrollBar(self, self.tree.yview)
        self.tree.configure(yscrollcommand=self.scrolled)
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(0, weight=1)
        self._frame.grid(row=0, column=0, sticky="nsew")
        self.bar.grid(row=0, column=1, sticky="ns")
        self.tree.pack(fill="both", expand=True)
        self._set_up_columns()
        self._listen()
        self._restyle()

    def focus_set(self) -> None:
        self.tree.focus_set()

    def _set_up_columns(self) -> None:
        self.tree.column("#0", stretch=False, minwidth=1, anchor="w")
        for column in self.columns:
            anchor: Any = "e" if column.right else "w"
            self.tree.column(column.key, anchor=anchor, stretch=False)  # fit_columns does that
            self.tree.heading(column.key, anchor=anchor)

    def _listen(self) -> None:
        on_wheel(self.tree, self._wheel)
        self.tree.bind("<FocusIn>", lambda _: self._ring())
        self.tree.bind("<FocusOut>", lambda _: self._ring())
        self.tree.bind("<Configure>", lambda _: self.fit_columns())
        self.tree.bind("<<ThemeChanged>>", lambda _: self._restyle())
        for key, step in (("Up", -1), ("Down", 1), ("Home", -(10**6)), ("End", 10**6)):
            self.tree.bind(f"<{key}>", lambda _, step=step: self._go(step))  # type: ignore[misc]
            self.tree.bind(f"<Shift-{key}>", lambda _, step=step: self._go(step, more=True))  # type: ignore[misc]
        self.tree.bind("<Prior>", lambda _: self._go(-self._page()))
        self.tree.bind("<Next>", lambda _: self._go(self._page()))
        self.tree.bind("<Shift-Prior>", lambda _: self._go(-self._page(), more=True))
        self.tree.bind("<Shift-Next>", lambda _: self._go(self._page(), more=True))

    def scrolled(self, first: float | str, last: float | str) -> None:
        """Other rows are visible, 0..1 of all; "0" and "0" before anything was drawn."""
        self.bar.set(first, last)

    def _wheel(self, _: Any, steps: float) -> str:
        self.tree.yview_scroll(round(steps * NOTCH) or (1 if steps > 0 else -1), "units")
        return "break"

    def _page(self) -> int:
        return max(self.tree.winfo_height() // self.scaled(self._row) - 2, 1)

    def _go(self, step: int, *, more: bool = False) -> str:
        keys = self.tree.get_children()
        if keys:
            focus = self.tree.focus()
            start = self.tree.index(focus) if focus else (-1 if step > 0 else len(keys))
            key = keys[min(max(start + step, 0), len(keys) - 1)]
            if more and str(self.tree.cget("selectmode")) == "extended" and focus:
                low, high = sorted((self.tree.index(focus), self.tree.index(key)))
                self.tree.selection_add(*keys[low : high + 1])
            else:
                self.tree.selection_set(key)
            self.tree.focus(key)
            self.tree.see(key)
        return "break"

    def rescaled(self) -> None:
        self.size_columns()

    def redraw(self) -> None:
        if not self.gone:
            self._restyle()

    def _restyle(self) -> None:
        if self.gone:
            return
        name = style_for(self, self._row)
        if str(self.tree.cget("style")) != name:
            self.tree.configure(style=name)
            self.restyled()
        self._ring()

    def restyled(self) -> None:
        """Colours or sizes are other ones now."""

    def _ring(self) -> None:
        focused = str(self.tk.call("focus")) == str(self.tree)
        surface = self.colour(self.look.surface)
        ring = self.colour(self.look.accent_text) if focused else surface
        self._frame.configure(background=surface, highlightbackground=ring, highlightcolor=ring)

    def cells_of(self, at: int) -> list[str]:
        """The texts of one column, for its width."""
        raise NotImplementedError

    def size_columns(self) -> None:
        """As wide as the texts that are shown first."""
        self.tree.column("#0", width=self.scaled(SIGNS) if self._signs else 0)
        for at, column in enumerate(self.columns):
            widest = max((self.text_width(text) for text in set(self.cells_of(at)[:MEASURED])), default=0)
            widest = max(widest, self.text_width(self.heading_text(column), "caption"))
            width = widest + 2 * (self.scaled(CELL) + TKS_OWN) + self.scaled(6)
            self._natural[column.key] = max(width, self.scaled(column.least))
        self.fit_columns()

    def fit_columns(self) -> None:
        """Those that stretch take the room that is left, or give what is missing, down to their least width."""
        if not self._natural:
            return
        widths = dict(self._natural)
        signs = self.scaled(SIGNS) if self._signs else 0
        room = self.tree.winfo_width() - signs if self.tree.winfo_width() > 1 else sum(widths.values())
        elastic = [column for column in self.columns if column.stretch]
        for _ in elastic:  # one that cannot give more leaves it to the others
            able = [column for column in elastic if widths[column.key] > self.scaled(column.least)]
            missing = sum(widths.values()) - room
            for column in able if missing > 0 else ():
                widths[column.key] = max(widths[column.key] - -(-missing // len(able)), self.scaled(column.least))
        left = room - sum(widths.values())
        for at, column in enumerate(elastic if left > 0 else ()):
            widths[column.key] += left * (at + 1) // len(elastic) - left * at // len(elastic)
        for key, width in widths.items():
            if self.tree.column(key, "width") != width:
                self.tree.column(key, width=width, minwidth=min(width, self.scaled(24)))

    def heading_text(self, column: TableColumn) -> str:
        """At its widest."""
        return column.title


class TextTable(Table):
    """Rows of texts, to read: the data of a chart, the tables of a backup, differences."""

    def __init__(
        self,
        master: Any,
        columns: Sequence[TableColumn],
        rows: Sequence[Sequence[str]] = (),
        *,
        rows_shown: int = 8,
        look: Look | None = None,
    ) -> None:
        self._cells: list[tuple[str, ...]] = []
        super().__init__(master, columns, rows_shown=rows_shown, row=26, look=look)
        for column in columns:
            self.tree.heading(column.key, text=column.title)
        self.set_rows(rows)

    def set_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Other rows; nothing happens if they are the same."""
        cells = [tuple(row) for row in rows]
        if cells != self._cells or not self.tree.get_children():
            self._cells = cells
            self.tree.delete(*self.tree.get_children())
            for row in cells:
                self.tree.insert("", "end", values=row)
            self.size_columns()

    def cells_of(self, at: int) -> list[str]:
        return [row[at] for row in self._cells]
