"""The last events: a sign, what happened and when, drawn in one piece."""

from __future__ import annotations

import tkinter
from typing import Any

from litekeep.ui.presenter.events import last_events
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Event
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.card import Card
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.icons import sign_photo
from litekeep.ui.widgets.look import BAR_BUTTON, Look
from litekeep.ui.widgets.tips import Tip

MARK = 14
LINE = 25
LINES = 6


class EventsCard(Card):
    """What ran last, in so many lines."""

    def __init__(self, master: Any, stage: Stage, lines: int = LINES) -> None:
        say = self._say = stage.say
        self._lines = lines
        super().__init__(master, say("Last events"))
        self.list = EventList(
            self.content, last_events(stage.bridge.facts, say, lines), say("Nothing has happened yet."), lines=lines
        )
        self.list.grid(row=0, column=0, sticky="nsew")
        self.rescaled()

    def rescaled(self) -> None:
        """Its title stands as high as that of a card with a control beside it."""
        self.body.grid_rowconfigure(0, minsize=self.scaled(BAR_BUTTON))

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self.list.update_from(last_events(facts, self._say, self._lines))


class EventList(Piece):
    """Shows models.Event, newest first; a text that does not fit is cut, and whole under the pointer."""

    def __init__(
        self, master: Any, events: tuple[Event, ...], empty: str, *, lines: int = LINES, look: Look | None = None
    ) -> None:
        super().__init__(master, width=1, height=lines * LINE, look=look)
        self.events, self.empty, self._lines = events, empty, lines
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)
        self.tip = Tip(self)
        self._hot = -1
        self.canvas.bind("<Motion>", lambda event: self._point(event.y // self.scaled(LINE)))
        self.canvas.bind("<Leave>", lambda _: self._point(-1))

    def update_from(self, events: tuple[Event, ...]) -> None:
        """Show other events."""
        if events != self.events:
            self.events = events
            self.redraw()

    def redraw(self) -> None:
        width = self.winfo_width()
        if width <= 1 or self.gone:
            return
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        if not self.events:
            muted = self.colour(self.look.muted)
            self.canvas.create_text(
                0, self.scaled(LINE) // 2, text=self.empty, anchor="w", fill=muted, font=self.font("body")
            )
        for at, event in enumerate(self.events[: self._lines]):
            self._paint(event, width, self.scaled(LINE) * at + self.scaled(LINE) // 2)

    def _paint(self, event: Event, width: int, y: int) -> None:
        look, size = self.look, self.scaled(MARK)
        colour = self.colour(look.tone(event.tone).text)
        self.canvas.create_image(0, y, anchor="w", image=sign_photo(self, str(event.tone), size, colour))
        left, room = size + self.scaled(8), self.scaled(12)
        when = self.text_width(event.when, "caption")
        text = self.fitted(event.text, width - left - when - room)
        self.canvas.create_text(left, y, anchor="w", text=text, font=self.font("body"), fill=self.colour(look.text))
        self.canvas.create_text(
            width, y, anchor="e", text=event.when, font=self.font("caption"), fill=self.colour(look.muted)
        )

    def _point(self, at: int) -> None:
        if at == self._hot:
            return
        self._hot = at
        if not 0 <= at < len(self.events):
            self.tip.hide()
            return
        event = self.events[at]
        below = self.winfo_rooty() + self.scaled(LINE) * (at + 1)
        self.tip.show(f"{event.at}\n{event.text}", self.winfo_rootx() + self.winfo_width() // 2, below)
