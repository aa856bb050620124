"""The charts show each value once, say it to the pointer and the keyboard, and are quick."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from litekeep.ui.presenter.models import Bars, Day, RetentionPreview
from litekeep.ui.widgets.bars import BarChart
from litekeep.ui.widgets.chartcard import ChartCard
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.heatmap import HeatMap, day_picture
from litekeep.ui.widgets.look import OWN
from litekeep.ui.widgets.ticks import TickChart
from ui.widgets import samples


@pytest.fixture
def place(window: Any) -> Piece:
    piece = Piece(window, fill=OWN.surface)
    piece.pack(fill="both", expand=True)
    piece.grid_columnconfigure(0, weight=1)
    return piece


def shown(chart: Any) -> Any:
    chart.grid(row=0, column=0, sticky="ew")
    chart.update()
    chart.update()
    return chart


def test_each_day_is_drawn_once_and_today_has_a_frame(place: Any) -> None:
    model = samples.coverage()
    chart = shown(HeatMap(place, model))
    days = [cell for week in model.weeks for cell in week if cell is not None]
    assert chart.count() == len(days)
    assert len(chart.canvas.find_withtag("today")) == 1
    assert {chart.says(index) for index in range(chart.count())} == {cell.text for cell in days}


def test_the_four_meanings_have_four_shapes() -> None:
    """Drawn in one colour they still differ."""
    kinds = (Day.RESTORABLE, Day.MISSED, Day.FAILED)
    pictures = {day_picture(day, 13, 3, 2, "#000000", "#FFFFFF").tobytes() for day in kinds}
    assert len(pictures) == 3
    for name in ("light", "dark"):
        at = ("light", "dark").index(name)
        assert len({OWN.day(day)[at] for day in Day}) == len(Day)


def test_it_shows_the_newest_weeks_that_fit(place: Any, window: Any, wait_until: Callable[..., None]) -> None:
    fits: list[int] = []
    chart = shown(HeatMap(place, samples.coverage(60), on_fit=fits.append))
    wait_until(lambda: fits)
    wide = chart.weeks_that_fit()
    assert fits == [wide]
    assert max(column for column, _, _ in chart._cells) == 59 or wide < 60
    window.geometry("500x800")
    wait_until(lambda: chart.winfo_width() == 500)
    wait_until(lambda: len(fits) == 2)
    narrow = chart.weeks_that_fit()
    assert fits[-1] == narrow < wide
    assert len({column for column, _, _ in chart._cells}) == narrow
    assert chart._cells[-1][2].today
    last = chart.area(chart.count() - 1)
    assert last[2] <= 500


def test_the_pointer_and_the_arrow_keys_say_the_sentence(place: Any, window: Any, press_keys: Any) -> None:
    chart = shown(HeatMap(place, samples.coverage()))
    left, top, right, bottom = chart.area(100)
    chart.canvas.event_generate("<Motion>", x=(left + right) // 2, y=(top + bottom) // 2)
    window.update()
    assert chart.tip.text == chart.says(100)
    chart.canvas.event_generate("<Leave>")
    assert not chart.tip.text
    chart.focus_set()
    window.update()
    assert chart.cursor == chart.count() - 1
    assert chart.tip.shown
    press_keys("Left", "Up")
    day = samples.TODAY.toordinal() - 8
    assert chart._cells[chart.cursor][2].day.toordinal() == day
    assert chart.tip.text == chart.says(chart.cursor)
    assert chart.canvas.find_withtag("cursor")
    press_keys("Home")
    assert chart.cursor == 0
    press_keys("Escape")
    assert not chart.tip.shown
    window.focus_force()
    window.update()


def test_a_year_is_drawn_in_less_than_15_ms(place: Any) -> None:
    chart = shown(HeatMap(place, samples.coverage(53)))
    times = []
    for _ in range(15):
        begin = time.thread_time()
        chart.redraw()
        times.append(time.thread_time() - begin)
    assert chart.count() > 360
    assert sorted(times)[2] < 0.015


def test_the_bars_are_as_high_as_their_values(place: Any) -> None:
    chart = shown(BarChart(place, samples.bars()))
    heights = [chart.area(index)[3] - chart.area(index)[1] for index in range(12)]
    assert heights == sorted(heights)
    assert heights[-1] / heights[0] == pytest.approx(41.8 / 6, rel=0.15)
    assert chart.at(chart.winfo_width() - 3, 10) == 11
    assert chart.rows()[0] == ("Sep: 41.8 MB",)


def test_no_values_are_no_trouble(place: Any) -> None:
    zero = replace(samples.bars(), bars=tuple(replace(bar, value=0) for bar in samples.bars().bars))
    for chart in (
        BarChart(place, Bars("", (), "")),
        BarChart(place, zero),
        TickChart(place, RetentionPreview((), (), "", "", "", 0)),
        HeatMap(place, replace(samples.coverage(), weeks=(), months=())),
    ):
        shown(chart)
        chart.focus_set()
        chart.canvas.event_generate("<Motion>", x=30, y=30)
        chart.canvas.event_generate("<Left>")
        chart.update()
        chart.destroy()


def test_a_tick_stands_where_it_belongs_and_its_height_is_its_tier(place: Any) -> None:
    model = samples.preview()
    chart = shown(TickChart(place, model))
    assert chart.count() == len(model.ticks)
    tops: dict[str, int] = {}
    for index in range(chart.count()):
        tick = model.ticks[chart._order[index]]
        left, top, _, base = chart.area(index)
        assert abs(left - tick.position * chart.winfo_width()) < 8
        tops[tick.tier] = base - top
    assert sorted(tops, key=lambda tier: tops[tier]) == ["other", "daily", "weekly", "monthly", "yearly"]
    index = chart.at(chart.area(3)[0], 5)
    assert chart.says(index) == chart.says(3)


@pytest.mark.parametrize("make", [lambda p: HeatMap(p, samples.coverage()), lambda p: TickChart(p, samples.preview())])
def test_theme_and_scale_draw_it_anew(place: Any, make: Any, wait_until: Callable[..., None]) -> None:
    import customtkinter

    chart = shown(make(place))
    background, width = chart.canvas.cget("background"), chart.winfo_height()
    customtkinter.set_appearance_mode("dark")
    chart.update()
    assert background == OWN.surface[0]
    assert chart.canvas.cget("background") == OWN.surface[1]
    area = chart.area(0)
    customtkinter.set_widget_scaling(1.5)
    wait_until(lambda: chart.winfo_height() == pytest.approx(width * 1.5, abs=4))
    larger = chart.area(0)
    assert larger[2] - larger[0] == pytest.approx((area[2] - area[0]) * 1.5, abs=1)


def test_the_same_data_as_a_table(place: Any, click: Any) -> None:
    model = samples.coverage()
    card = ChartCard(place, model.title, samples.CHART_WORDS, lambda p: HeatMap(p, model), sentence=model.sentence)
    shown(card)
    click(card.toggle.canvas)
    assert card.table is not None
    texts = [card.table.tree.item(item, "values")[0] for item in card.table.tree.get_children()]
    wanted = [cell.text for week in model.weeks for cell in week if cell is not None and cell.kind is not Day.NONE]
    assert Counter(texts) == Counter(wanted)
    assert not card.chart.winfo_ismapped()
    click(card.toggle.canvas)
    card.update()
    assert card.table is None
    assert card.chart.winfo_ismapped()


def test_a_hidden_chart_stays_hidden_when_the_scale_changes(place: Any) -> None:
    import customtkinter

    card = shown(ChartCard(place, "T", samples.CHART_WORDS, lambda p: BarChart(p, samples.bars())))
    card.switch()
    customtkinter.set_widget_scaling(1.25)
    card.update()
    assert not card.chart.winfo_ismapped()
