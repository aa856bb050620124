"""Tooltips: one small window for each owner, made when it is first needed and gone with the owner."""

from __future__ import annotations

import tkinter
from contextlib import suppress

from litekeep.ui.widgets.ctk import Piece

WIDEST = 320


class Tip:
    """Shows a text beside a place of its owner. Nothing of it outlives the owner."""

    def __init__(self, owner: Piece) -> None:
        self._owner = owner
        self._window: tkinter.Toplevel | None = None
        self._label: tkinter.Label | None = None
        self.text = ""

    @property
    def shown(self) -> bool:
        """It can be seen."""
        return self._window is not None and bool(self._window.winfo_viewable())

    def show(self, text: str, x: int, y: int) -> None:
        """Below a point of the screen, or above it where there is no room."""
        owner = self._owner
        if not text or owner.gone:
            self.hide()
            return
        window, label = self._make()
        look = owner.look
        back, ink = owner.colour(look.text), owner.colour(look.surface)
        window.configure(background=back)
        label.configure(
            text=text, background=back, foreground=ink, font=owner.font("caption"), wraplength=owner.scaled(WIDEST)
        )
        self.text = text
        width, height = label.winfo_reqwidth(), label.winfo_reqheight()
        gap = owner.scaled(6)
        left = max(min(x - width // 2, owner.winfo_screenwidth() - width - gap), gap)
        top = y + gap if y + gap + height < owner.winfo_screenheight() else y - 4 * gap - height
        window.geometry(f"+{left}+{top}")
        window.deiconify()
        window.lift()

    def hide(self) -> None:
        """Not any more."""
        self.text = ""
        if self._window is not None:
            with suppress(tkinter.TclError):  # the owner is being destroyed
                self._window.withdraw()

    def _make(self) -> tuple[tkinter.Toplevel, tkinter.Label]:
        if self._window is None or self._label is None:
            owner = self._owner
            self._window = tkinter.Toplevel(owner, takefocus=False)
            self._window.withdraw()
            self._window.overrideredirect(boolean=True)
            with suppress(tkinter.TclError):
                self._window.attributes("-type", "tooltip")  # X11 only
            pad = owner.scaled(8), owner.scaled(5)
            self._label = tkinter.Label(self._window, padx=pad[0], pady=pad[1], borderwidth=0, justify="left")
            self._label.pack()
        return self._window, self._label
