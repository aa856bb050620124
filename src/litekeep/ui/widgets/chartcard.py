"""A card with a chart, the sentence that says the same, and the same data as a table on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litekeep.records import dataclass
from litekeep.ui.widgets.buttons import Link
from litekeep.ui.widgets.card import Card
from litekeep.ui.widgets.chart import Chart
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import GAP, Look
from litekeep.ui.widgets.tree import TableColumn, TextTable
from litekeep.ui.widgets.words import Wrapped


@dataclass(frozen=True, slots=True)
class ChartWords:
    """The texts of its own controls: of the toggle in both states, and the heading of the table."""

    as_table: str
    as_chart: str
    heading: str


class ChartCard(Card):
    """make_chart is called once with the place where the chart goes, and returns it."""

    def __init__(
        self,
        master: Any,
        title: str,
        words: ChartWords,
        make_chart: Callable[[Piece], Chart],
        *,
        sub: str = "",
        sentence: str = "",
        look: Look | None = None,
    ) -> None:
        super().__init__(master, title, sub, look=look)
        self.words = words
        self.toggle = Link(self.bar, words.as_table, self.switch)
        self.toggle.grid(row=0, column=0)
        self.chart = make_chart(self.content)
        self.chart.grid(row=0, column=0, sticky="ew")
        self.sentence = Wrapped(self.content, sentence, role="caption", colour=self.look.muted)
        self.table: TextTable | None = None
        self.sentence.grid(row=1, column=0, sticky="ew", pady=(GAP, 0))
        if not sentence:
            self.sentence.hide()

    def set_sentence(self, sentence: str) -> None:
        """Other words below the chart."""
        self.sentence.set_text(sentence)
        if sentence:
            self.sentence.show()
        else:
            self.sentence.hide()

    def switch(self) -> None:
        """The table instead of the chart, or the chart again."""
        if self.table is not None:
            self.table.destroy()
            self.table = None
            self.chart.show()
        else:
            self.chart.hide()
            columns = [TableColumn("text", self.words.heading, stretch=True)]
            self.table = TextTable(self.content, columns, self.chart.rows(), rows_shown=5)
            self.table.grid(row=0, column=0, sticky="ew")
        self.toggle.set_text(self.words.as_table if self.table is None else self.words.as_chart)

    def refresh_table(self) -> None:
        """After the chart got other data."""
        if self.table is not None:
            self.table.set_rows(self.chart.rows())
