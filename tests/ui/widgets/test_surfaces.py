"""Hero, notice, tiles, labels, pages and tooltips in a real window."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from litekeep.ui.presenter.models import Action, Tone
from litekeep.ui.widgets.buttons import Button
from litekeep.ui.widgets.card import Card, Tile
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.hero import Hero
from litekeep.ui.widgets.look import OWN
from litekeep.ui.widgets.notice import Notice
from litekeep.ui.widgets.page import Page
from litekeep.ui.widgets.paint import box, pill
from litekeep.ui.widgets.words import Wrapped
from ui.widgets import samples


@pytest.fixture
def place(window: Any) -> Piece:
    piece = Piece(window, fill=OWN.bg)
    piece.pack(fill="both", expand=True)
    piece.grid_columnconfigure(0, weight=1)
    return piece


def shown(piece: Any) -> Any:
    piece.grid(row=0, column=0, sticky="ew")
    for _ in range(3):
        piece.update()
    return piece


def test_the_hero_says_and_does_what_its_model_says(place: Any, click: Any) -> None:
    told: list[Action] = []
    hero = shown(Hero(place, samples.PROTECTED, told.append))
    assert hero.headline.text == "Protected"
    assert not hero.bar.winfo_ismapped()
    click(hero.buttons[Action.RESTORE].canvas)
    assert told == [Action.RESTORE]
    kept = hero.buttons[Action.RESTORE]
    hero.update_from(samples.RUNNING)
    hero.update()
    assert set(hero.buttons) == {Action.CANCEL, Action.RESTORE}
    assert hero.buttons[Action.RESTORE] is kept
    assert hero.bar.winfo_ismapped()
    assert hero.sub.text == samples.RUNNING.progress.text if samples.RUNNING.progress else ""
    click(hero.buttons[Action.RESTORE].canvas)
    click(hero.buttons[Action.CANCEL].canvas)
    assert told == [Action.RESTORE, Action.CANCEL]


@pytest.mark.parametrize("width", [600, 760, 1200])
@pytest.mark.parametrize("model", [samples.PROTECTED, samples.AT_RISK, samples.DAMAGED])
def test_the_hero_fits(place: Any, window: Any, wait_until: Callable[..., None], width: int, model: Any) -> None:
    window.geometry(f"{width}x800")
    wait_until(lambda: window.winfo_width() == width)
    hero = shown(Hero(place, model, lambda _: None))
    assert hero.below == ((width < 900 and len(model.buttons) == 3) or width == 600)
    right = hero.winfo_rootx() + hero.winfo_width()
    bottom = hero.winfo_rooty() + hero.winfo_height()
    for piece in (*hero.buttons.values(), hero.headline, hero.sub):
        assert piece.winfo_rootx() + piece.winfo_width() <= right - 10
        assert piece.winfo_rooty() + piece.winfo_height() <= bottom - 8
    assert hero.headline.label.winfo_reqwidth() <= hero.headline.winfo_width()
    assert hero.headline.winfo_width() >= 300


def test_a_notice_has_three_parts_details_and_buttons(place: Any, window: Any, click: Any) -> None:
    told: list[object] = []
    notice = shown(Notice(place, samples.FAILED, samples.NOTICE_WORDS, told.append, lambda: told.append("closed")))
    assert notice.details is None
    click(notice.toggle.canvas)
    assert notice.details is not None
    assert samples.FAILED.details in notice.details.text.get("1.0", "end")
    assert notice.toggle.text == "Hide details"
    click(notice.toggle.canvas)
    assert notice.details is None
    click(notice.copy_button.canvas)
    copied = window.clipboard_get()
    assert samples.FAILED.what in copied
    assert samples.FAILED.hint in copied
    assert samples.FAILED.details in copied
    click(notice.buttons[Action.BACK_UP].canvas)
    click(notice.close_button.canvas)
    assert told == [Action.BACK_UP, "closed"]


def test_a_strip_goes_by_itself_but_not_while_it_is_used(place: Any, wait_until: Callable[..., None]) -> None:
    from ui import desk

    desk._put_pointer_away(place.winfo_toplevel())
    told: list[str] = []
    strip = replace(samples.DELETED, lasts_seconds=1)
    notice = shown(Notice(place, strip, samples.NOTICE_WORDS, lambda _: None, lambda: told.append("closed")))
    notice.buttons[Action.UNDO].focus_set()
    place.update()
    ticks: list[int] = []
    place.later(1500, lambda: ticks.append(1))
    wait_until(lambda: ticks)
    assert told == []
    place.winfo_toplevel().focus_force()
    wait_until(lambda: told == ["closed"])


def test_wrapped_text_takes_the_width_and_comes_to_rest(place: Any, window: Any, wait_until: Any) -> None:
    text = Wrapped(place, "Nothing was changed in your data. " * 12)
    shown(text)
    drawn: list[int] = []
    text.bind("<Configure>", lambda _: drawn.append(1))
    high = text.winfo_height()
    window.geometry("400x800")
    wait_until(lambda: text.winfo_width() == 400)
    wait_until(lambda: text.winfo_height() == text.label.winfo_reqheight() > high)
    assert len(drawn) <= 4
    before = len(drawn)
    for _ in range(20):
        window.update()
    assert len(drawn) == before


def test_a_tile_and_a_tone(place: Any) -> None:
    tile = shown(Tile(place, samples.TILES[0]))
    assert tile._value.label.cget("foreground") == OWN.text[0]
    tile.update_from(samples.TILES[4])
    assert tile._value.text == "Not set up"
    assert tile._value.label.cget("foreground") == OWN.warn[0]


def test_dark_reaches_every_part(place: Any) -> None:
    import customtkinter

    hero = shown(Hero(place, samples.AT_RISK, lambda _: None))
    customtkinter.set_appearance_mode("dark")
    hero.update()
    tone = OWN.tone(Tone.WARN)
    assert hero.headline.label.cget("background") == tone.soft[1]
    assert hero.headline.label.cget("foreground") == tone.text[1]
    assert hero.sign.canvas.cget("background") == tone.soft[1]
    assert hero.buttons[Action.RESTORE].canvas.cget("background") == tone.soft[1]
    assert hero.canvas.cget("background") == OWN.bg[1]


def test_scale_makes_everything_larger(place: Any, wait_until: Any) -> None:
    import customtkinter

    hero = shown(Hero(place, samples.PROTECTED, lambda _: None))
    height, button = hero.winfo_height(), hero.buttons[Action.BACK_UP].winfo_height()
    customtkinter.set_widget_scaling(2.0)
    wait_until(lambda: hero.buttons[Action.BACK_UP].winfo_height() == 2 * button)
    wait_until(lambda: hero.winfo_height() > 1.8 * height)
    customtkinter.set_widget_scaling(1.0)
    wait_until(lambda: hero.winfo_height() == height)


def test_a_card_gives_its_content_the_room(place: Any) -> None:
    card = shown(Card(place, "Backups", "63"))
    Button(card.content, "x").grid(sticky="ew")
    card.update()
    assert card.content.winfo_width() == card.winfo_width() - 28


@pytest.fixture
def page(window: Any) -> Page:
    page = Page(window)
    page.pack(fill="both", expand=True)
    for at in range(40):
        Button(page.content, f"Button {at}").grid(row=at, column=0, pady=4)
    for _ in range(3):
        page.update()
    return page


@pytest.mark.parametrize("event", ["<Button-5>", "<MouseWheel>"])
def test_the_wheel_scrolls_the_page(page: Any, event: str) -> None:
    child = page.content.winfo_children()[3].canvas
    options = {"delta": -120} if event == "<MouseWheel>" else {}
    child.event_generate(event, **options)
    page.update()
    assert page.canvas.canvasy(0) == 48
    page.winfo_toplevel().event_generate(event, **options)
    page.update()
    assert page.canvas.canvasy(0) == 48, "only over the page"


def test_the_page_follows_the_keyboard(page: Any, press_keys: Any) -> None:
    last = page.content.winfo_children()[-1]
    last.focus_set()
    page.update()
    assert last.winfo_rooty() + last.winfo_height() <= page.winfo_rooty() + page.winfo_height()
    page.content.winfo_children()[0].focus_set()
    page.update()
    assert page.canvas.canvasy(0) == 0


def test_a_page_takes_its_bindings_back_and_leaves_those_of_others(window: Any) -> None:
    heard: list[int] = []
    window.bind("<Button-5>", lambda _: heard.append(1), add="+")
    before = {name: window.tk.call("bind", window, name) for name in ("<Button-5>", "<MouseWheel>", "<FocusIn>")}
    page = Page(window)
    page.pack()
    assert window.tk.call("bind", window, "<Button-5>") != before["<Button-5>"]
    page.destroy()
    assert {name: window.tk.call("bind", window, name).strip() for name in before} == {
        name: script.strip() for name, script in before.items()
    }
    window.event_generate("<Button-5>")
    assert heard == [1]


def test_a_page_shows_content_that_shrank_above_what_was_seen(window: Any, wait_until: Any) -> None:
    page = Page(window)
    page.pack(fill="both", expand=True)
    content = Piece(page.content, width=10, height=9000)
    content.grid()
    wait_until(lambda: page.content.winfo_height() > 8000 and page.winfo_viewable())
    page.canvas.yview_moveto(1)
    wait_until(lambda: page.canvas.canvasy(0) > 5000)
    content.configure(height=50)
    wait_until(lambda: page.canvas.canvasy(0) == 0 and content.winfo_viewable())
    assert not page.bar.needed


def test_a_box_of_any_size_can_be_drawn(place: Any) -> None:
    """A window that is being made, or made very small, gives its parts a few pixels for a moment."""
    canvas = tkinter.Canvas(place)
    for thick in range(4):
        for width, height in product(range(7), range(7)):
            box(canvas, (0, 0, width, height), 12, "#ffffff", "#102030", thick)
    for size, thick in product(range(1, 7), range(7)):
        picture = pill(size, size, "#ffffff", "#102030", thick)
        all_border = size <= 2 * thick
        assert not all_border or picture.convert("RGB").getpixel((size // 2, size // 2)) == (16, 32, 48), (size, thick)
