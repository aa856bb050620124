"""Every stored byte is looked at, and damage is told with the snapshots that it hits."""

from __future__ import annotations

import random

import pytest

from litekeep.errors import Cancelled
from litekeep.operations.curate import label
from litekeep.operations.scrub import scrub
from litekeep.testing import MemoryStorage, RecordingMonitor
from operations.home import Home


@pytest.fixture
def full(home: Home) -> Home:
    """Objects of every kind."""
    for name in ("app.db", "other.db"):
        home.database = home.folder / "data" / name
        home.make(rows=20)
        for _ in range(3):
            home.change()
            home.backup()
    label(home.repository, home.snapshots()[0], "named", clock=home.clock, monitor=home.monitor)
    home.repository.write_plan(home.clock.now(), {"at": "now"})
    return home


def test_all_is_well(full: Home) -> None:
    report = full.scrub()
    assert (report.damaged, report.foreign) == ((), ())
    assert report.objects == len(full.keys())
    assert report.stored_bytes == sum(entry.size_bytes for entry in full.storage.list())


def test_a_flipped_byte_anywhere_is_found(full: Home) -> None:
    assert isinstance(full.storage, MemoryStorage)
    chance = random.Random(1)
    for key in full.keys(""):
        offset = chance.randrange(full.storage.size(key))
        if key == "repository.json":
            continue  # would not even be opened
        full.flip(key, offset)
        assert key in {each.key for each in full.scrub().damaged}, f"{key} at {offset}"
        full.flip(key, offset)
    assert full.scrub().damaged == ()


def test_a_missing_pack_is_told_with_its_snapshots(full: Home) -> None:
    first = [each for each in full.snapshots() if each.source == "app"]
    [pack] = [key for key in full.keys("packs/") if first[0].new_bytes == full.storage.size(key)][:1]
    full.storage.delete(pack)
    [damaged] = full.scrub().damaged
    assert damaged.key == pack
    assert set(damaged.snapshots) <= {each.id for each in full.snapshots()}
    assert first[0].id in damaged.snapshots or first[-1].source != "app"


def test_missing_helper_files_and_foreign_ones(full: Home) -> None:
    full.storage.delete("README.txt")
    full.storage.put("packs/zz/not-a-pack", b"?")
    full.storage.put("holiday.jpg", b"?")
    report = full.scrub()
    assert [each.key for each in report.damaged] == ["README.txt"]
    assert set(report.foreign) == {"packs/zz/not-a-pack", "holiday.jpg"}


def test_it_can_be_stopped(full: Home) -> None:
    with pytest.raises(Cancelled):
        scrub(full.repository, clock=full.clock, monitor=RecordingMonitor(cancel_after=4))
