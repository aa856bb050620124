"""The table: what each row says, which rows there are, filter, search, order, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.clock import SystemClock
from litekeep.journal.history import Outcome
from litekeep.model import Level, Reason, Snapshot
from litekeep.ui.presenter.history import COLUMNS, filtered, history, ordered, titles, trash
from litekeep.ui.presenter.models import Column, Filter, HistoryRow, Tone
from ui.presenter.made import EN, FR, NOW, among, at, days, facts, planned, run, settings, snap

TEXTS = dict(zip(COLUMNS, range(len(COLUMNS)), strict=True))


def cell(row: HistoryRow, column: Column) -> str:
    """One text of a row."""
    return row.cells[TEXTS[column]]


def only(snapshot: Snapshot, **given: object) -> HistoryRow:
    """The row of a single backup."""
    (row,) = history(facts((snapshot,), **given), EN)
    return row


def test_a_row_in_both_languages() -> None:
    known = facts((snap(1),))
    assert history(known, EN)[0].cells == (
        "Sep 24, 2026 02:00",
        "Scheduled",
        "48.3\u00a0MB",
        "194.5\u00a0kB",
        "Daily",
        "Verified",
    )
    assert history(known, FR)[0].cells == (
        "24/09/2026 02:00",
        "Planifiée",
        "48,3\u00a0Mo",
        "194,5\u00a0ko",
        "Jour",
        "Vérifiée",
    )
    assert titles(EN) == ("Date", "Reason", "Size", "Added", "Kept as", "Status")
    assert titles(FR) == ("Date", "Motif", "Taille", "Ajouté", "Conservée", "État")


@pytest.mark.parametrize(
    ("reason", "label", "english", "french"),
    [
        (Reason.SCHEDULED, "", "Scheduled", "Planifiée"),
        (Reason.MANUAL, "", "Manual", "Manuelle"),
        (Reason.MANUAL, "before payroll", "Manual · “before payroll”", "Manuelle · «\u00a0before payroll\u00a0»"),
        (Reason.MANUAL, "{odd} %s", "Manual · “{odd} %s”", "Manuelle · «\u00a0{odd} %s\u00a0»"),
        (Reason.SHUTDOWN, "", "When the application closed", "À la fermeture"),
        (Reason.PRE_OPERATION, "before import", "Before import", "Avant import"),
        (Reason.PRE_OPERATION, "before ", "Before an operation", "Avant une opération"),
        (Reason.PRE_OPERATION, "mine", "Before an operation · “mine”", "Avant une opération · «\u00a0mine\u00a0»"),
        (Reason.PRE_MIGRATION, "before migration", "Before a migration", "Avant une migration"),
        (Reason.PRE_MIGRATION, "before migration 0042", "Before migration 0042", "Avant migration 0042"),
        (
            Reason.PRE_RESTORE,
            "before restoring 12",
            "Safety copy before a restore",
            "Copie de sûreté avant une restauration",
        ),
    ],
)
def test_reasons(reason: Reason, label: str, english: str, french: str) -> None:
    known = facts((snap(1, reason=reason, label=label),))
    assert cell(history(known, EN)[0], Column.REASON) == english
    assert cell(history(known, FR)[0], Column.REASON) == french


@pytest.mark.parametrize(
    ("given", "tone", "mark", "english"),
    [
        ({}, Tone.OK, "●", "Verified"),
        ({"verified": Level.WRITTEN}, Tone.OK, "●", "Partly verified"),
        ({"verified": Level.DRILL}, Tone.OK, "●", "Verified and test-restored"),
        ({"drilled_at": NOW}, Tone.OK, "●", "Verified and test-restored"),
        ({"verified": Level.NONE}, Tone.WARN, "▲", "Not verified"),
        ({"problems": ("page 7",)}, Tone.WARN, "▲", "Source has problems"),
        ({"damage": ("a block",), "problems": ("page 7",)}, Tone.BAD, "✕", "Damaged"),
        (
            {"pinned": True, "anomaly": "all 12 rows of a have gone"},
            Tone.WARN,
            "▲",
            "Verified · data went missing after it",
        ),
    ],
)
def test_status(given: dict[str, Any], tone: Tone, mark: str, english: str) -> None:
    row = only(snap(1, **given))
    assert (row.tone, row.mark, cell(row, Column.STATUS)) == (tone, mark, english)


@pytest.mark.parametrize(
    ("given", "made", "english"),
    [
        ({"pinned": True}, "2026-09-20", "Pinned"),
        ({"reason": Reason.MANUAL}, "2026-09-20", "By hand"),
        ({"reason": Reason.MANUAL, "pinned": True}, "2026-09-20", "Pinned"),
        ({"reason": Reason.PRE_RESTORE}, "2026-09-20", "Safety copy"),
        ({}, "2026-09-20", "Daily"),
        ({}, "2026-08-16", "Weekly"),
        ({}, "2026-07-31", "Monthly"),
        ({}, "2026-08-20", "Goes at the next clean-up"),
        ({"verified": Level.NONE}, "2026-09-20", "To be looked at"),
    ],
)
def test_kept_as(given: dict[str, object], made: str, english: str) -> None:
    one, everything = among(days(43), made, **given)
    (row,) = (each for each in history(facts(everything), EN) if each.key == one.id)
    assert cell(row, Column.KEPT) == english


def test_kept_as_says_when_the_clean_up_asks_first() -> None:
    known = facts(days(120), settings=settings(retention_days=1, retention_weeks=0, retention_months=0, keep_last=3))
    assert known.plan is not None
    assert known.plan.needs_confirmation
    rows = history(known, EN)
    assert cell(rows[0], Column.KEPT) == "Daily"
    assert cell(rows[1], Column.KEPT) == "Last 3"
    assert cell(rows[3], Column.KEPT) == "Goes once confirmed"


def test_without_a_plan_only_what_is_certain_is_said() -> None:
    known = facts((snap(1), snap(2, pinned=True), snap(3, reason=Reason.MANUAL)), plan=None)
    assert {row.key[:8]: cell(row, Column.KEPT) for row in history(known, EN)} == {
        "00000001": "—",
        "00000002": "Pinned",
        "00000003": "By hand",
    }


def test_runs_that_made_no_backup_stand_among_the_others() -> None:
    rows = (
        run("2026-09-20", Outcome.OVERDUE, "overdue"),
        run("2026-09-19", Outcome.SKIPPED, "paused"),
        run("2026-09-18", Outcome.SKIPPED, "missed"),
        run("2026-09-17", Outcome.SKIPPED, "unreachable"),
        run("2026-09-16", Outcome.SKIPPED, ""),
        run("2026-09-15", facts={"reason": "scheduled"}),
        run("2026-09-14", Outcome.CANCELLED, "cancelled"),
        run("2026-09-13", Outcome.FAILED, "verification", facts={"snapshot": "12"}),
        run("2026-09-12", Outcome.REFUSED, "refused"),
        run("2026-09-11", code="new", message="the moon is full"),
        run("2026-09-10", source="another"),
        run("2026-09-09", verb="verify"),
        run("2026-09-08", Outcome.OK, ""),
    )
    known = facts((snap(1, "2026-09-14T12:00"), snap(2, "2026-09-24")), rows=rows)
    told = [(row.cells[0], row.tone, *row.cells[1:]) for row in history(known, EN) if not row.snapshot_id]
    none = ("—", "—", "—")
    assert told == [
        ("Sep 20, 2026 02:00", Tone.WARN, "Scheduled", *none, "No backup in time"),
        ("Sep 19, 2026 02:00", Tone.CALM, "Scheduled", *none, "Left out: paused"),
        ("Sep 18, 2026 02:00", Tone.WARN, "Scheduled", *none, "Missed"),
        ("Sep 17, 2026 02:00", Tone.WARN, "Scheduled", *none, "Missed: backup folder cannot be reached"),
        ("Sep 15, 2026 02:00", Tone.BAD, "Scheduled", *none, "Failed: disk full"),
        ("Sep 12, 2026 02:00", Tone.BAD, "Backup", *none, "Refused"),
        ("Sep 11, 2026 02:00", Tone.BAD, "Backup", *none, "Failed: the moon is full"),
    ]
    (failed,) = (row for row in history(known, FR) if row.cells[0] == "15/09/2026 02:00")
    assert failed.cells == ("15/09/2026 02:00", "Planifiée", "—", "—", "—", "Échec\u00a0: disque plein")
    newest_first = [row.keys[0] for row in history(known, EN)]
    assert newest_first == sorted(newest_first, reverse=True)


def test_a_failure_that_is_told_twice_is_one_row() -> None:
    again = replace(run("2026-09-15T02:01"), message="given up until it is due again: no room left on the drive")
    known = facts(rows=(again, run("2026-09-15T02:00"), run("2026-09-14T02:00")))
    assert [row.cells[0] for row in history(known, EN)] == ["Sep 15, 2026 02:00", "Sep 14, 2026 02:00"]


def test_keys_are_unique_also_of_runs_at_one_moment() -> None:
    known = facts(days(3), rows=(run("2026-09-15"), run("2026-09-15"), run("2026-09-15")))
    keys = [row.key for row in history(known, EN)]
    assert len(keys) == len(set(keys)) == 6


def test_dates_are_written_as_everywhere_in_the_window() -> None:
    """Also on the day with 25 hours and for backups that were made in another zone."""
    starts = (at("2026-10-24T23:30"), datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 9, 1, 9, tzinfo=UTC))
    backups = tuple(
        snap(30 * place + n + 1, (start.astimezone(UTC) + timedelta(minutes=25 * n)).astimezone(start.tzinfo))
        for place, start in enumerate(starts)
        for n in range(12)
    )
    for say in (EN, FR):
        found = {row.key: row.cells[0] for row in history(facts(backups, now=at("2026-11-01"), plan=None), say)}
        assert found == {each.id: say.moment(each.created_at, at("2026-11-01")) for each in backups}


def test_no_backups_no_rows() -> None:
    assert history(facts(), EN) == ()
    assert trash(facts(), EN) == ()


@pytest.mark.parametrize(
    ("deleted", "given", "english", "french"),
    [
        (
            "2026-09-23T12:00",
            {},
            "yesterday at 12:00, gone for good in 7 days",
            "hier à 12:00, définitivement retirée dans 7 jours",
        ),
        (
            "2026-09-18T12:00",
            {},
            "Friday at 12:00, gone for good in 2 days",
            "vendredi à 12:00, définitivement retirée dans 2 jours",
        ),
        (
            "2026-09-17T12:00",
            {},
            "Sep 17, 2026 at 12:00, gone for good in 1 day",
            "le 17/09/2026 à 12:00, définitivement retirée dans 1 jour",
        ),
        (
            "2026-09-10T12:00",
            {},
            "Sep 10, 2026 at 12:00, gone for good at the next clean-up",
            "le 10/09/2026 à 12:00, définitivement retirée au prochain tri",
        ),
        (
            "2026-09-10T12:00",
            {"pinned": True},
            "Sep 10, 2026 at 12:00, stays in the trash",
            "le 10/09/2026 à 12:00, reste dans la corbeille",
        ),
    ],
)
def test_trash(deleted: str, given: dict[str, object], english: str, french: str) -> None:
    known = facts((snap(9),), trash=(snap(1, "2026-09-01", trashed_at=at(deleted), **given),))
    (row,) = trash(known, EN)
    assert cell(row, Column.STATUS) == f"Deleted {english}"
    assert row.in_trash
    assert cell(trash(known, FR)[0], Column.STATUS) == f"Supprimée {french}"


def test_the_last_deleted_one_is_first() -> None:
    bin_ = tuple(snap(n, "2026-09-01", trashed_at=at(f"2026-09-{20 + n}")) for n in (2, 1, 3))
    assert [row.snapshot_id[:8] for row in trash(facts((snap(9),), trash=bin_), EN)] == [
        "00000003",
        "00000002",
        "00000001",
    ]


def test_filters() -> None:
    known = facts(
        (snap(1, "2026-09-20"), snap(2, "2026-09-21", pinned=True), snap(3, "2026-09-22", damage=("x",))),
        trash=(snap(4, "2026-09-01", trashed_at=at("2026-09-23")),),
        rows=(run("2026-09-15"), run("2026-09-14", Outcome.SKIPPED, "paused")),
    )
    rows = (*history(known, EN), *trash(known, EN))
    shown = {choice: [row.cells[0][4:6].strip(",") for row in filtered(rows, choice)] for choice in Filter}
    assert shown == {
        Filter.ALL: ["22", "21", "20", "15", "14"],
        Filter.PINNED: ["21"],
        Filter.PROBLEMS: ["22", "15"],
        Filter.TRASH: ["1"],
    }


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", 4),
        ("   ", 4),
        ("paie", 1),
        ("PAÏE", 1),
        ("verifiee", 3),
        ("vérifiée paie", 1),
        ("48,3 mo", 3),
        ("48,3\u00a0Mo", 3),
        ("22/09", 1),
        ("disque plein", 1),
        ("00000002aa", 1),
        ("0002", 0),
        ("nichts", 0),
        ("[a-z]*", 0),
    ],
)
def test_search(search: str, found: int) -> None:
    backups = (
        snap(1, "2026-09-20"),
        snap(2, "2026-09-21", reason=Reason.MANUAL, label="avant paie"),
        snap(3, "2026-09-22"),
    )
    rows = history(facts(backups, rows=(run("2026-09-15"),)), FR)
    assert len(filtered(rows, Filter.ALL, search)) == found


def test_order_by_every_column() -> None:
    backups = (
        snap(1, "2026-09-20", size=PAGE_MANY, new_bytes=9),
        snap(2, "2026-09-21", size=4096, new_bytes=900_000, reason=Reason.MANUAL, label="b"),
        snap(3, "2026-09-22", size=40960, new_bytes=80_000, damage=("x",), reason=Reason.SHUTDOWN),
    )
    rows = history(facts(backups, rows=(run("2026-09-15", facts={"reason": "scheduled"}),)), EN)
    told = {
        column: "".join(row.snapshot_id[7:8] or "-" for row in ordered(rows, column, descending=False))
        for column in Column
    }
    assert told == {
        Column.DATE: "-123",
        Column.REASON: "21-3",
        Column.SIZE: "-231",
        Column.ADDED: "-132",
        Column.KEPT: "213-",
        Column.STATUS: "-321",
    }


PAGE_MANY = 4096 * 1000


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(list(Reason)), st.booleans()), max_size=12),
    st.sampled_from(COLUMNS),
    st.booleans(),
)
def test_order_is_stable_and_loses_nothing(
    given_: list[tuple[int, Reason, bool]], column: Column, descending: bool
) -> None:
    backups = tuple(
        snap(n + 1, f"2026-09-{10 + day}", reason=reason, pinned=pinned)
        for n, (day, reason, pinned) in enumerate(given_)
    )
    rows = history(facts(backups, plan=planned(backups)), EN)
    result = ordered(rows, column, descending=descending)
    assert sorted(row.key for row in result) == sorted(row.key for row in rows)
    place, order = TEXTS[column], {row.key: n for n, row in enumerate(rows)}
    for one, two in pairwise(result):
        assert one.keys[place] >= two.keys[place] if descending else one.keys[place] <= two.keys[place]  # type: ignore[operator]
        if one.keys[place] == two.keys[place]:
            assert order[one.key] < order[two.key]


def test_five_thousand_rows_are_quick() -> None:
    start = NOW - timedelta(hours=5000)
    backups = tuple(
        snap(n + 1, start + timedelta(hours=n), size=4096 * (9000 + n), new_bytes=1000 + 37 * n) for n in range(5000)
    )
    known, clock = facts(backups, rows=(run("2026-09-15"),)), SystemClock()
    rows: tuple[HistoryRow, ...] = ()

    def best(work: Callable[[], object]) -> float:
        times = []
        for _ in range(5):
            began = clock.monotonic()
            work()
            times.append(clock.monotonic() - began)
        return min(times)

    def make() -> None:
        nonlocal rows
        rows = history(known, FR)

    assert best(make) < 0.5  # a shared machine; alone it takes a fifth of that
    assert len(rows) == 5001
    assert best(lambda: filtered(rows, Filter.ALL, "verifiee 24/09")) < 0.15
    assert best(lambda: ordered(rows, Column.SIZE, descending=True)) < 0.15
