"""Drill: restore a snapshot into a scratch place, exactly as a real restore would, and prove the result.

Without a choice, the snapshot least recently proven is taken, a random one among equals, so that in time every kept
snapshot has been restored once. The outcome is a receipt.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import UnknownSnapshot, VerificationFailed
from litekeep.model import Level, Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.restore import RestoreOptions, restore_new
from litekeep.operations.scratch import scratch_folder
from litekeep.operations.verify import Proof, keep_proof
from litekeep.records import dataclass
from litekeep.repository.repository import Repository


@dataclass(frozen=True, slots=True)
class DrillResult:
    """What the test restore showed. restored_bytes: size of the database it gave."""

    snapshot: Snapshot
    damage: tuple[str, ...]
    problems: tuple[str, ...]
    tables: tuple[tuple[str, int], ...]
    restored_bytes: int
    elapsed_seconds: float

    @property
    def ok(self) -> bool:
        """True if the restore worked and the database is sound."""
        return not self.damage and not self.problems


def choose_for_drill(snapshots: Sequence[Snapshot], chance: random.Random) -> Snapshot:
    """The least recently proven snapshot, a random one among equals; raises UnknownSnapshot if there is none."""
    live = [snapshot for snapshot in snapshots if snapshot.trashed_at is None]
    if not live:
        raise UnknownSnapshot("there is no snapshot to restore", hint="Make one with `litekeep backup`.")
    longest_ago = min(_proven(snapshot) for snapshot in live)
    return chance.choice([snapshot for snapshot in live if _proven(snapshot) == longest_ago])


def _proven(snapshot: Snapshot) -> datetime:
    return snapshot.drilled_at or datetime.min.replace(tzinfo=UTC)


def drill(
    repository: Repository,
    snapshot: Snapshot,
    *,
    checks: Sequence[str] = (),
    scratch: Path | None = None,
    clock: Clock,
    monitor: Monitor,
) -> DrillResult:
    """Test-restore one snapshot and store the receipt, or warn (`read_only`) where the storage may only be read.

    Raises StorageError, NoSpace, Cancelled: nothing was proven.
    """
    started = clock.monotonic()
    monitor.event("drill_started", snapshot=snapshot.id)
    options = RestoreOptions(checks=checks, accept_problems=True, recheck=True)
    size = 0
    with scratch_folder(scratch) as folder:
        try:
            result = restore_new(
                repository, snapshot, folder / "drill.db", options=options, clock=clock, monitor=monitor
            )
            size = result.size_bytes
            proof = Proof(Level.DRILL, problems=result.problems, tables=result.tables, checks=len(checks))
        except VerificationFailed as error:
            proof = Proof(Level.NONE, damage=(str(error),))
    keep_proof(repository, snapshot, proof, "drill", clock, monitor)
    elapsed = clock.monotonic() - started
    monitor.event(
        "drill_finished",
        snapshot=snapshot.id,
        damage="; ".join(proof.damage),
        problems="; ".join(proof.problems),
        restored_bytes=size,
        elapsed_seconds=elapsed,
    )
    return DrillResult(snapshot, proof.damage, proof.problems, proof.tables or (), size, elapsed)
