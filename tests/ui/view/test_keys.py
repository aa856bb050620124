"""Everything can be done with the keyboard, and only while the view can be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ui.view.states import HEALTHY, KEPT, STATES
from ui.view.still import Still

Make = Callable[..., Any]


def test_keys_do_what_the_list_says(make_view: Make, press_keys: Any) -> None:
    still = Still(HEALTHY)
    view = make_view(still)
    press_keys("Control-b")
    assert still.asked[0] == ("back_up", "")
    press_keys("Control-B")
    assert len(still.asked) == 2, "with Caps Lock too"
    press_keys("F5")
    assert ("refresh",) in still.asked
    press_keys("F1")
    assert type(view.panel).__name__ == "ShortcutsPanel"
    press_keys("F1")
    assert view.panel is None
    press_keys("Control-r")
    assert still.asked[-1] == ("preview_restore", KEPT[-1])
    press_keys("Escape")
    assert view.panel is None
    press_keys("Control-f")
    assert view.page == "backups"


def test_a_key_does_nothing_while_its_button_cannot_be_used(make_view: Make, press_keys: Any) -> None:
    still = Still(STATES["missing"])
    view = make_view(still)
    press_keys("Control-b", "Control-r")
    assert not still.asked
    assert view.panel is None


def test_two_views_in_a_window_do_not_hear_each_others_keys(window: Any, make_view: Make, press_keys: Any) -> None:
    first, second = Still(HEALTHY), Still(HEALTHY)
    hidden = make_view(first)
    hidden.pack_forget()
    make_view(second)
    press_keys("Control-b")
    assert not first.asked
    assert second.asked


def test_keys_are_taken_back_and_those_of_the_host_stay(window: Any, make_view: Make, press_keys: Any) -> None:
    heard: list[str] = []
    window.bind("<Control-b>", lambda _: heard.append("host"))
    still = Still(HEALTHY)
    view = make_view(still)
    press_keys("Control-b")
    assert heard == ["host"]
    assert len(still.asked) == 1
    view.destroy()
    press_keys("Control-b")
    assert heard == ["host", "host"]
    assert len(still.asked) == 1
    window.unbind("<Control-b>")


def test_tab_goes_through_the_hero_the_pages_and_the_charts(window: Any, make_view: Make, wait_until: Any) -> None:
    view = make_view(Still(HEALTHY))
    wait_until(lambda: view.pages["overview"].events is not None)
    view.head.hero.buttons[next(iter(view.head.hero.buttons))].focus_set()
    window.update()
    order = []
    for _ in range(9):
        order.append(type(window.nametowidget(str(window.focus_get())).master).__name__)
        window.focus_get().event_generate("<Tab>")
        window.update()
    assert order == ["Button", "Button", "Button", "Segmented", "Link", "HeatMap", "Link", "BarChart", "Button"]


def test_the_focus_comes_back_after_a_panel(window: Any, make_view: Make, press_keys: Any, wait_until: Any) -> None:
    view = make_view(Still(HEALTHY))
    view.tabs.focus_set()
    window.update()
    before = window.focus_get()
    press_keys("F1")
    wait_until(lambda: window.focus_get() is not before)
    press_keys("Escape")
    wait_until(lambda: window.focus_get() is before)
    assert view.tabs.winfo_ismapped()
