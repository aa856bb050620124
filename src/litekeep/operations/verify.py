"""Verify: read a snapshot back from the repository and prove it.

FULL: every page is read back and compared with the hash taken while reading the source, the file is rebuilt, and on
it run integrity_check, foreign_key_check and the given checks. WRITTEN: the blocks that the snapshot's own backup wrote
are read back and compared; nothing is rebuilt. The outcome is stored as a receipt, good or bad.

Damage (stored objects are not what was written) and problems (the source itself was unsound when it was copied) are
different things: a faithful copy of a damaged database is verified, and has problems.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import CorruptObject, PermissionRefused, ReadOnlyStorage
from litekeep.formats.manifest import Manifest, Run
from litekeep.formats.receipt import Receipt
from litekeep.model import Level, Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.scratch import scratch_folder
from litekeep.records import dataclass
from litekeep.repository.catalog import CHECK_FAILED
from litekeep.repository.layout import source_dir
from litekeep.repository.moment import with_packs
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import BlockReader, plan_read
from litekeep.repository.rebuild import rebuild, require_digest
from litekeep.repository.repository import Repository
from litekeep.sqlite.check import CheckReport, check_database

TIME_LIMIT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What a verification found; see Receipt for the words."""

    snapshot: Snapshot
    level: Level
    damage: tuple[str, ...]
    problems: tuple[str, ...]
    unchecked: tuple[str, ...]
    tables: tuple[tuple[str, int], ...] | None
    elapsed_seconds: float

    @property
    def ok(self) -> bool:
        """True if the stored data is intact and the source was sound."""
        return not self.damage and not self.problems


@dataclass(frozen=True, slots=True)
class Proof:
    """What reading back showed, before it becomes a receipt."""

    level: Level
    damage: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    tables: tuple[tuple[str, int], ...] | None = None
    checks: int = 0


def verify(
    repository: Repository,
    snapshot: Snapshot,
    *,
    level: Level = Level.FULL,
    checks: Sequence[str] = (),
    scratch: Path | None = None,
    record: bool = True,
    clock: Clock,
    monitor: Monitor,
) -> VerifyResult:
    """Verify one snapshot and store the receipt (unless `record` is false).

    Where the storage may only be read, there is the result all the same, with the warning `read_only`.

    Raises Cancelled, NoSpace for the scratch folder, ObjectMissing when the snapshot was forgotten meanwhile, and
    StorageError when the storage cannot be reached: then nothing was proven and nothing is recorded.
    """
    started = clock.monotonic()
    monitor.event("verify_started", snapshot=snapshot.id, level=level.name.lower())
    try:
        manifest = repository.read_manifest(snapshot.key)
        proof = with_packs(
            repository,
            snapshot.key,
            lambda table: prove(repository, table, snapshot.key, manifest, level, checks, scratch, clock, monitor),
        )
    except CorruptObject as error:
        proof = Proof(Level.NONE, damage=(str(error),))
    if record:
        keep_proof(repository, snapshot, proof, "verify", clock, monitor)
    result = VerifyResult(
        snapshot, proof.level, proof.damage, proof.problems, proof.unchecked, proof.tables, clock.monotonic() - started
    )
    monitor.event(
        "verify_finished",
        snapshot=snapshot.id,
        level=proof.level.name.lower(),
        damage="; ".join(proof.damage),
        problems="; ".join(proof.problems),
        elapsed_seconds=result.elapsed_seconds,
    )
    return result


def prove(
    repository: Repository,
    table: PackTable,
    key: str,
    manifest: Manifest,
    level: Level,
    checks: Sequence[str],
    scratch: Path | None,
    clock: Clock,
    monitor: Monitor,
) -> Proof:
    """Read back at the given level; raises CorruptObject at the first damage."""
    if level <= Level.WRITTEN:
        return _prove_written(repository, table, key, manifest, scratch, monitor)
    with scratch_folder(scratch) as folder:
        copy = folder / "verify.db"
        copy.touch(mode=0o600)
        rebuild(repository, table, key, manifest, copy, monitor, phase="verify")
        report = check_database(
            copy, checks=checks, time_limit_seconds=TIME_LIMIT_SECONDS, clock=clock, monitor=monitor
        )
    return Proof(level, (), problems_of(report), report.unchecked, report.tables, len(checks))


def problems_of(report: CheckReport) -> tuple[str, ...]:
    """What a check found wrong with the source, in one list."""
    unfinished = () if report.complete else ("a check was not finished within its time limit",)
    return (*report.problems, *(f"{CHECK_FAILED}{text}" for text in report.failed_checks), *unfinished)


def _prove_written(
    repository: Repository, table: PackTable, key: str, manifest: Manifest, scratch: Path | None, monitor: Monitor
) -> Proof:
    require_digest(repository, table, key, manifest)
    new = {bytes.fromhex(pack) for pack in manifest.facts.get("new_packs", ())}
    runs: list[Run] = [run for run in manifest.page_map.runs() if run.pack in new]
    BlockReader(repository, table, scratch).read(plan_read(table, runs), lambda *_: None, monitor, "verify")
    return Proof(Level.WRITTEN)


def record_proof(repository: Repository, snapshot: Snapshot, proof: Proof, kind: str, clock: Clock) -> Receipt:
    """Store the receipt of a verification or drill, and return it."""
    receipt = Receipt(
        snapshot.id,
        kind,
        clock.now(),
        proof.level,
        proof.problems,
        proof.damage,
        proof.tables,
        {"unchecked": list(proof.unchecked), "checks": proof.checks},
    )
    repository.write_receipt(source_dir(snapshot.source), receipt)
    return receipt


def keep_proof(
    repository: Repository, snapshot: Snapshot, proof: Proof, kind: str, clock: Clock, monitor: Monitor
) -> None:
    """Store the receipt, or warn that this storage takes none: what was read is proven, and only not remembered."""
    try:
        record_proof(repository, snapshot, proof, kind, clock)
    except (PermissionRefused, ReadOnlyStorage) as error:
        message = f"the repository cannot be written, so the result is not remembered: {error.message}"
        monitor.event("warning", code="read_only", message=message)
