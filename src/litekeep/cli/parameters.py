"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(readable=False, path_type=Path)  # what cannot be read is told by the engine


def checks(function: F) -> F:
    """--check SQL, several times."""
    return click.option(
        "--check",
        "checks",
        multiple=True,
        metavar="SQL",
        help="A statement whose first value must be true on the copy; may be given several times.",
    )(function)


def scratch(function: F) -> F:
    """--scratch DIR."""
    return click.option("--scratch", type=PATH, metavar="DIR", help="Folder for working copies.")(function)


def new_key_file(function: F) -> F:
    """--new-key-file FILE."""
    return click.option(
        "--new-key-file",
        type=PATH,
        metavar="FILE",
        help="Make a key for this machine, too, and write it to this new file.",
    )(function)


def yes(function: F) -> F:
    """--yes."""
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(function)


def max_age_option(function: F) -> F:
    """--max-age HOURS."""
    return click.option(
        "--max-age",
        type=click.FloatRange(min=0.01),
        metavar="HOURS",
        help="Older than this, the last good backup is overdue [default: 26, or what the settings' schedule needs].",
    )(function)
