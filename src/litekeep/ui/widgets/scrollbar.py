"""A thin upright scroll bar in the colours of the window."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import Look
from litekeep.ui.widgets.paint import box

WIDTH = 12
THUMB = 6
SHORTEST = 28


class ScrollBar(Piece):
    """command is the `yview` of what it scrolls, `set` what that calls. Nothing is drawn while all is visible."""

    def __init__(self, master: Any, command: Callable[..., object], *, look: Look | None = None) -> None:
        super().__init__(master, width=WIDTH, look=look)
        self._command = command
        self._first, self._last = 0.0, 1.0
        self._hot = False
        self._grip: float | None = None
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)
        self.canvas.bind("<ButtonPress-1>", self._press)
        self.canvas.bind("<B1-Motion>", self._drag)
        self.canvas.bind("<ButtonRelease-1>", lambda _: self._let_go())
        self.canvas.bind("<Enter>", lambda _: self._point(hot=True))
        self.canvas.bind("<Leave>", lambda _: self._point(hot=False))

    def set(self, first: float | str, last: float | str) -> None:
        """What is visible now, 0..1."""
        shown = (float(first), float(last))
        if shown != (self._first, self._last):
            self._first, self._last = shown
            self.redraw()

    @property
    def needed(self) -> bool:
        """There is more than is visible."""
        return self._last - self._first < 1.0

    def _thumb(self) -> tuple[int, int]:
        height = self.winfo_height()
        size = max(round(height * (self._last - self._first)), min(self.scaled(SHORTEST), height))
        hidden = 1.0 - (self._last - self._first)
        top = round((height - size) * (self._first / hidden)) if hidden > 0 else 0
        return top, top + size

    def redraw(self) -> None:
        width = self.winfo_width()
        if width <= 1 or self.gone:
            return
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        if not self.needed:
            return
        top, bottom = self._thumb()
        thick = self.scaled(THUMB + (2 if self._hot or self._grip is not None else 0))
        left = (width - thick) // 2
        colour = self.colour(self.look.muted if self._hot or self._grip is not None else self.look.control_edge)
        box(self.canvas, (left, top, left + thick, bottom), thick // 2, colour)

    def _point(self, *, hot: bool) -> None:
        self._hot = hot
        self.redraw()

    def _press(self, event: Any) -> None:
        top, bottom = self._thumb()
        if not self.needed:
            return
        if top <= event.y < bottom:
            self._grip = event.y - top
            self.redraw()
        else:
            self._command("scroll", -1 if event.y < top else 1, "pages")

    def _drag(self, event: Any) -> None:
        if self._grip is None:
            return
        top, bottom = self._thumb()
        room = self.winfo_height() - (bottom - top)
        if room > 0:
            share = min(max((event.y - self._grip) / room, 0.0), 1.0)
            self._command("moveto", share * (1.0 - (self._last - self._first)))

    def _let_go(self) -> None:
        self._grip = None
        self.redraw()
