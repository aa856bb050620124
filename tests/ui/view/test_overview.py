"""Tiles, charts and events say what the facts are, in every width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ui.conftest import AssertGolden
from ui.view.copystates import AWAY, NONE
from ui.view.states import HEALTHY, STATES
from ui.view.still import Still

Make = Callable[..., Any]


@pytest.fixture
def overview(make_view: Make, wait_until: Any) -> Callable[..., Any]:
    def make(facts: Any = HEALTHY, **options: Any) -> Any:
        page = make_view(Still(facts), layout="pages", **options).pages["overview"]
        wait_until(lambda: page.events is not None and page.coverage.chart.model.weeks)
        page.update()
        return page

    return make


@pytest.mark.parametrize(("width", "rows"), [(1200, 1), (1040, 1), (640, 2)])
def test_tiles_are_equally_wide_and_nothing_is_cut(overview: Any, width: int, rows: int) -> None:
    tiles = overview(width=width).tiles
    places = {(tile.winfo_y(), tile.winfo_height()) for tile in tiles.tiles}
    assert len(places) == rows
    first = [tile.winfo_width() for tile in tiles.tiles[: 6 if rows == 1 else 3]]
    assert max(first) - min(first) <= 2
    for tile in tiles.tiles:
        assert tile._value.label.winfo_reqwidth() <= tile._value.winfo_width()


def test_in_french_they_are_as_wide_as_each_needs_before_they_take_two_rows(overview: Any) -> None:
    tiles = overview(width=1040, lang="fr").tiles
    assert len({tile.winfo_y() for tile in tiles.tiles}) == 1
    assert len({tile.winfo_width() for tile in tiles.tiles}) > 2
    for tile in tiles.tiles:
        for line in (tile._value, tile._title):
            assert line.label.winfo_reqwidth() <= line.winfo_width()
    assert len({tile.winfo_y() for tile in overview(width=800, lang="fr").tiles.tiles}) == 2


@pytest.mark.parametrize(("mode", "lang"), [("light", "en"), ("dark", "fr")])
def test_a_copy_that_is_behind_looks_as_it_should(
    overview: Any, appearance: Callable[[str], None], assert_golden: AssertGolden, mode: str, lang: str
) -> None:
    appearance(mode)
    assert_golden(overview(AWAY, lang=lang, theme="own")._stage, f"copies-overview-{mode}-{lang}")


def test_the_rule_has_a_line_that_breaks_where_it_is_narrow(overview: Any, wait_until: Any) -> None:
    page = overview(NONE, width=1040)
    meter = page.meter.line
    assert meter.button.text == "Add a copy…"
    assert meter.sentence.winfo_y() < meter.lights.winfo_height()
    meter.button.invoke()
    assert page._stage.panel is not None
    narrow = overview(NONE, width=640).meter.line
    assert narrow.sentence.winfo_y() >= narrow.lights.winfo_y() + narrow.lights.winfo_height()
    assert overview(HEALTHY).meter.hidden  # nobody has measured


@pytest.mark.parametrize("width", [800, 1040, 1400])
def test_as_many_weeks_as_fit(overview: Any, width: int, wait_until: Any) -> None:
    card = overview(width=width).coverage
    wait_until(lambda: len(card.chart.model.weeks) == card.chart.weeks_that_fit())
    assert len(card.chart.model.weeks) == (width - 32 - 28 - 30) // 16
    assert str(len(card.chart.model.weeks)) in card.sub.text


def test_each_chart_as_a_table(overview: Any) -> None:
    page = overview()
    for card in (page.coverage, page.space):
        card.toggle.invoke()
        page.update()
        assert card.table is not None
        assert len(card.table.tree.get_children()) == len(card.chart.rows()) > 10
        card.toggle.invoke()
        assert card.table is None


def test_other_facts_are_shown(overview: Any, make_view: Make, wait_until: Any) -> None:
    page = overview()
    assert page.tiles.tiles[0].model.value == "48"
    page._stage.bridge.put(STATES["overdue"])
    wait_until(lambda: page.tiles.tiles[0].model.value == "45")
    wait_until(lambda: page.events.list.events[0].when == "Monday at 02:00")  # one part after the other
    assert "4 were missed" in page.coverage.sentence.text


def test_space_and_events_stand_below_each_other_where_it_is_narrow(overview: Any) -> None:
    page = overview(width=600, height=700)
    assert page.events.winfo_y() > page.space.winfo_y() + page.space.winfo_height()
    page = overview(width=1040)
    assert page.events.winfo_y() == page.space.winfo_y()


def test_a_page_that_is_higher_than_the_window_scrolls(overview: Any) -> None:
    page = overview(width=800, height=600)
    assert page.bar.needed
    bottom = page.events.winfo_rooty() + page.events.winfo_height()
    assert bottom > page.winfo_rooty() + page.winfo_height()
    page.canvas.yview_moveto(1)
    page.update()
    bottom = page.events.winfo_rooty() + page.events.winfo_height()
    assert bottom <= page.winfo_rooty() + page.winfo_height()


def test_nothing_is_there_yet(overview: Any) -> None:
    page = overview(STATES["never"])
    assert page.tiles.tiles[0].model.value == "0"
    assert page.events.list.events == ()
