"""Restore: bring a snapshot, or a plain backup file, back as a database.

Order of steps, for every kind of restore: read everything back into a private copy and prove it (each byte, the digest,
SQLite's own checks) before the target is looked at; take a safety copy of what is there now; install. Whatever fails
before "install" leaves the target untouched, and "install" itself is atomic for everyone (sqlite.install). SQLite's
checks are not repeated on a snapshot that passed them before: its bytes are proven to be the same ones.

Over an existing database the copy goes through SQLite, so that programs that have it open see the restored data and
nothing breaks. Only where that cannot work (no healthy database there, or another page size in WAL mode) is the file
replaced, and only if nobody has it open. What stands there and cannot be backed up because it is damaged is never
written over: its files are moved aside, together, and the result says where they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import (
    BackupFailed,
    LitekeepError,
    NotADatabase,
    Refused,
    SourceUnreadable,
    TargetInUse,
    UnknownSnapshot,
    VerificationFailed,
)
from litekeep.formats.receipt import Receipt
from litekeep.model import Level, Reason, Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.curate import losses_undone
from litekeep.operations.plainfile import unpack_plain_file
from litekeep.operations.scratch import scratch_folder
from litekeep.operations.scratch import sweep as sweep_working_copies
from litekeep.operations.verify import TIME_LIMIT_SECONDS, problems_of
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.moment import with_packs
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.sqlite.capture import CaptureOptions, capture
from litekeep.sqlite.check import CheckReport, check_database
from litekeep.sqlite.filesystem import file_errors
from litekeep.sqlite.install import install_live, install_new
from litekeep.sqlite.publish import DEFAULT_MODE, publish, sweep
from litekeep.sqlite.replace import finish_interrupted, install_replace

LEFT_OVER_AGE = timedelta(hours=1)
"""A prepared copy is beside its target for a moment only, unless its restore was killed."""
_COMPARED_BYTES = 4 << 20
_SHORTLY = 5.0
"""Nobody waits longer for the lock of a repository than this, once the database is back."""


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """How to restore. checks: as for a backup. accept_problems: restore although SQLite finds the copy itself unsound.

    deadline_seconds: longest wait for programs that lock the target, to copy what is there, and to write over it.
    recheck: run SQLite's checks even on a snapshot that passed them when it was verified.
    safety_copy: take a pre-restore snapshot of an existing target first (needs a repository). safety_repository: where
    it goes, if that is another one than the snapshot comes from (a copy). safety_file: no repository can take it, and
    a plain copy of an existing target goes into this new file instead. all_closed: the caller knows that no program has
    the target open; needed only where the file must be replaced and the system cannot tell.
    """

    deadline_seconds: float = 30.0
    checks: Sequence[str] = ()
    accept_problems: bool = False
    recheck: bool = False
    safety_copy: bool = True
    safety_repository: Repository | None = None
    safety_file: Path | None = None
    all_closed: bool = False
    scratch: Path | None = None


class _Damaged:
    """What is at the target is so damaged that it cannot be backed up; its files must be kept."""


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was restored, where, and the way back.

    how: "new", "live" or "replaced". safety_copy: the snapshot of what was there before; None for a new path, or if
    there was nothing that could be backed up. kept_aside: the folder with the files that were replaced. tables: rows
    per table in the restored database. safety_file: the plain copy of what was there before, where one was wanted.
    """

    target: Path
    how: str
    snapshot: Snapshot | None
    safety_copy: Snapshot | None
    kept_aside: Path | None
    problems: tuple[str, ...]
    tables: tuple[tuple[str, int], ...]
    size_bytes: int
    elapsed_seconds: float
    safety_file: Path | None = None


def restore_new(
    repository: Repository,
    snapshot: Snapshot,
    target: Path,
    *,
    options: RestoreOptions | None = None,
    clock: Clock,
    monitor: Monitor,
) -> RestoreResult:
    """Restore to a path where nothing is; nothing exists under that name until it is complete and proven."""
    options, started = options or RestoreOptions(), clock.monotonic()
    monitor.event("restore_started", snapshot=snapshot.id, target=str(target))
    _tidy_up(target, clock)
    refuse_existing(target)
    with _rebuilt(repository, snapshot, target.absolute().parent, options, clock, monitor) as (copy, report):
        install_new(copy, target)
    return _result(target, "new", snapshot, None, None, report, started, clock, monitor)


def restore_over(
    repository: Repository,
    snapshot: Snapshot,
    target: Path,
    *,
    options: RestoreOptions | None = None,
    clock: Clock,
    monitor: Monitor,
) -> RestoreResult:
    """Restore over the database at `target`, which may be open in other programs."""
    options, started = options or RestoreOptions(), clock.monotonic()
    monitor.event("restore_started", snapshot=snapshot.id, target=str(target))
    _tidy_up(target, clock)
    folder = options.scratch or Path(os.path.realpath(target)).parent
    with _rebuilt(repository, snapshot, folder, options, clock, monitor) as (copy, report):
        keeper = options.safety_repository or repository
        before: Snapshot | _Damaged | None
        if options.safety_file is not None:
            patience = CaptureOptions(deadline_seconds=options.deadline_seconds)
            before = _safety_file(options.safety_file, target, patience, clock, monitor)
        else:
            before = _safety_copy(keeper, target, snapshot.id, options, clock, monitor)
        how, aside = _install_over(copy, target, before, options, clock, monitor)
    result = _result(target, how, snapshot, before, aside, report, started, clock, monitor)
    _tell_of_return(keeper, result, clock, monitor)
    written = options.safety_file is not None and os.path.lexists(options.safety_file)
    return replace(result, safety_file=options.safety_file) if written else result


def restore_file(
    repository: Repository | None,
    file: Path,
    target: Path,
    *,
    options: RestoreOptions | None = None,
    clock: Clock,
    monitor: Monitor,
) -> RestoreResult:
    """Restore from a plain database file (.db, or .gz / .zst of one), to a new path or over an existing database.

    With a repository, what is at an existing target goes into it first, as for every other restore.
    """
    options, started = options or RestoreOptions(), clock.monotonic()
    monitor.event("restore_started", file=str(file), target=str(target))
    _tidy_up(target, clock)
    over = os.path.lexists(target)
    if over and repository is None and options.safety_copy:
        raise Refused(
            f"{target} exists and there is no repository for a safety copy of it",
            safe="Nothing was changed.",
            hint="Name a repository with --repository, or restore to a new path.",
        )
    folder = options.scratch or Path(os.path.realpath(target)).parent
    with scratch_folder(folder) as scratch:
        copy = scratch / "restore.db"
        unpack_plain_file(file, copy, clock=clock, monitor=monitor)
        report = _check(copy, str(file), None, options, clock, monitor)
        before: Snapshot | _Damaged | None = None
        how, aside = "new", None
        if over:
            if repository is not None:
                before = _safety_copy(repository, target, str(file), options, clock, monitor)
            how, aside = _install_over(copy, target, before, options, clock, monitor)
        else:
            install_new(copy, target)
    result = _result(target, how, None, before, aside, report, started, clock, monitor)
    if repository is not None:
        _tell_of_return(repository, result, clock, monitor)
    return result


def _tell_of_return(repository: Repository, result: RestoreResult, clock: Clock, monitor: Monitor) -> None:
    """An alarm about rows that had gone ends when they are back. Where that cannot be kept, it goes on: no harm."""
    if result.safety_copy is not None and result.tables:
        source = result.safety_copy.source
        with suppress(LitekeepError):
            losses_undone(repository, source, result.tables, wait_seconds=_SHORTLY, clock=clock, monitor=monitor)


def find_undo(
    snapshots: Sequence[Snapshot], still_there: Callable[[Snapshot], bool] = lambda _: False
) -> tuple[Snapshot, Path]:
    """The safety copy of the last restore, and the path it was of; raises UnknownSnapshot if there is none.

    still_there: tells (see `is_still_there`) that the database is what that safety copy holds, because the restore was
    interrupted before it changed anything, say; there is nothing of it to undo, and the one before it counts.
    """
    for snapshot in sorted(snapshots, key=lambda snapshot: (snapshot.created_at, snapshot.sequence), reverse=True):
        if snapshot.reason is Reason.PRE_RESTORE and snapshot.trashed_at is None and not still_there(snapshot):
            return snapshot, Path(snapshot.source_path)
    raise UnknownSnapshot(
        "there is no restore to undo", hint="Restores over a database keep a safety copy; none is here."
    )


def is_still_there(
    repository: Repository, snapshot: Snapshot, *, scratch: Path | None = None, clock: Clock, monitor: Monitor
) -> bool:
    """True if the database holds exactly what the snapshot does, page by page; False also where that cannot be told."""
    member = repository.read_manifest(snapshot.key).facts["members"][0]
    with scratch_folder(scratch) as folder:
        try:
            image = capture(Path(snapshot.source_path), folder / "now.db", clock=clock, monitor=monitor)
        except (BackupFailed, Refused):
            return False
        if (image.facts.page_size, image.facts.page_count) != (member["page_size"], member["page_count"]):
            return False
        with image.path.open("rb", buffering=0) as file:
            chunks = iter(lambda: file.read(_COMPARED_BYTES), b"")
            names = (repository.identity.names(memoryview(chunk), member["block_bytes"]) for chunk in chunks)
            return repository.identity.digest(names).hex() == str(member["digest"])


@contextmanager
def _rebuilt(
    repository: Repository, snapshot: Snapshot, folder: Path, options: RestoreOptions, clock: Clock, monitor: Monitor
) -> Iterator[tuple[Path, CheckReport]]:
    """The proven copy, in a private folder on the target's file system."""
    with scratch_folder(folder) as scratch:
        copy = scratch / "restore.db"
        copy.touch(mode=0o600)
        manifest = repository.read_manifest(snapshot.key)
        with_packs(
            repository, snapshot.key, lambda table: rebuild(repository, table, snapshot.key, manifest, copy, monitor)
        )
        yield copy, _check(copy, f"snapshot {snapshot.short_id}", snapshot, options, clock, monitor)


def _check(
    copy: Path, what: str, snapshot: Snapshot | None, options: RestoreOptions, clock: Clock, monitor: Monitor
) -> CheckReport:
    if snapshot and snapshot.verified >= Level.FULL and not options.checks and not options.recheck:
        report = CheckReport(snapshot.problems, (), snapshot.tables or (), (), schema_readable=True, complete=True)
    else:
        report = check_database(
            copy, checks=options.checks, time_limit_seconds=TIME_LIMIT_SECONDS, clock=clock, monitor=monitor
        )
    problems = problems_of(report)
    if problems and not options.accept_problems:
        raise VerificationFailed(
            f"{what} holds a database with problems: {problems[0]}" + (" ..." if len(problems) > 1 else ""),
            safe="Nothing was changed.",
            hint="Choose an earlier backup, or restore it as it is with --accept-problems.",
        )
    return report


def _tidy_up(target: Path, clock: Clock) -> None:
    """Finish what a killed restore began here, before anything is decided about the target; remove what others left."""
    finish_interrupted(target)
    folder = Path(os.path.realpath(target)).parent
    sweep_working_copies(folder)
    with suppress(OSError):
        sweep(folder, before=clock.now() - LEFT_OVER_AGE)


def refuse_existing(target: Path) -> None:
    """Raise Refused if the target or a sidecar of it is there: a new file is never mixed with an old log."""
    for path in (target, *(target.with_name(target.name + suffix) for suffix in ("-wal", "-shm", "-journal"))):
        if os.path.lexists(path):
            raise Refused(
                f"{path} exists already",
                safe="Nothing was changed.",
                hint="Restore to another path, or over the existing database with --replace.",
            )


def _safety_copy(
    repository: Repository, target: Path, restored: str, options: RestoreOptions, clock: Clock, monitor: Monitor
) -> Snapshot | _Damaged | None:
    """A pre-restore snapshot of what is at the target; None if nothing is there or none is wanted."""
    if not options.safety_copy or not os.path.lexists(target):
        return None
    wanted = BackupOptions(
        reason=Reason.PRE_RESTORE,
        label=f"before restoring {restored[:16]}",
        capture=CaptureOptions(deadline_seconds=options.deadline_seconds),
        scratch=options.scratch,
    )
    try:
        result = backup(repository, target, options=wanted, clock=clock, monitor=monitor)
    except (NotADatabase, SourceUnreadable) as error:
        monitor.event("warning", code="no_safety_copy", message=f"{error.message}; its files will be moved aside")
        return _Damaged()
    except BackupFailed as error:
        raise Refused(
            f"what is in {target} now could not be backed up first: {error.message}",
            safe="Nothing was changed.",
            hint="Restore to a new path; or replace it without a safety copy: --no-safety-copy.",
        ) from error
    if result.damage:
        raise VerificationFailed(
            f"the safety copy could not be read back: {result.damage[0]}", safe="Nothing was changed."
        )
    receipt = Receipt(result.snapshot.id, "restore", clock.now(), facts={"restored": restored})
    repository.write_receipt(layout.source_dir(result.snapshot.source), receipt)
    return result.snapshot


def _safety_file(file: Path, target: Path, patience: CaptureOptions, clock: Clock, monitor: Monitor) -> _Damaged | None:
    """A plain copy of what is at the target, complete and synced before this returns; nothing if nothing is there."""
    if not os.path.lexists(target):
        return None
    refuse_existing(file)
    with scratch_folder(file.absolute().parent) as scratch:
        copy = scratch / "before.db"
        try:
            capture(target, copy, clock=clock, monitor=monitor, options=patience)
        except (NotADatabase, SourceUnreadable) as error:
            monitor.event("warning", code="no_safety_copy", message=f"{error.message}; its files will be moved aside")
            return _Damaged()
        except BackupFailed as error:
            raise Refused(
                f"what is in {target} now could not be saved first: {error.message}",
                safe="Nothing was changed.",
                hint="Restore to a new path.",
            ) from error
        with file_errors(file.absolute().parent):
            os.chmod(copy, DEFAULT_MODE)
            publish(copy, file.absolute())
    return None


def _install_over(
    copy: Path,
    target: Path,
    before: Snapshot | _Damaged | None,
    options: RestoreOptions,
    clock: Clock,
    monitor: Monitor,
) -> tuple[str, Path | None]:
    """How it was installed, and where the replaced files are."""
    if not os.path.lexists(target):
        install_new(copy, target)
        return "new", None
    if not isinstance(before, _Damaged):
        try:
            install_live(copy, target, deadline_seconds=options.deadline_seconds, clock=clock, monitor=monitor)
        except Refused as refused:
            if refused.code != Refused.code:
                raise  # in use, say: replacing the file would be worse
        else:
            return "live", None
    try:
        return "replaced", install_replace(copy, target, all_closed=options.all_closed)
    except TargetInUse as refused:
        raise TargetInUse(
            f"the database cannot be restored through SQLite, and its file cannot be replaced: {refused.message}",
            safe="Nothing was changed.",
            hint="Close all programs that use it, then restore again with --all-closed; or restore to a new path.",
        ) from refused


def _result(
    target: Path,
    how: str,
    snapshot: Snapshot | None,
    before: Snapshot | _Damaged | None,
    aside: Path | None,
    report: CheckReport,
    started: float,
    clock: Clock,
    monitor: Monitor,
) -> RestoreResult:
    size, safety = target.stat().st_size, None if isinstance(before, _Damaged) else before
    elapsed = clock.monotonic() - started
    monitor.event(
        "restore_finished",
        snapshot=snapshot.id if snapshot else None,
        target=str(target),
        how=how,
        safety_copy=safety.id if safety else None,
        size_bytes=size,
        elapsed_seconds=elapsed,
    )
    return RestoreResult(target, how, snapshot, safety, aside, problems_of(report), report.tables, size, elapsed)
