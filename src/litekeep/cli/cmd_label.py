"""litekeep label."""

from __future__ import annotations

from functools import partial

import click

from litekeep.cli.exits import STORED
from litekeep.cli.marking import mark
from litekeep.cli.session import Session
from litekeep.cli.verb import verb


@verb(
    "label",
    examples=[
        ("litekeep label latest 'before audit'", "a name for the newest backup"),
        ("litekeep label 7f3a ''", "no name any more"),
    ],
    exits=[*STORED, 11],
)
@click.argument("name", metavar="ID")
@click.argument("text")
def command(session: Session, name: str, text: str) -> int:
    """Give a backup a name for people, or take it away with an empty one."""
    from litekeep.operations import curate

    done = f"is now called {text!r}" if text else "has no label any more"
    return mark(session, "label", name, partial(curate.label, text=text), done)
