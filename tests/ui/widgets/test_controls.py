"""Controls do what they are for, with the pointer and the keyboard, and nothing while they are disabled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from litekeep.ui.widgets.buttons import Button, Kind, Link
from litekeep.ui.widgets.choices import Choice, Segmented
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.fields import Entry, Stepper
from litekeep.ui.widgets.look import BAR_BUTTON, HERO_BUTTON
from litekeep.ui.widgets.toggles import Check, Radio, Switch

Click = Callable[..., None]
Keys = Callable[..., None]
ITEMS = (("a", "One"), ("b", "Two"), ("c", "Three"))


@pytest.fixture
def place(window: Any) -> Piece:
    piece = Piece(window)
    piece.pack(fill="both", expand=True, padx=20, pady=20)
    return piece


def shown(piece: Any) -> Any:
    piece.pack(anchor="w", pady=4)
    piece.update()
    return piece


def colours(piece: Any) -> set[tuple[int, int, int]]:
    from ui import desk

    return {colour for _, colour in desk.picture(piece).getcolors(100000)}


def test_a_button_acts_on_release_inside_of_it(place: Any, click: Click) -> None:
    told: list[str] = []
    button = shown(Button(place, "Back up now", lambda: told.append("pressed")))
    click(button.canvas)
    assert told == ["pressed"]
    button.canvas.event_generate("<ButtonPress-1>", x=4, y=4)
    button.canvas.event_generate("<ButtonRelease-1>", x=4, y=400)
    assert told == ["pressed"]


@pytest.mark.parametrize("kind", list(Kind))
def test_heights_and_widths_are_for_the_text(place: Any, kind: Kind) -> None:
    for height in (HERO_BUTTON, BAR_BUTTON):
        button = shown(Button(place, "Sauvegarder maintenant", kind=kind, height=height))
        assert button.winfo_height() == height
        area = button.canvas.bbox("all")
        text = button.canvas.bbox(button.canvas.find_all()[-1])
        assert text[0] >= 8
        assert text[2] <= area[2] - 8
        short = button.winfo_width()
        button.set_text("Sauvegarder maintenant, tout de suite")
        button.update()
        assert button.winfo_width() > short


def test_tab_reaches_all_and_space_and_return_act(
    place: Any, window: Any, press_keys: Keys, wait_until: Callable[..., None]
) -> None:
    told: list[object] = []
    pieces = [
        Button(place, "Button", lambda: told.append("button")),
        Link(place, "Link", lambda: told.append("link")),
        Switch(place, "Switch", told.append),
        Check(place, "Check", told.append),
        Radio(place, "Radio", told.append),
    ]
    disabled = Button(place, "Disabled", lambda: told.append("disabled"), enabled=False)
    for piece in (*pieces[:2], disabled, *pieces[2:]):
        shown(piece)
    window.focus_force()
    wait_until(lambda: window.focus_get() is window)
    for piece, key in zip(pieces, ("space", "Return", "space", "Return", "space"), strict=True):
        press_keys("Tab")
        assert window.focus_get() is piece.canvas
        assert piece.ring
        press_keys(key)
    assert told == ["button", "link", True, True, True]
    press_keys("space")
    assert told[-1] is True, "a radio stays on"
    assert len(told) == 5
    press_keys("Shift-Tab")
    assert window.focus_get() is pieces[3].canvas


def test_the_ring_shows_for_the_keyboard_and_not_for_the_pointer(
    place: Any, window: Any, click: Click, press_keys: Keys
) -> None:
    button = shown(Button(place, "Button"))
    accent = tuple(int(button.colour(button.look.accent_text)[at : at + 2], 16) for at in (1, 3, 5))
    assert accent not in colours(button)
    click(button.canvas)
    assert not button.ring
    press_keys("Shift_L")
    assert button.ring
    assert accent in colours(button)


def test_disabled_controls_do_nothing_and_say_so(place: Any, click: Click) -> None:
    told: list[object] = []
    button = shown(Button(place, "Button", lambda: told.append(1), kind=Kind.PRIMARY, enabled=False))
    check = shown(Check(place, "Check", told.append, enabled=False))
    parts = shown(Segmented(place, ITEMS, "a", told.append, enabled=False))
    before = colours(button)
    for piece in (button, check, parts):
        click(piece.canvas)
        piece.invoke()
        assert str(piece.canvas.cget("takefocus")) == "0"
    assert told == []
    button.set_enabled(True)
    assert colours(button) != before
    click(button.canvas)
    assert told == [1]


def test_a_toggle_breaks_its_words_and_grows(place: Any) -> None:
    check = Check(place, "A rather long sentence that says what will happen then", sub="And one more line.")
    check.pack(fill="x")
    place.pack_configure(padx=(20, 1000))
    check.update()
    check.update()
    words = check.canvas.bbox("words")
    assert words[2] <= check.winfo_width()
    assert words[3] <= check.winfo_height()
    assert check.winfo_height() > 60


def test_segmented_by_pointer_and_arrows(place: Any, click: Click, press_keys: Keys) -> None:
    told: list[str] = []
    parts = shown(Segmented(place, ITEMS, "a", told.append))
    click(parts.canvas, parts.winfo_width() - 10)
    assert told == ["c"]
    parts.focus_set()
    press_keys("Left", "Left", "Left", "End", "Home")
    assert told == ["c", "b", "a", "c", "a"]
    parts.set_value("b")
    assert told[-1] == "a", "setting it tells nobody"


def test_a_choice_opens_a_menu_and_tells_what_was_chosen(place: Any, window: Any, click: Click) -> None:
    told: list[str] = []
    choice = shown(Choice(place, ITEMS, "a", told.append))
    click(choice.canvas)
    assert choice.menu.winfo_viewable()
    assert choice.menu.entrycget(1, "label").strip() == "Two"
    choice.menu.invoke(1)
    choice.menu.unpost()
    window.update()
    assert told == ["b"]
    assert choice.text == "Two"


def test_an_entry_tells_each_text_and_is_cleared(place: Any, click: Click, press_keys: Keys, wait_until: Any) -> None:
    told: list[str] = []
    taken: list[str] = []
    entry = shown(Entry(place, placeholder="Search", command=told.append, accept=taken.append, clearable=True))
    assert entry._hint.winfo_viewable()
    entry.focus_set()
    press_keys("a", "b")
    wait_until(lambda: told == ["a", "ab"])
    assert not entry._hint.winfo_viewable()
    press_keys("Return")
    assert taken == ["ab"]
    press_keys("Escape")
    wait_until(lambda: told[-1] == "")
    entry.set_text("by the program")
    place.update()
    assert told == ["a", "ab", ""]
    click(entry.canvas, entry.winfo_width() - 12)
    wait_until(lambda: entry.text == "")
    assert told[-1] == ""


def test_a_stepper_by_pointer_keys_and_digits(place: Any, window: Any, click: Click, press_keys: Keys) -> None:
    told: list[int] = []
    stepper = shown(Stepper(place, 30, told.append, least=0, most=100))
    click(stepper.canvas, stepper.winfo_width() - 8)
    click(stepper.canvas, 8)
    assert told == [31, 30]
    stepper.focus_set()
    window.update()
    press_keys("Up", "Prior", "Down")
    assert told[2:] == [31, 41, 40]
    stepper.entry.selection_range(0, "end")
    press_keys("BackSpace", "7", "x", "Return")
    assert told[-1] == 7
    stepper.entry.selection_range(0, "end")
    press_keys("9", "9", "9", "Return")
    assert told[-1] == 100, "kept within its limits"
    before = list(told)
    for wheel in ("<Button-4>", "<Button-5>", "<MouseWheel>"):
        stepper.canvas.event_generate(wheel)
        stepper.entry.event_generate(wheel)
    window.update()
    assert told == before, "the wheel changes nothing"


def test_a_held_stepper_goes_on_until_it_is_let_go(place: Any, wait_until: Any) -> None:
    told: list[int] = []
    stepper = shown(Stepper(place, 0, told.append))
    x = stepper.winfo_width() - 8
    stepper.canvas.event_generate("<ButtonPress-1>", x=x, y=8)
    wait_until(lambda: len(told) >= 3)
    stepper.canvas.event_generate("<ButtonRelease-1>", x=x, y=8)
    assert not stepper._timers


def test_an_emptied_stepper_keeps_its_value(place: Any, window: Any, press_keys: Keys) -> None:
    told: list[int] = []
    stepper = shown(Stepper(place, 12, told.append))
    stepper.focus_set()
    window.update()
    stepper.entry.selection_range(0, "end")
    press_keys("BackSpace", "Return")
    assert (stepper.text, told) == ("12", [])
