"""litekeep encrypt."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli import words
from litekeep.cli.cmd_init import made_slots, tell_recovery
from litekeep.cli.describe import folder_name
from litekeep.cli.exits import OK, STORED, WARNINGS
from litekeep.cli.parameters import PATH, scratch
from litekeep.cli.place import holds_repository
from litekeep.cli.session import Session
from litekeep.cli.verb import verb

if TYPE_CHECKING:
    from litekeep.repository.repository import Repository


@verb(
    "encrypt",
    examples=[
        ("litekeep encrypt /mnt/usb/encrypted", "all backups of ./backups once more, encrypted"),
        ("litekeep encrypt new -r old --key-file app.key", "go on after an interruption"),
    ],
    exits=[3, 4, 6, *STORED, 11, 14],
)
@click.argument("target", type=PATH)
@click.option(
    "--new-key-file", type=PATH, metavar="FILE", help="Make a key for this machine, too, and write it to this new file."
)
@scratch
def command(session: Session, target: Path, new_key_file: Path | None, scratch: Path | None) -> int:
    """Make an encrypted repository beside one that is not, with all its backups, their ids, pins and labels.

    The old one is only read; delete it when you do not need it any more. Every backup is read back from the new one and
    compared byte by byte. Passphrase and key options are those of the new repository, as with `litekeep init
    --encrypt`; after an interruption, give the same command again with one of its keys.
    """
    from litekeep.operations.encrypt import encrypt
    from litekeep.repository.repository import Repository
    from litekeep.storage.local import LocalStorage

    folder = session.find()
    old = Repository.open(LocalStorage(folder, session.clock))
    new, facts = _target(session, target, new_key_file)
    with session.recorded("encrypt", folder) as row:
        result = encrypt(old, new, scratch=scratch, clock=session.clock, monitor=session.monitor)
        row.exit_code = exit_code = WARNINGS if result.left_out else OK
        row.message = "; ".join(f"{name[:8]} left out: {why}" for name, why in result.left_out)
    session.out.good(f"{words.count(len(result.copied), 'backup')} encrypted into {folder_name(target)}, each compared")
    for name, why in result.left_out:
        session.out.care(f"{name[:8]} was left out, because it cannot be read: {why}")
    session.out.line(f"  Prove it:      litekeep verify --all -r {shlex.quote(str(target))}")
    session.out.line(
        f"  From now on:   litekeep backup app.db -r {shlex.quote(str(target))}, or name it in the settings"
    )
    session.out.line(f"  In {folder_name(folder)} everything still lies in the clear; delete it when you can.")
    left = [{"snapshot": name, "problem": why} for name, why in result.left_out]
    copied = list(result.copied)
    session.result("encrypt", exit_code, repository=str(target.absolute()), copied=copied, left_out=left, **facts)
    return exit_code


def _target(session: Session, target: Path, new_key_file: Path | None) -> tuple[Repository, dict[str, Any]]:
    """The new repository; one that an earlier run made is opened."""
    if holds_repository(target):
        return session.open(target), {}
    from litekeep.operations.create import create_repository

    with made_slots(session, new_key_file) as slots:
        new = create_repository(target, encryption=slots, clock=session.clock, monitor=session.monitor)
    session.out.good(f"Made an encrypted repository in {folder_name(target)}")
    tell_recovery(session, slots[-1].secret, f" -r {shlex.quote(str(target))}")
    return new, {"recovery_key": slots[-1].secret}
