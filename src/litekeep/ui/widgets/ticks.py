"""What a policy would keep: a tick for each backup on a logarithmic axis of time, its height and colour by tier."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.models import RetentionPreview
from litekeep.ui.widgets.chart import Area, Chart
from litekeep.ui.widgets.look import Look
from litekeep.ui.widgets.paint import box

LABELS = 20
HEIGHTS = {"daily": 0.5, "weekly": 0.66, "monthly": 0.83, "yearly": 1.0}
OTHER = 0.34
"""Share of the height for a tier without a name of its own."""
NEAR = 5
"""Pixels around a tick in which the pointer finds it."""


class TickChart(Chart):
    """Shows the ticks of a models.RetentionPreview; the sentences beside it are the caller's."""

    def __init__(self, master: Any, model: RetentionPreview, *, height: int = 72, look: Look | None = None) -> None:
        super().__init__(master, height=height, look=look)
        self.model = model
        self._order: list[int] = []
        self._sort()

    def update_from(self, model: RetentionPreview) -> None:
        """Show another policy; nothing is drawn if its ticks are the same."""
        before, self.model = self.model, model
        if (before.ticks, before.marks) != (model.ticks, model.marks):
            self._sort()
            self.changed()

    def _sort(self) -> None:
        self._order = sorted(range(len(self.model.ticks)), key=lambda index: self.model.ticks[index].position)

    def count(self) -> int:
        return len(self._order)

    def says(self, index: int) -> str:
        return self.model.ticks[self._order[index]].text

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """(sentence,) for each backup that is kept, the newest first."""
        return tuple((self.says(index),) for index in reversed(range(self.count())))

    def _x(self, position: float) -> int:
        room = self.scaled(4)
        width = int(self.winfo_width())
        return room + round((width - 2 * room) * min(max(position, 0.0), 1.0))

    def area(self, index: int) -> Area:
        tick = self.model.ticks[self._order[index]]
        x, base = self._x(tick.position), self.winfo_height() - self.scaled(LABELS)
        tall = round((base - self.scaled(4)) * HEIGHTS.get(tick.tier, OTHER))
        thick = self.scaled(2)
        return x - thick // 2, base - tall, x - thick // 2 + thick, base

    def at(self, x: int, y: int) -> int | None:  # noqa: ARG002 - the whole height
        near = self.scaled(NEAR)
        places = [(abs(self._x(self.model.ticks[tick].position) - x), at) for at, tick in enumerate(self._order)]
        distance, index = min(places, default=(near + 1, 0))
        return index if distance <= near else None

    def paint(self, width: int, height: int) -> None:
        base = height - self.scaled(LABELS)
        self.canvas.create_rectangle(0, base, width, base + 1, fill=self.colour(self.look.border), width=0)
        drawn: set[Area] = set()
        for index in range(self.count()):
            area = self.area(index)
            if area not in drawn:  # thousands of backups have few places
                drawn.add(area)
                box(self.canvas, area, 0, self.colour(self.look.tier(self.model.ticks[self._order[index]].tier)))
        self._write_marks(width, base)

    def _write_marks(self, width: int, base: int) -> None:
        muted, font = self.colour(self.look.muted), self.font("chart")
        line = self.colour(self.look.control_edge)
        taken: list[tuple[int, int]] = []
        ends_first = sorted(self.model.marks, key=lambda mark: -abs(mark[0] - 0.5))
        for position, text in ends_first:
            size, x = self.text_width(text, "chart"), self._x(position)
            left = min(max(x - size // 2, 0), width - size)
            if any(left < end and left + size > begin for begin, end in taken):
                continue
            taken.append((left - self.scaled(8), left + size + self.scaled(8)))
            self.canvas.create_rectangle(x, base, x + 1, base + self.scaled(3), fill=line, width=0)
            y = base + self.scaled(LABELS) // 2 + self.scaled(1)
            self.canvas.create_text(left, y, anchor="w", text=text, font=font, fill=muted)
