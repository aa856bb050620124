"""The questions of the Backups page, as panels: which backups go into the trash, what a backup is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from litekeep.model import Snapshot
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.view.backups.acts import delete_words
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.fields import Entry
from litekeep.ui.widgets.look import CARD_GAP, GAP, PAGE
from litekeep.ui.widgets.words import Words, Wrapped

WIDTH = 520
LONGEST_LABEL = 80


class Question(Piece):
    """A title, sentences, room for more (`room`), the button that does it, and one that does not."""

    def __init__(
        self, master: Any, stage: Stage, title: str, texts: Sequence[str], verb: str, kind: Kind = Kind.PRIMARY
    ) -> None:
        super().__init__(master)
        self.stage = stage
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(1, weight=1)
        box = Box(self, padding=(PAGE, PAGE))
        box.grid(row=0, column=0, padx=PAGE, pady=(0, PAGE))
        body = box.body
        body.grid_columnconfigure(0, weight=1, minsize=self.scaled(WIDTH))
        self.title = Words(body, title, role="page")
        self.title.grid(row=0, column=0, sticky="w")
        self.texts = [Wrapped(body, text) for text in texts]
        for at, text in enumerate(self.texts, 1):
            text.grid(row=at, column=0, sticky="ew", pady=(GAP, 0))
        self.room = Piece(body)
        self.room.grid(row=20, column=0, sticky="ew")
        self.room.grid_columnconfigure(0, weight=1)
        buttons = Piece(body)
        buttons.grid(row=21, column=0, sticky="e", pady=(PAGE, 0))
        self.no = Button(buttons, stage.say("Cancel"), stage.close_panel)
        self.yes = Button(buttons, verb, self.agree, kind=kind)
        self.no.grid(row=0, column=0)
        self.yes.grid(row=0, column=1, padx=(CARD_GAP, 0))
        self.act: Callable[[], object] = lambda: None

    def agree(self) -> None:
        """The button was pressed."""
        act = self.act
        self.stage.close_panel()
        act()

    def show_facts(self, facts: ViewFacts) -> None:
        """What is asked stays as it was asked."""

    def cleanup(self) -> None:
        """Nothing to end."""


def ask_delete(
    master: Any, stage: Stage, chosen: Sequence[Snapshot], going: Sequence[Snapshot], facts: ViewFacts
) -> Question:
    """Before something goes into the trash."""
    title, texts, verb = delete_words(chosen, facts, stage.say)
    question = Question(master, stage, title, texts, verb, Kind.DANGER)
    question.act = lambda: stage.bridge.delete(going)
    question.yes.focus_set()
    return question


def ask_label(master: Any, stage: Stage, snapshot: Snapshot, facts: ViewFacts) -> Question:
    """What a backup is called."""
    say = stage.say
    title = say("Label of the backup of {when}", when=say.when(snapshot.created_at, facts.now))
    text = say("A name that tells you later what is in it. Leave it empty to take it away.")
    question = Question(master, stage, title, (text,), say("Save"))
    entry = Entry(question.room, value=snapshot.label, accept=lambda _: question.agree())
    entry.grid(row=0, column=0, sticky="ew", pady=(CARD_GAP, 0))
    entry.focus_set()
    entry.entry.select_range(0, "end")

    def keep() -> None:
        label = entry.text.strip()[:LONGEST_LABEL]
        if label != snapshot.label:
            stage.bridge.label(snapshot, label)

    question.act = keep
    return question
