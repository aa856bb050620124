"""litekeep unpin."""

from __future__ import annotations

import click

from litekeep.cli.exits import STORED
from litekeep.cli.marking import mark
from litekeep.cli.session import Session
from litekeep.cli.verb import verb


@verb("unpin", examples=[("litekeep unpin 7f3a", "let it rotate again")], exits=[*STORED, 11])
@click.argument("name", metavar="ID")
def command(session: Session, name: str) -> int:
    """Let the retention policy decide about a backup again. Backups made by hand stay anyway."""
    from litekeep.operations import curate

    return mark(session, "unpin", name, curate.unpin, "is not pinned any more")
