"""Export: a snapshot as a plain database file, or packed with gzip or zstd, for people and other programs."""

from __future__ import annotations

import os
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import Refused
from litekeep.model import Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.plainfile import pack_plain_file
from litekeep.operations.scratch import scratch_folder
from litekeep.repository.moment import with_packs
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.sqlite.publish import publish


def export(repository: Repository, snapshot: Snapshot, out: Path, *, clock: Clock, monitor: Monitor) -> int:
    """Write the snapshot to the new file `out`, packed as its ending says (.gz, .zst); returns its length in bytes.

    Raises Refused if `out` exists, CorruptObject, NoSpace, Cancelled; then there is no file of that name.
    """
    if os.path.lexists(out):
        raise Refused(f"{out} exists already", safe="Nothing was changed.", hint="Export to another name.")
    started = clock.monotonic()
    with scratch_folder(out.absolute().parent) as scratch:
        copy = scratch / "export.db"
        copy.touch(mode=0o600)
        manifest = repository.read_manifest(snapshot.key)
        with_packs(
            repository, snapshot.key, lambda table: rebuild(repository, table, snapshot.key, manifest, copy, monitor)
        )
        packed = scratch / f"packed{out.suffix}"
        pack_plain_file(copy, packed, monitor)
        publish(packed, out)
    monitor.event("exported", snapshot=snapshot.id, target=str(out), elapsed_seconds=clock.monotonic() - started)
    return out.stat().st_size
