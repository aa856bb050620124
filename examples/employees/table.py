"""A table: ttk.Treeview in the colours of the window, with sorting, and a word where it is empty.

One widget for any number of rows; a grid of CustomTkinter labels would take seconds. All measures are multiplied by
CustomTkinter's scaling by hand, and the colours follow light and dark, since ttk knows of neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from tkinter import TclError, ttk
from typing import Any

import customtkinter as ctk

from examples.employees.look import BORDER, EDGE, HOVER, MUTED, SELECTION, SURFACE, TEXT, Card

STYLE = "Employees.Treeview"
ROW = 30


@dataclass(frozen=True, slots=True)
class Column:
    """width: in pixels at scale 1; at least; those that stretch share what is left."""

    key: str
    title: str
    width: int
    stretch: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """identifier: unique in the table. tag: "faint" or ""."""

    identifier: str
    cells: Sequence[str]
    tag: str = ""


class Table(Card):
    """Shows rows; tells what is selected and what is opened (Return, double click)."""

    def __init__(
        self,
        master: Any,
        columns: Sequence[Column],
        *,
        selected: Callable[[], None] = lambda: None,
        opened: Callable[[str], None] = lambda _: None,
        many: bool = False,
        sortable: bool = True,
    ) -> None:
        super().__init__(master)
        self._columns = columns
        self._rows: list[Row] = []
        self._sorted: tuple[int, bool] | None = None
        self._word: Any = None
        self.grid_rowconfigure(0, weight=1)
        self.grid_columnconfigure(0, weight=1)
        self._make_style()
        keys = [each.key for each in columns]
        mode: Any = "extended" if many else "browse"
        self.tree = ttk.Treeview(self, style=STYLE, columns=keys, show="headings", selectmode=mode, height=4)
        self.tree.grid(row=0, column=0, sticky="nsew", padx=8, pady=8)
        bar = ctk.CTkScrollbar(self, command=self.tree.yview, fg_color="transparent", button_color=BORDER)
        bar.configure(button_hover_color=EDGE, width=14)
        bar.grid(row=0, column=1, sticky="ns", padx=(0, 4), pady=8)

        def moved(first: float, last: float) -> None:
            bar.set(first, last)
            if float(first) <= 0 and float(last) >= 1:
                bar.grid_remove()
            else:
                bar.grid()

        self.tree.configure(yscrollcommand=moved)
        for index, each in enumerate(columns):
            self.tree.heading(each.key, text=each.title, anchor="e" if each.right else "w")
            if sortable:
                self.tree.heading(each.key, command=lambda at=index: self.sort(at))  # type: ignore[misc]
        self.tree.bind("<<TreeviewSelect>>", lambda _: selected())
        for event in ("<Return>", "<KP_Enter>", "<Double-1>"):
            self.tree.bind(event, lambda _: self._open(opened))
        self.tree.bind("<FocusIn>", lambda _: self._enter(), add="+")
        self._measure()
        self._paint()

    # Rows

    def fill(self, rows: Iterable[Row], empty: Callable[[Any], Any] | None = None) -> None:
        """Show these rows, keep what is selected if it is still there. empty: makes what is shown if there are none."""
        kept = set(self.selection)
        self._rows = list(rows)
        self._put_rows()
        self.select([each.identifier for each in self._rows if each.identifier in kept])
        if self._word is not None:
            self._word.destroy()
            self._word = None
        if not self._rows and empty is not None:
            self._word = empty(self)
            self._word.place(relx=0.5, rely=0.52, anchor="center")

    def _put_rows(self) -> None:
        rows = list(self._rows)
        if self._sorted is not None:
            at, backwards = self._sorted
            rows.sort(key=lambda row: row.cells[at].casefold(), reverse=backwards)
        self.tree.delete(*self.tree.get_children())
        for row in rows:
            self.tree.insert("", "end", iid=row.identifier, values=list(row.cells), tags=(row.tag,))

    def sort(self, at: int) -> None:
        """By a column; again: the other way round."""
        backwards = self._sorted == (at, False)
        self._sorted = (at, backwards)
        for index, each in enumerate(self._columns):
            sign = ("  ▾" if backwards else "  ▴") if index == at else ""
            self.tree.heading(each.key, text=each.title + sign)
        kept = self.selection
        self._put_rows()
        self.select(kept)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def selection(self) -> list[str]:
        """The identifiers of the selected rows."""
        return list(self.tree.selection())

    def select(self, identifiers: Sequence[str]) -> None:
        """Select these rows and show the first."""
        there = [each for each in identifiers if self.tree.exists(each)]
        if there != self.selection:
            self.tree.selection_set(there)
        if there:
            self.tree.focus(there[0])
            self.tree.see(there[0])

    def show(self, keys: Sequence[str]) -> None:
        """Only these columns: there is little room."""
        if list(self.tree["displaycolumns"]) != list(keys):
            self.tree.configure(displaycolumns=list(keys))

    def _open(self, opened: Callable[[str], None]) -> str:
        if self.selection:
            opened(self.selection[0])
        return "break"

    def _enter(self) -> None:
        """With the keyboard there is always a row to start from."""
        children = self.tree.get_children()
        if children and not self.tree.focus():
            self.tree.focus(children[0])

    # Looks

    def _make_style(self) -> None:
        style = ttk.Style(self)
        with suppress(TclError):  # made before
            style.element_create("Employees.cell", "from", "clam", "Treeheading.cell")
        style.layout(STYLE, [("Treeview.treearea", {"sticky": "nswe"})])
        cell: Any = ("Employees.cell", {"sticky": "nswe"})
        text: Any = ("Treeheading.padding", {"sticky": "nswe", "children": [("Treeheading.text", {"sticky": "we"})]})
        style.layout(f"{STYLE}.Heading", [cell, text])

    def _measure(self) -> None:
        scale = self._get_widget_scaling()
        style = ttk.Style(self)
        family = ctk.ThemeManager.theme["CTkFont"]["family"]
        style.configure(STYLE, rowheight=round(ROW * scale), font=(family, -round(13 * scale)))
        style.configure(
            f"{STYLE}.Heading", font=(family, -round(12 * scale)), padding=(round(4 * scale), round(5 * scale))
        )
        for each in self._columns:
            width = round(each.width * scale)
            anchor: Any = "e" if each.right else "w"
            self.tree.column(each.key, width=width, minwidth=width, stretch=each.stretch, anchor=anchor)

    def _paint(self) -> None:
        style, pick = ttk.Style(self), self._apply_appearance_mode
        surface, text = pick(SURFACE), pick(TEXT)
        style.configure(
            STYLE, background=surface, fieldbackground=surface, foreground=text, borderwidth=0, relief="flat"
        )
        style.map(STYLE, background=[("selected", pick(SELECTION))], foreground=[("selected", text)])
        heading = f"{STYLE}.Heading"
        style.configure(heading, background=surface, foreground=pick(MUTED), borderwidth=0, relief="flat")
        style.map(heading, background=[("active", pick(HOVER))], foreground=[("active", text)])
        self.tree.tag_configure("faint", foreground=pick(MUTED))

    def _set_appearance_mode(self, mode_string: str) -> None:
        super()._set_appearance_mode(mode_string)
        if hasattr(self, "tree"):
            self._paint()

    def _set_scaling(self, *args: Any, **kwargs: Any) -> None:
        super()._set_scaling(*args, **kwargs)
        if hasattr(self, "tree"):
            self._measure()
