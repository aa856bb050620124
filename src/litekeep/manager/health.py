"""Is the database protected? What the repository and the journal say, as Facts and Status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from litekeep.clock import Clock
from litekeep.config.settings import BackupSettings
from litekeep.errors import KeyNeeded, LitekeepError, SecretUnavailable, VerificationFailed
from litekeep.manager.home import may_create
from litekeep.manager.situations import backup_runs
from litekeep.model import Snapshot
from litekeep.operations.backup import BackupResult
from litekeep.operations.status import MAX_AGE, Facts, Status, assess, gather_facts
from litekeep.operations.whereabouts import NamedCopy, copy_facts
from litekeep.repository.catalog import load_catalog
from litekeep.scheduling.rule import longest_gap, parse_rule
from litekeep.scheduling.zone import machine_zone, zone_named
from litekeep.worker.jobs import Place

LATE = timedelta(hours=2)


def known(
    place: Place, clock: Clock, max_age: timedelta, copies: Sequence[NamedCopy] = ()
) -> tuple[Facts, Status, tuple[Snapshot, ...] | None]:
    """What is known now, and all snapshots of the repository from which it is known; None if they cannot be read.

    Where there is no repository yet, and nothing is wrong with that, there are none.
    """
    now = clock.now()
    snapshots: tuple[Snapshot, ...] | None = None
    try:
        if may_create(place):
            snapshots = ()
            facts = Facts(place.name, runs=tuple(backup_runs(place.journal().rows())), max_age=max_age)
        else:
            repository = place.open(clock)
            catalog, runs = load_catalog(repository), backup_runs(place.journal().rows())
            snapshots = catalog.snapshots
            ours = place.source_in(snapshots)
            told = copy_facts(place.folder, snapshots, copies, max_age)
            gathered = gather_facts(repository, catalog, runs, now, max_age=max_age, copies=told)
            facts = next((each for each in gathered if each.source == ours), Facts(place.name, max_age=max_age))
    except LitekeepError as error:
        locked = isinstance(error, (KeyNeeded, SecretUnavailable))
        facts = Facts(place.name, missing=error.message, max_age=max_age, key_needed=locked)
    return facts, assess(facts, now), snapshots


def oldest_allowed(given: BackupSettings, clock: Clock) -> timedelta:
    """How old the newest backup may be: 26 hours, or more where the schedule itself makes longer pauses."""
    if not given.effective_schedule:
        return MAX_AGE
    return max(MAX_AGE, _pause(given, clock.now(), machine_zone(clock)) + LATE)


def _pause(given: BackupSettings, now: datetime, machine: tzinfo) -> timedelta:
    zone = zone_named(given.timezone) if given.timezone else machine
    return longest_gap(parse_rule(given.effective_schedule or ""), now, zone)


def proven(result: BackupResult) -> Snapshot:
    """The snapshot of a run; raises VerificationFailed if it could not be read back."""
    if result.damage:
        raise VerificationFailed(
            f"the backup was stored but could not be read back: {result.damage[0]}",
            safe="The database and all earlier backups are unchanged.",
            hint="Check the drive of the backups; the next run stores everything anew.",
        )
    return result.snapshot
