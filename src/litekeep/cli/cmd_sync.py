"""litekeep sync."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED, WARNINGS
from litekeep.cli.place import Folder
from litekeep.cli.session import Session, outcome_of
from litekeep.cli.verb import verb
from litekeep.errors import LitekeepError, UsageError
from litekeep.journal.history import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litekeep.config.copies import CopySettings
    from litekeep.operations.copymemory import CopyState
    from litekeep.operations.sync import SyncResult
    from litekeep.repository.repository import Repository


@verb(
    "sync",
    examples=[
        ("litekeep sync -c backup.json", "send what is new to every copy of the settings file"),
        ("litekeep sync -c backup.json cloud", "to this one"),
        ("litekeep sync -c backup.json --list", "what the copies have; nothing is sent"),
        ("litekeep sync -c backup.json --look", "ask the places what they have, instead of relying on memory"),
    ],
    exits=[3, 6, *STORED, 11, 13],
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="Show what is known of the copies; nothing is sent or asked.")
@click.option("--look", is_flag=True, help="Ask the places what they have; done every week anyway.")
@click.option("--remove-keys", is_flag=True, help="Remove passphrases and keys there that were removed here.")
def command(session: Session, names: tuple[str, ...], *, only_list: bool, look: bool, remove_keys: bool) -> int:
    """Bring the copies in other places up to date: send what they lack, in an order that leaves whole backups only.

    The copies are described in the settings file (backup.copies). A backup sends by itself; this is for what could not
    be sent then, and for looking. What was interrupted goes on where it stopped. Nothing is removed from a copy because
    it is missing here: a copy has a retention of its own.
    """
    chosen = _chosen(session, names)
    place = session.find()
    if not isinstance(place, Folder):
        raise UsageError("copies are sent from a repository in a folder", hint="Leave --copy, or the URL, out.")
    if only_list:
        return _list(session, place, chosen)
    repository = session.open(place)
    results: list[SyncResult] = []
    errors: list[tuple[str, LitekeepError]] = []
    for copy in chosen:
        try:
            results.append(sync_one(session, repository, place, copy, look=look, remove_keys=remove_keys))
        except LitekeepError as error:
            if error.code == "cancelled":
                raise
            errors.append((copy.name, error))
            if len(chosen) > 1:
                tell_failure(session, copy.name, error)
    if errors and len(chosen) == 1:
        raise errors[0][1]
    behind = any(result.left_behind or result.warnings for result in results)
    exit_code = errors[0][1].exit_code if errors else WARNINGS if behind else OK
    failed = [{"name": name, "code": error.code, "message": error.message} for name, error in errors]
    session.result("sync", exit_code, copies=[result_json(each) for each in results], failed=failed)
    return exit_code


def _chosen(session: Session, names: Sequence[str]) -> list[CopySettings]:
    from litekeep.config.copies import copy_named

    copies = session.file.backup.copies if session.file else ()
    if not copies:
        hint = 'Name the settings file with --config, and describe them there: "copies" in the section "backup".'
        raise UsageError("no copies are described", hint=hint)
    if names:
        return [copy_named(copies, name) for name in dict.fromkeys(names)]
    return [each for each in copies if each.enabled]


def sync_one(
    session: Session,
    repository: Repository,
    place: Folder,
    copy: CopySettings,
    *,
    look: bool = False,
    remove_keys: bool = False,
) -> SyncResult:
    """Send to one copy, with a row in the journal, and tell."""
    from litekeep.worker.copies import options_for, sync_copy

    assert session.file is not None
    policy = copy.policy(session.file.backup)
    session.catalog(repository)  # finds the database's name in it
    with session.recorded("sync", place, session.settings.source or "") as row:
        row.facts["copy"] = copy.name
        result = sync_copy(
            repository,
            place.path,
            copy,
            options_for(copy, policy, session.settings.source, look=look, remove_keys=remove_keys),
            clock=session.clock,
            monitor=session.monitor,
        )
        row.exit_code = WARNINGS if result.left_behind else OK
        row.outcome = Outcome.SKIPPED if result.nothing_new else outcome_of(row.exit_code)
        row.message = result.left_behind[0] if result.left_behind else "nothing new" if result.nothing_new else ""
    _tell(session, result)
    return result


def sync_after_backup(session: Session, repository: Repository, place: Folder) -> bool:
    """Send to every copy of the settings file; False if one could not be reached. It takes nothing from the backup."""
    good = True
    for copy in session.file.backup.copies if session.file else ():
        if not copy.enabled:
            continue
        try:
            result = sync_one(session, repository, place, copy)
            good = good and not result.left_behind
        except LitekeepError as error:
            if error.code == "cancelled":
                raise
            tell_failure(session, copy.name, error)
            good = False
    return good


def tell_failure(session: Session, name: str, error: LitekeepError) -> None:
    """A copy that could not be reached is a warning: the backup itself is there."""
    session.telling.warn("copy_failed", f"nothing was sent to the copy {name}: {error.message}")


def _tell(session: Session, result: SyncResult) -> None:
    out, took = session.out, words.seconds(result.elapsed_seconds)
    if result.sent_objects:
        what = f"{words.count(len(result.snapshots), 'backup')}, {words.size(result.sent_bytes)}"
        out.good(f"Copy {result.name}: sent {what} in {took}, {words.count(result.requests, 'request')}")
    elif not result.left_behind:
        asked = f", as {words.count(result.requests, 'request')} showed" if result.requests else "; nothing was asked"
        out.good(f"Copy {result.name}: all is there{asked}")
    if result.pruned is not None and (gone := len(result.pruned.forgotten)):
        out.line(f"  Its own retention removed {words.count(gone, 'backup')} there")
    for text in result.left_behind:
        out.bad(f"Copy {result.name}: not sent: {text}")


def _list(session: Session, place: Folder, chosen: Sequence[CopySettings]) -> int:
    from litekeep.operations.copymemory import CopyState, read_states

    states = read_states(place.path)
    found = [states.get(copy.name, CopyState(copy.name, copy.shown)) for copy in chosen]
    for state in found:
        tell_state(session, state)
    session.result("sync", OK, states=[state_json(each) for each in found])
    return OK


def tell_state(session: Session, state: CopyState) -> None:
    """One copy in a few lines."""
    out, now = session.out, session.clock.now()
    what = f"{words.count(state.snapshots, 'backup')}, {words.size(state.stored_bytes)}"
    newest = f"; the newest was made {words.ago(state.newest_at, now)}" if state.newest_at else ""
    if state.problem:
        since = words.ago(state.failing_since, now) if state.failing_since else "now"
        out.bad(f"{state.name}: {state.place}")
        out.line(f"  Nothing arrived since {since}: {state.problem}")
    elif state.synced_at is None:
        out.care(f"{state.name}: {state.place}")
        out.line("  Nothing was sent yet")
    else:
        out.good(f"{state.name}: {state.place}")
    if state.snapshots:
        out.line(f"  Has {what}{newest}")
    if state.synced_at is not None:
        proven = f"proven by a test restore {words.ago(state.proven_at, now)}" if state.proven_at else "never proven"
        out.line(f"  All was there {words.ago(state.synced_at, now)}; {proven}")
        out.line(f"  In 30 days: {words.count(state.requests, 'request')}, {words.size(state.sent_bytes)} sent")
    for text in state.warnings:
        out.care(f"  {text}")


def result_json(result: SyncResult) -> dict[str, Any]:
    """For --json."""
    return {
        "name": result.name,
        "snapshots": list(result.snapshots),
        "sent_objects": result.sent_objects,
        "sent_bytes": result.sent_bytes,
        "requests": result.requests,
        "listed": result.listed,
        "left_behind": list(result.left_behind),
        "copy_warnings": list(result.warnings),
        "forgotten": len(result.pruned.forgotten) if result.pruned else 0,
        "elapsed_seconds": round(result.elapsed_seconds, 3),
    }


def state_json(state: CopyState) -> dict[str, Any]:
    """For --json."""
    from dataclasses import asdict

    facts = asdict(state)
    moments = {key: describe.moment_json(value) for key, value in facts.items() if isinstance(value, datetime)}
    return {**facts, **moments, "warnings": list(state.warnings)}
