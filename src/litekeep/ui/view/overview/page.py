"""The Overview page: the tiles, the 3-2-1 rule, the coverage, the space and the last events."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.view.overview.charts import CoverageCard, SpaceCard
from litekeep.ui.view.overview.events import EventsCard
from litekeep.ui.view.overview.meter import MeterStrip
from litekeep.ui.view.overview.tiles import Tiles
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_GAP, PAGE
from litekeep.ui.widgets.page import Page
from litekeep.ui.widgets.scrollbar import WIDTH as SCROLL

SIDE_BY_SIDE = 720
"""From this width on, the space and the events stand side by side."""


class OverviewPage(Page):
    """See the module's text. The lower cards come a moment after the first paint."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master)
        self._stage = stage
        self._facts: ViewFacts = stage.bridge.facts
        self._beside: bool | None = None
        self._timer = ""
        inner = self.inner = Piece(self.content)
        inner.pack(fill="both", expand=True, padx=(PAGE, PAGE - SCROLL), pady=(0, PAGE))
        inner.grid_columnconfigure((0, 1), weight=1, uniform="half")
        inner.grid_rowconfigure(3, weight=1)
        self.tiles = Tiles(inner, stage)
        self.tiles.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.meter = MeterStrip(inner, stage)
        self.meter.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(CARD_GAP, 0))
        self.coverage = CoverageCard(inner, stage)
        self.coverage.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(CARD_GAP, 0))
        self.space: SpaceCard | None = None
        self.events: EventsCard | None = None
        self.once_painted(self._add_lower_cards)
        inner.bind("<Configure>", lambda _: self._arrange())

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts, one part after the other: all of it in one step would be felt."""
        self._facts = facts
        self.forget(self._timer)
        self._show_from(0)

    def _show_from(self, at: int) -> None:
        parts = [part for part in (self.tiles, self.meter, self.coverage, self.space, self.events) if part is not None]
        self._timer = ""
        if at < len(parts):
            parts[at].show_facts(self._facts)
            self._timer = self.later(1, lambda: self._show_from(at + 1))

    def cleanup(self) -> None:
        """Nothing is left to end."""

    def _add_lower_cards(self) -> None:
        self.space = SpaceCard(self.inner, self._stage)
        self.events = EventsCard(self.inner, self._stage)
        self.space.show_facts(self._facts)
        self.events.show_facts(self._facts)
        self._beside = None
        self._arrange()

    def _arrange(self) -> None:
        width = self.inner.winfo_width()
        if width <= 1 or self.space is None or self.events is None:
            return
        beside = width >= self.scaled(SIDE_BY_SIDE)
        if beside == self._beside:
            return
        self._beside = beside
        gap = CARD_GAP // 2
        if beside:
            self.space.grid(row=3, column=0, columnspan=1, sticky="nsew", padx=(0, gap), pady=(CARD_GAP, 0))
            self.events.grid(row=3, column=1, columnspan=1, sticky="nsew", padx=(gap, 0), pady=(CARD_GAP, 0))
        else:
            self.space.grid(row=3, column=0, columnspan=2, sticky="nsew", padx=0, pady=(CARD_GAP, 0))
            self.events.grid(row=4, column=0, columnspan=2, sticky="nsew", padx=0, pady=(CARD_GAP, 0))
