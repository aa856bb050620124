"""An error at every storage operation: before its effect or after it (the reply is lost), once or from then on.

Long operations are struck at every third place or more rarely, and at all with `--crash-all`, as by the torture
harness's campaign `error`.
"""

from __future__ import annotations

from itertools import cycle

import pytest

from crash.conftest import Stage
from crash.film import Film, State, files_in, in_memory
from crash.operations import OPERATIONS, Operation, attempt, failed
from crash.oracle import Reference, digest_of, require_nothing_lost, require_proofs_by_reading, require_recovery
from crash.worlds import World, names_from
from litekeep.errors import LitekeepError, NoSpace, PermissionRefused, StorageError
from litekeep.repository.repository import Repository
from litekeep.testing import Fault, FaultyStorage, Moment

NAMES = [operation.name for operation in OPERATIONS]
OFTEN = 60
"""About so many errors strike an operation; the stride is odd, so that all kinds and moments have their turn."""
KINDS = (StorageError, NoSpace, PermissionRefused)
EXIT_CODES = {StorageError: 13, NoSpace: 14, PermissionRefused: 13}


def plan_of(reference: Reference) -> list[Fault]:
    """Every operation, before and after, once and lasting; the three errors in turn.

    Before and after are the same for an operation that changes nothing.
    """
    kinds, plan = cycle(KINDS), list[Fault]()
    for frame in reference.frames:
        moments = tuple(Moment) if frame.operation in ("put", "delete") else (Moment.BEFORE,)
        for moment in moments:
            if moment is not Moment.TORN:
                plan += [Fault(frame.number, moment, next(kinds), lasting=lasting) for lasting in (False, True)]
    return plan


@pytest.mark.parametrize("name", NAMES)
def test_an_error_at_every_operation(name: str, stage: Stage, pytestconfig: pytest.Config) -> None:
    operation, world, reference = stage(name)
    everything, done = pytestconfig.getoption("--crash-all"), set[str]()
    plan = plan_of(reference)
    stride = 1 if everything else 1 + 2 * (len(plan) // (2 * OFTEN))
    for number, fault in list(enumerate(plan))[::stride]:
        state, files = run_with(operation, world, fault)
        found = digest_of(state, files)
        if found not in done or everything:
            done.add(found)
            world.reset(files or None)
            require_nothing_lost(world, reference, in_memory(state))
            require_recovery(operation, world, reference, in_memory(state), seed=1000 + number)


def run_with(operation: Operation, world: World, fault: Fault) -> tuple[State, State]:
    """Run with one fault and judge what it told; returns what is left, in the repository and beside the database."""
    world.reset()
    film = Film(world.objects, world.folder / "data" if operation.watches else None)
    faulty = FaultyStorage(film, [fault])
    with names_from(2):
        result, error = attempt(operation, world, faulty, world.clock())
    faulty.assert_exhausted()
    if error is not None:
        require_told(error, fault, faulty)
    elif not failed(result):
        repository = Repository.open(in_memory(film.state))
        assert operation.goal(world, repository, world.scratch), f"a false success after {faulty.fired}"
    require_proofs_by_reading(film.frames, world)
    return film.state, files_in(world.folder / "data") if operation.watches else {}


def require_told(error: LitekeepError, fault: Fault, faulty: FaultyStorage) -> None:
    """The class and exit code of the planned fault, and what it said."""
    assert fault.error is not None
    assert isinstance(error, fault.error), f"{error!r} after {faulty.fired}"
    assert error.exit_code == EXIT_CODES[fault.error]
    assert "planned fault" in error.message
