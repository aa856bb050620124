"""Where passwords are, and how to get them at the moment they are needed. They never stand in the settings.

    {"env": "NAME"}                        an environment variable
    {"file": "path"}                       a file; its last line break is not part of the secret
    {"command": ["pass", "show", "mail"]}  what a program prints; it runs without a shell, in the folder of the settings
    {"keyring": ["service", "user"]}       the keyring of the desktop or system (needs litekeep[keyring])

A reference holds no secret and can be shown. `resolve` gives the secret itself: do not keep, show or log it. No error
of this module quotes a secret, nor what a program printed.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from litekeep.config.environment import process_environment
from litekeep.errors import SecretUnavailable
from litekeep.monitor import Monitor, Silent
from litekeep.records import dataclass

LONGEST_BYTES = 1 << 16
COMMAND_SECONDS = 60
"""A program may ask a person; after this it is given up."""
_SAFE = "Nothing else was affected."


@dataclass(frozen=True, slots=True)
class EnvironmentSecret:
    """In the environment variable `name`."""

    name: str

    def __str__(self) -> str:
        return f"the environment variable {self.name}"


@dataclass(frozen=True, slots=True)
class FileSecret:
    """In the file at `path`, absolute."""

    path: Path

    def __str__(self) -> str:
        return f"the file {self.path}"


@dataclass(frozen=True, slots=True)
class CommandSecret:
    """Printed by a program. arguments: the program first. folder: where it runs."""

    arguments: tuple[str, ...]
    folder: Path

    def __str__(self) -> str:
        return f"the command {self.arguments[0]}"


@dataclass(frozen=True, slots=True)
class KeyringSecret:
    """In the keyring, under `service` and `user`."""

    service: str
    user: str

    def __str__(self) -> str:
        return f"the keyring entry {self.service} / {self.user}"


Secret = EnvironmentSecret | FileSecret | CommandSecret | KeyringSecret


def resolve(secret: Secret, *, environ: Mapping[str, str] | None = None, monitor: Monitor | None = None) -> str:
    """Get the secret that a reference leads to.

    environ: instead of the environment of this process. monitor: told of a file that other users can read.

    Raises:
        SecretUnavailable: it is not there, is empty, or the file, program or keyring could not be used.
    """
    if isinstance(secret, EnvironmentSecret):
        found = (process_environment() if environ is None else environ).get(secret.name, "")
    elif isinstance(secret, FileSecret):
        warn_if_readable(secret, monitor or Silent())
        found = _from_file(secret)
    elif isinstance(secret, CommandSecret):
        found = _from_command(secret)
    else:
        found = _from_keyring(secret)
    if not found:
        raise _unavailable(secret, "is not set" if isinstance(secret, EnvironmentSecret) else "gives nothing")
    return found


def warn_if_readable(secret: FileSecret, monitor: Monitor) -> None:
    """Warn if other users can read the file of a secret. Windows has no such bits, so nothing is told there."""
    if sys.platform == "win32":
        return
    try:
        mode = os.stat(secret.path).st_mode
    except OSError:
        return  # told when it is read
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        message = f"other users can read {secret}; `chmod 600` closes it"
        monitor.event("warning", code="secret_readable", message=message)


def _from_file(secret: FileSecret) -> str:
    try:
        with open(secret.path, "rb") as stream:
            return _decoded(secret, stream.read(LONGEST_BYTES + 1))
    except OSError as error:
        raise _unavailable(secret, f"cannot be read: {error.strerror or type(error).__name__}") from error


def _from_command(secret: CommandSecret) -> str:
    import subprocess

    try:
        done = subprocess.run(
            secret.arguments,
            cwd=secret.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may hold the secret, or a part of it
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _unavailable(secret, f"did not end within {COMMAND_SECONDS} seconds") from None
    except OSError as error:
        raise _unavailable(secret, f"cannot be run: {error.strerror or type(error).__name__}") from error
    if done.returncode != 0:
        raise _unavailable(secret, f"ended with exit code {done.returncode}")
    return _decoded(secret, done.stdout)


def _from_keyring(secret: KeyringSecret) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise _unavailable(
            secret, "cannot be read: the package keyring is not installed", "Install litekeep[keyring]."
        ) from None
    try:
        return keyring.get_password(secret.service, secret.user) or ""
    except KeyringError as error:
        hint = "Without a desktop there is often no keyring: use a file, a command or an environment variable."
        raise _unavailable(secret, f"cannot be read: {type(error).__name__}", hint) from None


def _decoded(secret: Secret, data: bytes) -> str:
    if len(data) > LONGEST_BYTES:
        raise _unavailable(secret, f"gives more than {LONGEST_BYTES:,} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _unavailable(secret, "gives no UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")


def _unavailable(secret: Secret, why: str, hint: str = "") -> SecretUnavailable:
    return SecretUnavailable(
        f"a secret cannot be had: {secret} {why}",
        safe=_SAFE,
        hint=hint or "Correct the reference in the settings, or provide what it names.",
    )
