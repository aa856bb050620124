"""The slots of a repository: interrupted at every step, raced, damaged, foreign, too many."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from crash.film import Film, State, in_memory
from litekeep.errors import CorruptObject, KeyNeeded, LitekeepError, Refused, StorageError, UsageError, WrongKey
from litekeep.formats import keyslot
from litekeep.formats.keyslot import KEY, PASSPHRASE, RECOVERY, Cost
from litekeep.formats.printedkey import print_key
from litekeep.monitor import Silent
from litekeep.operations import keys
from litekeep.repository import keyring
from litekeep.repository.keyring import MAX_SLOTS, NewSlot, new_key
from litekeep.repository.repository import HELPER_FILES, Repository
from litekeep.storage.memory import MemoryStorage
from litekeep.testing import Fault, FaultyStorage, ManualClock, Moment

OLD, NEW, RECOVERY_KEY = "the old passphrase", "the new passphrase", print_key(bytes(range(32)))
CHEAP = Cost(64, 1, 1)
CLOCK = ManualClock()


def phrase(text: str) -> NewSlot:
    return NewSlot(PASSPHRASE, text, cost=CHEAP)


def create(*slots: NewSlot) -> MemoryStorage:
    storage = MemoryStorage()
    Repository.create(storage, CLOCK.now(), encryption=slots or [phrase(OLD), NewSlot(RECOVERY, RECOVERY_KEY)])
    return storage


def state_of(storage: MemoryStorage) -> State:
    return {entry.key: storage.get(entry.key) for entry in storage.list()}


def opens(storage: MemoryStorage, text: str) -> bool:
    keyring._unlocked.clear()
    try:
        Repository.open(storage, text)
    except WrongKey:
        return False
    return True


def change(repository: Repository) -> None:
    assert repository.keys
    old = next(slot for slot in repository.keys.slots()[0] if slot.kind == PASSPHRASE)
    keys.change_slot(repository, old, phrase(NEW), clock=CLOCK, monitor=Silent())


def test_a_change_that_is_interrupted_anywhere() -> None:
    """At every moment one of the two opens, and doing it again ends where it should."""
    film = Film(state_of(create()))
    change(Repository.open(film, OLD))
    assert len(film.frames) > 10
    seen = set[tuple[bool, bool]]()
    for frame in film.frames:
        storage = in_memory(frame.after)
        found = (opens(storage, OLD), opens(storage, NEW))
        seen.add(found)
        assert any(found)
        assert opens(storage, RECOVERY_KEY)
        if found[0]:
            change(Repository.open(storage, OLD))
        assert (opens(storage, NEW), opens(storage, RECOVERY_KEY)) == (True, True)
    assert seen == {(True, False), (True, True), (False, True)}


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.AFTER])
@pytest.mark.parametrize("lasting", [False, True])
def test_a_change_with_an_error_anywhere(moment: Moment, lasting: bool) -> None:
    for at in range(1, 40):
        inner = create()
        repository = Repository.open(inner, OLD)
        faulty = FaultyStorage(inner, [Fault(at, moment, lasting=lasting)])
        repository.storage = faulty
        assert repository.keys
        repository.keys._storage = faulty
        try:
            change(repository)
        except StorageError:
            assert opens(inner, OLD) or opens(inner, NEW)
            assert opens(inner, RECOVERY_KEY)
        else:
            assert opens(inner, NEW)
        if not faulty.fired:
            break
    else:
        pytest.fail("it has more steps than were tried")


def test_creation_interrupted_anywhere() -> None:
    """What is left is no repository, and the next creation makes one; what was written before never opens it."""
    film = Film({})
    Repository.create(film, CLOCK.now(), encryption=[phrase(OLD), NewSlot(RECOVERY, RECOVERY_KEY)])
    for frame in film.frames:
        if "repository.json" not in frame.after:
            storage = in_memory(frame.after)
            Repository.create(storage, CLOCK.now(), encryption=[phrase(NEW)])
            assert opens(storage, NEW)
            assert not opens(storage, OLD)
            assert not opens(storage, RECOVERY_KEY)


def test_two_creations_at_once() -> None:
    """The slots of the one that came second open nothing, and stand in nobody's way."""
    one, two = create(phrase(OLD)), create(phrase(NEW))
    both = MemoryStorage()
    for key, data in {**state_of(two), **state_of(one)}.items():
        both.put(key, data)
    assert (opens(both, OLD), opens(both, NEW)) == (True, False)


def test_a_repository_without_any_slot() -> None:
    storage = create()
    for entry in storage.list("keys/"):
        storage.delete(entry.key)
    with pytest.raises(CorruptObject, match="holds no key slot of this repository"):
        Repository.open(storage, OLD)


def test_a_wrong_passphrase_is_never_damage_and_damage_never_a_wrong_passphrase() -> None:
    for text, kind in ((OLD, PASSPHRASE), (RECOVERY_KEY, RECOVERY)):
        good = create()
        repository = Repository.open(good, OLD)
        assert repository.keys
        (name,) = (slot.name for slot in repository.keys.slots()[0] if slot.kind == kind)
        data = good.get(name)
        for at in range(0, len(data), 7):
            storage = in_memory({**state_of(good), name: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]})
            keyring._unlocked.clear()
            with pytest.raises(CorruptObject) as damage:
                Repository.open(storage, text)
            assert damage.value.key == name
            assert damage.value.exit_code == 4
            Repository.open(storage, RECOVERY_KEY if kind == PASSPHRASE else OLD)


def test_a_wrong_passphrase_beside_a_damaged_slot_names_it() -> None:
    storage = create(phrase(OLD), phrase(NEW))
    name = storage.list("keys/")[0].key
    storage._objects[name] = storage._objects[name][:-9]
    answers = {opens(storage, OLD), opens(storage, NEW)}
    assert answers == {True, False}
    with pytest.raises(WrongKey) as wrong:
        Repository.open(storage, "neither of the two")
    assert name in wrong.value.hint


def test_what_was_unlocked_before_does_not_outlive_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, asked = create(), 0
    repository = Repository.open(storage, OLD)
    stretch = keyslot._argon2id

    def counted(secret: bytes, salt: bytes, cost: Cost) -> bytes:
        nonlocal asked
        asked += 1
        return stretch(secret, salt, cost)

    monkeypatch.setattr(keyslot, "_argon2id", counted)
    Repository.open(storage, OLD)
    assert asked == 0, "the second time costs nothing"
    change(repository)
    with pytest.raises(WrongKey):
        Repository.open(storage, OLD)


def test_what_is_not_taken() -> None:
    for bad, text in (
        (phrase("short"), "shorter than 8 characters"),
        (phrase(RECOVERY_KEY), "a key and no passphrase"),
        (NewSlot(RECOVERY, "not a key at all"), "not a key as Litekeep prints it"),
        (NewSlot(KEY, RECOVERY_KEY[:-1]), "not a key as Litekeep prints it"),
    ):
        storage = MemoryStorage()
        with pytest.raises(UsageError, match=text):
            Repository.create(storage, CLOCK.now(), encryption=[bad])
        with pytest.raises(LitekeepError):
            Repository.open(storage, bad.secret)


def test_not_more_than_so_many() -> None:
    storage = create()
    repository = Repository.open(storage, RECOVERY_KEY)
    for _ in range(MAX_SLOTS - 2):
        keys.add_slot(repository, NewSlot(KEY, new_key()), clock=CLOCK, monitor=Silent())
    with pytest.raises(Refused, match="already 32 key slots"):
        keys.add_slot(repository, NewSlot(KEY, new_key()), clock=CLOCK, monitor=Silent())


def test_too_little_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.hazmat.primitives.kdf import argon2

    storage = create()

    def none(*_: object, **__: object) -> Callable[[], None]:
        raise MemoryError

    keyring._unlocked.clear()
    monkeypatch.setattr(argon2, "Argon2id", none)
    with pytest.raises(LitekeepError, match="not enough memory to use a passphrase"):
        Repository.open(storage, OLD)
    Repository.open(storage, RECOVERY_KEY)


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = create()
    with monkeypatch.context() as older:
        older.setitem(sys.modules, "cryptography.hazmat.primitives.kdf.argon2", None)
        keyring._unlocked.clear()
        with pytest.raises(KeyNeeded, match="too old"):
            Repository.open(storage, OLD)
        Repository.open(storage, RECOVERY_KEY)
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.setitem(sys.modules, name, None)
    for text in (OLD, RECOVERY_KEY):
        keyring._unlocked.clear()
        with pytest.raises(UsageError, match="the package cryptography is not installed"):
            Repository.open(storage, text)


def test_objects_are_not_shown_with_their_keys() -> None:
    storage = create()
    repository = Repository.open(storage, OLD)
    assert repository.keys
    master = repository.keys._master
    slots = repository.keys.slots()[0]
    shown = [repr(each) for each in (repository, repository.keys, repository.seal, phrase(OLD), *slots)]
    shown += [repr(keyring._unlocked), str(vars(repository))]
    for text in shown:
        assert OLD not in text
        assert repr(master) not in text
        assert master.hex() not in text


def test_readme_tells_what_is_needed() -> None:
    plain, encrypted = MemoryStorage(), create()
    Repository.create(plain, CLOCK.now())
    text = encrypted.get("README.txt").decode("ascii")
    assert "It is encrypted." in text
    assert "pip install cryptography" in text
    assert "keys/" in text
    assert "It is not encrypted." in plain.get("README.txt").decode("ascii")
    assert max(map(len, text.splitlines())) <= 82
    assert encrypted.get("restore.py") == plain.get("restore.py")
    assert set(HELPER_FILES) <= {entry.key for entry in encrypted.list()}
