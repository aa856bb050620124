"""With which passphrase or key? Options, then LITEKEEP_PASSPHRASE, then the settings file, then a person at a terminal.

What is typed or looked up is passed on and never kept, shown or written.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from litekeep.cli.output import is_terminal
from litekeep.cli.settings import PASSPHRASE_VARIABLE, Settings
from litekeep.errors import KeyNeeded, UsageError, WrongKey

if TYPE_CHECKING:
    from litekeep.cli.session import Session
    from litekeep.config.secrets import Secret
    from litekeep.repository.repository import Repository
    from litekeep.storage.base import Storage

ATTEMPTS = 3


def unlock(session: Session, storage: Storage) -> Repository:
    """Open the repository; raises what Repository.open and litekeep.config.keys raise."""
    named = named_secret(session.settings)
    variable = os.environ.get(PASSPHRASE_VARIABLE)
    if named is None and variable is None and session.file is not None and session.file.backup.encryption is not None:
        named = session.file.backup.encryption.key
    if named is not None:
        from litekeep.config.keys import open_with

        return open_with(named, storage, session.monitor)
    return _open(session, storage, variable)


def _open(session: Session, storage: Storage, variable: str | None) -> Repository:
    from litekeep.repository.repository import Repository

    if variable is not None or not can_ask(session):
        repository = Repository.open(storage, variable)
        if repository.keys is None and session.file is not None and session.file.backup.encryption is not None:
            from litekeep.config.keys import refuse_plain

            refuse_plain(storage)
        return repository
    for attempt in range(ATTEMPTS):
        try:
            return Repository.open(storage, lambda: ask(session, "Passphrase or recovery key"))
        except WrongKey as error:
            if attempt == ATTEMPTS - 1:
                raise
            session.out.warn(f"{error.message}; try again")
    raise AssertionError


def named_secret(settings: Settings) -> Secret | None:
    """What the options refer to; raises UsageError for more than one."""
    given = [each for each in (settings.key_file, settings.passphrase_file, settings.passphrase_command) if each]
    if not given:
        return None
    if len(given) > 1:
        raise UsageError("name one of --key-file, --passphrase-file and --passphrase-command")
    from litekeep.config.secrets import CommandSecret, FileSecret

    if isinstance(given[0], Path):
        return FileSecret(given[0].absolute())
    import shlex

    try:
        words = shlex.split(given[0])
    except ValueError as error:
        raise UsageError(f"--passphrase-command: {error}") from None
    if not words:
        raise UsageError("--passphrase-command names no program")
    return CommandSecret(tuple(words), Path.cwd())


def given_secret(session: Session) -> str | None:
    """The passphrase or key that options or environment give; raises SecretUnavailable."""
    named = named_secret(session.settings)
    if named is None:
        return os.environ.get(PASSPHRASE_VARIABLE)
    from litekeep.config.secrets import resolve

    return resolve(named, monitor=session.monitor)


def refuse_to_create(session: Session, folder: Path) -> None:
    """Raise KeyNeeded where a key was named: the first backup by itself makes a repository that is not encrypted."""
    settings, file = session.settings, session.file
    named = named_secret(settings) is not None or PASSPHRASE_VARIABLE in os.environ
    if named or (file is not None and file.backup.encryption is not None):
        from litekeep.config.keys import refuse_to_make

        refuse_to_make(folder)


def can_ask(session: Session) -> bool:
    """True if a person can be asked."""
    return not session.settings.json and is_terminal(sys.stdin) and is_terminal(sys.stderr)


def ask(session: Session, what: str) -> str:
    """What a person types, unseen."""
    with session.interrupt.at_a_safe_point():
        return str(click.prompt(what, hide_input=True, err=True))


def ask_new(session: Session) -> str:
    """A new passphrase, typed twice; raises KeyNeeded where nobody can be asked."""
    if not can_ask(session):
        raise KeyNeeded(
            "there is nobody to ask for a passphrase",
            safe="Nothing was changed.",
            hint=f"Give it with --passphrase-file, --passphrase-command or {PASSPHRASE_VARIABLE}.",
        )
    while True:
        first = ask(session, "New passphrase")
        if first == ask(session, "Again"):
            return first
        session.out.warn("the two are not the same; try again")
