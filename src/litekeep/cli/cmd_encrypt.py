"""litekeep encrypt."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli import words
from litekeep.cli.cmd_init import made_slots, tell_recovery
from litekeep.cli.exits import OK, STORED, WARNINGS
from litekeep.cli.locate import place_at
from litekeep.cli.parameters import new_key_file, scratch
from litekeep.cli.place import Folder, Place, holds_repository, is_url
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.errors import NoRepository

if TYPE_CHECKING:
    from litekeep.repository.repository import Repository


@verb(
    "encrypt",
    examples=[
        ("litekeep encrypt /mnt/usb/encrypted", "all backups of ./backups once more, encrypted"),
        ("litekeep encrypt s3://bucket/prefix", "the same, on a server"),
        ("litekeep encrypt new -r old --key-file app.key", "go on after an interruption"),
    ],
    exits=[3, 4, 6, *STORED, 11, 14],
)
@click.argument("target")
@new_key_file
@scratch
def command(session: Session, target: str, new_key_file: Path | None, scratch: Path | None) -> int:
    """Make an encrypted repository beside one that is not, with all its backups, their ids, pins and labels.

    The old one is only read; delete it when you do not need it any more. Every backup is read back from the new one and
    compared byte by byte. Passphrase and key options are those of the new repository, as with `litekeep init
    --encrypt`; after an interruption, give the same command again with one of its keys. TARGET is a folder, or the URL
    of a place on a server.
    """
    from litekeep.operations.encrypt import encrypt
    from litekeep.repository.repository import Repository

    place = session.find()
    goal = place_at(target, session.file, session.telling) if is_url(target) else Folder(Path(target))
    old = Repository.open(session.storage(place))
    new, facts = _target(session, goal, new_key_file)
    with session.recorded("encrypt", place) as row:
        result = encrypt(old, new, scratch=scratch, clock=session.clock, monitor=session.monitor)
        row.exit_code = exit_code = WARNINGS if result.left_out else OK
        row.message = "; ".join(f"{name[:8]} left out: {why}" for name, why in result.left_out)
    session.out.good(f"{words.count(len(result.copied), 'backup')} encrypted into {goal.name}, each compared")
    for name, why in result.left_out:
        session.out.care(f"{name[:8]} was left out, because it cannot be read: {why}")
    session.out.line(f"  Prove it:      litekeep verify --all {goal.option}")
    session.out.line(f"  From now on:   litekeep backup app.db {goal.option}, or name it in the settings")
    session.out.line(f"  In {place.name} everything still lies in the clear; delete it when you can.")
    left = [{"snapshot": name, "problem": why} for name, why in result.left_out]
    copied = list(result.copied)
    session.result("encrypt", exit_code, repository=goal.shown, copied=copied, left_out=left, **facts)
    return exit_code


def _target(session: Session, target: Place, new_key_file: Path | None) -> tuple[Repository, dict[str, Any]]:
    """The new repository; one that an earlier run made is opened."""
    if isinstance(target, Folder):
        if holds_repository(target.path):
            return session.open(target), {}
    else:
        with suppress(NoRepository):
            return session.open(target), {}
    with made_slots(session, new_key_file) as slots:
        new = session.create(target, None, encryption=slots)
    session.out.good(f"Made an encrypted repository in {target.name}")
    tell_recovery(session, slots[-1].secret, f" {target.option}")
    return new, {"recovery_key": slots[-1].secret}
