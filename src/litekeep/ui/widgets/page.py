"""A page that scrolls: one canvas with the content in it."""

from __future__ import annotations

import tkinter
from typing import Any

from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import Look
from litekeep.ui.widgets.scrollbar import ScrollBar
from litekeep.ui.widgets.wheel import Bindings, sequences

STEP = 48
"""Pixels for a notch of the wheel."""


class Page(Piece):
    """Put things in `content`; it is as wide as the page, or `least` if that is more, and as high as it needs.

    The room of the scroll bar is always kept, so that its coming does not change the width. The wheel works over the
    whole page, except over what scrolls by itself and keeps the event; where Tab goes, the page follows.
    """

    def __init__(self, master: Any, *, look: Look | None = None) -> None:
        super().__init__(master, look=look)
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(0, weight=1)
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.grid(row=0, column=0, sticky="nsew")
        self.bar = ScrollBar(self, self.canvas.yview)
        self.bar.grid(row=0, column=1, sticky="ns")
        self.canvas.configure(yscrollcommand=self.bar.set)
        self._ground = tkinter.Frame(self.canvas, borderwidth=0, highlightthickness=0)
        self._ground.grid_columnconfigure(0, weight=1)
        self._ground.grid_rowconfigure(0, weight=1)
        self.content = Content(self._ground, self)
        self.content.grid(row=0, column=0, sticky="nsew")
        self._item = self.canvas.create_window(0, 0, anchor="nw", window=self._ground)
        self.canvas.bind("<Configure>", lambda _: self._fit())
        self._ground.bind("<Configure>", lambda _: self._fit())
        # Content that shrinks to above what can be seen is unmapped by the canvas, and not configured any more.
        self._ground.bind("<Unmap>", lambda _: self._fit())
        self._bindings = Bindings(self.winfo_toplevel())
        for sequence, steps in sequences(self).items():
            self._bindings.add(sequence, lambda event, steps=steps: self._wheel(event, steps(event)))  # type: ignore[misc]
        self._bindings.add("<FocusIn>", self._follow)

    def destroy(self) -> None:
        """With what it has bound on its window."""
        self._bindings.remove_all()
        super().destroy()

    def redraw(self) -> None:
        self.canvas.configure(background=self.colour(self.back))

    def tell_children(self) -> None:
        super().tell_children()
        self.content.set_fill(self.back)  # its master is a plain frame, which knows no pairs of colours

    def show_widget(self, widget: tkinter.Misc) -> None:
        """Scroll until it can be seen, if it is in this page."""
        if not self._has(widget):
            return
        total, height = self.content.winfo_height(), self.canvas.winfo_height()
        top = widget.winfo_rooty() - self.content.winfo_rooty()
        bottom = top + widget.winfo_height()
        shown, room = self.canvas.canvasy(0), self.scaled(12)
        if total <= height or widget.winfo_height() > height:
            return
        if top - room < shown:
            self.canvas.yview_moveto(max(top - room, 0) / total)
        elif bottom + room > shown + height:
            self.canvas.yview_moveto((bottom + room - height) / total)

    def _fit(self) -> None:
        """The ground has a least height and no fixed one: what a fixed one would cut is not told to anybody."""
        width, height = self.canvas.winfo_width(), self.canvas.winfo_height()
        self.canvas.itemconfigure(self._item, width=width)
        self._ground.grid_rowconfigure(0, minsize=height)
        self.canvas.configure(scrollregion=(0, 0, width, max(self._ground.winfo_reqheight(), height)))

    def _has(self, widget: object) -> bool:
        return str(widget).startswith(f"{self.content}.")

    def _wheel(self, event: Any, steps: float) -> None:
        if self.bar.needed and self.winfo_viewable() and self._has(event.widget):
            total = max(self.content.winfo_height(), 1)
            moved = self.canvas.canvasy(0) + steps * self.scaled(STEP)
            self.canvas.yview_moveto(max(moved, 0) / total)

    def _follow(self, event: Any) -> None:
        if isinstance(event.widget, tkinter.Misc) and self._has(event.widget) and self.winfo_viewable():
            self.show_widget(event.widget)


class Content(Piece):
    """What scrolls: it lies on the canvas of its page, and has the page's background and look."""

    def __init__(self, ground: tkinter.Frame, page: Page) -> None:
        super().__init__(ground, fill=page.back, look=page.look)
