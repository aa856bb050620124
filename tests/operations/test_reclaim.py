"""What is said to be given back, beside what is given back."""

from __future__ import annotations

import pytest

from litekeep.model import Reason
from litekeep.operations.reclaim import reclaimable_bytes
from litekeep.repository import garbage
from litekeep.retention import RetentionPolicy, plan_retention

from .home import DAY, Home

STRICT = RetentionPolicy(days=0, weeks=0, months=0, keep_last=3)


@pytest.mark.parametrize("rows", [3, 60])
def test_the_estimate_is_of_the_right_size(home: Home, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(garbage, "WASTE_PERCENT", 0)
    monkeypatch.setattr(garbage, "PACK_WASTE_PERCENT", 0)
    home.make(2000)
    for _ in range(20):
        home.change(rows)
        home.backup(reason=Reason.SCHEDULED)
        home.clock.advance(DAY)
    before = home.snapshots()
    plan = plan_retention(before, STRICT, home.clock.now())
    assert len(plan.removed) == 17
    estimate = reclaimable_bytes(before, plan.removed)
    home.prune(STRICT, confirmed=True)
    home.clock.advance(8 * DAY)
    freed = home.prune(STRICT, confirmed=True).freed_bytes
    assert freed / 3 < estimate < freed * 3
    assert estimate < sum(each.new_bytes for each in plan.removed)


def test_without_anything_that_stands_on_it_all_is_given_back(home: Home) -> None:
    home.make(500)
    only = home.backup().snapshot
    assert reclaimable_bytes([only], [only]) == only.new_bytes
    assert reclaimable_bytes([only], []) == 0
