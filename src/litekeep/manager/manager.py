"""BackupManager: what an application embeds to have its database protected without anyone thinking about it.

    manager = BackupManager("employees.db", config="backup.json")
    manager.start()                       # scheduled backups, test restores, rotation, notifications
    with manager.protect("import"):       # a verified backup first
        ...
    manager.close()                       # a last backup, if something changed

Wiring only: jobs run in the helper process (worker), one at a time (queue); due times come from the repository
(scheduling); the state is in health, what leaves no row of its own in diary, who is told in people. This process never
opens the database, unless it is Litekeep's own service, which has no other connection to it (worker.inline).
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

from litekeep.clock import Clock, SystemClock
from litekeep.config.environment import process_environment
from litekeep.config.recipients import recipients
from litekeep.config.settings import Settings
from litekeep.errors import UsageError
from litekeep.journal.history import Row
from litekeep.manager.diary import SlotDiary
from litekeep.manager.guard import Guard, OnError, Policy
from litekeep.manager.health import is_ours, known, oldest_allowed, proven
from litekeep.manager.home import STATE_FOLDER, Given, backup_job, may_create, place_of, read_given, remember
from litekeep.manager.people import Ticker, tell_people
from litekeep.manager.queue import BackupFuture, JobQueue, Listener, Listeners, Runner
from litekeep.manager.tasks import tasks_of
from litekeep.model import Reason, Snapshot
from litekeep.notify.deliver import LIMIT_SECONDS
from litekeep.notify.notifier import Notifier
from litekeep.operations.backup import BackupResult
from litekeep.operations.drill import DrillResult
from litekeep.operations.prune import PruneOptions, PruneResult
from litekeep.operations.restore import RestoreOptions, RestoreResult
from litekeep.operations.status import Facts, Status
from litekeep.operations.verify import VerifyResult
from litekeep.repository.catalog import load_catalog
from litekeep.scheduling.scheduler import BackupScheduler
from litekeep.scheduling.task import NextRun
from litekeep.worker.jobs import DrillJob, ExportJob, Place, RestoreJob, RotateJob, UndoJob, VerifyJob
from litekeep.worker.process import MARK, HelperProcess

SHUTDOWN_SECONDS = 30.0


class BackupManager:
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
        self._config: Given = Path(config).absolute() if isinstance(config, (str, os.PathLike)) else config
        self._given_database = None if database is None else Path(database).absolute()
        self._base = self._given_database.parent if self._given_database else Path.cwd()
        self._source = source
        self._clock = clock or SystemClock()
        self._listeners = Listeners()
        self._queue = JobQueue(_runner or HelperProcess(self._environment, python), self._listeners)
        self._scheduler: BackupScheduler | None = None
        self._ticker: Ticker | None = None
        self._sending: Thread | None = None
        self._closed = False
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
        )

    # Where things are

    @property
    def repository(self) -> Path:
        """The folder of the backups."""
        return self.settings.backup.backup_directory

    @property
    def reachable(self) -> bool:
        """True if the repository is there, or its first backup may make it."""
        place = self._place()
        return place.there or may_create(place)

    def _place(self) -> Place:
        return place_of(self.settings, self.database, self._source)

    # What people and programs ask for

    def create_backup(
        self,
        label: str = "",
        *,
        reason: Reason = Reason.MANUAL,
        pinned: bool = False,
        timeout_seconds: float | None = None,
    ) -> Snapshot:
        """Back up now, prove it, and return the snapshot; an unchanged database may give the one that there is.

        Raises BackupFailed and its kinds, VerificationFailed if what was stored could not be read back, Locked,
        NoRepository, StorageError, HelperFailed, TimeoutError.
        """
        job = backup_job(self.settings, self._place(), reason, label=label, pinned=pinned)
        result = self._queue.run("backup", job, timeout_seconds)
        remember(self._place())
        return proven(result)

    def submit_backup(
        self, label: str = "", *, reason: Reason = Reason.MANUAL, pinned: bool = False
    ) -> BackupFuture[BackupResult]:
        """The same without waiting; the future gives all facts, and its `cancel` stops the run."""
        future = self._queue.submit(
            "backup", backup_job(self.settings, self._place(), reason, label=label, pinned=pinned)
        )
        future.add_done_callback(lambda done: None if done.cancelled() or done.exception() else remember(self._place()))
        return future

    def list_backups(self) -> list[Snapshot]:
        """The snapshots of this database that are not in the trash, oldest first; empty before the first."""
        place = self._place()
        if may_create(place):
            return []
        return [each for each in load_catalog(place.open(self._clock)).snapshots if is_ours(each, place)]

    def verify_backup(self, snapshot: Snapshot | str = "latest") -> VerifyResult:
        """Read a backup back and compare every byte; what is wrong is in the result."""
        checks = self.settings.backup.checks
        return self._queue.run("verify", VerifyJob(self._place(), _name(snapshot), checks))

    def test_restore(self, snapshot: Snapshot | str | None = None) -> DrillResult:
        """Rehearse a restore in a scratch place; None: of the snapshot that was least recently proven."""
        name = None if snapshot is None else _name(snapshot)
        return self._queue.run("drill", DrillJob(self._place(), name, self.settings.backup.checks))

    def restore_backup(
        self, snapshot: Snapshot | str, to: str | os.PathLike[str] | None = None, *, accept_problems: bool = False
    ) -> RestoreResult:
        """Bring a backup back: over the database, which may be open, or to the new file `to`.

        Over the database a safety copy is made first, so that `undo_restore` can take it back. Raises UnknownSnapshot,
        VerificationFailed, Refused and its kinds (then nothing was changed), SourceBusy, StorageError.
        """
        options = RestoreOptions(accept_problems=accept_problems, checks=self.settings.backup.checks)
        target = None if to is None else Path(to).absolute()
        job = RestoreJob(self._place(), _name(snapshot), target, options)
        return self._with_hooks("restore", job) if target is None else self._queue.run("restore", job)

    def undo_restore(self) -> RestoreResult:
        """Take the last restore over the database back; raises UnknownSnapshot if there is none."""
        return self._with_hooks("undo", UndoJob(self._place()))

    def _with_hooks(self, verb: str, job: RestoreJob | UndoJob) -> RestoreResult:
        if self.before_restore:
            self.before_restore()
        try:
            return self._queue.run(verb, job)
        finally:
            if self.after_restore:
                self.after_restore()

    def export_backup(self, snapshot: Snapshot | str, to: str | os.PathLike[str]) -> Path:
        """Write a backup as a plain database file, packed if the name ends with .gz or .zst."""
        return self._queue.run("export", ExportJob(self._place(), _name(snapshot), Path(to).absolute()))

    def rotate_backups(self, *, confirmed: bool = False) -> PruneResult:
        """Apply the retention policy. confirmed: a person saw what a brake or hold asks about, and said yes."""
        options = PruneOptions(self.settings.backup.retention, confirmed=confirmed)
        return self._queue.run("prune", RotateJob(self._place(), options))

    def history(self, limit: int | None = 100) -> list[Row]:
        """The runs, also failed and skipped ones, newest first."""
        return self._place().journal().table(limit=limit)

    def status(self) -> Status:
        """Is the database protected? Never raises for what it can say in its sentence."""
        return self._known()[1]

    def _known(self) -> tuple[Facts, Status]:
        place = self._place()
        max_age = oldest_allowed(self.settings.backup, self._clock)
        return known(place, self._clock, fresh=may_create(place), max_age=max_age)

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

    # What happens

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(name, facts)` for everything that happens, on Litekeep's own thread; returns what ends it.

        Names are the events of docs/reference/events.md, "progress" (phase, done, total, unit), and job_started,
        job_finished and job_failed; `verb` tells of which operation.
        """
        return self._listeners.add(listener)

    def warn(self, code: str, message: str) -> None:
        """Tell the listeners of something that is not an error."""
        self._listeners.tell("warning", {"code": code, "message": message})

    def notify(self) -> None:
        """Send what is due now, in the background, and write down what is overdue.

        After every scheduled run, and every quarter of an hour, this is done without being asked.
        """
        self._sending = tell_people(self._notifier, self._place(), self._known(), self._clock, self.warn)

    # The service

    def start(self) -> None:
        """Begin to do things by themselves, as the settings say; does nothing if it was started before."""
        self._planned().start()
        if self._ticker is None:
            self._ticker = Ticker(self.notify)
            self._ticker.start()

    def run_due(self) -> None:
        """Do what is due now, on this thread, and send what is to be sent; instead of `start`, for a run that ends."""
        self._planned().run_due()
        self._wait_for_sending()
        self.notify()  # also of what makes no run: the folder is away
        self._wait_for_sending()

    def _wait_for_sending(self) -> None:
        if self._sending is not None:
            self._sending.join(LIMIT_SECONDS)

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
            return self._queue.run("drill", DrillJob(self._place(), None, self.settings.backup.checks, slot))
        finally:
            self.notify()

    def next_runs(self) -> list[NextRun]:
        """What will happen next, and when; empty before `start`."""
        return self._scheduler.next_runs() if self._scheduler else []

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
        self._take(read_given(self._config, self._base, self._environment))
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
        return snapshot

    def _last_backup(self, timeout_seconds: float) -> Snapshot | None:
        try:
            job = backup_job(self.settings, self._place(), Reason.SHUTDOWN)
            result = self._queue.run("backup", job, timeout_seconds)
            remember(self._place())
            return proven(result)
        except Exception as error:  # noqa: BLE001 - the application closes; the journal has the row
            self.warn("shutdown", f"there is no backup of this shutdown: {str(error) or type(error).__name__}")
            return None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _name(snapshot: Snapshot | str) -> str:
    return snapshot if isinstance(snapshot, str) else snapshot.id
