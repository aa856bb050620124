"""The recovery key: save the sheet, print it, and type the key back from the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litekeep import BackupManager
from litekeep.manager.keys import KeyInfo
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.cards import card
from litekeep.ui.presenter.encryption import CONFIRM, SHEET, confirmed_card, sheet_card, wrong_key
from litekeep.ui.presenter.models import Card, Tone
from litekeep.ui.view.panels.panel import Panel
from litekeep.ui.view.settings.lines import SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.fields import Entry
from litekeep.ui.widgets.look import CARD_GAP, FORM_BUTTON, GAP, GAP_SMALL
from litekeep.ui.widgets.words import Words, Wrapped

SHEET_NAME = "recovery-sheet.html"


def save_sheet(stage: Stage, told: Any = None) -> None:
    """Ask where, and write it off the Tk thread; told(tone, text) instead of a card below the hero."""
    path = stage.files.save_file(stage.say("Save the recovery sheet"), SHEET_NAME)
    if path is None:
        return

    def written(answer: Answer[Path]) -> None:
        say = stage.say
        shown: Card = card(answer.problem, say) if answer.problem is not None else sheet_card(str(answer.value), say)
        if told is None:
            stage.notice(shown)
        else:
            told(shown.tone, " ".join(part for part in (shown.what, shown.hint) if part))

    code = stage.say.code
    stage.bridge.ask(SHEET, lambda manager: manager.write_recovery_sheet(path, language=code), written)


class RecoveryPanel(Panel):
    """Two steps; the second one proves the first."""

    def __init__(self, master: Any, stage: Stage) -> None:
        say = stage.say
        super().__init__(master, stage, say("Recovery key"))
        text = say(
            "The recovery key opens the backups when the computer, its key file or the passphrase is lost. "
            "Without any of them nobody can ever read the backups, and nobody can help."
        )
        Wrapped(self.body, text).grid(row=0, column=0, sticky="ew")
        self._step(1, say("1. Save the recovery sheet, print it, and delete the file"))
        self.sheet = Button(self.body, say("Save recovery sheet…"), self.save_sheet, height=FORM_BUTTON)
        self.sheet.grid(row=2, column=0, sticky="w", pady=(GAP_SMALL, 0))
        self.sheet_told = SignedLine(self.body, Tone.CALM, "")
        self.sheet_told.grid(row=3, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.sheet_told.hide()
        self._step(4, say("2. Type the key back from the paper"))
        self.entry = Entry(
            self.body,
            placeholder=say("8 groups of 8 letters and digits"),
            command=lambda _: self._typed(),
            accept=lambda _: self.confirm(),
        )
        self.entry.grid(row=5, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.told = SignedLine(self.body, Tone.CALM, "")
        self.told.grid(row=6, column=0, sticky="ew", pady=(GAP_SMALL, GAP))
        self.told.hide()
        self.add_button(say("Later"), stage.close_panel)
        self.go = self.add_button(say("Confirm the key"), self.confirm, Kind.PRIMARY, enabled=False)

    def _step(self, row: int, text: str) -> None:
        Words(self.body, text, role="strong").grid(row=row, column=0, sticky="w", pady=(CARD_GAP, 0))

    def first_focus(self) -> Any:
        return self.sheet

    def save_sheet(self) -> None:
        """Ask where, and write it."""
        save_sheet(self.stage, self._sheet_written)

    def confirm(self) -> None:
        """Is it the key?"""
        text = self.entry.text
        if not text.strip():
            return
        self.go.set_enabled(False)
        self._tell(Tone.BUSY, self.stage.say("Trying it…"))
        self.stage.bridge.ask(CONFIRM, lambda manager: _confirm(manager, text), self._answered)

    def cleanup(self) -> None:
        """What was asked goes on; its answer is not wanted any more."""
        self.stage.bridge.forget(CONFIRM)
        self.stage.bridge.forget(SHEET)

    def _answered(self, answer: Answer[KeyInfo]) -> None:
        if self.gone:
            return
        stage = self.stage
        if answer.problem is not None:
            self._tell(Tone.BAD, wrong_key(answer.problem, stage.say))
            self.go.set_enabled(True)
            return
        stage.close_panel()
        stage.notice(confirmed_card(stage.say))
        stage.bridge.refresh()

    def _sheet_written(self, tone: Tone, text: str) -> None:
        if not self.gone:
            self.sheet_told.set(tone, text)
            self.sheet_told.show()

    def _typed(self) -> None:
        self.go.set_enabled(bool(self.entry.text.strip()))
        self.told.hide()

    def _tell(self, tone: Tone, text: str) -> None:
        self.told.set(tone, text)
        self.told.show()


def _confirm(manager: BackupManager, text: str) -> KeyInfo:
    return manager.confirm_recovery_key(text)
