"""What the scheduler does for one database: the backup by its rule, and the test restore by its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from litekeep.clock import Clock
from litekeep.config.settings import Settings
from litekeep.errors import VerificationFailed
from litekeep.operations.copymemory import read_states
from litekeep.operations.naming import find_source_name
from litekeep.operations.slots import last_slot
from litekeep.repository.catalog import load_catalog
from litekeep.scheduling.rule import parse_restore_test, parse_rule
from litekeep.scheduling.task import Ended, RunOutcome, Task
from litekeep.scheduling.zone import zone_named
from litekeep.worker.jobs import Place

BACKUP, DRILL = "backup", "drill"


def tasks_of(
    settings: Settings,
    place: Callable[[], Place],
    clock: Clock,
    back_up: Callable[[datetime | None], Any],
    drill: Callable[[datetime | None], Any],
    fresh: Callable[[], bool],
) -> list[Task]:
    """The tasks. back_up and drill return a BackupResult and a DrillResult, or raise.

    fresh: tells whether there is no repository yet, and the first backup is to make one.
    """
    given, found = settings.backup, list[Task]()
    zone: tzinfo | None = zone_named(given.timezone) if given.timezone else None

    def backed_up(until: datetime) -> datetime | None:
        if fresh():
            return None
        here = place()
        repository = here.open(clock)
        keys = repository.snapshot_keys()
        source = here.source or find_source_name(repository, here.database, keys)
        return last_slot(repository, source, until=until, keys=keys) if source else None

    def drilled(until: datetime) -> datetime | None:
        if fresh():
            return None  # the backup comes first: tasks run in their order
        here = place()
        times = [each.drilled_at for each in here.own(load_catalog(here.open(clock)).snapshots) if each.drilled_at]
        times += [each.proven_at for each in read_states(here.folder).values() if each.proven_at]
        return max((at for at in times if at <= until), default=None)

    def run_backup(slot: datetime | None) -> RunOutcome:
        result = back_up(slot)
        return _outcome(result.damage, Ended.SATISFIED if result.satisfied else Ended.DONE)

    def run_drill(slot: datetime | None) -> RunOutcome:
        return _outcome(drill(slot).damage, Ended.DONE)

    if rule := given.effective_schedule:
        found.append(Task(BACKUP, parse_rule(rule, catch_up=given.catch_up), backed_up, run_backup, zone))
    test = parse_restore_test(given.restore_test, catch_up=given.catch_up) if given.enabled else None
    if test is not None:
        found.append(Task(DRILL, test, drilled, run_drill, zone))
    return found


def _outcome(damage: tuple[str, ...], good: Ended) -> RunOutcome:
    return RunOutcome(Ended.FAILED, damage[0], VerificationFailed.code) if damage else RunOutcome(good)
