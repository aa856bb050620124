"""How long to keep: what a policy would keep and remove, on a time axis and in numbers; presets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from litekeep.model import Snapshot
from litekeep.records import dataclass
from litekeep.retention import Code, Decision, RetentionPlan, RetentionPolicy
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import RetentionPreview, Tick
from litekeep.ui.presenter.reasons import kept_text, strongest
from litekeep.ui.presenter.whys import waiting_reasons

DAY = timedelta(days=1)
SHORTEST_AXIS_DAYS = 7.0
"""A young history does not fill the axis."""
MARKS_APART = 0.09
"""Texts under the axis that would stand closer than this are left out; the whole axis is 1."""
_MARKS = (
    (1.0, phrase("1 day")),
    (7.0, phrase("1 wk")),
    (30.4375, phrase("1 mo")),
    (91.3125, phrase("3 mo")),
    (365.25, phrase("1 yr")),
    (1095.75, phrase("3 yr")),
    (3652.5, phrase("10 yr")),
)
_TIERS = {Code.DAILY: "daily", Code.WEEKLY: "weekly", Code.MONTHLY: "monthly"}


@dataclass(frozen=True, slots=True)
class Preset:
    """A policy with a name. key: its stable word. name: to be translated."""

    key: str
    name: str
    days: int
    weeks: int
    months: int
    keep_last: int

    @property
    def policy(self) -> RetentionPolicy:
        """With the other rules as they are by default."""
        return RetentionPolicy(days=self.days, weeks=self.weeks, months=self.months, keep_last=self.keep_last)


PRESETS = (
    Preset("short", phrase("Short"), 7, 4, 3, 5),
    Preset("balanced", phrase("Balanced"), 30, 12, 12, 7),
    Preset("long", phrase("Long"), 90, 52, 60, 14),
)
CUSTOM = "custom"
"""The key of a policy that is no preset."""


def preset_of(policy: RetentionPolicy) -> str:
    """The key of the preset with these numbers, or CUSTOM."""
    return next((each.key for each in PRESETS if _numbers(each.policy) == _numbers(policy)), CUSTOM)


def preset_names(say: Language) -> tuple[tuple[str, str], ...]:
    """(key, name) of all presets, the custom one last."""
    return (*((each.key, say(each.name)) for each in PRESETS), (CUSTOM, say("Custom")))


def retention_changes(policy: RetentionPolicy) -> dict[str, int]:
    """For config.edit: key -> value."""
    days, weeks, months, keep_last = _numbers(policy)
    return {
        "backup.retention_days": days,
        "backup.retention_weeks": weeks,
        "backup.retention_months": months,
        "backup.keep_last": keep_last,
    }


def retention_preview(
    facts: ViewFacts, policy: RetentionPolicy, plan: RetentionPlan, frees_bytes: int | None, say: Language
) -> RetentionPreview:
    """What `plan`, made with `policy` for the backups of `facts`, would do. frees_bytes None: not known yet."""
    kept = [each for each in plan.decisions if each.keep and each.snapshot.trashed_at is None]
    removed = plan.removed
    ages = [_age(each.snapshot.created_at, facts.now) for each in kept]
    axis = max([SHORTEST_AXIS_DAYS, *(_age(each.created_at, facts.now) for each in facts.snapshots)])
    return RetentionPreview(
        ticks=tuple(_tick(each, age, axis, facts.now, say) for each, age in zip(kept, ages, strict=True)),
        marks=_marks(axis, say),
        headline=_headline(len(kept), max(ages, default=0.0), say),
        sub=_sub(len(removed), frees_bytes, say),
        note=_note(policy, say),
        removes=len(removed),
        question=_question(facts, removed, policy, say),
        waits=waiting_reasons(plan, policy, facts.now, say),
    )


def position(age_days: float, axis_days: float) -> float:
    """Where an age stands on the axis: 1 is now, 0 the end of the axis; half of it is for the last days."""
    return 1.0 - min(1.0, math.log1p(max(0.0, age_days)) / math.log1p(axis_days))


def tier_of(decision: Decision) -> str:
    """daily, weekly, monthly or other, by the reason that tells most."""
    code = strongest(decision.codes)
    return _TIERS.get(code, "other") if code else "other"


def _numbers(policy: RetentionPolicy) -> tuple[int, int, int, int]:
    return policy.days, policy.weeks, policy.months, policy.keep_last


def _age(moment: datetime, now: datetime) -> float:
    """In days; 0 for what has not come yet."""
    return max(0.0, (now.timestamp() - moment.timestamp()) / DAY.total_seconds())


def _tick(decision: Decision, age: float, axis: float, now: datetime, say: Language) -> Tick:
    _, kept = kept_text(decision.snapshot, decision, say)
    text = f"{say.moment(decision.snapshot.created_at, now)} · {kept}"
    return Tick(position(age, axis), tier_of(decision), text)


def _marks(axis: float, say: Language) -> tuple[tuple[float, str], ...]:
    """From the oldest to today; where two would stand too close, the younger one is left out."""
    found = [(1.0, say("today"))]
    last = 0.0 - MARKS_APART
    older = []
    for days, text in reversed(_MARKS):
        place = position(days, axis)
        if days <= axis * 1.001 and place - last >= MARKS_APART and 1.0 - place >= MARKS_APART:
            older.append((place, say(text)))
            last = place
    return (*older, *found)


def _headline(count: int, oldest_days: float, say: Language) -> str:
    if not count:
        return say("Nothing to keep yet")
    if oldest_days < 1:
        return say.plural("Keeps {n} backup", "Keeps {n} backups", count)
    span = say.rough_span(timedelta(days=oldest_days))
    return say.plural(
        "Keeps {n} backup, reaching back {span}", "Keeps {n} backups, reaching back {span}", count, span=span
    )


def _sub(count: int, frees_bytes: int | None, say: Language) -> str:
    if not count:
        return say("Removes nothing at the next clean-up")
    if frees_bytes is None:
        return say.plural("Removes {n} at the next clean-up", "Removes {n} at the next clean-up", count)
    return say.plural(
        "Removes {n} at the next clean-up, frees about {size}",
        "Removes {n} at the next clean-up, frees about {size}",
        count,
        size=say.size(frees_bytes),
    )


def _note(policy: RetentionPolicy, say: Language) -> str:
    never = say("Pinned and manual backups are never removed.")
    trash = say.plural(
        "What is removed stays in the trash for {n} day.",
        "What is removed stays in the trash for {n} days.",
        policy.trash_days,
    )
    return f"{never} {trash}" if policy.trash_days else never


def _question(facts: ViewFacts, removed: Sequence[Snapshot], policy: RetentionPolicy, say: Language) -> str:
    """Empty if the present policy would remove the same ones, or more."""
    if _numbers(policy) == _numbers(facts.settings.retention):
        return ""
    present = {each.id for each in facts.plan.removed} if facts.plan else set()
    more = [each for each in removed if each.id not in present]
    if not more:
        return ""
    what = say.plural(
        "With these numbers the next clean-up removes {n} more backup",
        "With these numbers the next clean-up removes {n} more backups",
        len(more),
    )
    newest = max(more, key=lambda each: each.created_at.timestamp())
    day = say.date(newest.created_at.astimezone(facts.now.tzinfo).date())
    reach = say("the newest of them from {date}", date=day)
    stay = say.plural("They stay in the trash for {n} day.", "They stay in the trash for {n} days.", policy.trash_days)
    return f"{what}, {reach}. {stay}" if policy.trash_days else f"{what}, {reach}."
