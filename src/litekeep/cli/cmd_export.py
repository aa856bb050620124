"""litekeep export."""

from __future__ import annotations

from pathlib import Path

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED
from litekeep.cli.parameters import PATH
from litekeep.cli.session import Session
from litekeep.cli.verb import verb


@verb(
    "export",
    examples=[
        ("litekeep export latest app.db.gz", "packed with gzip"),
        ("litekeep export 7f3a copy.db", "a plain database"),
    ],
    exits=[4, 6, *STORED, 14],
)
@click.argument("name", metavar="ID")
@click.argument("file", type=PATH)
def command(session: Session, name: str, file: Path) -> int:
    """Write a backup as a plain database file that needs no Litekeep; packed if the name ends with .gz or .zst.

    The file must not exist yet. Every byte is checked while it is read; to have SQLite check the result too, use
    `litekeep restore ID --to FILE`.
    """
    from litekeep.operations.export import export

    place = session.find()
    repository = session.open(place)
    snapshot = session.snapshot(session.catalog(repository), name)
    with session.recorded("export", place, snapshot.source):
        size_bytes = export(repository, snapshot, file, clock=session.clock, monitor=session.monitor)
    session.out.good(f"Exported {describe.brief(snapshot)} to {file} ({words.size(size_bytes)})")
    session.result("export", OK, snapshot=snapshot.id, file=str(file.absolute()), size_bytes=size_bytes)
    return OK
