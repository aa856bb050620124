"""Open a repository with the passphrase or key that the settings or options refer to."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from litekeep.config.secrets import CommandSecret, KeyringSecret, Secret, resolve
from litekeep.errors import KeyNeeded, Refused, WrongKey
from litekeep.monitor import Monitor
from litekeep.repository.repository import Repository
from litekeep.storage.base import Storage

_answers: dict[Secret, str] = {}
"""What programs and keyrings gave: an application that looks often must not ask a person, or start a program, often."""


def open_with(key: Secret | None, storage: Storage, monitor: Monitor | None = None) -> Repository:
    """The repository; the secret is looked up only if it is needed.

    Raises what Repository.open raises; SecretUnavailable; and Refused if a key is referred to and the repository is not
    encrypted: somebody may have put another one in its place, to which everything would be written in the clear.
    """
    if key is None:
        return Repository.open(storage)
    known = key in _answers
    try:
        repository = Repository.open(storage, lambda: _look_up(key, monitor))
    except WrongKey:
        _answers.pop(key, None)
        if not known:
            raise
        repository = Repository.open(storage, lambda: _look_up(key, monitor))
    if repository.keys is None:
        refuse_plain(storage)
    return repository


def refuse_plain(storage: Storage) -> NoReturn:
    """Raise Refused: an encrypted repository was expected."""
    raise Refused(
        f"the repository in {storage.description} is not encrypted, and a key for it was named",
        safe="Nothing was written to it.",
        hint='Is it the right one? If it is not meant to be encrypted, remove "encryption" or the option.',
    )


def refuse_to_make(folder: Path) -> NoReturn:
    """Raise KeyNeeded: a key was named, and what a first backup makes by itself is not encrypted."""
    raise KeyNeeded(
        f"there is no encrypted repository in {folder} yet, and it is not made by itself",
        safe="Nothing was written.",
        hint="Make it with `litekeep init --encrypt`, which shows the recovery key that somebody has to keep.",
    )


def _look_up(key: Secret, monitor: Monitor | None) -> str:
    if key in _answers:
        return _answers[key]
    found = resolve(key, monitor=monitor)
    if isinstance(key, (CommandSecret, KeyringSecret)):
        _answers[key] = found
    return found
