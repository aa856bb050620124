"""The two charts of the overview, each in its card."""

from __future__ import annotations

from typing import Any

from litekeep.ui.language.words import Language
from litekeep.ui.presenter.bars import space_by_month
from litekeep.ui.presenter.coverage import coverage
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.bars import BarChart
from litekeep.ui.widgets.chartcard import ChartCard, ChartWords
from litekeep.ui.widgets.heatmap import HeatMap
from litekeep.ui.widgets.look import GAP

MOST_WEEKS = 106
"""Two years are enough, however wide the screen is."""


def chart_words(say: Language, heading: str) -> ChartWords:
    """The texts of a chart card's own controls."""
    return ChartWords(say("Show as table"), say("Show as chart"), heading)


class CoverageCard(ChartCard):
    """For each day, whether one could go back to it; as many weeks as fit.

    compact: without the sentence below where the text beside the title can say it.
    """

    def __init__(self, master: Any, stage: Stage, *, compact: bool = False) -> None:
        say = self._say = stage.say
        self._compact = compact
        self._facts = stage.bridge.facts
        self._weeks = 0  # until its width is known
        self._known: tuple[object, ...] = ()
        model = coverage(self._facts, say, 1)
        super().__init__(
            master,
            model.title,
            chart_words(say, say("Day")),
            lambda place: HeatMap(place, model, on_fit=self._fit),
        )

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self._facts = facts
        known = (facts.snapshots, facts.trash, facts.rows, facts.settings, facts.now.date(), self._weeks)
        if known == self._known or not self._weeks:
            return  # with years of backups it takes some milliseconds
        self._known = known
        model = coverage(facts, self._say, self._weeks)
        self.chart.update_from(model)
        beside = self._compact and self.text_width(model.sentence, "caption") <= self._room_beside()
        self.set_title(model.title, model.sentence if beside else model.sub)
        self.set_sentence("" if beside else model.sentence)
        self.refresh_table()

    def _room_beside(self) -> int:
        """Between the title and the link, in pixels of the screen."""
        taken = self.text_width(self.title.text, "card") + int(self.toggle.winfo_reqwidth())
        return int(self.content.winfo_width()) - taken - self.scaled(3 * GAP)

    def _fit(self, weeks: int) -> None:
        if not self.gone:
            self._weeks = min(weeks, MOST_WEEKS)
            self.show_facts(self._facts)


class SpaceCard(ChartCard):
    """What the backups take, over the last twelve months. least: the height that the chart asks for.

    compact: without the sentence below.
    """

    def __init__(self, master: Any, stage: Stage, *, least: int = 104, compact: bool = False) -> None:
        say = self._say = stage.say
        self._compact = compact
        model = space_by_month(stage.bridge.facts, say)
        super().__init__(
            master,
            model.title,
            chart_words(say, say("Month")),
            lambda place: BarChart(place, model, height=least),
            sentence="" if compact else model.sentence,
        )
        self.content.grid_rowconfigure(0, weight=1)
        self.chart.grid(sticky="nsew")
        if compact:
            self.content.grid(pady=0)

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        model = space_by_month(facts, self._say)
        if model != self.chart.model:
            self.chart.update_from(model)
            self.set_title(model.title)
            self.set_sentence("" if self._compact else model.sentence)
            self.refresh_table()
