"""litekeep init."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from litekeep.cli.exits import OK, STORED
from litekeep.cli.parameters import PATH, new_key_file
from litekeep.cli.place import Place
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.errors import Refused, UsageError

if TYPE_CHECKING:
    from litekeep.repository.keyring import NewSlot


@verb(
    "init",
    examples=[
        ("litekeep init app.db", "a repository in the folder 'backups' beside the database"),
        ("litekeep init -r /mnt/usb/backups", "a repository on another drive"),
        ("litekeep init app.db --encrypt", "asks for a passphrase, and shows the recovery key"),
        ("litekeep init --encrypt --new-key-file ~/app.key", "for runs without a person: makes a key file too"),
        ("litekeep init app.db --encrypt -r s3://b/app", "a repository that lives on a server"),
    ],
    exits=[5, 6, *STORED, 14],
)
@click.argument("database", required=False, type=PATH)
@click.option("--encrypt", is_flag=True, help="Encrypt everything that will be stored. This cannot be changed later.")
@new_key_file
@click.option(
    "--unencrypted",
    is_flag=True,
    help="Do not encrypt, although the repository is on a server: whoever can read it there can read the database.",
)
def command(
    session: Session, database: Path | None, new_key_file: Path | None, *, encrypt: bool, unencrypted: bool
) -> int:
    """Make a repository: the folder, or the place on a server, that will hold the backups.

    You do not need this to begin: the first `litekeep backup` makes the repository too. With a database, it is looked
    at first, and nothing is made if it cannot be backed up. Best is a folder on another drive than the database. On a
    server, a yes is needed either to --encrypt or to --unencrypted; a folder is made there, a bucket never.

    With --encrypt, a passphrase is asked for twice, or taken from --passphrase-file, --passphrase-command or
    LITEKEEP_PASSPHRASE. Then a recovery key is shown, once, which opens the backups when the passphrase is lost.
    """
    if session.settings.copy is not None:
        hint = "`litekeep sync` sends the repository there, and makes what is needed."
        raise UsageError("a copy is not made by itself", safe="Nothing was changed.", hint=hint)
    place = session.place_for(database)
    encrypt = encrypt or bool(session.file and session.file.backup.encryption)
    if encrypt and unencrypted:
        raise UsageError("--encrypt and --unencrypted exclude each other", hint="Name one of them.")
    _refuse_needless(session, encrypt=encrypt, new_key_file=new_key_file)
    if place.folder is None and not encrypt and not unencrypted:
        _refuse_open(place)
    with made_slots(session, new_key_file) if encrypt else nullcontext(()) as slots:
        session.create(place, database, encryption=slots)
    session.out.good(f"Made {'an encrypted' if encrypt else 'a'} repository in {place.name}")
    option = f" {place.option}" if session.settings.repository else ""
    facts = {}
    if encrypt:
        facts = {"encrypted": True, "recovery_key": slots[-1].secret}
        tell_recovery(session, slots[-1].secret, option)
    session.out.line(f"  Next: litekeep backup {shlex.quote(str(database or 'app.db'))}{option}")
    session.result("init", OK, repository=place.shown, **facts)
    return OK


def _refuse_open(place: Place) -> NoReturn:
    raise Refused(
        f"whoever can read {place.name} could read the database",
        safe="Nothing was made.",
        hint="Add --encrypt; or --unencrypted, if that is what you want.",
    )


def _refuse_needless(session: Session, *, encrypt: bool, new_key_file: Path | None) -> None:
    from litekeep.cli.unlock import named_secret

    if not encrypt and (new_key_file or named_secret(session.settings)):
        raise UsageError(
            "a passphrase or key is named, but not that the repository is to be encrypted", hint="Add --encrypt."
        )


@contextmanager
def made_slots(session: Session, new_key_file: Path | None) -> Iterator[Sequence[NewSlot]]:
    """What will open the repository, the recovery key last. The new key file goes again if nothing comes of it."""
    from litekeep.cli.unlock import ask_new, given_secret
    from litekeep.formats.keyslot import KEY, PASSPHRASE, RECOVERY
    from litekeep.operations.keys import kind_of_given, write_new_file
    from litekeep.repository.keyring import NewSlot, new_key

    given = given_secret(session)
    if given is None and session.file is not None and session.file.backup.encryption is not None and not new_key_file:
        from litekeep.config.secrets import resolve

        given = resolve(session.file.backup.encryption.key, monitor=session.monitor)
    slots = []
    if given is not None:
        slots.append(NewSlot(kind_of_given(given), given))
    elif new_key_file is None:
        slots.append(NewSlot(PASSPHRASE, ask_new(session)))
    if new_key_file is not None:
        slots.append(NewSlot(KEY, new_key(), new_key_file.name))
        write_new_file(new_key_file, f"{slots[-1].secret}\n")
    try:
        yield [*slots, NewSlot(RECOVERY, new_key())]
    except BaseException:
        if new_key_file is not None:
            new_key_file.unlink(missing_ok=True)
        raise


def tell_recovery(session: Session, key: str, option: str) -> None:
    """Show the recovery key, and say what to do with it."""
    out = session.out
    out.line("  This is the recovery key. It opens the backups when the passphrase is lost. Write it down now:")
    out.line()
    groups = key.split("-")
    for first in range(0, len(groups), 4):
        out.word(f"      {'-'.join(groups[first : first + 4])}{'-' if first == 0 else ''}")
    out.line()
    out.line(f"  On paper, with what else is needed: litekeep key recovery-sheet sheet.html{option}")
    out.line(f"  Type it back, to prove that you have it: litekeep key confirm{option}")
    out.line("  Without passphrase, key file and recovery key nobody can ever read these backups.")
