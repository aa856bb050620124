"""The page on given facts: rows, filters, search, order, the pane, the keyboard, and thousands of backups."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from litekeep.ui.presenter.models import Column, Filter
from litekeep.ui.view.backups.acts import Act
from litekeep.ui.view.backups.listing import Made, found
from litekeep.ui.view.backups.rooms import Room
from litekeep.ui.widgets.ctk import Piece
from ui.conftest import AssertGolden, WaitUntil
from ui.presenter.made import EN, NOW, facts, snap
from ui.view.conftest import Make
from ui.view.states import HEALTHY, KEPT, SAFE, STATES, of
from ui.view.still import Still
from ui.widgets.conftest import click, plain_window, press_keys

__all__ = ["click", "plain_window", "press_keys"]
PageOf = Callable[..., Any]
TRASHED = tuple(replace(each, trashed_at=NOW - timedelta(days=1 + at)) for at, each in enumerate(KEPT[5:8]))
WITH_TRASH = of(SAFE, tuple(each for each in KEPT if each not in KEPT[5:8]), trash=TRASHED)


def keys_of(page: Any) -> tuple[str, ...]:
    return tuple(map(str, page.card.table.tree.get_children()))


def test_the_newest_comes_first_and_is_selected(page_of: PageOf, wait_until: WaitUntil) -> None:
    page = page_of(Still(HEALTHY))
    assert keys_of(page)[0] == KEPT[-1].id
    assert page.card.table.selected == (KEPT[-1].id,)
    wait_until(lambda: page.pane.title.text == "Today at 02:00")
    texts = page.pane.sheet.texts
    assert "Why it is kept" in texts
    assert {"audit_log", "98,412"} <= set(texts)


def test_filters(page_of: PageOf) -> None:
    page = page_of(Still(WITH_TRASH))
    assert [text for _, text in page.card.filters.items] == ["All  47", "Pinned  1", "Problems  2", "Trash  3"]
    page.card.filters.choose(str(Filter.PINNED))
    assert keys_of(page) == (KEPT[-5].id,)
    page.card.filters.choose(str(Filter.PROBLEMS))
    assert all(key.startswith("run:") for key in keys_of(page))
    page.card.filters.choose(str(Filter.TRASH))
    assert set(keys_of(page)) == {each.id for each in TRASHED}
    assert not page.card.buttons[Act.DELETE].winfo_viewable()
    page.filter_by(Filter.ALL)
    assert len(keys_of(page)) == 47
    assert page.card.filters.value == Filter.ALL


def test_search_while_typing(page_of: PageOf, press_keys: Any, wait_until: WaitUntil) -> None:
    page = page_of(Still(HEALTHY))
    page.winfo_toplevel().event_generate("<Control-f>")
    wait_until(lambda: page.card.entry.focused)
    press_keys(*"payroll")
    wait_until(lambda: keys_of(page) == (KEPT[-5].id,))
    press_keys("z")
    wait_until(lambda: page.card.empty.words.text == "Nothing found for “payrollz”.")
    assert page.card.empty.winfo_viewable()
    page.card.empty.button.invoke()
    wait_until(lambda: len(keys_of(page)) == 50)
    assert page.card.entry.text == ""


@pytest.mark.parametrize("column", list(Column))
def test_headings_sort_both_ways(page_of: PageOf, column: Column) -> None:
    page = page_of(Still(HEALTHY))
    orders = []
    for _ in range(2):
        page.sort(column)
        orders.append([row.keys[list(Column).index(column)] for row in page._listing.rows])
        assert keys_of(page) == tuple(row.key for row in page._listing.rows)
    assert sorted(orders[0]) in (orders[0], orders[0][::-1])
    assert orders[0] != orders[1] or len(set(orders[0])) == 1


def test_other_facts_keep_selection_and_place(page_of: PageOf, wait_until: WaitUntil) -> None:
    still = Still(HEALTHY)
    page = page_of(still)
    tree = page.card.table.tree
    chosen = KEPT[10].id
    page.card.table.select(chosen)
    wait_until(lambda: tree.bbox(chosen))
    above = tree.bbox(chosen)[1]
    new = snap(999, NOW, size=48_300_032)
    still.put(of(SAFE, (*KEPT, new)))
    wait_until(lambda: new.id in keys_of(page))
    assert page.card.table.selected == (chosen,)
    assert abs(tree.bbox(chosen)[1] - above) <= 1
    still.put(of(SAFE, (*(each for each in KEPT if each.id != chosen), new)))
    wait_until(lambda: chosen not in keys_of(page))
    wait_until(lambda: page.card.table.selected == (KEPT[9].id,))


@pytest.mark.parametrize("width", [700, 900, 1040, 1400])
def test_the_columns_fill_the_table(page_of: PageOf, wait_until: WaitUntil, width: int) -> None:
    page = page_of(Still(HEALTHY), 1200, 720)
    page.winfo_toplevel().geometry(f"{width}x720")
    tree = page.card.table.tree
    wait_until(lambda: page.winfo_toplevel().winfo_width() == width)

    def filled() -> bool:
        shown = ["#0", *map(str, tree.cget("displaycolumns"))]
        return bool(sum(tree.column(column, "width") for column in shown) == tree.winfo_width())

    wait_until(filled)
    least = {column: tree.column(column, "width") for column in map(str, tree.cget("displaycolumns"))}
    assert least["reason"] >= 140
    assert least["status"] >= 60


def test_several_selected(page_of: PageOf, wait_until: WaitUntil) -> None:
    still = Still(HEALTHY)
    page = page_of(still)
    page.card.table.select(KEPT[-1].id, KEPT[-5].id)
    wait_until(lambda: page.pane.title.text == "2 selected")
    usable = {act for act, button in page.card.buttons.items() if button.enabled}
    assert usable == {Act.VERIFY, Act.PIN, Act.DELETE}
    page.act(Act.PIN)
    assert still.asked[-1] == ("pin", (KEPT[-1],)), "one of them is pinned already"


def test_a_failed_run_says_what_to_do(page_of: PageOf, wait_until: WaitUntil) -> None:
    still = Still(STATES["failing"])
    page = page_of(still)
    assert page.card.table.selected[0].startswith("run:")
    wait_until(lambda: "What to do" in page.pane.sheet.texts)
    assert not any(button.enabled for button in page.card.buttons.values())
    page.pane.button.invoke()
    assert ("back_up", "") in still.asked
    page.pane.copy_link.invoke()
    assert "What happened: The disk is full." in page.clipboard_get()


def test_hundreds_of_tables(page_of: PageOf, wait_until: WaitUntil) -> None:
    many = tuple((f"table_{number:03}", 1000 - number) for number in range(500))
    page = page_of(Still(of(SAFE, (*KEPT[:-1], replace(KEPT[-1], tables=many)))))
    sheet = page.pane.sheet
    wait_until(lambda: sheet.complete and "table_499" in sheet.texts)
    assert sheet.bar.needed
    page.key_act("open")
    wait_until(lambda: page.focus_get() is sheet.canvas)
    sheet.canvas.event_generate("<End>")
    wait_until(lambda: sheet.canvas.yview()[1] == 1.0)
    sheet.canvas.event_generate("<Escape>")
    wait_until(lambda: page.focus_get() is page.card.table.tree)


def test_the_menu_offers_what_the_bar_offers(page_of: PageOf) -> None:
    page = page_of(Still(HEALTHY))
    items = page.menu_items()
    assert [each[0] if each else "-" for each in items] == [
        *("Restore…", "Verify", "Pin", "Label…", "Export…"),
        *("-", "Details", "Copy the identifier", "-", "Delete…"),
    ]
    page._menu.fill(items)
    page._menu.menu.invoke(2)
    assert page.stage.bridge.asked[-1] == ("pin", (KEPT[-1],))


def test_by_keyboard_alone(page_of: PageOf, press_keys: Any, wait_until: WaitUntil) -> None:
    still = Still(HEALTHY)
    page = page_of(still)
    page.focus_search()
    wait_until(lambda: page.card.entry.focused)
    press_keys("Down", "Down", "Down")
    assert page.focus_get() is page.card.table.tree
    assert page.card.table.selected == (KEPT[-3].id,)
    press_keys("Shift-Down")
    assert len(page.card.table.selected) == 2
    press_keys("Up", "space")
    assert still.asked[-1][0] == "pin"
    press_keys("Delete")
    wait_until(lambda: page.stage.panel is not None)
    wait_until(lambda: page.focus_get() is not page.card.table.tree)
    press_keys("Escape")
    wait_until(lambda: page.stage.panel is None)
    wait_until(lambda: page.focus_get() is page.card.table.tree)
    press_keys("Control-r")
    wait_until(lambda: type(page.stage.panel).__name__ == "RestorePanel")


def test_every_usable_control_is_reached_with_tab(page_of: PageOf, press_keys: Any) -> None:
    page = page_of(Still(HEALTHY))
    page.card.filters.focus_set()
    seen = []
    for _ in range(14):
        press_keys("Tab")
        seen.append(page.focus_get())
    usable = [button.canvas for button in page.card.buttons.values() if button.enabled and button.winfo_viewable()]
    wanted = [page.card.entry.entry, *usable, page.card.table.tree, page.pane.button.canvas, page.pane.copy_link.canvas]
    assert [each for each in wanted if each not in seen] == []


def test_below_and_in_place_of_the_table(page_of: PageOf, wait_until: WaitUntil) -> None:
    page = page_of(Still(HEALTHY), 800, 600)
    wait_until(lambda: page._room is Room.OVER)
    assert page.pane.hidden
    assert page.card.details.winfo_viewable()
    page.card.details.invoke()
    wait_until(page.pane.winfo_viewable)
    assert not page.card.winfo_viewable()
    page.pane.close_button.invoke()
    wait_until(page.card.winfo_viewable)
    page.winfo_toplevel().geometry("800x1000")
    wait_until(lambda: page._room is Room.BELOW)
    wait_until(page.pane.winfo_viewable)
    assert page.pane.winfo_rooty() >= page.card.winfo_rooty() + page.card.winfo_height()
    page.pane.close_button.invoke()
    wait_until(lambda: not page.pane.winfo_viewable())


def test_thousands(page_of: PageOf, wait_until: WaitUntil, make_view: Make) -> None:
    many = tuple(snap(n + 1, NOW - timedelta(hours=5 * (5000 - n)), size=40_000_000 + n * 4096) for n in range(5000))
    still = Still(facts(many, status=SAFE))
    view = make_view(still, layout="pages")
    began = time.process_time()
    view.go("backups")
    page = view.pages["backups"]
    page.update()
    assert keys_of(page)[0] == many[-1].id, "the first rows are there at once"
    assert time.process_time() - began < 0.6
    from litekeep.ui.view.backups.listing import made

    still.answer("rows", made(still.facts, EN))
    wait_until(lambda: len(keys_of(page)) == 5000, 20)
    tree = page.card.table.tree
    steps = []
    for step in range(60):
        began = time.process_time()  # what else goes on here does not count
        tree.yview_scroll(3 if step < 30 else -3, "units")
        page.update()
        steps.append(time.process_time() - began)
    assert sorted(steps)[len(steps) // 2] < 0.04
    began = time.process_time()
    page.filter_by(Filter.PINNED)
    assert time.process_time() - began < 0.2
    assert page.card.empty.words.text == "No backup is pinned."
    page.filter_by(Filter.ALL)
    wait_until(lambda: len(keys_of(page)) == 5000, 20)
    page.search("Sep 24")
    assert len(keys_of(page)) == 5000, "looking through so many texts is not done here"
    still.answer("found", found(page._listing.made, page._listing.wish))
    wait_until(lambda: 0 < len(keys_of(page)) < 5000)


def test_nothing_is_left_behind(window: Any) -> None:
    from litekeep.ui import BackupView

    def visit() -> None:
        view = BackupView(window, None, bridge=Still(HEALTHY), lang="en", layout="pages")  # type: ignore[arg-type]
        view.pack(fill="both", expand=True)
        view.go("backups")
        window.update()
        page: Any = view.pages["backups"]
        page.card.table.select(KEPT[3].id)
        page.menu_items()
        page.search("payroll")
        window.update()
        view.destroy()

    def left() -> tuple[int, int]:
        window.update()
        gc.collect()
        here = "litekeep.ui.view.backups"
        kinds = (type(each) for each in gc.get_objects())
        living = sum(str(kind.__module__).startswith(here) and issubclass(kind, Piece) for kind in kinds)
        return living, len(window.tk.splitlist(window.tk.call("info", "commands")))

    before, _ = left()  # of other tests
    visit()
    _, commands = left()
    for _ in range(10):
        visit()
    assert left()[0] <= before
    assert left()[1] <= commands + 5


def test_an_empty_list_has_no_rows() -> None:
    from litekeep.ui.view.backups.listing import Wish

    assert found(Made(), Wish()) == ()


@pytest.mark.parametrize(
    ("name", "mode", "lang", "size"),
    [
        ("normal", "light", "en", (1040, 720)),
        ("several", "dark", "fr", (1040, 720)),
        ("failed", "light", "fr", (1040, 720)),
        ("trash", "dark", "en", (800, 600)),
        ("empty", "light", "fr", (800, 600)),
        ("problems", "dark", "en", (1040, 720)),
    ],
)
def test_pictures(
    page_of: PageOf,
    wait_until: WaitUntil,
    assert_golden: AssertGolden,
    name: str,
    mode: str,
    lang: str,
    size: tuple[int, int],
) -> None:
    import customtkinter

    customtkinter.set_appearance_mode(mode)
    shown = {"trash": WITH_TRASH, "failed": STATES["failing"], "empty": STATES["never"], "problems": STATES["damaged"]}
    page = page_of(Still(shown.get(name, HEALTHY)), *size, lang=lang, theme="own")
    if name in ("trash", "problems"):
        page.filter_by(Filter(name))
    elif name == "several":
        page.card.table.select(*(each.id for each in KEPT[-5:-1]))
    wanted = page.card.table.selected
    wait_until(lambda: page.pane.model.key == ("several" if len(wanted) > 1 else "".join(wanted)))
    assert_golden(page.stage, f"backups-{name}-{mode}-{lang}")
