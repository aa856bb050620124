"""What each action does: a wish to the bridge, a page, or a panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from litekeep.model import Snapshot
from litekeep.ui.presenter.facts import Outcome
from litekeep.ui.presenter.models import Action, Filter

if TYPE_CHECKING:
    from litekeep.ui.view.view import BackupView


class Deeds:
    """Of one view."""

    def __init__(self, view: BackupView) -> None:
        self._view = view

    def perform(self, action: Action, about: Snapshot | None = None) -> None:
        """Carry it out."""
        bridge = self._view.bridge
        deeds: dict[Action, Callable[[], object]] = {
            Action.BACK_UP: bridge.back_up,
            Action.VERIFY: lambda: bridge.verify([about] if about else None),
            Action.TEST_RESTORE: lambda: bridge.test_restore(about),
            Action.CANCEL: bridge.cancel,
            Action.SEE_PROBLEM: lambda: self._view.go("backups", Filter.PROBLEMS),
            Action.RESUME: bridge.resume,
            Action.UNDO: bridge.undo_restore,
            Action.CLOSE: self._view.head.close_card,
        }
        if action in deeds:
            deeds[action]()

    def after(self, action: Action, outcome: Outcome) -> None:
        """Carry out what a button of the card of an outcome stands for."""
        self.perform(action, outcome.about)

    def list_shortcuts(self) -> None:
        """The panel with all keys."""
