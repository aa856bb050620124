"""A question with numbers before something is done, and a line of text to be typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litekeep.records import dataclass
from litekeep.ui.view.panels.panel import NARROW, Panel
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Kind
from litekeep.ui.widgets.fields import Entry
from litekeep.ui.widgets.look import GAP, GAP_SMALL
from litekeep.ui.widgets.words import Words, Wrapped


@dataclass(frozen=True, slots=True)
class Question:
    """title: the question. lines: what would happen, a sentence each, with the numbers. verb: on the button for yes.

    danger: it takes something away. keep: on the other button; empty: "Cancel".
    """

    title: str
    lines: tuple[str, ...]
    verb: str
    danger: bool = False
    keep: str = ""


def confirm(stage: Stage, question: Question, act: Callable[[], object]) -> None:
    """Ask; `act` is called after the panel is closed, if the answer is yes."""
    stage.open_panel(lambda master, stage: ConfirmPanel(master, stage, question, act))


def ask_text(stage: Stage, title: str, label: str, value: str, verb: str, act: Callable[[str], object]) -> None:
    """Ask for a line of text; `act` gets it, without blanks around it, after the panel is closed."""
    stage.open_panel(lambda master, stage: TextPanel(master, stage, title, label, value, verb, act))


class ConfirmPanel(Panel):
    """Shows a Question. The keyboard begins on the button that changes nothing."""

    def __init__(self, master: Any, stage: Stage, question: Question, act: Callable[[], object]) -> None:
        super().__init__(master, stage, question.title, wide=NARROW)
        self._act = act
        for at, text in enumerate(question.lines):
            Wrapped(self.body, text).grid(row=at, column=0, sticky="ew", pady=(GAP_SMALL if at else 0, 0))
        say = stage.say
        self.no = self.add_button(question.keep or say("Cancel"), stage.close_panel)
        self.yes = self.add_button(question.verb, self._agreed, Kind.DANGER if question.danger else Kind.PRIMARY)

    def first_focus(self) -> Any:
        return self.no

    def _agreed(self) -> None:
        self.stage.close_panel()
        self._act()


class TextPanel(Panel):
    """One entry; Return accepts."""

    def __init__(
        self, master: Any, stage: Stage, title: str, label: str, value: str, verb: str, act: Callable[[str], object]
    ) -> None:
        super().__init__(master, stage, title, wide=NARROW)
        self._act = act
        Words(self.body, label, role="caption", colour=self.look.muted).grid(row=0, column=0, sticky="w")
        self.entry = Entry(self.body, value=value, accept=self._accepted)
        self.entry.grid(row=1, column=0, sticky="ew", pady=(GAP_SMALL, GAP))
        say = stage.say
        self.add_button(say("Cancel"), stage.close_panel)
        self.add_button(verb, lambda: self._accepted(self.entry.text), Kind.PRIMARY)
        self.later(2, lambda: self.entry.entry.select_range(0, "end"))

    def first_focus(self) -> Any:
        return self.entry

    def _accepted(self, text: str) -> None:
        self.stage.close_panel()
        self._act(text.strip())
