"""The backup folder is not there: look again, or say where it is now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litekeep.operations.status import Verdict
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action
from litekeep.ui.view.panels.panel import NARROW, Panel
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Kind, Link
from litekeep.ui.widgets.look import GAP
from litekeep.ui.widgets.words import Wrapped

KEY = "backup.backup_directory"


class LocatePanel(Panel):
    """Closes by itself when the folder is there."""

    def __init__(self, master: Any, stage: Stage) -> None:
        say, facts = stage.say, stage.bridge.facts
        super().__init__(master, stage, say("Backup folder not found"), facts.folder, wide=NARROW)
        text = say("If it is on a drive or a server, connect that, then look again.")
        Wrapped(self.body, text).grid(row=0, column=0, sticky="ew")
        other = say("If it was moved, choose where it is now.") if facts.editable else ""
        Wrapped(self.body, other).grid(row=1, column=0, sticky="ew", pady=(GAP if other else 0, 0))
        self.told = Wrapped(self.body, role="strong", colour=self.look.warn)
        self.told.grid(row=2, column=0, sticky="ew", pady=(GAP, 0))
        if facts.settings.copies:
            self.copy = Link(self.body, say("Restore from a copy…"), lambda: stage.perform(Action.FROM_COPY))
            self.copy.grid(row=3, column=0, sticky="w", pady=(GAP, 0))
        self._looking = False
        self.add_button(say("Cancel"), stage.close_panel)
        if facts.editable:
            self.choose = self.add_button(say("Choose the folder…"), self.choose_folder)
        self.again = self.add_button(say("Look again"), self.look_again, Kind.PRIMARY)

    def look_again(self) -> None:
        """Now."""
        self._looking = True
        self.told.set_text("")
        self.stage.bridge.look_again()
        self.stage.bridge.refresh()

    def choose_folder(self) -> None:
        """It is somewhere else: the settings are changed."""
        say = self.stage.say
        at = Path(self.stage.bridge.facts.folder).parent
        path = self.stage.files.folder(say("Where the backups are"), at)
        if path is not None and not self.gone:
            self._looking = True
            self.stage.bridge.change_settings({KEY: str(path)})

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        if facts.status is not None and facts.status.verdict is not Verdict.REPOSITORY_MISSING:
            self.later(1, self.stage.close_panel)
        elif self._looking:
            say = self.stage.say
            self._looking = False
            self.sub.set_text(facts.folder)
            self.told.set_text(say("It is still not there."))
