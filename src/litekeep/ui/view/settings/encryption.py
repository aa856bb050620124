"""The card of encryption: whether the backups are encrypted, what opens them, and what people do with that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litekeep import BackupManager
from litekeep.manager.keys import KeysReport
from litekeep.operations.status import Verdict
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.encryption import EncryptionModel, encryption_card
from litekeep.ui.presenter.facts import Outcome, ViewFacts
from litekeep.ui.presenter.models import DetailLine
from litekeep.ui.view.panels.passphrase import PassphrasePanel
from litekeep.ui.view.panels.recovery import RecoveryPanel, save_sheet
from litekeep.ui.view.panels.testkey import TestKeyPanel
from litekeep.ui.view.settings.lines import NamedLine, SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button, Link
from litekeep.ui.widgets.card import Box, Card
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.look import BAR_BUTTON, GAP, GAP_SMALL
from litekeep.ui.widgets.words import Wrapped

KEYS = "settings-keys"
"""The key of its question to the bridge."""
NAME_WIDTH = 104


class EncryptionCard(Card):
    """It asks by itself when something may be new: no secret is in what it gets."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master, stage.say("Encryption"))
        self.stage, self.say = stage, stage.say
        self._facts: ViewFacts = stage.bridge.facts
        self._report: KeysReport | None = None
        self._problem: Outcome | None = None
        self._seen: object = None
        self._shown: tuple[DetailLine, ...] = ()
        self.offered: list[Button] = []
        self.model = EncryptionModel(*self._now_told())
        self.sentence = SignedLine(self.content, self.model.tone, self.model.sentence)
        self.sentence.grid(row=0, column=0, sticky="ew")
        self.lines = Piece(self.content)
        self.lines.grid(row=1, column=0, sticky="ew", pady=(GAP, 0))
        self.lines.grid_columnconfigure(0, weight=1)
        self.how = Wrapped(self.content, "", role="caption", colour=self.look.muted)
        self.how.grid(row=2, column=0, sticky="ew", pady=(GAP, 0))
        self._add_command()
        self._add_buttons()
        self._show()

    def _now_told(self) -> tuple[Any, str]:
        model = encryption_card(None, None, self._facts, self.say)
        return model.tone, model.sentence

    def _add_command(self) -> None:
        self.command = Box(self.content, padding=(GAP, GAP_SMALL))
        self.command.set_surface(self.look.sunken, self.look.sunken)
        self.command.grid(row=3, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.command.body.grid_columnconfigure(0, weight=1)
        self.command_text = Wrapped(self.command.body, "")
        self.command_text.grid(row=0, column=0, sticky="ew")
        self.copy = Link(self.command.body, self.say("Copy"), self.copy_command)
        self.copy.grid(row=0, column=1, sticky="ne")

    def _add_buttons(self) -> None:
        say = self.say
        self.flow = Flow(self.content)
        self.flow.grid(row=4, column=0, sticky="ew", pady=(GAP, 0))
        self.sheet = Button(self.flow, say("Save recovery sheet…"), self.save_sheet, height=BAR_BUTTON)
        self.confirm = Button(self.flow, say("Confirm recovery key…"), self.confirm_key, height=BAR_BUTTON)
        self.change = Button(self.flow, say("Change passphrase…"), self.change_passphrase, height=BAR_BUTTON)
        self.add = Button(self.flow, say("Add a passphrase…"), self.add_passphrase, height=BAR_BUTTON)
        self.test = Button(self.flow, say("Test a key…"), self.test_key, height=BAR_BUTTON)

    # --- what people do

    def save_sheet(self) -> None:
        """Ask where, and write it."""
        save_sheet(self.stage)

    def confirm_key(self) -> None:
        """The panel of the recovery key."""
        self.stage.open_panel(RecoveryPanel)

    def change_passphrase(self) -> None:
        """The panel of a new passphrase, for one of those that there are."""
        chosen = self.model.passphrases
        self.stage.open_panel(lambda master, stage: PassphrasePanel(master, stage, chosen))

    def add_passphrase(self) -> None:
        """The panel of a new passphrase beside the others."""
        self.stage.open_panel(lambda master, stage: PassphrasePanel(master, stage, ()))

    def test_key(self) -> None:
        """The panel that tries one."""
        self.stage.open_panel(TestKeyPanel)

    def copy_command(self) -> None:
        """To the clipboard."""
        self.clipboard_clear()
        self.clipboard_append(self.model.command)
        self.copy.set_text(self.say("Copied"))

    # --- what is shown

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts, and ask anew if the keys may be others."""
        self._facts = facts
        if facts.status is None:
            return
        row = next((row.at for row in facts.rows if row.verb == "key"), None)
        seen = (facts.status.verdict, facts.folder, facts.settings.encryption, row)
        if seen != self._seen:
            self._seen = seen
            if facts.status.verdict is not Verdict.REPOSITORY_MISSING or self._report is None:
                self.stage.bridge.ask(KEYS, _keys, self._answered)
        self._show()

    def cleanup(self) -> None:
        """No answer is wanted any more."""
        self.stage.bridge.forget(KEYS)

    def _answered(self, answer: Answer[KeysReport]) -> None:
        if not self.gone:
            self._report, self._problem = answer.value, answer.problem
            self._show()

    def _show(self) -> None:
        model = encryption_card(self._report, self._problem, self._facts, self.say)
        if model != self.model:
            self.copy.set_text(self.say("Copy"))
        self.model = model
        self.sentence.set(model.tone, model.sentence)
        if model.lines != self._shown:
            self._shown = model.lines
            _fill(self.lines, model.lines)
        self.how.set_text(model.how)
        self.command_text.set_text(model.command)
        for piece, there in (
            (self.lines, bool(model.lines)),
            (self.how, bool(model.how)),
            (self.command, bool(model.command)),
            (self.flow, model.open),
        ):
            (piece.show if there else piece.hide)()
        offered = (
            (self.confirm, model.confirm),
            (self.sheet, model.sheet),
            (self.change, bool(model.passphrases)),
            (self.add, model.open and not model.passphrases),
            (self.test, model.open),
        )
        self.offered = [button for button, there in offered if there]
        self.flow.arrange(list(self.offered))


def _keys(manager: BackupManager) -> KeysReport:
    return manager.keys()


def _fill(place: Piece, lines: Sequence[DetailLine]) -> None:
    for child in place.winfo_children():
        child.destroy()
    widest = max([NAME_WIDTH, *(round(place.text_width(line.name) / place.scale) + GAP for line in lines)])
    for at, line in enumerate(lines):
        shown = NamedLine(place, line, min(widest, 2 * NAME_WIDTH))
        shown.grid(row=at, column=0, sticky="ew", pady=(GAP_SMALL if at else 0, 0))
