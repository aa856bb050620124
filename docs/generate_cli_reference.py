"""Make reference/cli.md and reference/exit-codes.md out of the commands and errors themselves.

    python docs/generate_cli_reference.py           write the pages
    python docs/generate_cli_reference.py --check   exit code 1 if a page is not what would be written

What is wrong on a page is to be corrected in the command (src/litekeep/cli/cmd_*.py), in cli/exits.py or in errors.py.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from generated import ROOT, write_or_check

from litekeep import errors
from litekeep.cli.exits import MEANINGS
from litekeep.cli.group import COMMANDS, cli
from litekeep.cli.settings import common_options
from litekeep.cli.verb import Verb

REFERENCE = ROOT / "docs" / "reference"
MADE_BY = "<!-- Made by docs/generate_cli_reference.py. Do not edit: run it again. -->"

CLI_INTRODUCTION = """
# The command line

`litekeep COMMAND --help` prints what is on this page for one command.

Conventions: results go to stdout; progress, warnings and errors to stderr. Lines begin with ✓ (good), ! (look at it)
or ✗ (bad); where the output cannot encode these signs they become ok, ! and x. Times are those of this machine, sizes
are in multiples of 1,024 bytes. With `--json` a command prints [one JSON object](json.md) instead. What the exit codes
mean is on [their page](exit-codes.md). Ctrl-C and SIGTERM stop at the next point where nothing is left half done; a
second Ctrl-C stops at once, and the next run tidies up.

A backup is named by its id, by the beginning of its id (four digits or more, if only one begins so), by `latest`, or by
`latest~1` for the one before. `latest` never means a safety copy that a restore made; that is what `undo` is for.

The settings file is the one given with `--config`, else the one that the environment variable LITEKEEP_CONFIG names,
else none; only `litekeep config` looks for `backup.json` in the current folder. Commands take from it the database, the
folder, checks, verification, retention, log and notifications; what is given on the command line stands above it.

The repository is the place given with `--repository`, else the folder of the settings file, else the place that the
environment variable LITEKEEP_REPOSITORY names, else the folder `backups` beside the database, else `backups` in the
current folder, else the current folder. A place is a folder, or the URL of [one on a
server](../how-to/keep-a-repository-on-a-server.md), whose secrets are read from variables LITEKEEP_SECRET_...;
`--copy NAME` takes a copy that the settings file describes.
"""

EXITS_INTRODUCTION = """
# Exit codes and errors

Exit codes never change their meaning; new ones may be added, so treat a code that you do not know as a failure. 3, 10,
11, 12 and 130 mean the same as in restic.
"""

ERRORS_INTRODUCTION = """
## Errors

Every error says what happened, what is safe and what to do. With `--json` it is [one object](json.md#errors) on
stderr. In Python it is an exception of `litekeep.errors` with the same attributes. The word in the column *code* is
stable.
"""


def pages() -> dict[Path, str]:
    """Both pages."""
    return {REFERENCE / "cli.md": cli_page(), REFERENCE / "exit-codes.md": exits_page()}


def cli_page() -> str:
    """All commands."""
    parts = [MADE_BY, CLI_INTRODUCTION, "## Options of every command\n"]
    parts += [*options_table(common_options()), ""]
    parts += [
        "## Commands\n",
        *(f"- [`litekeep {name}`](#litekeep-{name}): {text}" for name, (_, text) in COMMANDS.items()),
    ]
    parts.append("")
    context = click.Context(cli, info_name="litekeep")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        parts += section(command, f"litekeep {name}", 3)
        if isinstance(command, click.Group):
            for inner, subcommand in command.commands.items():
                parts += section(subcommand, f"litekeep {name} {inner}", 4)
    return "\n".join(parts).rstrip() + "\n"


def section(command: click.Command, name: str, depth: int) -> Iterator[str]:
    """One command: usage, text, options, examples, exit codes."""
    yield f"{'#' * depth} {name}\n"
    yield f"```text\n{usage(command, name)}\n```\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    own = [p for p in command.params if isinstance(p, click.Option) and p.expose_value]
    if own:
        yield from options_table(own)
        yield ""
    if isinstance(command, Verb):
        yield "```sh"
        yield from (f"{line}  # {text}" for line, text in command.examples)
        yield "```\n"
        yield f"Exit codes: {', '.join(map(str, command.all_exits))}.\n"


def usage(command: click.Command, name: str) -> str:
    """ "litekeep restore [OPTIONS] [ID]", without depending on the version of click."""
    if isinstance(command, click.Group):
        return f"{name} COMMAND"
    arguments = [argument(each) for each in command.params if isinstance(each, click.Argument)]
    return " ".join([name, "[OPTIONS]", *arguments])


def argument(given: click.Argument) -> str:
    """How an argument stands in the usage."""
    if given.metavar:
        return given.metavar
    if isinstance(given.type, click.Choice):
        return "|".join(map(str, given.type.choices))
    shown = (given.name or "").upper()
    return shown if given.required else f"[{shown}]"


def options_table(options: list[click.Option]) -> Iterator[str]:
    """A row for each option."""
    yield "| option | meaning |"
    yield "|---|---|"
    for option in options:
        value = ""
        if not (option.is_flag or option.count):
            choices = "\\|".join(map(str, option.type.choices)) if isinstance(option.type, click.Choice) else ""
            value = f" {choices or option.metavar or (option.name or '').upper()}"
        names = ", ".join(f"`{name}`" for name in option.opts)
        yield f"| {names}{value} | {option.help} |"


def exits_page() -> str:
    """All exit codes, then all errors."""
    parts = [MADE_BY, EXITS_INTRODUCTION, "| code | meaning |", "|---|---|"]
    parts += [f"| {code} | {meaning} |" for code, meaning in MEANINGS.items()]
    parts += [ERRORS_INTRODUCTION, "| error | code | exit code | when |", "|---|---|---|---|"]
    for error in error_classes():
        when = inspect.cleandoc(error.__doc__ or "").splitlines()[0]
        parts.append(f"| `{error.__name__}` | `{error.code}` | {error.exit_code} | {when} |")
    return "\n".join(parts) + "\n"


def error_classes() -> list[type[errors.LitekeepError]]:
    """In the order of errors.py."""
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    return [each for each in found if issubclass(each, errors.LitekeepError)]


if __name__ == "__main__":
    sys.exit(write_or_check(__doc__, pages))
