"""Pages or the dashboard, by the size of the view. Pure."""

from __future__ import annotations

from enum import StrEnum

WIDE_FROM, HIGH_FROM, SWING = 1100, 700, 40
"""From this size on (pixels at scale 1) there is room for everything at once, and until SWING less it stays so.

A window of 1100 x 760 has room, also where the program keeps a bar of its own above the view.
"""

WIDEST = 2100
"""Wider than this nothing becomes easier to read: an eye loses the row of a table on its way. The rest is margin."""


class Arrangement(StrEnum):
    """How the cards are laid out. UNKNOWN: the view has no size yet."""

    UNKNOWN = ""
    PAGES = "pages"
    DASHBOARD = "dashboard"


def margin_for(width: float) -> float:
    """What is left free on either side of a view of that width."""
    return max(0.0, (width - WIDEST) / 2)


def arrangement_for(width: float, height: float, now: Arrangement) -> Arrangement:
    """For a view of that size; at the edge it stays what it is."""
    swing = SWING if now is Arrangement.DASHBOARD else 0
    roomy = width >= WIDE_FROM - swing and height >= HIGH_FROM - swing
    return Arrangement.DASHBOARD if roomy else Arrangement.PAGES
