"""A manager for each database that is remembered: started with the program, ended with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from litekeep import BackupManager
from litekeep.errors import LitekeepError
from litekeep.ui.app.remembered import Known

END_SECONDS = 5.0
"""A job that runs when the program ends has this long to come to a safe point."""
Make = Callable[[Known], BackupManager]


def make_manager(known: Known) -> BackupManager:
    """From its settings file; raises SettingsInvalid, UsageError."""
    return BackupManager(known.database, config=known.settings)


class Fleet:
    """See the module's text. make: for tests."""

    def __init__(self, make: Make = make_manager) -> None:
        self._make = make
        self._managers: dict[Path, BackupManager] = {}
        self.troubles: dict[Path, LitekeepError] = {}
        """Why there is no manager: settings file -> error."""

    def of(self, known: Known) -> BackupManager | None:
        """Its manager; None if the database is missing, or its settings cannot be used (`troubles`)."""
        found = self._managers.get(known.settings)
        if found is not None:
            return found
        self.troubles.pop(known.settings, None)
        if known.missing:
            return None
        try:
            found = self._make(known)
        except LitekeepError as error:
            self.troubles[known.settings] = error
            return None
        self._managers[known.settings] = found
        return found

    def start(self, known: Known) -> None:
        """Let it do what its settings say, by itself."""
        manager = self.of(known)
        if manager is not None:
            manager.start()

    def running(self) -> list[tuple[str, str]]:
        """(name of the database, verb) of everything that runs now."""
        return [(each.database.stem, each.running) for each in self._managers.values() if each.running]

    def forget(self, known: Known) -> None:
        """End its manager, in the background."""
        manager = self._managers.pop(known.settings, None)
        if manager is not None:
            threading.Thread(target=_close, args=(manager,), daemon=True).start()

    def close(self) -> None:
        """End all, at the same time. The window is no application: its end is no reason for a backup."""
        threads = [threading.Thread(target=_close, args=(each,), daemon=True) for each in self._managers.values()]
        self._managers.clear()
        for each in threads:
            each.start()
        for each in threads:
            each.join(2 * END_SECONDS)


def _close(manager: BackupManager) -> None:
    manager.close(timeout_seconds=END_SECONDS, backup=False)
