"""The six tiles, in one row, or in two where they would be too narrow."""

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
        self._least: tuple[int, ...] = ()

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        for tile, model in zip(self.tiles, tiles(facts, self._say), strict=True):
            if model != tile.model:
                tile.update_from(model)
        self.redraw()

    def redraw(self) -> None:
        """Equally wide in one row; else in one row as wide as each needs; else in two rows."""
        if self.gone or (not self.winfo_ismapped() and self._rows):
            return
        width, needed = self.winfo_width(), [self._needed(tile) for tile in self.tiles]
        equal = width <= 1 or width >= len(self.tiles) * self._widest() - self.scaled(CARD_GAP)
        rows = 1 if equal or width >= sum(needed) - self.scaled(CARD_GAP) else 2
        least = tuple(needed) if rows == 1 and not equal else ()
        if (rows, least) == (self._rows, self._least):
            return
        self._rows, self._least = rows, least
        self._size_columns()
        for at, tile in enumerate(self.tiles):
            row = at // _UPPER if rows == 2 else 0
            among = len(self.tiles) if rows == 1 else _UPPER if row == 0 else len(self.tiles) - _UPPER
            self._put(tile, row, at - row * _UPPER, among, (_COLUMNS if rows == 2 else among) // among)

    def _size_columns(self) -> None:
        columns = len(self.tiles) if self._rows == 1 else _COLUMNS
        of_two = math.ceil(self._widest() / (columns // _UPPER)) if self._rows == 2 else 0
        for column in range(_COLUMNS):
            used = column < columns
            least = self._least[column] if self._least and used else of_two  # Tk evens out no wider spans
            together = "tile" if used and not self._least else ""
            self.grid_columnconfigure(column, weight=int(used), uniform=together, minsize=least)

    @staticmethod
    def _put(tile: Tile, row: int, place: int, among: int, span: int) -> None:
        """The gaps are shared out so that all tiles of a row are equally wide."""
        gaps = round(CARD_GAP * place / among), round(CARD_GAP * (among - 1 - place) / among)
        top = CARD_GAP if row else 0
        tile.grid(row=row, column=place * span, columnspan=span, sticky="nsew", padx=gaps, pady=(top, 0))

    def _needed(self, tile: Tile) -> int:
        """By one tile whose three lines are not broken, with a gap, in pixels of the screen."""
        model = tile.model
        texts = ((model.title, "caption"), (model.value, "tile"), (model.sub, "caption"))
        return max(self.text_width(text, role) for text, role in texts) + self._around

    def _widest(self) -> int:
        """Of the tiles, with a gap, in pixels of the screen; the line below may be broken."""
        texts = [(each.model.value, "tile") for each in self.tiles] + [
            (each.model.title, "caption") for each in self.tiles
        ]
        return max(self.text_width(text, role) for text, role in texts) + self._around

    @property
    def _around(self) -> int:
        return self.scaled(2 * CARD_X + 2 + CARD_GAP)
