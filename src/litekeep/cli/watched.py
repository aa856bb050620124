"""One database that `litekeep watch` looks after: its BackupManager, its settings file, and what was told of it.

The manager runs jobs in this process, because nothing else here holds a connection to the database. What it does is
decided elsewhere; this looks now and then whether the settings changed, the backup folder came back, or the plan is
another one, and says so.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litekeep.cli.told_watch import Teller
from litekeep.errors import LitekeepError, SettingsInvalid
from litekeep.manager.diary import exit_code_of
from litekeep.manager.manager import BackupManager
from litekeep.scheduling.task import NextRun, Phase
from litekeep.worker.inline import InThisProcess

if TYPE_CHECKING:
    from litekeep.clock import Clock
    from litekeep.monitor import Fact

Stamp = tuple[int, int, int] | None
UNREACHABLE = 10


class Watched:
    """See the module's text. file: the settings file, or None if the command line says everything."""

    def __init__(
        self, database: Path | None, config: Path | dict[str, Any], source: str | None, teller: Teller, clock: Clock
    ) -> None:
        self._file = config if isinstance(config, Path) else None
        self._stamp = _stamp(self._file)
        self.manager = BackupManager(database, config, source=source, clock=clock, _runner=InThisProcess())
        self._teller = teller
        self._clock = clock
        self._source = source
        self._told: dict[str, tuple[object, ...]] = {}
        self._there = True
        self._invalid = ""
        self.exit_code = 0
        """How the worst run ended, for a watch that ends."""
        self.manager.subscribe(self._heard)

    @property
    def name(self) -> str:
        """For lines."""
        return self._source or self.manager.database.stem

    def begin(self) -> None:
        """Say what is looked after."""
        self._there = self.manager.reachable
        where = f"looking after {self.manager.database}, backups in {self.manager.repository}"
        self._say("watch_started", message=where, database=str(self.manager.database))
        self._say_if_idle()

    def look(self, *, reload: bool = False) -> None:
        """What changed? reload: somebody asked to read the settings again."""
        stamp = _stamp(self._file)
        if reload or stamp != self._stamp:
            self._stamp = stamp
            self._reload(asked=reload)
        there = self.manager.reachable
        if there and not self._there:
            self.manager.look_again()
        self._there = there
        self.tell_next()

    def tell_next(self) -> None:
        """Say what comes next, if that is news."""
        for run in self.manager.next_runs():
            planned = (run.phase, run.at if run.phase is Phase.GIVEN_UP else run.slot)
            if self._is_ahead(run) and self._told.get(run.task) != planned:
                self._told[run.task] = planned
                self._say("next", task=run.task, next_at=run.at.isoformat(timespec="seconds"), phase=run.phase.value)

    def _is_ahead(self, run: NextRun) -> bool:
        return run.phase in (Phase.PLANNED, Phase.GIVEN_UP) and run.at > self._clock.now()

    def _reload(self, *, asked: bool) -> None:
        before = self.manager.settings
        try:
            self.manager.reload()
        except LitekeepError as error:
            problems = error.problems if isinstance(error, SettingsInvalid) else ()
            message = "; ".join([error.message, *(each.text for each in problems)])
            if asked or message != self._invalid:
                self._say("settings_invalid", message=f"the settings of before are kept: {message}")
            self._invalid = message
            return
        self._invalid = ""
        if asked or self.manager.settings != before:
            self._told.clear()
            self._say("settings_read", message="the settings were read again")
            self._say_if_idle()

    def _say_if_idle(self) -> None:
        given = self.manager.settings.backup
        if not (given.effective_schedule or (given.enabled and given.restore_test != "never")):
            self._say("nothing_scheduled", message="the settings switch everything off that runs by itself")

    def _heard(self, name: str, facts: dict[str, Fact]) -> None:
        if name == "slot_failed":
            self.exit_code = max(self.exit_code, exit_code_of(str(facts.get("code"))))
        elif name == "slot_skipped" and facts.get("reason") == "unreachable":
            self.exit_code = max(self.exit_code, UNREACHABLE)
        self._teller.tell(self.name, name, facts)

    def _say(self, name: str, **facts: Fact) -> None:
        self._teller.tell(self.name, name, facts)


def _stamp(file: Path | None) -> Stamp:
    """What changes when the file is written or replaced."""
    if file is None:
        return None
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
