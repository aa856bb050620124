"""What stands in the table while there is no row: a sentence, and the button that helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litekeep.records import dataclass
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.fromcopy import is_missing
from litekeep.ui.presenter.models import Filter
from litekeep.ui.view.backups.listing import Wish
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_GAP, GAP_SMALL
from litekeep.ui.widgets.words import Wrapped

BACK_UP, CLEAR, ALL, LOCATE, FROM_COPY = "back_up", "clear", "all", "locate", "from_copy"
WIDTH = 420


@dataclass(frozen=True, slots=True)
class EmptyWords:
    """text: the sentence; more: a fainter one. act: what the button does, empty for none; verb: its text."""

    text: str = ""
    more: str = ""
    act: str = ""
    verb: str = ""


def empty_words(facts: ViewFacts, wish: Wish, say: Language) -> EmptyWords:
    """Why there is no row."""
    if facts.status is None and not facts.snapshots:
        return EmptyWords(say("Looking at the backups…"))
    if wish.search.strip():
        text = say("Nothing found for {text}.", text=say.quoted(wish.search.strip()))
        return EmptyWords(text, say("Search for a date, a reason, a label or a state."), CLEAR, say("Clear the search"))
    if wish.filter is Filter.TRASH:
        more = say.plural(
            "A deleted backup can be brought back for {n} day.",
            "A deleted backup can be brought back for {n} days.",
            facts.settings.retention.trash_days,
        )
        return EmptyWords(say("The trash is empty."), more, ALL, say("Show all backups"))
    if wish.filter is Filter.PINNED and facts.snapshots:
        more = say("A pinned backup is never removed automatically.")
        return EmptyWords(say("No backup is pinned."), more, ALL, say("Show all backups"))
    if wish.filter is Filter.PROBLEMS and facts.snapshots:
        return EmptyWords(say("No problems."), say("All backups are as they should be."), ALL, say("Show all backups"))
    if is_missing(facts):
        text, more = say("The folder of the backups cannot be found now."), say("Your data is not affected.")
        if facts.settings.copies:
            return EmptyWords(text, more, FROM_COPY, say("Restore from a copy…"))
        return EmptyWords(text, more, LOCATE, say("Locate…"))
    return EmptyWords(
        say("There is no backup yet."),
        say("The first one stores the whole database; later ones only what has changed."),
        BACK_UP,
        say("Back up now"),
    )


class Empty(Piece):
    """Lies over the table. on_act gets the word of the button."""

    def __init__(self, master: Any, on_act: Callable[[str], object]) -> None:
        super().__init__(master, fill=None)
        self.set_fill(self.look.surface)
        self.words = EmptyWords()
        self.grid_columnconfigure(0, weight=1)
        self._text = Wrapped(self, role="strong", width=WIDTH)
        self._more = Wrapped(self, role="body", colour=self.look.muted, width=WIDTH)
        self.button = Button(self, "", lambda: on_act(self.words.act), kind=Kind.PRIMARY)
        self._text.grid(row=0, column=0, sticky="ew")
        self._more.grid(row=1, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.button.grid(row=2, column=0, pady=(CARD_GAP, 0))
        for line in (self._text, self._more):
            line.label.configure(anchor="center", justify="center")

    def update_from(self, words: EmptyWords) -> None:
        """Another reason."""
        if words == self.words:
            return
        self.words = words
        self._text.set_text(words.text)
        self._more.set_text(words.more)
        self.button.set_text(words.verb)
        self.button.set_kind(Kind.PRIMARY if words.act == BACK_UP else Kind.QUIET)
        (self.button.show if words.act else self.button.hide)()
