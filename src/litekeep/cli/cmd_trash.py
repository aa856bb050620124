"""litekeep trash: list, recover, empty."""

from __future__ import annotations

from datetime import timedelta

import click

from litekeep.cli import describe, words
from litekeep.cli.cmd_list import row
from litekeep.cli.exits import OK, STORED
from litekeep.cli.marking import mark
from litekeep.cli.parameters import yes as yes_option
from litekeep.cli.session import Session
from litekeep.cli.verb import HELP, verb
from litekeep.retention import RetentionPolicy


@click.group("trash", context_settings=HELP)
def command() -> None:
    """List, recover or empty the trash.

    Deleted backups, and those that a prune removed, stay in the trash for seven days. Their data is in the repository
    until then.
    """


@verb("list", examples=[("litekeep trash list", "what can still be recovered, and until when")], exits=[*STORED])
def list_trash(session: Session) -> int:
    """List what is in the trash, and until when it can be recovered."""
    place = session.find()
    catalog = session.catalog(session.open(place))
    wanted = session.settings.source
    found = [each for each in catalog.snapshots if each.trashed_at and wanted in (None, each.source)]
    term = timedelta(days=RetentionPolicy().trash_days)
    until = [each.trashed_at + term for each in found if each.trashed_at]
    rows = [
        (each.source, *row(each)[:4], row(each)[5], words.local_day(moment))
        for each, moment in zip(found, until, strict=True)
    ]
    if rows:
        heads = ("DATABASE", "ID", "MADE", "WHY", "SIZE", "STATE", "KEPT UNTIL")
        session.out.table(heads, rows, frozenset({4}))
    else:
        session.out.line("The trash is empty.")
    if session.settings.quiet:
        for each in found:
            session.out.word(each.id)
    snapshots = [
        {**describe.snapshot_json(each), "recoverable_until": describe.moment_json(moment)}
        for each, moment in zip(found, until, strict=True)
    ]
    session.result("trash-list", OK, repository=place.shown, snapshots=snapshots)
    return OK


@verb("recover", examples=[("litekeep trash recover 7f3a", "back into the list")], exits=[6, *STORED, 11])
@click.argument("name", metavar="ID")
def recover(session: Session, name: str) -> int:
    """Take a backup out of the trash."""
    from litekeep.operations.curate import from_trash

    return mark(session, "recover", name, from_trash, "is back in the list")


@verb("empty", examples=[("litekeep trash empty --yes", "for scripts")], exits=[4, 6, *STORED, 11, 14])
@yes_option
def empty(session: Session, *, yes: bool) -> int:
    """Remove what is in the trash for good and give its space back. This cannot be undone.

    Refused if no verified backup of a database would be left.
    """
    from litekeep.operations.empty_trash import empty_trash

    place = session.find()
    repository = session.open(place)
    session.confirm("Remove everything in the trash for good?", "emptying the trash", yes=yes)
    with session.recorded("trash", place, session.settings.source or "") as journal:
        with session.removing(repository):
            result = empty_trash(
                repository,
                session.settings.source,
                compact=session.may_compact,
                clock=session.clock,
                monitor=session.monitor,
            )
        journal.facts |= {"forgotten": len(result.forgotten), "freed_bytes": result.freed_bytes}
    if result.forgotten:
        gone = words.count(len(result.forgotten), "backup")
        session.out.good(f"Removed {gone} for good, {words.size(max(0, result.freed_bytes))} are free again")
    elif not result.kept_by_lock:
        session.out.good("The trash is empty")
    session.result(
        "trash-empty",
        OK,
        forgotten=[each.id for each in result.forgotten],
        freed_bytes=result.freed_bytes,
        stored_bytes=result.stored_bytes,
        kept_by_lock=list(result.kept_by_lock),
    )
    return OK


for each in (list_trash, recover, empty):
    command.add_command(each)
