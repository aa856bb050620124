"""The preview of a policy: ticks on the axis, numbers, the question before it is saved; presets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.config.settings import BackupSettings
from litekeep.model import Reason, Snapshot
from litekeep.retention import RetentionPolicy
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import RetentionPreview
from litekeep.ui.presenter.retention import (
    CUSTOM,
    MARKS_APART,
    PRESETS,
    position,
    preset_names,
    preset_of,
    retention_changes,
    retention_preview,
)
from ui.presenter.made import EN, FR, days, facts, planned, snap

FEW = RetentionPolicy(days=7, weeks=4, months=3, keep_last=5)


def look(known: ViewFacts, policy: RetentionPolicy, frees: int | None = 6_100_000) -> RetentionPreview:
    """The preview in English."""
    return retention_preview(known, policy, planned((*known.snapshots, *known.trash), policy), frees, EN)


def test_numbers_in_both_languages() -> None:
    known = facts(days(60))
    found = look(known, FEW)
    assert found.headline == f"Keeps {60 - found.removes} backups, reaching back 55 days"
    assert found.sub == f"Removes {found.removes} at the next clean-up, frees about 6.1\u00a0MB"
    assert found.note == ("Pinned and manual backups are never removed. What is removed stays in the trash for 7 days.")
    french = retention_preview(known, FEW, planned(known.snapshots, FEW), 6_100_000, FR)
    assert french.headline == f"Garde {60 - found.removes} sauvegardes, sur 55 jours"
    assert "6,1\u00a0Mo" in french.sub


@pytest.mark.parametrize(
    ("snapshots", "headline", "sub"),
    [
        ((), "Nothing to keep yet", "Removes nothing at the next clean-up"),
        ((snap(1),), "Keeps 1 backup", "Removes nothing at the next clean-up"),
        (days(2), "Keeps 2 backups, reaching back 1 day", "Removes nothing at the next clean-up"),
    ],
)
def test_young_histories(snapshots: tuple[Snapshot, ...], headline: str, sub: str) -> None:
    found = look(facts(snapshots), RetentionPolicy(), None)
    assert (found.headline, found.sub, found.question) == (headline, sub, "")


def test_unknown_savings_are_not_told() -> None:
    assert look(facts(days(60)), FEW, None).sub.endswith("at the next clean-up")


def test_tiers() -> None:
    manual = snap(999, "2026-09-20T12:00", reason=Reason.MANUAL)
    found = look(facts((*days(100), manual)), RetentionPolicy(days=10, weeks=6, months=12, keep_last=3))
    tiers = [tick.tier for tick in found.ticks]
    assert tiers[0] == "daily"
    assert set(tiers) == {"daily", "weekly", "monthly", "other"}
    assert len([tier for tier in tiers if tier == "daily"]) == 10
    assert found.ticks[0].text == "Sep 24, 2026 02:00 · Daily"


@given(st.lists(st.floats(0, 4000, allow_nan=False), min_size=1, max_size=30), st.floats(7, 4000))
def test_positions_are_in_order_and_on_the_axis(ages: list[float], axis: float) -> None:
    places = [position(age, axis) for age in sorted(ages)]
    assert all(0 <= place <= 1 for place in places)
    assert all(one >= two for one, two in pairwise(places))
    assert position(0, axis) == 1
    assert position(axis, axis) == pytest.approx(0)


@pytest.mark.parametrize("count", [1, 3, 8, 40, 100, 400, 1200])
def test_marks_do_not_touch(count: int) -> None:
    found = look(facts(days(count)), RetentionPolicy())
    places = [place for place, _ in found.marks]
    assert found.marks[-1] == (1.0, "today")
    assert places == sorted(places)
    assert all(two - one >= MARKS_APART for one, two in pairwise(places))
    assert len(places) >= 2


def test_marks_of_a_year() -> None:
    assert [text for _, text in look(facts(days(370)), RetentionPolicy()).marks] == [
        "1 yr",
        "3 mo",
        "1 mo",
        "1 wk",
        "1 day",
        "today",
    ]


def test_saving_asks_when_more_would_go_than_now() -> None:
    known = facts(days(35))
    assert look(known, RetentionPolicy()).question == ""
    found = look(known, RetentionPolicy(days=20, weeks=2, months=1, keep_last=7))
    assert found.question == (
        "With these numbers the next clean-up removes 12 more backups, the newest of them from Sep 4, 2026. "
        "They stay in the trash for 7 days."
    )
    assert look(known, RetentionPolicy(days=60)).question == ""


def test_saving_asks_without_a_present_plan_whenever_something_goes() -> None:
    known = facts(days(35), plan=None)
    assert "removes" in look(known, FEW).question
    assert look(known, RetentionPolicy(days=60)).question == ""


def test_a_brake_is_told() -> None:
    found = look(facts(days(60)), FEW)
    assert found.waits == (f"The clean-up would remove {found.removes} of 60 backups, more than 25 % at once.",)
    assert look(facts(days(20)), FEW).removes == 10
    assert look(facts(days(20)), FEW).waits == ()


def test_what_is_in_the_trash_is_no_tick() -> None:
    gone = snap(500, "2026-09-01", trashed_at=snap(1).created_at)
    found = look(facts(days(3), trash=(gone,)), RetentionPolicy())
    assert len(found.ticks) == 3
    assert found.headline.startswith("Keeps 3 ")


def test_presets() -> None:
    assert [preset_of(each.policy) for each in PRESETS] == ["short", "balanced", "long"]
    assert preset_of(RetentionPolicy(days=31)) == CUSTOM
    assert preset_of(RetentionPolicy(trash_days=1)) == "balanced"
    assert preset_names(EN) == (
        ("short", "Short"),
        ("balanced", "Balanced"),
        ("long", "Long"),
        ("custom", "Custom"),
    )


def test_balanced_is_what_the_settings_begin_with() -> None:
    assert preset_of(facts().settings.retention) == "balanced"


def test_changes_are_keys_of_the_settings() -> None:
    found = retention_changes(FEW)
    assert found == {
        "backup.retention_days": 7,
        "backup.retention_weeks": 4,
        "backup.retention_months": 3,
        "backup.keep_last": 5,
    }
    assert {key.removeprefix("backup.") for key in found} <= set(BackupSettings.__dataclass_fields__)
