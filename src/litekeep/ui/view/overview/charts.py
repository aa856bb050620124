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

MOST_WEEKS = 106
"""Two years are enough, however wide the screen is."""


def chart_words(say: Language, heading: str) -> ChartWords:
    """The texts of a chart card's own controls."""
    return ChartWords(say("Show as table"), say("Show as chart"), heading)


class CoverageCard(ChartCard):
    """For each day, whether one could go back to it; as many weeks as fit."""

    def __init__(self, master: Any, stage: Stage) -> None:
        say = self._say = stage.say
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
        self.set_title(model.title, model.sub)
        self.set_sentence(model.sentence)
        self.refresh_table()

    def _fit(self, weeks: int) -> None:
        if not self.gone:
            self._weeks = min(weeks, MOST_WEEKS)
            self.show_facts(self._facts)


class SpaceCard(ChartCard):
    """What the backups take, over the last twelve months."""

    def __init__(self, master: Any, stage: Stage) -> None:
        say = self._say = stage.say
        model = space_by_month(stage.bridge.facts, say)
        super().__init__(
            master,
            model.title,
            chart_words(say, say("Month")),
            lambda place: BarChart(place, model),
            sentence=model.sentence,
        )
        self.content.grid_rowconfigure(0, weight=1)
        self.chart.grid(sticky="nsew")

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        model = space_by_month(facts, self._say)
        if model != self.chart.model:
            self.chart.update_from(model)
            self.set_title(model.title)
            self.set_sentence(model.sentence)
            self.refresh_table()
