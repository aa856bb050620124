"""litekeep key: show, add, change, remove, test, confirm, recovery-sheet."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli import parameters
from litekeep.cli.describe import folder_name
from litekeep.cli.exits import OK, STORED
from litekeep.cli.parameters import PATH
from litekeep.cli.place import Place, Remote
from litekeep.cli.session import Session
from litekeep.cli.verb import HELP, verb
from litekeep.errors import UsageError

if TYPE_CHECKING:
    from litekeep.formats.keyslot import Slot
    from litekeep.repository.keyring import Keyring, NewSlot
    from litekeep.repository.repository import Repository

NAMES = {"passphrase": "passphrase", "recovery": "recovery key", "key": "key file"}


@click.group("key", context_settings=HELP)
def command() -> None:
    """Passphrases and keys of an encrypted repository.

    Each of them opens the whole repository: a passphrase for you, a key file for a machine that makes backups while
    nobody is there, a recovery key on paper for the day when everything else is lost. Changing them rewrites no backup.
    """


def _opened(session: Session) -> tuple[Place, Repository, Keyring]:
    from litekeep.operations.keys import keys_of

    place = session.find()
    repository = session.open(place)
    return place, repository, keys_of(repository)


@verb(
    "show", examples=[("litekeep key show", "what opens the repository; never the keys themselves")], exits=[6, *STORED]
)
def show(session: Session) -> int:
    """List the passphrases and keys, as ids; they themselves are not stored anywhere."""
    place, _, keys = _opened(session)
    slots, damaged = keys.slots()
    confirmed = keys.confirmed()
    rows = [
        (slot.id[:8], NAMES[slot.kind], slot.label, slot.created_at[:10], _state(slot, keys, confirmed))
        for slot in slots
    ]
    session.out.table(("ID", "WHAT", "LABEL", "MADE", "STATE"), rows)
    for error in damaged:
        session.telling.warn("damaged", f"damaged: {error.message}")
    unconfirmed = keys.unconfirmed
    if unconfirmed:
        session.out.care("Nobody has confirmed a recovery key yet: litekeep key confirm")
    listed = [{**_json(slot), "confirmed": slot.name in confirmed, "used_now": slot == keys.slot} for slot in slots]
    session.result("key-show", OK, repository=place.shown, keys=listed, unconfirmed=unconfirmed)
    return OK


def _state(slot: Slot, keys: Keyring, confirmed: set[str]) -> str:
    state = ["used now"] if slot == keys.slot else []
    if slot.kind == "recovery":
        state.append("confirmed" if slot.name in confirmed else "not confirmed")
    return ", ".join(state)


def _json(slot: Slot) -> dict[str, Any]:
    return {"id": slot.id, "kind": slot.kind, "label": slot.label, "created_at": slot.created_at}


def new_secret(function: Callable[..., int]) -> Callable[..., int]:
    """--new-passphrase-file."""
    return click.option(
        "--new-passphrase-file",
        type=PATH,
        metavar="FILE",
        help="File with the new passphrase [default: it is asked for, twice].",
    )(function)


@verb(
    "add",
    examples=[
        ("litekeep key add", "another passphrase, asked for twice"),
        ("litekeep key add --new-key-file ~/app.key", "a key for this machine, in a new file"),
        ("litekeep key add --recovery", "another recovery key"),
    ],
    exits=[6, *STORED, 11, 14],
)
@new_secret
@click.option("--new-key-file", type=PATH, metavar="FILE", help="Make a key instead, and write it to this new file.")
@click.option("--recovery", is_flag=True, help="Make a recovery key instead, and show it.")
@click.option("--label", default="", metavar="TEXT", help="A name for it; it is stored in the clear.")
def add(
    session: Session, new_passphrase_file: Path | None, new_key_file: Path | None, label: str, *, recovery: bool
) -> int:
    """Add a passphrase or key; those that are there go on working."""
    from litekeep.operations.keys import add_slot, write_new_file
    from litekeep.repository.keyring import NewSlot, new_key

    if sum(map(bool, (new_passphrase_file, new_key_file, recovery))) > 1:
        raise UsageError("name one of --new-passphrase-file, --new-key-file and --recovery")
    place, repository, _ = _opened(session)
    if new_key_file is not None:
        new = NewSlot("key", new_key(), label or new_key_file.name)
        write_new_file(new_key_file, f"{new.secret}\n")
    else:
        new = NewSlot("recovery", new_key(), label) if recovery else _passphrase(session, new_passphrase_file, label)
    try:
        with session.recorded("key", place) as row:
            slot = add_slot(repository, new, clock=session.clock, monitor=session.monitor)
            row.message = f"added {NAMES[slot.kind]} {slot.id[:8]}"
    except BaseException:
        if new_key_file is not None:
            new_key_file.unlink(missing_ok=True)
        raise
    session.out.good(f"Added {NAMES[slot.kind]} {slot.id[:8]}")
    if recovery:
        session.out.word(f"  {new.secret}")
    session.result("key-add", OK, key=_json(slot), **({"recovery_key": new.secret} if recovery else {}))
    return OK


def _passphrase(session: Session, file: Path | None, label: str) -> NewSlot:
    from litekeep.repository.keyring import NewSlot

    if file is None:
        from litekeep.cli.unlock import ask_new

        return NewSlot("passphrase", ask_new(session), label)
    return NewSlot("passphrase", _from_file(session, file), label)


def _from_file(session: Session, file: Path) -> str:
    from litekeep.config.secrets import FileSecret, resolve

    return resolve(FileSecret(file.absolute()), monitor=session.monitor)


@verb(
    "change",
    examples=[
        ("litekeep key change", "a new passphrase instead of the old one"),
        ("litekeep key change 3f2a", "of several, this one"),
    ],
    exits=[6, *STORED, 11, 14],
)
@click.argument("name", metavar="[ID]", required=False)
@new_secret
def change(session: Session, name: str | None, new_passphrase_file: Path | None) -> int:
    """Change a passphrase. No backup is rewritten, so it takes a moment however much is stored.

    The old passphrase ends with this. Whoever knew it and kept a copy of the repository from before can read that copy
    for ever.
    """
    from litekeep.operations.keys import change_slot

    place, repository, keys = _opened(session)
    old = keys.find(name) if name else _the_passphrase(keys)
    if old.kind != "passphrase":
        raise UsageError(f"{old.id[:8]} is no passphrase", hint="Add a new key, then remove the old one.")
    new = _passphrase(session, new_passphrase_file, old.label)
    with session.recorded("key", place) as row:
        slot = change_slot(repository, old, new, clock=session.clock, monitor=session.monitor)
        row.message = f"changed passphrase {old.id[:8]}, now {slot.id[:8]}"
    session.out.good("The passphrase is changed; the old one opens nothing any more")
    session.result("key-change", OK, key=_json(slot), removed=old.id)
    return OK


def _the_passphrase(keys: Keyring) -> Slot:
    if keys.slot is not None and keys.slot.kind == "passphrase":
        return keys.slot
    found = [slot for slot in keys.slots()[0] if slot.kind == "passphrase"]
    if len(found) != 1:
        raise UsageError(f"there are {len(found)} passphrases", hint="Name one by its id: `litekeep key show`.")
    return found[0]


@verb("remove", examples=[("litekeep key remove 3f2a", "this passphrase or key ends")], exits=[6, *STORED, 11])
@click.argument("name", metavar="ID")
@parameters.yes
def remove(session: Session, name: str, *, yes: bool) -> int:
    """Remove a passphrase or key. The last one, and the last one that a person can have, stay."""
    from litekeep.operations.keys import remove_slot

    place, repository, keys = _opened(session)
    slot = keys.find(name)
    session.confirm(f"Remove the {NAMES[slot.kind]} {slot.id[:8]} for good?", "removing a key", yes=yes)
    with session.recorded("key", place) as row:
        remove_slot(repository, slot, monitor=session.monitor)
        row.message = f"removed {NAMES[slot.kind]} {slot.id[:8]}"
    session.out.good(f"Removed {NAMES[slot.kind]} {slot.id[:8]}")
    session.result("key-remove", OK, key=_json(slot))
    return OK


@verb(
    "test",
    examples=[("litekeep key test --key-file sheet.txt", "does this open the repository?")],
    exits=[6, *STORED],
)
def test(session: Session) -> int:
    """Try the passphrase or key that is given, or asked for, and say which one it is. Nothing is changed."""
    _, _, keys = _opened(session)
    slot = keys.slot
    assert slot is not None
    session.out.good(f"It opens the repository: {NAMES[slot.kind]} {slot.id[:8]}")
    session.result("key-test", OK, key=_json(slot))
    return OK


@verb(
    "confirm",
    examples=[("litekeep key confirm", "type the recovery key from the paper")],
    exits=[6, *STORED, 11],
)
@click.option(
    "--recovery-key-file", type=PATH, metavar="FILE", help="File with the recovery key [default: it is asked for]."
)
def confirm(session: Session, recovery_key_file: Path | None) -> int:
    """Prove that the recovery key was written down, by typing it back. Until then the status asks for it."""
    from litekeep.cli.unlock import ask, can_ask
    from litekeep.operations.keys import confirm_recovery

    place, repository, keys = _opened(session)
    if recovery_key_file is not None:
        text = _from_file(session, recovery_key_file)
    elif can_ask(session):
        text = ask(session, "Recovery key")
    else:
        raise UsageError("there is nobody to ask for the recovery key", hint="Name it with --recovery-key-file.")
    with session.recorded("key", place) as row:
        slot = confirm_recovery(repository, text, clock=session.clock, monitor=session.monitor)
        row.message = f"confirmed recovery key {slot.id[:8]}"
    session.out.good("That is the recovery key. Keep it where a fire or thief does not find the computer, too")
    session.result("key-confirm", OK, key=_json(slot), unconfirmed=keys.unconfirmed)
    return OK


@verb(
    "recovery-sheet",
    examples=[("litekeep key recovery-sheet sheet.html", "open it in a browser, print it, delete the file")],
    exits=[6, *STORED, 14],
)
@click.argument("file", type=PATH)
def recovery_sheet(session: Session, file: Path) -> int:
    """Write one page to print: the recovery key, where the backups are, and how to restore with nothing else."""
    from litekeep.operations.keys import write_new_file
    from litekeep.operations.sheet import recovery_sheet as make_page

    place, repository, keys = _opened(session)
    slots = [slot for slot in keys.slots()[0] if slot.kind == "recovery"]
    if not slots:
        raise UsageError("this repository has no recovery key", hint="Make one: `litekeep key add --recovery`.")
    slot = slots[-1]
    key = keys.recovery_key(slot)
    assert key is not None
    page = make_page(
        key,
        repository_id=repository.config.id,
        slot=slot.id,
        places=_places(session, place),
        sources=session.catalog(repository).sources(),
        now=session.clock.now(),
    )
    write_new_file(file, page)
    session.out.good(f"Wrote {folder_name(file)}")
    session.out.line("  Print it, delete the file, and type the key back from the paper: litekeep key confirm")
    session.result("key-recovery-sheet", OK, file=str(file.absolute()), key=_json(slot))
    return OK


def _places(session: Session, place: Place) -> list[str]:
    """Where the repository and its copies are: whole URLs, which hold everything but secrets."""
    copies = session.file.backup.copies if session.file is not None else ()
    own = place.url if isinstance(place, Remote) else f"{place.shown} on {platform.node()}"
    return [own, *(f"{each.name}: {each.url}" for each in copies)]


for each in (show, add, change, remove, test, confirm, recovery_sheet):
    command.add_command(each)
