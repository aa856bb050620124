"""Backup: capture the source, store what changed, commit, read back.

The order of steps decides what a crash leaves behind:

1. lock; 2. pin the source (or see that nothing changed, and stop); 3. copy; 4. compare with the newest snapshot;
5. packs, each durable before the next step; 6. the manifest: the snapshot exists from here on, whole; 7. read back;
8. the receipt: from here on it is called verified.

A crash before 6 leaves packs that nothing refers to (prune collects them) and a scratch folder (the next run removes
it). A crash after 6 leaves a snapshot that is complete but not yet proven, and listed as such. The source is held only
during 2 and 3, and not while anything is written to the repository, with one exception: the first backup of a database
in WAL mode, whose writers do not wait for readers, is compressed while it is read (HOLD_LIMIT_BYTES), if the repository
is on a local disk.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path

from litekeep.blocks.split import Geometry
from litekeep.clock import Clock
from litekeep.errors import CorruptObject, Refused, UsageError
from litekeep.formats.manifest import Manifest
from litekeep.formats.receipt import Mark, Receipt
from litekeep.model import DatabaseFacts, Level, Reason, Snapshot
from litekeep.monitor import Monitor
from litekeep.operations import lookback
from litekeep.operations.anomaly import anomalies
from litekeep.operations.describe import Occasion, describe
from litekeep.operations.naming import choose_source_name
from litekeep.operations.newest import Newest, find_newest, is_unchanged, record_unchanged
from litekeep.operations.scratch import scratch_folder, sweep
from litekeep.operations.slots import satisfied_by, slot_facts
from litekeep.operations.verify import Proof, prove, record_proof
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.catalog import apply_receipts, remember, snapshot_from_facts
from litekeep.repository.changes import Changes, ImageFile, ImageSource, find_changes
from litekeep.repository.packs import CACHED_BLOCKS, PackTable
from litekeep.repository.repository import Repository
from litekeep.repository.versions import Written, write_changes, write_first
from litekeep.sqlite.capture import ATTEMPTS, CaptureOptions, Image, PinnedSource, SourceReplaced, pin
from litekeep.sqlite.filesystem import file_system
from litekeep.sqlite.wal import WalTrouble
from litekeep.storage.base import Storage
from litekeep.storage.local import LocalStorage

FULL_LIMIT_BYTES = 256 << 20
"""Up to this size a backup is verified fully by default; above it, the blocks that it wrote."""
HOLD_LIMIT_BYTES = 2 << 30
"""Up to this size a first backup compresses while it reads, in some ten seconds for which a write-ahead log grows on;
larger ones are copied first, which is over sooner."""
ALWAYS_STORED = frozenset({Reason.MANUAL, Reason.PRE_RESTORE})


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """How to back up. level None: FULL up to FULL_LIMIT_BYTES, WRITTEN above.

    skip_unchanged None: all but manual and pre-restore backups skip an unchanged database. checks: SQL statements whose
    first value must be true on the rebuilt copy. source: name in the repository; None: found by path, else the file's.
    slot: the planned moment (aware) that this run is for; if it is satisfied already, nothing is done.
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
    slot: datetime | None = None

    @property
    def may_skip(self) -> bool:
        """True if an unchanged database needs no new snapshot."""
        return self.reason not in ALWAYS_STORED if self.skip_unchanged is None else self.skip_unchanged


@dataclass(frozen=True, slots=True)
class BackupResult:
    """What a backup did. unchanged_how: how it was found that no new snapshot is needed, and `snapshot` is the one that
    holds the database's state already; empty for a new snapshot.

    new_bytes: added to the repository as packs. problems, damage, unchecked: as in VerifyResult. satisfied_slot: the
    slot of BackupOptions, or a later one, was satisfied already, by another process perhaps, and so the database was
    not looked at; `snapshot` is then the newest one. None if this run did something.
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
    satisfied_slot: datetime | None = None

    @property
    def satisfied(self) -> bool:
        """True if the slot was satisfied already and nothing was done."""
        return self.satisfied_slot is not None

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
        sweep(Path(os.path.realpath(source)).parent)  # a restore that was killed left its working copy beside it
        if options.source:
            name, keys = options.source, repository.snapshot_keys(layout.source_dir(options.source))
        else:
            name, keys = choose_source_name(repository, source, monitor)
        result = _Run(repository, source, name, options, clock, monitor).attempt(keys)
    result = replace(result, elapsed_seconds=clock.monotonic() - started)
    monitor.event(
        "backup_finished",
        snapshot=result.snapshot.id,
        unchanged=result.unchanged,
        satisfied=result.satisfied,
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


class _DamagedBefore(Exception):
    """What earlier backups stored cannot be read; its text says what."""


@dataclass(slots=True)
class _Comparison:
    """The database against the newest snapshot: what changed is found while it is read, and stored afterwards."""

    repository: Repository
    geometry: Geometry
    manifest: Manifest
    table: PackTable
    monitor: Monitor
    changes: Changes = field(default_factory=Changes)

    def run(self, pinned: PinnedSource, destination: Path) -> Image:
        """Read everything once; the image holds at least the changed blocks. Raises _DamagedBefore."""
        if pinned.readable:
            with pinned.reading(destination) as reading:
                self._find(reading)
            return reading.image
        image = pinned.copy_to(destination)
        with ImageFile(image.path) as file:
            self._find(file)
        return image

    def _find(self, source: ImageSource) -> None:
        manifest, identity = self.manifest, self.repository.identity
        scan = (manifest.facts["scan_bytes"], manifest.scan)
        try:
            self.changes = find_changes(
                source, self.geometry, identity, self.table, manifest.page_map, scan, self.monitor
            )
        except CorruptObject as error:
            raise _DamagedBefore(str(error)) from error

    def write(self, image: Image, sequence: int, scratch: Path) -> Written:
        """Store what changed; raises _DamagedBefore."""
        before, changes = self.manifest.page_map, self.changes
        try:
            return write_changes(
                self.repository, self.table, image.path, self.geometry, before, changes, sequence, scratch, self.monitor
            )
        except CorruptObject as error:
            raise _DamagedBefore(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Run:
    """One backup, under the lock."""

    repository: Repository
    source: Path
    name: str
    options: BackupOptions
    clock: Clock
    monitor: Monitor

    def attempt(self, keys: Sequence[layout.SnapshotKey]) -> BackupResult:
        """Back up; start over when the file is replaced meanwhile, or when older damage shows in the new snapshot.

        keys: of the source's manifests, oldest first, as listed under the lock.
        """
        directory, sequence = layout.source_dir(self.name), 1 + max((key.sequence for key in keys), default=0)
        lookback.warn(lookback.look(self.repository, self.clock.now(), keys=keys, source_dir=directory), self.monitor)
        newest = find_newest(self.repository, self.name, self.monitor, keys)
        slot = self.options.slot
        if slot and newest and (done := satisfied_by(self.repository, newest, slot, self.clock.now())):
            return replace(_unchanged(newest, ""), satisfied_slot=done)
        try:
            result = self._patiently(newest, sequence)
        except _DamagedBefore as error:
            # What is stored is damaged: do not build on it, this backup shall be whole by itself.
            self.monitor.event("warning", code="damaged", message=f"{error}; everything is stored anew")
            return self._patiently(None, sequence)
        if result.damage and newest is not None:
            # What this snapshot shares with earlier ones is damaged: store everything once more.
            self.monitor.event("warning", code="damaged", message=f"{result.damage[0]}; everything is stored anew")
            result = self._patiently(None, sequence + 1)
        return result

    def _patiently(self, newest: Newest | None, sequence: int) -> BackupResult:
        how, table = self.options.capture, self._read_ahead(newest)
        for _ in range(ATTEMPTS - 1):
            try:
                return self._capture(newest, sequence, table, how)
            except SourceReplaced:
                self.monitor.event("source_replaced")
            except WalTrouble as trouble:
                self.monitor.event("raw_read_given_up", reason=str(trouble))
                how = replace(how, raw=False)
        return self._capture(newest, sequence, table, replace(how, raw=False))

    def _capture(
        self, newest: Newest | None, sequence: int, table: PackTable | None, how: CaptureOptions
    ) -> BackupResult:
        began = self.clock.now()
        with pin(self.source, clock=self.clock, monitor=self.monitor, options=how) as pinned:
            if newest and self._may_rely_on(newest) and is_unchanged(newest, pinned.fingerprint, began):
                record_unchanged(self.repository, newest, None, began, self.clock, self.options.slot)
                sweep(self.options.scratch)  # no working copy is made, but a killed run may have left one
                return _unchanged(newest, "the file, its change times and its write-ahead log are as they were")
            with scratch_folder(self.options.scratch) as scratch:
                comparison = self._comparison(pinned.facts, newest, table)
                if comparison is None:
                    image, written = self._write_first(pinned, scratch / "image.db", sequence)
                else:
                    image = comparison.run(pinned, scratch / "image.db")
                    written = comparison.write(image, sequence, scratch)
                return self._store(image, written, sequence, comparison, newest, began, scratch)

    def _write_first(self, pinned: PinnedSource, destination: Path, sequence: int) -> tuple[Image, Written]:
        """Store everything: while it is read, where that makes no writer wait and is over soon, else from a copy."""
        geometry = Geometry(pinned.facts.page_size, pinned.facts.size_bytes)
        unhurried = pinned.facts.journal_mode == "wal" and geometry.image_bytes <= HOLD_LIMIT_BYTES
        if pinned.readable and unhurried and _is_on_local_disk(self.repository.storage):
            with pinned.reading(destination) as reading:
                written = write_first(self.repository, reading, geometry, sequence, self.monitor)
            return reading.image, written
        image = pinned.copy_to(destination)
        with ImageFile(image.path) as file:
            return image, write_first(self.repository, file, geometry, sequence, self.monitor)

    def _read_ahead(self, newest: Newest | None) -> PackTable | None:
        """What the newest snapshot is made of, read before a writer has to wait for us, where there will be changes."""
        if newest is None or newest.snapshot.damage or newest.manifest.page_map.block_count > CACHED_BLOCKS:
            return None
        earlier = newest.manifest.facts.get("fingerprint")
        try:
            status = os.stat(self.source)
        except OSError:
            return None  # pin tells what is wrong
        known = (earlier.get("size_bytes"), earlier.get("mtime_ns")) if isinstance(earlier, dict) else None
        if known == (status.st_size, status.st_mtime_ns):
            return None
        table = PackTable(self.repository)
        try:
            deque(table.names(newest.manifest.page_map), maxlen=0)
        except CorruptObject as error:
            raise _DamagedBefore(str(error)) from error
        return table

    def _comparison(self, facts: DatabaseFacts, newest: Newest | None, table: PackTable | None) -> _Comparison | None:
        """With the newest snapshot, if there is one that fits. table: if it was read already."""
        geometry = Geometry(facts.page_size, facts.size_bytes)
        if newest and not newest.snapshot.damage and newest.member["block_bytes"] == geometry.block_bytes:
            table = table or PackTable(self.repository)
            return _Comparison(self.repository, geometry, newest.manifest, table, self.monitor)
        return None

    def _may_rely_on(self, newest: Newest) -> bool:
        """A database that was moved gets a snapshot all the same: it tells from now on where the database is."""
        return self.options.may_skip and newest.manifest.facts.get("source_path") == os.path.realpath(self.source)

    def _store(
        self,
        image: Image,
        written: Written,
        sequence: int,
        comparison: _Comparison | None,
        newest: Newest | None,
        began: datetime,
        scratch: Path,
    ) -> BackupResult:
        geometry = Geometry(image.facts.page_size, image.facts.size_bytes)
        if newest and newest.proven and self._may_rely_on(newest) and _same_image(newest, image, written):
            record_unchanged(self.repository, newest, image.fingerprint, began, self.clock, self.options.slot)
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
            slot_facts(self.options.slot, self.options.level),
        )
        key = self._commit(occasion, image, geometry, written)
        table = comparison.table if comparison else PackTable(self.repository)
        result = self._finish(key, table, written, scratch)
        if newest:
            self._look_for_loss(newest.snapshot, result.snapshot)
        return result

    def _look_for_loss(self, before: Snapshot, after: Snapshot) -> None:
        """Pin the state before an unusual loss of rows; rotation rests until a person has looked (retention)."""
        if before.reason is Reason.PRE_RESTORE or not (before.sound and before.tables and after.tables is not None):
            return
        text = "; ".join(anomalies(before.tables, after.tables))
        if text:
            facts = {"pinned": True, "anomaly": text}
            self.repository.mark(before.source, before.id, "anomaly", facts, self.clock.now())
            self.monitor.event("anomaly", snapshot=after.id, before=before.id, what=text)

    def _commit(self, occasion: Occasion, image: Image, geometry: Geometry, written: Written) -> layout.SnapshotKey:
        key = layout.snapshot_key(occasion.source, occasion.began, occasion.sequence, layout.new_id())
        parsed = layout.parse_snapshot_key(key)
        if parsed is None:
            raise UsageError(f"not a usable name for a database: {occasion.source!r}")
        facts = describe(occasion, image, geometry, written)
        self.repository.write_manifest(key, Manifest(facts, written.page_map, written.scan))
        lookback.add(self.repository, parsed, self.clock.now())
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


def _is_on_local_disk(storage: Storage) -> bool:
    """True if writing there cannot wait for a network."""
    if not isinstance(storage, LocalStorage):
        return False
    return file_system(storage.root, os.stat(storage.root).st_dev)[1] is True


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
