"""Killed before, in the middle of and after every storage operation of every operation."""

from __future__ import annotations

import pytest

from crash.conftest import Stage
from crash.film import in_memory
from crash.operations import OPERATIONS
from crash.oracle import digest_of, require_nothing_lost, require_proofs_by_reading, require_recovery

NAMES = [operation.name for operation in OPERATIONS]


@pytest.mark.parametrize("name", NAMES)
def test_killed_before_and_after_every_operation(name: str, stage: Stage, pytestconfig: pytest.Config) -> None:
    """The states are those of one film; where two are the same, so is all that follows."""
    operation, world, reference = stage(name)
    everything, done = pytestconfig.getoption("--crash-all"), set[str]()
    for frame in reference.frames:
        for state in (frame.before, frame.after):
            key = digest_of(state, frame.files)
            if key in done and not everything:
                continue
            done.add(key)
            world.reset(frame.files or None)
            require_nothing_lost(world, reference, in_memory(state))
            require_recovery(operation, world, reference, in_memory(state), seed=100 + frame.number)
    require_proofs_by_reading(reference.frames, world)
