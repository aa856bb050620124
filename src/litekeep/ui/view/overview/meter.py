"""The 3-2-1 rule in one line: three lights, what is missing, and what helps."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.meter import meter
from litekeep.ui.presenter.models import Light, Meter
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.look import BAR_BUTTON, CARD_GAP, CARD_X, GAP, GAP_SMALL, LEAST
from litekeep.ui.widgets.notice import Mark
from litekeep.ui.widgets.words import Words, Wrapped

SIGN = 14
WORDS = 240
"""The sentence goes below the lights where it would have less room beside them."""


class MeterStrip(Piece):
    """Hidden while there is nothing to say, and empty before: the first paint need not wait for it."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master, width=LEAST, height=LEAST)
        self.stage = stage
        self.model: Meter | None = None
        self.line: MeterLine | None = None
        self._allowed = True
        self.grid_columnconfigure(0, weight=1)
        self.show_facts(stage.bridge.facts)

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        model = meter(facts, self.stage.say)
        if model is not None and model != self.model:
            if self.line is None:
                self.line = MeterLine(self, self.stage)
                self.line.grid(row=0, column=0, sticky="ew")
            self.line.update_from(model)
        self.model = model
        self._show()

    def allow(self, allowed: bool) -> None:  # noqa: FBT001 - a setter
        """Whether there is room for it."""
        if allowed != self._allowed:
            self._allowed = allowed
            self._show()

    def _show(self) -> None:
        wanted = self._allowed and self.model is not None
        if wanted == self.hidden:
            (self.show if wanted else self.hide)()


class MeterLine(Box):
    """Shows a models.Meter."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master, padding=(CARD_X, GAP))
        self.stage = stage
        self.model: Meter | None = None
        self._below: bool | None = None
        self.lights = Flow(self.body, gap=CARD_GAP)
        self.lights.set_wraps(False)
        self.sentence = Wrapped(self.body)
        self.button = Button(self.body, "", self._act, height=BAR_BUTTON)
        self.button.grid(row=0, column=2, sticky="e", padx=(CARD_GAP, 0))
        self.button.hide()
        self.body.grid_columnconfigure(1, weight=1)

    def update_from(self, model: Meter) -> None:
        """Show it."""
        before, self.model = self.model, model
        if before is None or before.lights != model.lights:
            self._show_lights(model)
        self.sentence.set_text(model.sentence)
        if model.button is not None:
            self.button.set_text(model.button.text)
            self.button.set_enabled(model.button.enabled)
        (self.button.show if model.button is not None else self.button.hide)()
        self._place()

    def _show_lights(self, model: Meter) -> None:
        for child in self.lights.winfo_children():
            child.destroy()
        title = Words(self.lights, model.title, role="strong")
        self.lights.arrange([title, *(LightPiece(self.lights, light) for light in model.lights)])
        self._below = None

    def _act(self) -> None:
        if self.model is not None and self.model.button is not None:
            self.stage.perform(self.model.button.action)

    def redraw(self) -> None:
        super().redraw()
        self._place()

    def rescaled(self) -> None:
        self._below = None

    def _place(self) -> None:
        width = self.winfo_width()
        if width <= 1 or self.gone or self.model is None:
            return
        button = 0 if self.button.hidden else int(self.button.winfo_reqwidth()) + self.scaled(CARD_GAP)
        needed = self.lights.natural_width() + button + self.scaled(WORDS + 2 * CARD_X + CARD_GAP)
        below = width < needed
        if below == self._below:
            return
        self._below = below
        self.lights.grid(row=0, column=0, sticky="w", padx=(0, 0 if below else 2 * CARD_GAP))
        if below:
            self.sentence.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(GAP_SMALL, 0))
        else:
            self.sentence.grid(row=0, column=1, columnspan=1, sticky="ew", pady=0)


class LightPiece(Piece):
    """A sign and a few words."""

    def __init__(self, master: Any, light: Light) -> None:
        super().__init__(master)
        self.light = light
        Mark(self, light.tone, SIGN).grid(row=0, column=0, padx=(0, GAP_SMALL))
        Words(self, light.text).grid(row=0, column=1)
