"""A database with a long past: thousands of backups in seconds, as manifests, receipts and rows of the journal."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from litekeep import BackupManager
from litekeep.clock import SystemClock
from litekeep.formats.manifest import Manifest
from litekeep.formats.receipt import Receipt
from litekeep.journal import history
from litekeep.journal.history import Outcome, Row
from litekeep.model import Level
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage

TABLES = (("employee", 1200), ("note", 31), ("payroll", 99_488))


def make_database(path: Path, rows: int = 50) -> None:
    """A small database in WAL mode."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT)")
        db.executemany("INSERT INTO person(name) VALUES (?)", ((f"person {n}",) for n in range(rows)))
        db.commit()


def lengthen(manager: BackupManager, count: int, *, every: timedelta = timedelta(hours=24)) -> None:
    """Give an empty repository `count` scheduled backups, the newest of half an hour ago.

    They share the pages of one real backup, and so can be restored.
    """
    first = manager.create_backup("the first")
    clock = SystemClock()
    repository = Repository.open(LocalStorage(manager.repository, clock))
    manifest = repository.read_manifest(first.key)
    folder = layout.source_dir(first.source)
    newest = clock.now() - timedelta(minutes=30)
    for number in range(count):
        moment = newest - every * (count - 1 - number)
        _add(repository, folder, manifest, first.source, first.sequence + 1 + number, moment)
        row = Row(moment, "backup", first.source, Outcome.OK, 0, elapsed_seconds=1.5, facts={"new_bytes": 190_000})
        history.append(manager.repository, row)
    for path in manager.repository.rglob(f"*{first.id}*"):
        path.unlink()  # it is dated after all of them
    load_catalog(repository)
    manager.accept_changes()  # nobody is to miss it


def _add(repository: Repository, folder: str, manifest: Manifest, source: str, sequence: int, moment: datetime) -> None:
    new_id = layout.new_id()
    key = layout.snapshot_key(source, moment, sequence, new_id)
    facts = {
        **manifest.facts,
        "created_at": moment.isoformat(),
        "sequence": sequence,
        "label": "",
        "reason": "scheduled",
        "slot": moment.isoformat(),
    }
    repository.write_manifest(key, replace(manifest, facts=facts))
    proof = Receipt(new_id, "verify", moment + timedelta(seconds=2), Level.FULL, tables=TABLES)
    repository.write_receipt(folder, proof)
