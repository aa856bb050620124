"""Which source is this? The name under which a database's snapshots are kept together.

A database is recognised by its resolved path. A new one gets its file's name without the ending; if another database
that still exists has that name, the folder's name is added, then a number. A database whose old path is gone and whose
name fits is taken for the same one, moved.
"""

from __future__ import annotations

import os
from pathlib import Path

from litekeep.errors import CorruptObject
from litekeep.monitor import Monitor
from litekeep.repository import layout
from litekeep.repository.repository import Repository


def choose_source_name(repository: Repository, path: Path, monitor: Monitor) -> str:
    """The name for the database at `path`."""
    resolved = os.path.realpath(path)
    stem = path.stem or path.name or "database"
    if (known := _newest_path(repository, stem)) in (None, resolved):
        return stem
    for key in _newest_keys(repository):
        try:
            facts = repository.read_facts(key.key)
        except CorruptObject:
            continue
        if facts.get("source_path") == resolved:
            return str(facts["source"])
    if known == "" or not os.path.exists(known or ""):
        monitor.event("warning", code="moved", message=f"{stem} was at {known} before; its backups are continued")
        return stem
    folder = Path(resolved).parent.name
    candidates = [f"{stem}-{folder}"] if folder else []
    candidates += [f"{stem}-{number}" for number in range(2, 1000)]
    return next(name for name in candidates if _newest_path(repository, name) is None)


def _newest_path(repository: Repository, name: str) -> str | None:
    """Where the source of this name was at its newest snapshot; "" if unreadable, None if there is no such source."""
    keys = repository.snapshot_keys(layout.source_dir(name))
    if not keys:
        return None
    try:
        return str(repository.read_facts(keys[-1].key).get("source_path", ""))
    except CorruptObject:
        return ""


def _newest_keys(repository: Repository) -> list[layout.SnapshotKey]:
    return list({key.source_dir: key for key in repository.snapshot_keys()}.values())
