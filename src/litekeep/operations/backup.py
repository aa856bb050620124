"""Backup: capture the source, store what changed, commit, read back.

The order of steps decides what a crash leaves behind:

1. lock; 2. pin the source (or see that nothing changed, and stop); 3. copy; 4. compare with the newest snapshot;
5. packs, each durable before the next step; 6. the manifest: the snapshot exists from here on, whole; 7. read back;
8. the receipt: from here on it is called verified.

A crash before 6 leaves packs that nothing refers to (prune collects them) and a scratch folder (the next run removes
it). A crash after 6 leaves a snapshot that is complete but not yet proven, and listed as such. The source is held only
during 2 and 3, never while anything is written to the repository.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import litekeep
from litekeep.blocks.split import Geometry
from litekeep.clock import Clock
from litekeep.errors import CorruptObject, Refused, SourceBusy, UsageError
from litekeep.formats.manifest import Manifest
from litekeep.formats.receipt import Mark, Receipt
from litekeep.model import DatabaseFacts, Level, Reason, Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.naming import choose_source_name
from litekeep.operations.scratch import scratch_folder
from litekeep.operations.verify import Proof, prove, record_proof
from litekeep.repository import layout
from litekeep.repository.catalog import apply_receipts, snapshot_from_facts
from litekeep.repository.changes import find_changes, scan_bytes_for
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.repository.versions import Written, write_changes, write_first
from litekeep.sqlite.capture import ATTEMPTS, CaptureOptions, Image, PinnedSource, SourceReplaced, pin
from litekeep.sqlite.fingerprint import Fingerprint, unchanged
from litekeep.storage.local import LocalStorage

FULL_LIMIT_BYTES = 256 << 20
"""Up to this size a backup is verified fully by default; above it, the blocks that it wrote."""
ALWAYS_STORED = frozenset({Reason.MANUAL, Reason.PRE_RESTORE})


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """How to back up. level None: FULL up to FULL_LIMIT_BYTES, WRITTEN above.

    skip_unchanged None: all but manual and pre-restore backups skip an unchanged database. checks: SQL statements whose
    first value must be true on the rebuilt copy. source: name in the repository; None: found by path, else the file's.
    """

    reason: Reason = Reason.MANUAL
    label: str = ""
    pinned: bool = False
    level: Level | None = None
    skip_unchanged: bool | None = None
    checks: Sequence[str] = ()
    source: str | None = None
    capture: CaptureOptions = field(default_factory=CaptureOptions)
    scratch: Path | None = None
    lock_wait_seconds: float = 60.0

    @property
    def may_skip(self) -> bool:
        """True if an unchanged database needs no new snapshot."""
        return self.reason not in ALWAYS_STORED if self.skip_unchanged is None else self.skip_unchanged


@dataclass(frozen=True, slots=True)
class BackupResult:
    """What a backup did. unchanged_how: how it was found that no new snapshot is needed, and `snapshot` is the one that
    holds the database's state already; empty for a new snapshot.

    new_bytes: added to the repository, manifest included. warnings: what a person should know although it worked.
    """

    snapshot: Snapshot
    unchanged_how: str
    new_bytes: int
    changed_pages: int
    level: Level
    problems: tuple[str, ...]
    damage: tuple[str, ...]
    unchecked: tuple[str, ...]
    elapsed_seconds: float

    @property
    def unchanged(self) -> bool:
        """True if no new snapshot was needed."""
        return bool(self.unchanged_how)


@dataclass(frozen=True, slots=True)
class _Before:
    """The newest snapshot of the source, its manifest (None if unreadable) and receipts."""

    key: layout.SnapshotKey
    manifest: Manifest
    receipts: list[Receipt]
    snapshot: Snapshot


def backup(
    repository: Repository, source: Path, *, options: BackupOptions | None = None, clock: Clock, monitor: Monitor
) -> BackupResult:
    """Back up the database at `source`; see the module's text for the order of steps.

    Raises BackupFailed and its kinds when the source cannot be captured, Locked, StorageError, NoSpace, Cancelled:
    then no snapshot was added and all earlier ones are untouched. Damage found when reading back does not raise: it is
    in the result, and in the receipt.
    """
    options = options or BackupOptions()
    started = clock.monotonic()
    monitor.event("backup_started", database=str(source), reason=options.reason.value)
    with repository.lock(f"backup of {source.name}", options.lock_wait_seconds):
        for attempt in range(ATTEMPTS):
            try:
                result = _backup_locked(repository, source, options, clock, monitor)
                break
            except SourceReplaced:
                if attempt == ATTEMPTS - 1:
                    raise
        else:  # pragma: no cover - the loop always breaks or raises
            raise SourceBusy("unreachable")
    result = replace(result, elapsed_seconds=clock.monotonic() - started)
    monitor.event(
        "backup_finished",
        snapshot=result.snapshot.id,
        unchanged=result.unchanged,
        size_bytes=result.snapshot.database.size_bytes,
        new_bytes=result.new_bytes,
        changed_pages=result.changed_pages,
        level=result.level.name.lower(),
        problems="; ".join(result.problems),
        damage="; ".join(result.damage),
        elapsed_seconds=result.elapsed_seconds,
    )
    return result


def _backup_locked(
    repository: Repository, source: Path, options: BackupOptions, clock: Clock, monitor: Monitor
) -> BackupResult:
    _refuse_inside(repository, source)
    name = options.source or choose_source_name(repository, source, monitor)
    before = _newest(repository, name, monitor)
    began = clock.now()
    with pin(source, clock=clock, monitor=monitor, options=options.capture) as pinned:
        if options.may_skip and before and _fingerprint_equal(before, pinned.fingerprint, began):
            return _skip(repository, before, pinned.fingerprint, began, clock, full_read=False)
        with scratch_folder(options.scratch) as scratch:
            image = _copy(pinned, scratch)
            return _store(repository, name, source, image, before, began, options, scratch, clock, monitor)


def _copy(pinned: PinnedSource, scratch: Path) -> Image:
    return pinned.copy_to(scratch / "image.db")


def _refuse_inside(repository: Repository, source: Path) -> None:
    if isinstance(repository.storage, LocalStorage):
        resolved = Path(os.path.realpath(source))
        if resolved.is_relative_to(Path(os.path.realpath(repository.storage.root))):
            raise Refused(
                f"{source} lies inside the repository {repository.storage.description}",
                safe="Nothing was changed.",
                hint="Keep the database and its backups in different folders.",
            )


def _newest(repository: Repository, name: str, monitor: Monitor) -> _Before | None:
    """The newest snapshot that can be read: a damaged one is passed over, and the next backup stores what it lacks."""
    for key in reversed(repository.snapshot_keys(layout.source_dir(name))):
        try:
            manifest = repository.read_manifest(key.key)
            snapshot = snapshot_from_facts(key, manifest.facts)
            receipts = repository.receipts_of(key)
        except CorruptObject as error:
            monitor.event("warning", code="damaged", message=str(error))
            continue
        return _Before(key, manifest, receipts, apply_receipts(snapshot, receipts))
    return None


def _fingerprint_equal(before: _Before, now: Fingerprint, began: datetime) -> bool:
    """The rule of "nothing changed": equal fingerprint of a snapshot that is still listed, verified and undamaged."""
    if before.snapshot.verified < Level.WRITTEN or before.snapshot.damage:
        return False
    earlier = before.manifest.facts.get("fingerprint")
    seen_at = read_at = before.snapshot.created_at
    for receipt in before.receipts:
        if receipt.kind == "unchanged" and receipt.facts.get("full_read"):
            earlier, seen_at = receipt.facts.get("fingerprint"), datetime.fromisoformat(receipt.facts["began"])
            read_at = seen_at
    try:
        return unchanged(Fingerprint.from_json(earlier or {}), seen_at, now, read_at, began)[0]
    except ValueError:
        return False


def _skip(
    repository: Repository,
    before: _Before,
    fingerprint: Fingerprint,
    began: datetime,
    clock: Clock,
    *,
    full_read: bool,
) -> BackupResult:
    facts: dict[str, Any] = {"full_read": full_read, "began": began.isoformat()}
    if full_read:
        facts["fingerprint"] = fingerprint.to_json()
    receipt = Receipt(before.key.id, "unchanged", clock.now(), facts=facts)
    repository.write_receipt(before.key.source_dir, receipt)
    how = "every page was compared" if full_read else "file, change times and write-ahead log are as they were"
    snapshot = before.snapshot
    return BackupResult(snapshot, how, 0, 0, snapshot.verified, snapshot.problems, (), (), 0.0)


def _store(
    repository: Repository,
    name: str,
    source: Path,
    image: Image,
    before: _Before | None,
    began: datetime,
    options: BackupOptions,
    scratch: Path,
    clock: Clock,
    monitor: Monitor,
) -> BackupResult:
    geometry = Geometry(image.facts.page_size, image.facts.size_bytes)
    sequence = _next_sequence(repository, name)
    written, table = _write(repository, image, geometry, before, sequence, scratch, monitor)
    sound = before is not None and before.snapshot.verified >= Level.WRITTEN and not before.snapshot.damage
    if before and sound and options.may_skip and _same_image(before, image.facts, written):
        return _skip(repository, before, image.fingerprint, began, clock, full_read=True)
    key = _commit(repository, name, source, image, geometry, written, before, sequence, began, options, clock)
    manifest = repository.read_manifest(key.key)
    snapshot = snapshot_from_facts(key, manifest.facts)
    if options.pinned:
        repository.write_mark(key.source_dir, Mark(key.id, 1, clock.now(), "backup", {"pinned": True}))
        snapshot = replace(snapshot, pinned=True)
    table = table or PackTable(repository)
    for pack, size in written.packs:
        table.add(pack, size)
    proof = _prove(repository, table, snapshot, manifest, options, scratch, clock, monitor)
    snapshot = replace(
        snapshot, verified=proof.level, problems=proof.problems, damage=proof.damage, tables=proof.tables
    )
    new_bytes, pages = snapshot.new_bytes, snapshot.changed_pages
    return BackupResult(snapshot, "", new_bytes, pages, proof.level, proof.problems, proof.damage, proof.unchecked, 0.0)


def _next_sequence(repository: Repository, name: str) -> int:
    return 1 + max((key.sequence for key in repository.snapshot_keys(layout.source_dir(name))), default=0)


def _write(
    repository: Repository,
    image: Image,
    geometry: Geometry,
    before: _Before | None,
    sequence: int,
    scratch: Path,
    monitor: Monitor,
) -> tuple[Written, PackTable | None]:
    """Store what changed against the newest snapshot, or everything when there is none that fits."""
    member = before.manifest.facts["members"][0] if before else {}
    if before is None or before.snapshot.damage or member["block_bytes"] != geometry.block_bytes:
        return write_first(repository, image.path, geometry, sequence, monitor), None
    table = PackTable(repository)
    scan = (before.manifest.facts["scan_bytes"], before.manifest.scan)
    page_map = before.manifest.page_map
    try:
        changes = find_changes(image.path, geometry, repository.identity, table, page_map, scan, monitor)
        written = write_changes(repository, table, image.path, geometry, page_map, changes, sequence, scratch, monitor)
    except CorruptObject as error:
        # What is stored is damaged: do not build on it, this backup shall be whole by itself.
        monitor.event("warning", code="damaged", message=f"{error}; everything is stored anew")
        return write_first(repository, image.path, geometry, sequence, monitor), None
    return written, table


def _same_image(before: _Before, facts: DatabaseFacts, written: Written) -> bool:
    member = before.manifest.facts["members"][0]
    return bool(
        written.changed_blocks == 0
        and member["digest"] == written.digest.hex()
        and (member["page_size"], member["page_count"]) == (facts.page_size, facts.page_count)
    )


def _commit(
    repository: Repository,
    name: str,
    source: Path,
    image: Image,
    geometry: Geometry,
    written: Written,
    before: _Before | None,
    sequence: int,
    began: datetime,
    options: BackupOptions,
    clock: Clock,
) -> layout.SnapshotKey:
    key = layout.snapshot_key(name, began, sequence, layout.new_id())
    parsed = layout.parse_snapshot_key(key)
    if parsed is None:
        raise UsageError(f"not a usable name for a database: {name!r}")
    facts = image.facts
    member = {
        "kind": "sqlite",
        "page_size": facts.page_size,
        "page_count": facts.page_count,
        "image_bytes": facts.size_bytes,
        "block_bytes": geometry.block_bytes,
        "digest": written.digest.hex(),
        "encoding": facts.encoding,
        "journal_mode": facts.journal_mode,
        "user_version": facts.user_version,
        "application_id": facts.application_id,
        "schema_version": facts.schema_version,
        "auto_vacuum": facts.auto_vacuum,
        "freelist_pages": facts.freelist_pages,
    }
    pages_per_block = geometry.block_bytes // facts.page_size if facts.page_size else 1
    described = {
        "litekeep": litekeep.__version__,
        "sqlite": sqlite3.sqlite_version,
        "python": ".".join(map(str, sys.version_info[:3])),
        "source": name,
        "source_path": os.path.realpath(source),
        "host": platform.node(),
        "created_at": began.isoformat(),
        "zone": clock.zone(),
        "reason": options.reason.value,
        "label": options.label,
        "sequence": sequence,
        "parent": before.key.id if before else None,
        "members": [member],
        "changed_pages": min(written.changed_blocks * pages_per_block, facts.page_count),
        "new_bytes": written.stored_bytes,
        "new_packs": [pack.rpartition("/")[2].partition("-")[0] for pack, _ in written.packs],
        "scan_bytes": scan_bytes_for(geometry.image_bytes),
        "capture": image.method,
        "fingerprint": image.fingerprint.to_json(),
    }
    repository.write_manifest(key, Manifest(described, written.page_map, written.scan))
    return parsed


def _prove(
    repository: Repository,
    table: PackTable,
    snapshot: Snapshot,
    manifest: Manifest,
    options: BackupOptions,
    scratch: Path,
    clock: Clock,
    monitor: Monitor,
) -> Proof:
    level = options.level
    if level is None:
        level = Level.FULL if snapshot.database.size_bytes <= FULL_LIMIT_BYTES else Level.WRITTEN
    if level is Level.NONE:
        return Proof(Level.NONE)
    try:
        proof = prove(repository, table, snapshot.key, manifest, level, options.checks, scratch, clock, monitor)
    except CorruptObject as error:
        proof = Proof(Level.NONE, damage=(str(error),))
    record_proof(repository, snapshot, proof, "verify", clock)
    return proof
