"""The pane beside the table: facts of one backup, every reason of the plan in words, tables, what may be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.journal.history import Outcome
from litekeep.model import Level, Reason, Snapshot
from litekeep.retention import Code, RetentionPolicy, Why, plan_retention
from litekeep.ui.language import language
from litekeep.ui.presenter.detail import detail
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.history import history
from litekeep.ui.presenter.models import Detail, Tone
from litekeep.ui.presenter.whys import waiting_reasons, why_text, whys_of
from ui.presenter.made import EN, FR, NOW, among, at, days, facts, run, settings, snap


def shown(snapshot: Snapshot, known: ViewFacts | None = None) -> Detail:
    """The pane of a backup."""
    found = detail(snapshot.id, known or facts((snapshot,)), EN)
    assert found is not None
    return found


def lines(pane: Detail) -> dict[str, str]:
    """Its lines by name."""
    return {line.name: line.value for line in pane.lines}


def test_all_facts_of_a_backup() -> None:
    one = snap(
        2,
        "2026-09-23T02:30",
        label="before payroll",
        reason=Reason.MANUAL,
        user_version=41,
        slot=at("2026-09-23"),
        drilled_at=at("2026-09-23T05:30"),
        tables=(("audit_log", 98_412), ("caces", 611), ("sqlite_sequence", 3)),
    )
    pane = shown(one)
    assert pane.title == "Yesterday at 02:30"
    assert lines(pane) == {
        "Status": "Verified and test-restored",
        "Made": "Sep 23, 2026 02:30 (31 h ago)",
        "Planned for": "Sep 23, 2026 02:00",
        "Reason": "Manual · “before payroll”",
        "Size": "48.3\u00a0MB",
        "Added": "194.5\u00a0kB",
        "Changed since the one before": "0.4 % of its pages",
        "Schema version": "41",
        "Verified": "Yesterday at 02:30 · every page, read back",
        "Test restore": "passed yesterday at 05:30",
        "Identifier": "00000002",
    }
    assert [(each.name, each.rows) for each in pane.tables] == [("audit_log", "98,412"), ("caces", "611")]
    assert pane.tables_note == "2 tables, 99,023 rows"
    french = detail(one.id, facts((one,)), FR)
    assert french is not None
    assert french.title == "Hier à 02:30"
    assert french.tables_note == "2 tables, 99\u202f023 lignes"
    assert "Test de restauration" in lines(french)


@pytest.mark.parametrize(
    ("given_", "name", "value", "tone"),
    [
        ({"verified": Level.NONE}, "Verified", "not yet", Tone.WARN),
        ({"verified": Level.WRITTEN}, "Verified", "Today at 02:00 · what it wrote, read back", Tone.OK),
        ({}, "Test restore", "not yet", Tone.CALM),
        ({"sequence": 2, "changed_pages": 0}, "Changed since the one before", "nothing", Tone.CALM),
        ({"changed_pages": 5}, "Changed since the one before", "first backup", Tone.CALM),
        (
            {"parent": "x", "changed_pages": 5},
            "Changed since the one before",
            "less than 0.1 % of its pages",
            Tone.CALM,
        ),
        ({"parent": "x", "changed_pages": 99_999}, "Changed since the one before", "100 % of its pages", Tone.CALM),
        ({"damage": ("a block is gone",)}, "Damage", "a block is gone", Tone.BAD),
        ({"problems": ("page 7",)}, "Problem in the database", "page 7", Tone.WARN),
        (
            {"pinned": True, "anomaly": "all 1200 rows of employee have gone; b went from 900 to 1 rows"},
            "Unusual change after it",
            "all 1,200 rows of employee have gone; the table b went from 900 to 1 rows",
            Tone.WARN,
        ),
        ({"trashed_at": at("2026-09-23")}, "Deleted", "Yesterday at 02:00", Tone.CALM),
    ],
)
def test_lines(given_: dict[str, Any], name: str, value: str, tone: Tone) -> None:
    one = snap(**{"sequence": 1, **given_})
    known = facts(trash=(one,)) if one.trashed_at else facts((one,))
    (line,) = (each for each in shown(one, known).lines if each.name == name)
    assert (line.value, line.tone) == (value, tone)


def test_a_hundred_problems_are_five_and_a_number() -> None:
    one = snap(1, problems=tuple(f"page {n}" for n in range(100)))
    told = [each.value for each in shown(one).lines if each.name == "Problem in the database"]
    assert told == ["page 0", "page 1", "page 2", "page 3", "page 4", "and 95 more"]


@pytest.mark.parametrize(
    ("tables", "note"),
    [
        (None, "Counted at the next full verification."),
        ((), "This database has no tables."),
        ((("sqlite_stat1", 4),), "This database has no tables."),
        ((("a", 1),), "1 table, 1 row"),
    ],
)
def test_tables_note(tables: tuple[tuple[str, int], ...] | None, note: str) -> None:
    assert shown(snap(1, tables=tables)).tables_note == note


def test_a_row_that_is_gone_has_no_pane() -> None:
    assert detail("nobody", facts((snap(1),)), EN) is None


def test_a_run_that_made_none() -> None:
    known = facts(rows=(run("2026-09-15", elapsed_seconds=12.4),))
    (row,) = history(known, EN)
    pane = detail(row.key, known, EN)
    assert pane is not None
    assert lines(pane)["Status"] == "Failed: disk full"
    assert lines(pane)["What happened"] == "The disk is full."
    assert lines(pane)["What to do"] == "Free some space, or choose another folder."
    assert lines(pane)["In detail"] == "no room left on the drive"
    assert lines(pane)["Took"] == "12 s"
    assert (pane.whys, pane.tables) == ((), ())


def test_a_run_that_was_left_out_explains_no_error() -> None:
    known = facts(rows=(run("2026-09-15", Outcome.SKIPPED, "paused", message=""),))
    pane = detail(history(known, EN)[0].key, known, EN)
    assert pane is not None
    assert [line.name for line in pane.lines] == ["Status", "When", "Reason"]


WHYS = [
    ("2026-09-24", {}, ["The newest verified backup always stays."]),
    (
        "2026-09-20",
        {},
        ["Daily: not older than 30 days, counted from the newest backup; at least until Oct 20, 2026."],
    ),
    (
        "2026-08-16",
        {},
        ["Weekly: the newest of its week, number 7 of 12; at least until Nov 2, 2026."],
    ),
    ("2026-09-20", {"pinned": True}, ["Pinned: it is never removed automatically."]),
    ("2026-09-20", {"reason": Reason.MANUAL}, ["Made by hand: it is never removed automatically."]),
    (
        "2026-09-20",
        {"reason": Reason.PRE_RESTORE},
        ["Safety copy: it takes the restore back; at least until Oct 20, 2026."],
    ),
    (
        "2026-09-20",
        {"verified": Level.NONE},
        ["The backup has not been verified. It stays until a good backup is 30 days newer."],
    ),
    ("2026-08-12", {}, ["No rule keeps it any more."]),
    (
        "2026-08-01",
        {"reason": Reason.PRE_RESTORE},
        ["Safety copy before a restore, and its time is over."],
    ),
    (
        "2026-08-13",
        {"damage": ("x",)},
        ["The backup is damaged. No rule would keep it even if it were good."],
    ),
    (
        "2026-07-31",
        {},
        ["Monthly: the newest of its month, number 3 of 12; at least until Jul 1, 2027."],
    ),
]


@pytest.mark.parametrize(("made", "given_", "expected"), WHYS)
def test_why_it_is_kept(made: str, given_: dict[str, object], expected: list[str]) -> None:
    one, everything = among(days(45), made, **given_)
    pane = shown(one, facts(everything))
    assert set(expected) <= set(pane.whys)
    assert pane.whys_title in ("Why it is kept", "Why it goes")


def test_weekly_and_monthly_of_the_present_period_wait_for_a_newer_one() -> None:
    whys = shown(snap(1)).whys
    assert "Weekly: the newest of its week, number 1 of 12, until this week has a newer one." in whys
    assert "Monthly: the newest of its month, number 1 of 12, until this month has a newer one." in whys
    assert "One of the newest 7, which stay whatever their age (number 1)." in whys


def test_why_in_the_trash() -> None:
    one = snap(1, "2026-09-01", trashed_at=at("2026-09-23"))
    pane = shown(one, facts((snap(2),), trash=(one,)))
    assert pane.whys_title == "Why it is in the trash"
    assert pane.in_trash
    assert pane.whys == ("In the trash until Sep 30, 2026; until then it can be brought back.",)
    old = snap(1, "2026-08-01", trashed_at=at("2026-09-01"))
    pane = shown(old, facts((snap(2),), trash=(old,)))
    assert pane.whys == ("Its 7 days in the trash are over: gone for good at the next clean-up.",)
    pane = shown(old, facts(trash=(old,)))
    assert pane.whys == ("Its time in the trash is over, but it stays because no good backup is left outside.",)


@pytest.mark.parametrize(
    "code",
    [
        code
        for code in Code
        if code not in (Code.MANY, Code.CLOCK_AHEAD, Code.CLOCK_BEHIND, Code.SOURCE_PROBLEM, Code.ANOMALY)
    ],
)
def test_every_code_has_a_sentence_in_every_language(code: Code) -> None:
    """Not the engine's English text, which uses other words than the window."""
    for detail_ in ("", "until_newer", "recent", "as_good", "weeks", "months", "clock"):
        why = Why(code, "ENGINE", 2, 3, detail_, NOW)
        english = why_text(why, snap(1, "2026-01-07", trashed_at=NOW), NOW, EN)
        french = why_text(why, snap(1, "2026-01-07", trashed_at=NOW), NOW, FR)
        assert english.endswith(".")
        assert "ENGINE" not in english
        assert french.endswith(".")
        assert french != english
        assert "snapshot" not in english


@pytest.mark.parametrize(
    ("snapshots", "rules", "expected"),
    [
        (
            days(60),
            {"days": 2, "weeks": 0, "months": 0, "keep_last": 1},
            "The clean-up would remove 58 of 60 backups, more than 25 % at once.",
        ),
        (
            (snap(1, "2026-06-01"), snap(2, "2026-06-20")),
            {"days": 1, "weeks": 0, "months": 0},
            "The newest backup is 96 days old: the clock may be wrong, or backups have stopped.",
        ),
        (
            (*days(20), snap(99, "2026-12-24")),
            {"days": 2, "weeks": 0, "months": 0, "keep_last": 1},
            "1 backup is dated in the future: the clock is or was wrong.",
        ),
        (
            (*days(20, "2026-09-20"), snap(99, "2026-09-24", problems=("page 7 is never used",))),
            {"days": 2, "weeks": 0, "months": 0, "keep_last": 1},
            "The database had problems in the backup of Sep 24, 2026: page 7 is never used.",
        ),
        (
            (
                *days(20, "2026-09-20"),
                snap(99, "2026-09-21", pinned=True, anomaly="all 12 rows of a have gone"),
                snap(100),
            ),
            {"days": 2, "weeks": 0, "months": 0, "keep_last": 1},
            (
                "Data went missing after the backup of Sep 21, 2026: all 12 rows of a have gone. "
                "Look at it, then unpin that backup."
            ),
        ),
    ],
)
def test_why_the_clean_up_asks_first(snapshots: tuple[Snapshot, ...], rules: dict[str, int], expected: str) -> None:
    policy = RetentionPolicy(**{"keep_last": 1, **rules})
    plan = plan_retention(snapshots, policy, NOW)
    if not plan.changes:
        pytest.fail("the story removes nothing")
    told = waiting_reasons(plan, policy, NOW, EN)
    assert expected in told
    french = waiting_reasons(plan, policy, NOW, FR)
    assert len(french) == len(told)
    assert not set(french) & set(told)


def test_the_pane_of_one_that_goes_tells_what_holds_it_up() -> None:
    known = facts(days(60), settings=settings(retention_days=2, retention_weeks=0, retention_months=0, keep_last=1))
    pane = shown(known.snapshots[0], known)
    assert pane.whys_title == "Why it goes"
    assert pane.whys == (
        "No rule keeps it any more.",
        "The clean-up asks you first.",
        "The clean-up would remove 58 of 60 backups, more than 25 % at once.",
    )


@given(
    st.lists(
        st.tuples(
            st.integers(0, 700),
            st.sampled_from(list(Reason)),
            st.sampled_from(list(Level)),
            st.booleans(),
            st.booleans(),
        ),
        max_size=40,
    ),
    st.sampled_from(["en", "fr", "xx"]),
)
def test_any_plan_can_be_told(story: list[tuple[int, Reason, Level, bool, bool]], code: str) -> None:
    say = language(code)
    snapshots = tuple(
        snap(
            n + 1,
            NOW - timedelta(days=age),
            reason=reason,
            verified=level,
            pinned=pinned,
            trashed_at=NOW if gone else None,
        )
        for n, (age, reason, level, pinned, gone) in enumerate(story)
    )
    policy = RetentionPolicy(days=10, weeks=4, months=3, keep_last=2)
    for decision in plan_retention(snapshots, policy, NOW).decisions:
        told = whys_of(decision, NOW, say)
        assert len(told) == len(decision.whys) > 0
        assert all(text and "{" not in text for text in told)


@given(st.integers(0, 400), st.integers(1, 400))
def test_at_least_until_is_never_too_late(age: int, later: int) -> None:
    """With a backup every day from now on, the rule still keeps it on the day before the one that is named."""
    one = snap(1, NOW - timedelta(days=age))
    rest = tuple(snap(n + 2, NOW - timedelta(days=age) + timedelta(days=n + 1)) for n in range(age + later))
    then = NOW + timedelta(days=later)
    policy = RetentionPolicy()
    now_plan = plan_retention((one, *rest[:age]), policy, NOW)
    then_plan = plan_retention((one, *rest), policy, then)
    before = next(each for each in now_plan.decisions if each.snapshot.id == one.id)
    after = next(each for each in then_plan.decisions if each.snapshot.id == one.id)
    for why in before.whys:
        text = why_text(why, one, NOW, EN)
        if "; at least until " in text:
            until = datetime.strptime(text.rpartition("until ")[2], "%b %d, %Y.").replace(tzinfo=UTC).date()
            if then.date() < until:
                assert why.code in after.codes


def test_times_at_the_end_of_the_calendar() -> None:
    one = snap(1, datetime(9999, 12, 30, tzinfo=UTC))
    for code in Code:
        assert why_text(Why(code, "x", 1, 999_999), one, NOW, EN)
