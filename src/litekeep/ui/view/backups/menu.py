"""The menu of a row: by the right button, and by the menu key."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence

from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.menus import dress

Item = tuple[str, Callable[[], object], bool] | None
"""A text, what it does, and whether that is possible now; None: a line between two groups."""


class RowMenu:
    """Lives as long as its owner."""

    def __init__(self, owner: Piece) -> None:
        self._owner = owner
        self.menu = tkinter.Menu(owner, tearoff=False, borderwidth=1, relief="flat", activeborderwidth=0)

    def fill(self, items: Sequence[Item]) -> None:
        """Other items, in the colours of now."""
        self.menu.delete(0, "end")
        dress(self.menu, self._owner)
        for item in items:
            if item is None:
                self.menu.add_separator()
            else:
                text, act, usable = item
                self.menu.add_command(label=text, command=act, state="normal" if usable else "disabled")

    def popup(self, x: int, y: int) -> None:
        """At a point of the screen."""
        self.menu.tk_popup(x, y)
