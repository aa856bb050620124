"""What the charts share: a canvas that Tab reaches, a cursor for the arrow keys, and the sentence of what is there."""

from __future__ import annotations

import tkinter
from typing import Any

from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import LEAST, RING, Look
from litekeep.ui.widgets.tips import Tip

Area = tuple[int, int, int, int]
"""left, top, right, bottom."""


class Chart(Piece):
    """Subclasses draw, and say what is at a point (`at`), where it is (`area`), and what it says (`says`)."""

    def __init__(self, master: Any, *, height: int, look: Look | None = None) -> None:
        super().__init__(master, width=LEAST, height=height, look=look)
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=1, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)
        self.tip = Tip(self)
        self.cursor: int | None = None
        self._hot: int | None = None
        canvas = self.canvas
        canvas.bind("<Motion>", lambda event: self._point(self.at(event.x, event.y)))
        canvas.bind("<Leave>", lambda _: self._point(None))
        canvas.bind("<Button-1>", lambda _: canvas.focus_set())
        canvas.bind("<FocusOut>", lambda _: self._leave())
        canvas.bind("<FocusIn>", lambda _: self._enter())
        canvas.bind("<Escape>", lambda _: self.tip.hide())
        for name in ("Left", "Right", "Up", "Down", "Home", "End"):
            canvas.bind(f"<{name}>", lambda _, name=name: self._go(name))  # type: ignore[misc]

    # --- for subclasses

    def count(self) -> int:
        """How many things can be pointed at."""
        raise NotImplementedError

    def at(self, x: int, y: int) -> int | None:
        """What is there."""
        raise NotImplementedError

    def area(self, index: int) -> Area:
        """Where it is, in pixels of the canvas."""
        raise NotImplementedError

    def says(self, index: int) -> str:
        """Its sentence; empty: it cannot be pointed at."""
        raise NotImplementedError

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The same data as texts, for the table."""
        raise NotImplementedError

    def moved(self, key: str, index: int) -> int:
        """Where a key leads to from there."""
        last = self.count() - 1
        steps = {"Left": index - 1, "Right": index + 1, "Up": index + 1, "Down": index - 1, "Home": 0, "End": last}
        return min(max(steps[key], 0), last)

    def paint(self, width: int, height: int) -> None:
        """Draw it on the empty canvas."""
        raise NotImplementedError

    # --- what happens

    def focus_set(self) -> None:
        self.canvas.focus_set()

    def redraw(self) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        if width <= 1 or self.gone:
            return
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        self.paint(width, height)
        self._draw_cursor()

    def changed(self) -> None:
        """To be called when other data are shown."""
        if self.cursor is not None:
            self.cursor = min(self.cursor, self.count() - 1) if self.count() else None
        self._hot = None
        self.tip.hide()
        self.redraw()

    def ask_height(self, height: int) -> None:
        """Another height, in pixels of the screen; only for what the width decides, else it would swing."""
        tkinter.Frame.configure(self, height=height)

    def _draw_cursor(self) -> None:
        self.canvas.delete("cursor")
        if self.cursor is None or not 0 <= self.cursor < self.count():
            return
        left, top, right, bottom = self.area(self.cursor)
        ring, colour = self.scaled(RING), self.colour(self.look.accent_text)
        out = ring // 2 + 1
        self.canvas.create_rectangle(
            left - out, top - out, right + out - 1, bottom + out - 1, outline=colour, width=ring, tags="cursor"
        )

    def _point(self, index: int | None) -> None:
        if index == self._hot:
            return
        self._hot = index
        if index is None or not self.says(index):
            self.tip.hide()
        else:
            self._say(index)

    def _say(self, index: int) -> None:
        left, _, right, bottom = self.area(index)
        x, y = self.winfo_rootx() + (left + right) // 2, self.winfo_rooty() + bottom
        self.tip.show(self.says(index), x, y)

    def _enter(self) -> None:
        if self.cursor is None and self.count() and self._hot is None:
            self.cursor = self.count() - 1
        if self.cursor is not None:
            self._draw_cursor()
            self._say(self.cursor)

    def _leave(self) -> None:
        self.cursor = None
        self.canvas.delete("cursor")
        self.tip.hide()

    def _go(self, key: str) -> str:
        if self.count():
            start = self.count() - 1 if self.cursor is None else self.cursor
            self.cursor = self.moved(key, start)
            self._draw_cursor()
            self._say(self.cursor)
        return "break"
