"""The dashboard: what the Overview and the Backups pages show, with schedule and retention beside it."""

from __future__ import annotations

from typing import Any

from litekeep.model import Snapshot
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Filter
from litekeep.ui.view.backups.page import BackupsPage
from litekeep.ui.view.backups.pane import Pane
from litekeep.ui.view.dashboard.side import SideColumn
from litekeep.ui.view.overview.charts import CoverageCard
from litekeep.ui.view.overview.meter import MeterStrip
from litekeep.ui.view.overview.tiles import Tiles
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_GAP, LEAST, PAGE, SIDE

HIGH = 760
"""The least height in which the 3-2-1 rule has a line of its own; in less, the tile of the off-site copy must do."""


class DashboardPage(Piece):
    """See stage.BackupsPart. Tiles and coverage are there at once; the table and the right column come after them.

    The details of a backup are shown in place of the right column.
    """

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master)
        self.stage = stage
        self._facts = stage.bridge.facts
        self.pane_place = self
        self.side: SideColumn | None = None
        self.rescaled()
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(3, weight=1)
        self.tiles = Tiles(self, stage)
        self.tiles.grid(row=0, column=0, columnspan=2, sticky="ew", padx=PAGE)
        self.meter = MeterStrip(self, stage)
        self.meter.grid(row=1, column=0, columnspan=2, sticky="ew", padx=PAGE, pady=(CARD_GAP, 0))
        self.coverage = CoverageCard(self, stage, compact=True)
        self.coverage.grid(row=2, column=0, sticky="ew", padx=(PAGE, CARD_GAP), pady=(CARD_GAP, 0))
        self._backups: BackupsPage | None = None
        self.once_painted(self._add_the_rest)

    @property
    def backups(self) -> BackupsPage:
        """The table; it is made now if it is not there yet."""
        if self._backups is None:
            self._backups = BackupsPage(self, self.stage, aside=self)
            place = {"padx": (PAGE, CARD_GAP), "pady": (CARD_GAP, PAGE)}
            self._backups.grid(row=3, column=0, sticky="nsew", **place)
            self._backups.show_facts(self._facts)
        return self._backups

    def _add_the_rest(self) -> None:
        pane_open = self.backups.pane_open
        self.side = SideColumn(self, self.stage)
        self.side.grid(row=2, column=1, rowspan=2, sticky="nsew", pady=(CARD_GAP, 0))
        if pane_open:
            self.side.hide()
        self.side.show_facts(self._facts)

    # --- what the view asks for

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self._facts = facts
        for part in (self.tiles, self.meter, self.coverage, self._backups, self.side):
            if part is not None:
                part.show_facts(facts)

    def cleanup(self) -> None:
        """No answer is wanted any more."""
        if self._backups is not None:
            self._backups.cleanup()

    def filter_by(self, filter: Filter) -> None:  # noqa: A002 - the field's word
        """Show these only."""
        self.backups.filter_by(filter)

    def focus_search(self) -> None:
        """The keyboard goes to the search."""
        self.backups.focus_search()

    def selected(self) -> tuple[Snapshot, ...]:
        """The selected backups, from the top."""
        return self._backups.selected() if self._backups is not None else ()

    @property
    def in_use(self) -> bool:
        """Somebody works with the table or the details."""
        return self._backups is not None and self._backups.in_use

    def focus_table(self) -> None:
        """The keyboard goes to the table."""
        self.backups.focus_table()

    def escape(self) -> None:
        """Close the details."""
        self.backups.escape()

    # --- the place of the pane (backups.page.Aside)

    def show_pane(self, pane: Pane) -> None:
        """In place of the right column."""
        if self.side is not None:
            self.side.hide()
        pane.grid(row=2, column=1, rowspan=2, sticky="nsew", padx=(0, PAGE), pady=(CARD_GAP, PAGE))

    def hide_pane(self, pane: Pane) -> None:  # noqa: ARG002 - it is hidden already
        """The right column again."""
        if self.side is not None:
            self.side.show()

    def redraw(self) -> None:
        if not self.gone and self.winfo_height() > LEAST:
            self.meter.allow(self.winfo_height() >= self.scaled(HIGH))

    def rescaled(self) -> None:
        self.grid_columnconfigure(1, minsize=self.scaled(SIDE + PAGE))
