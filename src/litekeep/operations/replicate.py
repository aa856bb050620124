"""Replicate: all objects of a repository in another place, to seed a copy or to rebuild a lost repository from one.

The two are then the same repository, and either can go on. What was interrupted goes on where it stopped. The order is
that of sync: what a snapshot needs is there before its manifest. A place that has snapshots of its own is refused: the
packs that come may have been compacted, and would stand before those that hold what these snapshots need.
"""

from __future__ import annotations

from collections.abc import Mapping

from litekeep.clock import Clock
from litekeep.errors import LitekeepError, ObjectMissing, Refused
from litekeep.monitor import Monitor
from litekeep.operations.sending import Sender, foundation, refuse_other, tell_not_sent, why_not
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.moment import ATTEMPTS
from litekeep.repository.repository import Repository
from litekeep.storage.base import Storage, sizes_by_key


@dataclass(frozen=True, slots=True)
class ReplicateResult:
    """snapshots: that are there now. left_behind: objects that are damaged in the repository, and why."""

    snapshots: int
    sent_objects: int
    sent_bytes: int
    left_behind: tuple[str, ...]
    elapsed_seconds: float


def replicate(repository: Repository, target: Storage, *, clock: Clock, monitor: Monitor) -> ReplicateResult:
    """Send everything that the place lacks.

    Damaged objects are left out, with a warning (`not_copied`), and with them nothing else: what needs them says so
    when it is verified or restored there.

    Raises Refused if the place holds another repository, or snapshots that this one lacks; Cancelled, and the
    StorageError family: what was sent stays.
    """
    started = clock.monotonic()
    there = sizes_by_key(target.list())
    refuse_other(repository, target, there)
    here = sizes_by_key(repository.storage.list())
    own = [key for key in there if layout.parse_snapshot_key(key) and key not in here]
    if own:
        raise Refused(
            f"{target.description} has {len(own)} backups that this repository does not have",
            safe="Nothing was sent, and nothing was changed there.",
            hint="A copy with backups of its own is brought up to date with `litekeep sync`.",
        )
    steps = _steps(here, there)
    total = sum(here[key] for keys in steps for key in keys)
    monitor.event("replicate_started", objects=sum(map(len, steps)), bytes=total)
    sender, failed = Sender(repository, target, total, monitor), dict[str, LitekeepError]()
    for _ in range(ATTEMPTS):  # a prune beside it takes objects away that were listed
        failed = {key: error for keys in steps for key, error in sender.send(keys).items()}
        if not any(isinstance(error, ObjectMissing) for error in failed.values()):
            break
        there = sizes_by_key(target.list())
        steps = _steps(sizes_by_key(repository.storage.list()), there)
    left_behind = [why_not(key, error) for key, error in failed.items()]
    tell_not_sent(left_behind, monitor)
    elapsed = clock.monotonic() - started
    monitor.event("replicate_finished", objects=sender.objects, bytes=sender.bytes, elapsed_seconds=elapsed)
    snapshots = sum(layout.parse_snapshot_key(entry.key) is not None for entry in target.list(layout.SNAPSHOTS))
    return ReplicateResult(snapshots, sender.objects, sender.bytes, tuple(left_behind), elapsed)


def _steps(here: Mapping[str, int], there: Mapping[str, int]) -> list[list[str]]:
    """What is lacking, in the order in which it is to arrive."""
    steps = [
        foundation(here),
        [key for key in here if layout.parse_pack_key(key)],
        [key for key in here if layout.parse_snapshot_key(key)],
        [key for key in here if layout.record_snapshot(key)],
    ]
    return [[key for key in keys if key not in there] for keys in steps]
