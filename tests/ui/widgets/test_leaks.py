"""Whatever is mounted many times and destroyed leaves nothing: objects, timers, bindings, commands, registrations."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from customtkinter import AppearanceModeTracker, ScalingTracker

from litekeep.ui.widgets.bars import BarChart
from litekeep.ui.widgets.buttons import Button, Link
from litekeep.ui.widgets.card import Card, Tile
from litekeep.ui.widgets.chartcard import ChartCard
from litekeep.ui.widgets.choices import Choice, Segmented
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.fields import Entry, Stepper
from litekeep.ui.widgets.heatmap import HeatMap
from litekeep.ui.widgets.hero import Hero
from litekeep.ui.widgets.menus import MenuItem, PopUp
from litekeep.ui.widgets.notice import Notice
from litekeep.ui.widgets.page import Page
from litekeep.ui.widgets.table import HistoryTable
from litekeep.ui.widgets.ticks import TickChart
from litekeep.ui.widgets.tips import Tip
from litekeep.ui.widgets.toggles import Check, Switch
from ui.widgets import samples

TIMES = 20


def nothing(*_: object) -> None: ...


def hero(place: Any) -> Any:
    shown = Hero(place, samples.RUNNING, nothing)
    shown.update_from(samples.PROTECTED)
    return shown


def notice(place: Any) -> Any:
    shown = Notice(place, samples.FAILED, samples.NOTICE_WORDS, nothing, nothing)
    shown.show_details()
    return shown


def table(place: Any) -> Any:
    shown = HistoryTable(place, samples.COLUMNS)
    shown.set_rows(samples.history(300))
    return shown


def hinted(place: Any) -> Any:
    button = Button(place, "Verify", nothing)
    Tip(button).show("Reads every backup.", 40, 80)
    button.canvas.event_generate("<Enter>")
    popup = PopUp(button)
    popup.show([MenuItem("Restore…", nothing), MenuItem("Pin", nothing, enabled=False)], 40, 80)
    popup.menu.unpost()
    return button


def page(place: Any) -> Any:
    shown = Page(place)
    for make in (Button, Link, Switch, Check):
        make(shown.content, "Text", nothing).grid()
    Choice(shown.content, (("a", "A"),), "a").grid()
    Segmented(shown.content, (("a", "A"),), "a").grid()
    Stepper(shown.content, 3, nothing).grid()
    Entry(shown.content, placeholder="Search", sign="search", clearable=True, command=nothing).grid()
    return shown


def charts(place: Any) -> Any:
    shown = Card(place, "Charts")
    BarChart(shown.content, samples.bars()).grid(sticky="ew")
    TickChart(shown.content, samples.preview()).grid(sticky="ew")
    card = ChartCard(shown.content, "T", samples.CHART_WORDS, lambda p: HeatMap(p, samples.coverage()))
    card.grid(sticky="ew")
    card.switch()
    Tile(shown.content, samples.TILES[0]).grid()
    return shown


def strip(place: Any) -> Any:
    return Notice(place, samples.DELETED, samples.NOTICE_WORDS, nothing, nothing)


def state(root: Any, window: Any) -> dict[str, object]:
    gc.collect()
    kinds = (Piece, Tip)
    return {
        "objects": sum(isinstance(thing, kinds) for thing in gc.get_objects()),
        "timers": timers(root),
        "bindings": {
            (tag, name): root.tk.call("bind", tag, name)
            for tag in ("all", str(window), "Treeview", "Canvas", "Entry")
            for name in root.tk.splitlist(root.tk.call("bind", tag))
            if root.tk.call("bind", tag, name)
        },
        "commands": len(root.tk.splitlist(root.tk.call("info", "commands"))),
        "widgets": len(window.winfo_children()),
        "appearance": len(AppearanceModeTracker.callback_list),
        "scaling": sum(len(found) for found in ScalingTracker.window_widgets_dict.values()),
        "images": len(root.tk.splitlist(root.tk.call("image", "names"))),
    }


def timers(root: Any) -> list[str]:
    return [
        name
        for name in root.tk.splitlist(root.tk.call("after", "info"))
        if not any(own in str(root.tk.call("after", "info", name)) for own in ("check_dpi_scaling", "update"))
    ]


@pytest.mark.parametrize("make", [hero, notice, strip, table, hinted, page, charts])
def test_mounts_leave_nothing(root: Any, window: Any, make: Callable[[Any], Any], wait_until: Any) -> None:
    def mount() -> None:
        piece = make(window)
        piece.pack(fill="both", expand=True)
        window.update()
        piece.destroy()

    mount()  # what is made once: pictures, styles
    window.focus_force()
    wait_until(lambda: not timers(root))
    before = state(root, window)
    for _ in range(TIMES):
        mount()
    window.update()
    after = state(root, window)
    assert after == before


def test_a_plain_tk_master_does_not_hold_what_was_in_it(root: Any, window: Any) -> None:
    import tkinter

    frame = tkinter.Frame(window)
    frame.pack()
    configure = frame.configure
    Button(frame, "x").pack()
    button = weakref.ref(frame.winfo_children()[0])
    assert isinstance(button(), Button)
    assert frame.configure == configure
    frame.winfo_children()[0].destroy()
    gc.collect()
    assert button() is None


def test_theme_and_scale_after_all_is_gone(window: Any) -> None:
    import customtkinter

    piece = page(window)
    piece.destroy()
    customtkinter.set_appearance_mode("dark")
    customtkinter.set_widget_scaling(1.25)
    window.update()
