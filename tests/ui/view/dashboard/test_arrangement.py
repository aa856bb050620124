"""When there is room for everything at once. No window is needed."""

from __future__ import annotations

import pytest

from litekeep.ui.view.arrangement import WIDEST, Arrangement, arrangement_for, margin_for

PAGES, DASHBOARD, UNKNOWN = Arrangement.PAGES, Arrangement.DASHBOARD, Arrangement.UNKNOWN


@pytest.mark.parametrize(
    ("width", "height", "now", "expected"),
    [
        (1200, 800, UNKNOWN, DASHBOARD),
        (1100, 760, PAGES, DASHBOARD),
        (1100, 714, PAGES, DASHBOARD),  # what a bar of the program leaves of 760
        (1099, 760, PAGES, PAGES),
        (1100, 699, UNKNOWN, PAGES),
        (1061, 661, DASHBOARD, DASHBOARD),
        (1059, 800, DASHBOARD, PAGES),
        (1200, 659, DASHBOARD, PAGES),
        (800, 600, UNKNOWN, PAGES),
    ],
)
def test_at_the_edge_it_stays_what_it_is(width: int, height: int, now: Arrangement, expected: Arrangement) -> None:
    assert arrangement_for(width, height, now) is expected


@pytest.mark.parametrize(("width", "margin"), [(800, 0), (WIDEST, 0), (WIDEST + 10, 5), (3840, (3840 - WIDEST) / 2)])
def test_on_very_wide_screens_the_rest_is_margin(width: int, margin: float) -> None:
    assert margin_for(width) == margin
