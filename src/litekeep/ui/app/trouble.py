"""Instead of the view: a database that is not there, or whose settings cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from litekeep.ui.presenter.models import Glyph, Tone
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.hero import Sign
from litekeep.ui.widgets.look import CARD_GAP, GAP_LARGE, HERO_BUTTON, PAGE
from litekeep.ui.widgets.words import Wrapped


class Trouble(Piece):
    """What happened, what is safe, what to do; and buttons: (text, what it does), the first is the main one."""

    def __init__(
        self,
        master: Any,
        headline: str,
        lines: Sequence[str],
        buttons: Sequence[tuple[str, Callable[[], object]]],
        *,
        glyph: Glyph = Glyph.FOLDER,
    ) -> None:
        super().__init__(master)
        self.grid_columnconfigure(0, weight=1)
        box = Box(self, padding=(GAP_LARGE, GAP_LARGE))
        box.grid(row=0, column=0, sticky="ew", padx=PAGE, pady=PAGE)
        body = box.body
        body.grid_columnconfigure(1, weight=1)
        self._icon = Sign(body, glyph, Tone.CALM)
        self._icon.grid(row=0, column=0, rowspan=2, sticky="n", padx=(0, PAGE))
        Wrapped(body, headline, role="page").grid(row=0, column=1, sticky="ew")
        texts = Piece(body)
        texts.grid(row=1, column=1, sticky="ew", pady=(4, CARD_GAP))
        texts.grid_columnconfigure(0, weight=1)
        for row, line in enumerate(line for line in lines if line):
            Wrapped(texts, line).grid(row=row, column=0, sticky="ew", pady=(0, 2))
        flow = Flow(body)
        flow.grid(row=2, column=1, sticky="ew")
        self.buttons = [
            Button(flow, text, act, kind=Kind.QUIET if at else Kind.PRIMARY, height=HERO_BUTTON)
            for at, (text, act) in enumerate(buttons)
        ]
        flow.arrange([*self.buttons])
