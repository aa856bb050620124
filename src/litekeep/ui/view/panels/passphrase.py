"""A new passphrase, typed twice: in the place of another one, or beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litekeep import BackupManager
from litekeep.manager.keys import KeyInfo
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.encryption import CHANGE, key_name, passphrase_card, passphrase_flaw, wrong_key
from litekeep.ui.presenter.facts import Outcome
from litekeep.ui.presenter.models import Tone
from litekeep.ui.view.panels.panel import NARROW, Panel
from litekeep.ui.view.settings.lines import SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Kind
from litekeep.ui.widgets.choices import Choice
from litekeep.ui.widgets.fields import Entry
from litekeep.ui.widgets.look import GAP, GAP_SMALL
from litekeep.ui.widgets.toggles import Check
from litekeep.ui.widgets.words import Words, Wrapped

HIDDEN = "•"


def hide_text(entry: Entry, *, hidden: bool) -> None:
    """Show dots instead of what is typed, or not."""
    entry.entry.configure(show=HIDDEN if hidden else "")


class PassphrasePanel(Panel):
    """of: the passphrases of which one is changed; empty: a new one is added."""

    def __init__(self, master: Any, stage: Stage, of: Sequence[KeyInfo]) -> None:
        say = stage.say
        super().__init__(master, stage, say("Change passphrase") if of else say("Add a passphrase"), wide=NARROW)
        self._of, self._key = tuple(of), of[0].id if of else ""
        text = say("Six random words are easy to type and hard to guess. No backup is rewritten.")
        Wrapped(self.body, text).grid(row=0, column=0, sticky="ew", pady=(0, GAP))
        if len(of) > 1:
            items = [(each.id, key_name(each, say)) for each in of]
            self.which = Choice(self.body, items, self._key, self._choose)
            self.which.grid(row=1, column=0, sticky="w", pady=(0, GAP))
        self.first = self._entry(2, say("New passphrase"))
        self.second = self._entry(4, say("Once more"))
        self.shown = Check(self.body, say("Show what is typed"), lambda on: self._hide(hidden=not on))
        self.shown.grid(row=6, column=0, sticky="w")
        self.told = SignedLine(self.body, Tone.CALM, "")
        self.told.grid(row=7, column=0, sticky="ew", pady=(GAP_SMALL, GAP))
        self.told.hide()
        self._hide(hidden=True)
        self.add_button(say("Cancel"), stage.close_panel)
        self.go = self.add_button(say("Change it") if of else say("Add it"), self.carry_out, Kind.PRIMARY)

    def _entry(self, row: int, title: str) -> Entry:
        Words(self.body, title, role="caption", colour=self.look.muted).grid(row=row, column=0, sticky="w")
        entry = Entry(self.body, command=lambda _: self.told.hide(), accept=lambda _: self.carry_out())
        entry.grid(row=row + 1, column=0, sticky="ew", pady=(GAP_SMALL, GAP))
        return entry

    def first_focus(self) -> Any:
        return self.first

    def carry_out(self) -> None:
        """If the two are one."""
        text, key = self.first.text, self._key
        flaw = passphrase_flaw(text, self.second.text, self.stage.say)
        if flaw:
            self._tell(Tone.BAD, flaw)
            return
        self.go.set_enabled(False)
        self._tell(Tone.BUSY, self.stage.say("One moment…"))

        def change(manager: BackupManager) -> KeyInfo:
            return manager.change_passphrase(text, key) if key else manager.add_passphrase(text)

        self.stage.bridge.ask(CHANGE, change, self._answered)

    def cleanup(self) -> None:
        """What was begun goes on."""
        self.stage.bridge.forget(CHANGE)

    def _answered(self, answer: Answer[KeyInfo]) -> None:
        if self.gone:
            return
        stage = self.stage
        if answer.problem is not None:
            self._tell(Tone.BAD, self._why(answer.problem))
            self.go.set_enabled(True)
            return
        stage.close_panel()
        stage.notice(passphrase_card(stage.say, added=not self._of))
        stage.bridge.refresh()

    def _why(self, problem: Outcome) -> str:
        if problem.code == "refused" and self._of:
            return self.stage.say(
                "The application itself opens the backups with this passphrase: change it where the application takes "
                "it from, with the command line."
            )
        return wrong_key(problem, self.stage.say)

    def _choose(self, key: str) -> None:
        self._key = key

    def _hide(self, *, hidden: bool) -> None:
        for entry in (self.first, self.second):
            hide_text(entry, hidden=hidden)

    def _tell(self, tone: Tone, text: str) -> None:
        self.told.set(tone, text)
        self.told.show()
