"""The campaign notices a rotation that keeps too little."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import pytest

from litekeep.model import Snapshot
from litekeep.operations import prune
from litekeep.retention import RetentionPlan, RetentionPolicy, plan_retention
from torture.campaign import Tally
from torture.years import Life

MEAN = RetentionPolicy(days=0, weeks=0, months=0, keep_last=2)


def test_a_rotation_that_keeps_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mean(snapshots: list[Snapshot], _policy: RetentionPolicy, now: datetime) -> RetentionPlan:
        return plan_retention(snapshots, MEAN, now)

    monkeypatch.setattr(prune, "plan_retention", mean)
    life = Life(tmp_path / "life", random.Random(1), Tally(), likely=0.0)
    with pytest.raises(AssertionError, match="retention's oracle keeps others"):
        for _ in range(6):
            life.day()
