"""The signs: the hero's large ones, the marks before table rows, and the small ones on controls."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Final

from PIL import Image

from litekeep.ui.presenter.models import Glyph, Tone
from litekeep.ui.widgets.paint import Photo, photo
from litekeep.ui.widgets.shades import parts
from litekeep.ui.widgets.strokes import Pen, Point, arc, bend

CHECK: Final[list[Point]] = [(34, 50), (45, 61), (67, 38)]


def _shield() -> list[Point]:
    left = bend((50, 9), (41, 15), (28, 19), (17, 20)) + bend((17, 20), (17, 36), (16, 46), (17, 50))
    left += bend((17, 50), (19, 69), (33, 84), (50, 91))
    return left + [(100 - x, y) for x, y in reversed(left)]


def _full_shield(pen: Pen) -> None:
    pen.shape(_shield(), round_by=4)


def _shield_check(pen: Pen) -> None:
    _full_shield(pen)
    pen.stroke(CHECK, 8.5, ink=0)


def _shield_plain(pen: Pen) -> None:
    _full_shield(pen)
    centre = (50.0, 50.0)
    inner = [(centre[0] + (x - centre[0]) * 0.8, centre[1] + (y - centre[1]) * 0.8) for x, y in _shield()]
    pen.shape(inner, round_by=2.5, ink=0)


def _shield_question(pen: Pen) -> None:
    _full_shield(pen)
    hook = arc((50, 40), 12, 180, 385) + bend((60.9, 45.1), (57.5, 51), (50, 52), (50, 59))
    pen.stroke(hook, 7.5, ink=0)
    pen.disc((50, 71), 5, ink=0)


def _shield_cross(pen: Pen) -> None:
    _full_shield(pen)
    pen.stroke([(37, 37), (63, 63)], 8.5, ink=0)
    pen.stroke([(63, 37), (37, 63)], 8.5, ink=0)


def _clock(pen: Pen) -> None:
    pen.disc((50, 50), 42)
    pen.stroke([(50, 26), (50, 52), (66, 61)], 7.5, ink=0)


def _arrows(pen: Pen) -> None:
    pen.disc((50, 50), 42)
    for turn in (0, 180):
        pen.stroke(arc((50, 50), 22, 195 + turn, 325 + turn), 6.5, ink=0)
        tip = arc((50, 50), 22, 325 + turn, 357 + turn)[-1]
        one, two = arc((50, 50), 33, 328 + turn, 328 + turn)[0], arc((50, 50), 10, 316 + turn, 316 + turn)[0]
        pen.shape([tip, one, two], round_by=1.5, ink=0)


def _folder(pen: Pen) -> None:
    pen.box((10, 20, 50, 60), 7)
    pen.box((10, 30, 90, 82), 7)
    pen.box((18, 40, 82, 44), 2, ink=0)
    hook = arc((50, 57), 6, 180, 385) + bend((55.4, 59.5), (53.5, 62.5), (50, 63), (50, 67))
    pen.stroke(hook, 4.5, ink=0)
    pen.disc((50, 75), 3.2, ink=0)


def _pause(pen: Pen) -> None:
    pen.disc((50, 50), 42)
    pen.box((35, 31, 45, 69), 3, ink=0)
    pen.box((55, 31, 65, 69), 3, ink=0)


GLYPHS: Final[dict[Glyph, Callable[[Pen], None]]] = {
    Glyph.SHIELD_CHECK: _shield_check,
    Glyph.SHIELD_PLAIN: _shield_plain,
    Glyph.SHIELD_QUESTION: _shield_question,
    Glyph.SHIELD_CROSS: _shield_cross,
    Glyph.CLOCK: _clock,
    Glyph.ARROWS: _arrows,
    Glyph.FOLDER: _folder,
    Glyph.PAUSE: _pause,
}


def _dot(pen: Pen) -> None:
    pen.disc((50, 50), 36)
    pen.stroke([(33, 51), (45, 63), (67, 39)], 10, ink=0)


def _triangle(pen: Pen) -> None:
    pen.shape([(50, 17), (88, 82), (12, 82)], round_by=7)
    pen.stroke([(50, 39), (50, 58)], 10, ink=0)
    pen.disc((50, 73), 6, ink=0)


def _cross_disc(pen: Pen) -> None:
    pen.box((14, 14, 86, 86), 14)
    pen.stroke([(35, 35), (65, 65)], 11, ink=0)
    pen.stroke([(65, 35), (35, 65)], 11, ink=0)


def _calm(pen: Pen) -> None:
    pen.ring((50, 50), 34, 10)


def _busy(pen: Pen) -> None:
    pen.ring((50, 50), 36, 10)
    pen.shape([(50, 50), *arc((50, 50), 36, -90, 30)])


def _pin(pen: Pen) -> None:
    pen.box((28, 10, 72, 21), 5)
    pen.shape([(37, 18), (63, 18), (65, 42), (35, 42)])
    pen.shape([(35, 42), (65, 42), (77, 57), (23, 57)], round_by=3)
    pen.stroke([(50, 58), (50, 90)], 9)


def _trash(pen: Pen) -> None:
    pen.box((16, 22, 84, 32), 5)
    pen.box((38, 11, 62, 27), 5)
    pen.shape([(25, 40), (75, 40), (70, 87), (30, 87)], round_by=3)
    for x in (40, 50, 60):
        pen.stroke([(x, 49), (x, 77)], 5, ink=0)


def _lines(*strokes: list[Point], width: float = 11) -> Callable[[Pen], None]:
    def draw(pen: Pen) -> None:
        for stroke in strokes:
            pen.stroke(stroke, width)

    return draw


def _search(pen: Pen) -> None:
    pen.ring((43, 43), 30, 10)
    pen.stroke([(66, 66), (84, 84)], 11)


SIGNS: Final[dict[str, Callable[[Pen], None]]] = {
    "ok": _dot,
    "warn": _triangle,
    "bad": _cross_disc,
    "busy": _busy,
    "calm": _calm,
    "pin": _pin,
    "trash": _trash,
    "check": _lines([(20, 52), (42, 73), (81, 29)], width=13),
    "close": _lines([(24, 24), (76, 76)], [(76, 24), (24, 76)]),
    "plus": _lines([(50, 20), (50, 80)], [(20, 50), (80, 50)]),
    "minus": _lines([(20, 50), (80, 50)]),
    "down": _lines([(22, 38), (50, 66), (78, 38)]),
    "search": _search,
}
MARKS: Final = ("ok", "warn", "bad", "busy", "calm", "pin", "trash")
"""Before rows. Each has a shape of its own."""


def sign(draw: Callable[[Pen], None], size: int, colour: str) -> Image.Image:
    """A sign of so many pixels in one colour on nothing."""
    pen = Pen(size)
    draw(pen)
    image = Image.new("RGBA", (size, size), (*parts(colour), 0))
    image.putalpha(pen.mask())
    return image


def sign_photo(widget: tkinter.Misc, name: str, size: int, colour: str) -> Photo:
    """A small sign of SIGNS for a canvas or a Treeview, in pixels of the screen."""
    return photo(widget, ("sign", name, size, colour), lambda: sign(SIGNS[name], size, colour))


def glyph_photo(widget: tkinter.Misc, glyph: Glyph, size: int, colour: str) -> Photo:
    """A large sign for a canvas, in pixels of the screen."""
    return photo(widget, ("glyph", glyph, size, colour), lambda: sign(GLYPHS[glyph], size, colour))


def mark_name(mark: str, tone: Tone) -> str:
    """The sign before a row: its mark, or that of its tone where the mark has no picture."""
    return mark if mark in MARKS else str(tone)
