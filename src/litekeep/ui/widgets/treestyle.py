"""Styles for our tables that leave the host's ttk theme as it is.

Elements are taken from clam, which takes colours on every platform (vista and aqua ignore those of headings), under
names of their own. A style is made once for a root, a ttk theme, a look and a size, and never changed: changing one
makes Tk lay out every ttk widget of the host anew.
"""

from __future__ import annotations

import tkinter
import zlib
from tkinter import ttk
from typing import Any
from weakref import WeakKeyDictionary

from litekeep.ui.widgets.ctk import Piece

_made: WeakKeyDictionary[tkinter.Misc, set[tuple[str, str]]] = WeakKeyDictionary()
CELL, TKS_OWN = 4, 4
"""Room at each side of a cell at scale 1, and what Tk adds to it in pixels of the screen."""
ELEMENTS = {
    "LK.field": "Treeview.field",
    "LK.heading": "Treeheading.cell",
    "LK.padding": "Treeheading.padding",
    "LK.text": "Treeheading.text",
    "LK.item": "Treeitem.padding",
    "LK.image": "Treeitem.image",
    "LK.cell": "Treedata.padding",
    "LK.label": "Treeitem.text",
    "LK.row": "Treeitem.row",
}


def style_for(piece: Piece, row: int) -> str:
    """The name of the style for a table in `piece` now. row: height at scale 1."""
    look, font, small = piece.look, piece.font("body"), piece.font("caption")
    colours = [piece.colour(pair) for pair in (look.surface, look.text, look.muted, look.selection, look.hover)]
    facts = repr((colours, font, small, piece.scaled(row)))
    name = f"x{zlib.crc32(facts.encode()):08x}.LK.Treeview"
    style, root = ttk.Style(piece), piece.nametowidget(".")
    key = (str(style.theme_use()), name)
    made = _made.setdefault(root, set())
    if key not in made:
        made.add(key)
        _make(style, name, piece, row)
    return name


def _make(style: ttk.Style, name: str, piece: Piece, row: int) -> None:
    known = set(style.element_names())
    for ours, clams in ELEMENTS.items():
        if ours not in known:
            style.element_create(ours, "from", "clam", clams)
    _lay_out(style, name)
    look, scaled = piece.look, piece.scaled
    surface, text, muted, selection, hover = (
        piece.colour(pair) for pair in (look.surface, look.text, look.muted, look.selection, look.hover)
    )
    flat: dict[str, Any] = {
        "bordercolor": surface,
        "lightcolor": surface,
        "darkcolor": surface,
        "borderwidth": 0,
        "relief": "flat",
    }
    style.configure(
        name,
        background=surface,
        fieldbackground=surface,
        foreground=text,
        font=piece.font("body"),
        rowheight=scaled(row),
        indent=0,
        **flat,
    )
    style.map(name, background=[("selected", selection)], foreground=[("selected", text)])
    heading = f"{name}.Heading"
    padding = (scaled(CELL) + TKS_OWN, scaled(6))
    style.configure(heading, background=surface, foreground=muted, font=piece.font("caption"), padding=padding, **flat)
    style.map(heading, background=[("active", hover)], foreground=[("active", text)], relief=[])
    style.configure(f"{name}.Cell", padding=(scaled(CELL), 0))
    style.configure(f"{name}.Item", padding=(scaled(10), 0, 0, 0))


def _lay_out(style: ttk.Style, name: str) -> None:
    fill: dict[str, Any] = {"sticky": "nswe"}
    layouts: dict[str, list[Any]] = {
        "": [("LK.field", {**fill, "children": [("Treeview.treearea", fill)]})],
        ".Heading": [("LK.heading", fill), ("LK.padding", {**fill, "children": [("LK.text", fill)]})],
        ".Item": [("LK.item", {**fill, "children": [("LK.image", {"side": "left", "sticky": ""})]})],
        ".Cell": [("LK.cell", {**fill, "children": [("LK.label", fill)]})],
        ".Row": [("LK.row", fill)],
    }
    for part, layout in layouts.items():
        style.layout(f"{name}{part}", layout)
