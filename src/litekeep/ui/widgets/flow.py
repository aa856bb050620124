"""A row of things that goes on in the next line where it does not fit."""

from __future__ import annotations

import tkinter
from typing import Any

from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import GAP, LEAST, Look


class Flow(Piece):
    """Its pieces side by side, `gap` apart, in as many lines as its width needs. Call `arrange` after adding pieces.

    wraps False: it asks for the width of all in one line; True: it takes the width that it is given.
    """

    def __init__(self, master: Any, *, gap: int = GAP, look: Look | None = None) -> None:
        super().__init__(master, width=LEAST, look=look)
        self._gap, self.wraps = gap, True
        self._pieces: list[Piece] = []

    def arrange(self, pieces: list[Piece]) -> None:
        """These, in this order; others that it had are not shown."""
        for piece in self._pieces:
            if piece not in pieces and not piece.gone:
                tkinter.Place.place_forget(piece)
        for piece in pieces:
            if piece not in self._pieces:
                piece.bind("<Configure>", lambda _: self.redraw())
        self._pieces = list(pieces)
        self.redraw()

    def natural_width(self) -> int:
        """Of all in one line, in pixels of the screen."""
        gaps = self.scaled(self._gap) * max(len(self._pieces) - 1, 0)
        return sum(int(piece.winfo_reqwidth()) for piece in self._pieces) + gaps

    def set_wraps(self, wraps: bool) -> None:  # noqa: FBT001 - a setter
        """See the class."""
        self.wraps = wraps
        self.redraw()

    def redraw(self) -> None:
        if self.gone:
            return
        self._pieces = [piece for piece in self._pieces if not piece.gone]
        gap, natural = self.scaled(self._gap), self.natural_width()
        room = max(self.winfo_width(), 1) if self.wraps else natural
        x = y = height = 0
        for piece in self._pieces:
            width = int(piece.winfo_reqwidth())
            if x and x + width > room:
                x, y, height = 0, y + height + gap, 0
            tkinter.Place.place_configure(piece, x=x, y=y)
            x += width + gap
            height = max(height, int(piece.winfo_reqheight()))
        size = (LEAST if self.wraps else max(natural, LEAST), max(y + height, LEAST))
        if size != (int(tkinter.Frame.cget(self, "width")), int(tkinter.Frame.cget(self, "height"))):
            tkinter.Frame.configure(self, width=size[0], height=size[1])
