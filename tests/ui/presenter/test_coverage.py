"""Day by day: each kind of day, and that nothing is claimed which is not known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.clock import SystemClock
from litekeep.journal.history import Outcome
from litekeep.ui.presenter.coverage import coverage
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Day, DayCell
from ui.presenter.made import EN, FR, NOW, PARIS, at, days, facts, run, settings, snap

ANCHOR = run("2026-09-01", Outcome.OK, "")
"""The journal's oldest row: it reaches back to that day."""


def cells(known: ViewFacts, weeks: int = 6) -> dict[str, DayCell]:
    """The cells by date."""
    found = [cell for week in coverage(known, EN, weeks).weeks for cell in week if cell is not None]
    return {cell.day.isoformat(): cell for cell in found}


def kind(known: ViewFacts, day: str) -> Day:
    """What a day was."""
    return cells(known)[day].kind


def test_the_grid() -> None:
    found = coverage(facts(days(3)), EN, 40)
    assert (found.title, found.sub, len(found.weeks)) == ("Coverage", "40 weeks", 40)
    assert {len(week) for week in found.weeks} == {7}
    first, last = found.weeks[0][0], found.weeks[-1]
    assert first is not None
    assert (first.day, first.day.weekday()) == (date(2025, 12, 22), 0)
    assert [cell.day.day if cell else None for cell in last] == [21, 22, 23, 24, None, None, None]
    assert [cell.day for week in found.weeks for cell in week if cell and cell.today] == [NOW.date()]
    assert found.weekdays == ("Mon", "", "Wed", "", "Fri", "", "")
    assert found.legend == (
        (Day.RESTORABLE, "restorable"),
        (Day.THINNED, "ran, since thinned"),
        (Day.MISSED, "missed"),
        (Day.FAILED, "failed"),
    )
    assert [name for _, name in found.months] == ["Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep"]
    assert [column for column, _ in found.months][:3] == [0, 2, 6]
    french = coverage(facts(days(3)), FR, 40)
    assert (french.title, french.sub, french.months[1]) == ("Couverture", "40 semaines", (2, "janv."))


def test_a_month_without_room_for_its_name_gets_none() -> None:
    found = coverage(facts(now=at("2026-10-06")), EN, 2)
    assert found.months == ((1, "Oct"),)


@pytest.mark.parametrize("weeks", [1, 2, 53])
def test_any_number_of_weeks(weeks: int) -> None:
    found = coverage(facts(days(3)), EN, weeks)
    assert len(found.weeks) == weeks


def test_each_kind_of_day() -> None:
    known = facts(
        (snap(1, "2026-09-02"), snap(2, "2026-09-03", damage=("x",)), snap(9, "2026-09-24")),
        trash=(snap(3, "2026-09-04", trashed_at=NOW),),
        rows=(
            run("2026-09-10", Outcome.FAILED),
            run("2026-09-09T03:00", Outcome.OK, ""),
            run("2026-09-09T02:00", Outcome.FAILED),
            run("2026-09-08", Outcome.OVERDUE, "overdue"),
            run("2026-09-07", Outcome.SKIPPED, "paused"),
            run("2026-09-06", Outcome.SKIPPED, ""),
            run("2026-09-05", Outcome.OK, ""),
            ANCHOR,
        ),
    )
    found = {day: (cell.kind, cell.text.partition(": ")[2]) for day, cell in cells(known).items()}
    assert found["2026-08-31"] == (Day.NONE, "nothing known")
    assert found["2026-09-01"] == (Day.THINNED, "backed up; nothing of this day is kept")
    assert found["2026-09-02"] == (Day.RESTORABLE, "1 backup can be restored")
    assert found["2026-09-03"] == (Day.FAILED, "its backup is damaged")
    assert found["2026-09-04"] == (Day.THINNED, "its backup is in the trash")
    assert found["2026-09-05"] == (Day.THINNED, "backed up; nothing of this day is kept")
    assert found["2026-09-06"] == (Day.THINNED, "backed up; nothing of this day is kept")
    assert found["2026-09-07"] == (Day.MISSED, "a planned backup was missed")
    assert found["2026-09-08"] == (Day.MISSED, "a planned backup was missed")
    assert found["2026-09-09"] == (Day.THINNED, "backed up; nothing of this day is kept")
    assert found["2026-09-10"] == (Day.FAILED, "failed: disk full")
    assert found["2026-09-11"] == (Day.MISSED, "a planned backup was missed")
    assert found["2026-09-23"][0] is Day.MISSED
    assert found["2026-09-24"][0] is Day.RESTORABLE
    kinds = Counter(each for each, _ in found.values())
    assert coverage(known, EN, 6).sentence == (
        f"In the last 6 weeks: 2 days can be restored, 5 were thinned since, {kinds[Day.MISSED]} were missed, 2 failed."
    )
    assert coverage(known, FR, 6).sentence.startswith("Sur les 6 dernières semaines\u00a0: 2 jours restaurables, 5 ")


def test_a_cell_in_french() -> None:
    cell = coverage(facts(days(1)), FR, 1).weeks[0][3]
    assert cell is not None
    assert cell.text == "jeu. 24/09/2026\u00a0: 1 sauvegarde restaurable"


def test_today_is_never_missed() -> None:
    known = facts((snap(1, "2026-09-02"),), rows=(run("2026-09-24", Outcome.SKIPPED, "paused"), ANCHOR))
    assert (kind(known, "2026-09-24"), kind(known, "2026-09-23")) == (Day.NONE, Day.MISSED)
    assert cells(known)["2026-09-24"].text == "Thu Sep 24, 2026: no backup yet"


def test_before_the_first_backup_nothing_is_missed() -> None:
    known = facts((snap(1, "2026-09-20"),), rows=(replace(ANCHOR, verb="verify"),))
    assert (kind(known, "2026-09-19"), kind(known, "2026-09-21")) == (Day.NONE, Day.MISSED)


def test_days_before_the_journals_reach_are_unknown() -> None:
    """Between kept backups of then there were others, probably: which days had one cannot be told any more."""
    known = facts((snap(1, "2026-08-20"), snap(9, "2026-08-28")), rows=(run("2026-09-10", Outcome.OK, ""),))
    assert [kind(known, day) for day in ("2026-08-25", "2026-09-09", "2026-09-10", "2026-09-11")] == [
        Day.NONE,
        Day.NONE,
        Day.THINNED,
        Day.MISSED,
    ]
    assert kind(facts((snap(1, "2026-08-20"), snap(9, "2026-08-28"))), "2026-09-11") is Day.NONE


@pytest.mark.parametrize("off", [{"automatic_daily": False}, {"enabled": False}])
def test_without_a_schedule_nothing_is_missed(off: dict[str, bool]) -> None:
    known = facts((snap(1, "2026-09-02"),), rows=(ANCHOR,), settings=settings(**off))
    assert kind(known, "2026-09-10") is Day.NONE


def test_days_without_a_slot_are_not_missed() -> None:
    known = facts((snap(1, "2026-09-02"),), rows=(ANCHOR,), settings=settings(schedule="0 2 * * MON-FRI"))
    assert (kind(known, "2026-09-18"), kind(known, "2026-09-19"), kind(known, "2026-09-20")) == (
        Day.MISSED,
        Day.NONE,
        Day.NONE,
    )


def test_a_run_that_begins_after_midnight_belongs_to_the_slot_before() -> None:
    late = snap(2, "2026-09-11T00:03")
    known = facts((snap(1, "2026-09-02"), late), rows=(ANCHOR,), settings=settings(backup_time="23:58"))
    assert (kind(known, "2026-09-10"), kind(known, "2026-09-11"), kind(known, "2026-09-12")) == (
        Day.NONE,
        Day.RESTORABLE,
        Day.MISSED,
    )


def test_a_stopped_run_is_no_run() -> None:
    rows = (run("2026-09-10", Outcome.CANCELLED, "cancelled"), ANCHOR)
    assert kind(facts((snap(1, "2026-09-02"),), rows=rows), "2026-09-10") is Day.MISSED


def test_days_are_those_of_the_reader() -> None:
    made = datetime(2026, 9, 9, 22, 30, tzinfo=UTC)  # half past midnight in Paris
    assert kind(facts((snap(1, made),)), "2026-09-10") is Day.RESTORABLE


def test_runs_of_another_database_do_not_count() -> None:
    rows = (replace(run("2026-09-10", Outcome.OK, ""), source="payroll"), ANCHOR)
    assert kind(facts((snap(1, "2026-09-02"),), rows=rows), "2026-09-10") is Day.MISSED


def test_a_backup_from_the_future_is_on_no_day() -> None:
    assert {cell.kind for cell in cells(facts((snap(1, "2027-01-01"),))).values()} == {Day.NONE}


def test_days_on_which_clocks_change_are_days() -> None:
    now = datetime(2026, 10, 28, 9, 0, tzinfo=PARIS)
    twice = tuple(
        snap(n + 1, datetime(2026, 10, 25, hour, 30, tzinfo=UTC)) for n, hour in enumerate((0, 1))
    )  # 02:30 both times
    known = facts((snap(9, "2026-10-20"), *twice), rows=(run("2026-10-19", Outcome.OK, ""),), now=now)
    found = cells(known, 3)
    assert found["2026-10-25"].text.endswith("2 backups can be restored")
    assert [found[f"2026-10-{day}"].kind for day in (24, 26, 27)] == [Day.MISSED] * 3
    spring = facts((snap(9, "2026-03-20"),), rows=(ANCHOR, run("2026-03-19", Outcome.OK, "")), now=at("2026-04-01"))
    assert cells(spring, 3)["2026-03-29"].kind is Day.MISSED  # 02:00 does not exist on that day, its slot does


@given(
    st.lists(st.integers(0, 60 * 24), max_size=30),
    st.lists(st.tuples(st.integers(0, 60 * 24), st.sampled_from(list(Outcome)), st.sampled_from(["", "paused"]))),
    st.sampled_from(["02:00", "23:59", "0 */6 * * *", "0 2 1 * *"]),
)
def test_whatever_happened(made: list[int], ran: list[tuple[int, Outcome, str]], schedule: str) -> None:
    """Restorable exactly on the days of kept backups; missed never on a day with a good run, nor today."""
    backups = tuple(snap(n + 1, NOW - timedelta(hours=hours)) for n, hours in enumerate(sorted(made, reverse=True)))
    rows = tuple(
        replace(run("2026-09-01", outcome, code), at=NOW - timedelta(hours=hours)) for hours, outcome, code in ran
    )
    found = cells(facts(backups, rows=rows, plan=None, settings=settings(schedule=schedule)), 12)
    kept = {each.created_at.astimezone(PARIS).date().isoformat() for each in backups}
    assert {day for day, cell in found.items() if cell.kind is Day.RESTORABLE} == kept & set(found)
    good = {row.at.date().isoformat() for row in rows if row.outcome in (Outcome.OK, Outcome.WARNINGS)}
    missed = {day for day, cell in found.items() if cell.kind is Day.MISSED}
    assert not missed & (good | kept | {NOW.date().isoformat()})


def test_it_is_quick_for_five_thousand() -> None:
    clock = SystemClock()
    known = facts(days(5000), rows=tuple(run("2026-09-10") for _ in range(3000)), plan=None)
    best = 1.0
    for _ in range(5):
        began = clock.monotonic()
        coverage(known, EN, 53)
        best = min(best, clock.monotonic() - began)
    assert best < 0.15  # a shared machine; alone it takes a sixth of that
