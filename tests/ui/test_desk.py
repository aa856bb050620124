"""The screen of the tests does what the tests rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import customtkinter
import pytest
from PIL import Image

from ui import desk
from ui.conftest import Screenshot, WaitUntil


def test_a_key_reaches_a_focused_button(window: Any, wait_until: WaitUntil) -> None:
    pressed: list[str] = []
    entry = customtkinter.CTkEntry(window)
    entry.pack()
    entry.bind("<Return>", lambda _: pressed.append("return"))
    entry.focus_set()
    wait_until(lambda: entry.focus_get() is not None)
    window.event_generate("<Return>")
    wait_until(lambda: pressed)


def test_the_fonts_are_those_of_the_project(window: Any) -> None:
    from tkinter import font

    assert font.Font(window, ("Roboto", 13)).actual("family") == "Roboto"
    for wished in ("sans-serif", "Helvetica", "no such family"):
        assert font.Font(window, (wished, 13)).actual("family") in ("Roboto", "DejaVu Sans")


def test_two_pictures_are_the_same(window: Any, screenshot: Screenshot, tmp_path: Path) -> None:
    customtkinter.CTkLabel(window, text="Protégé ✓ 41,8 Mo").pack(pady=20)
    customtkinter.CTkButton(window, text="Back up now").pack()
    first, second = desk.picture(window), desk.picture(window)
    assert desk.differences(first, second)[0] == 0
    with Image.open(screenshot(window, tmp_path / "a" / "b.png")) as saved:
        assert desk.differences(first, saved)[0] == 0
    customtkinter.CTkLabel(window, text="Something else").pack()
    assert desk.differences(first, desk.picture(window))[0] > 0.0001


def test_what_a_callback_raises_is_seen(window: Any, raised: list[str], wait_until: WaitUntil) -> None:
    window.after(1, lambda: 1 / 0)
    wait_until(lambda: raised)
    assert "ZeroDivisionError" in raised.pop()
    window.tk.call("after", 1, "no_such_command")
    wait_until(lambda: raised)
    assert "no_such_command" in raised.pop()


def test_waiting_ends(wait_until: WaitUntil) -> None:
    with pytest.raises(AssertionError, match="not so within"):
        wait_until(lambda: False, 0.05)
