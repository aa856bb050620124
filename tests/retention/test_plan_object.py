"""The plan as an object: which snapshots are where, what stands against executing it, and words that never change."""

from __future__ import annotations

import pytest

from litekeep.retention import Code
from litekeep.retention.plan import Decision, RetentionPlan, Why
from retention.histories import made, moment

NOW = moment("2026-01-10")
WORDS = {
    "NEWEST": "newest",
    "PINNED": "pinned",
    "MANUAL": "manual",
    "DAILY": "daily",
    "WEEKLY": "weekly",
    "MONTHLY": "monthly",
    "OLDEST": "oldest",
    "LAST": "last",
    "SAFETY_COPY": "safety_copy",
    "UNSOUND": "unsound",
    "MISDATED": "misdated",
    "FUTURE": "future",
    "NOTHING_SOUND": "nothing_sound",
    "TRASH": "trash",
    "TRASH_WAITS": "trash_waits",
    "NO_RULE": "no_rule",
    "UNSOUND_OLD": "unsound_old",
    "SAFETY_COPY_OLD": "safety_copy_old",
    "TRASH_DUE": "trash_due",
    "MANY": "many",
    "CLOCK_AHEAD": "clock_ahead",
    "CLOCK_BEHIND": "clock_behind",
    "SOURCE_PROBLEM": "source_problem",
    "ANOMALY": "anomaly",
}
NEWEST, DAILY = Why(Code.NEWEST, "the newest"), Why(Code.DAILY, "daily 1 of 2", 1, 2)
NO_RULE, TRASH, DUE = Why(Code.NO_RULE, "no rule"), Why(Code.TRASH, "in the trash"), Why(Code.TRASH_DUE, "time is over")
MANY, PROBLEM = Why(Code.MANY, "too many"), Why(Code.SOURCE_PROBLEM, "not well")
STAYS = Decision(made(NOW, 4), True, (NEWEST, DAILY))
GOES = Decision(made(NOW, 3), False, (NO_RULE,))
IN_TRASH = Decision(made(NOW, 2, trashed_at=NOW), True, (TRASH,))
EXPIRES = Decision(made(NOW, 1, trashed_at=NOW), False, (DUE,))
EVERYTHING = RetentionPlan((STAYS, GOES, IN_TRASH, EXPIRES), (MANY,), (PROBLEM,))


def test_programs_rely_on_these_words() -> None:
    assert {code.name: code.value for code in Code} == WORDS
    everything = Decision(made(NOW, 5), True, tuple(Why(code, "") for code in Code))
    assert [code.value for code in RetentionPlan((everything,)).counts()] == list(WORDS.values())


def test_a_reason_names_nothing_that_it_was_not_given() -> None:
    why = Why(Code.NEWEST, "the newest")
    (why,) = Decision(made(NOW, 5), True, (why,)).whys
    assert (why.number, why.limit, why.detail, why.moment) == (0, 0, "", None)
    assert RetentionPlan((), (why,)).brakes == (Why(Code.NEWEST, "the newest", 0, 0, "", None),)
    assert RetentionPlan((), (why,)).brake == ("the newest",)
    assert (DAILY.number, DAILY.limit) == (1, 2)


def test_a_decision_tells_its_reasons_in_their_order() -> None:
    assert STAYS.reasons == ("the newest", "daily 1 of 2")
    assert STAYS.codes == (Code.NEWEST, Code.DAILY)


def test_every_snapshot_is_in_one_place() -> None:
    assert EVERYTHING.kept == (STAYS.snapshot,)
    assert EVERYTHING.removed == (GOES.snapshot,)
    assert EVERYTHING.trashed == (IN_TRASH.snapshot,)
    assert EVERYTHING.expired == (EXPIRES.snapshot,)


def test_what_stands_against_it_is_told_as_texts() -> None:
    assert EVERYTHING.brake == ("too many",)
    assert EVERYTHING.hold == ("not well",)


@pytest.mark.parametrize(
    ("decisions", "changes"),
    [
        ((), False),
        ((STAYS,), False),
        ((IN_TRASH, STAYS), False),
        ((GOES,), True),
        ((STAYS, GOES), True),
        ((EXPIRES, STAYS), True),
    ],
)
def test_it_changes_something_if_one_snapshot_does_not_stay(decisions: tuple[Decision, ...], changes: bool) -> None:
    assert RetentionPlan(decisions).changes is changes
    assert RetentionPlan(decisions).needs_confirmation is False
    assert RetentionPlan(decisions, brakes=(MANY,)).needs_confirmation is changes
    assert RetentionPlan(decisions, holds=(PROBLEM,)).needs_confirmation is changes
    assert RetentionPlan(decisions, (MANY,), (PROBLEM,)).needs_confirmation is changes


def test_reasons_are_counted_once_for_each_snapshot() -> None:
    twice = Decision(made(NOW, 5), True, (DAILY, DAILY, NEWEST))
    assert list(RetentionPlan((EXPIRES, STAYS, twice)).counts().items()) == [
        (Code.NEWEST, 2),
        (Code.DAILY, 2),
        (Code.TRASH_DUE, 1),
    ]
    assert RetentionPlan(()).counts() == {}
