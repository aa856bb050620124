"""litekeep gui."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from litekeep.cli.exits import OK
from litekeep.cli.main import INTERRUPTED
from litekeep.cli.parameters import PATH
from litekeep.cli.session import Session
from litekeep.cli.verb import verb


@verb(
    "gui",
    examples=[
        ("litekeep gui", "the databases that were opened in it before"),
        ("litekeep gui app.db", "this one; asks where its backups are to be, if that is not known"),
        ("litekeep gui -c backup.json", "the database that a settings file names"),
    ],
)
@click.argument("database", required=False, type=PATH)
@click.option("--language", metavar="CODE", help="en or fr [default: LITEKEEP_LANG, else that of the system].")
def command(session: Session, database: Path | None, language: str | None) -> int:
    """Open the window: see whether you are protected, back up, restore, and set how long backups are kept.

    While it is open, it makes the backups that are due. It needs the extra `gui` (pip install 'litekeep[gui]'), tkinter
    and a screen. LITEKEEP_SCALE=1.5 makes everything larger where the system does not do that itself.
    """
    from litekeep.config.environment import process_environment
    from litekeep.ui.app.opening import run_window

    named = session.settings.config
    database = database or (session.file.database if session.file else None)
    asked = None if database is None else (database.absolute(), named.absolute() if named else None)
    interrupt, folder = session.interrupt, session.only_folder("the window")
    run_window(process_environment(), asked, folder, asked_language=language, stop=lambda: interrupt.wanted)
    return INTERRUPTED if interrupt.wanted and interrupt.number != signal.SIGTERM else OK
