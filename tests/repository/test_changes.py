"""find_changes against a naive comparison of two images."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from litekeep.blocks.split import Geometry
from litekeep.errors import Cancelled, CorruptObject
from litekeep.monitor import Silent
from litekeep.repository import changes as module
from litekeep.repository.changes import Changes, ImageFile, find_changes, find_moved, scan_bytes_for
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.testing import RecordingMonitor
from repository.store import load, mutate, new_repository, random_image, save

PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]


@pytest.fixture(params=[False, True], ids=["without scan digests", "with scan digests"])
def scan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether images of a few hundred kilobytes have scan digests; chunks are small enough to be several."""
    monkeypatch.setattr(module, "CHUNK_BYTES", 128 << 10)
    if request.param:
        monkeypatch.setattr(module, "SCAN_FROM_BYTES", 1)
    return bool(request.param)


def compare(repository: Repository, folder: Path, before: str, after: bytes, page_bytes: int) -> Changes:
    path = folder / "after.db"
    path.write_bytes(after)
    manifest = repository.read_manifest(before)
    with ImageFile(path) as file:
        found = find_changes(
            file,
            Geometry(page_bytes, len(after)),
            repository.identity,
            PackTable(repository),
            manifest.page_map,
            (manifest.facts["scan_bytes"], manifest.scan),
            Silent(),
        )
    find_moved(found)
    return found


def check(repository: Repository, key: str, before: bytes, after: bytes, page_bytes: int, found: Changes) -> None:
    """Every block is unchanged, or moved to where its content is, or to be written: exactly as a look at both says."""
    size = Geometry(page_bytes, 0).block_bytes
    old = [before[at : at + size] for at in range(0, len(before), size)]
    new = [after[at : at + size] for at in range(0, len(after), size)]
    differing = [number for number, block in enumerate(new) if number >= len(old) or old[number] != block]
    assert list(found.changed) == [number for number in differing if new[number] not in old]
    assert sorted(found.moved) == [number for number in differing if new[number] in old]
    addresses = list(repository.read_manifest(key).page_map.addresses())
    for number, address in found.moved.items():
        assert any(old[place] == new[number] for place, where in enumerate(addresses) if where == address)
    identity = repository.identity
    assert found.digest == identity.digest(map(identity.name, new))
    assert [found.name(place) for place in range(len(found.changed))] == [identity.name(new[n]) for n in found.changed]
    scan_bytes = scan_bytes_for(len(after))
    stretches = range(0, len(after), scan_bytes) if scan_bytes else ()
    assert found.scan == b"".join(identity.name(after[at : at + scan_bytes]) for at in stretches)


@pytest.mark.parametrize("page_bytes", PAGE_SIZES)
def test_like_a_naive_comparison(tmp_path: Path, page_bytes: int, scan: bool) -> None:
    rng = random.Random(page_bytes)
    for _ in range(12):
        repository = new_repository()
        before = random_image(rng, rng.randrange(1, max(8, (600 << 10) // page_bytes)), page_bytes)
        key = save(repository, tmp_path, before, page_bytes)
        assert bool(repository.read_manifest(key).scan) == scan
        for _ in range(3):
            after = mutate(rng, before, page_bytes)
            check(repository, key, before, after, page_bytes, compare(repository, tmp_path, key, after, page_bytes))


def test_nothing_changed(tmp_path: Path, scan: bool) -> None:
    repository, image = new_repository(), random_image(random.Random(1), 100, 4096)
    found = compare(repository, tmp_path, save(repository, tmp_path, image), image, 4096)
    assert (len(found.changed), found.moved) == (0, {})


@pytest.mark.parametrize(
    ("before_pages", "after_pages"), [(0, 0), (0, 3), (3, 0), (1, 1), (8, 9), (9, 8), (9, 15), (15, 9)]
)
def test_ends_that_are_no_whole_block(tmp_path: Path, before_pages: int, after_pages: int, scan: bool) -> None:
    repository, rng = new_repository(), random.Random(2)
    image = rng.randbytes(20 * 512)
    before, after = image[: before_pages * 512], image[: after_pages * 512]
    page_bytes = 512
    key = save(repository, tmp_path, before, page_bytes if before else 0)
    check(repository, key, before, after, page_bytes, compare(repository, tmp_path, key, after, page_bytes))


def test_page_size_changes_within_the_same_blocks(tmp_path: Path, scan: bool) -> None:
    repository, image = new_repository(), random.Random(3).randbytes(40 * 4096)
    key = save(repository, tmp_path, image, 1024)
    check(repository, key, image, image, 2048, compare(repository, tmp_path, key, image, 2048))


def test_scan_digests_of_another_stretch_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, rng = new_repository(), random.Random(4)
    before = rng.randbytes(64 * 4096)
    monkeypatch.setattr(module, "SCAN_FROM_BYTES", 1)
    key = save(repository, tmp_path, before)
    after = before + rng.randbytes(4096)
    monkeypatch.setattr(module, "scan_bytes_for", lambda image_bytes: 1 << 17)
    found = compare(repository, tmp_path, key, after, 4096)
    assert list(found.changed) == [64]
    monkeypatch.setattr(module, "SCAN_FROM_BYTES", 1 << 40)
    assert list(compare(repository, tmp_path, key, after, 4096).changed) == [64]


def test_too_many_changes_are_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, rng = new_repository(), random.Random(5)
    before = rng.randbytes(10 * 4096)
    key = save(repository, tmp_path, before)
    turned = before[4096:] + before[:4096]
    assert len(compare(repository, tmp_path, key, turned, 4096).moved) == 10
    monkeypatch.setattr(module, "MOVED_LIMIT", 9)
    found = compare(repository, tmp_path, key, turned, 4096)
    assert (len(found.changed), found.moved) == (10, {})


@pytest.mark.parametrize(
    ("image_bytes", "scan_bytes"),
    [(0, 0), ((16 << 20) - 1, 0), (16 << 20, 1 << 16), (1 << 29, 1 << 16), (1 << 30, 1 << 17), (1 << 40, 1 << 18)],
)
def test_stretches_grow_with_the_image(image_bytes: int, scan_bytes: int) -> None:
    assert scan_bytes_for(image_bytes) == scan_bytes


def test_stopping(tmp_path: Path, scan: bool) -> None:
    repository, image = new_repository(), random.Random(6).randbytes(200 * 4096)
    key = save(repository, tmp_path, image)
    manifest, questions = repository.read_manifest(key), 0
    while True:
        monitor = RecordingMonitor(cancel_after=questions)
        geometry, scanned = Geometry(4096, len(image)), (manifest.facts["scan_bytes"], manifest.scan)
        args = (geometry, repository.identity, PackTable(repository), manifest.page_map, scanned, monitor)
        try:
            with ImageFile(tmp_path / "image.db") as file:
                find_changes(file, *args)
        except Cancelled:
            questions += 1
            continue
        break
    assert questions == 7  # chunks
    assert load(repository, tmp_path, key) == image


def test_a_map_whose_packs_lack_blocks(tmp_path: Path) -> None:
    repository, image = new_repository(), random.Random(7).randbytes(8 * 4096)
    key = save(repository, tmp_path, image)
    for entry in repository.storage.list("packs/"):
        repository.storage.delete(entry.key)
    with pytest.raises(CorruptObject, match="is missing"):
        compare(repository, tmp_path, key, image, 4096)
