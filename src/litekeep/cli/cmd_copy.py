"""litekeep copy."""

from __future__ import annotations

import click

from litekeep.cli import words
from litekeep.cli.exits import OK, STORED, WARNINGS
from litekeep.cli.locate import place_called
from litekeep.cli.place import Folder
from litekeep.cli.session import Session, outcome_of
from litekeep.cli.verb import verb
from litekeep.errors import Refused


@verb(
    "copy",
    examples=[
        ("litekeep copy backups /media/usb/backups", "the whole repository onto a drive, to carry it elsewhere"),
        ("litekeep copy s3://bucket/prefix backups", "back from a server, when everything here is lost"),
        ("litekeep copy -c backup.json cloud backups", "the same, from the copy of that name in the settings file"),
    ],
    exits=[3, 6, *STORED, 12, 13, 14],
)
@click.argument("origin", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--unencrypted", is_flag=True, help="Yes, backups that are not encrypted may go to a server.")
def command(session: Session, origin: str, target: str, *, unencrypted: bool) -> int:
    """Copy a whole repository to a new place: to seed a copy, or to get a lost repository back from one.

    FROM and TO are folders, URLs, or names of copies in the settings file. Every object is checked before it is sent.
    What was interrupted goes on where it stopped. A place that holds another repository is left alone. To keep a copy
    up to date day by day, describe it in the settings file: see `litekeep sync`.
    """
    from litekeep.cli.unlock import unlock
    from litekeep.operations.replicate import replicate

    start, end = (place_called(text, session.file, session.telling) for text in (origin, target))
    repository = unlock(session, session.storage(start))
    if repository.keys is None and not unencrypted and not isinstance(end, Folder):
        raise Refused(
            f"the backups are not encrypted, and whoever can read {end.shown} could read the databases",
            safe="Nothing was sent.",
            hint="Encrypt them (`litekeep encrypt`), or say yes to it with --unencrypted.",
        )
    storage = session.storage(end, create=True)
    with session.recorded("copy", end) as row:
        result = replicate(repository, storage, clock=session.clock, monitor=session.monitor)
        row.exit_code = exit_code = WARNINGS if result.left_behind else OK
        row.outcome = outcome_of(exit_code)
        session.accept_as_is(end, repository, storage)
    took = words.seconds(result.elapsed_seconds)
    sent = f"{words.count(result.sent_objects, 'object')}, {words.size(result.sent_bytes)}"
    session.out.good(f"{end.name} has {words.count(result.snapshots, 'backup')} now (sent {sent} in {took})")
    for text in result.left_behind:
        session.out.bad(f"Not sent: {text}")
    if not result.left_behind:
        session.out.line(f"  See for yourself: litekeep list {end.option}; litekeep drill {end.option}")
    session.result(
        "copy",
        exit_code,
        source=start.shown,
        target=end.shown,
        snapshots=result.snapshots,
        sent_objects=result.sent_objects,
        sent_bytes=result.sent_bytes,
        left_behind=list(result.left_behind),
        elapsed_seconds=round(result.elapsed_seconds, 3),
    )
    return exit_code
