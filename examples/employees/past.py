"""A sample with a past: the office worked for some weeks, every night at two a backup was made,
and on Sundays a restore was tested and old backups were cleaned up.

An application never does this. It is here because a backup of yesterday can only be shown where there is a yesterday.
It runs before the application opens the database: see litekeep.worker.inline.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from examples.employees import office, sample
from examples.employees.models import Employee, database, open_database
from examples.employees.protection import settings_beside
from litekeep.clock import SystemClock
from litekeep.config.load import load_settings
from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.drill import drill
from litekeep.operations.prune import PruneOptions, prune
from litekeep.retention import RetentionPolicy
from litekeep.testing import ManualClock
from litekeep.worker.jobs import Place, create_where_missing, recorded

DAYS_AGO = tuple(range(84, -1, -1))
"""In which nights a backup was made; of the older ones the weekly clean-up leaves the newest of each week."""


SUNDAY = 6


def make(
    path: Path, days_ago: tuple[int, ...] = DAYS_AGO, told: Callable[[int, int], None] = lambda _done, _total: None
) -> None:
    """Make the sample database at `path`, backups of these nights, and the CSV file beside it.

    told: called with how many nights are done, and of how many. Raises FileExistsError.
    """
    if path.exists():
        raise FileExistsError(path)
    system = SystemClock()
    now, zone = system.now(), system.zone()
    open_database(path)
    sample.fill(now.date())
    database.close()
    sample.write_csv(path.with_name(sample.CSV_NAME))
    settings = load_settings(settings_beside(path)).backup
    place = Place(path, settings.backup_directory, log=settings.backup_directory / "backup.log")
    for done, ago in enumerate(days_ago, 1):
        night = (now - timedelta(days=ago)).replace(hour=2, minute=0, second=0, microsecond=0)
        if night < now:
            work_day(path, night - timedelta(hours=10), people=1 if night.weekday() in (6, 0) else 6)
            _back_up(place, ManualClock(night, zone if "/" in zone else "UTC"), settings.retention)
        told(done, len(days_ago))


def work_day(path: Path, at: datetime, people: int) -> None:
    """The comments about some people change."""
    chance = random.Random(at.toordinal())  # noqa: S311 - invented days, not secrets
    open_database(path)
    identifiers = [each.id for each in Employee.select(Employee.id)]
    for identifier in chance.sample(identifiers, people):
        values = office.get(identifier) or {}
        office.save({**values, "comment": chance.choice(sample.COMMENTS)}, identifier, at=int(at.timestamp()))
    database.close()


def _back_up(place: Place, clock: ManualClock, policy: RetentionPolicy) -> None:
    with recorded(place, "backup", clock, Silent()) as (_, told):
        create_where_missing(place, clock, told)
        options = BackupOptions(reason=Reason.SCHEDULED, slot=clock.now())
        made = backup(place.open(clock), place.database, options=options, clock=clock, monitor=told)
    if clock.now().weekday() == SUNDAY:
        clock.advance(3600)
        with recorded(place, "drill", clock, Silent()) as (_, told):
            drill(place.open(clock), made.snapshot, clock=clock, monitor=told)
        with recorded(place, "prune", clock, Silent()) as (_, told):
            # confirmed: that many go at once is no surprise to who made them up
            prune(place.open(clock), PruneOptions(policy, confirmed=True), clock=clock, monitor=told)
