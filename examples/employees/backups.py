"""The page of backups is Litekeep's own view: a window on the manager, which goes on when the page is gone."""

from __future__ import annotations

from typing import Any

from examples.employees.page import Host, Page
from litekeep.ui import BackupView


class BackupsPage(Page):
    """Holds the BackupView."""

    def __init__(self, master: Any, host: Host) -> None:
        super().__init__(master, host)
        self.grid_rowconfigure(0, weight=1)
        self.grid_columnconfigure(0, weight=1)
        self.view = BackupView(self, host.manager, lang=self.say.code)
        self.view.grid(row=0, column=0, sticky="nsew")

    @property
    def unsaved(self) -> bool:
        """Whether settings were changed and not saved."""
        return bool(self.view.has_unsaved_changes())
