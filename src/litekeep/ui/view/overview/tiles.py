"""The five tiles, in one row, or in two where they would be too narrow."""

from __future__ import annotations

import math
from typing import Any

from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.tiles import tiles
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.card import Tile
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_GAP, CARD_X

_UPPER = 3
"""So many stand in the first of two rows."""
_COLUMNS = 6
"""Of two rows: three times two, and twice three."""


class Tiles(Piece):
    """A row that breaks by what is written in it."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master)
        self._say = stage.say
        self.tiles = [Tile(self, model) for model in tiles(stage.bridge.facts, self._say)]
        self._rows = 0

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        for tile, model in zip(self.tiles, tiles(facts, self._say), strict=True):
            if model != tile.model:
                tile.update_from(model)
        self.redraw()

    def redraw(self) -> None:
        """One row or two, whichever fits."""
        if self.gone or (not self.winfo_ismapped() and self._rows):
            return
        rows = 1 if self.winfo_width() <= 1 or self.winfo_width() >= self._natural_width() else 2
        if rows == self._rows:
            return
        self._rows = rows
        columns = len(self.tiles) if rows == 1 else _COLUMNS
        for column in range(_COLUMNS):
            used = column < columns
            least = math.ceil(self._widest() / (columns // _UPPER)) if rows == 2 else 0  # Tk evens out no wider spans
            self.grid_columnconfigure(column, weight=int(used), uniform="tile" if used else "", minsize=least)
        for at, tile in enumerate(self.tiles):
            row = at // _UPPER if rows == 2 else 0
            among = len(self.tiles) if rows == 1 else _UPPER if row == 0 else len(self.tiles) - _UPPER
            self._put(tile, row, at - row * _UPPER, among, columns // among)

    @staticmethod
    def _put(tile: Tile, row: int, place: int, among: int, span: int) -> None:
        """The gaps are shared out so that all tiles of a row are equally wide."""
        gaps = round(CARD_GAP * place / among), round(CARD_GAP * (among - 1 - place) / among)
        top = CARD_GAP if row else 0
        tile.grid(row=row, column=place * span, columnspan=span, sticky="nsew", padx=gaps, pady=(top, 0))

    def _natural_width(self) -> int:
        """At which nothing in the widest of them is cut, in pixels of the screen."""
        return len(self.tiles) * self._widest() - self.scaled(CARD_GAP)

    def _widest(self) -> int:
        """Of the tiles, with a gap, in pixels of the screen."""
        texts = [(each.model.value, "tile") for each in self.tiles] + [
            (each.model.title, "caption") for each in self.tiles
        ]
        widest = max(self.text_width(text, role) for text, role in texts)
        return widest + self.scaled(2 * CARD_X + 2 + CARD_GAP)
