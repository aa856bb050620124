"""What must hold for every history: the plan equals the oracle's, and never loses what it promises to keep."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from litekeep.model import Level, Reason, Snapshot
from litekeep.retention import AUTOMATIC, Code, RetentionPlan, RetentionPolicy, plan_retention
from retention import oracle
from retention.histories import histories, policies

Story = tuple[list[Snapshot], datetime]
MANY = settings(max_examples=10 * settings().max_examples, deadline=None)


def ids(snapshots: tuple[Snapshot, ...]) -> set[str]:
    return {snapshot.id for snapshot in snapshots}


def execute(plan: RetentionPlan, now: datetime) -> list[Snapshot]:
    """What the repository holds afterwards: expired ones are gone, removed ones in the trash."""
    return [*plan.kept, *plan.trashed, *(replace(snapshot, trashed_at=now) for snapshot in plan.removed)]


@MANY
@given(histories(), policies())
def test_equals_the_oracle(story: Story, policy: RetentionPolicy) -> None:
    snapshots, now = story
    plan = plan_retention(snapshots, policy, now)
    assert ids(plan.kept) == oracle.kept_ids(snapshots, policy, now)
    assert ids(plan.expired) == oracle.due_ids(snapshots, policy, now)


@settings(deadline=None)
@given(histories(), policies())
def test_every_snapshot_has_one_decision_with_reasons_newest_first(story: Story, policy: RetentionPolicy) -> None:
    snapshots, now = story
    plan = plan_retention(snapshots, policy, now)
    parts = [plan.kept, plan.removed, plan.trashed, plan.expired]
    assert sorted(s.id for part in parts for s in part) == sorted(s.id for s in snapshots)
    assert all(decision.reasons and len(decision.reasons) == len(decision.codes) for decision in plan.decisions)
    keys = [(d.snapshot.created_at.astimezone(UTC), d.snapshot.sequence, d.snapshot.id) for d in plan.decisions]
    assert keys == sorted(keys, reverse=True)
    assert plan.changes == bool(plan.removed or plan.expired)


@settings(deadline=None)
@given(histories(), policies(), st.integers(0, 2**32))
def test_the_order_of_the_list_does_not_matter(story: Story, policy: RetentionPolicy, seed: int) -> None:
    snapshots, now = story
    shuffled = random.Random(seed).sample(snapshots, len(snapshots))
    assert plan_retention(shuffled, policy, now) == plan_retention(iter(snapshots), policy, now)


@settings(deadline=None)
@given(histories(), policies())
def test_what_is_never_removed(story: Story, policy: RetentionPolicy) -> None:
    snapshots, now = story
    removed = plan_retention(snapshots, policy, now).removed
    live = [s for s in snapshots if s.trashed_at is None]
    good = [s for s in live if s.sound and s.created_at <= now]
    for snapshot in removed:
        assert not snapshot.pinned
        assert snapshot.reason is not Reason.MANUAL
        assert snapshot.created_at <= now
        newer = [s for s in good if s.created_at >= snapshot.created_at and s not in removed]
        assert newer, "something good and newer stays for everything that goes"
    if good:
        assert max(good, key=lambda s: (s.created_at.astimezone(UTC), s.sequence)) not in removed
        assert max(s.sequence for s in good) not in {s.sequence for s in removed if s.sound}
    else:
        assert not removed


@settings(deadline=None)
@given(histories(), policies())
def test_planning_again_after_execution_removes_nothing_more(story: Story, policy: RetentionPolicy) -> None:
    snapshots, now = story
    policy = replace(policy, trash_days=max(1, policy.trash_days))
    first = plan_retention(snapshots, policy, now)
    second = plan_retention(execute(first, now), policy, now)
    assert second.removed == ()
    assert second.expired == ()
    assert second.kept == first.kept


@settings(deadline=None)
@given(histories(), policies(), st.data())
def test_unsound_snapshots_never_push_out_a_sound_one(
    story: Story, policy: RetentionPolicy, data: st.DataObject
) -> None:
    snapshots, now = story
    good = [s for s in snapshots if s.sound]
    bad = [s for s in snapshots if not s.sound]
    without = data.draw(st.lists(st.sampled_from(bad), unique_by=lambda s: s.id) if bad else st.just([]))
    fewer = plan_retention([*good, *without], policy, now)
    assert ids(fewer.kept) <= ids(plan_retention(snapshots, policy, now).kept) | ids(tuple(bad))


@settings(deadline=None)
@given(histories(), policies())
def test_losing_its_soundness_never_removes_a_snapshot(story: Story, policy: RetentionPolicy) -> None:
    snapshots = [replace(s, verified=Level.FULL, problems=(), damage=()) for s in story[0]]
    before = plan_retention(snapshots, policy, story[1])
    kept = [d.snapshot for d in before.decisions if d.keep and set(d.codes) != {Code.NEWEST}]
    for snapshot in kept[-8:]:
        damaged = [replace(s, damage=("lost",)) if s is snapshot else s for s in snapshots]
        assert snapshot.id in ids(plan_retention(damaged, policy, story[1]).kept) | ids(before.trashed)


@settings(deadline=None)
@given(histories(), policies(), st.integers(0, 40_000))
def test_a_later_clock_removes_nothing_that_was_not_future(story: Story, policy: RetentionPolicy, days: int) -> None:
    snapshots, _ = story
    newest = max((s.created_at for s in snapshots), default=datetime(2026, 1, 1, tzinfo=UTC))
    early = plan_retention(snapshots, policy, newest)
    late = plan_retention(snapshots, policy, newest + timedelta(days=days))
    assert late.removed == early.removed
    assert bool(late.brakes) or days <= policy.clock_jump_days or not early.kept


@settings(deadline=None)
@given(histories(), policies())
def test_a_clock_before_everything_removes_and_forgets_nothing(story: Story, policy: RetentionPolicy) -> None:
    snapshots, _ = story
    plan = plan_retention(snapshots, policy, datetime(1960, 1, 1, tzinfo=UTC))
    assert not plan.changes
    assert bool(plan.brake) == any(s.trashed_at is None for s in snapshots)


@settings(deadline=None)
@given(histories())
def test_without_any_sound_snapshot_nothing_changes(story: Story) -> None:
    snapshots, now = story
    unverified = [replace(s, verified=Level.NONE) for s in snapshots]
    assert not plan_retention(unverified, RetentionPolicy(days=0, weeks=0, months=0, keep_last=1), now).changes


@settings(deadline=None)
@given(histories(), policies())
def test_brake_follows_its_definition(story: Story, policy: RetentionPolicy) -> None:
    snapshots, now = story
    plan = plan_retention(snapshots, policy, now)
    automatic = [s for s in snapshots if s.trashed_at is None and s.created_at <= now and s.reason in AUTOMATIC]
    many = len(plan.removed) > max(policy.brake_count, policy.brake_percent / 100 * len(automatic))
    assert many == (Code.MANY in {why.code for why in plan.brakes})
    assert plan.needs_confirmation == (plan.changes and bool(plan.brake or plan.hold))


@settings(deadline=None)
@given(histories(), policies())
def test_the_counts_tell_how_many_have_each_reason(story: Story, policy: RetentionPolicy) -> None:
    plan = plan_retention(story[0], policy, story[1])
    for code in Code:
        assert plan.counts().get(code, 0) == sum(code in decision.codes for decision in plan.decisions)
