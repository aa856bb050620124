"""The parts around the pages: the bar at the top, the line at the bottom, and a question over the page."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import customtkinter as ctk

from examples.employees import look
from examples.employees.look import Button, Card, Label
from examples.employees.words import LANGUAGES, Words

NOTICE_MILLISECONDS = 10_000
"""How long a line stays that only says that something went well."""
COLOURS = {
    "ok": (look.OK_SOFT, look.OK, "✓"),
    "bad": (look.BAD_SOFT, look.BAD, "✕"),
    "plain": (look.SURFACE, look.TEXT, "•"),
    "busy": (look.SURFACE, look.TEXT, ""),
}


class Answer(Protocol):
    """What a question is answered with."""

    def __call__(self, *, yes: bool) -> None: ...


class TopBar(ctk.CTkFrame):
    """The pages, the language, light or dark."""

    def __init__(self, master: Any) -> None:
        super().__init__(master, fg_color=look.SURFACE, corner_radius=0, height=56)
        self._buttons: dict[str, Button] = {}

    def show(
        self, say: Words, titles: Mapping[str, str], go: Callable[[str], None], language: Callable[[str], None]
    ) -> None:
        """Fill it. titles: of the pages, by key."""
        ctk.CTkLabel(self, text="", image=look.mark(), font=look.font()).pack(side="left", padx=(16, 16), pady=14)
        for key, title in titles.items():
            made = Button(self, say(title), lambda at=key: go(at), "quiet")  # type: ignore[misc]
            made.pack(side="left", padx=(0, 4))
            self._buttons[key] = made
        other = next(code for code in LANGUAGES if code != say.code)
        self._mode = Button(self, "", lambda: self._switch(say), "quiet")
        self._mode.pack(side="right", padx=(0, 12))
        Button(self, LANGUAGES[other], lambda: language(other), "quiet").pack(side="right")
        self._name_mode(say)

    def _switch(self, say: Words) -> None:
        ctk.set_appearance_mode("light" if ctk.get_appearance_mode() == "Dark" else "dark")
        self._name_mode(say)

    def _name_mode(self, say: Words) -> None:
        self._mode.configure(text=say("Light" if ctk.get_appearance_mode() == "Dark" else "Dark"))

    def mark(self, page: str) -> None:
        """Show which page is open."""
        for key, button in self._buttons.items():
            here = key == page
            button.configure(fg_color=look.SELECTION if here else "transparent")
            button.configure(text_color=look.TEXT if here else look.MUTED)


class Notice(ctk.CTkFrame):
    """One line at the bottom: what is going on, or how it ended. Bad news stays until it is closed."""

    def __init__(self, master: Any) -> None:
        super().__init__(master, corner_radius=0, border_width=0)
        self._call_off: Callable[[], None] | None = None
        self._kind = ""

    def show(self, say: Words, text: str, kind: str) -> None:
        """kind: a key of COLOURS."""
        self.clear()
        self._kind = kind
        back, colour, sign = COLOURS[kind]
        self.configure(fg_color=back)
        self.grid(row=2, column=0, sticky="ew")
        self.grid_columnconfigure(0, weight=1)
        label = Label(self, f"{sign}  {text}".strip(), text_color=colour, wraplength=640)
        label.grid(row=0, column=0, sticky="ew", padx=16, pady=10)
        if kind == "busy":
            bar = ctk.CTkProgressBar(self, mode="indeterminate", width=160, height=8, progress_color=look.ACCENT)
            bar.grid(row=0, column=1, padx=16)
            bar.start()
            return
        close = Button(self, say("Close"), self.clear, "quiet", height=28, on=back)
        close.configure(text_color=colour)
        close.grid(row=0, column=1, padx=12, pady=6)
        if kind == "ok":
            self._call_off = look.later(self, NOTICE_MILLISECONDS, self.clear)

    def expire(self) -> None:
        """Away, if it only said that something went well."""
        if self._kind in ("ok", "plain"):
            self.clear()

    @property
    def text(self) -> str:
        """What it says; empty if it is not there."""
        found = [child.cget("text") for child in self.winfo_children() if isinstance(child, Label)]
        return str(found[0]) if found else ""

    def clear(self) -> None:
        """Away."""
        if self._call_off is not None:
            self._call_off()
            self._call_off = None
        for child in self.winfo_children():
            if isinstance(child, ctk.CTkProgressBar):
                child.stop()  # it would go on with its timer
            child.destroy()
        self.grid_forget()


class Question(ctk.CTkFrame):
    """Covers the page until it is answered; the keyboard begins at the answer that changes nothing."""

    def __init__(
        self, master: Any, say: Words, title: str, text: str, action: str, answered: Answer, *, dangerous: bool
    ) -> None:
        super().__init__(master, fg_color=look.BG, corner_radius=0)
        self._answered = answered
        card = Card(self)
        card.place(relx=0.5, rely=0.42, anchor="center")
        Label(card, title, size=18, bold=True, height=26).pack(anchor="w", padx=24, pady=(20, 6))
        Label(card, text, text_color=look.MUTED, wraplength=400).pack(anchor="w", padx=24)
        row = ctk.CTkFrame(card, fg_color="transparent")
        row.pack(anchor="e", padx=24, pady=(20, 20))
        self.no_button = Button(row, say("Cancel"), self.cancel)
        self.yes_button = Button(row, action, lambda: answered(yes=True), "danger" if dangerous else "primary")
        self.no_button.pack(side="left", padx=(0, 8))
        self.yes_button.pack(side="left")
        for here, there in ((self.no_button, self.yes_button), (self.yes_button, self.no_button)):
            for key in ("<Tab>", "<Shift-Tab>", "<Left>", "<Right>"):
                tkinter.Frame.bind(here, key, lambda _, at=there: self._to(at))
        look.later(self, 20, self.no_button.focus_set)

    def _to(self, button: Button) -> str:
        """Tab stays within the question."""
        button.focus_set()
        return "break"

    def cancel(self) -> None:
        """Answer with no."""
        self._answered(yes=False)
