"""The same in an encrypted repository: tests of the neighbours once more, and what only an encrypted one can show."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from litekeep.blocks import encrypt
from litekeep.errors import CorruptObject, KeyNeeded, Refused, WrongKey
from litekeep.formats.keyslot import KEY, PASSPHRASE, RECOVERY, Cost
from litekeep.formats.printedkey import print_key
from litekeep.model import Level, Reason
from litekeep.operations import curate, keys
from litekeep.operations.export import export
from litekeep.repository import garbage
from litekeep.repository.keyring import NewSlot
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock, MemoryStorage
from operations.home import DAY, Home
from operations.test_backup import (  # noqa: F401 - collected here too, with the homes of this module
    test_a_row_written_back_is_unchanged_but_a_changed_mode_is_not,
    test_growth_shrinkage_vacuum_and_another_page_size,
    test_the_next_backup_heals_a_damaged_pack,
    test_the_next_backup_heals_a_missing_pack,
)
from operations.test_prune import (  # noqa: F401 - see above
    memory,
    test_a_damaged_new_generation_does_not_cost_the_old_one,
    test_a_manifest_that_cannot_be_read_stops_everything,
    test_a_second_prune_does_nothing,
    test_an_interrupted_prune_is_told_and_finished,
    test_compaction_across_a_change_of_page_size,
    test_manifests_stay_as_they_are,
    test_new_generations_that_read_back_wrong_are_taken_back,
    test_several_sources_in_one_repository,
    test_trash_recover_forget,
    test_two_generations_of_a_pack,
)
from operations.test_restore import (  # noqa: F401 - see above
    lived,
    test_a_damaged_manifest,
    test_a_damaged_snapshot,
    test_from_exported_files,
    test_to_a_new_path,
    test_undo_and_undo_of_the_undo,
)
from operations.test_scrub import (  # noqa: F401 - see above
    full,
    test_a_flipped_byte_anywhere_is_found,
    test_all_is_well,
)

PHRASE, RECOVERY_KEY, MACHINE_KEY = "correct horse battery", print_key(bytes(range(32))), print_key(bytes(32))
CHEAP = Cost(64, 1, 1)
SLOTS = (NewSlot(PASSPHRASE, PHRASE, cost=CHEAP), NewSlot(RECOVERY, RECOVERY_KEY), NewSlot(KEY, MACHINE_KEY, "nightly"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, encryption=SLOTS)


@pytest.fixture
def local(tmp_path: Path) -> Home:
    return Home(tmp_path, LocalStorage(tmp_path / "backups", ManualClock(), create=True), encryption=SLOTS)


def reopen(home: Home, key: str | None) -> Repository:
    return Repository.open(home.storage, key)


def all_but_keys(home: Home) -> dict[str, bytes]:
    return {entry.key: home.storage.get(entry.key) for entry in home.storage.list() if entry.key[:5] != "keys/"}


def test_from_backup_to_undo(home: Home) -> None:
    """All of it, each step with another of the three keys."""
    home.make()
    home.backup(Reason.MANUAL)
    wanted = home.database.read_bytes()[100:]
    for key in (PHRASE, RECOVERY_KEY, MACHINE_KEY, PHRASE, MACHINE_KEY):
        home.repository = reopen(home, key)
        home.change()
        assert not home.backup(after=DAY).damage
    home.repository = reopen(home, RECOVERY_KEY)
    first = home.snapshots()[0]
    assert home.verify(first).level is Level.FULL
    assert home.drill(first).ok
    assert not home.scrub().damaged
    assert not home.scrub().foreign
    home.restore_new(first, home.folder / "out" / "new.db")
    assert (home.folder / "out" / "new.db").read_bytes()[100:] == wanted
    export(home.repository, first, home.folder / "out" / "export.db", clock=home.clock, monitor=home.monitor)
    assert (home.folder / "out" / "export.db").read_bytes()[100:] == wanted
    home.restore_over(first)
    home.repository = reopen(home, MACHINE_KEY)
    curate.pin(home.repository, first, clock=home.clock, monitor=home.monitor)
    curate.label(home.repository, first, "the first", clock=home.clock, monitor=home.monitor)
    assert (home.find(first.id).pinned, home.find(first.id).label) == (True, "the first")
    for _ in range(2):
        home.prune(RetentionPolicy(days=1, weeks=0, months=0, keep_last=1, trash_days=1), confirmed=True)
        home.clock.advance(3 * DAY)
    assert not home.scrub().damaged
    assert all(home.verify(snapshot).ok for snapshot in home.snapshots())


def test_no_key_and_nonce_are_used_twice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted at the cipher itself, over backups, receipts, marks, compaction and plans."""
    used = list[tuple[bytes, bytes]]()

    class Counted:
        def __init__(self, key: bytes) -> None:
            self.key, self.cipher = key, AESGCM(key)

        def encrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
            used.append((self.key, nonce))
            return self.cipher.encrypt(nonce, data, associated)

        def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
            return self.cipher.decrypt(nonce, data, associated)

    monkeypatch.setattr(encrypt, "aes_gcm", Counted)
    monkeypatch.setattr(garbage, "WASTE_PERCENT", 0)
    monkeypatch.setattr(garbage, "PACK_WASTE_PERCENT", 0)
    home.make()
    for _ in range(6):
        home.change(8)
        home.backup(after=DAY)
    for _ in range(2):
        home.prune(RetentionPolicy(days=1, weeks=0, months=0, keep_last=1, trash_days=1), confirmed=True)
        home.clock.advance(3 * DAY)
    assert any(key.endswith("-1") for key in home.keys("packs/")), "compaction took part"
    assert len(used) > 50
    assert len(set(used)) == len(used)


def test_nothing_of_the_data_shows(local: Home) -> None:
    """Neither rows nor names of tables, labels, paths; beside the objects no memory of the list is kept."""
    local.sql("CREATE TABLE diagnoses(patient TEXT); INSERT INTO diagnoses VALUES ('Erika Mustermann')")
    local.backup(label="before the lawsuit")
    local.verify(local.find("latest"))
    for path in (local.folder / "backups").rglob("*"):
        if path.is_file() and path.name not in ("restore.py", "README.txt"):
            data = path.read_bytes()
            for word in (b"diagnoses", b"Mustermann", b"lawsuit", str(local.folder).encode(), b"SQLite"):
                assert word not in data, path
    assert not (local.folder / "backups" / ".cache").exists()


def test_the_wrong_key_and_none(home: Home) -> None:
    home.make()
    home.backup()
    before = home.keys()
    with pytest.raises(KeyNeeded, match="no key was given") as needed:
        reopen(home, None)
    assert needed.value.exit_code == 12
    for wrong in (PHRASE.upper(), PHRASE + " ", "", print_key(bytes(31) + b"\1")):
        with pytest.raises(WrongKey, match="is not one of the repository") as error:
            reopen(home, wrong)
        assert (error.value.exit_code, bool(error.value.safe)) == (12, True)
        assert not wrong or wrong not in str(error.value)
    with pytest.raises(WrongKey, match="group 3 of the key is mistyped"):
        reopen(home, RECOVERY_KEY[:20] + ("A" if RECOVERY_KEY[20] != "A" else "B") + RECOVERY_KEY[21:])
    assert home.keys() == before


def test_a_key_is_not_asked_for_where_none_is_needed(tmp_path: Path) -> None:
    def never() -> str:
        raise AssertionError

    assert Repository.open(Home(tmp_path).storage, never).keys is None


def test_objects_of_a_twin_with_the_same_keys_fail(home: Home, tmp_path: Path) -> None:
    """Another repository with the same passphrase and content: nothing of it can be put here."""
    twin = Home(tmp_path / "twin", encryption=SLOTS)
    for each in (home, twin):
        each.make()
        each.backup()
    assert isinstance(home.storage, MemoryStorage)
    assert isinstance(twin.storage, MemoryStorage)
    (mine,), (other,) = home.keys("snapshots/"), twin.keys("snapshots/")
    home.storage._objects[mine] = twin.storage._objects[other]
    with pytest.raises(CorruptObject):
        home.repository.read_manifest(mine)
    for slot in twin.keys("keys/"):
        home.storage.put(slot, twin.storage.get(slot))
    assert reopen(home, PHRASE).config.id == home.repository.config.id


def test_another_passphrase_without_a_new_byte_of_data(home: Home) -> None:
    home.make()
    home.backup()
    before = all_but_keys(home)
    repository = reopen(home, PHRASE)
    assert repository.keys
    assert repository.keys.slot
    new = NewSlot(PASSPHRASE, "another one altogether", cost=CHEAP)
    keys.change_slot(repository, repository.keys.slot, new, clock=home.clock, monitor=home.monitor)
    assert all_but_keys(home) == before
    with pytest.raises(WrongKey):
        reopen(home, PHRASE)
    for key in ("another one altogether", RECOVERY_KEY):
        home.repository = reopen(home, key)
        assert home.verify(home.find("latest")).ok
    assert len(home.keys("keys/")) == 3


def test_the_last_keys_stay(home: Home) -> None:
    for kind in (PASSPHRASE, RECOVERY):
        repository = reopen(home, MACHINE_KEY)
        assert repository.keys
        (slot,) = (each for each in repository.keys.slots()[0] if each.kind == kind)
        if kind == RECOVERY:
            with pytest.raises(Refused, match="only key files would be left"):
                keys.remove_slot(repository, slot, monitor=home.monitor)
            keys.remove_slot(repository, repository.keys.find("nightly"), monitor=home.monitor)
            with pytest.raises(Refused, match="the last key slot"):
                keys.remove_slot(repository, slot, monitor=home.monitor)
        else:
            keys.remove_slot(repository, slot, monitor=home.monitor)
    reopen(home, RECOVERY_KEY)
    with pytest.raises(WrongKey, match="which has no passphrase at all"):
        reopen(home, PHRASE)


def test_confirming_the_recovery_key(home: Home) -> None:
    repository = reopen(home, PHRASE)
    assert repository.keys
    assert repository.keys.unconfirmed
    with pytest.raises(WrongKey):
        keys.confirm_recovery(repository, print_key(bytes(31) + b"\1"), clock=home.clock, monitor=home.monitor)
    for _ in range(2):
        keys.confirm_recovery(repository, RECOVERY_KEY.lower(), clock=home.clock, monitor=home.monitor)
    assert not repository.keys.unconfirmed
    assert not home.scrub().damaged
    (mark,) = (key for key in home.keys("keys/") if key.endswith("-confirmed"))
    assert isinstance(home.storage, MemoryStorage)
    home.storage._objects[mark] = home.storage._objects[mark][:-1] + b"x"
    assert [each.key for each in home.scrub().damaged] == [mark]
    assert repository.keys.unconfirmed
    keys.confirm_recovery(repository, RECOVERY_KEY, clock=home.clock, monitor=home.monitor)
    assert not repository.keys.unconfirmed


def test_the_recovery_key_can_be_printed_again(home: Home) -> None:
    repository = reopen(home, PHRASE)
    assert repository.keys
    found = {slot.kind: repository.keys.recovery_key(slot) for slot in repository.keys.slots()[0]}
    assert found == {PASSPHRASE: None, RECOVERY: RECOVERY_KEY, KEY: None}


def test_scrub_knows_the_slots(home: Home) -> None:
    assert isinstance(home.storage, MemoryStorage)
    slot = home.keys("keys/")[0]
    data = home.storage._objects[slot]
    home.storage._objects[slot] = data.replace(b"litekeep", b"Litekeep")
    assert [each.key for each in home.scrub().damaged] == [slot]
    for key in home.keys("keys/"):
        home.storage.delete(key)
    assert [each.key for each in home.scrub().damaged] == ["keys/"]


def test_rows_come_back(home: Home) -> None:
    home.sql("CREATE TABLE t(a); INSERT INTO t VALUES ('kept')")
    home.backup()
    home.restore_new(home.find("latest"), home.folder / "out" / "rows.db")
    with closing(sqlite3.connect(home.folder / "out" / "rows.db")) as db:
        assert db.execute("SELECT a FROM t").fetchall() == [("kept",)]
