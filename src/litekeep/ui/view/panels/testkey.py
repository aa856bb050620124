"""Try a passphrase or key: does it open the backups, and which one is it? Nothing is changed."""

from __future__ import annotations

from typing import Any

from litekeep.manager.keys import KeyInfo
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.encryption import TEST, key_name, wrong_key
from litekeep.ui.presenter.models import Tone
from litekeep.ui.view.panels.panel import NARROW, Panel
from litekeep.ui.view.panels.passphrase import hide_text
from litekeep.ui.view.settings.lines import SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Kind
from litekeep.ui.widgets.fields import Entry
from litekeep.ui.widgets.look import GAP, GAP_SMALL
from litekeep.ui.widgets.toggles import Check
from litekeep.ui.widgets.words import Wrapped


class TestKeyPanel(Panel):
    """It stays open: people try several."""

    __test__ = False

    def __init__(self, master: Any, stage: Stage) -> None:
        say = stage.say
        super().__init__(master, stage, say("Test a key"), wide=NARROW)
        text = say("Type a passphrase, the recovery key from the paper, or what stands in a key file.")
        Wrapped(self.body, text).grid(row=0, column=0, sticky="ew")
        self.entry = Entry(self.body, command=lambda _: self._typed(), accept=lambda _: self.try_it())
        self.entry.grid(row=1, column=0, sticky="ew", pady=(GAP, GAP_SMALL))
        self.shown = Check(self.body, say("Show what is typed"), lambda on: hide_text(self.entry, hidden=not on))
        self.shown.grid(row=2, column=0, sticky="w")
        self.told = SignedLine(self.body, Tone.CALM, "")
        self.told.grid(row=3, column=0, sticky="ew", pady=(GAP_SMALL, GAP))
        self.told.hide()
        hide_text(self.entry, hidden=True)
        self.add_button(say("Close"), stage.close_panel)
        self.go = self.add_button(say("Test it"), self.try_it, Kind.PRIMARY, enabled=False)

    def first_focus(self) -> Any:
        return self.entry

    def try_it(self) -> None:
        """Does it open them?"""
        text = self.entry.text
        if not text:
            return
        self.go.set_enabled(False)
        self._tell(Tone.BUSY, self.stage.say("Trying it…"))
        self.stage.bridge.ask(TEST, lambda manager: manager.test_key(text), self._answered)

    def cleanup(self) -> None:
        """No answer is wanted any more."""
        self.stage.bridge.forget(TEST)

    def _answered(self, answer: Answer[KeyInfo]) -> None:
        if self.gone:
            return
        say = self.stage.say
        self.go.set_enabled(True)
        if answer.value is None:
            self._tell(Tone.BAD, wrong_key(answer.problem, say) if answer.problem is not None else "")
        else:
            self._tell(Tone.OK, say("It opens the backups: {key}.", key=key_name(answer.value, say)))

    def _typed(self) -> None:
        self.go.set_enabled(bool(self.entry.text))
        self.told.hide()

    def _tell(self, tone: Tone, text: str) -> None:
        self.told.set(tone, text)
        self.told.show()
