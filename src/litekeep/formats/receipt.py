"""Receipts and marks: small records (formats.envelope) with one JSON part that say something about a snapshot.

Receipt, kind R: proof of something that was done with a snapshot.

    {"snapshot": id, "kind": "verify" | "drill" | "unchanged" | "restore", "at": ISO time with offset,
     "level": "none" | "written" | "full" | "drill", "problems": [...] of the source, "damage": [...] of stored objects,
     "tables": {name: rows} or null, "facts": {...}}

The facts of verify and drill: "unchecked" (what could not be judged), "checks" (how many of the user's own were run).
"unchanged": a run found the source as it is in this snapshot; its facts hold the new fingerprint and whether all pages
were read ("full_read") or only the fingerprint compared, and "slot", the planned moment of the run, if it had one.
"restore": this snapshot is the safety copy of a restore.

Mark, kind K: what a person, or the rotation, decided; the highest sequence wins, key by key.

    {"snapshot": id, "sequence": n, "at": ISO time, "by": verb, "set": {"pinned": bool, "label": text, "trashed_at": ISO
     time or null}}   with only the keys that change

A prune says in a mark on the newest snapshot that stays which snapshots of the source were removed on purpose, with all
that earlier ones of these marks said; they are deleted then:

    "set": {"forgotten": {"since": ISO time, removals before it may not be listed, or "" if all are,
     "ids": {"2026-09-24": "id id ...", ...}}}
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Any

from litekeep.blocks.seal import Seal
from litekeep.errors import CorruptObject
from litekeep.formats.envelope import Kind, decode_json, decode_record, encode_json, encode_record
from litekeep.model import Level, read_moment
from litekeep.records import dataclass


@dataclass(frozen=True, slots=True)
class Receipt:
    """See the module's text."""

    snapshot: str
    kind: str
    at: datetime
    level: Level = Level.NONE
    problems: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    tables: tuple[tuple[str, int], ...] | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """See the module's text; `changes` holds only the keys that change."""

    snapshot: str
    sequence: int
    at: datetime
    by: str
    changes: dict[str, Any]


def encode_receipt(key: str, receipt: Receipt, seal: Seal) -> bytes:
    """The object to store under `key`."""
    facts = {
        "snapshot": receipt.snapshot,
        "kind": receipt.kind,
        "at": receipt.at.isoformat(),
        "level": receipt.level.name.lower(),
        "problems": list(receipt.problems),
        "damage": list(receipt.damage),
        "tables": None if receipt.tables is None else dict(receipt.tables),
        "facts": receipt.facts,
    }
    return encode_record(Kind.RECEIPT, key, [encode_json(facts)], seal)


def decode_receipt(key: str, data: bytes, seal: Seal) -> Receipt:
    """A stored receipt; raises CorruptObject."""
    facts = _facts(Kind.RECEIPT, key, data, seal)
    try:
        tables = facts["tables"]
        return Receipt(
            str(facts["snapshot"]),
            str(facts["kind"]),
            read_moment(facts["at"]),
            Level[facts["level"].upper()],
            tuple(map(str, facts["problems"])),
            tuple(map(str, facts["damage"])),
            None if tables is None else tuple((str(name), int(rows)) for name, rows in tables.items()),
            dict(facts["facts"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise CorruptObject(key, f"makes no sense: {error}") from error


def encode_mark(key: str, mark: Mark, seal: Seal) -> bytes:
    """The object to store under `key`."""
    facts = {
        "snapshot": mark.snapshot,
        "sequence": mark.sequence,
        "at": mark.at.isoformat(),
        "by": mark.by,
        "set": mark.changes,
    }
    return encode_record(Kind.MARK, key, [encode_json(facts)], seal)


def decode_mark(key: str, data: bytes, seal: Seal) -> Mark:
    """A stored mark; raises CorruptObject."""
    facts = _facts(Kind.MARK, key, data, seal)
    try:
        at = read_moment(facts["at"])
        mark = Mark(str(facts["snapshot"]), int(facts["sequence"]), at, str(facts["by"]), dict(facts["set"]))
        if mark.changes.get("trashed_at") is not None:
            read_moment(mark.changes["trashed_at"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise CorruptObject(key, f"makes no sense: {error}") from error
    return mark


def _facts(kind: Kind, key: str, data: bytes, seal: Seal) -> dict[str, Any]:
    parts = decode_record(kind, key, data, seal)
    if len(parts) != 1:
        raise CorruptObject(key, f"has {len(parts)} parts instead of 1")
    return decode_json(key, parts[0])
