"""Which planned moments of a source are satisfied: what schedules ask the repository, so that no memory elsewhere
counts.

A slot (scheduling.rule) is satisfied by a snapshot that was made for it and read back, or by an "unchanged" receipt
that was written for it. A snapshot whose run ended before it was proven does not satisfy its slot, and neither does one
that is damaged: the run is made again. Only if no verification was asked for, the commit is enough ("slot_level").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from litekeep.errors import CorruptObject, ObjectMissing, UnsupportedFormat
from litekeep.formats.receipt import Receipt
from litekeep.model import Level, Snapshot, read_moment
from litekeep.operations.newest import Newest
from litekeep.repository import layout
from litekeep.repository.catalog import apply_receipts, snapshot_from_facts
from litekeep.repository.repository import Repository

BELIEVED_AHEAD = timedelta(days=1)
"""A satisfied slot further in the future than this was noted while a clock was wrong."""


def last_slot(
    repository: Repository,
    source: str,
    *,
    until: datetime | None = None,
    keys: Sequence[layout.SnapshotKey] | None = None,
) -> datetime | None:
    """The newest satisfied slot of a source; None if there is none.

    until: a later slot cannot be satisfied already. It was noted while a clock was wrong, or the clock is wrong now;
    either way older slots prove nothing, so the answer is None: rather one run too many than days without one. Only the
    newest snapshot that tells of slots is looked at; what cannot be read tells of none. Raises StorageError.
    keys: of all snapshots, oldest first for each source, where they have been listed before.
    """
    folder = layout.source_dir(source)
    listed = repository.snapshot_keys(folder) if keys is None else [key for key in keys if key.source_dir == folder]
    newest = max(next(_slots(repository, listed), []), default=None)
    return None if newest is None or (until is not None and newest > until) else newest


def satisfied_by(repository: Repository, newest: Newest, slot: datetime, now: datetime) -> datetime | None:
    """The slot that makes a run for `slot` needless: the same one or a later one that is not in the future; else None.

    newest: as read under the lock, which the caller holds, so that nobody satisfies the slot at the same time.
    """
    slot = slot.astimezone(UTC)  # a repeated time of a zone is equal to nothing, not even to itself told in UTC
    mine = _slots_of(newest.snapshot, newest.manifest.facts, _receipts(repository, newest.key))
    slots = mine or next(_slots(repository, repository.snapshot_keys(newest.key.source_dir)), [])
    if not slots or max(slots) > now + BELIEVED_AHEAD:
        return None
    return max((each for each in slots if each == slot or slot < each <= now), default=None)


def slot_facts(slot: datetime | None, level: Level | None) -> dict[str, str]:
    """The facts of a manifest about the slot; none for a run without one, so that its bytes are as they always were."""
    if slot is None:
        return {}
    return {"slot": slot.isoformat(), "slot_level": "none" if level is Level.NONE else "written"}


def _slots(repository: Repository, keys: Sequence[layout.SnapshotKey]) -> Iterator[list[datetime]]:
    """The slots that each snapshot tells of which tells of any, the newest snapshot first."""
    for key in reversed(keys):
        try:
            facts = repository.read_facts(key.key)
            receipts = _receipts(repository, key)
            snapshot = apply_receipts(snapshot_from_facts(key, facts), receipts)
        except (CorruptObject, UnsupportedFormat, ObjectMissing):
            continue
        if slots := _slots_of(snapshot, facts, receipts):
            yield slots


def _receipts(repository: Repository, key: layout.SnapshotKey) -> list[Receipt]:
    """All that can be read: a damaged one must not be the reason why no backup is made."""
    found = []
    for name in repository.records_of(layout.RECEIPTS, key.source_dir, key.id):
        with suppress(CorruptObject, UnsupportedFormat, ObjectMissing):
            found.append(repository.read_receipt(name))
    return found


def _slots_of(snapshot: Snapshot, facts: dict[str, Any], receipts: Sequence[Receipt]) -> list[datetime]:
    if snapshot.damage:
        return []
    needed = Level.NONE if facts.get("slot_level") == "none" else Level.WRITTEN
    own = [snapshot.slot] if snapshot.slot is not None and snapshot.verified >= needed else []
    told = [str(r.facts["slot"]) for r in receipts if r.kind == "unchanged" and "slot" in r.facts]
    return own + [moment for moment in map(_aware, told) if moment]


def _aware(text: str) -> datetime | None:
    try:
        return read_moment(text)
    except ValueError:
        return None
