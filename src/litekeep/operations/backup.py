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
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from litekeep.blocks.split import Geometry
from litekeep.clock import Clock
from litekeep.errors import CorruptObject, Refused, UsageError
from litekeep.formats.manifest import Manifest
from litekeep.formats.receipt import Mark, Receipt
from litekeep.model import Level, Reason, Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.describe import Occasion, describe
from litekeep.operations.naming import choose_source_name
from litekeep.operations.newest import Newest, find_newest, is_unchanged, record_unchanged
from litekeep.operations.scratch import scratch_folder, sweep
from litekeep.operations.verify import Proof, prove, record_proof
from litekeep.repository import layout
from litekeep.repository.catalog import apply_receipts, remember, snapshot_from_facts
from litekeep.repository.changes import find_changes
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.repository.versions import Written, write_changes, write_first
from litekeep.sqlite.capture import ATTEMPTS, CaptureOptions, Image, SourceReplaced, pin
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

    new_bytes: added to the repository as packs. problems, damage, unchecked: as in VerifyResult.
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


def backup(
    repository: Repository, source: Path, *, options: BackupOptions | None = None, clock: Clock, monitor: Monitor
) -> BackupResult:
    """Back up the database at `source`; see the module's text for the order of steps.

    Raises BackupFailed and its kinds when the source cannot be captured, Locked, StorageError, NoSpace, Cancelled:
    then no snapshot was added and all earlier ones are untouched. Only if it happens while the new snapshot is read
    back, that one is whole and stays, listed as not verified. Damage found when reading back does not raise: it is in
    the result, and in the receipt.
    """
    options = options or BackupOptions()
    started = clock.monotonic()
    monitor.event("backup_started", database=str(source), reason=options.reason.value)
    with repository.lock(f"backup of {source.name}", options.lock_wait_seconds):
        _refuse_inside(repository, source)
        name = options.source or choose_source_name(repository, source, monitor)
        result = _Run(repository, source, name, options, clock, monitor).attempt()
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


def _refuse_inside(repository: Repository, source: Path) -> None:
    if not isinstance(repository.storage, LocalStorage):
        return
    if Path(os.path.realpath(source)).is_relative_to(os.path.realpath(repository.storage.root)):
        raise Refused(
            f"{source} lies inside the repository {repository.storage.description}",
            safe="Nothing was changed.",
            hint="Keep the database and its backups in different folders.",
        )


@dataclass(frozen=True, slots=True)
class _Run:
    """One backup, under the lock."""

    repository: Repository
    source: Path
    name: str
    options: BackupOptions
    clock: Clock
    monitor: Monitor

    def attempt(self) -> BackupResult:
        """Back up; start over when the file is replaced meanwhile, or when older damage shows in the new snapshot."""
        newest = find_newest(self.repository, self.name, self.monitor)
        result = self._patiently(newest)
        if result.damage and newest is not None:
            # What this snapshot shares with earlier ones is damaged: store everything once more.
            self.monitor.event("warning", code="damaged", message=f"{result.damage[0]}; everything is stored anew")
            result = self._patiently(None)
        return result

    def _patiently(self, newest: Newest | None) -> BackupResult:
        for _ in range(ATTEMPTS - 1):
            try:
                return self._capture(newest)
            except SourceReplaced:
                self.monitor.event("source_replaced")
        return self._capture(newest)

    def _capture(self, newest: Newest | None) -> BackupResult:
        began = self.clock.now()
        with pin(self.source, clock=self.clock, monitor=self.monitor, options=self.options.capture) as pinned:
            if newest and self._may_rely_on(newest) and is_unchanged(newest, pinned.fingerprint, began):
                record_unchanged(self.repository, newest, None, began, self.clock)
                sweep(self.options.scratch)  # no working copy is made, but a killed run may have left one
                return _unchanged(newest, "the file, its change times and its write-ahead log are as they were")
            with scratch_folder(self.options.scratch) as scratch:
                image = pinned.copy_to(scratch / "image.db")
                return self._store(image, newest, began, scratch)

    def _may_rely_on(self, newest: Newest) -> bool:
        """A database that was moved gets a snapshot all the same: it tells from now on where the database is."""
        return self.options.may_skip and newest.manifest.facts.get("source_path") == os.path.realpath(self.source)

    def _store(self, image: Image, newest: Newest | None, began: datetime, scratch: Path) -> BackupResult:
        geometry = Geometry(image.facts.page_size, image.facts.size_bytes)
        known = self.repository.snapshot_keys(layout.source_dir(self.name))
        sequence = 1 + max((key.sequence for key in known), default=0)
        written, table = self._write(image, geometry, newest, sequence, scratch)
        if newest and newest.proven and self._may_rely_on(newest) and _same_image(newest, image, written):
            record_unchanged(self.repository, newest, image.fingerprint, began, self.clock)
            return _unchanged(newest, "every page was compared")
        occasion = Occasion(
            self.name,
            self.source,
            self.options.reason,
            self.options.label,
            sequence,
            newest.key.id if newest else None,
            began,
            self.clock.zone(),
        )
        key = self._commit(occasion, image, geometry, written)
        return self._finish(key, table or PackTable(self.repository), written, scratch)

    def _write(
        self, image: Image, geometry: Geometry, newest: Newest | None, sequence: int, scratch: Path
    ) -> tuple[Written, PackTable | None]:
        """Store what changed against the newest snapshot, or everything when there is none that fits."""
        repository, monitor = self.repository, self.monitor
        if newest and not newest.snapshot.damage and newest.member["block_bytes"] == geometry.block_bytes:
            table, before = PackTable(repository), newest.manifest.page_map
            scan = (newest.manifest.facts["scan_bytes"], newest.manifest.scan)
            try:
                changes = find_changes(image.path, geometry, repository.identity, table, before, scan, monitor)
                return write_changes(
                    repository, table, image.path, geometry, before, changes, sequence, scratch, monitor
                ), table
            except CorruptObject as error:
                # What is stored is damaged: do not build on it, this backup shall be whole by itself.
                monitor.event("warning", code="damaged", message=f"{error}; everything is stored anew")
        return write_first(repository, image.path, geometry, sequence, monitor), None

    def _commit(self, occasion: Occasion, image: Image, geometry: Geometry, written: Written) -> layout.SnapshotKey:
        key = layout.snapshot_key(occasion.source, occasion.began, occasion.sequence, layout.new_id())
        parsed = layout.parse_snapshot_key(key)
        if parsed is None:
            raise UsageError(f"not a usable name for a database: {occasion.source!r}")
        facts = describe(occasion, image, geometry, written)
        self.repository.write_manifest(key, Manifest(facts, written.page_map, written.scan))
        return parsed

    def _finish(self, key: layout.SnapshotKey, table: PackTable, written: Written, scratch: Path) -> BackupResult:
        """Mark and prove the snapshot that was just committed, from what the repository gives back."""
        manifest = self.repository.read_manifest(key.key)
        snapshot = snapshot_from_facts(key, manifest.facts)
        if self.options.pinned:
            mark = Mark(key.id, 1, self.clock.now(), "backup", {"pinned": True})
            self.repository.write_mark(key.source_dir, mark)
        for pack, size in written.packs:
            table.add(pack, size)
        snapshot = replace(snapshot, pinned=self.options.pinned)
        proof, receipts = self._prove(table, snapshot, manifest, scratch)
        snapshot = apply_receipts(snapshot, receipts)
        remember(self.repository, snapshot)
        return BackupResult(
            snapshot,
            "",
            snapshot.new_bytes,
            snapshot.changed_pages,
            proof.level,
            proof.problems,
            proof.damage,
            proof.unchecked,
            0.0,
        )

    def _prove(
        self, table: PackTable, snapshot: Snapshot, manifest: Manifest, scratch: Path
    ) -> tuple[Proof, list[Receipt]]:
        level, options = self.options.level, self.options
        if level is None:
            level = Level.FULL if snapshot.database.size_bytes <= FULL_LIMIT_BYTES else Level.WRITTEN
        if level is Level.NONE:
            return Proof(Level.NONE), []
        try:
            proof = prove(
                self.repository,
                table,
                snapshot.key,
                manifest,
                level,
                options.checks,
                scratch,
                self.clock,
                self.monitor,
            )
        except CorruptObject as error:
            proof = Proof(Level.NONE, damage=(str(error),))
        return proof, [record_proof(self.repository, snapshot, proof, "verify", self.clock)]


def _unchanged(newest: Newest, how: str) -> BackupResult:
    snapshot = newest.snapshot
    return BackupResult(snapshot, how, 0, 0, snapshot.verified, snapshot.problems, (), (), 0.0)


def _same_image(newest: Newest, image: Image, written: Written) -> bool:
    facts, member = image.facts, newest.member
    return bool(
        written.changed_blocks == 0
        and member["digest"] == written.digest.hex()
        and (member["page_size"], member["page_count"]) == (facts.page_size, facts.page_count)
    )
