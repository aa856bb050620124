"""Names and values, sentences and counts on one canvas that scrolls: hundreds of lines cost what a few labels would."""

from __future__ import annotations

import tkinter
from collections.abc import Sequence
from typing import Any

from litekeep.ui.presenter.models import DetailLine, TableCount, Tone
from litekeep.ui.view.backups.blocks import Block, Heading, Paragraph
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_X, GAP, GAP_LARGE, RING, Look
from litekeep.ui.widgets.scrollbar import ScrollBar
from litekeep.ui.widgets.shades import Pair
from litekeep.ui.widgets.wheel import on_wheel

LINE, STEP = 6, 40
"""Between two lines; how far a notch of the wheel or an arrow key goes."""
NAMES = 0.36
"""The most of the width that names take."""
AT_ONCE, SLICE = 60, 150
"""Counts of tables that are drawn at once, and in each step after that."""
DOT = "•"


class Sheet(Piece):
    """Shows columns of blocks, side by side. It scrolls with the wheel, and with the keys when it has the focus."""

    def __init__(self, master: Any, *, look: Look | None = None) -> None:
        super().__init__(master, width=2, height=2, look=look)
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(0, weight=1)
        self.canvas = tkinter.Canvas(self, highlightthickness=RING, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.grid(row=0, column=0, sticky="nsew")
        self.bar = ScrollBar(self, self.canvas.yview)
        self.bar.grid(row=0, column=1, sticky="ns")
        self.canvas.configure(yscrollcommand=self._scrolled)
        self._columns: tuple[tuple[Block, ...], ...] = ()
        self._timer, self._drawn = "", (0, False, 0.0)
        self._listen()

    def set_columns(self, columns: Sequence[tuple[Block, ...]], *, anew: bool) -> None:
        """Other content. anew: about something else, so that its beginning is shown."""
        wanted = tuple(columns)
        if wanted != self._columns:
            self._columns = wanted
            self._lay()
        if anew:
            self.canvas.yview_moveto(0)

    @property
    def texts(self) -> list[str]:
        """All that is written on it, in the order of drawing."""
        canvas: Any = self.canvas
        return [str(canvas.itemcget(item, "text")) for item in canvas.find_all() if canvas.type(item) == "text"]

    @property
    def complete(self) -> bool:
        """Nothing is still to be drawn."""
        return not self._timer

    # --- drawing

    def redraw(self) -> None:
        seen = (self.canvas.winfo_width(), self.dark, self.scale)
        if not self.gone and seen != self._drawn:
            self._drawn = seen
            self._lay()

    def _lay(self) -> None:
        width = self.canvas.winfo_width() - 2 * RING
        if width <= 2 or self.gone:
            return
        self.forget(self._timer)
        self._timer = ""
        surface = self.colour(self.back)
        self.canvas.configure(
            background=surface, highlightbackground=surface, highlightcolor=self.colour(self.look.accent_text)
        )
        self.canvas.delete("all")
        self._paper = _Paper(self, RING)
        columns, gap = [each for each in self._columns if each], self.scaled(GAP_LARGE)
        each_width = (width - gap * (len(columns) - 1)) // max(len(columns), 1)
        waiting: list[tuple[int, int, int, list[TableCount]]] = []
        for at, blocks in enumerate(columns):
            left = RING + at * (each_width + gap)
            counts = [block for block in blocks if isinstance(block, TableCount)]
            y = self._paper.write(left, each_width, [block for block in blocks if not isinstance(block, TableCount)])
            y = self._paper.count(left, each_width, y, counts[:AT_ONCE])
            if counts[AT_ONCE:]:
                waiting.append((left, each_width, y, counts[AT_ONCE:]))
        self._measure()
        if waiting:
            self._timer = self.later(10, lambda: self._go_on(waiting))

    def _go_on(self, waiting: list[tuple[int, int, int, list[TableCount]]]) -> None:
        self._timer = ""
        left, width, y, counts = waiting.pop(0)
        y = self._paper.count(left, width, y, counts[:SLICE])
        if counts[SLICE:]:
            waiting.insert(0, (left, width, y, counts[SLICE:]))
        self._measure()
        if waiting:
            self._timer = self.later(10, lambda: self._go_on(waiting))

    def _measure(self) -> None:
        area: Any = self.canvas.bbox("all")  # None while it is empty
        height = area[3] + self.scaled(LINE) if area else 1
        self.canvas.configure(scrollregion=(0, 0, self.canvas.winfo_width(), height))

    # --- scrolling

    def _scrolled(self, first: float, last: float) -> None:
        before = self.bar.needed
        self.bar.set(first, last)
        if self.bar.needed != before:  # configuring a canvas makes it tell its scrolling again
            self.canvas.configure(takefocus=self.bar.needed)

    def _listen(self) -> None:
        on_wheel(self.canvas, self._wheel)
        for key, steps in (("Up", -1), ("Down", 1)):
            self.canvas.bind(f"<{key}>", lambda _, steps=steps: self._wheel(None, steps))  # type: ignore[misc]
        for key, pages in (("Prior", -1), ("Next", 1)):
            self.canvas.bind(f"<{key}>", lambda _, pages=pages: self.canvas.yview_scroll(pages, "pages"))  # type: ignore[misc]
        for key, place in (("Home", 0.0), ("End", 1.0)):
            self.canvas.bind(f"<{key}>", lambda _, place=place: self.canvas.yview_moveto(place))  # type: ignore[misc]
        self.canvas.bind("<Configure>", lambda _: self.redraw())
        self.canvas.bind("<Button-1>", lambda _: self.canvas.focus_set())

    def _wheel(self, _: Any, steps: float) -> str:
        if self.bar.needed:
            total = float(str(self.canvas.cget("scrollregion")).split()[3])
            moved = self.canvas.canvasy(0) + steps * self.scaled(STEP)
            self.canvas.yview_moveto(max(moved, 0) / total)
        return "break"


class _Paper:
    """Writes blocks onto the canvas of a sheet."""

    def __init__(self, sheet: Sheet, top: int) -> None:
        self._sheet, self._canvas, self._top = sheet, sheet.canvas, top
        look = sheet.look
        self._text, self._muted, self._rule = (sheet.colour(pair) for pair in (look.text, look.muted, look.border))
        self._body, self._caption, self._strong = (sheet.font(role) for role in ("body", "caption", "strong"))
        self._gap = sheet.scaled(LINE)
        self._tall = sheet.line_height("body")

    def write(self, left: int, width: int, blocks: Sequence[Block]) -> int:
        """From the top; returns where it ends."""
        names = [block.name for block in blocks if isinstance(block, DetailLine)]
        widest = max((self._sheet.text_width(name, "caption") for name in names), default=0)
        column = min(widest, int(width * NAMES))
        y = self._top
        for block in blocks:
            if isinstance(block, DetailLine):
                y = self._pair(left, width, y, column, block)
            elif isinstance(block, Heading):
                y = self._heading(left, width, y, block.text)
            elif isinstance(block, Paragraph):
                y = self._paragraph(left, width, y, block)
        return y

    def _put(self, x: int, y: int, text: str, width: int, ink: str, font: Any) -> int:
        """Write; returns its lower edge."""
        item = self._canvas.create_text(x, y, anchor="nw", text=text, width=width, fill=ink, font=font)
        return self._canvas.bbox(item)[3]

    def _pair(self, left: int, width: int, y: int, column: int, line: DetailLine) -> int:
        lower = self._sheet.line_height("body") - self._sheet.line_height("caption")
        end = self._put(left, y + max(lower, 0) // 2 + 1, line.name, column, self._muted, self._caption)
        x = left + column + self._sheet.scaled(CARD_X)
        return max(end, self._put(x, y, line.value, left + width - x, self._ink(line.tone), self._body)) + self._gap

    def _ink(self, tone: Tone) -> str:
        calm: Pair = self._sheet.look.text
        return self._sheet.colour(calm if tone is Tone.CALM else self._sheet.look.tone(tone).text)

    def _heading(self, left: int, width: int, y: int, text: str) -> int:
        if y > self._top:
            y += self._gap
            self._canvas.create_line(left, y, left + width, y, fill=self._rule)
            y += 2 * self._gap
        return self._put(left, y, text, width, self._text, self._strong) + self._gap

    def _paragraph(self, left: int, width: int, y: int, block: Paragraph) -> int:
        if block.muted:
            return self._put(left, y, block.text, width, self._muted, self._caption) + self._gap
        inset = self._sheet.scaled(CARD_X)
        self._put(left, y, DOT, inset, self._muted, self._body)
        return self._put(left + inset, y, block.text, width - inset, self._text, self._body) + self._gap

    def count(self, left: int, width: int, y: int, counts: Sequence[TableCount]) -> int:
        """Tables with their rows, one line each; returns where it ends."""
        for each in counts:
            number = self._sheet.text_width(each.rows)
            room = width - number - self._sheet.scaled(GAP)
            name = self._sheet.fitted(each.name, room)
            self._canvas.create_text(left, y, anchor="nw", text=name, fill=self._text, font=self._body)
            self._canvas.create_text(left + width, y, anchor="ne", text=each.rows, fill=self._muted, font=self._body)
            y += self._tall + self._gap
        return y
