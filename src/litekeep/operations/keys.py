"""What people do with the keys of an encrypted repository: add, change, remove, confirm. Each holds the lock.

No text of a passphrase or key gets into an event, an error or a journal: only ids, kinds and labels of slots do.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import Refused, UsageError
from litekeep.formats.keyslot import KEY, PASSPHRASE, RECOVERY, Slot
from litekeep.monitor import Monitor
from litekeep.repository.keyring import Keyring, NewSlot
from litekeep.repository.repository import Repository
from litekeep.sqlite.filesystem import file_errors, sync_folder

LOCK_WAIT_SECONDS = 60.0
PERSONAL = frozenset({PASSPHRASE, RECOVERY})
"""Kinds that a person can have; a key file goes with its machine."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def keys_of(repository: Repository) -> Keyring:
    """Its keys; raises Refused if it is not encrypted."""
    if repository.keys is None:
        raise Refused(
            f"the repository in {repository.storage.description} is not encrypted, so it has no keys",
            safe="Nothing was changed.",
            hint="A new repository is encrypted with `litekeep init --encrypt`.",
        )
    return repository.keys


def add_slot(repository: Repository, new: NewSlot, *, clock: Clock, monitor: Monitor) -> Slot:
    """Add a passphrase or key; raises UsageError, Refused, Locked, StorageError."""
    keys = keys_of(repository)
    with repository.lock("key add", LOCK_WAIT_SECONDS):
        slot = keys.add(new, clock.now())
    monitor.event("key_added", slot=slot.id, kind=slot.kind)
    return slot


def change_slot(repository: Repository, old: Slot, new: NewSlot, *, clock: Clock, monitor: Monitor) -> Slot:
    """Put a new passphrase or key in the place of an old one. Nothing but the slots is written.

    The new one is stored, read back and opened before the old one is removed.
    """
    keys = keys_of(repository)
    with repository.lock("key change", LOCK_WAIT_SECONDS):
        slot = keys.replace(keys.find(old.id), new, clock.now())
    monitor.event("key_added", slot=slot.id, kind=slot.kind)
    monitor.event("key_removed", slot=old.id, kind=old.kind)
    return slot


def remove_slot(repository: Repository, slot: Slot, *, monitor: Monitor) -> None:
    """Remove a passphrase or key; raises Refused for the last one, and for the last one that a person can have."""
    keys = keys_of(repository)
    with repository.lock("key remove", LOCK_WAIT_SECONDS):
        others = [each for each in keys.slots()[0] if each.name != slot.name]
        if others and not any(each.kind in PERSONAL for each in others):
            raise Refused(
                "only key files would be left; if they go with the machine, so do the backups",
                safe="Nothing was changed.",
                hint="Add a passphrase or a recovery key first: `litekeep key add`.",
            )
        keys.remove(slot)
    monitor.event("key_removed", slot=slot.id, kind=slot.kind)


def confirm_recovery(repository: Repository, text: str, *, clock: Clock, monitor: Monitor) -> Slot:
    """Note that somebody has the recovery key; raises WrongKey, UsageError."""
    keys = keys_of(repository)
    with repository.lock("key confirm", LOCK_WAIT_SECONDS):
        slot = keys.confirm(text, clock.now())
    monitor.event("key_confirmed", slot=slot.id)
    return slot


def write_new_file(path: Path, text: str) -> None:
    """A new file that only its owner can read, durable; raises UsageError if it is there, NoSpace, StorageError."""
    with file_errors(path.parent):
        try:
            descriptor = os.open(path, _NEW_FILE, 0o600)
        except FileExistsError:
            raise UsageError(f"{path} exists already", safe="It was left as it is.", hint="Name a new file.") from None
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            sync_folder(path.absolute().parent)
        except OSError:
            with suppress(OSError):
                os.unlink(path)
            raise


def kind_of_given(text: str) -> str:
    """What a text is that opens a repository: a key, or else a passphrase."""
    from litekeep.formats.printedkey import Mistyped, read_key

    try:
        return KEY if read_key(text) is not None else PASSPHRASE
    except Mistyped:
        return KEY  # told when it is used
