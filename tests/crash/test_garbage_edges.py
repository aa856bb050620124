"""Histories in which collecting garbage once went wrong: packs that lose everything, and frames that nothing needs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from crash.worlds import small_scale
from litekeep.clock import SystemClock
from litekeep.monitor import Silent
from litekeep.operations.prune import Collected, PruneOptions, collect
from litekeep.operations.removal import Removal
from litekeep.operations.scrub import scrub
from litekeep.repository import garbage, layout
from litekeep.repository.compact import write_generations
from litekeep.repository.garbage import Rewrite
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from repository.store import load, new_repository, save

PAGE = 4096


class History:
    """Images of 60 pages; each snapshot gives some of them new content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository: Repository = new_repository()
        self.chance = random.Random(3)
        self.pages = [self._page() for _ in range(60)]
        self.images: dict[str, bytes] = {}
        self.newest: str | None = None

    def _page(self) -> bytes:
        return self.chance.randbytes(1000) + bytes(PAGE - 1000)

    def snapshot(self, changed: Sequence[int] = ()) -> str:
        """The next one."""
        for number in changed:
            self.pages[number] = self._page()
        image = b"".join(self.pages)
        self.newest = save(self.repository, self.folder, image, PAGE, self.newest)
        self.images[self.newest] = image
        return self.newest

    def forget(self, *keys: str) -> None:
        """Manifests only, as a prune does it."""
        for key in keys:
            self.repository.storage.delete(key)
            del self.images[key]

    def collect(self, *, compact: bool = True) -> Collected:
        """One collection, after which everything must be whole."""
        done = collect(self.repository, PruneOptions(compact=compact), Removal(self.repository.storage), Silent())
        self.require_whole()
        return done

    def require_whole(self) -> None:
        """Every snapshot gives its image, and scrub finds nothing."""
        for key, image in self.images.items():
            assert load(self.repository, self.folder, key) == image
        report = scrub(self.repository, clock=SystemClock(), monitor=Silent())
        assert report.damaged == ()

    def packs_of(self, sequence: int) -> list[str]:
        """The packs of the snapshot with this number."""
        entries = self.repository.storage.list(layout.PACKS)
        parsed = {entry.key: layout.parse_pack_key(entry.key) for entry in entries}
        return [key for key, parts in parsed.items() if parts and int.from_bytes(parts[0][:4], "big") == sequence]


def test_a_pack_that_loses_all_its_blocks_is_dropped(tmp_path: Path) -> None:
    """One hot page: between two kept snapshots lie packs that serve only as bases."""
    history = History(tmp_path)
    made = [history.snapshot([5]) for _ in range(16)]
    history.forget(*made[1:-1])
    done = history.collect()
    assert (done.dropped_packs, done.rewritten_packs) == (14, 1)
    assert done.freed_bytes > 0
    again = history.collect()
    assert (again.dropped_packs, again.rewritten_packs, again.freed_bytes) == (0, 0, 0)


def _frame_without_use(history: History, also_changed: Sequence[int]) -> None:
    """Pack 3 has a frame that nothing needs, built on pack 2; its other frames are needed."""
    history.snapshot()
    second = history.snapshot([0, 1, 2, 3, *also_changed])
    third = history.snapshot([0, 1, 2, 3, *range(8, 48)])
    history.pages[0:4] = [history.pages[50]] * 4  # known content: no block is written for it
    history.snapshot()
    history.forget(second, third)


def test_a_frame_without_use_may_lose_its_base(tmp_path: Path) -> None:
    history = History(tmp_path)
    with small_scale(), pytest.MonkeyPatch.context() as monkeypatch:  # undone before small_scale ends
        monkeypatch.setattr("litekeep.repository.writer.PACK_BYTES", 1 << 20)
        _frame_without_use(history, [])
        assert history.packs_of(2)
        history.collect(compact=False)
        assert not history.packs_of(2)
        history.collect(compact=False)


def test_reading_back_leaves_out_what_nothing_needs(tmp_path: Path) -> None:
    """Pack 3 has two generations, as after an interrupted prune, and its frame without use loses its base now."""
    history = History(tmp_path)
    with small_scale(), pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(garbage, "PACK_WASTE_PERCENT", 30)
        monkeypatch.setattr("litekeep.repository.writer.PACK_BYTES", 1 << 20)
        _frame_without_use(history, [48])
        table = PackTable(history.repository)
        (key,) = history.packs_of(3)
        parsed = layout.parse_pack_key(key)
        assert parsed
        index = table.index(parsed[0])
        again = Rewrite(key, parsed[0], 1, tuple(index.frames))
        write_generations(history.repository, table, (again,), tmp_path, Silent())
        assert history.collect().rewritten_packs
        assert history.packs_of(3) == [layout.pack_key(parsed[0], 1)]
        history.collect()
