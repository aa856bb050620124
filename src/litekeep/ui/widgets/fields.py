"""Entry (a line of text) and Stepper (a number)."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.icons import sign_photo
from litekeep.ui.widgets.look import CONTROL_RADIUS, FORM_BUTTON, RING, Look
from litekeep.ui.widgets.paint import box
from litekeep.ui.widgets.shades import Pair

SIGN = 14
REPEAT_FIRST, REPEAT = 400, 90
"""Milliseconds until a held button counts on, and between its steps."""


class Field(Piece):
    """A box around a tkinter Entry, with room at its sides for signs. The ring is around the box."""

    def __init__(
        self, master: Any, *, width: int, height: int, sides: tuple[int, int], enabled: bool, look: Look | None
    ) -> None:
        super().__init__(master, width=width, height=height, look=look)
        self._sides, self.enabled, self.focused = sides, enabled, False
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)
        self.entry = tkinter.Entry(self, borderwidth=0, highlightthickness=0, relief="flat", width=1)
        self.entry.configure(state="normal" if enabled else "disabled")
        self.entry.bind("<FocusIn>", lambda _: self._focus(here=True))
        self.entry.bind("<FocusOut>", lambda _: self._focus(here=False))
        if self.tk.call("tk", "windowingsystem") == "x11":
            self.entry.bind("<Control-a>", self._select_all)  # Tk goes to the beginning there, as Emacs does

    @property
    def text(self) -> str:
        """What stands in it."""
        return self.entry.get()

    def set_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - a setter
        """Whether it can be changed."""
        if enabled != self.enabled:
            self.enabled = enabled
            self.entry.configure(state="normal" if enabled else "disabled")
            self.redraw()

    def write(self, text: str) -> None:
        """Another text in the entry, whatever may be typed there now."""
        self.entry.configure(state="normal", validate="none")
        self.entry.delete(0, "end")
        self.entry.insert(0, text)
        self.entry.configure(state="normal" if self.enabled else "disabled", validate="key")

    def focus_set(self) -> None:
        self.entry.focus_set()

    def redraw(self) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        if width <= 1 or self.gone:
            return
        look, thick = self.look, self.scaled(RING if self.focused else 1)
        fill = self.colour(self._fill)
        edge = self.colour(look.accent_text if self.focused else look.control_edge if self.enabled else look.border)
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        box(self.canvas, (0, 0, width, height), self.scaled(CONTROL_RADIUS), fill, edge, thick)
        left, right = (self.scaled(side) for side in self._sides)
        room = self.scaled(RING + 1)
        self.entry.place(x=left, y=room, width=max(width - left - right, 1), height=max(height - 2 * room, 1))
        text = self.colour(look.text if self.enabled else look.disabled)
        self.entry.configure(
            background=fill,
            disabledbackground=fill,
            readonlybackground=fill,
            foreground=text,
            disabledforeground=text,
            insertbackground=text,
            selectbackground=self.colour(look.selection),
            selectforeground=self.colour(look.text),
            font=self.font("body"),
        )
        self.paint(width, height)

    @property
    def _fill(self) -> Pair:
        return self.look.surface if self.enabled else self.look.sunken

    def paint(self, width: int, height: int) -> None:
        """What stands beside the text."""

    def _select_all(self, _: Any) -> str:
        self.entry.event_generate("<<SelectAll>>")
        return "break"

    def _focus(self, *, here: bool) -> None:
        self.focused = here
        self.redraw()


class Entry(Field):
    """A line of text. command gets each new text; Escape and the cross clear it; accept: Return was pressed.

    placeholder: shown while it is empty. sign: a name of icons.SIGNS at its left.
    """

    def __init__(
        self,
        master: Any,
        *,
        value: str = "",
        placeholder: str = "",
        command: Callable[[str], object] | None = None,
        accept: Callable[[str], object] | None = None,
        sign: str = "",
        clearable: bool = False,
        width: int = 180,
        height: int = FORM_BUTTON,
        enabled: bool = True,
        look: Look | None = None,
    ) -> None:
        sides = (32 if sign else 11, 28 if clearable else 11)
        super().__init__(master, width=width, height=height, sides=sides, enabled=enabled, look=look)
        self.command, self.accept, self.placeholder = command, accept, placeholder
        self._sign, self._clearable, self._told = sign, clearable, value
        self._hint = tkinter.Label(self, text=placeholder, anchor="w", borderwidth=0, padx=0, pady=0)
        self._hint.bind("<Button-1>", lambda _: self.entry.after_idle(self.entry.focus_set))
        self.set_text(value)
        self.entry.configure(validate="key", validatecommand=(self.register(self._edited), "%P"))
        self.entry.bind("<Return>", self._return)
        self.entry.bind("<Escape>", self._escape)
        self.canvas.bind("<Button-1>", self._click)

    def set_text(self, text: str) -> None:
        """Another text, without telling anyone."""
        self._told = text
        self.write(text)
        self.redraw()

    def clear(self) -> None:
        """Make it empty, as a person does."""
        if self.text and self.enabled:
            self.entry.delete(0, "end")

    def _edited(self, _: str) -> bool:
        self.later(1, self._tell)
        return True

    def _tell(self) -> None:
        if self.text != self._told:
            emptied = not self.text or not self._told
            self._told = self.text
            if emptied:
                self.redraw()
            if self.command is not None:
                self.command(self._told)

    def _return(self, _: Any) -> str | None:
        if self.accept is None:
            return None
        self.accept(self.text)
        return "break"

    def _escape(self, _: Any) -> str | None:
        if not (self._clearable and self.text):
            return None
        self.clear()
        return "break"

    def _click(self, event: Any) -> None:
        if self._clearable and self.text and event.x >= self.winfo_width() - self.scaled(28):
            self.clear()
        self.entry.after_idle(self.entry.focus_set)

    def paint(self, width: int, height: int) -> None:
        muted = self.colour(self.look.muted if self.enabled else self.look.disabled)
        if self._sign:
            image = sign_photo(self, self._sign, self.scaled(SIGN), muted)
            self.canvas.create_image(self.scaled(11), height // 2, anchor="w", image=image)
        if self._clearable and self.text:
            image = sign_photo(self, "close", self.scaled(12), muted)
            self.canvas.create_image(width - self.scaled(10), height // 2, anchor="e", image=image, tags="clear")
        if self.text or not self.placeholder:
            self._hint.place_forget()
            return
        self._hint.configure(
            foreground=muted, background=self.colour(self._fill), font=self.font("body"), cursor="xterm"
        )
        left, room = self.scaled(self._sides[0]) + 1, self.scaled(RING + 1)
        right = self.scaled(self._sides[1])
        self._hint.place(x=left, y=room, width=max(width - left - right, 1), height=height - 2 * room)


class Stepper(Field):
    """− number +. Up, Down, Page Up and Page Down change it, digits are typed; the wheel does nothing.

    command gets each new value: at a step at once, when typing with Return or when leaving it. least..most: its limits.
    """

    def __init__(
        self,
        master: Any,
        value: int,
        command: Callable[[int], object] | None = None,
        *,
        least: int = 0,
        most: int = 999,
        height: int = FORM_BUTTON,
        enabled: bool = True,
        look: Look | None = None,
    ) -> None:
        width = 2 * height + 12 + 9 * len(str(most))
        super().__init__(master, width=width, height=height, sides=(height, height), enabled=enabled, look=look)
        self.value, self.least, self.most, self.command = value, least, most, command
        self._height, self._hot, self._holding = height, 0, ""
        self.entry.configure(justify="center")
        self._show()
        self.entry.configure(validate="key", validatecommand=(self.register(self._allowed), "%P"))
        for key, step in (("<Up>", 1), ("<Down>", -1), ("<Prior>", 10), ("<Next>", -10)):
            self.entry.bind(key, lambda _, step=step: self._key(step))  # type: ignore[misc]
        self.entry.bind("<Return>", lambda _: self._typed())
        self.entry.bind("<KP_Enter>", lambda _: self._typed())
        self.entry.bind("<FocusOut>", lambda _: self._typed(), add="+")
        self.canvas.bind("<ButtonPress-1>", self._press)
        self.canvas.bind("<ButtonRelease-1>", lambda _: self._let_go())
        self.canvas.bind("<Motion>", lambda event: self._point(self._side(event.x)))
        self.canvas.bind("<Leave>", lambda _: self._point(0))

    def set_value(self, value: int) -> None:
        """Show another value, without telling anyone."""
        self.value = min(max(value, self.least), self.most)
        self._show()

    def step(self, by: int) -> None:
        """As if − or + were pressed."""
        self._typed()
        self._change(self.value + by)

    def _change(self, value: int) -> None:
        value = min(max(value, self.least), self.most)
        changed, self.value = value != self.value, value
        self._show()
        if changed and self.command is not None:
            self.command(value)

    def _show(self) -> None:
        if self.entry.get() != str(self.value):
            self.write(str(self.value))
        self.redraw()

    def _allowed(self, text: str) -> bool:
        return (text.isascii() and text.isdigit() and len(text) <= len(str(self.most))) or not text

    def _typed(self) -> str:
        text = self.entry.get()
        self._change(int(text) if text else self.value)
        return "break"

    def _key(self, step: int) -> str:
        if self.enabled:
            self.step(step)
        return "break"

    def _side(self, x: int) -> int:
        side = self.scaled(self._height)
        return -1 if x < side else 1 if x >= self.winfo_width() - side else 0

    def _press(self, event: Any) -> None:
        side = self._side(event.x)
        if not self.enabled or not side:
            return
        self.entry.after_idle(self.entry.focus_set)
        self.step(side)
        self._holding = self.later(REPEAT_FIRST, lambda: self._hold(side))

    def _hold(self, side: int) -> None:
        self.step(side)
        self._holding = self.later(REPEAT, lambda: self._hold(side))

    def _let_go(self) -> None:
        self.forget(self._holding)
        self._holding = ""

    def _point(self, side: int) -> None:
        if side != self._hot:
            self._hot = side
            self.redraw()

    def paint(self, width: int, height: int) -> None:
        look, side = self.look, self.scaled(self._height)
        for name, at, x, possible in (
            ("minus", -1, side // 2, self.value > self.least),
            ("plus", 1, width - side // 2, self.value < self.most),
        ):
            usable = possible and self.enabled
            if self._hot == at and usable:
                room = self.scaled(RING + 1)
                area = (x - side // 2 + room, room, x + side // 2 - room, height - room)
                box(self.canvas, area, self.scaled(CONTROL_RADIUS - RING - 1), self.colour(look.hover))
            colour = self.colour(look.text if usable else look.disabled)
            self.canvas.create_image(x, height // 2, image=sign_photo(self, name, self.scaled(12), colour))
