"""Any history of an image: every snapshot comes back byte for byte, always, and chains stay within their limits."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from litekeep.blocks.split import Geometry
from litekeep.repository import changes as changes_module
from litekeep.repository import layout, versions, writer
from litekeep.repository.changes import ImageFile
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import plan_read
from litekeep.repository.repository import Repository
from litekeep.repository.versions import write_first
from litekeep.testing import RecordingMonitor
from repository.store import load, mutate, new_repository, random_image, save

PAGE_SIZES = [512, 1024, 4096, 8192, 65536]


def depths(repository: Repository) -> list[int]:
    """The depths of all blocks of all packs."""
    table = PackTable(repository)
    return [depth for pack in table.generations for depth in table.index(pack).depths]


class History(RuleBasedStateMachine):
    """Snapshots of a changing image, compared with full copies of all of them."""

    @initialize(
        seed=st.integers(0, 1 << 32),
        page_bytes=st.sampled_from(PAGE_SIZES),
        max_depth=st.sampled_from([0, 1, 2, 5, 64]),
        budget=st.sampled_from([0, 20_000, 1 << 26]),
        pack_bytes=st.sampled_from([1, 100_000, 24 << 20]),
        scan=st.booleans(),
    )
    def begin(self, seed: int, page_bytes: int, max_depth: int, budget: int, pack_bytes: int, scan: bool) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(versions, "MAX_DEPTH", max_depth)
        self.patch.setattr(versions, "BUDGET_BYTES", budget)
        self.patch.setattr(writer, "PACK_BYTES", pack_bytes)
        self.patch.setattr(changes_module, "SCAN_FROM_BYTES", 1 if scan else 1 << 30)
        self.max_depth, self.rng, self.page_bytes = max_depth, random.Random(seed), page_bytes
        self.scratch = tempfile.TemporaryDirectory(prefix="history-")
        self.folder = Path(self.scratch.name)
        self.repository = new_repository()
        self.image = random_image(self.rng, self.rng.randrange(12), page_bytes)
        self.copies: dict[str, bytes] = {}
        self.newest: str | None = None

    @rule()
    def change(self) -> None:
        self.image = mutate(self.rng, self.image, self.page_bytes)

    @rule(page_bytes=st.sampled_from(PAGE_SIZES))
    def change_page_size(self, page_bytes: int) -> None:
        """As VACUUM does it."""
        self.page_bytes = page_bytes
        self.image = self.image[: len(self.image) // page_bytes * page_bytes]

    @precondition(lambda self: self.copies)
    @rule(data=st.data())
    def go_back(self, data: st.DataObject) -> None:
        """As a restore does it."""
        key = data.draw(st.sampled_from(sorted(self.copies)))
        self.image = self.copies[key]
        self.page_bytes = self.repository.read_manifest(key).facts["members"][0]["page_size"] or self.page_bytes

    @rule()
    def back_up(self) -> None:
        self.image = mutate(self.rng, self.image, self.page_bytes)
        page_bytes = self.page_bytes if self.image else 0
        self.newest = save(self.repository, self.folder, self.image, page_bytes, self.newest)
        self.copies[self.newest] = self.image

    @precondition(lambda self: len(self.copies) > 1)
    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        """Any snapshot, the newest too; its packs stay."""
        key = data.draw(st.sampled_from(sorted(self.copies)))
        self.repository.storage.delete(key)
        del self.copies[key]
        self.newest = max(self.copies, key=lambda key: layout.parse_snapshot_key(key).sequence)  # type: ignore[union-attr]

    @invariant()
    def everything_comes_back(self) -> None:
        if hasattr(self, "copies"):
            for key, image in self.copies.items():
                assert load(self.repository, self.folder, key) == image

    @invariant()
    def chains_are_bounded(self) -> None:
        if hasattr(self, "copies"):
            assert max(depths(self.repository), default=0) <= self.max_depth

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.patch.undo()
            self.scratch.cleanup()


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=40,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("page_bytes", PAGE_SIZES)
def test_many_days(tmp_path: Path, page_bytes: int) -> None:
    repository, rng = new_repository(), random.Random(page_bytes)
    image, key, copies = random_image(rng, 30, page_bytes), None, dict[str, bytes]()
    for _ in range(30):
        key = save(repository, tmp_path, image, page_bytes, key)
        copies[key] = image
        image = mutate(rng, image, page_bytes)
    table = PackTable(repository)
    assert all(load(repository, tmp_path, name, table) == copy for name, copy in copies.items())


def test_a_small_change_is_stored_as_a_small_delta(tmp_path: Path) -> None:
    repository, image = new_repository(), bytearray(random.Random(1).randbytes(50 * 4096))
    key = save(repository, tmp_path, bytes(image))
    image[20_000:20_008] = b"changed!"
    key = save(repository, tmp_path, bytes(image), before=key)
    assert repository.read_manifest(key).facts["new_bytes"] < 400
    assert sorted(set(depths(repository))) == [0, 1]
    assert load(repository, tmp_path, key) == image


def test_an_unchanged_image_writes_no_pack(tmp_path: Path) -> None:
    repository, image = new_repository(), random.Random(1).randbytes(5 * 4096)
    first = save(repository, tmp_path, image)
    second = save(repository, tmp_path, image, before=first)
    assert len(repository.storage.list("packs/")) == 1
    assert load(repository, tmp_path, second) == image


def test_moved_pages_write_no_pack(tmp_path: Path) -> None:
    repository, image = new_repository(), random.Random(1).randbytes(9 * 4096)
    turned = image[4 * 4096 :] + image[: 4 * 4096]
    key = save(repository, tmp_path, turned, before=save(repository, tmp_path, image))
    assert len(repository.storage.list("packs/")) == 1
    assert load(repository, tmp_path, key) == turned


def test_one_base_serves_one_block_only(tmp_path: Path) -> None:
    """Two places held the same block; both change."""
    repository, rng = new_repository(), random.Random(1)
    page, other = rng.randbytes(4096), rng.randbytes(4096)
    key = save(repository, tmp_path, other + page)
    key = save(repository, tmp_path, other + page + page, before=key)
    after = other + b"one" + page[3:] + b"two" + page[3:]
    assert load(repository, tmp_path, save(repository, tmp_path, after, before=key)) == after
    table = PackTable(repository)
    used = [
        base
        for pack in table.generations
        for frame in table.index(pack).frames
        for base in table.index(pack).bases(frame)
    ]
    assert len(used) == len(set(used)) == 1


def test_depths_begin_anew_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MAX_DEPTH", 3)
    repository, rng, seen, key = new_repository(), random.Random(1), list[int](), None
    page = bytearray(rng.randbytes(4096))
    for _ in range(9):
        page[:8] = rng.randbytes(8)
        key = save(repository, tmp_path, bytes(page), before=key)
        pack, number = next(repository.read_manifest(key).page_map.addresses())
        seen.append(PackTable(repository).index(pack).depths[number])
        assert load(repository, tmp_path, key) == page
    assert seen == [0, 1, 2, 3, 0, 1, 2, 3, 0]


def test_the_budget_bounds_what_a_backup_decodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 16 frames of a megabyte, a budget of 4 MiB less an eighth of the image lets two serve as bases."""
    monkeypatch.setattr(versions, "BUDGET_BYTES", 4 << 20)
    repository, rng = new_repository(), random.Random(1)
    image = bytearray(rng.randbytes(16 << 20))
    key = save(repository, tmp_path, bytes(image))
    for at in range(0, len(image), 1 << 20):
        image[at] ^= 1
    before = repository.read_manifest(key)
    key = save(repository, tmp_path, bytes(image), before=key)
    assert depths(repository).count(1) == 2
    assert load(repository, tmp_path, key) == image
    plan = plan_read(PackTable(repository), repository.read_manifest(key).page_map.runs())
    assert plan.decode_bytes == (16 << 20) + 16 * 4096
    assert before.page_map.block_count == 4096


@pytest.mark.parametrize(
    ("image_mib", "budget_mib"), [(0, 48), (16, 46), (200, 23), (256, 16), (512, 16), (1024, 32), (10240, 320)]
)
def test_the_budget_follows_the_size(image_mib: int, budget_mib: int) -> None:
    assert versions.budget_bytes(image_mib << 20) == budget_mib << 20


def test_very_many_changes_are_stored_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MAX_DELTA_BLOCKS", 3)
    repository, rng = new_repository(), random.Random(1)
    image = rng.randbytes(8 * 4096)
    key = save(repository, tmp_path, image)
    after = b"".join(b"x" + image[at + 1 : at + 4096] for at in range(0, len(image), 4096))
    key = save(repository, tmp_path, after, before=key)
    assert set(depths(repository)) == {0}
    assert load(repository, tmp_path, key) == after


def test_an_empty_database(tmp_path: Path) -> None:
    repository = new_repository()
    empty = save(repository, tmp_path, b"", 0)
    full = save(repository, tmp_path, bytes(4096) + b"x" * 4096, 4096, empty)
    again = save(repository, tmp_path, b"", 0, full)
    assert [load(repository, tmp_path, key) for key in (empty, full, again)] == [b"", bytes(4096) + b"x" * 4096, b""]


def test_two_sources_do_not_touch_each_other(tmp_path: Path) -> None:
    repository, rng = new_repository(), random.Random(1)
    images = {name: rng.randbytes(20_480) for name in ("a", "b", "A")}
    keys = {name: save(repository, tmp_path, image, source=name) for name, image in images.items()}
    assert {name: load(repository, tmp_path, key) for name, key in keys.items()} == images


def test_progress_counts_blocks_up_to_all_of_them(tmp_path: Path) -> None:
    repository, image = new_repository(), random.Random(1).randbytes(600 * 4096)
    path = tmp_path / "image.db"
    path.write_bytes(image)
    monitor = RecordingMonitor()
    with ImageFile(path) as file:
        write_first(repository, file, Geometry(4096, len(image)), 1, monitor)
    assert [step[1:3] for step in monitor.steps] == [(256, 600), (512, 600), (600, 600)]


@pytest.mark.parametrize("page_bytes", [512, 1024, 4096, 65536])
def test_real_databases(tmp_path: Path, page_bytes: int) -> None:
    path, repository, copies, key = tmp_path / "live.db", new_repository(), dict[str, bytes](), None
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(f"PRAGMA page_size = {page_bytes}")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text)")
    for day in range(8):
        database.executemany("INSERT INTO t (text) VALUES (?)", [(f"row {day} {n} " * 20,) for n in range(60)])
        database.execute("UPDATE t SET text = text || 'x' WHERE id % 7 = ?", (day,))
        if day == 4:
            database.execute("DELETE FROM t WHERE id < 100")
        if day in (5, 6):
            database.execute("VACUUM")
        image = path.read_bytes()
        key = save(repository, tmp_path, image, page_bytes, key)
        copies[key] = image
    database.close()
    assert all(load(repository, tmp_path, name) == copy for name, copy in copies.items())
