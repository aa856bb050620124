"""The history: thousands of rows without a pause, kept selection and place, the keyboard, and the host's theme."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from tkinter import ttk
from typing import Any

import pytest

from litekeep.ui.presenter.models import Tone
from litekeep.ui.widgets.look import OWN
from litekeep.ui.widgets.table import HistoryTable
from ui.widgets import samples

Wait = Callable[..., None]
STALL = 0.05
"""Seconds; of this thread's own work, so that what else the machine does is not measured."""


@pytest.fixture
def told() -> list[tuple[str, object]]:
    return []


@pytest.fixture
def table(window: Any, told: list[tuple[str, object]]) -> HistoryTable:
    def tell(name: str) -> Callable[..., None]:
        return lambda *what: told.append((name, what[0] if len(what) == 1 else what))

    names = ("select", "open", "toggle", "delete", "sort", "menu")
    acts: dict[str, Any] = {f"on_{name}": tell(name) for name in names}
    table = HistoryTable(window, samples.COLUMNS, **acts)
    table.pack(fill="both", expand=True)
    window.update()
    return table


def order(table: HistoryTable) -> list[str]:
    return list(table.tree.get_children())


def test_rows_signs_and_numbers(table: Any) -> None:
    rows = samples.history(30)
    table.set_rows(rows)
    table.update()
    assert order(table) == [row.key for row in rows]
    assert table.tree.item("row0", "values") == rows[0].cells
    assert str(table.tree.column("size", "anchor")) == "e"
    images = {table.tree.item(key, "image")[0] for key in ("row0", "row4", "row5", "row9")}
    assert len(images) == 4, "ok, pinned, warned, failed look different"


def test_every_text_has_room(table: Any) -> None:
    rows = samples.history(60)
    table.set_rows(rows)
    table.update()
    for at, column in enumerate(samples.COLUMNS):
        room = table.tree.column(column.key, "width") - 16
        assert max(table.text_width(row.cells[at]) for row in rows) <= room, column.key


@pytest.mark.parametrize("width", [1200, 700])
def test_the_columns_fill_the_table_and_no_more(table: Any, window: Any, wait_until: Wait, width: int) -> None:
    table.set_rows(samples.history(60))
    window.geometry(f"{width}x500")
    wait_until(lambda: window.winfo_width() == width)
    wait_until(lambda: table.tree.winfo_width() < width)
    used = sum(table.tree.column(name, "width") for name in ("#0", *(column.key for column in samples.COLUMNS)))
    assert used == table.tree.winfo_width()
    assert table.tree.column("size", "width") < 90


def test_5000_rows_come_in_steps_that_nobody_feels(table: Any, wait_until: Wait) -> None:
    rows = samples.history(5000)
    steps: list[float] = []
    fill = table._fill

    def timed(*given: Any) -> None:
        begin = time.thread_time()
        fill(*given)
        steps.append(time.thread_time() - begin)

    table._fill = timed
    begin = time.thread_time()
    table.set_rows(rows)
    at_once = time.thread_time() - begin
    assert len(order(table)) == 100
    wait_until(lambda: table.complete, 20)
    assert order(table) == [row.key for row in rows]
    assert len(steps) > 20
    assert at_once < STALL
    assert sorted(steps)[-3] < STALL, "two may have been held up by the machine"


def test_a_step_of_scrolling_through_5000_rows(table: Any, wait_until: Wait) -> None:
    table.set_rows(samples.history(5000))
    wait_until(lambda: table.complete, 20)
    times = []
    for _ in range(30):
        begin = time.thread_time()
        table.tree.event_generate("<Button-5>")
        table.update_idletasks()
        times.append(time.thread_time() - begin)
    assert table.tree.yview()[0] == pytest.approx(90 / 5000)
    assert sorted(times)[15] < 0.02


def test_a_refresh_keeps_selection_and_place_and_writes_only_what_differs(table: Any, wait_until: Wait) -> None:
    rows = list(samples.history(400))
    table.set_rows(rows)
    wait_until(lambda: table.complete)
    table.select("row200", "row201")
    table.tree.yview_moveto(195 / 400)
    table.update()
    top = table.tree.identify_row(60)
    written: list[str] = []
    write = table._write

    def noted(at: int, row: Any) -> int:
        done: int = write(at, row)
        if done:
            written.append(row.key)
        return done

    table._write = noted
    newer = replace(rows[0], key="new")
    changed = replace(rows[5], tone=Tone.BAD, mark="bad")
    table.set_rows([newer, *rows[:5], changed, *rows[6:50], *rows[51:]])
    wait_until(lambda: table.complete)
    assert written == ["new", "row5"]
    assert table.selected == ("row200", "row201")
    assert table.tree.identify_row(60) == top
    assert "row50" not in order(table)


def test_at_the_top_new_rows_are_seen(table: Any, wait_until: Wait) -> None:
    rows = samples.history(100)
    table.set_rows(rows)
    table.set_rows([replace(rows[0], key="new"), *rows])
    wait_until(lambda: table.complete)
    assert table.tree.yview()[0] == 0
    assert order(table)[0] == "new"


def test_another_order_and_another_filter_while_rows_are_still_coming(table: Any, wait_until: Wait) -> None:
    rows = samples.history(2000)
    table.set_rows(rows)
    table.set_rows(rows[::-1])
    table.update()
    table.set_rows(rows[::3])
    wait_until(lambda: table.complete)
    assert order(table) == [row.key for row in rows[::3]]
    table.set_rows(rows[::-1])
    wait_until(lambda: table.complete)
    assert order(table) == [row.key for row in rows[::-1]]


def test_destroyed_while_rows_are_coming(table: Any, window: Any) -> None:
    table.set_rows(samples.history(5000))
    table.destroy()
    for _ in range(20):
        window.update()


def test_keys(table: Any, told: list[tuple[str, object]], window: Any, press_keys: Any) -> None:
    table.set_rows(samples.history(60))
    table.focus_set()
    window.update()
    press_keys("Down", "Down")
    assert table.selected == ("row1",)
    press_keys("End")
    assert table.selected == ("row59",)
    assert table.tree.bbox("row59")
    press_keys("Home", "Shift-Down", "Shift-Down")
    assert table.selected == ("row0", "row1", "row2")
    told.clear()
    press_keys("space", "Return", "Delete")
    keys = ("row0", "row1", "row2")
    assert told == [("toggle", keys), ("open", keys), ("delete", keys)]
    press_keys("Next")
    assert table.selected not in ((), ("row0",))
    press_keys("Prior")
    press_keys("Control-a")
    assert len(table.selected) == 60
    told.clear()
    table.select("row3")
    press_keys("Shift-F10")
    window.update()
    assert [what[0] for name, what in told if name == "menu"] == [("row3",)]  # type: ignore[index]


def test_keys_on_nothing(table: Any, told: list[tuple[str, object]], window: Any, press_keys: Any) -> None:
    table.focus_set()
    window.update()
    press_keys("Down", "End", "space", "Return", "Delete", "Shift-F10", "Control-a")
    assert told == []


def test_pointer(table: Any, told: list[tuple[str, object]], click: Any, window: Any) -> None:
    table.set_rows(samples.history(60))
    window.update()
    x, y, _, height = table.tree.bbox("row2", "reason")
    click(table.tree, x + 5, y + height // 2)
    assert table.selected == ("row2",)
    assert ("select", ("row2",)) in told
    click(table.tree, x + 5, y + 3 * height // 2, button=3)
    assert [what[0] for name, what in told if name == "menu"] == [("row3",)]  # type: ignore[index]
    assert table.selected == ("row3",)
    for _ in range(2):
        click(table.tree, x + 5, y + 5)
    click(table.tree, x + 20, 10)
    assert [name for name, _ in told][-2:] == ["open", "sort"]
    assert told[-1][1] == "reason"


def test_the_arrow_on_the_heading(table: Any) -> None:
    table.set_sort("size", descending=True)
    assert table.tree.heading("size", "text") == "Size ▾"
    table.set_sort("date", descending=False)
    assert (table.tree.heading("size", "text"), table.tree.heading("date", "text")) == ("Size", "Date ▴")


def test_a_first_selection_does_not_scroll_away_the_first_row(window: Any, wait_until: Wait) -> None:
    table = HistoryTable(window, samples.COLUMNS)
    table.set_rows(samples.history())
    table.select("row1")
    table.pack(fill="both", expand=True)
    wait_until(lambda: table.winfo_viewable() and not table._timers)
    assert table.tree.yview()[0] == 0


def styles(table: Any) -> tuple[str, str, int]:
    style = ttk.Style(table)
    name = str(table.tree.cget("style"))
    return style.lookup(name, "background"), style.lookup(name, "foreground"), int(style.lookup(name, "rowheight"))


def test_dark_and_scale(table: Any) -> None:
    import customtkinter

    table.set_rows(samples.history(20))
    assert styles(table) == (OWN.surface[0], OWN.text[0], 30)
    image = table.tree.item("row0", "image")[0]
    customtkinter.set_appearance_mode("dark")
    customtkinter.set_widget_scaling(1.5)
    table.update()
    assert styles(table) == (OWN.surface[1], OWN.text[1], 45)
    assert table.tree.item("row0", "image")[0] != image
    assert table.tree.bbox("row0")[3] == 45


def test_the_theme_of_the_host_is_left_alone_and_may_change(table: Any, wait_until: Wait) -> None:
    style = ttk.Style(table)
    host = ttk.Treeview(table.winfo_toplevel())
    before = style.theme_use()
    own = {option: style.lookup("Treeview", option) for option in ("background", "foreground", "rowheight", "font")}
    table.set_rows(samples.history(5))
    try:
        style.theme_use("alt")
        wait_until(lambda: styles(table) == (OWN.surface[0], OWN.text[0], 30))
        table.update()
    finally:
        style.theme_use(before)
    table.update()
    assert styles(table) == (OWN.surface[0], OWN.text[0], 30)
    assert {option: style.lookup("Treeview", option) for option in own} == own
    assert str(host.cget("style")) == ""
