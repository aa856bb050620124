"""Encrypt: every snapshot of a repository once more in a new, encrypted one, with its id, receipts and marks.

A repository cannot be encrypted in place: its objects never change, and an interruption would leave both kinds mixed.
So each snapshot is rebuilt from the old repository, every byte proven, stored in the new one as a backup would store
it, rebuilt from there, and compared byte by byte with the first. Only then come its receipts: what they say about the
content holds for equal content, and that it is stored well was just seen. Those that tell of damage stay behind.

The old repository is only read. What was interrupted goes on where it stopped: a snapshot whose records are complete is
passed over, its bytes not read again. A snapshot that cannot be rebuilt is left out and told.
"""

from __future__ import annotations

import filecmp
from contextlib import suppress
from pathlib import Path
from typing import Any

from litekeep.blocks.split import Geometry
from litekeep.clock import Clock
from litekeep.errors import CorruptObject, ObjectMissing, Refused, UnsupportedFormat, VerificationFailed
from litekeep.formats.manifest import Manifest
from litekeep.formats.receipt import encode_mark, encode_receipt
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.operations.scratch import scratch_folder
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.changes import ImageFile, find_changes, scan_bytes_for
from litekeep.repository.layout import SnapshotKey
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.repository.versions import Written, write_changes, write_first

LOCK_WAIT_SECONDS = 60.0
_UNCHANGED = "The old repository is unchanged."


@dataclass(frozen=True, slots=True)
class EncryptResult:
    """copied: ids of the snapshots that are in the new repository now. left_out: ids, and why it cannot be read."""

    copied: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    elapsed_seconds: float


def encrypt(
    old: Repository, new: Repository, *, scratch: Path | None = None, clock: Clock, monitor: Monitor
) -> EncryptResult:
    """Copy all snapshots; raises Refused, Locked, StorageError, NoSpace, Cancelled, VerificationFailed.

    scratch: for two images of the largest database; None: the system's folder.
    """
    if new.keys is None:
        raise Refused(f"the repository in {new.storage.description} is not encrypted", safe="Nothing was changed.")
    if old.config.id == new.config.id:
        raise Refused("this is the same repository", safe="Nothing was changed.")
    started, copied, left_out = clock.monotonic(), list[str](), list[tuple[str, str]]()
    with (
        old.lock("encrypt", LOCK_WAIT_SECONDS),
        new.lock("encrypt", LOCK_WAIT_SECONDS),
        scratch_folder(scratch) as folder,
    ):
        keys, there, packs = old.snapshot_keys(), {key.key for key in new.snapshot_keys()}, PackTable(old)
        for key in keys:
            try:
                _Copy(old, new, packs, key, folder, monitor).run(present=key.key in there)
            except (CorruptObject, UnsupportedFormat, ObjectMissing) as error:
                left_out.append((key.id, error.message))
            else:
                copied.append(key.id)
            stop_if_cancelled(monitor)
    elapsed = clock.monotonic() - started
    monitor.event("encrypted", copied=len(copied), left_out=len(left_out), elapsed_seconds=elapsed)
    return EncryptResult(tuple(copied), tuple(left_out), elapsed)


@dataclass(frozen=True, slots=True)
class _Copy:
    """One snapshot on its way. Damage of the old repository is CorruptObject, of the new one VerificationFailed.

    packs: of the old repository, whose lock is held.
    """

    old: Repository
    new: Repository
    packs: PackTable
    key: SnapshotKey
    folder: Path
    monitor: Monitor

    def run(self, *, present: bool) -> None:
        if not present:
            before = self.old.read_manifest(self.key.key)
            image = self._rebuilt(self.old, self.packs, before, "read")
            manifest = self._store(image, before.facts)
            self._prove(image, manifest)
        self._copy_records()

    def _rebuilt(self, repository: Repository, packs: PackTable, manifest: Manifest, phase: str) -> Path:
        path = self.folder / phase
        path.write_bytes(b"")
        rebuild(repository, packs, self.key.key, manifest, path, self.monitor, phase)
        return path

    def _store(self, image: Path, facts: dict[str, Any]) -> Manifest:
        """Packs, but not yet the manifest: that is the commit, and comes after the proof."""
        (member,) = facts["members"]
        geometry = Geometry(member["page_size"], member["image_bytes"])
        try:
            written = self._write(image, geometry)
        except CorruptObject as error:
            raise VerificationFailed(f"the new repository is damaged: {error.message}", safe=_UNCHANGED) from error
        names = [pack.rpartition("/")[2].partition("-")[0] for pack, _ in written.packs]
        members = [{**member, "digest": written.digest.hex()}]
        new_facts = {"members": members, "new_packs": names, "scan_bytes": scan_bytes_for(geometry.image_bytes)}
        return Manifest({**facts, **new_facts, "new_bytes": written.stored_bytes}, written.page_map, written.scan)

    def _write(self, image: Path, geometry: Geometry) -> Written:
        before = [key for key in self.new.snapshot_keys(self.key.source_dir) if key.sequence < self.key.sequence]
        manifest = self.new.read_manifest(before[-1].key) if before else None
        if manifest is None or manifest.facts["members"][0]["block_bytes"] != geometry.block_bytes:
            with ImageFile(image) as file:
                return write_first(self.new, file, geometry, self.key.sequence, self.monitor)
        table, scan = PackTable(self.new), (manifest.facts["scan_bytes"], manifest.scan)
        page_map = manifest.page_map
        with ImageFile(image) as file:
            changes = find_changes(file, geometry, self.new.identity, table, page_map, scan, self.monitor)
        return write_changes(
            self.new, table, image, geometry, page_map, changes, self.key.sequence, self.folder, self.monitor
        )

    def _prove(self, image: Path, manifest: Manifest) -> None:
        try:
            same = filecmp.cmp(image, self._rebuilt(self.new, PackTable(self.new), manifest, "verify"), shallow=False)
        except CorruptObject as error:
            what = f"what was just stored cannot be read back: {error.message}"
            raise VerificationFailed(what, safe=_UNCHANGED) from error
        if not same:
            raise VerificationFailed(
                f"snapshot {self.key.id[:8]} came back from the new repository with other bytes",
                safe=_UNCHANGED,
            )
        self.new.write_manifest(self.key.key, manifest)

    def _copy_records(self) -> None:
        """Under the names that they have; one that is there already is left as it is, one that is damaged behind."""
        for prefix in (layout.MARKS, layout.RECEIPTS):
            there = set(self.new.records_of(prefix, self.key.source_dir, self.key.id))
            for name in self.old.records_of(prefix, self.key.source_dir, self.key.id):
                if name not in there:
                    with suppress(CorruptObject, UnsupportedFormat, ObjectMissing):
                        self._copy_record(prefix, name)

    def _copy_record(self, prefix: str, name: str) -> None:
        if prefix == layout.MARKS:
            self.new.storage.put(name, encode_mark(name, self.old.read_mark(name), self.new.seal))
            return
        receipt = self.old.read_receipt(name)
        if not receipt.damage:
            self.new.storage.put(name, encode_receipt(name, receipt, self.new.seal))
