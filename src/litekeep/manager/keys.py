"""The passphrases and keys of encrypted backups: what people ask of a manager about them.

All of it happens in this process, so that no secret crosses a pipe, and none opens the database. Rows in the journal
are those of `litekeep key`. What is asked waits for a run that holds the repository, a minute at most.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from litekeep.config.secrets import FileSecret
from litekeep.errors import Refused, UsageError
from litekeep.formats.keyslot import KEY, PASSPHRASE, RECOVERY, Slot
from litekeep.manager.home import may_create, remember
from litekeep.manager.wiring import Wiring
from litekeep.monitor import Fact, Monitor
from litekeep.operations.create import create_repository, refuse_inside
from litekeep.operations.keys import add_slot, change_slot, confirm_recovery, keys_of, write_new_file
from litekeep.operations.sheet import recovery_sheet
from litekeep.records import dataclass
from litekeep.redaction import redact
from litekeep.repository.catalog import load_catalog
from litekeep.repository.keyring import Keyring, NewSlot, new_key
from litekeep.repository.repository import Repository
from litekeep.storage.durable import make_folders
from litekeep.worker.jobs import recorded

_ORDER = (PASSPHRASE, RECOVERY, KEY)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One passphrase or key that opens the backups; never itself.

    kind: "passphrase", "recovery" or "key" (in a file, of a machine). confirmed: of a recovery key, somebody typed it
    back. in_use: this application opens the backups with it.
    """

    id: str
    kind: str
    label: str
    created_at: datetime
    confirmed: bool = False
    in_use: bool = False


@dataclass(frozen=True, slots=True)
class KeysReport:
    """encrypted: whether the backups are. keys: passphrases, recovery keys, key files, each with the oldest first.

    damaged: so many more cannot be read. unconfirmed: nobody has typed a recovery key back yet.
    """

    encrypted: bool
    keys: tuple[KeyInfo, ...] = ()
    damaged: int = 0
    unconfirmed: bool = False


class Keys(Wiring):
    """What people do with passphrases and keys."""

    def keys(self) -> KeysReport:
        """What opens the backups. Before there are any, `encrypted` says whether the settings want them to be.

        Raises NoRepository if their folder is not there; KeyNeeded, WrongKey, SecretUnavailable, CorruptObject,
        StorageError.
        """
        if may_create(self._place()):
            return KeysReport(encrypted=self.settings.backup.encryption is not None)
        keys = self._place().open(self._clock).keys
        if keys is None:
            return KeysReport(encrypted=False)
        slots, damaged = keys.slots()
        confirmed = keys.confirmed()
        slots.sort(key=lambda slot: _ORDER.index(slot.kind))
        told = tuple(_info(slot, confirmed, keys) for slot in slots)
        return KeysReport(encrypted=True, keys=told, damaged=len(damaged), unconfirmed=keys.unconfirmed)

    def write_recovery_sheet(self, path: str | os.PathLike[str], *, language: str = "en") -> Path:
        """Write a page of HTML to print: the recovery key, where the backups are, how to restore with nothing else.

        Args:
            path: a new file; only its owner can read it. Whoever has it can read the backups: print it, delete it.
            language: "en" or "fr".

        Returns: the file.

        Raises:
            UsageError: the file is there, or there is no recovery key. Refused: the backups are not encrypted.
            NoRepository, KeyNeeded, NoSpace, StorageError.
        """
        repository, keys = self._unlocked()
        slots = [slot for slot in keys.slots()[0] if slot.kind == RECOVERY]
        key = keys.recovery_key(slots[-1]) if slots else None
        if key is None:
            raise UsageError(
                "these backups have no recovery key",
                safe="Nothing was changed.",
                hint="Make one: `litekeep key add --recovery`.",
            )
        copies = (f"{each.name}: {redact(each.url)}" for each in self.settings.backup.copies)
        page = recovery_sheet(
            key,
            repository_id=repository.config.id,
            slot=slots[-1].id,
            places=[f"{self.repository} on {platform.node()}", *copies],
            sources=load_catalog(repository).sources() or [self._place().name],
            now=self._clock.now().astimezone(),
            language=language,
        )
        file = Path(path).absolute()
        write_new_file(file, page)
        return file

    def confirm_recovery_key(self, text: str) -> KeyInfo:
        """Note that somebody has the recovery key, and typed it back from the paper.

        Until then the status is `key_unconfirmed`. Small letters, blanks and missing dashes do no harm.

        Raises:
            WrongKey: it is not the recovery key; a mistyped group is named. UsageError: it is another key of these
            backups. Refused: they are not encrypted. NoRepository, KeyNeeded, Locked, StorageError.
        """
        repository, keys = self._unlocked()

        def confirm(monitor: Monitor) -> tuple[Slot, str]:
            slot = confirm_recovery(repository, text, clock=self._clock, monitor=monitor)
            return slot, f"confirmed recovery key {slot.id[:8]}"

        return _info(self._recorded_key(confirm), keys.confirmed(), keys)

    def test_key(self, text: str) -> KeyInfo:
        """Which key of these backups a text is: a passphrase, a recovery key, what stands in a key file.

        Changes nothing. Raises WrongKey if it is none; Refused if they are not encrypted; NoRepository, KeyNeeded,
        StorageError.
        """
        _, keys = self._unlocked()
        return _info(keys.test(text), keys.confirmed(), keys)

    def add_passphrase(self, text: str, label: str = "") -> KeyInfo:
        """Let one more passphrase open the backups; what there is goes on working.

        Args:
            text: at least eight characters. label: a name for it; it is stored in the clear.

        Raises:
            UsageError: it is too short, or is a key. Refused: the backups are not encrypted, or have too many keys.
            NoRepository, KeyNeeded, Locked, StorageError.
        """
        repository, keys = self._unlocked()

        def add(monitor: Monitor) -> tuple[Slot, str]:
            slot = add_slot(repository, NewSlot(PASSPHRASE, text, label), clock=self._clock, monitor=monitor)
            return slot, f"added passphrase {slot.id[:8]}"

        return _info(self._recorded_key(add), set(), keys)

    def change_passphrase(self, text: str, key: KeyInfo | str | None = None) -> KeyInfo:
        """Put a new passphrase in the place of an old one. No backup is rewritten.

        Where this application itself opens the backups with the old one, out of a file, the new one is written into
        that file; it works at every moment in between.

        Args:
            text: the new one, at least eight characters.
            key: which, of several, or its id; None: the only one.

        Raises:
            UsageError: it is too short, or `key` is not one passphrase.
            Refused: the application takes it from elsewhere than a file; or the backups are not encrypted. Nothing was
            changed then.
            NoRepository, KeyNeeded, Locked, StorageError.
        """
        repository, keys = self._unlocked()
        old = _chosen(keys, key if key is None or isinstance(key, str) else key.id)
        file = self._own_file(keys, old)
        if file is not None:
            _require_writable(file)

        def change(monitor: Monitor) -> tuple[Slot, str]:
            new = NewSlot(PASSPHRASE, text, old.label)
            if file is None:
                slot = change_slot(repository, old, new, clock=self._clock, monitor=monitor)
            else:
                slot = _change_with_file(repository, old, new, file, self._clock.now(), monitor)
            return slot, f"changed passphrase {old.id[:8]}, now {slot.id[:8]}"

        return _info(self._recorded_key(change), set(), keys)

    def make_encrypted(self, key_file: str | os.PathLike[str]) -> str:
        """Make the folder of the backups, encrypted, before the first backup, and write the key's file into the
        settings. It is opened by a new key in `key_file`, for this machine, and by a recovery key.

        Args:
            key_file: a new file, which only its owner can read; not in the folder of the backups.

        Returns: the recovery key. Show it to a person, keep it nowhere: without it and the file, the backups are lost.

        Raises:
            Refused: there are backups already, or the folder above theirs is missing; the database or the key file
            would lie in it. UsageError: the settings came from no file, `key_file` is there, or a package is missing.
            NoSpace, StorageError. Nothing was changed then.
        """
        place, file = self._place(), Path(key_file).absolute()
        if self.settings_file is None:
            raise UsageError("the settings came from the program, so the key cannot be named in them")
        if not may_create(place):
            raise Refused(
                f"{place.folder} cannot be made anew: it holds backups, or held them, or the folder above is not there",
                safe="Nothing was changed.",
                hint="Backups that are there are encrypted with `litekeep encrypt`, into another folder.",
            )
        refuse_inside(place.folder, self.database)
        refuse_inside(place.folder, file)
        slots = [NewSlot(KEY, new_key(), file.name), NewSlot(RECOVERY, new_key())]
        make_folders(file.parent)
        write_new_file(file, f"{slots[0].secret}\n")
        try:
            create_repository(place.folder, encryption=slots, clock=self._clock, monitor=_Telling(self._listeners.tell))
        except BaseException:
            if not place.there:
                file.unlink(missing_ok=True)
            raise
        self.change_settings({"backup.encryption": {"key": {"file": str(file)}}})
        remember(place)
        return slots[1].secret

    def _unlocked(self) -> tuple[Repository, Keyring]:
        repository = self._place().open(self._clock)
        return repository, keys_of(repository)

    def _recorded_key(self, act: Callable[[Monitor], tuple[Slot, str]]) -> Slot:
        """With the row that `litekeep key` leaves."""
        with recorded(self._place(), "key", self._clock, _Telling(self._listeners.tell)) as (row, told):
            slot, row.message = act(told)
        return slot

    def _own_file(self, keys: Keyring, old: Slot) -> Path | None:
        """The file from which this application takes just this passphrase; None if it takes another key."""
        encryption = self.settings.backup.encryption
        if encryption is None or keys.slot is None or keys.slot.name != old.name:
            return None
        if not isinstance(encryption.key, FileSecret):
            raise Refused(
                f"the application itself opens the backups with this passphrase, and takes it from {encryption.key}",
                safe="Nothing was changed.",
                hint="Change it with `litekeep key change`, and at once where the application takes it from.",
            )
        return encryption.key.path


class _Telling:
    """A monitor for who listens to the manager."""

    def __init__(self, tell: Callable[[str, dict[str, Fact]], None]) -> None:
        self._tell = tell

    def event(self, name: str, /, **facts: Fact) -> None:
        self._tell(name, {"verb": "key", **facts})

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """It takes a moment."""

    def cancelled(self) -> bool:
        return False


def _info(slot: Slot, confirmed: set[str], keys: Keyring) -> KeyInfo:
    made = datetime.fromisoformat(slot.created_at)
    in_use = keys.slot is not None and keys.slot.name == slot.name
    return KeyInfo(slot.id, slot.kind, slot.label, made, slot.name in confirmed, in_use)


def _chosen(keys: Keyring, name: str | None) -> Slot:
    found = [slot for slot in keys.slots()[0] if slot.kind == PASSPHRASE and (name is None or slot.id.startswith(name))]
    if len(found) != 1:
        raise UsageError(
            f"there are {len(found)} passphrases" if name is None else f"{name} is not one of the passphrases",
            safe="Nothing was changed.",
            hint="Name one of them." if found else "Add one.",
        )
    return found[0]


def _require_writable(file: Path) -> None:
    """Before anything is changed."""
    if not os.access(file, os.W_OK) or not os.access(file.parent, os.W_OK):
        raise Refused(
            f"the application takes this passphrase from {file}, which cannot be changed",
            safe="Nothing was changed.",
            hint="Change it with `litekeep key change`, and in the file.",
        )


def _change_with_file(
    repository: Repository, old: Slot, new: NewSlot, file: Path, now: datetime, monitor: Monitor
) -> Slot:
    """Both passphrases open the backups while the file is replaced, in one step."""
    keys = keys_of(repository)
    with repository.lock("key change", 60.0):
        slot = keys.add(new, now)
        try:
            _replace_file(file, f"{new.secret}\n")
        except BaseException:
            with suppress(Exception):
                keys.remove(slot)
            raise
        keys.remove(old)
    monitor.event("key_added", slot=slot.id, kind=slot.kind)
    monitor.event("key_removed", slot=old.id, kind=old.kind)
    return slot


def _replace_file(file: Path, text: str) -> None:
    target = Path(os.path.realpath(file))
    beside = target.with_name(f".{target.name}.{threading.get_ident():x}.new")
    beside.unlink(missing_ok=True)
    write_new_file(beside, text)
    try:
        os.replace(beside, target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
