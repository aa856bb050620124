"""litekeep backup."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED, VERIFICATION, WARNINGS
from litekeep.cli.parameters import PATH, checks, scratch
from litekeep.cli.place import Folder, Place, holds_repository
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.errors import UsageError
from litekeep.journal.history import Outcome
from litekeep.model import Level, Reason

if TYPE_CHECKING:
    from litekeep.operations.backup import BackupOptions, BackupResult
    from litekeep.repository.repository import Repository

REASONS = [reason.value for reason in Reason if reason is not Reason.PRE_RESTORE]


@verb(
    "backup",
    examples=[
        ("litekeep backup app.db", "into ./backups beside it, made on first use"),
        ("litekeep backup app.db -r /mnt/usb/b", "into a repository elsewhere"),
        ("litekeep backup app.db --label 'before audit' --pin", "with a name, and never removed"),
        ("litekeep backup app.db --reason scheduled", "for cron: rotates, and is skipped if nothing changed"),
        ("litekeep backup app.db --scheduled 02:00", "for timers: once for each night, however often it is started"),
        ("litekeep backup -c backup.json", "database, folder, checks and notifications of the settings file"),
    ],
    exits=[3, 4, 5, 6, *STORED, 11, 14],
)
@click.argument("database", required=False, type=PATH)
@click.option(
    "--reason",
    type=click.Choice(REASONS),
    default="manual",
    show_default=True,
    help="Decides how long it is kept: manual ones stay for ever, the others rotate.",
)
@click.option(
    "--scheduled",
    "rule",
    metavar="[RULE]",
    is_flag=False,
    flag_value="",
    help='For timers: the backup of the newest due time of "02:00" or of a cron expression, or, without a rule, of the '
    "settings file's schedule; skipped if it was made.",
)
@click.option("--label", default="", metavar="TEXT", help="A name for people.")
@click.option("--pin", is_flag=True, help="Never remove it automatically.")
@click.option("--no-sync", is_flag=True, help="Send nothing to the copies of the settings file this time.")
@click.option(
    "--verify",
    "level",
    type=click.Choice(["full", "written", "none"]),
    help="Read back every page, or what was written, or nothing [default: full up to 256 MiB, else written].",
)
@click.option("--if-changed", is_flag=True, help="Make no new backup if the newest one holds the same state.")
@checks
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=60.0,
    metavar="SECONDS",
    help="Longest wait for a program that keeps the database locked, or for another run [default: 60].",
)
@scratch
def command(session: Session, database: Path | None, reason: str, **rest: object) -> int:
    """Back up a database and prove that the backup is good.

    Programs can use the database meanwhile; it is only read. Only pages that changed since the last backup take new
    space, but every backup is complete by itself. After storing, everything is read back from the repository, compared
    with what was read from the database, and the rebuilt copy is checked by SQLite. If the database itself has problems
    the backup is kept, says so, and ends with exit code 3.
    """
    from litekeep.operations.backup import backup

    if rest["rule"] == "" and session.file is not None and session.file.backup.effective_schedule is None:
        return _switched_off(session)
    slot = _slot(session, rest["rule"])
    database = session.database(database)
    options = _options(session, reason, slot, rest)
    place = _place(session, database)
    with session.recorded("backup", place, options.source or database.stem) as row:
        repository = session.open(place) if slot else _open_or_create(session, place, database, options)
        result = backup(repository, database, options=options, clock=session.clock, monitor=session.monitor)
        row.source = result.snapshot.source
        row.exit_code = exit_code = _exit_code(result)
        row.outcome = _outcome(result, exit_code)
        row.message = "; ".join((*result.damage, *result.problems)) or result.unchanged_how or _done(result)
    _tell(session, database, place, result, options)
    if session.file is not None and session.file.backup.copies and isinstance(place, Folder) and not rest["no_sync"]:
        from litekeep.cli.cmd_sync import sync_after_backup

        if not sync_after_backup(session, repository, place):
            exit_code = exit_code or WARNINGS
    session.result("backup", exit_code, **_json(result, place, slot))
    return exit_code


def _place(session: Session, database: Path) -> Place:
    """Where it goes. Never into a copy: only one machine, by sync, writes there."""
    if session.settings.copy is not None:
        hint = f"Back up into the repository; `litekeep sync {session.settings.copy}` sends what is new to the copy."
        raise UsageError("a backup does not go into a copy", safe="Nothing was written.", hint=hint)
    return session.place_for(database)


def _options(session: Session, reason: str, slot: datetime | None, given: Mapping[str, object]) -> BackupOptions:
    """What the options say, then the settings file."""
    from litekeep.operations.backup import BackupOptions
    from litekeep.sqlite.capture import CaptureOptions

    scratch_folder = given["scratch"] if isinstance(given["scratch"], Path) else None
    wait, level = float(str(given["wait"])), given["level"]
    return BackupOptions(
        reason=Reason(reason) if slot is None else Reason.SCHEDULED,
        label=str(given["label"]),
        pinned=bool(given["pin"]),
        level=Level[str(level).upper()] if level else session.file.backup.verify_after_backup if session.file else None,
        skip_unchanged=True if given["if_changed"] else None,
        checks=session.checks(given["checks"]),
        source=session.settings.source,
        capture=CaptureOptions(deadline_seconds=wait, scratch=scratch_folder),
        scratch=scratch_folder,
        lock_wait_seconds=wait,
        slot=slot,
    )


def _switched_off(session: Session) -> int:
    session.out.line("Nothing to do: the settings file switches scheduled backups off")
    place = session.place_for(None).shown
    session.result("backup", OK, repository=place, snapshot=None, slot=None, satisfied=False)
    return OK


def _slot(session: Session, rule: object) -> datetime | None:
    """The planned moment that this run is for. A scheduled run never makes a repository: the drive may be missing."""
    if not isinstance(rule, str):
        return None
    from litekeep.scheduling.rule import parse_rule, slot_of_run
    from litekeep.scheduling.zone import machine_zone, zone_named

    given = session.file.backup if session.file else None
    text = rule or (given.effective_schedule if given else None)
    if text is None:
        hint = 'For example --scheduled 02:00, or --config with a settings file that has a "schedule".'
        raise UsageError("--scheduled needs a rule, or a settings file", hint=hint)
    zone = zone_named(given.timezone) if given and given.timezone else machine_zone(session.clock)
    return slot_of_run(parse_rule(text), session.clock.now(), zone)


def _done(result: BackupResult) -> str:
    slot = result.satisfied_slot
    return f"the backup of {words.local(slot)} was made before" if slot else ""


def _open_or_create(session: Session, place: Place, database: Path, options: BackupOptions) -> Repository:
    """A first backup makes a repository in a folder. On a server somebody has to say whether it is encrypted."""
    if not isinstance(place, Folder) or holds_repository(place.path):
        return session.open(place)
    from litekeep.cli.unlock import refuse_to_create

    refuse_to_create(session, place.path)
    repository = session.create(place, database, wait_seconds=options.lock_wait_seconds)
    session.out.good(f"Made a repository in {place.name}")
    return repository


def _exit_code(result: BackupResult) -> int:
    if result.damage:
        return VERIFICATION
    return WARNINGS if result.problems or result.unchecked else OK


def _outcome(result: BackupResult, exit_code: int) -> Outcome:
    if exit_code == VERIFICATION:
        return Outcome.FAILED
    if exit_code == WARNINGS:
        return Outcome.WARNINGS
    return Outcome.SKIPPED if result.unchanged or result.satisfied else Outcome.OK


def _tell(session: Session, database: Path, place: Place, result: BackupResult, options: BackupOptions) -> None:
    out, snapshot = session.out, result.snapshot
    if result.satisfied:
        out.good(f"Nothing to do: {_done(result)}")
    elif result.unchanged:
        when = words.ago(snapshot.created_at, session.clock.now())
        out.good(f"Nothing changed since backup {snapshot.short_id}, made {when}; no new one was needed")
        if session.verbose:
            out.line(f"  How it was found: {result.unchanged_how}")
    else:
        sizes = f"{words.size(result.new_bytes)} new, {words.size(snapshot.database.size_bytes)} in all"
        where, took = place.name, words.seconds(result.elapsed_seconds)
        out.good(f"Backup {snapshot.short_id} of {database.name} saved to {where} ({sizes}) in {took}")
        _tell_proof(session, result)
    describe.tell_problems(out, "The database itself has a problem", result.problems)
    for text in result.unchecked:
        out.care(f"Not checked: {text}")
    if result.problems:
        out.line("  The backup is a faithful copy of it. Older backups may still hold a sound state: litekeep list")
    if options.pinned:
        out.line("  It is pinned: it will not be removed automatically.")


def _tell_proof(session: Session, result: BackupResult) -> None:
    out, snapshot = session.out, result.snapshot
    if result.damage:
        out.bad(f"Reading it back failed: {result.damage[0]}")
        out.line("  Earlier backups are unchanged. Check the drive, then back up again.")
    elif result.level >= Level.FULL:
        sound = "integrity ok, " if not result.problems else ""
        out.good(f"Verified: every page read back, {sound}{describe.content(snapshot.tables)}")
    elif result.level is Level.WRITTEN:
        out.good("Verified what was written; `litekeep drill` or `litekeep verify` proves the whole")
    else:
        out.care(f"Not verified; `litekeep verify {snapshot.short_id}` does it")


def _json(result: BackupResult, place: Place, slot: datetime | None) -> dict[str, object]:
    return {
        "repository": place.shown,
        "snapshot": describe.snapshot_json(result.snapshot),
        "unchanged": result.unchanged,
        "unchanged_how": result.unchanged_how,
        "slot": describe.moment_json(slot),
        "satisfied": result.satisfied,
        "new_bytes": result.new_bytes,
        "changed_pages": result.changed_pages,
        "level": describe.level_word(result.level),
        "problems": list(result.problems),
        "damage": list(result.damage),
        "unchecked": list(result.unchecked),
        "elapsed_seconds": round(result.elapsed_seconds, 3),
    }
