"""Making backups, proving them and bringing them back: the jobs that a manager gives to its helper process."""

from __future__ import annotations

import os
from concurrent.futures import Future
from pathlib import Path

from litekeep.manager.health import proven
from litekeep.manager.home import backup_job, may_create, remember
from litekeep.manager.queue import BackupFuture
from litekeep.manager.wiring import Result, Wiring, name_of
from litekeep.model import Reason, Snapshot
from litekeep.operations.backup import BackupResult
from litekeep.operations.drill import DrillResult
from litekeep.operations.preview import Preview
from litekeep.operations.restore import RestoreOptions, RestoreResult
from litekeep.operations.verify import VerifyResult
from litekeep.worker.jobs import DrillJob, ExportJob, Job, RestoreJob, UndoJob, VerifyJob
from litekeep.worker.looks import PreviewJob
from litekeep.worker.plain import RestoreFileJob


class Backups(Wiring):
    """What people and programs ask for. Every method here that works with the database waits for its job."""

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
        NoRepository, StorageError, HelperFailed, TimeoutError. Who is to be told of a failure is told at once.
        """
        job = backup_job(self.settings, self._place(), reason, label=label, pinned=pinned)
        result = self._ask("backup", job, timeout_seconds)
        remember(self._place())
        return proven(result)

    def submit_backup(
        self, label: str = "", *, reason: Reason = Reason.MANUAL, pinned: bool = False
    ) -> BackupFuture[BackupResult]:
        """The same without waiting; the future gives all facts, and its `cancel` stops the run."""
        job = backup_job(self.settings, self._place(), reason, label=label, pinned=pinned)
        future = self._queue.submit("backup", job)
        future.add_done_callback(self._submitted)
        return future

    def _submitted(self, future: Future[BackupResult]) -> None:
        """On the thread of the jobs."""
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            remember(self._place())
        self._tell_soon(error or future.result())

    def list_backups(self) -> list[Snapshot]:
        """The snapshots of this database that are not in the trash, oldest first; empty before the first.

        Reads the repository only. Raises NoRepository if its folder is not there, StorageError.
        """
        return [each for each in self._everything() if each.trashed_at is None]

    def verify_backup(self, snapshot: Snapshot | str = "latest") -> VerifyResult:
        """Read a backup back and compare every byte; what is wrong is in the result."""
        checks = self.settings.backup.checks
        return self._ask("verify", VerifyJob(self._place(), name_of(snapshot), checks))

    def test_restore(self, snapshot: Snapshot | str | None = None) -> DrillResult:
        """Rehearse a restore in a scratch place; None: of the snapshot that was least recently proven."""
        name = None if snapshot is None else name_of(snapshot)
        return self._ask("drill", DrillJob(self._place(), name, self.settings.backup.checks))

    def export_backup(self, snapshot: Snapshot | str, to: str | os.PathLike[str]) -> Path:
        """Write a backup as a plain database file, packed if the name ends with .gz or .zst."""
        return self._queue.run("export", ExportJob(self._place(), name_of(snapshot), Path(to).absolute()))

    # Back again

    def preview_restore(self, snapshot: Snapshot | str | Path) -> Preview:
        """What restoring this over the database would change: rows of every table, now and then. Changes nothing.

        The rows of now are counted in a private copy, in the helper process; a database of some gigabytes takes as long
        as its backup. `now` is None, and `why` says so, if the present database cannot be read.

        Args:
            snapshot: a backup, or a plain file (.db, or one packed with gzip or zstd) as a Path.

        Raises:
            UnknownSnapshot, NoRepository, CorruptObject, StorageError: of a backup.
            SourceMissing, NotADatabase, PermissionRefused, UsageError: of a file.
            NoSpace, Cancelled, HelperFailed.
        """
        chosen = snapshot.absolute() if isinstance(snapshot, Path) else name_of(snapshot)
        return self._queue.run("preview", PreviewJob(self._place(), chosen))

    def restore_backup(
        self,
        snapshot: Snapshot | str,
        to: str | os.PathLike[str] | None = None,
        *,
        accept_problems: bool = False,
        all_closed: bool = False,
    ) -> RestoreResult:
        """Bring a backup back: over the database, which may be open, or to the new file `to`.

        Over the database a safety copy is made first, so that `undo_restore` can take it back. all_closed: a person
        made sure that no program has the database open; asked for (TargetInUse) where it is so damaged that its file
        must be replaced, and the system does not tell who has it open. Raises UnknownSnapshot, VerificationFailed,
        Refused and its kinds (then nothing was changed), SourceBusy, StorageError.
        """
        target = None if to is None else Path(to).absolute()
        options = self._restoring(accept_problems=accept_problems, all_closed=all_closed)
        job = RestoreJob(self._place(), name_of(snapshot), target, options)
        return self._with_hooks("restore", job) if target is None else self._ask("restore", job)

    def restore_file(
        self,
        path: str | os.PathLike[str],
        to: str | os.PathLike[str] | None = None,
        *,
        accept_problems: bool = False,
        all_closed: bool = False,
    ) -> RestoreResult:
        """Bring a plain file back: over the database, which may be open, or to the new file `to`.

        Over the database a safety copy is made first, as for a backup; where there is no repository yet, it is made for
        that. `undo_restore` can take it back.

        Args:
            path: a database file (its -wal beside it counts), or one packed with gzip or zstd, whatever its name.
            to: a path where nothing is; None: over the database, with the hooks.
            accept_problems: restore although SQLite finds problems in the file's content.
            all_closed: as for `restore_backup`.

        Raises:
            SourceMissing, NotADatabase, PermissionRefused, UsageError: the file cannot be used.
            VerificationFailed: its content has problems. Refused: `to` exists, or no safety copy could be made.
            NoRepository, SourceBusy, NoSpace, StorageError, Cancelled, HelperFailed. Nothing was changed then.
        """
        target, place = None if to is None else Path(to).absolute(), self._place()
        options = self._restoring(accept_problems=accept_problems, all_closed=all_closed)
        job = RestoreFileJob(place, Path(path).absolute(), target, options, create=may_create(place))
        if target is not None:
            return self._ask("restore", job)
        try:
            return self._with_hooks("restore", job)
        finally:
            if place.there:
                remember(place)

    def undo_restore(self) -> RestoreResult:
        """Take the last restore over the database back; raises UnknownSnapshot if there is none."""
        return self._with_hooks("undo", UndoJob(self._place()))

    def _restoring(self, *, accept_problems: bool, all_closed: bool) -> RestoreOptions:
        checks = self.settings.backup.checks
        return RestoreOptions(checks=checks, accept_problems=accept_problems, all_closed=all_closed)

    def _with_hooks(self, verb: str, job: Job[Result]) -> Result:
        if self.before_restore:
            self.before_restore()
        try:
            return self._ask(verb, job)
        finally:
            if self.after_restore:
                self.after_restore()
