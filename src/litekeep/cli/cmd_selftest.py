"""litekeep selftest."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict

import click

from litekeep.cli import words
from litekeep.cli.exits import OK, STORED, VERIFICATION
from litekeep.cli.locate import below, place_called
from litekeep.cli.place import Folder
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.errors import UsageError


@verb(
    "selftest",
    examples=[
        ("litekeep selftest", "the folder of the backups"),
        ("litekeep selftest /media/usb", "a drive, before you trust it"),
        ("litekeep selftest s3://bucket/prefix", "a bucket, with secrets from the environment"),
        ("litekeep selftest -c backup.json cloud", "a copy of the settings file"),
    ],
    exits=[4, *STORED, 12, 13, 14],
)
@click.argument("place", required=False)
def command(session: Session, place: str | None) -> int:
    """Try on your own disk, share or bucket what backups rely on, and say what holds: objects are created and never
    replaced, read back exactly, listed completely; one holder of the lock at a time; a small database made on the spot
    is backed up, restored byte by byte, a flipped bit is found, old backups are removed.

    All of it happens in a new folder of its own in that place, which is emptied at the end. Nothing of yours is read or
    changed. What cannot be tried this way is whether what was stored survives a power cut.
    """
    from litekeep.operations.scratch import scratch_folder
    from litekeep.operations.selftest import selftest
    from litekeep.repository.layout import new_id

    where = place_called(place, session.file, session.telling) if place else session.find()
    if isinstance(where, Folder) and not where.path.is_dir():
        raise UsageError(
            f"there is no folder {where.path}", hint="Is the drive connected? Name a folder that is there."
        )
    there = below(where, f"litekeep-selftest-{new_id()}")
    storage = session.storage(there, create=True)
    session.out.line(f"Trying {where.name}")
    checks = []
    try:
        with scratch_folder(None) as folder:
            for check in selftest(storage, scratch=folder, clock=session.clock, monitor=session.monitor):
                session.telling.clear()
                detail = f": {check.detail}" if check.detail else ""
                text = f"{check.name}{detail} ({words.seconds(check.elapsed_seconds)})"
                (session.out.good if check.ok else session.out.bad)(f"{text[0].upper()}{text[1:]}")
                checks.append(check)
    finally:
        if isinstance(there, Folder):
            _remove(there)
    failed = [check.name for check in checks if not check.ok]
    if failed:
        session.out.line(f"  {where.name} does not keep what backups need. Choose another place, and tell its maker.")
    else:
        session.out.good(f"All {len(checks)} checks passed: backups are in good hands there")
    exit_code = VERIFICATION if failed else OK
    session.result("selftest", exit_code, place=where.shown, checks=[asdict(each) for each in checks], failed=failed)
    return exit_code


def _remove(folder: Folder) -> None:
    """The empty folders, and the storage's own lock file."""
    with suppress(OSError):
        (folder.path / "lock").unlink(missing_ok=True)
        for path in sorted((each for each in folder.path.rglob("*") if each.is_dir()), reverse=True):
            path.rmdir()
        folder.path.rmdir()
