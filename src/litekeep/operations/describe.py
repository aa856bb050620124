"""The facts of a new manifest (formats.manifest lists them): what was captured, where, when, why and by what."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any

import litekeep
from litekeep.blocks.split import Geometry
from litekeep.model import DatabaseFacts, Reason
from litekeep.records import dataclass
from litekeep.repository.changes import scan_bytes_for
from litekeep.repository.versions import Written
from litekeep.sqlite.capture import Image


@dataclass(frozen=True, slots=True)
class Occasion:
    """When and why a snapshot is made.

    began: when the capture started, with the local offset. slot: the facts of operations.slots.slot_facts.
    """

    source: str
    path: Path
    reason: Reason
    label: str
    sequence: int
    parent: str | None
    began: datetime
    zone: str
    slot: Mapping[str, str] = field(default_factory=dict)


def describe(occasion: Occasion, image: Image, geometry: Geometry, written: Written) -> dict[str, Any]:
    """All facts of the manifest."""
    facts = image.facts
    pages_per_block = geometry.block_bytes // facts.page_size if facts.page_size else 1
    return {
        "litekeep": litekeep.__version__,
        "sqlite": sqlite3.sqlite_version,
        "python": ".".join(map(str, sys.version_info[:3])),
        "source": occasion.source,
        "source_path": os.path.realpath(occasion.path),
        "host": _host(),
        "created_at": occasion.began.isoformat(),
        "zone": occasion.zone,
        "reason": occasion.reason.value,
        "label": occasion.label,
        "sequence": occasion.sequence,
        "parent": occasion.parent,
        "members": [_member(facts, geometry, written.digest)],
        "changed_pages": min(written.changed_blocks * pages_per_block, facts.page_count),
        "new_bytes": written.stored_bytes,
        "new_packs": [pack.rpartition("/")[2].partition("-")[0] for pack, _ in written.packs],
        "scan_bytes": scan_bytes_for(geometry.image_bytes),
        "capture": image.method,
        "fingerprint": image.fingerprint.to_json(),
        **occasion.slot,
    }


def _member(facts: DatabaseFacts, geometry: Geometry, digest: bytes) -> dict[str, Any]:
    return {
        "kind": "sqlite",
        "page_size": facts.page_size,
        "page_count": facts.page_count,
        "image_bytes": facts.size_bytes,
        "block_bytes": geometry.block_bytes,
        "digest": digest.hex(),
        "encoding": facts.encoding,
        "journal_mode": facts.journal_mode,
        "user_version": facts.user_version,
        "application_id": facts.application_id,
        "schema_version": facts.schema_version,
        "auto_vacuum": facts.auto_vacuum,
        "freelist_pages": facts.freelist_pages,
    }


def _host() -> str:
    """This machine's name; `socket` and `platform` tell the same, but take milliseconds to import."""
    if sys.platform == "win32":
        import platform

        return platform.node()
    return os.uname().nodename
