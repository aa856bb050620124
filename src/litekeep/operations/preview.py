"""Preview: what a restore would change, without changing anything.

Rows are counted in private copies: of the target as it is now, and of the snapshot where no verification has counted
them yet.
"""

from __future__ import annotations

import os
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import BackupFailed, LitekeepError, Refused
from litekeep.model import Snapshot
from litekeep.monitor import Monitor
from litekeep.operations.plainfile import unpack_plain_file
from litekeep.operations.scratch import scratch_folder
from litekeep.operations.verify import TIME_LIMIT_SECONDS
from litekeep.records import dataclass
from litekeep.repository.moment import with_packs
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.sqlite.capture import capture
from litekeep.sqlite.check import check_database

Tables = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What is at the target and what would be there. now: None if nothing is there, or (see why) it cannot be read.

    problems: what SQLite finds wrong with the copy that would be restored, as far as it is known.
    """

    target: Path
    exists: bool
    now: Tables | None
    why: str
    after: Tables
    size_bytes: int
    problems: tuple[str, ...]

    def differences(self) -> list[tuple[str, int | None, int | None]]:
        """(table, rows now, rows after) for every table; None where there is no such table."""
        before, after = dict(self.now or ()), dict(self.after)
        return [(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]


def preview_restore(
    repository: Repository | None,
    chosen: Snapshot | Path,
    target: Path,
    *,
    scratch: Path | None = None,
    clock: Clock,
    monitor: Monitor,
) -> Preview:
    """Look at both sides. chosen: a snapshot of the repository, or a plain file.

    Raises CorruptObject, NoSpace, Cancelled, and what unpacking a plain file raises.
    """
    exists, now, why = os.path.lexists(target), None, ""
    with scratch_folder(scratch) as folder:
        if exists:
            try:
                capture(target, folder / "now.db", clock=clock, monitor=monitor)
                now = _counted(folder / "now.db", clock, monitor)[0]
            except (BackupFailed, Refused) as error:
                why = error.message
        if isinstance(chosen, Snapshot) and chosen.tables is not None:
            return Preview(target, exists, now, why, chosen.tables, chosen.database.size_bytes, chosen.problems)
        copy = folder / "after.db"
        _make(repository, chosen, copy, clock, monitor)
        after, problems = _counted(copy, clock, monitor)
        return Preview(target, exists, now, why, after, copy.stat().st_size, problems)


def _make(repository: Repository | None, chosen: Snapshot | Path, copy: Path, clock: Clock, monitor: Monitor) -> None:
    if isinstance(chosen, Path):
        unpack_plain_file(chosen, copy, clock=clock, monitor=monitor)
        return
    if repository is None:
        raise LitekeepError("a snapshot without its repository")
    copy.touch(mode=0o600)
    manifest = repository.read_manifest(chosen.key)
    with_packs(repository, chosen.key, lambda table: rebuild(repository, table, chosen.key, manifest, copy, monitor))


def _counted(copy: Path, clock: Clock, monitor: Monitor) -> tuple[Tables, tuple[str, ...]]:
    report = check_database(copy, time_limit_seconds=TIME_LIMIT_SECONDS, clock=clock, monitor=monitor)
    return report.tables, report.problems
