"""A copy that was away while the repository was compacted: a backup that comes later is whole there all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from litekeep.blocks import split
from litekeep.monitor import Silent
from litekeep.operations import copyfit
from litekeep.operations.curate import to_trash
from litekeep.repository import garbage, layout, versions
from litekeep.testing import MemoryStorage
from operations.home import DAY, Home
from operations.test_sync import LAST_3, Copy, noted

THE_LAST = replace(LAST_3, keep_last=1, trash_days=1)
ALL = replace(LAST_3, keep_last=100)


class Away:
    """The copy has the backup of day 3 only, and dropped the pack of day 1.

    Here day 1 and 3 were forgotten, and compaction built day 2 on day 0, and day 4, which the copy has not, on day 2.
    The copy still has the pack of day 2 as it was made, built on day 1: it was needed there for other pages.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("WASTE_PERCENT", "PACK_WASTE_PERCENT"):
            monkeypatch.setattr(garbage, name, 0)
        monkeypatch.setattr(versions, "MAX_DEPTH", 2)  # so that day 3 is built on nothing
        monkeypatch.setattr(split, "FRAME_BYTES", 3 * 4096)  # so that the three pages that change are one frame
        self.home, self.images, ids = Home(folder), dict[str, str](), list[str]()
        self.copy = Copy(self.home)
        self.home.make()
        for day in range(5):
            self.home.sql(f"UPDATE item SET name = 'day {day}' WHERE id = 1")
            if day == 2:
                self.home.sql("CREATE TABLE big(body); INSERT INTO big VALUES (randomblob(30000))")
            ids.append(noted(self.home, self.images, after=DAY))
            if day < 4:
                self.copy.sync(policy=THE_LAST)
            if day == 3:
                for _ in range(2):
                    self.home.clock.advance(8 * DAY)
                    self.copy.sync(policy=THE_LAST, look=True)
        assert self.copy.ids() == {ids[3]}
        assert [key[15:17] for key in self.packs_there()] == ["01", "03", "04"]
        for day in (1, 3):
            to_trash(self.home.repository, self.home.find(ids[day]), clock=self.home.clock, monitor=Silent())
        self.home.clock.advance(20 * DAY)
        self.home.prune(ALL, confirmed=True)
        self.newest = ids[4]

    def packs_there(self) -> list[str]:
        """Their keys, without the folder, oldest first."""
        assert isinstance(self.copy.storage, MemoryStorage)
        keys = [entry.key for entry in self.copy.storage.list(layout.PACKS)]
        return sorted(keys, key=layout.pack_order)


def test_what_a_pack_there_is_built_on_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    away = Away(tmp_path, monkeypatch)
    result = away.copy.sync(policy=THE_LAST)
    assert result.left_behind == ()
    assert away.newest in away.copy.ids()
    assert any(key.endswith("-1") for key in away.packs_there() if key[15:17] == "03")
    away.copy.require(away.images)


def test_what_would_be_sent_besides_is_damaged_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the backup is not sent: a copy never shows one that is not whole there."""
    away = Away(tmp_path, monkeypatch)
    assert isinstance(away.home.storage, MemoryStorage)
    key = next(key for key in away.home.keys(layout.PACKS) if layout.parse_pack_key(key)[0][3] == 3)  # type: ignore[index]
    data = bytearray(away.home.storage._objects[key])
    data[100] ^= 1  # in a frame: what the index says is as it was
    away.home.storage._objects[key] = bytes(data)
    result = away.copy.sync(policy=THE_LAST)
    assert any(away.newest[:8] in text for text in result.left_behind)
    assert away.newest not in away.copy.ids()
    away.copy.require(away.images)


def test_a_backup_that_cannot_be_whole_there_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    away = Away(tmp_path, monkeypatch)
    monkeypatch.setattr(copyfit, "settle", lambda view, wanted, others, later: ([], list(wanted)))
    result = away.copy.sync(policy=THE_LAST)
    assert ["cannot be whole in this copy" in text for text in result.left_behind] == [True]
    assert result.sent_objects == 0
    assert away.newest not in away.copy.ids()
    told = [facts for name, facts in away.home.monitor.events if name == "warning" and facts["code"] == "not_copied"]
    assert away.newest[:8] in str(told[-1]["message"])


# ------------------------------------------------------------ the decision


@pytest.mark.parametrize(
    ("parents", "packs", "expected"),
    [
        (["a"], [layout.pack_key(bytes(8), 0)], True),
        (["a", "b"], [], True),
        (["a", "c"], [], False),
        ([None], [], False),
        (["a"], [layout.pack_key(bytes(8), 0), layout.pack_key(bytes(8), 1)], False),
    ],
)
def test_what_continues_what_is_there_needs_no_look(
    parents: list[str | None], packs: list[str], expected: bool
) -> None:
    assert copyfit.continues(parents, {"a", "b"}, packs) is expected


ONE, TWO, SPARE = (layout.pack_key(bytes([0, 0, 0, number, 0, 0, 0, 0]), 1) for number in (1, 2, 3))
"""Later generations of three packs; the third is of no use to what is lacking."""


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"new": {"", "12"}}, ([], [])),
        ({"new": {"12"}}, ([ONE, TWO], [])),
        ({"new": {"12"}, "old": {"", "1", "12"}}, ([ONE, TWO], [])),
        ({"new": {"12"}, "old": {"", "2", "12"}}, ([TWO, ONE], [])),
        ({"new": {"12"}, "old": {"", "12"}}, ([], ["new"])),  # not so on the way
        ({"new": {"12"}, "old": {"", "1", "2"}}, ([], ["new"])),  # not so in the end
        ({"new": {"12"}, "old": {"1"}}, ([ONE, TWO], [])),  # it was not whole before
        ({"new": {"1"}}, ([], ["new"])),
        ({"new": {"12"}, "new too": set()}, ([ONE, TWO], ["new too"])),
        ({"new": {"12"}, "new too": {"", "1", "12"}}, ([ONE, TWO], [])),
        ({"new": {"12"}, "new too": {""}}, ([], ["new"])),
    ],
)
def test_later_generations_only_where_nothing_is_lost_on_the_way(
    monkeypatch: pytest.MonkeyPatch, rules: dict[str, set[str]], expected: tuple[list[str], list[str]]
) -> None:
    """rules: for each map the sets of packs with which it is whole."""

    def is_whole(sent: Sequence[str], maps: Sequence[str]) -> bool:
        numbers = "".join(sorted(key[16] for key in sent if key != SPARE))
        return all(numbers in rules[each] for each in maps)

    monkeypatch.setattr(copyfit, "is_whole", is_whole)
    monkeypatch.setattr(copyfit, "needed_frames", lambda *_: {layout.parse_pack_key(key)[0] for key in (ONE, TWO)})  # type: ignore[index]
    wanted: Any = {each: each for each in rules if each != "old"}
    others: Any = [each for each in rules if each == "old"]
    view: Any = tuple
    found: Any = copyfit.settle(view, wanted, others, [SPARE, TWO, ONE])
    assert found == expected
