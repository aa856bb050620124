"""The list of snapshots: manifests, with what receipts and marks say about them.

One object that cannot be read, be it damaged or of a newer version, never hides the others: a manifest is listed as
damaged, a receipt or mark proves and decides nothing and is reported beside the list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from litekeep.errors import CorruptObject, ObjectMissing, UnknownSnapshot
from litekeep.formats.receipt import Mark, Receipt
from litekeep.model import DatabaseFacts, Level, Reason, Snapshot, read_moment
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.memo import CatalogMemo
from litekeep.repository.repository import Repository
from litekeep.storage.base import Entry

T = TypeVar("T", Receipt, Mark)
AT_ONCE = 8
CHECK_FAILED = "check failed: "
"""How the problems begin that a user's own check found."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """snapshots: readable ones, by source, then sequence. damaged: objects that should be there but cannot be read."""

    snapshots: tuple[Snapshot, ...]
    damaged: tuple[CorruptObject, ...]

    def find(self, name: str, source: str | None = None) -> Snapshot:
        """A snapshot by id, unique beginning of an id (from 4 digits), "latest" or "latest~2".

        Snapshots in the trash, and safety copies of restores, answer to their id only. Raises UnknownSnapshot.
        """
        candidates = [snapshot for snapshot in self.snapshots if source in (None, snapshot.source)]
        if name == "latest" or name.startswith("latest~"):
            return _latest(candidates, name)
        found = [s for s in candidates if s.id.startswith(name.lower())] if len(name) >= 4 else []
        if len(found) == 1:
            return found[0]
        what = f"{len(found)} snapshots begin with" if found else "there is no snapshot"
        raise UnknownSnapshot(f"{what} {name!r}", hint="`litekeep list` shows all; four digits of an id are enough.")

    def sources(self) -> list[str]:
        """The names of all sources."""
        return sorted({snapshot.source for snapshot in self.snapshots})

    def of(self, source: str) -> list[Snapshot]:
        """The snapshots of one source, oldest first."""
        return [snapshot for snapshot in self.snapshots if snapshot.source == source]


def _latest(candidates: list[Snapshot], name: str) -> Snapshot:
    live = [snapshot for snapshot in candidates if snapshot.trashed_at is None]
    live = [snapshot for snapshot in live if snapshot.reason is not Reason.PRE_RESTORE]
    if len({snapshot.source for snapshot in live}) > 1:
        raise UnknownSnapshot("there is more than one database in this repository", hint="Name one with --source.")
    steps = name.removeprefix("latest").removeprefix("~") or "0"
    if not steps.isdecimal() or len(steps) > 9 or int(steps) >= len(live):
        raise UnknownSnapshot(f"there is no snapshot {name!r}", hint=f"This repository has {len(live)}.")
    return live[-1 - int(steps)]


def load_catalog(repository: Repository, source_dir: str | None = None, *, memo: CatalogMemo | None = None) -> Catalog:
    """Read all manifests' facts, receipts and marks (of one source).

    memo: what an earlier call read is taken from there, as long as the objects' names and sizes are the same; a local
    repository has one in its hidden folder `.cache`.
    """
    memo = memo or _memo_of(repository)
    damaged: list[CorruptObject] = []
    folder = f"{source_dir}/" if source_dir else ""
    records: dict[str, list[Entry]] = defaultdict(list)
    for prefix in (layout.RECEIPTS, layout.MARKS):
        for entry in repository.storage.list(prefix + folder):
            if snapshot_id := layout.record_snapshot(entry.key):
                records[snapshot_id].append(entry)
    found = [
        (layout.parse_snapshot_key(entry.key), entry) for entry in repository.storage.list(layout.SNAPSHOTS + folder)
    ]
    ordered = sorted(((key, entry) for key, entry in found if key), key=lambda pair: layout.order(pair[0]))
    known = {key.key: memo.recall(entry, records.get(key.id, [])) if memo else None for key, entry in ordered}
    unknown = [(key, entry, records.get(key.id, [])) for key, entry in ordered if known[key.key] is None]
    for (key, entry, mine), (snapshot, problems) in zip(unknown, _read_all(repository, unknown), strict=True):
        known[key.key] = snapshot
        damaged += problems
        if memo and snapshot and not problems:
            memo.remember(entry, mine, snapshot)
    if memo:
        memo.save()
    return Catalog(tuple(snapshot for key, _ in ordered if (snapshot := known[key.key])), tuple(damaged))


def _memo_of(repository: Repository) -> CatalogMemo | None:
    """None for an encrypted repository: the memory would tell in the clear what its objects hide."""
    if repository.keys:
        return None
    if repository.cache is not None:
        return CatalogMemo(repository.cache, repository.config.id)
    return CatalogMemo.beside(repository.storage, repository.config.id)


def _read_all(
    repository: Repository, wanted: Sequence[tuple[layout.SnapshotKey, Entry, Sequence[Entry]]]
) -> Iterable[tuple[Snapshot | None, list[CorruptObject]]]:
    """Snapshots, each with what is damaged of it. On a server several at once: it takes its time for each object."""
    if repository.cache is None or len(wanted) < 2:
        return [_read_snapshot(repository, *each) for each in wanted]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda each: _read_snapshot(repository, *each), wanted))


def _read_snapshot(
    repository: Repository, key: layout.SnapshotKey, manifest: Entry, records: Iterable[Entry]
) -> tuple[Snapshot | None, list[CorruptObject]]:
    damaged: list[CorruptObject] = []
    receipts: list[Receipt] = []
    marks: list[Mark] = []
    for entry in records:
        try:
            if entry.key.startswith(layout.RECEIPTS):
                _keep(repository.read_receipt(entry.key, entry.size_bytes), entry.key, key.id, receipts)
            else:
                _keep(repository.read_mark(entry.key, entry.size_bytes), entry.key, key.id, marks)
        except CorruptObject as error:
            damaged.append(error)
        except ObjectMissing:
            continue  # removed by another run after the listing
    try:
        snapshot = snapshot_from_facts(key, repository.read_facts(key.key, manifest.size_bytes))
    except CorruptObject as error:
        return None, [*damaged, error]
    except ObjectMissing:
        return None, damaged  # forgotten by another run after the listing
    return apply_marks(apply_receipts(snapshot, receipts), marks), damaged


def _keep(record: T, key: str, snapshot_id: str, kept: list[T]) -> None:
    if record.snapshot != snapshot_id:
        raise CorruptObject(key, "is about another snapshot than its name says")
    kept.append(record)


def snapshot_from_facts(key: layout.SnapshotKey, facts: dict[str, Any]) -> Snapshot:
    """A snapshot as its manifest alone tells it; raises CorruptObject."""
    try:
        member = facts["members"][0]
        database = DatabaseFacts(
            int(member["page_size"]),
            int(member["page_count"]),
            str(member["encoding"]),
            str(member["journal_mode"]),
            int(member["user_version"]),
            int(member["application_id"]),
            int(member["freelist_pages"]),
            int(member["schema_version"]),
            int(member["auto_vacuum"]),
        )
        created_at, source, parent = read_moment(facts["created_at"]), str(facts["source"]), facts["parent"]
        if layout.stamp(created_at) != key.stamp or facts["sequence"] != key.sequence:
            raise ValueError("its time or sequence does not fit its name")
        if layout.source_dir(source) != key.source_dir:
            raise ValueError("its source does not fit its name")
        if "\0" in str(facts["source_path"]):
            raise ValueError("its path can be none")
        return Snapshot(
            id=key.id,
            source=source,
            created_at=created_at,
            zone=str(facts["zone"]),
            reason=Reason(facts["reason"]),
            sequence=key.sequence,
            parent=None if parent is None else str(parent),
            label=str(facts["label"]),
            database=database,
            source_path=str(facts["source_path"]),
            changed_pages=int(facts["changed_pages"]),
            new_bytes=int(facts["new_bytes"]),
            key=key.key,
            slot=_slot(facts),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise CorruptObject(key.key, f"makes no sense: {error}") from error


def _slot(facts: dict[str, Any]) -> datetime | None:
    text = facts.get("slot")
    return None if text is None else read_moment(text)


def apply_receipts(snapshot: Snapshot, receipts: Iterable[Receipt]) -> Snapshot:
    """What the receipts prove: the highest level since the last damage, the newest findings."""
    changes: dict[str, Any] = {}
    level = snapshot.verified
    # Of two of the same moment, the bad one counts last.
    for receipt in sorted(receipts, key=lambda receipt: (receipt.at, bool(receipt.damage))):
        if receipt.kind not in ("verify", "drill"):
            continue
        if receipt.damage:
            level = Level.NONE
            changes.update(damage=receipt.damage, verified_at=None)
        elif receipt.level > Level.NONE:
            level = max(level, receipt.level)
            changes["verified_at"] = receipt.at
            if receipt.level >= Level.FULL:
                problems = receipt.problems
                if not receipt.facts.get("checks"):  # it did not ask again what an earlier run asked
                    earlier = changes.get("problems", snapshot.problems)
                    problems += tuple(text for text in earlier if text.startswith(CHECK_FAILED))
                changes.update(problems=problems, tables=receipt.tables, damage=())
            if receipt.kind == "drill":
                changes["drilled_at"] = receipt.at
    return replace(snapshot, verified=level, **changes) if changes else snapshot


def apply_marks(snapshot: Snapshot, marks: Iterable[Mark]) -> Snapshot:
    """What people and the rotation decided: the mark with the highest sequence wins, key by key."""
    changes: dict[str, Any] = {}
    for mark in sorted(marks, key=lambda mark: (mark.sequence, mark.at)):
        if "pinned" in mark.changes:
            changes["pinned"] = bool(mark.changes["pinned"])
            changes["anomaly"] = str(mark.changes.get("anomaly", ""))
        if "label" in mark.changes:
            changes["label"] = str(mark.changes["label"])
        if "trashed_at" in mark.changes:
            moment = mark.changes["trashed_at"]
            changes["trashed_at"] = None if moment is None else datetime.fromisoformat(moment)
    return replace(snapshot, **changes) if changes else snapshot


def remember(repository: Repository, snapshot: Snapshot) -> None:
    """Let the next listing know a snapshot that this process has just made, without reading it again."""
    memo = _memo_of(repository)
    if memo is None:
        return
    manifest = [entry for entry in repository.recent if entry.key == snapshot.key]
    records = [entry for entry in repository.recent if layout.record_snapshot(entry.key) == snapshot.id]
    if manifest:
        memo.remember(manifest[0], records, snapshot)
        memo.save()
