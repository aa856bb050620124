"""What each action does: a wish to the bridge, a page, or a panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from litekeep.model import Snapshot
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.cards import card
from litekeep.ui.presenter.facts import Outcome
from litekeep.ui.presenter.models import Action, Filter
from litekeep.ui.view.folders import show_folder
from litekeep.ui.view.pages import BACKUPS
from litekeep.ui.view.panels.addcopy import AddCopyPanel
from litekeep.ui.view.panels.fromcopy import CopyPanel
from litekeep.ui.view.panels.locate import LocatePanel
from litekeep.ui.view.panels.recovery import RecoveryPanel
from litekeep.ui.view.panels.removal import RemovalPanel
from litekeep.ui.view.panels.restore import RestorePanel
from litekeep.ui.view.panels.shortcuts import ShortcutsPanel

if TYPE_CHECKING:
    from litekeep.ui.view.view import BackupView


class Deeds:
    """Of one view."""

    def __init__(self, view: BackupView) -> None:
        self._view = view

    def perform(self, action: Action, about: Snapshot | None = None) -> None:
        """Carry it out."""
        view, bridge = self._view, self._view.bridge
        deeds: dict[Action, Callable[[], object]] = {
            Action.BACK_UP: bridge.back_up,
            Action.RESTORE: lambda: self._restore(about),
            Action.VERIFY: lambda: bridge.verify([about] if about else None),
            Action.TEST_RESTORE: lambda: bridge.test_restore(about),
            Action.CANCEL: bridge.cancel,
            Action.SEE_PROBLEM: lambda: view.go(BACKUPS, Filter.PROBLEMS),
            Action.LOCATE: lambda: view.open_panel(LocatePanel),
            Action.RESUME: bridge.resume,
            Action.UNDO: bridge.undo_restore,
            Action.CLOSE: view.head.close_card,
            Action.OPEN_FOLDER: lambda: self._open_folder(bridge.facts.folder),
            Action.RECOVERY_KEY: lambda: view.open_panel(RecoveryPanel),
            Action.FROM_COPY: self._from_copy,
            Action.REVIEW_REMOVAL: lambda: view.open_panel(RemovalPanel),
            Action.SYNC: lambda: bridge.send([each.name for each in bridge.facts.settings.copies if each.enabled]),
            Action.ADD_COPY: lambda: view.open_panel(AddCopyPanel),
        }
        if action in deeds:
            deeds[action]()

    def after(self, action: Action, outcome: Outcome) -> None:
        """Carry out what a button of the card of an outcome stands for."""
        if action is Action.UNDO and outcome.verb == "delete":
            self._view.bridge.recover(outcome.several)
        elif action is Action.UNDO and outcome.entry is not None:
            self._view.bridge.put_back_copy(outcome.entry)
        elif action is Action.OPEN_FOLDER and outcome.target:
            self._open_folder(str(Path(outcome.target).parent))
        else:
            self.perform(action, outcome.about)

    def list_shortcuts(self) -> None:
        """The panel with all keys, or away with it."""
        if isinstance(self._view.panel, ShortcutsPanel):
            self._view.close_panel()
        elif self._view.panel is None:
            self._view.open_panel(ShortcutsPanel)

    def _restore(self, about: Snapshot | None) -> None:
        """The backup meant, the selected one, the newest good one, or the newest one."""
        known = self._view.bridge.facts.snapshots
        good = next((each for each in reversed(known) if each.sound and not each.problems), None)
        chosen = about or self._view.selected() or good or (known[-1] if known else None)
        if chosen is not None:
            self._view.open_panel(lambda master, stage: RestorePanel(master, stage, chosen))

    def _from_copy(self) -> None:
        if self._view.bridge.facts.settings.copies:
            self._view.open_panel(CopyPanel)

    def _open_folder(self, folder: str) -> None:
        def told(answer: Answer[None]) -> None:
            if answer.problem is not None:
                self._view.notice(card(answer.problem, self._view.say))

        self._view.bridge.ask("folder", lambda _: show_folder(Path(folder)), told)
