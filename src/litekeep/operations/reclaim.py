"""About how much space removing backups gives back, from the catalog alone. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from litekeep.model import Snapshot


def reclaimable_bytes(snapshots: Iterable[Snapshot], going: Collection[Snapshot]) -> int:
    """What the packs lose, about, once `going` are forgotten. snapshots: all of their sources.

    A backup alone needs what it stored and its successor replaced: not more than it added, and about what the successor
    added. So the first backup, which added the whole database, gives back little while a later one stands on it.
    """
    gone = {each.id for each in going}
    of_source: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for each in snapshots:
        of_source[each.source].append(each)
    total = 0
    for history in of_source.values():
        history.sort(key=lambda each: each.sequence)
        last_kept = max((place for place, each in enumerate(history) if each.id not in gone), default=-1)
        for place, each in enumerate(history):
            if each.id in gone:
                after = history[place + 1].new_bytes if place < last_kept else each.new_bytes
                total += min(each.new_bytes, after)
    return total
