"""A memory of the catalog in one local file, so that 10,000 snapshots are listed without reading 20,000 objects.

Objects never change, so what was read under a name and size holds as long as they are listed. The file is only a cache:
missing, damaged, of another repository or version, it counts as empty. It is never asked whether data is intact (verify
and scrub read the objects), and it holds nothing that the manifests do not say.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from blake3 import blake3

from litekeep.model import DatabaseFacts, Level, Reason, Snapshot
from litekeep.storage.base import Entry

_VERSION = 1
_CHECKSUM_BYTES = 32


class CatalogMemo:
    """See the module's text. `path`: the file; its folder is made when there is something to save."""

    def __init__(self, path: Path, repository_id: bytes) -> None:
        self._path = path
        self._identity = [_VERSION, repository_id.hex(), len(fields(Snapshot)), len(fields(DatabaseFacts))]
        self._known: dict[str, list[Any]] = self._load()
        self._kept: dict[str, list[Any]] = {}
        self._learned = 0

    def recall(self, manifest: Entry, records: Sequence[Entry]) -> Snapshot | None:
        """The snapshot as it was remembered, if its manifest and records are still the same ones."""
        row = self._known.get(manifest.key)
        if row is None or row[0] != _signature(manifest, records):
            return None
        try:
            snapshot = _from_row(manifest.key, row[1])
        except (ValueError, TypeError, IndexError, KeyError):
            return None
        self._kept[manifest.key] = row
        return snapshot

    def remember(self, manifest: Entry, records: Sequence[Entry], snapshot: Snapshot) -> None:
        """Keep what was read."""
        self._kept[manifest.key] = [_signature(manifest, records), _to_row(snapshot)]
        self._learned += 1

    def save(self) -> None:
        """Write the file if much is new or gone; failing to is harmless."""
        changed = self._learned + len(self._known) - (len(self._kept) - self._learned)
        if changed <= max(32, len(self._kept) // 50):
            return
        body = json.dumps([self._identity, self._kept], separators=(",", ":")).encode("utf-8")
        temporary = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}.tmp")
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(blake3(body).digest() + body)
                os.replace(temporary, self._path)
            except OSError:
                os.unlink(temporary)

    def _load(self) -> dict[str, list[Any]]:
        try:
            data = self._path.read_bytes()
            if blake3(data[_CHECKSUM_BYTES:]).digest() != data[:_CHECKSUM_BYTES]:
                return {}
            identity, known = json.loads(data[_CHECKSUM_BYTES:])
        except (OSError, ValueError, TypeError):
            return {}
        return known if identity == self._identity and isinstance(known, dict) else {}


def _signature(manifest: Entry, records: Sequence[Entry]) -> str:
    """Names and sizes of all objects that speak about a snapshot."""
    names = [f"{entry.key.rpartition('/')[2]}:{entry.size_bytes}" for entry in records]
    return f"{manifest.size_bytes} {' '.join(sorted(names))}"


def _to_row(snapshot: Snapshot) -> list[Any]:
    return [
        snapshot.id, snapshot.source, snapshot.created_at.isoformat(), snapshot.zone, snapshot.reason.value,
        snapshot.sequence, snapshot.parent, snapshot.label, astuple(snapshot.database), snapshot.source_path,
        snapshot.changed_pages, snapshot.new_bytes, snapshot.pinned, _text(snapshot.trashed_at),
        int(snapshot.verified), _text(snapshot.verified_at), _text(snapshot.drilled_at), snapshot.problems,
        snapshot.damage, snapshot.tables,
    ]  # fmt: skip


def _from_row(key: str, row: list[Any]) -> Snapshot:
    (id_, source, created, zone, reason, sequence, parent, label, database, path, changed, new, pinned, trashed, level,
     verified, drilled, problems, damage, tables) = row  # fmt: skip
    return Snapshot(
        id_, source, datetime.fromisoformat(created), zone, Reason(reason), sequence, parent, label,
        DatabaseFacts(*database), path, changed, new, key, pinned, _moment(trashed), Level(level), _moment(verified),
        _moment(drilled), tuple(problems), tuple(damage),
        None if tables is None else tuple((name, rows) for name, rows in tables),
    )  # fmt: skip


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
