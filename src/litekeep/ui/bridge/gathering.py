"""Facts from a manager: what the pages show, read on a thread of the bridge.

Reading the listing of thousands of backups takes a noticeable part of a second, so facts are gathered only when there
is a reason: a folder of the repository has changed since (`trace`), or they are old (board.GATHER_SECONDS).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from litekeep import BackupManager
from litekeep.clock import Clock
from litekeep.config.settings import Settings
from litekeep.errors import LitekeepError
from litekeep.journal import history
from litekeep.manager.home import STATE_FOLDER
from litekeep.operations import copymemory
from litekeep.operations.copymemory import CopyState
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.scheduling.zone import machine_zone
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.worker.probing import is_encrypted

ROWS = 5000
"""The newest rows of the journal that are shown: years, unless a database is backed up every few minutes."""
_FOLDERS = (layout.SNAPSHOTS, layout.RECEIPTS, layout.MARKS, layout.PACKS, layout.KEYS)


@dataclass(frozen=True, slots=True)
class Trace:
    """What tells, without reading anything, whether facts are still those: times and sizes of folders and diaries."""

    settings: Settings
    stored: tuple[tuple[str, int, int], ...]
    diary: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Facts, and the trace of what they were gathered from."""

    facts: ViewFacts
    trace: Trace | None = None


def local_now(clock: Clock) -> datetime:
    """Now, in the zone in which people here read times."""
    return clock.now().astimezone(machine_zone(clock))


def nothing_yet(manager: BackupManager, clock: Clock) -> Gathered:
    """What can be said at once, without looking anywhere."""
    return Gathered(
        ViewFacts(
            now=local_now(clock),
            name=manager.database.stem,
            database=str(manager.database),
            folder=str(manager.repository),
            settings=manager.settings.backup,
            paused=manager.paused,
            started=manager.started,
            editable=manager.settings_file is not None,
        )
    )


def trace(manager: BackupManager) -> Trace:
    """Look at times and sizes; never raises."""
    folder = manager.repository
    state = manager.database.parent / STATE_FOLDER
    diaries = [each / name for each in (folder, state) for name in (history.NAME, history.OLDER_NAME)]
    stored = [folder, *(found for name in _FOLDERS for found in _with_inner(folder / name)), *_memories(folder)]
    return Trace(manager.settings, tuple(_looks(stored)), tuple(_looks(diaries)))


def _memories(folder: Path) -> list[Path]:
    """What is remembered of the copies: another program sends, too."""
    with suppress(OSError):
        return sorted((folder / copymemory.FOLDER).glob("*.json"))
    return []


def _states(manager: BackupManager, before: ViewFacts) -> tuple[CopyState, ...]:
    """Of the copies; while the folder that has them is away, those of before."""
    states = manager.copy_states()
    if not os.path.isdir(manager.repository):
        states |= {each.name: each for each in before.copies if each.name in states}
    return tuple(states.values())


def _with_inner(folder: Path) -> Iterator[Path]:
    yield folder
    with suppress(OSError), os.scandir(folder) as entries:
        inner = sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        yield from map(Path, inner)


def _looks(paths: list[Path]) -> Iterator[tuple[str, int, int]]:
    for path in paths:
        with suppress(OSError):
            found = os.stat(path)
            yield str(path), found.st_mtime_ns, found.st_size


def gather(manager: BackupManager, clock: Clock, before: Gathered) -> Gathered:
    """Facts of now. before: the ones of last time, for what cannot be read while the folder is away.

    Raises what the manager raises besides LitekeepError, which is a state to be shown (status).
    """
    seen = trace(manager)  # before reading: what changes meanwhile is gathered again
    fresh = nothing_yet(manager, clock).facts
    status, snapshots = manager.overview()
    if snapshots is None:
        snapshots = [*before.facts.snapshots, *before.facts.trash]
    facts = replace(
        fresh,
        status=status,
        snapshots=tuple(each for each in snapshots if each.trashed_at is None),
        trash=tuple(each for each in snapshots if each.trashed_at is not None),
        rows=before.facts.rows,
        plan=before.facts.plan,
        plan_frees_bytes=before.facts.plan_frees_bytes,
    )
    if before.trace is None or seen.diary != before.trace.diary or seen.settings is not before.trace.settings:
        facts = replace(facts, rows=tuple(manager.history(limit=ROWS)))
    everything = (*facts.snapshots, *facts.trash)
    with suppress(LitekeepError):
        preview = manager.plan_rotation(snapshots=everything)
        facts = replace(facts, plan=preview.plan, plan_frees_bytes=preview.frees_bytes)
    with suppress(LitekeepError):
        figures = manager.statistics(everything)
        facts = replace(
            facts,
            space_bytes=figures.space_bytes,
            free_bytes=figures.free_bytes,
            database_bytes=figures.database_bytes,
        )
    with suppress(LitekeepError):
        facts = replace(facts, next_runs=tuple(manager.next_runs()))
    with suppress(LitekeepError):
        facts = replace(
            facts,
            copies=_states(manager, before.facts),
            spread=manager.spread(everything),
            encrypted=is_encrypted(manager.repository),
        )
    return Gathered(facts, seen)
