"""The newest snapshot of a source: what the next backup compares with, and whether it need be made at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litekeep.clock import Clock
from litekeep.errors import CorruptObject
from litekeep.formats.manifest import Manifest
from litekeep.formats.receipt import Mark, Receipt
from litekeep.model import Level, Snapshot, read_moment
from litekeep.monitor import Monitor
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.catalog import apply_marks, apply_receipts, snapshot_from_facts
from litekeep.repository.repository import Repository
from litekeep.sqlite.fingerprint import Fingerprint, unchanged


@dataclass(frozen=True, slots=True)
class Newest:
    """A snapshot with its manifest and receipts; `snapshot` also shows what was decided about it."""

    key: layout.SnapshotKey
    manifest: Manifest
    receipts: tuple[Receipt, ...]
    snapshot: Snapshot

    @property
    def proven(self) -> bool:
        """True if it was read back, is undamaged and will stay: only then may a run rely on it, and store nothing."""
        snapshot = self.snapshot
        return snapshot.verified >= Level.WRITTEN and not snapshot.damage and snapshot.trashed_at is None

    @property
    def member(self) -> dict[str, Any]:
        """The facts of its database."""
        member: dict[str, Any] = self.manifest.facts["members"][0]
        return member


def find_newest(
    repository: Repository, source: str, monitor: Monitor, keys: Sequence[layout.SnapshotKey] | None = None
) -> Newest | None:
    """The newest snapshot that can be read; a damaged one is passed over, and the next backup stores what it lacks.

    keys: of the source's manifests, oldest first, if they were just listed.
    """
    for key in reversed(repository.snapshot_keys(layout.source_dir(source)) if keys is None else keys):
        try:
            manifest = repository.read_manifest(key.key)
            snapshot = snapshot_from_facts(key, manifest.facts)
            receipts = tuple(repository.receipts_of(key, seen=False))
        except CorruptObject as error:
            monitor.event("warning", code="damaged", message=str(error))
            continue
        marks = _marks_of(repository, key, monitor)
        return Newest(key, manifest, receipts, apply_marks(apply_receipts(snapshot, receipts), marks))
    return None


def _marks_of(repository: Repository, key: layout.SnapshotKey, monitor: Monitor) -> list[Mark]:
    marks = []
    for entry in repository.storage.list(f"{layout.MARKS}{key.source_dir}/"):
        if layout.record_snapshot(entry.key) == key.id:
            try:
                marks.append(repository.read_mark(entry.key))
            except CorruptObject as error:
                monitor.event("warning", code="damaged", message=str(error))
    return marks


def is_unchanged(newest: Newest, now: Fingerprint, began: datetime) -> bool:
    """The rule of "nothing changed": the fingerprint of a proven snapshot, or of a full read that found it again.

    began: when this run started. See sqlite.fingerprint.unchanged for what else must hold.
    """
    if not newest.proven:
        return False
    earlier, seen_at = newest.manifest.facts.get("fingerprint"), newest.snapshot.created_at
    try:
        for receipt in newest.receipts:
            if receipt.kind == "unchanged" and receipt.facts.get("full_read"):
                earlier, seen_at = receipt.facts.get("fingerprint"), read_moment(receipt.facts["began"])
        return unchanged(Fingerprint.from_json(earlier or {}), seen_at, now, seen_at, began)[0]
    except (ValueError, TypeError, KeyError):
        return False


def record_unchanged(
    repository: Repository,
    newest: Newest,
    fingerprint: Fingerprint | None,
    began: datetime,
    clock: Clock,
    slot: datetime | None = None,
) -> None:
    """Store the receipt of a run that needed no new snapshot.

    fingerprint: given when every page was read; later runs may then rely on it. slot: what the run was planned for.
    """
    facts: dict[str, Any] = {"full_read": fingerprint is not None, "began": began.isoformat()}
    if fingerprint is not None:
        facts["fingerprint"] = fingerprint.to_json()
    if slot is not None:
        facts["slot"] = slot.isoformat()
    repository.write_receipt(newest.key.source_dir, Receipt(newest.key.id, "unchanged", clock.now(), facts=facts))
