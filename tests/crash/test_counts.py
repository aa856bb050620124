"""How many places the faults strike: the figures that a reader may rely on, and that no change may lower unnoticed."""

from __future__ import annotations

import pytest

from crash.conftest import Stage
from crash.operations import OPERATIONS
from crash.test_error import plan_of

KILL_POINTS = 2_000
ERROR_POINTS = 2_000


def test_totals(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Kill points: before and after each storage operation, and within each put. Error points: runs with an error."""
    kills = errors = 0
    for operation in OPERATIONS:
        frames = stage(operation.name)[2].frames
        kills += 2 * len(frames) + sum(frame.operation == "put" for frame in frames)
        errors += len(plan_of(stage(operation.name)[2]))
    with capsys.disabled():
        print(f"\n{len(OPERATIONS)} operations, {kills} kill points, {errors} error points")
    assert kills >= KILL_POINTS
    assert errors >= ERROR_POINTS
