"""The wheel on Tk 8.6 and 9, on X11, Windows and macOS, and bindings on a window that can be taken back alone."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Steps = Callable[[Any, float], str | None]
"""Called with the event and how far: 1.0 is a notch downwards. "break" ends the event there."""


def sequences(widget: tkinter.Misc) -> dict[str, Callable[[Any], float]]:
    """What to bind, and how far each event goes.

    Tk 8.6 on X11 sends Button-4 and -5; Tk 9 sends MouseWheel everywhere, 120 a notch, and TouchpadScroll for touch
    pads; 8.6 on macOS sends MouseWheel with small numbers.
    """
    small = widget.tk.call("tk", "windowingsystem") == "aqua" and tkinter.TkVersion < 9
    unit = 1.0 if small else 120.0
    found: dict[str, Callable[[Any], float]] = {"<MouseWheel>": lambda event: -event.delta / unit}
    if widget.tk.call("tk", "windowingsystem") == "x11":
        found["<Button-4>"] = lambda _: -1.0
        found["<Button-5>"] = lambda _: 1.0
    if tkinter.TkVersion >= 9:
        found["<TouchpadScroll>"] = _touchpad
    return found


def _with(act: Steps, steps: Callable[[Any], float]) -> Callable[[Any], str | None]:
    return lambda event: act(event, steps(event))


def _touchpad(event: Any) -> float:
    low = int(event.delta) & 0xFFFF  # two numbers in one: x above, y below
    return -(low - 0x10000 if low >= 0x8000 else low) / 30.0


def on_wheel(widget: tkinter.Misc, act: Steps) -> None:
    """Bind it on one widget, for as long as that lives."""
    for sequence, steps in sequences(widget).items():
        widget.bind(sequence, _with(act, steps), add="+")


class Bindings:
    """Bindings on a widget of others (a window) that can be taken back without touching theirs."""

    def __init__(self, widget: Any) -> None:
        self._widget = widget
        self._added: list[tuple[str, str]] = []

    def add(self, sequence: str, act: Callable[[Any], object]) -> None:
        """As `bind(..., add="+")`."""
        name = tkinter.Misc.bind(self._widget, sequence, act, "+")
        self._added.append((sequence, name))

    def remove_all(self) -> None:
        """unbind(sequence, name) of Python 3.11 would also remove those of others."""
        for sequence, name in self._added:
            with suppress(tkinter.TclError):  # the window is gone, and its bindings with it
                script = str(self._widget.tk.call("bind", self._widget, sequence))
                kept = "\n".join(line for line in script.split("\n") if f"[{name} " not in line).strip("\n")
                self._widget.tk.call("bind", self._widget, sequence, kept)
                self._widget.deletecommand(name)
        self._added.clear()
