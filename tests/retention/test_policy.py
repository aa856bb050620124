"""A policy that makes no sense never comes into being, and says all that is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from litekeep.errors import UsageError
from litekeep.retention import RetentionPolicy


def test_the_defaults_are_those_of_the_settings() -> None:
    policy = RetentionPolicy()
    assert (policy.days, policy.weeks, policy.months, policy.keep_last) == (30, 12, 12, 7)
    assert (policy.pre_restore_days, policy.trash_days) == (30, 7)
    assert (policy.brake_count, policy.brake_percent, policy.clock_jump_days) == (10, 25, 40)


@pytest.mark.parametrize("value", [-1, 1.0, 2.5, "7", None, True, float("nan"), 10**9])
@pytest.mark.parametrize("field", list(RetentionPolicy.__dataclass_fields__))
def test_refuses_what_is_not_a_whole_number_in_range(field: str, value: Any) -> None:
    with pytest.raises(UsageError, match=field) as refusal:
        RetentionPolicy(**{field: value})
    assert repr(value) in refusal.value.message
    assert refusal.value.safe
    assert refusal.value.hint


def test_refuses_to_keep_nothing() -> None:
    with pytest.raises(UsageError, match="keep nothing"):
        RetentionPolicy(days=0, weeks=0, months=0, keep_last=0)


@pytest.mark.parametrize("rule", ["days", "weeks", "months", "keep_last"])
def test_one_rule_is_enough(rule: str) -> None:
    RetentionPolicy(**{"days": 0, "weeks": 0, "months": 0, "keep_last": 0} | {rule: 1})


def test_names_all_problems_at_once() -> None:
    with pytest.raises(UsageError) as refusal:
        RetentionPolicy(days=-1, weeks="12", brake_percent=101)  # type: ignore[arg-type]
    assert all(name in refusal.value.message for name in ("days", "weeks", "brake_percent", "-1", "'12'", "101"))


def test_problems_can_be_asked_for_without_a_policy() -> None:
    assert RetentionPolicy.problems({"days": 0, "weeks": 3}) == ()
    assert RetentionPolicy.problems({"days": 0, "weeks": 0}) == (), "the other rules have their defaults"
    assert len(RetentionPolicy.problems({"days": -2, "keep_last": 1.5})) == 2


def test_the_largest_numbers() -> None:
    assert RetentionPolicy(days=999_999, brake_percent=100).days == 999_999
    assert len(RetentionPolicy.problems({"days": 1_000_000, "brake_percent": 101})) == 2


def test_nothing_is_kept_only_if_all_rules_are_the_number_0() -> None:
    rules = ("days", "weeks", "months", "keep_last")
    assert RetentionPolicy.problems(dict.fromkeys(rules, 0)) == (
        "days, weeks, months, keep_last are all 0, which would keep nothing",
    )
    assert len(RetentionPolicy.problems(dict.fromkeys(rules, False))) == len(rules), "only that they are not numbers"
