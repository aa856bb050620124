"""Surfaces: Card (a titled box), Tile (one number of the overview) and the bar of progress."""

from __future__ import annotations

import tkinter
from typing import Any

from litekeep.ui.presenter.models import Tile as TileModel
from litekeep.ui.presenter.models import Tone
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import BORDER, CARD_RADIUS, CARD_X, CARD_Y, GAP, PROGRESS, Look
from litekeep.ui.widgets.paint import box, pill
from litekeep.ui.widgets.paint import photo as kept_photo
from litekeep.ui.widgets.shades import Pair
from litekeep.ui.widgets.words import Words, Wrapped


class Box(Piece):
    """A rounded surface with a border. Put things in `body`, which keeps the padding."""

    def __init__(
        self,
        master: Any,
        *,
        padding: tuple[int, int] = (CARD_X, CARD_Y),
        surface: Pair | None = None,
        edge: Pair | None = None,
        radius: int = CARD_RADIUS,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, look=look)
        self._surface, self._edge, self._radius = surface or self.look.surface, edge or self.look.border, radius
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)
        self.body = Piece(self, fill=self._surface)
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(0, weight=1)
        self.body.grid(row=0, column=0, sticky="nsew", padx=padding[0], pady=padding[1])

    def set_surface(self, surface: Pair, edge: Pair) -> None:
        """Other colours, also behind what lies on it."""
        if (surface, edge) != (self._surface, self._edge):
            self._surface, self._edge = surface, edge
            self.body.set_fill(surface)
            self.redraw()

    def redraw(self) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        if width <= 1 or self.gone:
            return
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        fill, edge = self.colour(self._surface), self.colour(self._edge)
        box(self.canvas, (0, 0, width, height), self.scaled(self._radius), fill, edge, self.scaled(BORDER))


class Card(Box):
    """A box with a title, a fainter text beside it, and room for controls at the right (`bar`).

    Put the content in `content`. `content` grows with the card.
    """

    def __init__(self, master: Any, title: str = "", sub: str = "", *, look: Look | None = None) -> None:
        super().__init__(master, look=look)
        body = self.body
        body.grid_columnconfigure(1, weight=1)
        body.grid_rowconfigure(1, weight=1)
        self.title = Words(body, title, role="card")
        self.sub = Words(body, sub, role="caption", colour=self.look.muted)
        self.bar = Piece(body)
        self.content = Piece(body)
        if title:
            self.title.grid(row=0, column=0, sticky="w")
            self.sub.grid(row=0, column=1, sticky="w", padx=(GAP, 0))
            self.bar.grid(row=0, column=2, sticky="e")
        self.content.grid(row=1, column=0, columnspan=3, sticky="nsew", pady=(GAP if title else 0, 0))
        self.content.grid_columnconfigure(0, weight=1)

    def set_title(self, title: str, sub: str = "") -> None:
        """Other words."""
        self.title.set_text(title)
        self.sub.set_text(sub)


class Tile(Box):
    """Title, value in large, a line below. A tone that is not calm colours the line and says it with its words."""

    def __init__(self, master: Any, model: TileModel, *, look: Look | None = None) -> None:
        super().__init__(master, look=look)
        muted = self.look.muted
        self._title = Words(self.body, role="caption", colour=muted)
        self._value = Words(self.body, role="tile")
        self._sub = Wrapped(self.body, role="caption", colour=muted)
        self.body.grid_columnconfigure(0, weight=1)
        self._title.grid(row=0, column=0, sticky="ew")
        self._value.grid(row=1, column=0, sticky="ew", pady=(1, 2))
        self._sub.grid(row=2, column=0, sticky="ew")
        self.update_from(model)

    def update_from(self, model: TileModel) -> None:
        """Show other values."""
        self.model = model
        self._title.set_text(model.title)
        self._value.set_text(model.value)
        self._sub.set_text(model.sub)
        calm = model.tone in (Tone.CALM, Tone.BUSY, Tone.OK)
        self._value.set_colour(None if calm else self.look.tone(model.tone).text)


class ProgressBar(Piece):
    """How far something is, 0..1; None: it goes on, nobody knows how far."""

    def __init__(self, master: Any, *, height: int = PROGRESS, look: Look | None = None) -> None:
        super().__init__(master, height=height, look=look)
        self.fraction: float | None = 0.0
        self._phase, self._timer = 0, ""
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)
        self.canvas.bind("<Map>", lambda _: self._move())

    def set(self, fraction: float | None) -> None:
        """Show it."""
        fraction = fraction if fraction is None else min(max(fraction, 0.0), 1.0)
        if fraction == self.fraction:
            return
        self.fraction = fraction
        self.redraw()
        self._move()

    def redraw(self) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        if width <= 1 or self.gone:
            return
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        track, bar = self.colour(self.look.hover), self.colour(self.look.accent)
        box(self.canvas, (0, 0, width, height), height // 2, track)
        left, right = 0, width
        if self.fraction is None:
            length = width // 4
            left = round((width + length) * (self._phase % 60) / 60) - length if self.look.motion else width // 3
            left, right = max(left, 0), min(left + length, width)
        else:
            right = round(width * self.fraction)
        if right - left >= height:
            box(self.canvas, (left, 0, right, height), height // 2, bar)
        elif right > left:
            dot = kept_photo(self, ("dot", height, bar), lambda: pill(height, height, bar))
            self.canvas.create_image(min(left, width - height), 0, anchor="nw", image=dot)

    def _move(self) -> None:
        self.forget(self._timer)
        if self.fraction is None and self.look.motion and self.winfo_viewable():
            self._phase += 1
            self.redraw()
            self._timer = self.later(50, self._move)
