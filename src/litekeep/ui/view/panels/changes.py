"""What a restore would change, table by table, drawn in one piece: now, after, difference."""

from __future__ import annotations

import tkinter
from typing import Any

from litekeep.ui.language.words import Language
from litekeep.ui.presenter.models import Difference, Tone
from litekeep.ui.widgets.buttons import Link
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_X, GAP_SMALL, Look

LINE, FIRST = 22, 8
"""Height of a row; so many tables are shown first."""
NUMBERS = 104
"""The least width of a column of numbers."""


class Changes(Box):
    """The table, and a link that shows the rest of a long one."""

    def __init__(self, master: Any, say: Language) -> None:
        super().__init__(master, padding=(CARD_X, 8), surface=None)
        self.set_surface(self.look.sunken, self.look.sunken)
        self._say, self.all = say, False
        headings = (say("What changes"), say("Now"), say("After restore"), say("Difference"))
        self.rows: tuple[Difference, ...] = ()
        self.table = Rows(self.body, headings)
        self.more = Link(self.body, "", self.show_all)
        self.body.grid_columnconfigure(0, weight=1)
        self.table.grid(row=0, column=0, sticky="ew")
        self.more.grid(row=1, column=0, sticky="w", pady=(GAP_SMALL, 0))
        self.more.hide()

    def set_rows(self, rows: tuple[Difference, ...]) -> None:
        """Other tables."""
        self.rows = rows
        cut = not self.all and len(rows) > FIRST + 1
        self.table.set_rows(rows[:FIRST] if cut else rows)
        if cut:
            say = self._say
            self.more.set_text(say.plural("Show all {n} tables", "Show all {n} tables", len(rows)))
            self.more.show()
        else:
            self.more.hide()

    def show_all(self) -> None:
        """The tables with small changes too."""
        self.all = True
        self.set_rows(self.rows)


class Rows(Piece):
    """Names at the left, three columns of numbers at the right."""

    def __init__(self, master: Any, headings: tuple[str, str, str, str], *, look: Look | None = None) -> None:
        super().__init__(master, width=1, height=LINE, look=look)
        self._headings = headings
        self._rows: tuple[Difference, ...] = ()
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)

    def set_rows(self, rows: tuple[Difference, ...]) -> None:
        """Other rows."""
        if rows != self._rows:
            self._rows = rows
            self.rescaled()
            self.redraw()

    def rescaled(self) -> None:
        tkinter.Frame.configure(self, height=self.scaled(LINE) * (len(self._rows) + 1))

    def redraw(self) -> None:
        width = self.winfo_width()
        if width <= 1 or self.gone:
            return
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        edges = self._right_edges(width)
        line, muted = self.scaled(LINE), self.look.muted
        for at, text in enumerate(self._headings):
            self._write(text, edges, at, line // 2, "caption", self.colour(muted))
        for at, row in enumerate(self._rows):
            y = line * (at + 1) + line // 2
            tone = muted if row.tone is Tone.CALM else self.look.tone(row.tone).text
            ink = self.colour(self.look.text)
            self._write(row.name, edges, 0, y, "body", ink)
            self._write(row.now, edges, 1, y, "body", ink)
            self._write(row.after, edges, 2, y, "body", ink)
            self._write(row.change, edges, 3, y, "strong", self.colour(tone))

    def _right_edges(self, width: int) -> tuple[int, int, int]:
        edges = [width]
        for at in (3, 2):
            texts = [(row.change, row.after)[3 - at] for row in self._rows]
            widest = max((self.text_width(text, "strong") for text in (*texts, self._headings[at])), default=0)
            edges.insert(0, edges[0] - max(widest + self.scaled(24), self.scaled(NUMBERS)))
        return edges[0], edges[1], edges[2]

    def _write(self, text: str, edges: tuple[int, int, int], column: int, y: int, role: str, colour: str) -> None:
        if column:
            self.canvas.create_text(edges[column - 1], y, text=text, anchor="e", font=self.font(role), fill=colour)
        else:
            self.canvas.create_text(0, y, text=text, anchor="w", font=self.font(role), fill=colour)
