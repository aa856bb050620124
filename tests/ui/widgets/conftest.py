"""Light and scale 1 before and after each test, and hands that press and type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def plain_window(root: Any) -> Iterator[None]:
    _plain()
    yield
    _plain()


def _plain() -> None:
    import customtkinter
    from customtkinter import ScalingTracker

    customtkinter.set_appearance_mode("light")
    if ScalingTracker.widget_scaling != 1.0:
        customtkinter.set_widget_scaling(1.0)


@pytest.fixture
def click() -> Callable[..., None]:
    """click(canvas, x, y): press and release there; without a place in the middle."""

    def press(widget: Any, x: int | None = None, y: int | None = None, button: int = 1) -> None:
        widget.update()
        x = widget.winfo_width() // 2 if x is None else x
        y = widget.winfo_height() // 2 if y is None else y
        widget.event_generate("<Enter>", x=x, y=y)
        widget.event_generate("<Motion>", x=x, y=y)
        widget.event_generate(f"<ButtonPress-{button}>", x=x, y=y)
        widget.event_generate(f"<ButtonRelease-{button}>", x=x, y=y)
        widget.update()

    return press


@pytest.fixture
def press_keys(window: Any, wait_until: Callable[..., None]) -> Callable[..., None]:
    """press_keys("Tab", "space"): to what has the focus."""

    def press(*names: str) -> None:
        if window.focus_get() is None:
            window.focus_force()
            wait_until(lambda: window.focus_get() is not None)
        for name in names:
            window.focus_get().event_generate(f"<{name}>")
            window.update()

    return press
