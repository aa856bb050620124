"""Which source is this? The name under which a database's snapshots are kept together.

A database is recognised by its resolved path. A new one gets its file's name without the ending; if another database
that still exists has that name, the folder's name is added, then a number. A database whose old path is gone and whose
name fits is taken for the same one, moved.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from litekeep.errors import CorruptObject
from litekeep.monitor import Monitor
from litekeep.repository import layout
from litekeep.repository.repository import Repository


def choose_source_name(repository: Repository, path: Path, monitor: Monitor) -> tuple[str, list[layout.SnapshotKey]]:
    """The name for the database at `path`, and the keys of the manifests that have it, oldest first."""
    resolved = os.path.realpath(path)
    stem = path.stem or path.name or "database"
    of_stem = repository.snapshot_keys(layout.source_dir(stem))
    if (known := _path_of(repository, of_stem)) == resolved:
        return stem, of_stem
    for keys in _keys_by_source(repository.snapshot_keys()).values():
        facts = _newest_facts(repository, keys)
        if facts.get("source_path") == resolved:
            return str(facts["source"]), keys
    if known is None:
        return stem, of_stem
    if not os.path.exists(known):
        before = known or "another place"
        monitor.event("warning", code="moved", message=f"{stem} was at {before} before; its backups are continued")
        return stem, of_stem
    folder = Path(resolved).parent.name
    candidates = [f"{stem}-{folder}"] if folder else []
    candidates += [f"{stem}-{number}" for number in range(2, 1000)]
    return next(name for name in candidates if not repository.snapshot_keys(layout.source_dir(name))), []


def find_source_name(repository: Repository, path: Path, keys: Sequence[layout.SnapshotKey]) -> str:
    """The name under which `path` has snapshots; its stem if nothing has that name; "" if another database has it.

    keys: of all snapshots. Reads the newest manifest of each source.
    """
    found = [_newest_facts(repository, of_source) for of_source in _keys_by_source(keys).values()]
    return own_name({str(facts["source"]): str(facts["source_path"]) for facts in found if facts}, path)


def own_name(paths: Mapping[str, str], path: Path) -> str:
    """The same from what is known. paths: where each source was at its newest snapshot."""
    stem, resolved = path.stem or path.name or "database", os.path.realpath(path)
    found = [name for name in (stem, *paths) if paths.get(name) == resolved]
    if found:
        return found[0]
    return "" if stem in paths and os.path.exists(paths[stem]) else stem


def _path_of(repository: Repository, keys: list[layout.SnapshotKey]) -> str | None:
    """Where the source of these snapshots was at the newest; "" if unreadable, None if there are none."""
    return str(_newest_facts(repository, keys).get("source_path", "")) if keys else None


def _newest_facts(repository: Repository, keys: list[layout.SnapshotKey]) -> dict[str, Any]:
    """The facts of the newest snapshot that can be read; none if there is no such."""
    for key in reversed(keys):
        try:
            return repository.read_facts(key.key)
        except CorruptObject:
            continue
    return {}


def _keys_by_source(keys: Iterable[layout.SnapshotKey]) -> dict[str, list[layout.SnapshotKey]]:
    found: dict[str, list[layout.SnapshotKey]] = {}
    for key in keys:
        found.setdefault(key.source_dir, []).append(key)
    return found
