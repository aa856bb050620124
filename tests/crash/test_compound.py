"""A second fault in the run that recovers from the first one."""

from __future__ import annotations

import random

import pytest

from crash.conftest import Stage
from crash.film import Film, in_memory
from crash.operations import OPERATIONS, attempt
from crash.oracle import require_nothing_lost, require_recovery
from crash.worlds import names_from
from litekeep.errors import NoSpace, StorageError
from litekeep.testing import Fault, FaultyStorage, Moment

CHANGING = [operation.name for operation in OPERATIONS if operation.name not in ("scrub", "create")]
PAIRS = 4


@pytest.mark.parametrize("name", CHANGING)
def test_killed_and_killed_again(name: str, stage: Stage, pytestconfig: pytest.Config) -> None:
    """Killed at one place, its next run at another; then an error in the third run, and the fourth must do."""
    operation, world, reference = stage(name)
    chance = random.Random(name)
    changes = [frame for frame in reference.frames if frame.after is not frame.before] or list(reference.frames)
    for number in range(PAIRS * (10 if pytestconfig.getoption("--crash-all") else 1)):
        first = chance.choice(changes)
        world.reset(first.files or None)
        second_run = Film(first.after if number % 2 else first.before)
        with names_from(200 + number):
            attempt(operation, world, second_run, world.clock())
        second = chance.choice(second_run.frames)
        world.reset(first.files or None)
        third_run = Film(second.after)
        fault = Fault(
            chance.randint(1, 12), Moment.AFTER if number % 3 else Moment.BEFORE, (StorageError, NoSpace)[number % 2]
        )
        with names_from(300 + number):
            attempt(operation, world, FaultyStorage(third_run, [fault]), world.clock())
        require_nothing_lost(world, reference, in_memory(third_run.state))
        require_recovery(operation, world, reference, in_memory(third_run.state), seed=400 + number)
