"""Everything at once: what is where, what survives another layout, the details, the settings, and how it looks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from litekeep.ui.presenter.models import Filter
from ui.conftest import AssertGolden, WaitUntil
from ui.view.conftest import Make
from ui.view.copystates import NONE
from ui.view.dashboard.conftest import PLANNED, settled
from ui.view.settings.sitting import Sitting
from ui.view.states import HEALTHY, KEPT, STATES
from ui.view.still import Still

DashboardOf = Callable[..., Any]
SLOWEST_MS = 300
"""Of the processor's time: for how long the window may not answer while the layout changes. Ten times the goal, which
benchmarks measure: a strange machine may be slow, and a step that draws everything at once takes longer."""
AFTERWARDS_S = 0.1
"""How long a layout that is there is watched for work that is still to come."""


@pytest.fixture
def resized(window: Any, wait_until: WaitUntil) -> Callable[[Any, int, int, str], None]:
    """resized(view, width, height, page): the window has that size, and the view shows that page."""

    def resize(view: Any, width: int, height: int, page: str) -> None:
        window.geometry(f"{width}x{height}")
        wait_until(lambda: (view.winfo_width(), view.winfo_height()) == (width, height))
        wait_until(lambda: view.page == page and (page != "dashboard" or settled(view)))

    return resize


def within(inner: Any, outer: Any) -> bool:
    """It can be seen as a whole."""
    right, bottom = (outer.winfo_rootx() + outer.winfo_width(), outer.winfo_rooty() + outer.winfo_height())
    return bool(
        inner.winfo_viewable()
        and inner.winfo_rootx() >= outer.winfo_rootx()
        and inner.winfo_rooty() >= outer.winfo_rooty()
        and inner.winfo_rootx() + inner.winfo_width() <= right
        and inner.winfo_rooty() + inner.winfo_height() <= bottom
    )


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize(("width", "height"), [(1200, 800), (1100, 760), (1590, 1000)])
def test_everything_can_be_seen_at_once(
    dashboard_of: DashboardOf, wait_until: WaitUntil, lang: str, width: int, height: int
) -> None:
    page = dashboard_of(PLANNED, width, height, lang=lang)
    side = page.side
    for card in (page.tiles, page.coverage, page.backups.card, side.schedule, side.retention, side.space):
        wait_until(lambda card=card: within(card, page))
    wait_until(lambda: not side.page.bar.needed)
    assert side.winfo_width() == 336 + 16
    assert not page.stage.tabs.winfo_viewable()
    assert within(side.more, side.schedule)
    assert side.more.winfo_rootx() >= side.schedule.title.winfo_rootx() + side.schedule.title.winfo_reqwidth()
    rule = side.schedule.row
    assert side.schedule.at.winfo_y() < side.schedule.mode.winfo_height(), "the time is beside the choice"
    assert side.schedule.at.winfo_x() + side.schedule.at.winfo_width() <= rule.winfo_width()


def test_the_3_2_1_rule_has_a_line_where_there_is_room(dashboard_of: DashboardOf, wait_until: WaitUntil) -> None:
    low = dashboard_of(NONE, 1200, 800)
    assert low.meter.hidden
    assert low.tiles.tiles[-1].model.value == "None"
    low.stage.destroy()
    high = dashboard_of(NONE, 1200, 900)
    wait_until(lambda: not high.meter.hidden)
    assert high.meter.winfo_y() + high.meter.winfo_height() < high.coverage.winfo_y()
    assert within(high.backups.card, high)
    high.stage.bridge.put(HEALTHY)  # nobody knows where the data is
    wait_until(lambda: high.meter.hidden)


def test_a_small_view_has_pages_and_so_has_one_that_asks_for_them(make_view: Make) -> None:
    for page, width, height, options in (
        ("overview", 1040, 720, {}),
        ("overview", 1200, 800, {"layout": "pages"}),
        ("overview", 1200, 800, {"pages": ("overview", "backups")}),
        ("dashboard", 1200, 800, {"layout": "dashboard"}),
    ):
        view = make_view(Still(HEALTHY), width, height, **options)
        assert view.page == page
        view.destroy()


def test_a_view_that_has_no_size_yet_waits_for_it(window: Any, wait_until: WaitUntil) -> None:
    import customtkinter

    from litekeep.ui import BackupView

    frame = customtkinter.CTkFrame(window)
    view = BackupView(frame, None, bridge=Still(HEALTHY), lang="en")  # type: ignore[arg-type]
    view.pack(fill="both", expand=True)
    assert not view.pages
    frame.pack(fill="both", expand=True)
    wait_until(lambda: view.page == "dashboard" and settled_without_preview(view))
    assert list(view.pages) == ["dashboard"]


def settled_without_preview(view: Any) -> bool:
    side = view.pages["dashboard"].side
    return side is not None and bool(side.complete)


def test_going_to_pages_that_are_one(dashboard_of: DashboardOf, wait_until: WaitUntil) -> None:
    page = dashboard_of()
    view = page.stage
    view.go("backups", Filter.PINNED)
    assert view.page == "dashboard"
    assert page.backups.card.filters.value == Filter.PINNED
    assert [row.key for row in page.backups._listing.rows] == [KEPT[-5].id]
    page.side.more.invoke()
    assert view.page == "settings"
    wait_until(view.tabs.winfo_viewable)
    assert [text for _, text in view.tabs.items] == ["Dashboard", "Settings"]
    view.tabs.choose("dashboard")
    wait_until(lambda: page.winfo_viewable() and not view.tabs.winfo_viewable())
    view.go("overview")
    assert view.page == "dashboard"


def test_the_details_come_in_place_of_the_right_column(
    dashboard_of: DashboardOf, window: Any, wait_until: WaitUntil
) -> None:
    page = dashboard_of()
    tree, pane = page.backups.card.table.tree, page.backups.pane
    place = (page.side.winfo_rootx(), page.side.winfo_width() - 16)
    page.backups.focus_table()
    wait_until(lambda: page.focus_get() is tree)
    tree.event_generate("<Return>")
    wait_until(lambda: pane.winfo_viewable() and not page.side.winfo_viewable())
    assert pane.title.text == "Today at 02:00"
    wait_until(lambda: (pane.winfo_rootx(), pane.winfo_width()) == place)
    page.backups.card.table.select(KEPT[-2].id)
    wait_until(lambda: pane.title.text == "Yesterday at 02:00")
    page.focus_get().event_generate("<Escape>")
    wait_until(lambda: page.side.winfo_viewable() and not pane.winfo_viewable())
    wait_until(lambda: page.focus_get() is tree)
    page.backups.key_act("open")
    wait_until(lambda: pane.winfo_viewable() and page.focus_get() is not tree)
    page.backups.focus_table()
    wait_until(lambda: page.focus_get() is tree)
    tree.event_generate("<Escape>")
    wait_until(lambda: not pane.winfo_viewable())


def test_edits_are_previewed_saved_and_discarded(dashboard_of: DashboardOf, wait_until: WaitUntil) -> None:
    page = dashboard_of()
    side, view = page.side, page.stage
    assert side.retention.headline.text.startswith("Keeps 44 backups")
    side.retention.steppers["days"].step(-10)
    wait_until(lambda: side.retention.headline.text.startswith("Keeps 36 backups"))
    wait_until(lambda: within(side.save_bar.save, page))
    assert view.has_unsaved_changes()
    side.save_bar.discard.invoke()
    wait_until(lambda: not side.save_bar.winfo_viewable())
    assert not view.has_unsaved_changes()
    side.schedule.shutdown.act()
    side.save_bar.save.invoke()
    (asked,) = [each for each in view.bridge.asked if each[0] == "change_settings"]
    assert list(asked[1]) == ["backup.backup_on_shutdown"]


def test_edits_and_the_selection_survive_another_layout(
    dashboard_of: DashboardOf, resized: Callable[..., None], wait_until: WaitUntil
) -> None:
    page = dashboard_of()
    view = page.stage
    page.side.retention.steppers["weeks"].step(+3)
    page.backups.card.set_search("scheduled")
    page.backups.search("scheduled")
    page.backups.card.table.select(KEPT[-4].id, KEPT[-6].id)
    page.backups.focus_table()
    wait_until(lambda: page.in_use)
    resized(view, 1000, 700, "backups")
    pages = view.pages["backups"]
    assert set(pages.card.table.selected) == {KEPT[-4].id, KEPT[-6].id}
    assert pages.card.entry.text == "scheduled"
    assert [text for _, text in view.tabs.items] == ["Overview", "Backups", "Settings •"]
    view.go("settings")
    assert view.pages["settings"].retention.steppers["weeks"].value == 15
    view.pages["settings"].retention.steppers["weeks"].step(+1)
    view.go("backups")
    pages.filter_by(Filter.PINNED)
    resized(view, 1200, 800, "dashboard")
    assert page.backups.card.filters.value == Filter.PINNED
    assert page.backups.card.entry.text == ""
    assert [row.key for row in page.backups._listing.rows] == [KEPT[-5].id]
    assert page.side.retention.steppers["weeks"].value == 16
    resized(view, 1080, 690, "dashboard")
    resized(view, 1050, 690, "backups")
    resized(view, 1090, 760, "backups")


def test_the_overview_comes_back_where_nobody_used_the_table(
    dashboard_of: DashboardOf, resized: Callable[..., None]
) -> None:
    view = dashboard_of().stage
    resized(view, 900, 650, "overview")
    view.go("settings")
    resized(view, 1200, 800, "settings")
    assert [key for key, _ in view.tabs.items] == ["dashboard", "settings"]
    resized(view, 900, 650, "settings")
    assert [key for key, _ in view.tabs.items] == ["overview", "backups", "settings"]


def test_a_panel_stays_open_while_the_layout_changes(
    dashboard_of: DashboardOf, window: Any, wait_until: WaitUntil
) -> None:
    page = dashboard_of()
    view = page.stage
    view._deeds.list_shortcuts()
    window.geometry("900x650")
    wait_until(lambda: view.page == "overview")
    assert view.panel.winfo_viewable()
    assert not view.tabs.winfo_viewable()
    view.close_panel()
    wait_until(lambda: view.tabs.winfo_viewable() and view.pages["overview"].winfo_viewable())


def test_keys(dashboard_of: DashboardOf, window: Any, wait_until: WaitUntil) -> None:
    page = dashboard_of()
    window.event_generate("<Control-f>")
    wait_until(lambda: page.backups.card.entry.focused)
    page.backups.card.table.select(KEPT[-3].id)
    assert page.stage.selected() == KEPT[-3]


def test_settings_of_the_application_cannot_be_edited_and_say_why(dashboard_of: DashboardOf) -> None:
    side = dashboard_of(replace(PLANNED, editable=False)).side
    assert "came from the application" in side.banner.line.words.text
    assert within(side.banner, side)
    assert not side.schedule.switch.enabled


@pytest.mark.parametrize("name", ["never", "missing", "loading", "failing"])
def test_other_states(make_view: Make, wait_until: WaitUntil, screenshot: Any, name: str) -> None:
    from ui.conftest import SEEN

    view = make_view(Sitting(STATES[name]), 1200, 800)
    wait_until(lambda: settled_without_preview(view))
    screenshot(view, SEEN / f"dashboard-{name}.png")
    value = view.pages["dashboard"].tiles.tiles[0].model.value
    assert value == {"never": "0", "failing": "47"}.get(name, "—")


def test_the_window_answers_while_the_layout_changes(dashboard_of: DashboardOf, window: Any) -> None:
    """After both layouts were there once, so that pictures are drawn and modules imported; the best of some tries."""
    import _tkinter

    view = dashboard_of().stage

    def slowest(width: int, height: int, page: str) -> float:
        worst, ends, arrived = 0.0, time.monotonic() + 10, math.inf
        window.geometry(f"{width}x{height}")
        while time.monotonic() < min(ends, arrived + AFTERWARDS_S):
            before = time.process_time()
            worked = window.tk.dooneevent(_tkinter.DONT_WAIT)
            worst = max(worst, time.process_time() - before)
            there = view.page == page and view.winfo_width() == width and (page != "dashboard" or settled(view))
            arrived = min(arrived, time.monotonic()) if there else math.inf
            if not worked:
                time.sleep(0.001)
        assert arrived < math.inf, "it never arrives"
        return worst * 1000

    found = [(slowest(1000, 700, "overview"), slowest(1200, 800, "dashboard")) for _ in range(4)]
    assert min(max(each) for each in found[1:]) < SLOWEST_MS, found


@pytest.mark.parametrize(
    ("mode", "lang", "size", "scale"),
    [
        ("light", "en", (1200, 800), 1.0),
        ("dark", "fr", (1200, 800), 1.0),
        ("light", "fr", (1100, 760), 1.0),
        ("dark", "en", (1590, 1000), 1.0),
        ("dark", "fr", (1590, 1080), 1.4),
    ],
)
def test_it_looks_as_before(
    dashboard_of: DashboardOf,
    appearance: Callable[[str], None],
    assert_golden: AssertGolden,
    window: Any,
    wait_until: WaitUntil,
    mode: str,
    lang: str,
    size: tuple[int, int],
    scale: float,
) -> None:
    import customtkinter

    window.geometry("+0+0")
    appearance(mode)
    customtkinter.set_widget_scaling(scale)
    try:
        page = dashboard_of(PLANNED, *size, lang=lang, theme="own")
        wait_until(lambda: not page.side.page.bar.needed)
        assert_golden(page.stage, f"dashboard-{mode}-{lang}-{size[0]}-{scale}")
    finally:
        customtkinter.set_widget_scaling(1.0)


def test_details_and_edits_look_as_before(
    dashboard_of: DashboardOf, assert_golden: AssertGolden, window: Any, wait_until: WaitUntil
) -> None:
    page = dashboard_of(PLANNED, theme="own")
    page.side.retention.steppers["days"].step(-10)
    wait_until(lambda: page.side.retention.headline.text.startswith("Keeps 36 backups"))
    wait_until(page.side.save_bar.winfo_viewable)
    window.focus_set()
    assert_golden(page.stage, "dashboard-edited-light-en")
    page.backups.key_act("open")
    wait_until(page.backups.pane.winfo_viewable)
    window.focus_set()
    wait_until(lambda: window.focus_get() is window)
    assert_golden(page.stage, "dashboard-details-light-en")
