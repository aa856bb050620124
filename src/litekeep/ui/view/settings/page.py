"""The Settings page."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.ctk import Piece


class SettingsPage(Piece):
    """Schedule, how long to keep, notifications, and what the doctor says."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master)
        self.stage = stage

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""

    def cleanup(self) -> None:
        """End timers and requests."""

    def has_unsaved_changes(self) -> bool:
        """Something was edited and not saved."""
        return False

    def save(self) -> bool:
        """Save it."""
        return True
