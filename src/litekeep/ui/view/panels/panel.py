"""What all panels share: a card over the pages with a title, a body that scrolls, and buttons at the right below it."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import BAR_BUTTON, CARD_GAP, GAP, GAP_SMALL, HERO_BUTTON, PAGE
from litekeep.ui.widgets.page import Page
from litekeep.ui.widgets.scrollbar import WIDTH as SCROLL
from litekeep.ui.widgets.words import Wrapped

WIDE, NARROW = 720, 520
EDGE = 8
"""Of the card, which its rounded corners need."""
X, Y = 22 - EDGE, 16 - EDGE
LOW = 56
"""The card stands so far below the hero at most."""


class Panel(Piece):
    """Put things in `body`. It is as high as what is in it, and scrolls where there is less room.

    Subclasses add buttons with `add_button`, the last one added stands at the right.
    """

    def __init__(self, master: Any, stage: Stage, title: str, sub: str = "", *, wide: int = WIDE) -> None:
        super().__init__(master)
        self.stage, self._wide = stage, wide
        self.buttons: list[Button] = []
        self._box = Box(self, padding=(EDGE, EDGE))
        inner = self._box.body
        inner.grid_columnconfigure(0, weight=1)
        inner.grid_rowconfigure(1, weight=1)
        self._head = Piece(inner)
        self._page = Page(inner)
        self._foot = Piece(inner)
        self._head.grid(row=0, column=0, sticky="ew", padx=(X, GAP_SMALL), pady=(Y, 0))
        self._page.grid(row=1, column=0, sticky="nsew", padx=(X, X - SCROLL), pady=(CARD_GAP, 0))
        self._foot.grid(row=2, column=0, sticky="ew", padx=X, pady=(CARD_GAP, Y))
        self._add_head(title, sub)
        self.body = Piece(self._page.content)
        self.body.grid(row=0, column=0, sticky="new")
        self._page.content.grid_columnconfigure(0, weight=1)
        self.body.grid_columnconfigure(0, weight=1)
        self._foot.grid_columnconfigure(0, weight=1)
        for piece in (self.body, self._head, self._foot):
            tkinter.Misc.bind(piece, "<Configure>", lambda _: self._place(), "+")
        self.later(1, self._focus)

    def _add_head(self, title: str, sub: str) -> None:
        self._head.grid_columnconfigure(0, weight=1)
        self.title = Wrapped(self._head, title, role="page")
        self.sub = Wrapped(self._head, sub, role="caption", colour=self.look.muted)
        self.title.grid(row=0, column=0, sticky="ew")
        self.sub.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(3, 0))
        self.cross = Button(self._head, "", self.stage.close_panel, sign="close", kind=Kind.FLAT, height=BAR_BUTTON)
        self.cross.grid(row=0, column=1, sticky="ne", padx=(GAP, 0))

    def add_button(
        self, text: str, command: Callable[[], object], kind: Kind = Kind.QUIET, *, enabled: bool = True
    ) -> Button:
        """Below the body, at the right of those before it."""
        button = Button(self._foot, text, command, kind=kind, height=HERO_BUTTON, enabled=enabled)
        self.buttons.append(button)
        button.grid(row=0, column=len(self.buttons), sticky="e", padx=(GAP, 0))
        return button

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""

    def cleanup(self) -> None:
        """End requests."""

    def first_focus(self) -> Any:
        """What the keyboard begins with; None: the last button."""
        return None

    def redraw(self) -> None:
        self._place()

    def _focus(self) -> None:
        target = self.first_focus() or (self.buttons[-1] if self.buttons else self.cross)
        target.focus_set()

    def _place(self) -> None:
        """In the middle, no wider than it needs, no higher than there is room."""
        width, height = self.winfo_width(), self.winfo_height()
        if width <= 1 or self.gone:
            return
        wide = min(width - 2 * self.scaled(PAGE), self.scaled(self._wide))
        heads = self._head.winfo_reqheight() + self._foot.winfo_reqheight()
        needed = heads + self.body.winfo_reqheight() + 2 * self.scaled(CARD_GAP) + 2 * self.scaled(Y + EDGE) + 2
        room = height - self.scaled(PAGE)
        high = max(min(needed, room), 1)
        y = min(max(room - high, 0) // 4, self.scaled(LOW))
        tkinter.Place.place_configure(self._box, x=(width - wide) // 2, y=y, width=wide, height=high)
