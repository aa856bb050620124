"""The size of the backups over months."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.models import Bars
from litekeep.ui.widgets.chart import Area, Chart
from litekeep.ui.widgets.look import Look
from litekeep.ui.widgets.paint import box
from litekeep.ui.widgets.shades import mix

LABELS = 18
"""Height of the months below."""
GAP = 5


class BarChart(Chart):
    """Shows a models.Bars: a bar for each month, the newest stronger."""

    def __init__(self, master: Any, model: Bars, *, height: int = 104, look: Look | None = None) -> None:
        super().__init__(master, height=height, look=look)
        self.model = model

    def update_from(self, model: Bars) -> None:
        """Show other sizes; nothing is drawn if they are the same."""
        if model != self.model:
            self.model = model
            self.changed()

    def count(self) -> int:
        return len(self.model.bars)

    def says(self, index: int) -> str:
        return self.model.bars[index].text

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """(sentence,) for each month, the newest first."""
        return tuple((bar.text,) for bar in reversed(self.model.bars))

    def _slot(self, index: int) -> tuple[int, int]:
        room = self.winfo_width() - 2
        return 1 + room * index // self.count(), 1 + room * (index + 1) // self.count()

    def at(self, x: int, y: int) -> int | None:  # noqa: ARG002 - the whole column
        places = (index for index in range(self.count()) if self._slot(index)[0] <= x < self._slot(index)[1])
        return next(places, None)

    def area(self, index: int) -> Area:
        left, right = self._slot(index)
        gap = self.scaled(GAP)
        base, top = self.winfo_height() - self.scaled(LABELS), self.scaled(4)
        largest = max((bar.value for bar in self.model.bars), default=0)
        value = self.model.bars[index].value
        share = value / largest if largest > 0 else 0
        height = max(round((base - top) * share), self.scaled(2) if value > 0 else 0)
        return left + gap // 2, base - height, right - (gap - gap // 2), base

    def paint(self, width: int, height: int) -> None:
        look, base = self.look, height - self.scaled(LABELS)
        strong = self.colour(look.heat_restorable)
        faint = mix(strong, self.colour(self.back), 0.5)
        self.canvas.create_rectangle(0, base, width, base + 1, fill=self.colour(look.border), width=0)
        for index in range(self.count()):
            area = self.area(index)
            if area[3] > area[1]:
                box(self.canvas, area, self.scaled(2), strong if index == self.count() - 1 else faint)
        self._write_labels(base)

    def _write_labels(self, base: int) -> None:
        muted, font, free = self.colour(self.look.muted), self.font("chart"), -1
        for index, bar in enumerate(self.model.bars):
            left, right = self._slot(index)
            size, x = self.text_width(bar.label, "chart"), (left + right) // 2
            if x - size // 2 > free and x + size // 2 <= self.winfo_width():
                y = base + self.scaled(LABELS) // 2 + 1
                self.canvas.create_text(x, y, text=bar.label, font=font, fill=muted)
                free = x + size // 2 + self.scaled(4)
