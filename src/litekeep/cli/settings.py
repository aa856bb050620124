"""The options that every command understands, before or after its name: option over environment over default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from litekeep.cli.place import PlaceType
from litekeep.records import dataclass

REPOSITORY_VARIABLE = "LITEKEEP_REPOSITORY"
CONFIG_VARIABLE = "LITEKEEP_CONFIG"
PASSPHRASE_VARIABLE = "LITEKEEP_PASSPHRASE"  # noqa: S105 - the name of a variable


@dataclass(slots=True)
class Settings:
    """What the common options say. repository: a folder, or the URL of a place on a server."""

    repository: Path | str | None = None
    repository_named: bool = False  # on the command line, not only by the environment
    copy: str | None = None
    config: Path | None = None
    source: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    no_color: bool = False
    progress: str = "auto"
    key_file: Path | None = None
    passphrase_file: Path | None = None
    passphrase_command: str | None = None


def common_options(*, group: bool = False) -> list[click.Option]:
    """New options, for one command; only the group reads the environment, so that every option given wins over it."""
    variable, config = (REPOSITORY_VARIABLE, CONFIG_VARIABLE) if group else (None, None)
    file = click.Path(readable=False, path_type=Path)
    return [
        _option(
            ["-r", "--repository"],
            f"Where the backups are: a folder, or the URL of a place on a server, s3://, sftp://, webdavs://, az://, "
            f"gs:// [default: as the settings file says, else {REPOSITORY_VARIABLE}, else the folder 'backups' beside "
            "the database or here].",
            metavar="PLACE",
            type=PlaceType(),
            envvar=variable,
        ),
        _option(
            ["--copy"],
            "The copy of this name in the settings file, instead of the repository.",
            metavar="NAME",
        ),
        _option(
            ["-c", "--config"],
            f"Settings file: database, folder, checks, retention, notifications [default: {CONFIG_VARIABLE}].",
            metavar="FILE",
            type=file,
            envvar=config,
        ),
        _option(
            ["--passphrase-file"],
            "File with the passphrase of an encrypted repository [default: LITEKEEP_PASSPHRASE, else as the settings "
            "file says, else it is asked for].",
            metavar="FILE",
            type=file,
        ),
        _option(["--passphrase-command"], "Program that prints it, with its arguments.", metavar="COMMAND"),
        _option(["--key-file"], "File with a key, or the recovery key, instead.", metavar="FILE", type=file),
        _option(["--source"], "Only the database of this name, where a repository holds several.", metavar="NAME"),
        _option(["--json"], "Print the result as one JSON object.", is_flag=True, default=None),
        _option(["-q", "--quiet"], "Print only warnings, errors and what was asked for.", is_flag=True, default=None),
        _option(["-v", "--verbose"], "Print more: reasons, and tracebacks of unexpected errors.", count=True),
        _option(["--no-color"], "No colours, as NO_COLOR in the environment.", is_flag=True, default=None),
        _option(
            ["--progress"],
            "A bar on terminals (auto), lines of text (plain), or nothing (none).",
            type=click.Choice(["auto", "plain", "none"]),
        ),
    ]


def _option(names: list[str], text: str, **details: Any) -> click.Option:
    return click.Option(names, help=text, expose_value=False, callback=_remember, **details)


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> object:
    settings = context.ensure_object(Settings)
    if value and parameter.name:
        setattr(settings, parameter.name, value)
        if parameter.name == "repository":
            source = context.get_parameter_source("repository")
            settings.repository_named = source is ParameterSource.COMMANDLINE
    return value
