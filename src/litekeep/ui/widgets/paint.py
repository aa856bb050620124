"""Smooth shapes on a canvas: rounded boxes and pictures, drawn with Pillow at four times the size and reduced.

Lines and arcs of a Tk canvas are not smoothed on X11 and Windows. Pictures are kept for each interpreter, so that a
shape is drawn once for a size and a colour.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from weakref import WeakKeyDictionary

from PIL import Image, ImageDraw, ImageTk

from litekeep.ui.widgets.shades import parts

OVER = 4
Photo = ImageTk.PhotoImage
_kept: WeakKeyDictionary[tkinter.Misc, dict[object, Photo]] = WeakKeyDictionary()


def photo(widget: tkinter.Misc, key: object, draw: Callable[[], Image.Image]) -> Photo:
    """The picture for a key, drawn when it is first asked for. It stays as long as the interpreter."""
    root = widget.nametowidget(".")
    kept = _kept.setdefault(root, {})
    if key not in kept:
        kept[key] = ImageTk.PhotoImage(draw(), master=root)
    return kept[key]


def box(
    canvas: tkinter.Canvas,
    area: tuple[int, int, int, int],
    radius: int,
    fill: str,
    edge: str = "",
    thick: int = 0,
    tags: str = "box",
) -> None:
    """A rounded box over left, top, right, bottom (pixels of the screen), with a border inside of it."""
    left, top, right, bottom = area
    radius = max(0, min(radius, (right - left) // 2, (bottom - top) // 2))
    edge, thick = (edge, thick) if edge and thick else (fill, 0)

    def fill_in(x0: int, y0: int, x1: int, y1: int, colour: str) -> None:
        if x1 > x0 and y1 > y0:
            canvas.create_rectangle(x0, y0, x1, y1, fill=colour, width=0, tags=tags)

    fill_in(left + radius, top, right - radius, bottom, fill)
    fill_in(left, top + radius, left + radius, bottom - radius, fill)
    fill_in(right - radius, top + radius, right, bottom - radius, fill)
    if thick:
        fill_in(left + radius, top, right - radius, top + thick, edge)
        fill_in(left + radius, bottom - thick, right - radius, bottom, edge)
        fill_in(left, top + radius, left + thick, bottom - radius, edge)
        fill_in(right - thick, top + radius, right, bottom - radius, edge)
    if radius:
        for x, y, corner in ((left, top, 0), (right - radius, top, 1), (right - radius, bottom - radius, 2)):
            canvas.create_image(x, y, anchor="nw", image=_corner(canvas, radius, thick, fill, edge, corner), tags=tags)
        image = _corner(canvas, radius, thick, fill, edge, 3)
        canvas.create_image(left, bottom - radius, anchor="nw", image=image, tags=tags)


def _corner(canvas: tkinter.Canvas, radius: int, thick: int, fill: str, edge: str, turn: int) -> Photo:
    def draw() -> Image.Image:
        whole = disc(radius * 2, fill, edge, thick)
        x, y = ((0, 0), (radius, 0), (radius, radius), (0, radius))[turn]
        return whole.crop((x, y, x + radius, y + radius))

    return photo(canvas, ("corner", radius, thick, fill, edge, turn), draw)


def disc(size: int, fill: str, edge: str = "", thick: int = 0) -> Image.Image:
    """A circle with a border inside of it."""
    return pill(size, size, fill, edge, thick)


def pill(width: int, height: int, fill: str, edge: str = "", thick: int = 0, radius: int | None = None) -> Image.Image:
    """A rounded box as a picture; without a radius its short sides are half circles."""
    outer = rounded_mask(width, height, radius, 0)
    picture = Image.new("RGBA", (width, height), (*parts(edge if edge and thick else fill), 0))
    picture.putalpha(outer)
    if edge and thick:
        inner = rounded_mask(width, height, radius, thick)
        inside = Image.new("RGBA", (width, height), (*parts(fill), 255))
        picture = Image.composite(inside, picture, inner)
        picture.putalpha(outer)
    return picture


def rounded_mask(width: int, height: int, radius: int | None, inset: int) -> Image.Image:
    """Where the box is (255) and is not (0), smooth at its edge. Of a box that is all border nothing is inside."""
    if inset * 2 >= min(width, height):
        return Image.new("L", (width, height), 0)
    mask = Image.new("L", (width * OVER, height * OVER), 0)
    round_ = min(width, height) / 2 if radius is None else radius
    area = (inset * OVER, inset * OVER, (width - inset) * OVER - 1, (height - inset) * OVER - 1)
    ImageDraw.Draw(mask).rounded_rectangle(area, max(0.0, (round_ - inset) * OVER), fill=255)
    return mask.resize((width, height), Image.Resampling.BOX)
