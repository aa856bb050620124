"""The keys of an encrypted repository: find the slot that a passphrase or key fits, add slots, change, remove.

What is given is one text: a key as formats.printedkey writes it (the recovery key, or the content of a key file), or
else a passphrase. Slots are only added and removed, and never the last one is removed. A change is an addition that is
read back and opened before the old slot goes: an interruption in between leaves both, and both open.

Removing a slot does not make an old copy of it useless: whoever kept the object and knows its passphrase still gets the
master key. Only a new repository has a new one.

Passphrases take a second and much memory on purpose. A process that opened a repository keeps the master key, for as
long as the slot is there unchanged, so that an application with a window waits only once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import field, replace
from datetime import datetime

from blake3 import blake3

from litekeep.blocks.encrypt import AeadSeal
from litekeep.blocks.keys import MASTER_BYTES, Subkeys
from litekeep.errors import CorruptObject, KeyNeeded, ObjectMissing, Refused, UnsupportedFormat, UsageError, WrongKey
from litekeep.formats import keyslot
from litekeep.formats.envelope import Kind, decode_json, decode_record, encode_json, encode_record
from litekeep.formats.keyslot import (
    PASSPHRASE,
    Cost,
    Slot,
    decode_slot,
    encode_slot,
    keep,
    kept_key,
    passphrase_bytes,
    unwrap,
    wrap,
)
from litekeep.formats.printedkey import KEY_BYTES, Mistyped, print_key, read_key
from litekeep.formats.repoconfig import RepoConfig
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.storage.base import Storage

GivenKey = str | Callable[[], str]
"""A passphrase or printed key, or what gets it when it is needed."""
MAX_SLOTS = 32
SHORTEST_PASSPHRASE = 8
_KEPT = 8


@dataclass(frozen=True, slots=True)
class NewSlot:
    """A slot to be made. secret: the passphrase or printed key. cost: of a passphrase, if it is not the usual one."""

    kind: str
    secret: str = field(repr=False)
    label: str = ""
    cost: Cost | None = None


def new_key() -> str:
    """A random key, printed: for recovery, or for a key file."""
    return print_key(layout.random_bytes(KEY_BYTES))


def make_slot(config: RepoConfig, new: NewSlot, master: bytes, now: datetime) -> Slot:
    """A slot with the master key in it; raises UsageError for a passphrase that is too short or a key that is none."""
    blank = Slot(
        layout.slot_key(layout.new_id()),
        config.id,
        new.kind,
        new.label,
        now.isoformat(timespec="seconds"),
        (new.cost or keyslot.DEFAULT_COST) if new.kind == PASSPHRASE else None,
        layout.random_bytes(keyslot.SALT_BYTES),
        b"",
    )
    secret = _secret_of(new)
    return wrap(keep(blank, secret, master) if new.kind == keyslot.RECOVERY else blank, secret, master)


def _secret_of(new: NewSlot) -> bytes:
    key = _read_key(new.secret)
    if new.kind == PASSPHRASE:
        if key is not None:
            raise UsageError("this is a key and no passphrase", hint="Add it as a key: `litekeep key add --key-file`.")
        if len(new.secret) < SHORTEST_PASSPHRASE:
            raise UsageError(
                f"the passphrase is shorter than {SHORTEST_PASSPHRASE} characters",
                safe="Nothing was changed.",
                hint="Six random words are easy to type and hard to guess.",
            )
        return passphrase_bytes(new.secret)
    if key is None:
        raise UsageError("this is not a key as Litekeep prints it: 8 groups of 8 letters and digits")
    return key


def _read_key(text: str) -> bytes | None:
    try:
        return read_key(text)
    except Mistyped as error:
        raise WrongKey(str(error), safe="Nothing was changed.", hint="Compare it with the recovery sheet.") from None


class Keyring:
    """The keys of one open repository. slot: the one that opened it; None right after the creation."""

    def __init__(self, storage: Storage, config: RepoConfig, master: bytes, slot: Slot | None = None) -> None:
        self._storage = storage
        self._config = config
        self._master = master
        self.slot = slot
        self.subkeys = Subkeys(master)
        self.seal = AeadSeal(config.id, self.subkeys, layout.random_bytes)

    def slots(self) -> tuple[list[Slot], list[CorruptObject]]:
        """The slots of this repository, oldest first, and what is damaged among them."""
        return read_slots(self._storage, self._config)

    def find(self, name: str) -> Slot:
        """The slot of this id, or unique beginning of it, or label; raises UsageError."""
        slots, _ = self.slots()
        found = [slot for slot in slots if name and (slot.id.startswith(name.lower()) or slot.label == name)]
        if len(found) != 1:
            what = f"{len(found)} key slots answer to" if found else "there is no key slot"
            raise UsageError(f"{what} {name!r}", hint="`litekeep key show` lists them.")
        return found[0]

    def add(self, new: NewSlot, now: datetime) -> Slot:
        """Add a slot, read back and opened; the caller holds the lock."""
        slots, damaged = self.slots()
        if len(slots) + len(damaged) >= MAX_SLOTS:
            raise Refused(f"there are already {MAX_SLOTS} key slots", hint="Remove one: `litekeep key remove`.")
        slot = make_slot(self._config, new, self._master, now)
        self._storage.put(slot.name, encode_slot(slot))
        stored = decode_slot(slot.name, self._storage.get(slot.name))
        if unwrap(stored, _secret_of(new)) != self._master:
            raise CorruptObject(slot.name, "does not open as it was stored")
        return slot

    def replace(self, old: Slot, new: NewSlot, now: datetime) -> Slot:
        """Add a slot, then remove another; the caller holds the lock."""
        slot = self.add(replace(new, label=new.label or old.label), now)
        self._delete(old)
        self.slot = slot if self.slot == old else self.slot
        return slot

    def remove(self, slot: Slot) -> None:
        """Remove a slot; raises Refused if it is the last one that can be read. The caller holds the lock."""
        slots, _ = self.slots()
        if not [each for each in slots if each.name != slot.name]:
            raise Refused(
                "this is the last key slot; without it nobody could ever read these backups",
                safe="Nothing was changed.",
                hint="Add another one first: `litekeep key add`.",
            )
        self._delete(slot)

    def _delete(self, slot: Slot) -> None:
        self._storage.delete(layout.confirmed_key(slot.name))
        self._storage.delete(slot.name)

    def test(self, text: str) -> Slot:
        """The slot that a passphrase or key fits, tried anew; raises WrongKey, CorruptObject."""
        return unlock(self._storage, self._config, text, fresh=True).found

    def recovery_key(self, slot: Slot) -> str | None:
        """The recovery key of a slot, to be printed again; None if it is not a recovery key's."""
        key = kept_key(slot, self._master)
        return None if key is None else print_key(key)

    def confirm(self, text: str, now: datetime) -> Slot:
        """Note that somebody has this recovery key, and typed it; raises WrongKey, UsageError."""
        slot = self.test(text)
        if slot.kind != keyslot.RECOVERY:
            raise UsageError("this opens the repository, but it is not the recovery key")
        key = layout.confirmed_key(slot.name)
        facts = {"slot": slot.id, "at": now.isoformat(timespec="seconds")}
        if slot.name not in self.confirmed():
            self._storage.delete(key)  # a damaged one, or none
            self._storage.put(key, encode_record(Kind.MARK, key, [encode_json(facts)], self.seal))
        return slot

    def confirmed(self) -> set[str]:
        """The names of the slots whose keys were typed back."""
        found = set[str]()
        for entry in self._storage.list(layout.KEYS):
            if layout.is_confirmed_key(entry.key):
                with suppress(CorruptObject, UnsupportedFormat, ObjectMissing):
                    found.add(self.check_confirmation(entry.key))
        return found

    def check_confirmation(self, key: str) -> str:
        """The name of the slot that the record of a confirmation speaks of; raises CorruptObject if it is not whole."""
        facts = decode_json(key, decode_record(Kind.MARK, key, self._storage.get(key), self.seal)[0])
        slot = layout.slot_key(str(facts.get("slot")))
        if layout.confirmed_key(slot) != key:
            raise CorruptObject(key, "speaks of another slot")
        return slot

    @property
    def unconfirmed(self) -> bool:
        """True as long as nobody typed a recovery key back."""
        recovery = {slot.name for slot in self.slots()[0] if slot.kind == keyslot.RECOVERY}
        return not recovery & self.confirmed()


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The master key, and the slot that gave it."""

    master: bytes = field(repr=False)
    found: Slot


_unlocked: dict[tuple[bytes, bytes], tuple[Unlocked, bytes]] = {}


def open_keyring(storage: Storage, config: RepoConfig, key: GivenKey | None) -> Keyring:
    """Unlock; raises KeyNeeded, WrongKey, CorruptObject, StorageError."""
    if key is None:
        raise KeyNeeded(
            f"the repository in {storage.description} is encrypted, and no key was given",
            safe="Nothing was changed.",
            hint="Give the passphrase with --passphrase-file or LITEKEEP_PASSPHRASE, or a key with --key-file.",
        )
    found = unlock(storage, config, key() if callable(key) else key)
    return Keyring(storage, config, found.master, found.found)


def unlock(storage: Storage, config: RepoConfig, text: str, *, fresh: bool = False) -> Unlocked:
    """The master key; raises WrongKey if the text fits no slot, CorruptObject if that cannot be known for damage.

    fresh: do not use what an earlier call in this process found out.
    """
    memory = (config.id, blake3(text.encode("utf-8", "surrogatepass")).digest())
    kept = _unlocked.get(memory)
    if kept is not None and not fresh and _digest(storage, kept[0].found.name) == kept[1]:
        return kept[0]
    _unlocked.pop(memory, None)
    found = _try_slots(storage, config, text)
    digest = _digest(storage, found.found.name)
    if digest is not None:
        while len(_unlocked) >= _KEPT:
            _unlocked.pop(next(iter(_unlocked)), None)
        _unlocked[memory] = (found, digest)
    return found


def _digest(storage: Storage, name: str) -> bytes | None:
    try:
        return blake3(storage.get(name)).digest()
    except ObjectMissing:
        return None


def _try_slots(storage: Storage, config: RepoConfig, text: str) -> Unlocked:
    key = _read_key(text)
    slots, damaged = read_slots(storage, config)
    fitting = [slot for slot in slots if (slot.kind == PASSPHRASE) == (key is None)]
    secret = passphrase_bytes(text) if key is None else key
    for slot in sorted(fitting, key=_price):
        master = unwrap(slot, secret)
        if master is not None:
            return Unlocked(master, slot)
    if damaged and not fitting:
        raise damaged[0]
    if not slots:
        raise CorruptObject(
            layout.KEYS,
            "holds no key slot of this repository",
            hint="Put the folder keys back from a copy of the repository; the backups themselves are elsewhere.",
        )
    raise _wrong(storage, damaged, passphrase=key is None, any_fitting=bool(fitting))


def _wrong(storage: Storage, damaged: Sequence[CorruptObject], *, passphrase: bool, any_fitting: bool) -> WrongKey:
    what = "passphrase" if passphrase else "key"
    message = f"the {what} is not one of the repository in {storage.description}"
    if not any_fitting:
        message += f", which has no {what} at all"
    hint = "Try again; mind capital letters and the keyboard's language." if passphrase else ""
    if damaged:
        hint = f"It may belong to the key slot {damaged[0].key}, which is damaged: take that file from a copy. {hint}"
    return WrongKey(message, safe="Nothing was changed, and nothing else was found damaged.", hint=hint.strip())


def _price(slot: Slot) -> int:
    """Cheap ones first."""
    return slot.cost.memory_kib * slot.cost.iterations if slot.cost else 0


def read_slots(storage: Storage, config: RepoConfig) -> tuple[list[Slot], list[CorruptObject]]:
    """(slots of this repository, oldest first; damaged ones). More than MAX_SLOTS are not looked at."""
    slots, damaged = [], []
    names = [entry for entry in storage.list(layout.KEYS) if layout.is_slot_key(entry.key)]
    for entry in names[: 2 * MAX_SLOTS]:
        try:
            if entry.size_bytes > keyslot.MAX_SLOT_BYTES:
                raise CorruptObject(entry.key, "is longer than any key slot")
            slot = decode_slot(entry.key, storage.get(entry.key))
        except CorruptObject as error:
            damaged.append(error)
        except UnsupportedFormat as error:
            damaged.append(CorruptObject(entry.key, "was written by a newer Litekeep", hint=error.hint))
        except ObjectMissing:
            continue
        else:
            if slot.repository == config.id:
                slots.append(slot)
    return sorted(slots, key=lambda slot: (slot.created_at, slot.name)), damaged


def new_keyring(storage: Storage, config: RepoConfig, slots: Sequence[NewSlot], now: datetime) -> Keyring:
    """The keys of a repository that is being made: its slots are stored when this returns. Raises UsageError."""
    if not slots:
        raise UsageError("an encrypted repository needs a passphrase or key")
    keyring = Keyring(storage, config, layout.random_bytes(MASTER_BYTES))
    for new in slots:
        keyring.add(new, now)
    return keyring
