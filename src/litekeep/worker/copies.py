"""Jobs with copies: send what they lack, and prove that the database comes back from one. None touches the database."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from litekeep.clock import Clock, SystemClock
from litekeep.config.copies import CopySettings, open_copy
from litekeep.config.keys import open_with
from litekeep.errors import LitekeepError, NoRepository, UnknownSnapshot
from litekeep.journal.history import Outcome
from litekeep.monitor import Monitor
from litekeep.operations.copymemory import CopyMemory, CopyState
from litekeep.operations.drill import DrillResult, choose_for_drill, drill
from litekeep.operations.sync import SyncOptions, SyncResult, sync
from litekeep.records import dataclass
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.opening import find_remote
from litekeep.worker.jobs import Place, judge, recorded

SOONEST_AGAIN = timedelta(minutes=15)
LATEST_AGAIN = timedelta(hours=6)
PROVEN_HERE = timedelta(days=21)
"""After so long without a test restore from the repository itself, it is its turn, however many copies there are."""


@dataclass(frozen=True, slots=True)
class SyncJob:
    """Bring a copy up to date. policy: what the copy keeps. look, remove_keys: see SyncOptions."""

    place: Place
    copy: CopySettings
    policy: RetentionPolicy
    look: bool = False
    remove_keys: bool = False

    def run(self, monitor: Monitor) -> SyncResult:
        """Raises what operations.sync raises, NoRepository, SecretUnavailable, UsageError."""
        place, clock = self.place, SystemClock()
        with recorded(place, "sync", clock, monitor) as (row, told):
            row.facts["copy"] = self.copy.name
            repository = place.open(clock)
            row.source = place.source_in(load_catalog(repository).snapshots)
            result = sync_copy(
                repository,
                place.folder,
                self.copy,
                options_for(self.copy, self.policy, row.source, look=self.look, remove_keys=self.remove_keys),
                clock=clock,
                monitor=told,
            )
            if result.left_behind:
                row.outcome, row.exit_code, row.message = Outcome.WARNINGS, 3, result.left_behind[0]
            elif result.nothing_new:
                row.outcome, row.message = Outcome.SKIPPED, "nothing new"
        return result


def options_for(
    copy: CopySettings,
    policy: RetentionPolicy,
    source: str | None,
    *,
    look: bool = False,
    remove_keys: bool = False,
) -> SyncOptions:
    """As the settings want it. A folder needs no yes to backups that are not encrypted: the repository is one, too.

    It is looked at each time: that costs nothing, and another drive may be in its place.
    """
    return SyncOptions(
        policy,
        source,
        look=look,
        check=not copy.is_remote,
        ask_first=not copy.is_paid_by_request,
        unencrypted=copy.unencrypted or not copy.is_remote,
        remove_keys=remove_keys,
    )


def sync_copy(
    repository: Repository, folder: Path, copy: CopySettings, options: SyncOptions, *, clock: Clock, monitor: Monitor
) -> SyncResult:
    """Open the copy and send what it lacks; raises what operations.sync raises, SecretUnavailable, UsageError.

    folder: of the repository, where it is remembered what the copy has.
    """
    memory = CopyMemory(folder, copy.name, copy.shown, repository.config.id)
    try:
        storage = open_copy(
            copy,
            clock=clock,
            monitor=monitor,
            cancelled=monitor.cancelled,
            create=memory.known is None,  # later it is the drive that is not connected
            exclusive=memory.exclusive,
            visited=bool(memory.known),
        )
    except LitekeepError as error:
        memory.change(
            attempted_at=clock.now(),
            failing_since=memory.state.failing_since or clock.now(),
            problem=error.message,
            problem_code=error.code,
        )
        memory.save()
        raise

    try:
        return sync(repository, storage, memory, options, clock=clock, monitor=monitor)
    finally:
        remote = find_remote(storage)
        if remote is not None:
            if remote.exclusive is not None and remote.exclusive != memory.exclusive:
                memory.exclusive = remote.exclusive
                memory.save()
            remote.close()


def is_due_again(state: CopyState, now: datetime) -> bool:
    """True if a copy that failed is to be tried again: the longer it has failed, the longer the pause."""
    if state.failing_since is None or state.attempted_at is None:
        return False
    pause = min(LATEST_AGAIN, max(SOONEST_AGAIN, (state.attempted_at - state.failing_since) / 2))
    return not timedelta() <= now - state.attempted_at < pause


def place_to_prove(
    here: datetime | None, copies: Iterable[CopyState], enabled: Iterable[str], now: datetime
) -> str | None:
    """The copy from which the next test restore is to come, or None for the repository itself: who was proven longest
    ago. A copy that is failing, or that has nothing whole yet, is passed over.

    here: when a test restore from the repository last passed.
    """
    if here is None or now - here > PROVEN_HERE:
        return None
    names = set(enabled)
    usable = [each for each in copies if each.name in names and each.synced_at and not each.problem and each.snapshots]
    longest_ago = min(usable, key=lambda each: each.proven_at.timestamp() if each.proven_at else 0.0, default=None)
    if longest_ago is None or (longest_ago.proven_at is not None and longest_ago.proven_at >= here):
        return None
    return longest_ago.name


@dataclass(frozen=True, slots=True)
class DrillCopyJob:
    """Restore a snapshot from a copy into a scratch place and prove it, as DrillJob does from the repository.

    name: of the snapshot; None: the least recently proven one of those that are there.
    """

    place: Place
    copy: CopySettings
    name: str | None = None
    checks: tuple[str, ...] = ()
    slot: datetime | None = None

    def run(self, monitor: Monitor) -> DrillResult:
        """Raises UnknownSnapshot, StorageError, SecretUnavailable; what went wrong with the data is in the result."""
        place, clock = self.place, SystemClock()
        with recorded(place, "drill", clock, monitor) as (row, told):
            row.facts["copy"] = self.copy.name
            if self.slot is not None:
                row.facts["slot"] = self.slot.isoformat()
            local = place.open(clock)
            memory = CopyMemory(place.folder, self.copy.name, self.copy.shown, local.config.id)
            catalog = load_catalog(local)
            there = [each for each in place.own(catalog.snapshots) if each.key in (memory.known or {})]
            if self.name is not None:
                snapshot = catalog.find(self.name)
            elif there:
                snapshot = choose_for_drill(there, random.SystemRandom())
            else:
                raise UnknownSnapshot(f"the copy {self.copy.name} has no backup yet")
            row.source = snapshot.source
            storage = open_copy(self.copy, clock=clock, monitor=told, cancelled=told.cancelled)
            copy = open_with(place.key, storage, told)
            if copy.config != local.config:
                raise NoRepository(f"{storage.description} holds another repository")
            result = drill(copy, snapshot, checks=self.checks, scratch=place.scratch, clock=clock, monitor=told)
            judge(row, result.damage, result.problems)
            if result.ok:
                memory.change(proven_at=clock.now(), proven_id=snapshot.id)
            else:
                problem = (*result.damage, *result.problems)[0]
                memory.change(problem=f"a test restore from it failed: {problem}", problem_code="verification")
                memory.change(failing_since=memory.state.failing_since or clock.now())
            memory.save()
        return result
