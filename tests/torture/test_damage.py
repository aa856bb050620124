"""The damage campaign notices a reader that believes what it should not."""

from __future__ import annotations

from pathlib import Path

import pytest

from litekeep.blocks.seal import TagParts
from litekeep.repository import layout
from torture import damage
from torture.campaign import Tally


def believe(monkeypatch: pytest.MonkeyPatch) -> None:
    """No seal is looked at any more."""
    monkeypatch.setattr(TagParts, "open", lambda self, part, sealed: memoryview(sealed)[:-16])


@pytest.mark.parametrize("kind", [layout.RECEIPTS, layout.PACKS])
def test_a_seal_that_is_not_looked_at(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shard = ("ci", 1, damage.PLAIN, kind, damage.BYTE, 0)
    damage.ground(damage.PLAIN)
    sound, blind = Tally(), Tally()
    damage.run(shard, sound, tmp_path)
    believe(monkeypatch)
    damage.run(shard, blind, tmp_path)
    assert sound.deviated == 0
    assert blind.deviated > blind.cases // 20
    assert sound.cases == blind.cases > 100


def test_one_case_is_run_again_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    believe(monkeypatch)
    shard = ("ci", 1, damage.PLAIN, layout.RECEIPTS, damage.BYTE, 0)
    first = Tally()
    damage.run(shard, first, tmp_path)
    case = next(each.case for each in first.deviations)
    again = Tally(only=case)
    damage.run(shard, again, tmp_path)
    assert (again.cases, again.deviated, again.deviations[0].case) == (1, 1, case)
