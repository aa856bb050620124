"""What all controls share: one canvas that Tab reaches, a ring that shows it, Space and Return, and being disabled."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CONTROL_RADIUS, RING, Look
from litekeep.ui.widgets.paint import box


class Control(Piece):
    """One thing to use. Subclasses say how large it is (`measure`), draw it (`paint`) and act (`act`).

    It is `hot` under the pointer and `pressed` while the button is down on it; the ring is there when the focus came
    from the keyboard.
    """

    def __init__(self, master: Any, *, enabled: bool = True, look: Look | None = None) -> None:
        super().__init__(master, look=look)
        self.enabled = enabled
        self.hot = self.pressed = self.focused = self._by_pointer = False
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=enabled, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)
        self._listen()

    def start(self) -> None:
        """To be called by the constructor of each control, when it knows all."""
        self.fit()

    # --- for users of the control

    def set_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - a setter
        """Whether it can be used; disabled, Tab passes it by."""
        if enabled != self.enabled:
            self.enabled, self.hot, self.pressed = enabled, False, False
            self.canvas.configure(takefocus=enabled)
            self.redraw()

    def invoke(self) -> None:
        """As if it were pressed; nothing while it is disabled."""
        if self.enabled and not self.gone:
            self.act()

    def focus_set(self) -> None:
        """The keyboard goes here, and the ring shows it."""
        self._by_pointer = False
        self.canvas.focus_set()

    @property
    def ring(self) -> bool:
        """The ring is shown."""
        return self.focused and not self._by_pointer and self.enabled

    # --- for subclasses

    def measure(self) -> tuple[int, int]:
        """The width and height it needs, in pixels of the screen."""
        raise NotImplementedError

    def paint(self, width: int, height: int) -> None:
        """Draw it on the empty canvas."""
        raise NotImplementedError

    def act(self) -> None:
        """It was pressed."""

    def fit(self) -> None:
        """Ask for the size it needs, and draw it."""
        width, height = self.measure()
        tkinter.Frame.configure(self, width=width, height=height)
        self.redraw()

    def rescaled(self) -> None:
        self.fit()

    def redraw(self) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        if width <= 1 or self.gone:
            return
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        self.paint(width, height)

    def draw_ring(self, area: tuple[int, int, int, int], radius: float = CONTROL_RADIUS) -> None:
        """The ring around an area that is not filled."""
        ring, back = self.colour(self.look.accent_text), self.colour(self.back)
        box(self.canvas, area, self.scaled(radius), back, ring, self.scaled(RING), tags="ring")

    # --- what happens

    def _listen(self) -> None:
        happens: dict[str, Callable[[Any], Any]] = {
            "<Enter>": lambda _: self._pointer(hot=True),
            "<Leave>": lambda _: self._pointer(hot=False),
            "<ButtonPress-1>": self._press,
            "<ButtonRelease-1>": self._release,
            "<FocusIn>": lambda _: self._focus(here=True),
            "<FocusOut>": lambda _: self._focus(here=False),
            "<KeyPress>": self._any_key,
            "<space>": self._key,
            "<Return>": self._key,
            "<KP_Enter>": self._key,
        }
        for sequence, act in happens.items():
            self.canvas.bind(sequence, act)

    def _pointer(self, *, hot: bool) -> None:
        if self.enabled:
            self.hot = hot
            self.redraw()

    def _press(self, _: Any) -> None:
        if self.enabled:
            self._by_pointer = True
            self.canvas.focus_set()
            self.pressed = True
            self.redraw()

    def _release(self, event: Any) -> None:
        if not self.pressed:
            return
        self.pressed = False
        inside = 0 <= event.x < self.winfo_width() and 0 <= event.y < self.winfo_height()
        self.redraw()
        if inside:
            self.act_at(event.x, event.y)

    def act_at(self, x: int, y: int) -> None:  # noqa: ARG002 - for those that have parts
        """It was pressed there with the pointer."""
        self.invoke()

    def _focus(self, *, here: bool) -> None:
        self.focused = here
        if not here:
            self._by_pointer = False
        self.redraw()

    def _any_key(self, _: Any) -> None:
        if self._by_pointer:
            self._by_pointer = False
            self.redraw()

    def _key(self, event: Any) -> str:
        self._any_key(event)
        self.invoke()
        return "break"
