"""What all that a manager does has in common: the settings, where things are, the queue of jobs, who listens, who is
told. BackupManager is put together from the parts that build on it."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import Any, Self, TypeVar

from litekeep.clock import Clock, SystemClock
from litekeep.config.edit import save_changes
from litekeep.config.environment import process_environment
from litekeep.config.recipients import recipients
from litekeep.config.settings import Settings
from litekeep.config.userfolders import state_folder
from litekeep.errors import Cancelled, UsageError
from litekeep.manager.copying import Copying
from litekeep.manager.health import known, oldest_allowed
from litekeep.manager.home import STATE_FOLDER, Given, may_create, place_of, read_given
from litekeep.manager.people import Announcer, tell_people
from litekeep.manager.queue import JobQueue, Listener, Listeners, Runner
from litekeep.model import Snapshot
from litekeep.monitor import Fact
from litekeep.notify.delivery import Delivery
from litekeep.notify.notifier import Notifier
from litekeep.notify.trial import test_channels
from litekeep.operations.status import Facts, Status
from litekeep.repository.catalog import load_catalog
from litekeep.worker.jobs import Job, Place
from litekeep.worker.process import MARK, HelperProcess

Result = TypeVar("Result")
_ALARMS = frozenset({"anomaly", "prune_held"})
"""Events of runs that end well, of which people are told all the same."""


class Wiring:
    """See BackupManager for the arguments."""

    def __init__(
        self,
        database: str | os.PathLike[str] | None = None,
        config: str | os.PathLike[str] | Mapping[str, Any] | Settings | None = None,
        *,
        source: str | None = None,
        clock: Clock | None = None,
        environment: Mapping[str, str] | None = None,
        python: Path | None = None,
        _runner: Runner | None = None,
    ) -> None:
        self._environment = dict(process_environment() if environment is None else environment)
        if self._environment.get(MARK):
            raise SystemExit("a helper process must not make a BackupManager: call litekeep.freeze_support() first")
        self._state = state_folder({**process_environment(), **self._environment})
        self._config: Given = Path(config).absolute() if isinstance(config, (str, os.PathLike)) else config
        self._given_database = None if database is None else Path(database).absolute()
        self._base = self._given_database.parent if self._given_database else Path.cwd()
        self._source = source
        self._clock = clock or SystemClock()
        self._listeners = Listeners()
        self._queue = JobQueue(_runner or HelperProcess(self._environment, python), self._listeners)
        self._announcer = Announcer(self._tell_people)
        self._alarming = False
        self._listeners.add(self._hear)
        self._copying = Copying(
            lambda: self.settings.backup,
            self._place,
            lambda: _runner or HelperProcess(self._environment, python),
            self._listeners,
            self._clock,
        )
        self._listeners.add(self._copying.heard)
        self.before_restore: Callable[[], None] | None = None
        """Called before a restore over the database begins: close connections here, where that is wanted."""
        self.after_restore: Callable[[], None] | None = None
        """Called after it, also if it failed: open them again."""
        self._take(read_given(self._config, self._base, self._environment))

    @classmethod
    def from_config(cls, path: str | os.PathLike[str], **options: Any) -> Self:
        """From a settings file that names the database too."""
        return cls(config=path, **options)

    def _take(self, settings: Settings) -> None:
        database = self._given_database or settings.database
        if database is None:
            hint = 'Name it: BackupManager("app.db"), or "database" in the settings.'
            raise UsageError("no database is named", hint=hint)
        self.settings = settings
        self.database = database.absolute()
        self._notifier = Notifier(
            recipients(settings.backup.notifications, self._environment),
            settings.backup.backup_directory,
            self._clock,
            platform.node(),
            spare=self.database.parent / STATE_FOLDER,
            ready=lambda: self._place().there,
        )

    # Where things are

    @property
    def repository(self) -> Path:
        """The folder of the backups."""
        return self.settings.backup.backup_directory

    @property
    def settings_file(self) -> Path | None:
        """The file that the settings came from; None if they were given as an object, or not at all."""
        return self._config if isinstance(self._config, Path) else None

    @property
    def reachable(self) -> bool:
        """True if the repository is there, or its first backup may make it."""
        place = self._place()
        return place.there or may_create(place)

    def _place(self) -> Place:
        return place_of(self.settings, self.database, self._source, self._state)

    def _everything(self) -> list[Snapshot]:
        """The snapshots of this database with the trash, oldest first; empty before the first."""
        place = self._place()
        if may_create(place):
            return []
        return place.own(load_catalog(place.open(self._clock)).snapshots)

    # Settings

    def reload(self) -> None:
        """Read the settings again; raises SettingsInvalid, and keeps the present ones."""
        self._take(read_given(self._config, self._base, self._environment))

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Write changes into the settings file and go by them from now on; everything else in the file stays.

        Args:
            changes: key path ("backup.retention_days") -> JSON value.

        Raises:
            UsageError: the settings did not come from a file, or it cannot be read or written.
            SettingsInvalid: the result would not be valid; nothing was written. Or it is not valid together with the
                environment: then it was written, and the present settings go on.
            Refused: somebody else changed the file at the same moment; nothing was written.
        """
        if self.settings_file is None:
            raise UsageError(
                "the settings cannot be changed, because they came from the program and from no file",
                safe="The settings are unchanged.",
                hint='Keep them in a file: BackupManager("app.db", "backup.json").',
            )
        save_changes(self.settings_file, changes)
        self.reload()

    # Jobs

    def _ask(self, verb: str, job: Job[Result], timeout_seconds: float | None = None) -> Result:
        """Run a job and wait; who is to be told of how it ended is told, in the background."""
        try:
            result = self._queue.run(verb, job, timeout_seconds)
        except BaseException as error:
            self._tell_soon(error)
            raise
        self._tell_soon(result)
        return result

    def _tell_soon(self, ended: object) -> None:
        """After a run, of its result or error: only if that may be news to anyone.

        A run that went well is none, so that nothing works in the folder of the backups after the application was told
        that all is done; unless somebody waits for it.
        """
        if not self._notifier.has_recipients or isinstance(ended, Cancelled):
            return
        if self._alarming or _is_bad(ended) or self._notifier.awaits_good_news:
            self._alarming = False
            self._announcer.soon()

    def _hear(self, name: str, _: dict[str, Fact]) -> None:
        self._alarming = self._alarming or name in _ALARMS

    @property
    def running(self) -> str:
        """The verb of what runs now ("backup", "restore", ...), also of a planned run; "" if nothing does."""
        future = self._queue.running
        return future.verb if future else ""

    def cancel(self) -> bool:
        """Ask what runs now to stop at its next safe point, also a planned run; False if nothing runs.

        Who waits for the run gets Cancelled, unless it is through before. What waits behind it goes on.
        """
        future = self._queue.running
        return future is not None and future.cancel()

    # What happens

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(name, facts)` for everything that happens, on Litekeep's own thread; returns what ends it.

        Names are the events of docs/reference/events.md, "progress" (phase, done, total, unit; at most ten times a
        second, and always the last of a phase), and job_started, job_finished and job_failed; `verb` tells of which
        operation.
        """
        return self._listeners.add(listener)

    def warn(self, code: str, message: str) -> None:
        """Tell the listeners of something that is not an error."""
        self._listeners.tell("warning", {"code": code, "message": message})

    def notify(self) -> None:
        """Send what is due now, in the background, and write down what is overdue.

        After everything that may change what is due, and every quarter of an hour after `start`, this is done without
        being asked. What was sent is remembered, so nothing is sent twice.
        """
        self._announcer.sending = self._tell_people()

    def _tell_people(self) -> Thread:
        return tell_people(self._notifier, self._place(), self._known(), self._clock, self.warn)

    def test_notifications(self) -> list[Delivery]:
        """Send a test message through every channel of the settings, and tell for each what happened.

        Takes up to a minute: call it on a thread of its own. A heartbeat gets the ping of a run that began: a test must
        not say that the backups are good. Empty if the settings name no channel. Never raises.
        """
        found = recipients(self.settings.backup.notifications, self._environment)
        return test_channels(found.channels(), host=platform.node(), clock=self._clock)

    def status(self) -> Status:
        """Is the database protected? Never raises for what it can say in its sentence."""
        return self._known()[1]

    def _known(self) -> tuple[Facts, Status]:
        given = self.settings.backup
        facts, status, _ = known(self._place(), self._clock, oldest_allowed(given, self._clock), given.copies)
        return facts, status


def _is_bad(ended: object) -> bool:
    """True for an error, and for a result that tells of damage or problems."""
    return isinstance(ended, BaseException) or any(getattr(ended, each, ()) for each in ("damage", "problems"))


def name_of(snapshot: Snapshot | str) -> str:
    """What a job takes."""
    return snapshot if isinstance(snapshot, str) else snapshot.id
