"""A memory of the catalog in one local file, so that 10,000 snapshots are listed without reading 20,000 objects.

Objects never change, so what was read under a name and size holds as long as they are listed. The file is only a cache:
missing, damaged, of another repository or version, it counts as empty. It is never asked whether data is intact (verify
and scrub read the objects), and it holds nothing that the manifests do not say.

The file is a first line that says what it belongs to, then one line for each snapshot, appended as they come; the last
line about a snapshot counts. Every line begins with 16 hex digits of the BLAKE3 of the rest, so that a torn or damaged
line is left out.

A process that lists again and again (an application with a window) keeps what it made of the file, and reads only what
was appended since; a file that was replaced or removed is read, or counts as empty, as in the beginning.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import field, fields
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from blake3 import blake3

from litekeep.model import DatabaseFacts, Level, Reason, Snapshot, read_moment
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.storage.base import Entry
from litekeep.storage.local import LocalStorage
from litekeep.storage.regular import open_regular

_VERSION = 4
_CHECK_DIGITS = 16
_DATABASE = attrgetter(*(field.name for field in fields(DatabaseFacts)))
_APPEND = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
_MOST_BYTES = 1 << 28
_MOST_PARSED = 4
"""Of so many files a process keeps what it made of them."""


@dataclass(slots=True)
class _Parsed:
    """What this process made of a file. inode, seen: of the file, and how many of its bytes were read.

    rows: lines that were not asked for yet. made: snapshots with the signatures for which they hold.
    """

    inode: int
    seen: int = 0
    rows: dict[str, list[Any]] = field(default_factory=dict)
    made: dict[str, tuple[str, Snapshot]] = field(default_factory=dict)


_parsed: dict[tuple[Path, str], _Parsed] = {}
_parsed_guard = threading.Lock()


def _parsed_of(path: Path, identity: list[Any]) -> _Parsed:
    """What was made of this file, if it is still that one and has only grown."""
    try:
        found = os.stat(path)
        inode, size = found.st_ino, found.st_size
    except OSError:
        inode, size = -1, -1
    key = (path, json.dumps(identity))
    with _parsed_guard:
        parsed = _parsed.get(key)
        if parsed is None or parsed.inode != inode or parsed.seen > size:
            parsed = _Parsed(inode)
            _parsed.pop(key, None)
            _parsed[key] = parsed
            while len(_parsed) > _MOST_PARSED:
                del _parsed[next(iter(_parsed))]
        return parsed


class CatalogMemo:
    """See the module's text. `path`: the file; its folder is made when there is something to save."""

    def __init__(self, path: Path, repository_id: bytes) -> None:
        self._path = path
        self._identity = [_VERSION, repository_id.hex(), len(fields(Snapshot)), len(fields(DatabaseFacts))]
        self._parsed: _Parsed | None = None
        self._whole = False
        self._lines = 0
        self._kept: dict[str, list[Any]] = {}
        self._learned: dict[str, list[Any]] = {}

    @classmethod
    def beside(cls, storage: object, repository_id: bytes) -> CatalogMemo | None:
        """The memo in the hidden folder `.cache` of a local repository; None for others, and if that is a link."""
        if not isinstance(storage, LocalStorage) or (storage.root / ".cache").is_symlink():
            return None
        return cls(storage.root / ".cache" / "catalog", repository_id)

    def recall(self, manifest: Entry, records: Sequence[Entry]) -> Snapshot | None:
        """The snapshot as it was remembered, if its manifest and records are still the same ones."""
        if self._parsed is None:
            self._parsed = _parsed_of(self._path, self._identity)
            self._load(self._parsed)
        signature = _signature(manifest, records)
        made = self._parsed.made.get(manifest.key)
        if made is not None and made[0] == signature:
            return made[1]
        row = self._parsed.rows.get(manifest.key)
        if row is None or row[0] != signature:
            return None
        try:
            snapshot = _from_row(manifest.key, row[1])
        except (ValueError, TypeError, LookupError, AttributeError):
            return None
        self._kept[manifest.key] = row
        self._parsed.rows.pop(manifest.key, None)
        self._parsed.made[manifest.key] = (signature, snapshot)
        return snapshot

    def remember(self, manifest: Entry, records: Sequence[Entry], snapshot: Snapshot) -> None:
        """Keep what was read; `save` stores it."""
        self._learned[manifest.key] = [_signature(manifest, records), _to_row(snapshot)]

    def save(self) -> None:
        """Append what is new, or write the file anew when most of it is outdated; failing to is harmless."""
        if not self._learned:
            return
        with suppress(OSError):
            rows = {**self._kept, **self._learned}
            if self._whole and self._lines > 2 * len(rows) + 100:
                self._replace(rows.items())
                return
            try:
                descriptor = open_regular(self._path, _APPEND)
            except FileNotFoundError:
                self._replace(rows.items())
                return
            with os.fdopen(descriptor, "ab") as file:
                file.write(b"".join(_line(row) for row in self._learned.items()))

    def _replace(self, rows: Iterable[tuple[str, list[Any]]]) -> None:
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        temporary = self._path.with_name(f"{self._path.name}.{layout.random_bytes(4).hex()}.tmp")
        descriptor = os.open(temporary, _APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_line(self._identity) + b"".join(map(_line, rows)))
            os.replace(temporary, self._path)
        except OSError:
            os.unlink(temporary)

    def _load(self, parsed: _Parsed) -> None:
        """Read what this process has not read yet: all of the file, or what was appended to it."""
        with suppress(OSError, ValueError, TypeError), _parsed_guard, open(open_regular(self._path), "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_ino != parsed.inode or found.st_size > _MOST_BYTES:
                return  # it was replaced at this moment, or is none of ours
            file.seek(parsed.seen)
            data = file.read()
            data = data[: data.rfind(b"\n") + 1]  # a line that is being appended is read next time
            lines = data.splitlines()
            if parsed.seen == 0:
                self._whole, self._lines = True, len(lines)
                if not lines or _content(lines[0]) != self._identity:
                    self._lines = 1 << 30  # of no use: to be written anew
                    return
                del lines[0]
            parsed.seen += len(data)
            for line in lines:
                match _content(line):
                    case [str(key), [signature, row]]:
                        parsed.rows[key] = [signature, row]


def _line(content: object) -> bytes:
    body = json.dumps(content, separators=(",", ":")).encode("ascii")
    return blake3(body).hexdigest(_CHECK_DIGITS // 2).encode("ascii") + body + b"\n"


def _content(line: bytes) -> Any:
    body = line[_CHECK_DIGITS:]
    if blake3(body).hexdigest(_CHECK_DIGITS // 2).encode("ascii") != line[:_CHECK_DIGITS]:
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(body)
    return None


def _signature(manifest: Entry, records: Sequence[Entry]) -> str:
    """Names and sizes of all objects that speak about a snapshot."""
    names = [f"{entry.key.rpartition('/')[2]}:{entry.size_bytes}" for entry in records]
    return f"{manifest.size_bytes} {' '.join(sorted(names))}"


def _to_row(snapshot: Snapshot) -> list[Any]:
    return [
        snapshot.id, snapshot.source, snapshot.created_at.isoformat(), snapshot.zone, snapshot.reason.value,
        snapshot.sequence, snapshot.parent, snapshot.label, _DATABASE(snapshot.database), snapshot.source_path,
        snapshot.changed_pages, snapshot.new_bytes, snapshot.pinned, _text(snapshot.trashed_at),
        int(snapshot.verified), _text(snapshot.verified_at), _text(snapshot.drilled_at), snapshot.problems,
        snapshot.damage, snapshot.tables, _text(snapshot.slot), snapshot.anomaly,
    ]  # fmt: skip


def _from_row(key: str, row: list[Any]) -> Snapshot:
    (id_, source, created, zone, reason, sequence, parent, label, database, path, changed, new, pinned, trashed, level,
     verified, drilled, problems, damage, tables, slot, anomaly) = row  # fmt: skip
    return Snapshot(
        id_, source, read_moment(created), zone, Reason(reason), sequence, parent, label,
        DatabaseFacts(*database), path, changed, new, key, pinned, _moment(trashed), Level(level), _moment(verified),
        _moment(drilled), tuple(problems), tuple(damage),
        None if tables is None else tuple((name, rows) for name, rows in tables), _moment(slot), anomaly,
    )  # fmt: skip


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else read_moment(text)
