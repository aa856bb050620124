"""Random histories and policies: the plan is the oracle's, and acting on it twice changes nothing."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from litekeep.model import Reason, Snapshot
from litekeep.retention import RetentionPlan, RetentionPolicy, plan_retention
from retention.histories import random_history, random_policy
from retention.oracle import due_ids, kept_ids
from torture.campaign import Campaign, Shard, Size, Tally

SHARD = 1_000
HISTORIES = {Size.CI: 2_000, Size.NIGHTLY: 200_000, Size.RELEASE: 5_000_000}
LARGEST, SMALL = 40, 12
"""Snapshots in every fiftieth history, and in the others: the oracle takes the cube of it."""
ZONED, MESSY, LATE = "snapshots in several zones", "wrong dates", "switched off for months"
TRASHED, BRAKED, HELD = "something goes to the trash", "the brake", "held by a problem"


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Numbers of histories."""
    return [(seed, first) for first in range(0, HISTORIES[size], SHARD)]


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """A thousand histories."""
    seed, first = shard
    for number in range(int(first), int(first) + SHARD):
        case = f"{seed}-{number}"
        if tally.wants(case):
            chance = random.Random(case)
            snapshots, now = random_history(chance, SMALL if number % 50 else LARGEST)
            policy = random_policy(chance)
            with tally.case(case):
                plan = plan_retention(snapshots, policy, now)
                tally.struck.update(traits(snapshots, plan, now))
                judge(snapshots, policy, now, plan)


def judge(snapshots: list[Snapshot], policy: RetentionPolicy, now: datetime, plan: RetentionPlan) -> None:
    """All that is claimed of a plan."""
    kept, removed = {each.id for each in plan.kept}, {each.id for each in plan.removed}
    live = [each for each in snapshots if each.trashed_at is None]
    assert kept == kept_ids(snapshots, policy, now)
    assert {each.id for each in plan.expired} == due_ids(snapshots, policy, now)
    assert kept | removed == {each.id for each in live}
    assert not removed & {each.id for each in live if each.pinned or each.reason is Reason.MANUAL}
    after = [*plan.kept, *plan.trashed, *(replace(each, trashed_at=now) for each in plan.removed)]
    assert not plan_retention(after, policy, now).removed, "a second run would remove more"


def traits(snapshots: list[Snapshot], plan: RetentionPlan, now: datetime) -> set[str]:
    """What this history exercises."""
    live = [each for each in snapshots if each.trashed_at is None]
    found = set()
    if len({each.created_at.utcoffset() for each in snapshots}) > 1:
        found.add(ZONED)
    by_number = sorted(live, key=lambda each: each.sequence)
    if any(a.created_at > b.created_at for a, b in itertools.pairwise(by_number)):
        found.add(MESSY)
    if live and all((now - each.created_at).days > 90 for each in live):
        found.add(LATE)
    if plan.removed:
        found.add(TRASHED)
    if plan.brakes:
        found.add(BRAKED)
    if plan.holds:
        found.add(HELD)
    return found


RETENTION = Campaign(
    "retention",
    "G11",
    "The snapshots that a plan keeps are exactly those of an oracle written from restic's documentation.",
    "histories",
    HISTORIES,
    shards,
    run,
    frozenset({ZONED, MESSY, LATE, TRASHED, BRAKED, HELD}),
)
