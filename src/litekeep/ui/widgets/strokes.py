"""A pen for signs: strokes with round ends, filled shapes and arcs on a square of 0..100, drawn large and reduced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, radians, sin

from PIL import Image, ImageDraw

Point = tuple[float, float]
FINE = 8
"""How much larger a sign is drawn than it is shown."""


class Pen:
    """Draws a mask of one sign; what is drawn with ink 0 cuts out."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._unit = size * FINE / 100
        self._mask = Image.new("L", (size * FINE, size * FINE), 0)
        self._draw = ImageDraw.Draw(self._mask)

    def shape(self, points: Iterable[Point], round_by: float = 0, ink: int = 255) -> None:
        """A filled polygon, its corners rounded by a radius."""
        corners = [self._at(point) for point in points]
        self._draw.polygon(corners, fill=ink)
        if round_by:
            self._line([*corners, corners[0]], round_by * 2 * self._unit, ink)

    def stroke(self, points: Sequence[Point], width: float, ink: int = 255) -> None:
        """A line through points, with round ends and corners."""
        self._line([self._at(point) for point in points], width * self._unit, ink)

    def disc(self, centre: Point, radius: float, ink: int = 255) -> None:
        """A filled circle."""
        x, y = self._at(centre)
        size = radius * self._unit
        self._draw.ellipse((x - size, y - size, x + size, y + size), fill=ink)

    def ring(self, centre: Point, radius: float, width: float, ink: int = 255) -> None:
        """A circle; radius to its outer side."""
        hole = Pen(self.size)
        hole.disc(centre, radius)
        hole.disc(centre, radius - width, ink=0)
        self._mask.paste(ink, (0, 0), hole.large())

    def box(self, area: tuple[float, float, float, float], radius: float, ink: int = 255) -> None:
        """A filled rounded box: left, top, right, bottom."""
        left, top, right, bottom = (value * self._unit for value in area)
        self._draw.rounded_rectangle((left, top, right, bottom), radius * self._unit, fill=ink)

    def large(self) -> Image.Image:
        """The mask before it is reduced."""
        return self._mask

    def mask(self) -> Image.Image:
        """Where the sign is, smooth."""
        return self._mask.resize((self.size, self.size), Image.Resampling.BOX)

    def _at(self, point: Point) -> Point:
        return point[0] * self._unit, point[1] * self._unit

    def _line(self, points: Sequence[Point], width: float, ink: int) -> None:
        self._draw.line(list(points), fill=ink, width=round(width))
        for x, y in points:
            half = width / 2
            self._draw.ellipse((x - half, y - half, x + half, y + half), fill=ink)


def arc(centre: Point, radius: float, begin: float, end: float, steps: int = 40) -> list[Point]:
    """Points of a circle between two angles in degrees; 0 is to the right, 90 below."""
    angles = (radians(begin + (end - begin) * step / steps) for step in range(steps + 1))
    return [(centre[0] + radius * cos(angle), centre[1] + radius * sin(angle)) for angle in angles]


def bend(start: Point, one: Point, two: Point, end: Point, steps: int = 24) -> list[Point]:
    """Points of a cubic Bézier curve."""
    points = []
    for step in range(steps + 1):
        t = step / steps
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        x = a * start[0] + b * one[0] + c * two[0] + d * end[0]
        points.append((x, a * start[1] + b * one[1] + c * two[1] + d * end[1]))
    return points
