"""The coverage: a square for each day, four meanings with four shapes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from PIL import Image, ImageChops, ImageTk

from litekeep.ui.presenter.models import Coverage, Day, DayCell
from litekeep.ui.widgets.chart import Area, Chart
from litekeep.ui.widgets.look import HEAT_CELL, HEAT_GAP, Look
from litekeep.ui.widgets.paint import Photo, photo, pill, rounded_mask
from litekeep.ui.widgets.shades import parts
from litekeep.ui.widgets.strokes import Pen

ROUND = 3
LINE = 20
"""Height of the months above and of the legend below."""


class HeatMap(Chart):
    """Shows the newest weeks of a models.Coverage that fit. on_fit gets how many fit whenever that changes."""

    def __init__(
        self,
        master: Any,
        model: Coverage,
        *,
        on_fit: Callable[[int], object] | None = None,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, height=2 * LINE + 7 * HEAT_CELL + 6 * HEAT_GAP + 8, look=look)
        self.model, self._on_fit = model, on_fit
        self._fits = 0
        self._cells: list[tuple[int, int, DayCell]] = []
        self._days: Photo | None = None

    def update_from(self, model: Coverage) -> None:
        """Show other days; nothing is drawn if they are the same."""
        if model != self.model:
            self.model = model
            self.changed()

    def weeks_that_fit(self) -> int:
        """How many columns there is room for now; 0 before it has a size."""
        width = self.winfo_width()
        return max((width - self._left() - self.scaled(2)) // self._pitch(), 1) if width > 1 else 0

    # --- where things are

    def _pitch(self) -> int:
        return self.scaled(HEAT_CELL) + self.scaled(HEAT_GAP)

    def _left(self) -> int:
        widest = max((self.text_width(name, "chart") for name in self.model.weekdays), default=0)
        return widest + self.scaled(8) if widest else self.scaled(2)

    def _corner(self, column: int, row: int) -> tuple[int, int]:
        return self._left() + column * self._pitch(), self.scaled(LINE) + row * self._pitch()

    def _first(self) -> int:
        return max(len(self.model.weeks) - self.weeks_that_fit(), 0)

    def count(self) -> int:
        return len(self._cells)

    def at(self, x: int, y: int) -> int | None:
        column, row = (x - self._left()) // self._pitch(), (y - self.scaled(LINE)) // self._pitch()
        return next((at for at, (col, line, _) in enumerate(self._cells) if (col, line) == (column, row)), None)

    def area(self, index: int) -> Area:
        column, row, _ = self._cells[index]
        x, y = self._corner(column, row)
        return x, y, x + self.scaled(HEAT_CELL), y + self.scaled(HEAT_CELL)

    def says(self, index: int) -> str:
        return self._cells[index][2].text

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """(sentence,) for each day that was something, the newest first."""
        cells = (cell for week in reversed(self.model.weeks) for cell in reversed(week) if cell is not None)
        return tuple((cell.text,) for cell in cells if cell.kind is not Day.NONE)

    def moved(self, key: str, index: int) -> int:
        column, row, _ = self._cells[index]
        if key in ("Left", "Right"):
            column += 1 if key == "Right" else -1
            places = {(col, line): at for at, (col, line, _) in enumerate(self._cells)}
            return places.get((column, row), index)
        step = {"Up": -1, "Down": 1, "Home": -len(self._cells), "End": len(self._cells)}[key]
        return min(max(index + step, 0), len(self._cells) - 1)

    # --- drawing

    def redraw(self) -> None:
        fits = self.weeks_that_fit()
        if fits and fits != self._fits:
            self._fits = fits
            if self._on_fit is not None:
                self.later(1, lambda: self._on_fit(fits) if self._on_fit else None)
        super().redraw()

    def paint(self, width: int, height: int) -> None:  # noqa: ARG002 - it asks for the height it needs
        first = self._first()
        self._cells = [
            (column, row, cell)
            for column, week in enumerate(self.model.weeks[first:])
            for row, cell in enumerate(week)
            if cell is not None
        ]
        self._write_names(first, width)
        self._draw_days()
        self._draw_legend(width)

    def _draw_days(self) -> None:
        """All in one picture: a canvas takes longer for each of hundreds than Pillow for all of them."""
        left, top, pitch = self._left(), self.scaled(LINE), self._pitch()
        drawn = {day: day_picture(*self._how(day)) for day in {cell.kind for _, _, cell in self._cells}}
        columns = 1 + max((column for column, _, _ in self._cells), default=0)
        whole = Image.new("RGBA", (columns * pitch, 7 * pitch), self.colour(self.back))
        for column, row, cell in self._cells:
            whole.alpha_composite(drawn[cell.kind], (column * pitch, row * pitch))
        self._days = ImageTk.PhotoImage(whole.convert("RGB"), master=self)
        self.canvas.create_image(left, top, anchor="nw", image=self._days, tags="days")
        for column, row, cell in self._cells:
            if cell.today:
                self._frame_today(left + column * pitch, top + row * pitch)

    def _write_names(self, first: int, width: int) -> None:
        muted, font = self.colour(self.look.muted), self.font("chart")
        free = 0
        for column, name in self.model.months:
            x = self._corner(column - first, 0)[0]
            size = self.text_width(name, "chart")
            if column >= first and x >= free and x + size <= width:
                self.canvas.create_text(x, self.scaled(LINE) // 2 - 1, anchor="w", text=name, font=font, fill=muted)
                free = x + size + self.scaled(6)
        for row, name in enumerate(self.model.weekdays):
            y = self._corner(0, row)[1] + self.scaled(HEAT_CELL) // 2
            self.canvas.create_text(0, y, anchor="w", text=name, font=font, fill=muted)

    def _draw_legend(self, width: int) -> None:
        muted, font, size = self.colour(self.look.muted), self.font("chart"), self.scaled(HEAT_CELL)
        x, y = self._left(), self._corner(0, 7)[1] + self.scaled(LINE) // 2 + self.scaled(4)
        for day, text in self.model.legend:
            words = self.text_width(text, "chart")
            if x + size + self.scaled(6) + words > width and x > self._left():
                x, y = self._left(), y + self.scaled(LINE)
            self.canvas.create_image(x, y, anchor="w", image=self._picture(day))
            self.canvas.create_text(x + size + self.scaled(6), y, anchor="w", text=text, font=font, fill=muted)
            x += size + words + self.scaled(6 + 16)
        needed = y + self.scaled(LINE) // 2 + 1
        if needed != self.winfo_height():
            self.ask_height(needed)

    def _frame_today(self, x: int, y: int) -> None:
        size, out = self.scaled(HEAT_CELL), self.scaled(2)
        colour, thick = self.colour(self.look.text), self.scaled(1.5)
        whole = size + 2 * out

        def draw() -> Image.Image:
            outer = rounded_mask(whole, whole, self.scaled(ROUND) + out, 0)
            inner = rounded_mask(whole, whole, self.scaled(ROUND) + out, thick)
            image = Image.new("RGBA", (whole, whole), (*parts(colour), 0))
            image.putalpha(ImageChops.subtract(outer, inner))
            return image

        image = photo(self, ("today", whole, thick, colour), draw)
        self.canvas.create_image(x - out, y - out, anchor="nw", image=image, tags="today")

    def _picture(self, day: Day) -> Photo:
        how = self._how(day)
        return photo(self, ("day", *how), lambda: day_picture(*how))

    def _how(self, day: Day) -> tuple[Day, int, int, int, str, str]:
        size, radius, thick = self.scaled(HEAT_CELL), self.scaled(ROUND), self.scaled(1.5)
        return day, size, radius, thick, self.colour(self.look.day(day)), self.colour(self.back)


@lru_cache(maxsize=64)
def day_picture(day: Day, size: int, radius: int, thick: int, colour: str, back: str) -> Image.Image:
    """A filled square, a hollow one with a diagonal (missed), or a filled one with a cross cut out (failed)."""
    if day not in (Day.MISSED, Day.FAILED):
        return pill(size, size, colour, radius=radius)
    pen = Pen(size)
    if day is Day.MISSED:
        pen.stroke([(22, 78), (78, 22)], 11)
        image, ink = pill(size, size, back, colour, thick, radius=radius), colour
    else:
        pen.stroke([(29, 29), (71, 71)], 13)
        pen.stroke([(71, 29), (29, 71)], 13)
        image, ink = pill(size, size, colour, radius=radius), back
    sign = Image.new("RGBA", (size, size), (*parts(ink), 0))
    sign.putalpha(pen.mask())
    image.alpha_composite(sign)
    return image
