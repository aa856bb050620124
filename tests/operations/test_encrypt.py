"""An encrypted repository out of one that is not: every byte, id and mark the same, however often it is interrupted."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from litekeep.errors import Cancelled, Refused
from litekeep.formats.keyslot import KEY
from litekeep.formats.printedkey import print_key
from litekeep.model import Reason, Snapshot
from litekeep.operations import curate
from litekeep.operations.encrypt import EncryptResult, encrypt
from litekeep.repository.catalog import load_catalog
from litekeep.repository.keyring import NewSlot
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.testing import MemoryStorage, RecordingMonitor
from operations.home import DAY, Home

SLOTS = [NewSlot(KEY, print_key(bytes(range(32))))]


@pytest.fixture
def lived(home: Home) -> Home:
    """Two databases, deltas, a pin, a label, something in the trash, another page size, an empty one."""
    home.make(page_size=4096)
    for day in range(4):
        home.change()
        home.backup(Reason.MANUAL if day == 1 else Reason.SCHEDULED, after=DAY)
    snapshots = home.snapshots()
    curate.pin(home.repository, snapshots[0], clock=home.clock, monitor=home.monitor)
    curate.label(home.repository, snapshots[1], "before the audit", clock=home.clock, monitor=home.monitor)
    curate.to_trash(home.repository, snapshots[2], clock=home.clock, monitor=home.monitor)
    home.verify(snapshots[3])
    home.sql("PRAGMA journal_mode=delete; PRAGMA page_size=1024; VACUUM")
    home.backup(after=DAY)
    (home.folder / "data" / "empty.db").touch()
    home.backup(source=home.folder / "data" / "empty.db")
    return home


def target(home: Home) -> Repository:
    return Repository.create(MemoryStorage(), home.clock.now(), encryption=SLOTS)


def run(home: Home, new: Repository, monitor: RecordingMonitor | None = None) -> EncryptResult:
    return encrypt(home.repository, new, scratch=home.scratch, clock=home.clock, monitor=monitor or home.monitor)


def images(repository: Repository, folder: Path) -> dict[str, str]:
    found = {}
    for key in repository.snapshot_keys():
        path = folder / "looked at"
        path.write_bytes(b"")
        rebuild(repository, PackTable(repository), key.key, repository.read_manifest(key.key), path, RecordingMonitor())
        found[key.key] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def told(repository: Repository) -> list[tuple[object, ...]]:
    def facts(each: Snapshot) -> tuple[object, ...]:
        kept = (each.id, each.source, each.created_at, each.reason, each.label, each.pinned, each.trashed_at)
        return (*kept, each.verified, each.verified_at, each.tables, each.database, each.sequence, each.parent)

    catalog = load_catalog(repository)
    assert not catalog.damaged
    return [facts(each) for each in catalog.snapshots]


def test_everything_is_the_same(lived: Home) -> None:
    before = {entry.key: lived.storage.get(entry.key) for entry in lived.storage.list()}
    new = target(lived)
    result = run(lived, new)
    assert len(result.copied) == len(lived.snapshots()) == 6
    assert not result.left_out
    assert told(new) == told(lived.repository)
    assert images(new, lived.scratch) == images(lived.repository, lived.scratch)
    assert {entry.key: lived.storage.get(entry.key) for entry in lived.storage.list()} == before
    home = lived
    home.repository, home.storage = new, new.storage
    assert not home.scrub().damaged
    home.change()
    result_of_next = home.backup(after=DAY)
    assert not result_of_next.damage
    assert result_of_next.snapshot.sequence == 6
    assert all(home.verify(each).ok for each in home.snapshots())


def test_deltas_are_kept_small(lived: Home) -> None:
    new = target(lived)
    run(lived, new)
    sizes = [sum(e.size_bytes for e in each.storage.list("packs/")) for each in (lived.repository, new)]
    assert sizes[1] < 1.3 * sizes[0]


def test_interrupted_anywhere_and_begun_again(lived: Home) -> None:
    new, wanted, stopped = target(lived), images(lived.repository, lived.scratch), 0
    while True:
        try:
            run(lived, new, RecordingMonitor(cancel_after=4 + stopped))
            break
        except Cancelled:
            stopped += 1
            present = images(new, lived.scratch)
            assert present == {key: wanted[key] for key in present}
    assert stopped > 3
    assert images(new, lived.scratch) == wanted
    assert told(new) == told(lived.repository)


def test_what_cannot_be_read_is_left_out(lived: Home) -> None:
    assert isinstance(lived.storage, MemoryStorage)
    (manifest, *_) = lived.keys("snapshots/empty/")
    lived.storage._objects[manifest] = lived.storage._objects[manifest][:-1]
    new = target(lived)
    result = run(lived, new)
    assert [name for name, _ in result.left_out] == [manifest[-16:]]
    assert len(result.copied) == 5


def test_refused(lived: Home) -> None:
    plain = Repository.create(MemoryStorage(), lived.clock.now())
    for wrong in (plain, lived.repository):
        with pytest.raises(Refused):
            run(lived, wrong)
    new = target(lived)
    with pytest.raises(Refused, match="the same repository"):
        encrypt(new, new, clock=lived.clock, monitor=lived.monitor)
