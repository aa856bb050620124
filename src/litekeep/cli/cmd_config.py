"""litekeep config: init, validate, show, get, set, schema."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from litekeep.cli import words
from litekeep.cli.describe import folder_name
from litekeep.cli.exits import OK, WARNINGS
from litekeep.cli.parameters import PATH
from litekeep.cli.session import Session
from litekeep.cli.verb import HELP, Function, verb
from litekeep.errors import UsageError

if TYPE_CHECKING:
    from litekeep.config import Reading, Settings

DEFAULT_FILE = "backup.json"
CONFIG_VARIABLE = "LITEKEEP_CONFIG"


@click.group("config", context_settings=HELP)
def command() -> None:
    """Make, check, show and change the settings file.

    The settings file is JSON. Every key has a default; what is allowed is checked as a whole, and every problem is told
    with its key. Passwords never stand in it, only references to them.
    """


def settings_file(function: Function) -> Function:
    """--config FILE."""
    return click.option(
        "-c",
        "--config",
        "file",
        type=PATH,
        default=Path(DEFAULT_FILE),
        envvar=CONFIG_VARIABLE,
        metavar="FILE",
        help=f"The settings file [default: {CONFIG_VARIABLE}, else {DEFAULT_FILE} here].",
    )(function)


@verb(
    "init",
    examples=[
        ("litekeep config init app.db", "backup.json here, with the keys that most people change"),
        ("litekeep config init app.db -r /mnt/usb/b", "for backups on another drive"),
    ],
    exits=[6],
)
@click.argument("database", type=PATH)
@settings_file
def init(session: Session, database: Path, file: Path) -> int:
    """Write a small settings file for a database. A file that is there is never replaced.

    The file holds the database, the folder of the backups, the time and how long backups stay. Everything else has a
    default and can be added; `litekeep config schema` has every key.
    """
    from litekeep.config.edit import create_settings
    from litekeep.config.starter import starter_document

    settings = create_settings(file, starter_document(file, database, session.only_folder("the settings file")))
    _warn(session, settings)
    session.out.good(f"Wrote {folder_name(file)}")
    option = "" if str(file) == DEFAULT_FILE else f" -c {file}"
    session.out.line(f"  Look at it: litekeep config show{option}")
    session.out.line(f"  Change it:  litekeep config set backup.retention_days 60{option}")
    session.result("config-init", OK, config=str(file.absolute()))
    return OK


@verb(
    "validate",
    examples=[
        ("litekeep config validate", "backup.json here"),
        ("litekeep config validate -c /srv/app/backup.json", "another one"),
    ],
    exits=[3],
)
@settings_file
def validate(session: Session, file: Path) -> int:
    """Check the settings, with the environment above them. All problems are told at once.

    Exit code 0: valid; 3: valid, with something to know; 2: not valid, and every problem is listed with its key, its
    value, what is allowed and the nearest known key.
    """
    reading = _read(file)
    _warn(session, reading.settings)
    exit_code = WARNINGS if session.telling.warnings else OK
    given = sum(origin.value != "default" for _, origin in reading.origins)
    session.out.good(f"{folder_name(file)} is valid: {words.count(given, 'setting')} given, the others have defaults")
    session.result("config-validate", exit_code, config=str(file.absolute()), given=given)
    return exit_code


@verb(
    "show",
    examples=[
        ("litekeep config show", "every setting as it counts"),
        ("litekeep config show --origin", "and where each comes from"),
    ],
)
@settings_file
@click.option("--origin", is_flag=True, help="Say where each value comes from: default, file or environment.")
def show(session: Session, file: Path, *, origin: bool) -> int:
    """Show every setting as it counts.

    The environment stands above the file, and the file above the defaults. Paths are absolute. Passwords are not in the
    settings: where they are is shown.
    """
    reading = _read(file)
    _warn(session, reading.settings)
    found = list(reading.values())
    rows = [(key, json.dumps(value, ensure_ascii=False), _told(key, where.value)) for key, value, where in found]
    if origin:
        session.out.table(("SETTING", "VALUE", "FROM"), rows)
    else:
        session.out.table(("SETTING", "VALUE"), [row[:2] for row in rows])
    told = [{"key": key, "value": value, "origin": where.value} for key, value, where in found]
    session.result("config-show", OK, config=str(file.absolute()), settings=told)
    return OK


@verb(
    "get",
    examples=[
        ("litekeep config get backup.retention_days", "60"),
        ("litekeep config get backup.backup_directory", "an absolute path, for scripts"),
    ],
)
@click.argument("key")
@settings_file
def get(session: Session, key: str, file: Path) -> int:
    """Print one setting as it counts. Text is printed as it is, everything else, also a section, as JSON."""
    from litekeep.config.load import value_at

    settings = _read(file).settings
    try:
        value = value_at(settings, key)
    except KeyError:
        raise _unknown(key) from None
    session.out.word(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    session.result("config-get", OK, config=str(file.absolute()), key=key, value=value)
    return OK


@verb(
    "set",
    examples=[
        ("litekeep config set backup.retention_days 60", "a number"),
        ("litekeep config set backup.schedule '0 2 * * MON-FRI'", "text needs no quotes of its own"),
        ("litekeep config set backup.notifications.on_failure '[\"desktop\"]'", "a list, as JSON"),
    ],
    exits=[6],
)
@click.argument("key")
@click.argument("value")
@settings_file
def set_value(session: Session, key: str, value: str, file: Path) -> int:
    """Change one setting in the file. Everything else in it stays, in its order.

    The value is JSON, or text. The result is checked before it is written, and written in one step: the file is never
    half new, and never invalid.
    """
    from litekeep.config.edit import save_changes
    from litekeep.config.environment import json_or_text, variable_for
    from litekeep.config.load import known_settings

    settings = save_changes(file, {key: json_or_text(value, known_settings().get(key))})
    _warn(session, settings)
    if variable_for(key) in os.environ:
        session.telling.warn("overridden", f"{variable_for(key)} is set in the environment and stands above the file")
    session.out.good(f"Set {key} in {folder_name(file)}")
    session.result("config-set", OK, config=str(file.absolute()), key=key)
    return OK


@verb("schema", examples=[("litekeep config schema", "into a file, for an editor")])
def schema(session: Session) -> int:
    """Print the JSON Schema of the settings file.

    It is for editors and other programs. An editor that knows the schema completes keys and explains them: name it in
    the settings file under "$schema".
    """
    from litekeep.config.schema import shipped_schema

    text = shipped_schema()
    if session.settings.json:
        session.result("config-schema", OK, json_schema=json.loads(text))
    else:
        click.echo(text, nl=False)
    return OK


def _read(file: Path) -> Reading:
    from litekeep.config.load import read_settings

    return read_settings(file, os.environ)


def _warn(session: Session, settings: Settings) -> None:
    from litekeep.config.warn import warn_about

    warn_about(settings, session.monitor)
    if settings.database is not None and not os.path.exists(settings.database):
        session.telling.warn("no_database", f"there is no database at {settings.database} yet")


def _told(key: str, origin: str) -> str:
    from litekeep.config.environment import variable_for

    return f"environment: {variable_for(key)}" if origin == "environment" else origin


def _unknown(key: str) -> UsageError:
    from litekeep.config.load import known_settings
    from litekeep.config.place import nearest

    section = key.rpartition(".")[0]
    known = list(known_settings())
    siblings = [name for within, _, name in (each.rpartition(".") for each in known) if within == section]
    near = nearest(key, siblings, known)
    guess = f"; did you mean {near}?" if near else ""
    return UsageError(f"there is no setting {key}{guess}", hint="`litekeep config show` lists all settings.")


for each in (init, validate, show, get, set_value, schema):
    command.add_command(each)
