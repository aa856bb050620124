"""Cards in one column, or in two of equal width, each card as high as it needs."""

from __future__ import annotations

import tkinter
from collections.abc import Sequence
from typing import Any

from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_GAP, LEAST


class Columns(Piece):
    """Call `arrange` once. In two columns, the cards of `left` and `right`; in one, all of them in the order `whole`.

    from_width: at scale 1, where two columns begin.
    """

    def __init__(self, master: Any, *, from_width: int) -> None:
        super().__init__(master, width=LEAST)
        self._from = from_width
        self._columns: tuple[tuple[Piece, ...], ...] = ((), ())
        self._whole: tuple[Piece, ...] = ()

    @property
    def two(self) -> bool:
        """There is room for two."""
        return bool(self.winfo_width() >= self.scaled(self._from))

    def arrange(self, left: Sequence[Piece], right: Sequence[Piece], whole: Sequence[Piece]) -> None:
        """These, as long as they live."""
        self._columns, self._whole = (tuple(left), tuple(right)), tuple(whole)
        for card in whole:
            tkinter.Misc.bind(card, "<Configure>", lambda _: self.redraw(), "+")
        self.redraw()

    def redraw(self) -> None:
        width = self.winfo_width()
        if width <= LEAST or self.gone or not self._whole:
            return
        gap = self.scaled(CARD_GAP)
        columns = self._columns if self.two else (self._whole,)
        wide = (width - gap * (len(columns) - 1)) // len(columns)
        highest = 0
        for at, cards in enumerate(columns):
            y = 0
            for card in cards:
                tkinter.Place.place_configure(card, x=at * (wide + gap), y=y, width=wide)
                y += card.winfo_reqheight() + gap
            highest = max(highest, y - gap)
        if highest != int(tkinter.Frame.cget(self, "height")):
            tkinter.Frame.configure(self, height=max(highest, LEAST))
