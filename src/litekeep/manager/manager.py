"""BackupManager: what an application embeds to have its database protected without anyone thinking about it.

    manager = BackupManager("employees.db", config="backup.json")
    manager.start()                       # scheduled backups, test restores, rotation, notifications
    with manager.protect("import"):       # a verified backup first
        ...
    manager.close()                       # a last backup, if something changed

Put together from parts: wiring (settings, jobs, who is told), backups (make, prove, bring back), shelf (single backups,
figures, rotation, doctor), copies (in other places), rescue (back from one of those), keys (of encrypted backups); here
are the guards and what happens by itself. Jobs run in the helper process (worker), one at a time (queue); copies are
sent beside them (copying). Due times come from the repository (scheduling); the state is in health, what leaves no row
of its own in diary, who is told in people. This process never opens the database, unless it is Litekeep's own service,
which has no other connection to it (worker.inline).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from litekeep.config.copies import copy_named
from litekeep.errors import LitekeepError, UsageError
from litekeep.manager.copies import Copies
from litekeep.manager.diary import SlotDiary
from litekeep.manager.guard import Guard, OnError, Policy
from litekeep.manager.health import proven
from litekeep.manager.home import backup_job, may_create, remember
from litekeep.manager.keys import Keys
from litekeep.manager.people import Ticker
from litekeep.manager.rescue import Rescue
from litekeep.manager.shelf import Shelf
from litekeep.manager.tasks import tasks_of
from litekeep.model import Reason, Snapshot
from litekeep.notify.deliver import LIMIT_SECONDS
from litekeep.operations.backup import BackupResult
from litekeep.operations.copymemory import read_states
from litekeep.operations.drill import DrillResult
from litekeep.scheduling.scheduler import BackupScheduler
from litekeep.scheduling.task import NextRun
from litekeep.worker.copies import DrillCopyJob, place_to_prove
from litekeep.worker.jobs import DrillJob

SHUTDOWN_SECONDS = 30.0
COPYING_SECONDS = 10.0
"""How long `close` waits for what is being sent to copies; the rest follows at the next start."""
TELLING_SECONDS = 5.0
"""How long `close` waits for messages about what went wrong before; they are sent at the next start otherwise."""


class BackupManager(Rescue, Shelf, Copies, Keys):
    """Protects one database.

    Args:
        database: the live database; None: the settings name it.
        config: the settings, as a file, an object of the same keys, or Settings; None: all defaults.
        source: the database's name in the repository; None: from its path.
        clock: for tests.
        environment: of settings and helper process; None: that of this process.
        python: the interpreter for the helper process; None: this one's.

    Raises:
        SettingsInvalid: with all problems at once.
        UsageError: no database is named.
        SystemExit: this is a helper process that the application did not recognise as one.
    """

    _scheduler: BackupScheduler | None = None
    _ticker: Ticker | None = None
    _closed = False

    # Guards

    def protect(self, name: str, *, on_error: OnError = "raise", policy: Policy = "fail") -> Guard:
        """Guard a critical operation: see litekeep.manager.guard. Does nothing where the settings do not name it."""
        return Guard(self, name, active=lambda: self.settings.backup.guards(name), on_error=on_error, policy=policy)

    def before_migration(
        self,
        pending: bool | Sequence[object] | Callable[[], object] = True,  # noqa: FBT001, FBT002 - reads well
        *,
        name: str = "migration",
        on_error: OnError = "raise",
        policy: Policy = "fail",
    ) -> Guard:
        """Guard a migration. pending: whether there is something to migrate, or what tells; nothing: no backup."""

        def active() -> bool:
            given = self.settings.backup
            wanted = given.enabled and given.backup_before_migration
            return wanted and bool(pending() if callable(pending) else pending)

        return Guard(self, name, reason=Reason.PRE_MIGRATION, active=active, on_error=on_error, policy=policy)

    # The service

    def start(self) -> None:
        """Begin to do things by themselves, as the settings say; does nothing if it was started before."""
        self._planned().start()
        if self._ticker is None:
            self._ticker = Ticker(self._tick)
            self._ticker.start()

    def _tick(self) -> None:
        self._copying.try_again()
        self.notify()

    def run_due(self) -> None:
        """Do what is due now, on this thread, and send what is to be sent; instead of `start`, for a run that ends."""
        self._planned().run_due()
        self._announcer.wait(LIMIT_SECONDS, self._clock)
        self.notify()  # also of what makes no run: the folder is away
        self._announcer.wait(LIMIT_SECONDS, self._clock)

    def _planned(self) -> BackupScheduler:
        if self._closed:
            raise UsageError("this BackupManager is closed", hint="Make a new one.")
        if self._scheduler is None:
            diary = SlotDiary(self._listeners, self._place, self._clock)
            self._scheduler = BackupScheduler(self._tasks(), clock=self._clock, monitor=diary)
        return self._scheduler

    def _tasks(self) -> list[Any]:
        return tasks_of(
            self.settings,
            self._place,
            self._clock,
            self._scheduled_backup,
            self._scheduled_drill,
            fresh=lambda: may_create(self._place()),
        )

    def _scheduled_backup(self, slot: datetime | None) -> BackupResult:
        try:
            job = backup_job(self.settings, self._place(), Reason.SCHEDULED, slot=slot)
            result = self._queue.run("backup", job)
        finally:
            self.notify()
        remember(self._place())
        return result

    def _scheduled_drill(self, slot: datetime | None) -> DrillResult:
        try:
            result = self._drill_from_copy(slot)
            return result or self._queue.run("drill", DrillJob(self._place(), None, self.settings.backup.checks, slot))
        finally:
            self.notify()

    def _drill_from_copy(self, slot: datetime | None) -> DrillResult | None:
        """A test restore from the copy whose turn it is; None if it is the repository's, or the copy cannot be used."""
        copies, place = self._copying.enabled, self._place()
        if not copies:
            return None
        here = max((each.drilled_at for each in self._everything() if each.drilled_at), default=None)
        states = read_states(place.folder).values()
        name = place_to_prove(here, states, (each.name for each in copies), self._clock.now())
        if name is None:
            return None
        job = DrillCopyJob(place, copy_named(copies, name), None, self.settings.backup.checks, slot)
        try:
            return self._copying.drill(job)
        except LitekeepError as error:
            self.warn("copy_not_proven", f"no test restore from the copy {name}: {error.message}")
            return None

    def next_runs(self) -> list[NextRun]:
        """What will happen next, and when; empty before `start`."""
        return self._scheduler.next_runs() if self._scheduler else []

    @property
    def started(self) -> bool:
        """True from `start` to `close`: things happen by themselves."""
        return self._scheduler is not None and self._scheduler.running and not self._closed

    @property
    def paused(self) -> bool:
        """True from `pause` to `resume`."""
        return self._scheduler is not None and self._scheduler.paused

    def pause(self) -> None:
        """Nothing by itself until `resume`."""
        if self._scheduler:
            self._scheduler.pause()

    def resume(self) -> None:
        """Go on; what was missed is caught up once."""
        if self._scheduler:
            self._scheduler.resume()

    def look_again(self) -> None:
        """Look for a backup folder that was not there: a drive was plugged in."""
        if self._scheduler:
            self._scheduler.wake()

    def reload(self) -> None:
        """Read the settings again; raises SettingsInvalid, and keeps the present ones."""
        super().reload()
        if self._scheduler:
            self._scheduler.reload(self._tasks())

    def close(self, *, timeout_seconds: float = SHUTDOWN_SECONDS, backup: bool | None = None) -> Snapshot | None:
        """End: a last backup if the settings want one and something changed, within the time.

        Never raises, but UsageError in a listener, which would wait for itself.
        backup: whether one is wanted, instead of what the settings say. Returns its snapshot; None if none was made.
        The application may close in any case: a run that takes too long is stopped, everything complete stays.
        """
        self._queue.refuse_listeners()
        if self._closed:
            return None
        self._closed = True
        began, snapshot = self._clock.monotonic(), None
        if self._ticker:
            self._ticker.close()
        if self._scheduler:
            self._scheduler.close(0.0)
        given = self.settings.backup
        wanted = given.enabled and given.backup_on_shutdown if backup is None else backup
        if wanted and os.path.exists(self.database):
            snapshot = self._last_backup(timeout_seconds)
        self._queue.close(max(1.0, timeout_seconds - (self._clock.monotonic() - began)))
        self._copying.close(min(COPYING_SECONDS, timeout_seconds - (self._clock.monotonic() - began)))
        self._announcer.wait(TELLING_SECONDS, self._clock)
        return snapshot

    def _last_backup(self, timeout_seconds: float) -> Snapshot | None:
        try:
            job = backup_job(self.settings, self._place(), Reason.SHUTDOWN)
            result = self._queue.run("backup", job, timeout_seconds)
            remember(self._place())
            return proven(result)
        except Exception as error:  # noqa: BLE001 - the application closes; the journal has the row
            self._tell_soon(error)
            self.warn("shutdown", f"there is no backup of this shutdown: {str(error) or type(error).__name__}")
            return None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
