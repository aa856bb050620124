"""The campaign notices a rule that overlooks a kind of change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from litekeep.sqlite.fingerprint import Fingerprint, unchanged
from torture import unchanged as campaign
from torture.campaign import Tally


@pytest.mark.parametrize(("overlooked", "begun_in"), [("wal", 0), ("times", 1)])
def test_an_overlooked_fact_is_a_missed_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overlooked: str, begun_in: int
) -> None:
    def blind(earlier: Fingerprint, *facts: object) -> tuple[bool, str]:
        return unchanged(seen_by(earlier), facts[0], seen_by(facts[1]), *facts[2:])  # type: ignore[arg-type]

    def seen_by(found: object) -> Fingerprint:
        assert isinstance(found, Fingerprint)
        if overlooked == "wal":
            return replace(found, wal=None)
        return replace(found, mtime_ns=0, ctime_ns=0, inode=0, header="")

    monkeypatch.setattr(campaign, "unchanged", blind)
    monkeypatch.setattr(campaign, "SHARD", 100)
    tally = Tally()
    campaign.run((1, begun_in), tally, tmp_path)
    assert tally.deviated
    assert "passes for" in tally.deviations[0].what
