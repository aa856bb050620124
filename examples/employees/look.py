"""How the window looks: colours (light, dark), sizes, and the few controls that all pages use.

CustomTkinter's controls cannot be reached with the Tab key; these can, and show it with a ring.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import customtkinter as ctk

Pair = tuple[str, str]

BG: Pair = ("#F3F5F8", "#14171B")
SURFACE: Pair = ("#FFFFFF", "#1C2026")
SUNKEN: Pair = ("#F0F3F6", "#252A31")
CONTROL_BACK: Pair = ("#E6EAF0", "#2A3038")
HOVER: Pair = ("#DAE0E8", "#363D46")
BORDER: Pair = ("#DCE1E8", "#2F353D")
EDGE: Pair = ("#8B95A1", "#66717D")
TEXT: Pair = ("#12161C", "#E8ECF1")
MUTED: Pair = ("#5A6572", "#9AA5B1")
FAINT: Pair = ("#98A2AE", "#5C6671")
ACCENT: Pair = ("#2458D3", "#5B93FF")
ACCENT_HOVER: Pair = ("#1B47B0", "#7DA9FF")
ON_ACCENT: Pair = ("#FFFFFF", "#0B1220")
SELECTION: Pair = ("#DCE7FD", "#24375C")
OK: Pair = ("#157A3C", "#45D483")
OK_SOFT: Pair = ("#E0F5E8", "#143223")
BAD: Pair = ("#B3261E", "#FF8A80")
BAD_SOFT: Pair = ("#FCE4E2", "#3D1B19")
BAD_HOVER: Pair = ("#8F1E18", "#FFA59D")

PAGE, CARD_GAP, GAP = 16, 12, 8
CONTROL = 34

KINDS: dict[str, tuple[Pair | str, Pair, Pair]] = {
    # background, under the pointer, text
    "primary": (ACCENT, ACCENT_HOVER, ON_ACCENT),
    "plain": (CONTROL_BACK, HOVER, TEXT),
    "danger": (BAD, BAD_HOVER, ("#FFFFFF", "#1C0A09")),
    "quiet": ("transparent", HOVER, TEXT),
    "quiet danger": ("transparent", BAD_SOFT, BAD),
}


def dress() -> None:
    """Give CustomTkinter's own theme these colours, so that parts that were made elsewhere fit in."""
    theme = ctk.ThemeManager.theme
    theme["CTk"]["fg_color"] = theme["CTkToplevel"]["fg_color"] = list(BG)
    theme["CTkFrame"].update(fg_color=list(SURFACE), top_fg_color=list(SURFACE), border_color=list(BORDER))
    theme["CTkLabel"]["text_color"] = list(TEXT)
    theme["CTkButton"].update(fg_color=list(ACCENT), hover_color=list(ACCENT_HOVER), text_color=list(ON_ACCENT))


def font(size: int = 13, *, bold: bool = False) -> tuple[str, int, str]:
    """In the family of the theme; `size` in pixels at scale 1.

    No CTkFont: when one is forgotten in a cycle, whichever thread happens to collect garbage deletes it in Tk, and has
    to wait for the thread of the window.
    """
    return ctk.ThemeManager.theme["CTkFont"]["family"], size, "bold" if bold else "normal"


class Label(ctk.CTkLabel):
    """A line of text, to the left."""

    def __init__(self, master: Any, text: str = "", *, size: int = 13, bold: bool = False, **rest: Any) -> None:
        rest = {"text_color": TEXT, "anchor": "w", "justify": "left", "height": 20, **rest}
        super().__init__(master, text=text, font=font(size, bold=bold), **rest)


class Card(ctk.CTkFrame):
    """A white field with round corners."""

    def __init__(self, master: Any, **rest: Any) -> None:
        super().__init__(master, fg_color=SURFACE, border_color=BORDER, border_width=1, corner_radius=10, **rest)


class Button(ctk.CTkButton):
    """kind: a key of KINDS. on: the colour behind it. Tab reaches it, Space and Return press it."""

    def __init__(
        self,
        master: Any,
        text: str,
        command: Callable[[], Any],
        kind: str = "plain",
        *,
        on: Pair = SURFACE,
        height: int = CONTROL,
        **rest: Any,
    ) -> None:
        back, hover, colour = KINDS[kind]
        rest = {"width": 40, **rest}
        super().__init__(
            master,
            text=text,
            command=command,
            height=height,
            font=font(13, bold=kind in ("primary", "danger")),
            fg_color=back,
            hover_color=hover,
            text_color=colour,
            text_color_disabled=FAINT,
            corner_radius=8,
            border_width=2,
            border_color=on if back == "transparent" else back,
            border_spacing=4,
            **rest,
        )
        self._kind, self._on = kind, on
        tkinter.Frame.configure(self, takefocus=1)
        focusable(self, self.invoke, lambda on: self._ring(on=on))

    def _ring(self, *, on: bool) -> None:
        back = KINDS[self._kind][0]
        own = self._on if back == "transparent" else back
        self.configure(border_color=(TEXT if self._kind in ("primary", "danger") else ACCENT) if on else own)

    def focus_set(self) -> None:
        """The control itself, which has the keys; CustomTkinter would give the focus to the label in it."""
        tkinter.Frame.focus_set(self)

    def allow(self, *, allowed: bool) -> None:
        """Make it usable or not; one that is not is no stop of the Tab key."""
        self.configure(state="normal" if allowed else "disabled")
        if self._kind in ("primary", "danger"):
            self.configure(fg_color=KINDS[self._kind][0] if allowed else SUNKEN)
            self.configure(border_color=KINDS[self._kind][0] if allowed else SUNKEN)
        tkinter.Frame.configure(self, takefocus=1 if allowed else 0)


def focusable(widget: Any, press: Callable[[], Any], ring: Callable[[bool], None]) -> None:
    """Space and Return press; `ring` shows whether the keyboard is here."""

    def pressed(_: object) -> str:
        press()
        return "break"

    for key in ("<space>", "<Return>", "<KP_Enter>"):
        tkinter.Frame.bind(widget, key, pressed)
    tkinter.Frame.bind(widget, "<FocusIn>", lambda _: ring(True), add="+")  # noqa: FBT003 - on or off
    tkinter.Frame.bind(widget, "<FocusOut>", lambda _: ring(False), add="+")  # noqa: FBT003


def later(widget: Any, milliseconds: int, call: Callable[[], Any]) -> Callable[[], None]:
    """Call after a while, unless the widget (a frame) is gone by then; returns what calls it off."""
    handle = widget.after(milliseconds, call)

    def call_off() -> None:
        widget.after_cancel(handle)

    tkinter.Frame.bind(widget, "<Destroy>", lambda event: call_off() if event.widget is widget else None, add="+")
    return call_off


def select_all_by_control_a(field: Any) -> None:
    """As everywhere else: on Linux, Tk goes to the beginning of the line instead."""

    def select(_: Any) -> str:
        field.event_generate("<<SelectAll>>")
        return "break"

    if field.tk.call("tk", "windowingsystem") == "x11":
        field.bind("<Control-a>", select)


class Entry(ctk.CTkEntry):
    """One line to fill in."""

    def __init__(self, master: Any, **rest: Any) -> None:
        rest = {"height": CONTROL, "width": 60, **rest}
        super().__init__(
            master,
            font=font(),
            fg_color=SURFACE,
            text_color=TEXT,
            placeholder_text_color=MUTED,
            border_color=EDGE,
            border_width=1,
            corner_radius=8,
            **rest,
        )
        self._wrong = False
        self.bind("<FocusIn>", lambda _: self.configure(border_width=2, border_color=ACCENT), add="+")
        self.bind("<FocusOut>", lambda _: self._plain(), add="+")
        select_all_by_control_a(self._entry)

    def _plain(self) -> None:
        self.configure(border_width=1, border_color=BAD if self._wrong else EDGE)

    def mark(self, *, wrong: bool) -> None:
        """Show that what it says cannot be used."""
        self._wrong = wrong
        self._plain()

    def put(self, text: str) -> None:
        """Replace what it says."""
        if self.get():  # else the placeholder would go, too
            self.delete(0, "end")
        if text:
            self.insert(0, text)


class Area(ctk.CTkFrame):
    """A few lines to fill in. CTkTextbox is not used: it looks at its scroll bars for ever, by a timer."""

    def __init__(self, master: Any, lines: int = 2) -> None:
        super().__init__(master, fg_color=SURFACE, border_color=EDGE, border_width=1, corner_radius=8)
        self._text = tkinter.Text(self, height=lines, width=10, wrap="word", bd=0, highlightthickness=0, undo=True)
        self._text.pack(fill="both", expand=True, padx=8, pady=6)
        self._text.bind("<FocusIn>", lambda _: self.configure(border_width=2, border_color=ACCENT))
        self._text.bind("<FocusOut>", lambda _: self.configure(border_width=1, border_color=EDGE))
        self._text.bind("<Tab>", lambda _: self._leave(self._text.tk_focusNext()))
        self._text.bind("<Shift-Tab>", lambda _: self._leave(self._text.tk_focusPrev()))
        select_all_by_control_a(self._text)
        self._paint()

    def _leave(self, widget: Any) -> str:
        """Tab goes on to the next field instead of into the text."""
        widget.focus_set()
        return "break"

    def _paint(self) -> None:
        pick = self._apply_appearance_mode
        family, scale = ctk.ThemeManager.theme["CTkFont"]["family"], self._get_widget_scaling()
        self._text.configure(
            bg=pick(SURFACE), fg=pick(TEXT), insertbackground=pick(TEXT), font=(family, -round(13 * scale))
        )

    def _set_appearance_mode(self, mode_string: str) -> None:
        super()._set_appearance_mode(mode_string)
        if hasattr(self, "_text"):
            self._paint()

    def _set_scaling(self, *args: Any, **kwargs: Any) -> None:
        super()._set_scaling(*args, **kwargs)
        if hasattr(self, "_text"):
            self._paint()

    def get(self) -> str:
        """What it says."""
        return self._text.get("1.0", "end-1c")

    def put(self, text: str) -> None:
        """Replace what it says."""
        self._text.delete("1.0", "end")
        self._text.insert("1.0", text)

    def focus_set(self) -> None:
        """Into the text."""
        self._text.focus_set()


class Choice(ctk.CTkOptionMenu):
    """One of a few values, which are shown in the person's language; the arrow keys go through them."""

    def __init__(
        self,
        master: Any,
        values: Sequence[str],
        say: Callable[[str], str],
        command: Callable[[], None] = lambda: None,
        **rest: Any,
    ) -> None:
        self._all = list(values)
        self._shown = [say(value) or "–" for value in values]
        self._told = command
        rest = {"width": 60, "height": CONTROL, **rest}
        super().__init__(
            master,
            values=self._shown,
            command=lambda _: command(),
            font=font(),
            dropdown_font=font(),
            fg_color=CONTROL_BACK,
            button_color=CONTROL_BACK,
            button_hover_color=HOVER,
            text_color=TEXT,
            dropdown_fg_color=SURFACE,
            dropdown_hover_color=SELECTION,
            dropdown_text_color=TEXT,
            corner_radius=8,
            dynamic_resizing=False,
            **rest,
        )
        tkinter.Frame.configure(self, takefocus=1)
        focusable(self, lambda: self._step(1), lambda on: self.configure(button_color=ACCENT if on else CONTROL_BACK))
        tkinter.Frame.bind(self, "<Down>", lambda _: self._step(1))
        tkinter.Frame.bind(self, "<Up>", lambda _: self._step(-1))

    def focus_set(self) -> None:
        """The control itself, which has the keys; CustomTkinter would give the focus to the label in it."""
        tkinter.Frame.focus_set(self)

    def _step(self, by: int) -> None:
        self.choose(self._all[(self._all.index(self.chosen) + by) % len(self._all)])
        self._told()

    @property
    def chosen(self) -> str:
        """The value itself."""
        return self._all[self._shown.index(self.get())]

    def choose(self, value: str) -> None:
        """Select a value; one that is not on offer is added."""
        if value not in self._all:
            self._all.append(value)
            self._shown.append(value)
            self.configure(values=self._shown)
        self.set(self._shown[self._all.index(value)])


class Empty(ctk.CTkFrame):
    """What stands where there is nothing: a title, a sentence, and what can be done about it."""

    def __init__(
        self, master: Any, title: str, text: str, actions: Sequence[tuple[str, Callable[[], Any]]] = ()
    ) -> None:
        super().__init__(master, fg_color=SURFACE, corner_radius=0)
        Label(self, title, size=16, bold=True, anchor="center").pack(pady=(0, 4))
        Label(self, text, text_color=MUTED, anchor="center", justify="center", wraplength=360).pack(pady=(0, PAGE))
        if not actions:
            return
        row = ctk.CTkFrame(self, fg_color="transparent")
        row.pack()
        for index, (name, command) in enumerate(actions):
            Button(row, name, command, "primary" if index == 0 else "plain").pack(side="left", padx=4)


@cache
def mark(size: int = 26) -> Any:
    """The sign of the program: a person on a field of the accent colour."""
    from PIL import Image, ImageDraw

    def draw(back: str, front: str) -> Any:
        side = size * 8
        image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
        pen = ImageDraw.Draw(image)
        pen.rounded_rectangle((0, 0, side - 1, side - 1), side // 4, fill=back)
        pen.ellipse((side * 0.34, side * 0.18, side * 0.66, side * 0.5), fill=front)
        pen.pieslice((side * 0.2, side * 0.56, side * 0.8, side * 1.16), 180, 360, fill=front)
        return image.resize((size * 2, size * 2), Image.Resampling.LANCZOS)

    light, dark = (draw(ACCENT[index], ON_ACCENT[index]) for index in (0, 1))
    return ctk.CTkImage(light, dark, (size, size))
