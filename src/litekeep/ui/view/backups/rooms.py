"""Where the pane of the selected backup has its room. Pure."""

from __future__ import annotations

from enum import StrEnum

BESIDE_FROM, BELOW_FROM, SWING = 880, 560, 24
"""From this width on (pixels at scale 1) it is beside the table, from this height on below it; SWING less until it
leaves again."""
TABLE_SHARE, PANE_SHARE = 11, 9
"""Below the table, how the height is shared out."""


class Room(StrEnum):
    """BESIDE: always there. BELOW: while something is selected. OVER: in place of the table, when asked for.

    ASIDE: when asked for, in a place that is not of the page (see page.Aside).
    """

    BESIDE = "beside"
    BELOW = "below"
    OVER = "over"
    ASIDE = "aside"


def room_for(width: float, height: float, now: Room) -> Room:
    """For a page of that size; at the edge it stays what it is."""
    if width >= BESIDE_FROM - (SWING if now is Room.BESIDE else 0):
        return Room.BESIDE
    return Room.BELOW if height >= BELOW_FROM - (SWING if now is Room.BELOW else 0) else Room.OVER
