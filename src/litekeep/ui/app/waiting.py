"""The window is to be closed while something runs: wait for it, or not. Lies over the window, and is no second one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litekeep.ui.language.words import Language, phrase
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.look import CARD_GAP, GAP, GAP_LARGE, HERO_BUTTON
from litekeep.ui.widgets.words import Wrapped

LOOK_MS = 100
WIDTH = 540
RUNNING = {
    "backup": phrase("{name} is being backed up"),
    "restore": phrase("{name} is being restored"),
    "undo": phrase("{name} is being restored"),
    "verify": phrase("Backups of {name} are being checked"),
    "drill": phrase("A restore of {name} is being tested"),
    "rebuild": phrase("The backups of {name} are being got back"),
}


class Waiting(Piece):
    """running: (name, verb) of what runs. on_over: nothing runs any more, or a person does not want to wait for it.

    on_stay: the window is not to be closed after all.
    """

    def __init__(
        self,
        master: Any,
        say: Language,
        running: Callable[[], list[tuple[str, str]]],
        on_over: Callable[[], object],
        on_stay: Callable[[], object],
    ) -> None:
        super().__init__(master)
        self._running, self._on_over, self._say = running, on_over, say
        self._waits = False
        box = Box(self, padding=(GAP_LARGE, GAP_LARGE))
        box.place(relx=0.5, rely=0.4, anchor="center")
        body = box.body
        body.grid_columnconfigure(0, weight=1, minsize=self.scaled(WIDTH))
        self.headline = Wrapped(body, role="page", width=WIDTH)
        self.headline.grid(row=0, column=0, sticky="ew")
        self.text = Wrapped(
            body,
            say(
                "If you close now, it stops at the next safe point. Your data and all earlier backups stay as they are."
            ),
            width=WIDTH,
        )
        self.text.grid(row=1, column=0, sticky="ew", pady=(GAP, CARD_GAP))
        flow = Flow(body)
        flow.grid(row=2, column=0, sticky="ew")
        self.wait = Button(flow, say("Wait, then close"), self._wait, kind=Kind.PRIMARY, height=HERO_BUTTON)
        self.leave = Button(flow, say("Close anyway"), on_over, kind=Kind.DANGER, height=HERO_BUTTON)
        self.stay = Button(flow, say("Keep open"), on_stay, height=HERO_BUTTON)
        flow.arrange([self.wait, self.leave, self.stay])
        self._tell()
        self.later(1, self.wait.focus_set)
        self.later(LOOK_MS, self._look)

    def _tell(self) -> None:
        running = self._running()
        if running:
            name, verb = running[0]
            text = RUNNING.get(verb, phrase("Something is being done with {name}"))
            self.headline.set_text(self._say(text, name=name))

    def _wait(self) -> None:
        self._waits = True
        self.wait.set_enabled(False)
        self.text.set_text(self._say("The window closes as soon as it is done."))

    def _look(self) -> None:
        if self._running():
            self._tell()
            self.later(LOOK_MS, self._look)
        else:
            self._on_over()
