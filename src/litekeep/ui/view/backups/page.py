"""The Backups page."""

from __future__ import annotations

from typing import Any

from litekeep.model import Snapshot
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Filter
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.ctk import Piece


class BackupsPage(Piece):
    """The table of all backups and the pane of the selected one."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master)
        self.stage = stage

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""

    def cleanup(self) -> None:
        """End timers and requests."""

    def filter_by(self, filter: Filter) -> None:  # noqa: A002 - the field's word
        """Show these only."""

    def focus_search(self) -> None:
        """The keyboard goes to the search."""

    def selected(self) -> tuple[Snapshot, ...]:
        """The selected backups."""
        return ()
