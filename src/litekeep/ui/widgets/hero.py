"""The verdict on top: sign, headline, sentence, progress and buttons."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from litekeep.ui.presenter.models import Action, Glyph, Tone
from litekeep.ui.presenter.models import Hero as HeroModel
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.card import Box, ProgressBar
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.icons import glyph_photo
from litekeep.ui.widgets.look import CARD_GAP, GAP, HERO_BUTTON, ICON, Look
from litekeep.ui.widgets.words import Wrapped

ROOM_FOR_WORDS = 340
"""The buttons go below where the words would have less."""
SWING = 24
"""They come back only when there is so much more."""


class Sign(Piece):
    """A large sign in the colour of a tone."""

    def __init__(self, master: Any, glyph: Glyph, tone: Tone) -> None:
        super().__init__(master, width=ICON, height=ICON)
        self._glyph, self._tone = glyph, tone
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)

    def set(self, glyph: Glyph, tone: Tone) -> None:
        """Another sign."""
        if (glyph, tone) != (self._glyph, self._tone):
            self._glyph, self._tone = glyph, tone
            self.redraw()

    def redraw(self) -> None:
        size = self.scaled(ICON)
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        image = glyph_photo(self, self._glyph, size, self.colour(self.look.tone(self._tone).text))
        self.canvas.create_image(0, 0, anchor="nw", image=image)


class Hero(Box):
    """Shows a models.Hero. on_action gets the action of the button that was pressed."""

    def __init__(
        self, master: Any, model: HeroModel, on_action: Callable[[Action], object], *, look: Look | None = None
    ) -> None:
        super().__init__(master, padding=(22, 14), look=look)
        self.model, self._on_action = model, on_action
        body = self.body
        self.sign = Sign(body, model.glyph, model.tone)
        self._texts = Piece(body)
        self.headline = Wrapped(self._texts, role="hero")
        self.sub = Wrapped(self._texts, role="body")
        self.bar = ProgressBar(self._texts)
        self.flow = Flow(body)
        self.buttons: dict[Action, Button] = {}
        self._below: bool | None = None
        body.grid_columnconfigure(1, weight=1)
        self.sign.grid(row=0, column=0, padx=(0, 18))
        self._texts.grid(row=0, column=1, sticky="ew")
        self._texts.grid_columnconfigure(0, weight=1)
        self.headline.grid(row=0, column=0, sticky="ew")
        self.sub.grid(row=1, column=0, sticky="ew", pady=(3, 0))
        self.bar.grid(row=2, column=0, sticky="ew", pady=(GAP, 2))
        self.bar.hide()
        self.update_from(model)

    def update_from(self, model: HeroModel) -> None:
        """Show another verdict. Buttons that stay are kept, with the focus on them."""
        self.model = model
        tone = self.look.tone(model.tone)
        self.set_surface(tone.soft, tone.edge)
        self.sign.set(model.glyph, model.tone)
        self.headline.set_text(model.headline)
        self.headline.set_colour(None if model.tone in (Tone.BUSY, Tone.CALM) else tone.text)
        self.sub.set_text(model.sub or (model.progress.text if model.progress else ""))
        if model.progress is None:
            self.bar.hide()
        else:
            self.bar.set(model.progress.fraction)
            self.bar.show()
        self._update_buttons()
        self._place_buttons()

    def _update_buttons(self) -> None:
        wanted = {button.action: button for button in self.model.buttons}
        for action in [action for action in self.buttons if action not in wanted]:
            self.buttons.pop(action).destroy()
        for action, button in wanted.items():
            kind = Kind.PRIMARY if button.primary else Kind.QUIET
            if action not in self.buttons:
                self.buttons[action] = Button(self.flow, button.text, self._does(action), height=HERO_BUTTON, kind=kind)
            shown = self.buttons[action]
            shown.set_text(button.text)
            shown.set_kind(kind)
            shown.set_enabled(button.enabled)
        self.flow.arrange([self.buttons[action] for action in wanted])

    def _does(self, action: Action) -> Callable[[], object]:
        return lambda: self._on_action(action)

    def redraw(self) -> None:
        super().redraw()
        self._place_buttons()

    def rescaled(self) -> None:
        self._below = None

    @property
    def below(self) -> bool:
        """The buttons stand below the words."""
        return bool(self._below)

    def _place_buttons(self) -> None:
        width = self.winfo_width()
        if width <= 1 or self.gone:
            return
        needed = self.flow.natural_width() + self.scaled(ROOM_FOR_WORDS + ICON + 18 + 2 * 22 + CARD_GAP)
        needed += self.scaled(SWING) if self._below else 0
        below = width < needed
        if below != self._below:
            self._below = below
            self.flow.set_wraps(below)
            if below:
                self.flow.grid(row=1, column=1, sticky="ew", padx=0, pady=(CARD_GAP, 2))
            else:
                self.flow.grid(row=0, column=2, sticky="e", padx=(CARD_GAP, 0), pady=0)
        elif not below:
            self.flow.redraw()
