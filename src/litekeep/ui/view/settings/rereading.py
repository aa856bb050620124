"""Looks whether another program has changed the settings file, when the page is seen; then the file is read again."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from litekeep import BackupManager
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.facts import Outcome, ViewFacts
from litekeep.ui.view.stage import Stage

REREAD = "settings-file"
"""The key of its question to the bridge."""


class Rereading:
    """tell: called when `problem` has changed. The settings themselves come with the facts."""

    def __init__(self, stage: Stage, tell: Callable[[], object]) -> None:
        self._stage, self._tell = stage, tell
        self._seen: tuple[int, int] | None = None
        self.problem: Outcome | None = None
        """Why the file cannot be read as it is now; the settings from before go on."""

    def look(self, facts: ViewFacts) -> None:
        """On a thread, and returns at once."""
        if facts.editable and facts.status is not None:
            self._stage.bridge.ask(REREAD, self._reread, self._read)

    def cleanup(self) -> None:
        """No answer."""
        self._stage.bridge.forget(REREAD)

    def _reread(self, manager: BackupManager) -> bool | None:
        """On the thread. None: the file is as it was; else whether the settings are others."""
        seen, self._seen = self._seen, _look_of(manager)
        if self._seen == seen:
            return None
        before = manager.settings
        manager.reload()
        return manager.settings != before

    def _read(self, answer: Answer[bool | None]) -> None:
        before = self.problem
        if answer.problem is not None or answer.value is not None:
            self.problem = answer.problem
        if answer.value:
            self._stage.bridge.refresh()
        if (self.problem is None) != (before is None):
            self._tell()


def _look_of(manager: BackupManager) -> tuple[int, int] | None:
    """Time and size of the file; None: it is not there."""
    with suppress(OSError):
        if manager.settings_file is not None:
            found = os.stat(manager.settings_file)
            return found.st_mtime_ns, found.st_size
    return None
