"""Labels: one line (Words), and text that is broken to fit the width it gets (Wrapped)."""

from __future__ import annotations

import tkinter
from typing import Any, Literal

from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import LEAST, Look
from litekeep.ui.widgets.shades import Pair


class Words(Piece):
    """A line of text. role: of look.FONTS. colour: None for that of texts."""

    def __init__(
        self,
        master: Any,
        text: str = "",
        *,
        role: str = "body",
        colour: Pair | None = None,
        anchor: Literal["w", "center", "e"] = "w",
        width: int = 0,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, width=width, look=look)
        self.text, self.role, self.ink = text, role, colour
        self.label = tkinter.Label(self, text=text, borderwidth=0, padx=0, pady=0, highlightthickness=0)
        self.label.configure(anchor=anchor, justify="right" if anchor == "e" else "left")
        self._lay_out()
        self.redraw()

    def set_text(self, text: str) -> None:
        """Other words."""
        if text != self.text:
            self.text = text
            self.label.configure(text=text)
            self.refit()

    def set_colour(self, colour: Pair | None) -> None:
        """Another colour; None for that of texts."""
        if colour != self.ink:
            self.ink = colour
            self.redraw()

    def redraw(self) -> None:
        ink = self.colour(self.ink or self.look.text)
        self.label.configure(background=self.colour(self.back), foreground=ink, font=self.font(self.role))
        self.refit()

    def resized(self) -> None:
        self.refit()

    def refit(self) -> None:
        """The text, its font or the width have changed."""

    def _lay_out(self) -> None:
        self.label.pack(fill="both", expand=True)


class Wrapped(Words):
    """Text in as many lines as its width needs. Its layout must give it a width (sticky="ew", fill="x").

    It asks for `width` (pixels at scale 1) whatever the text is, and for the height that the text then needs: the
    height never changes the width, so nothing swings.
    """

    def __init__(
        self,
        master: Any,
        text: str = "",
        *,
        width: int = LEAST,
        role: str = "body",
        colour: Pair | None = None,
        look: Look | None = None,
    ) -> None:
        self._asked = width
        super().__init__(master, text, role=role, colour=colour, width=width, look=look)

    def _lay_out(self) -> None:
        self.label.place(x=0, y=0, relwidth=1)

    def refit(self) -> None:
        width = self.winfo_width() if self.winfo_width() > LEAST else self.scaled(self._asked)
        if width <= LEAST:
            return
        self.label.configure(wraplength=width)
        needed = self.label.winfo_reqheight() if self.text else LEAST
        if needed != int(tkinter.Frame.cget(self, "height")):
            tkinter.Frame.configure(self, height=needed)
