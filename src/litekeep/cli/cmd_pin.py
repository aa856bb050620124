"""litekeep pin."""

from __future__ import annotations

import click

from litekeep.cli.exits import STORED
from litekeep.cli.marking import mark
from litekeep.cli.session import Session
from litekeep.cli.verb import verb


@verb("pin", examples=[("litekeep pin 7f3a", "keep it for ever")], exits=[*STORED, 11])
@click.argument("name", metavar="ID")
def command(session: Session, name: str) -> int:
    """Keep a backup for ever: pinned ones are never removed automatically and cannot be deleted by mistake."""
    from litekeep.operations import curate

    return mark(session, "pin", name, curate.pin, "is pinned: it stays until you unpin it")
