"""litekeep restore."""

from __future__ import annotations

import dataclasses
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED, WARNINGS
from litekeep.cli.parameters import PATH, checks, scratch, yes
from litekeep.cli.place import Folder, Place, holds_repository
from litekeep.cli.session import Session
from litekeep.cli.told_restore import restore_json, tell_preview, tell_restored
from litekeep.cli.verb import verb
from litekeep.errors import NoRepository, UsageError
from litekeep.journal.history import Outcome
from litekeep.records import dataclass

if TYPE_CHECKING:
    from litekeep.model import Snapshot
    from litekeep.operations.restore import RestoreOptions, RestoreResult
    from litekeep.repository.repository import Repository


@dataclass(frozen=True, slots=True)
class _Job:
    """What goes where. chosen: a snapshot or a plain file. place: the repository's, None if there is none.

    replaces: --replace was given. over: and there is something.
    """

    repository: Repository | None
    place: Place | None
    chosen: Snapshot | Path
    target: Path
    replaces: bool

    @property
    def over(self) -> bool:
        """True if something is there that will be replaced."""
        return self.replaces and os.path.lexists(self.target)

    @property
    def name(self) -> str:
        """What is restored, in words."""
        return f"the file {self.chosen}" if isinstance(self.chosen, Path) else describe.brief(self.chosen)


@verb(
    "restore",
    examples=[
        ("litekeep restore latest --to restored.db", "the newest backup as a new file"),
        ("litekeep restore 7f3a --replace --dry-run", "what would change, table by table"),
        ("litekeep restore 7f3a --replace", "over the database it was made from"),
        ("litekeep restore --file old.db.gz --to old.db", "from a plain file"),
    ],
    exits=[3, 4, 5, 6, *STORED, 11, 14],
)
@click.argument("name", metavar="[ID]", required=False)
@click.option("--to", type=PATH, metavar="PATH", help="Restore to a new file.")
@click.option("--replace", is_flag=True, help="Restore over the database, also while programs have it open.")
@click.option("--target", type=PATH, metavar="DB", help="With --replace: another database than the backup's own.")
@click.option("--file", type=PATH, metavar="F", help="Restore this plain file (.db, .gz or .zst) instead of a backup.")
@checks
@click.option("--accept-problems", is_flag=True, help="Restore although SQLite finds problems in the backup's content.")
@click.option("--no-safety-copy", is_flag=True, help="Do not back up what is there now; then there is no undo.")
@click.option(
    "--all-closed",
    is_flag=True,
    help="You made sure that no program has the database open (asked for where the system cannot tell).",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=30.0,
    metavar="SECONDS",
    help="Longest wait for programs that keep the database locked [default: 30].",
)
@scratch
@yes
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def command(
    session: Session,
    name: str | None,
    to: Path | None,
    replace: bool,  # noqa: FBT001 - click names its arguments
    target: Path | None,
    file: Path | None,
    **rest: object,
) -> int:
    """Bring a backup back: to a new file with --to, or over the database with --replace.

    ID is an id or its beginning, `latest` (the default) or `latest~1`. The backup is first read back completely and
    proven; only then the target is touched. With --replace the state of now is backed up first, so that `litekeep undo`
    can bring it back; programs that have the database open see the restored data.
    """
    from litekeep.operations.restore import RestoreOptions

    _refuse_contradictions(name, to, target, file, replace=replace)
    job = _prepare(session, name, to, target, file)
    options = RestoreOptions(
        deadline_seconds=float(str(rest["wait"])),
        checks=session.checks(rest["checks"]),
        accept_problems=bool(rest["accept_problems"]),
        safety_copy=not rest["no_safety_copy"],
        all_closed=bool(rest["all_closed"]),
        scratch=rest["scratch"] if isinstance(rest["scratch"], Path) else None,
    )
    if rest["dry_run"]:
        return _dry_run(session, job, options)
    if job.over:
        question = f"Restore {job.name} over {job.target}?"
        session.confirm(question, f"restoring over {job.target}", yes=bool(rest["yes"]))
    result, exit_code = _restore(session, job, _safe(session, job, options))
    tell_restored(session, job.name, result)
    session.result("restore", exit_code, **restore_json(result))
    return exit_code


def _refuse_contradictions(
    name: str | None, to: Path | None, target: Path | None, file: Path | None, *, replace: bool
) -> None:
    both = "Restore to a new file with `--to restored.db`, or over the database with `--replace`."
    safe = "Nothing was changed."
    if not (to or replace):
        raise UsageError("restore where?", safe=safe, hint=both)
    if to and (replace or target):
        raise UsageError("--to and --replace exclude each other", safe=safe, hint=both)
    if name and file:
        raise UsageError("a backup's id and --file exclude each other", safe=safe, hint="Name one of them.")
    if name and os.path.isfile(name) and Path(name).suffix:
        hint = f"No id means the newest backup. A plain file itself is restored with --file {shlex.quote(name)}."
        raise UsageError(f"{name} is a file, and not the id of a backup", safe=safe, hint=hint)
    if file and replace and not target:
        hint = "Name the database with --target app.db."
        raise UsageError("a plain file does not tell which database it replaces", safe=safe, hint=hint)


def _prepare(session: Session, name: str | None, to: Path | None, target: Path | None, file: Path | None) -> _Job:
    if file is not None:
        if session.settings.copy is not None:
            raise UsageError("--file and --copy exclude each other", safe="Nothing was changed.")
        goal = to or target
        assert goal is not None
        found = _place_or_none(session, goal)
        if to is not None:
            _refuse_taken(to)
        return _Job(session.open(found) if found else None, found, file, goal, replaces=to is None)
    place = session.find(target)
    repository = session.open(place)
    snapshot = session.snapshot(session.catalog(repository), name or "latest")
    if to is not None:
        return _Job(repository, place, snapshot, to, replaces=False)
    return _Job(repository, place, snapshot, target or Path(snapshot.source_path), replaces=True)


def _safe(session: Session, job: _Job, options: RestoreOptions) -> RestoreOptions:
    """Where what is there now goes. Never into a copy, which gets what it has from the repository and nowhere else."""
    if session.settings.copy is None or not job.over or not options.safety_copy or session.file is None:
        return options
    here = Folder(session.file.backup.backup_directory)
    if holds_repository(here.path):
        return dataclasses.replace(options, safety_repository=session.open(here))
    from litekeep.worker.rescue import free_name

    return dataclasses.replace(options, safety_file=free_name(job.target, session.clock))


def _refuse_taken(to: Path) -> None:
    from litekeep.operations.restore import refuse_existing

    refuse_existing(to)


def _place_or_none(session: Session, target: Path) -> Place | None:
    try:
        return session.find(target)
    except NoRepository:
        if session.settings.repository is not None:
            raise
        return None


def _restore(session: Session, job: _Job, options: RestoreOptions) -> tuple[RestoreResult, int]:
    from litekeep.operations.restore import restore_file, restore_new, restore_over

    source = job.target.stem if isinstance(job.chosen, Path) else job.chosen.source
    with session.recorded("restore", job.place, source) as row:
        clock, monitor = session.clock, session.monitor
        if isinstance(job.chosen, Path):
            result = restore_file(job.repository, job.chosen, job.target, options=options, clock=clock, monitor=monitor)
        else:
            assert job.repository is not None
            restore = restore_over if job.replaces else restore_new
            result = restore(job.repository, job.chosen, job.target, options=options, clock=clock, monitor=monitor)
        exit_code = WARNINGS if result.problems else OK
        row.exit_code, row.outcome = exit_code, Outcome.WARNINGS if exit_code else Outcome.OK
        row.message = "; ".join(result.problems)
    return result, exit_code


def _dry_run(session: Session, job: _Job, options: RestoreOptions) -> int:
    from litekeep.operations.preview import preview_restore

    if not job.over:
        _refuse_taken(job.target)
    preview = preview_restore(
        job.repository, job.chosen, job.target, scratch=options.scratch, clock=session.clock, monitor=session.monitor
    )
    session.telling.clear()
    tell_preview(session, job.name, preview)
    session.result(
        "restore",
        OK,
        dry_run=True,
        target=str(job.target.absolute()),
        exists=preview.exists,
        size_bytes=preview.size_bytes,
        problems=list(preview.problems),
        tables=[{"name": name, "now": now, "after": after} for name, now, after in preview.differences()],
    )
    if preview.problems and not options.accept_problems:
        session.out.line(f"  {words.count(len(preview.problems), 'problem')}: it would need --accept-problems.")
    return OK
