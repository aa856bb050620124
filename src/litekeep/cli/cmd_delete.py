"""litekeep delete."""

from __future__ import annotations

from datetime import timedelta

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED
from litekeep.cli.parameters import yes as yes_option
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.retention import RetentionPolicy


@verb(
    "delete",
    examples=[
        ("litekeep delete 7f3a", "asks first"),
        ("litekeep delete 7f3a --yes", "for scripts"),
        ("litekeep trash recover 7f3a", "take it back"),
    ],
    exits=[6, *STORED, 11],
)
@click.argument("name", metavar="ID")
@yes_option
def command(session: Session, name: str, *, yes: bool) -> int:
    """Put a backup into the trash, from where it can be recovered for seven days; then a prune removes it.

    A pinned backup must be unpinned first, and the last verified backup of a database cannot be deleted.
    """
    from litekeep.operations.curate import to_trash

    place = session.find()
    repository = session.open(place)
    snapshot = session.snapshot(session.catalog(repository), name)
    until = session.clock.now() + timedelta(days=RetentionPolicy().trash_days)
    session.confirm(f"Put {describe.brief(snapshot)} into the trash?", f"deleting {snapshot.short_id}", yes=yes)
    with session.recorded("delete", place, snapshot.source):
        to_trash(repository, snapshot, clock=session.clock, monitor=session.monitor)
    what = describe.brief(snapshot)
    session.out.good(f"{what[0].upper()}{what[1:]} is in the trash")
    session.out.line(
        f"  Until {words.local_day(until)} `litekeep trash recover {snapshot.short_id}` takes it back; "
        "after that the next prune removes it."
    )
    session.result("delete", OK, snapshot=snapshot.id, recoverable_until=describe.moment_json(until))
    return OK
