"""The card of the location: where the backups are, and the room that is left there."""

from __future__ import annotations

from typing import Any

from litekeep.operations.status import Verdict
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, Tone
from litekeep.ui.view.settings.lines import SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button
from litekeep.ui.widgets.card import Card
from litekeep.ui.widgets.look import BAR_BUTTON, GAP, GAP_SMALL
from litekeep.ui.widgets.words import Words, Wrapped

TIGHT = 3
"""With room for fewer copies of the database than this, the free space is said in the colour of a warning."""


class LocationCard(Card):
    """The folder, its free space, and the database it is about."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master, stage.say("Location"))
        self.stage, self.say = stage, stage.say
        say, content = self.say, self.content
        self.open = Button(self.bar, say("Open folder"), lambda: stage.perform(Action.OPEN_FOLDER), height=BAR_BUTTON)
        self.open.grid(row=0, column=0)
        Words(content, say("Folder of the backups"), role="caption", colour=self.look.muted).grid(
            row=0, column=0, sticky="w"
        )
        self.folder = Wrapped(content, "")
        self.folder.grid(row=1, column=0, sticky="ew", pady=(2, 0))
        self.room = SignedLine(content, Tone.CALM, "")
        self.room.grid(row=2, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        Words(content, say("Database"), role="caption", colour=self.look.muted).grid(
            row=3, column=0, sticky="w", pady=(GAP, 0)
        )
        self.database = Wrapped(content, "")
        self.database.grid(row=4, column=0, sticky="ew", pady=(2, 0))

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self.folder.set_text(facts.folder)
        self.database.set_text(facts.database)
        tone, text = self._room(facts)
        self.room.set(tone, text)
        if text:
            self.room.show()
        else:
            self.room.hide()
        away = facts.status is not None and facts.status.verdict is Verdict.REPOSITORY_MISSING
        self.open.set_enabled(not away and facts.space_bytes is not None)

    def _room(self, facts: ViewFacts) -> tuple[Tone, str]:
        say = self.say
        if facts.status is not None and facts.status.verdict is Verdict.REPOSITORY_MISSING:
            return Tone.BAD, say("This folder cannot be found now.")
        if facts.free_bytes is None:
            return Tone.CALM, ""
        free = say("{size} free on this drive", size=say.size(facts.free_bytes))
        text = free
        if facts.space_bytes is not None:
            text = say("{free}, the backups take {size}", free=free, size=say.size(facts.space_bytes))
        tight = facts.database_bytes is not None and facts.free_bytes < TIGHT * facts.database_bytes
        return (Tone.WARN if tight else Tone.OK), say("{text}.", text=text)

    def cleanup(self) -> None:
        """Nothing is left to end."""
