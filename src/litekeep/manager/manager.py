"""BackupManager: what an application embeds to have its database protected without anyone thinking about it.

    manager = BackupManager("employees.db", config="backup.json")
    manager.start()                       # scheduled backups, test restores, rotation, notifications
    with manager.protect("import"):       # a verified backup first
        ...
    manager.close()                       # a last backup, if something changed

Wiring only: jobs run in the helper process (worker), one at a time (queue); due times come from the repository
(scheduling); what is told to whom is decided in notify. This process never opens the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from litekeep.clock import Clock, SystemClock
from litekeep.config.environment import process_environment
from litekeep.config.load import load_settings, parse_settings
from litekeep.config.recipients import recipients
from litekeep.config.settings import Settings
from litekeep.errors import LitekeepError, UsageError, VerificationFailed
from litekeep.journal.history import Row
from litekeep.journal.journal import notification_row
from litekeep.manager.guard import Guard, OnError, Policy
from litekeep.manager.queue import BackupFuture, JobQueue, Listener, Listeners
from litekeep.manager.situations import backup_runs, situation_of
from litekeep.manager.tasks import tasks_of
from litekeep.model import Reason, Snapshot
from litekeep.monitor import Fact
from litekeep.notify.delivery import Delivered, Delivery
from litekeep.notify.notifier import Notifier
from litekeep.operations.backup import BackupOptions, BackupResult
from litekeep.operations.drill import DrillResult
from litekeep.operations.prune import PruneOptions, PruneResult
from litekeep.operations.restore import RestoreOptions, RestoreResult
from litekeep.operations.status import MAX_AGE, Facts, Status, assess, gather_facts
from litekeep.operations.verify import VerifyResult
from litekeep.repository.catalog import load_catalog
from litekeep.scheduling.scheduler import BackupScheduler
from litekeep.scheduling.task import NextRun
from litekeep.worker.jobs import BackupJob, DrillJob, ExportJob, Place, RestoreJob, RotateJob, UndoJob, VerifyJob
from litekeep.worker.process import MARK, HelperProcess

STATE_FOLDER = ".litekeep"
"""Beside the database: what must be remembered also while the backups' drive is away."""
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
    ) -> None:
        self._environment = dict(process_environment() if environment is None else environment)
        if self._environment.get(MARK):
            raise SystemExit("a helper process must not make a BackupManager: call litekeep.freeze_support() first")
        self._config_path = Path(config).absolute() if isinstance(config, (str, os.PathLike)) else None
        self._config = config
        self._given_database = None if database is None else Path(database)
        self._source = source
        self._clock = clock or SystemClock()
        self._listeners = Listeners()
        self._queue = JobQueue(HelperProcess(self._environment, python), self._listeners)
        self._scheduler: BackupScheduler | None = None
        self._closed = False
        self.before_restore: Callable[[], None] | None = None
        """Called before a restore over the database begins: close connections here, where that is wanted."""
        self.after_restore: Callable[[], None] | None = None
        """Called after it, also if it failed: open them again."""
        self._take(self._read_settings())

    @classmethod
    def from_config(cls, path: str | os.PathLike[str], **options: Any) -> Self:
        """From a settings file that names the database too."""
        return cls(config=path, **options)

    def _read_settings(self) -> Settings:
        config = self._config
        if isinstance(config, Settings):
            return config
        if self._config_path is not None:
            return load_settings(self._config_path, self._environment)
        base = self._given_database.absolute().parent if self._given_database else Path.cwd()
        document = dict(config) if isinstance(config, Mapping) else {}
        return parse_settings(document, base, self._environment)

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
            _host(),
            spare=self._state_folder,
        )

    # Where things are

    @property
    def repository(self) -> Path:
        """The folder of the backups."""
        return self.settings.backup.backup_directory

    @property
    def _state_folder(self) -> Path:
        return self.database.parent / STATE_FOLDER

    def _place(self) -> Place:
        with suppress(OSError):
            self._state_folder.mkdir(mode=0o700, exist_ok=True)
        spare = self._state_folder if self._state_folder.is_dir() else None
        return Place(self.database, self.repository, self._source, self.settings.backup.log_path, spare)

    @property
    def _known_mark(self) -> Path:
        """A file that says that this folder held a repository: one that is missing is then not made anew."""
        from blake3 import blake3

        digits = blake3(str(self.repository).encode("utf-8", "surrogatepass")).hexdigest(8)
        return self._state_folder / f"known-{digits}"

    def _may_create(self, place: Place) -> bool:
        """A first repository is made where its parent folder is; never a second one in its place."""
        if place.there:
            self._known_now()
            return False
        return place.folder.parent.is_dir() and not self._known_mark.exists()

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
        job = self._backup_job(label, reason, pinned=pinned)
        result = self._queue.run("backup", job, timeout_seconds)
        self._known_now()
        return _proven(result)

    def submit_backup(
        self, label: str = "", *, reason: Reason = Reason.MANUAL, pinned: bool = False
    ) -> BackupFuture[BackupResult]:
        """The same without waiting; the future gives all facts, and its `cancel` stops the run."""
        future = self._queue.submit("backup", self._backup_job(label, reason, pinned=pinned))
        future.add_done_callback(lambda done: None if done.cancelled() or done.exception() else self._known_now())
        return future

    def list_backups(self) -> list[Snapshot]:
        """The snapshots of this database that are not in the trash, oldest first; empty before the first."""
        place = self._place()
        if self._may_create(place):
            return []
        return [each for each in load_catalog(place.open(self._clock)).snapshots if self._is_ours(each, place)]

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
        place, now = self._place(), self._clock.now()
        try:
            if self._may_create(place):
                facts = Facts(place.name, runs=tuple(backup_runs(place.journal().rows())))
            else:
                repository = place.open(self._clock)
                catalog, runs = load_catalog(repository), backup_runs(place.journal().rows())
                ours = {each.source for each in catalog.snapshots if self._is_ours(each, place)} or {place.name}
                gathered = gather_facts(repository, catalog, runs, now, max_age=self._max_age())
                facts = next((each for each in gathered if each.source in ours), Facts(place.name))
        except LitekeepError as error:
            facts = Facts(place.name, missing=error.message)
        return facts, assess(facts, now)

    def _max_age(self) -> timedelta:
        """How old the newest backup may be: two due times and two hours are the limit for rarer ones than daily."""
        runs = [each for each in self.next_runs() if each.task == "backup"]
        if not runs:
            return MAX_AGE
        return max(MAX_AGE, runs[0].slot - self._clock.now() + MAX_AGE) if runs[0].failures == 0 else MAX_AGE

    def _is_ours(self, snapshot: Snapshot, place: Place) -> bool:
        if snapshot.trashed_at is not None:
            return False
        if place.source is not None:
            return snapshot.source == place.source
        return snapshot.source_path == os.path.realpath(place.database)

    # Guards

    def protect(self, name: str, *, on_error: OnError = "raise", policy: Policy = "fail") -> Guard:
        """Guard a critical operation: see litekeep.manager.guard. Does nothing where the settings do not name it."""
        active = self.settings.backup.guards(name)
        return Guard(self, name, active=active, on_error=on_error, policy=policy)

    def before_migration(
        self,
        pending: bool | Sequence[object] | Callable[[], object] = True,  # noqa: FBT001, FBT002 - reads well
        *,
        name: str = "migration",
        on_error: OnError = "raise",
        policy: Policy = "fail",
    ) -> Guard:
        """Guard a migration. pending: whether there is something to migrate, or what tells; nothing: no backup."""
        wanted = bool(pending() if callable(pending) else pending)
        given = self.settings.backup
        active = given.enabled and given.backup_before_migration and wanted
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

    def _tell_people(self) -> None:
        """Notifications for what is known now; in the background, and its own failures are rows of the journal."""
        facts, status = self._known()
        situation = situation_of(facts, status, self._place().journal().rows(), self._place().name)
        self._notifier.tell_in_background([situation], self._delivered)

    def _delivered(self, deliveries: list[Delivery]) -> None:
        journal = self._place().journal()
        for each in deliveries:
            detail = "" if each.result is Delivered.OK else each.detail or each.result.value
            journal.append(notification_row(each.channel, detail, each.attempts, self._clock.now()))
            if detail:
                self.warn("notification", f"{each.channel}: {detail}")

    # The service

    def start(self) -> None:
        """Begin to do things by themselves, as the settings say; does nothing if it was started before."""
        if self._closed:
            raise UsageError("this BackupManager is closed", hint="Make a new one.")
        if self._scheduler is None:
            monitor = _Telling(self._listeners)
            self._scheduler = BackupScheduler(self._tasks(), clock=self._clock, monitor=monitor)
        self._scheduler.start()

    def _tasks(self) -> list[Any]:
        return tasks_of(self.settings, self._place, self._clock, self._scheduled_backup, self._scheduled_drill)

    def _scheduled_backup(self, slot: datetime | None) -> BackupResult:
        try:
            result = self._queue.run("backup", self._backup_job("", Reason.SCHEDULED, slot=slot))
        finally:
            self._tell_people()
        self._known_now()
        return result

    def _scheduled_drill(self, slot: datetime | None) -> DrillResult:
        try:
            return self._queue.run("drill", DrillJob(self._place(), None, self.settings.backup.checks, slot))
        finally:
            self._tell_people()

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

    def reload(self) -> None:
        """Read the settings again; raises SettingsInvalid, and keeps the present ones."""
        self._take(self._read_settings())
        if self._scheduler:
            self._scheduler.reload(self._tasks())

    def close(self, *, timeout_seconds: float = SHUTDOWN_SECONDS) -> Snapshot | None:
        """End: a last backup if the settings want one and something changed, within the time; never raises.

        Returns its snapshot; None if none was made. The application may close in any case: a run that takes too long is
        stopped, everything complete stays.
        """
        if self._closed:
            return None
        self._closed = True
        began, snapshot = self._clock.monotonic(), None
        if self._scheduler:
            self._scheduler.close(0.0)
        given = self.settings.backup
        if given.enabled and given.backup_on_shutdown and self.database.exists():
            try:
                job = self._backup_job("", Reason.SHUTDOWN)
                result = self._queue.run("backup", job, timeout_seconds)
                self._known_now()
                snapshot = _proven(result)
            except Exception as error:  # noqa: BLE001 - the application closes; the journal has the row
                self.warn("shutdown", f"there is no backup of this shutdown: {str(error) or type(error).__name__}")
        self._queue.close(max(1.0, timeout_seconds - (self._clock.monotonic() - began)))
        return snapshot

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _backup_job(
        self, label: str, reason: Reason, *, pinned: bool = False, slot: datetime | None = None
    ) -> BackupJob:
        given, place = self.settings.backup, self._place()
        options = BackupOptions(
            reason=reason,
            label=label,
            pinned=pinned,
            level=given.verify_after_backup,
            checks=given.checks,
            source=self._source,
            slot=slot,
        )
        return BackupJob(place, options, create=self._may_create(place), rotation=given.retention)

    def _known_now(self) -> None:
        """Remember that there is a repository, and under which name."""
        with suppress(OSError):
            if not self._known_mark.exists():
                self._known_mark.touch(mode=0o600)


class _Telling:
    """The scheduler's events, for the listeners."""

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners

    def event(self, name: str, /, **facts: Fact) -> None:
        self._listeners.tell(name, facts)

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """The scheduler has none."""

    def cancelled(self) -> bool:
        return False


def _proven(result: BackupResult) -> Snapshot:
    if result.damage:
        raise VerificationFailed(
            f"the backup was stored but could not be read back: {result.damage[0]}",
            safe="The database and all earlier backups are unchanged.",
            hint="Check the drive of the backups; the next run stores everything anew.",
        )
    return replace(result.snapshot)


def _name(snapshot: Snapshot | str) -> str:
    return snapshot if isinstance(snapshot, str) else snapshot.id


def _host() -> str:
    import platform

    return platform.node()
