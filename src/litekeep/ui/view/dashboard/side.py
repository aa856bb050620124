"""The right column: when backups are made, how long they are kept, the space they take, and what happened last."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.view.overview.charts import SpaceCard
from litekeep.ui.view.overview.events import EventsCard
from litekeep.ui.view.pages import SETTINGS
from litekeep.ui.view.settings.banner import Banner
from litekeep.ui.view.settings.keeping import RetentionCard
from litekeep.ui.view.settings.savebar import SaveBar
from litekeep.ui.view.settings.schedule import ScheduleCard
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Link
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_GAP, GAP, LEAST, PAGE, SIDE
from litekeep.ui.widgets.page import Page
from litekeep.ui.widgets.scrollbar import WIDTH as SCROLL

CHART, BETTER = 36, 30
"""The least height of the bars, and how much more they get before there is room for a sentence."""
EVENTS = 4
SLICE_MS = 2
"""Between two cards: what is on the screen stays alive."""


class SideColumn(Piece):
    """Its cards come one after the other. What there is no room for is left out from below; the rest scrolls."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master, width=SIDE + PAGE, height=LEAST)
        self.grid_propagate(flag=False)
        self.stage = stage
        self._facts = stage.bridge.facts
        self.editor = stage.editor
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(0, weight=1)
        self.page = Page(self)
        self.page.grid(row=0, column=0, sticky="nsew", pady=(0, PAGE))
        self.inner = Piece(self.page.content)
        self.inner.pack(fill="both", expand=True, padx=(0, PAGE - SCROLL))
        self.inner.grid_columnconfigure(0, weight=1)
        self.banner: Banner | None = None
        self.schedule: ScheduleCard | None = None
        self.retention: RetentionCard | None = None
        self.space: SpaceCard | None = None
        self.events: EventsCard | None = None
        self.save_bar: SaveBar | None = None
        self._fitting = ""
        self._steps = [self._add_schedule, self._add_retention, self._add_lower_cards]
        self.later(SLICE_MS, self._go_on)

    @property
    def complete(self) -> bool:
        """All cards are there."""
        return not self._steps

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self._facts = facts
        self.editor.take(facts)
        for card in (self.space, self.events):
            if card is not None:
                card.show_facts(facts)
        self._fit_soon()

    def redraw(self) -> None:
        if not self.gone and self.winfo_height() > LEAST:
            self._fit()

    def _go_on(self) -> None:
        step = self._steps.pop(0)
        for card in step():
            card.bind("<Configure>", lambda _: self._fit_soon())
        self._fit()
        if self._steps:
            self.later(SLICE_MS, self._go_on)

    def _add_schedule(self) -> tuple[Piece, ...]:
        self.banner = Banner(self.inner, self.editor)
        self.banner.grid(row=0, column=0, sticky="ew", pady=(0, CARD_GAP))
        self.banner.refresh()
        self.schedule = ScheduleCard(self.inner, self.stage, self.editor, compact=True)
        self.schedule.grid(row=1, column=0, sticky="ew")
        more = Link(self.schedule.bar, self.stage.say("More settings"), lambda: self.stage.go(SETTINGS))
        self.schedule.switch.grid(row=0, column=1, padx=(GAP, 0))
        more.grid(row=0, column=0)
        self.more = more
        return self.banner, self.schedule

    def _add_retention(self) -> tuple[Piece, ...]:
        self.retention = RetentionCard(self.inner, self.stage, self.editor, compact=True)
        self.retention.grid(row=2, column=0, sticky="ew", pady=(CARD_GAP, 0))
        self.save_bar = SaveBar(self, self.editor)
        self.save_bar.grid(row=1, column=0, sticky="ew", padx=(0, PAGE), pady=(0, PAGE))
        return self.retention, self.page

    def _add_lower_cards(self) -> tuple[Piece, ...]:
        self.space = SpaceCard(self.inner, self.stage, least=CHART, compact=True)
        self.space.grid(row=3, column=0, sticky="nsew", pady=(CARD_GAP, 0))
        self.events = EventsCard(self.inner, self.stage, EVENTS)
        self.events.grid(row=4, column=0, sticky="nsew", pady=(CARD_GAP, 0))
        for card in (self.space, self.events):
            card.show_facts(self._facts)
            card.hide()
        self.inner.grid_rowconfigure(3, weight=1)
        return self.space, self.events, self.inner

    def _fit_soon(self) -> None:
        """When all have the heights that they need now."""
        if not self.gone:  # its parts tell of their sizes while they are destroyed, too
            self.forget(self._fitting)
            self._fitting = self.later(1, self._fit)

    def _fit(self) -> None:
        """Leave out what there is no room for."""
        if self.gone or self.schedule is None or self.retention is None:
            return
        gap, note = self.scaled(CARD_GAP), self.retention.note
        taken = int(self.schedule.winfo_reqheight()) + gap + int(self.retention.winfo_reqheight())
        if self.banner is not None and not self.banner.hidden:
            taken += self.banner.winfo_reqheight() + gap
        line = int(note.winfo_reqheight()) + self.scaled(GAP)
        left = self.page.winfo_height() - taken + (0 if note.hidden else line)
        space, events = self._needed(self.space), self._needed(self.events)
        better = self.scaled(BETTER) if left >= space else 0
        for piece, needed in ((self.space, space), (note, line + better), (self.events, events)):
            fits = left >= needed
            left -= needed if fits else 0
            if piece is not None and fits == piece.hidden:
                (piece.show if fits else piece.hide)()

    def _needed(self, card: Piece | None) -> int:
        return int(card.winfo_reqheight()) + self.scaled(CARD_GAP) if card is not None else 0
