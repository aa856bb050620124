"""litekeep init."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from litekeep.cli.describe import folder_name
from litekeep.cli.exits import OK, STORED
from litekeep.cli.parameters import PATH
from litekeep.cli.place import DEFAULT_NAME, place_for
from litekeep.cli.session import Session
from litekeep.cli.verb import verb


@verb(
    "init",
    examples=[
        ("litekeep init app.db", "a repository in the folder 'backups' beside the database"),
        ("litekeep init -r /mnt/usb/backups", "a repository on another drive"),
    ],
    exits=[5, 6, *STORED, 14],
)
@click.argument("database", required=False, type=PATH)
def command(session: Session, database: Path | None) -> int:
    """Make a repository: the folder that will hold the backups.

    You do not need this to begin: the first `litekeep backup` makes the repository too. With a database, it is looked
    at first, and nothing is made if it cannot be backed up. Best is a folder on another drive than the database.
    """
    from litekeep.operations.create import create_repository

    named = session.settings.repository
    folder = place_for(database, named) if database else named or Path(DEFAULT_NAME)
    create_repository(folder, database, clock=session.clock, monitor=session.monitor)
    session.out.good(f"Made a repository in {folder_name(folder)}")
    option = f" -r {shlex.quote(str(named))}" if named else ""
    session.out.line(f"  Next: litekeep backup {shlex.quote(str(database or 'app.db'))}{option}")
    session.result("init", OK, repository=str(folder.absolute()))
    return OK
