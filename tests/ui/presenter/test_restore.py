"""The restore panel: what changes, in a table and in a sentence; what is said about the backup and the ways back."""

from __future__ import annotations

from pathlib import Path

import pytest

from litekeep.model import Level, Snapshot
from litekeep.operations.preview import Preview
from litekeep.ui.presenter.models import RestoreModel, Tone
from litekeep.ui.presenter.restore import restore_panel
from ui.presenter.made import EN, FR, at, facts, snap

ONE = snap(1, "2026-09-23")
Rows = tuple[tuple[str, int], ...]


def preview(now: Rows | None, after: Rows, **given: object) -> Preview:
    """What the engine counted."""
    values: dict[str, object] = {"exists": True, "why": "", "size_bytes": 48_200_000, "problems": (), **given}
    return Preview(target=Path("/data/app.db"), now=now, after=after, **values)  # type: ignore[arg-type]


def panel(counted: Preview | None, chosen: Snapshot | str = ONE) -> RestoreModel:
    """The panel in English."""
    return restore_panel(chosen, counted, facts((ONE, snap(2))), EN)


def test_the_example_of_the_design() -> None:
    counted = preview(
        (("employees", 214), ("medical_visits", 1482), ("caces", 611), ("audit_log", 98_412), ("sqlite_sequence", 9)),
        (("employees", 213), ("medical_visits", 1480), ("caces", 611), ("audit_log", 97_903), ("sqlite_sequence", 7)),
    )
    model = panel(counted)
    assert model.title == "Restore the backup of Sep 23, 2026 at 02:00"
    assert model.differences is not None
    assert [(d.name, d.now, d.after, d.change, d.tone) for d in model.differences] == [
        ("audit_log", "98,412", "97,903", "−509", Tone.WARN),
        ("medical_visits", "1,482", "1,480", "−2", Tone.WARN),
        ("employees", "214", "213", "−1", Tone.WARN),
        ("caces", "611", "611", "=", Tone.CALM),
    ]
    assert model.summary == (
        "509 rows of audit_log will go, 2 rows of medical_visits will go and 1 row of employees will go."
    )
    assert (model.note, model.needs_acceptance) == ("", "")
    assert model.replace_sub == "A safety copy of the current data is made first, so you can undo this."
    french = restore_panel(ONE, counted, facts((ONE,)), FR)
    assert french.title == "Restaurer la sauvegarde du 23/09/2026 à 02:00"
    assert french.differences is not None
    assert french.differences[0].now == "98\u202f412"


@pytest.mark.parametrize(
    ("now", "after", "change", "tone", "summary"),
    [
        (5, 10, "+5", Tone.OK, "5 rows of t will come back."),
        (9, 10, "+1", Tone.OK, "1 row of t will come back."),
        (1, 0, "−1", Tone.WARN, "1 row of t will go."),
        (None, 3, "new", Tone.OK, "The table t will come back with 3 rows."),
        (None, 0, "new", Tone.OK, "The table t will come back with 0 rows."),
        (3, None, "goes", Tone.WARN, "The table t with 3 rows will go."),
        (3, 3, "=", Tone.CALM, "Every table has as many rows as now; what changed inside the rows comes back."),
    ],
)
def test_one_table(now: int | None, after: int | None, change: str, tone: Tone, summary: str) -> None:
    def rows(count: int | None) -> Rows:
        return () if count is None else (("t", count),)

    model = panel(preview(rows(now), rows(after)))
    assert model.differences is not None
    assert [(d.change, d.tone) for d in model.differences] == [(change, tone)]
    assert model.summary == summary


def test_only_the_greatest_changes_are_named() -> None:
    names = "abcdef"
    now, after = tuple((n, 10) for n in names), tuple((n, 20 + k) for k, n in enumerate(names))
    assert panel(preview(now, after)).summary == (
        "15 rows of f will come back, 14 rows of e will come back, 13 rows of d will come back "
        "and 3 more tables change."
    )


def test_while_it_is_counted() -> None:
    model = panel(None)
    assert model.differences is None
    assert (model.note, model.summary) == ("Counting what would change…", "")
    assert model.go_replace == "Restore"


def test_data_that_cannot_be_counted() -> None:
    model = panel(preview(None, (("a", 3), ("b", 7)), why="it is not a database"))
    assert model.differences is not None
    assert [(d.now, d.after, d.change, d.tone) for d in model.differences] == [
        ("—", "7", "", Tone.CALM),
        ("—", "3", "", Tone.CALM),
    ]
    assert model.note == "The current data cannot be counted: it is not a database."
    assert model.summary == "After the restore: 2 tables with 10 rows."


def test_where_there_is_no_database_nothing_is_replaced() -> None:
    model = panel(preview(None, (("a", 3),), exists=False))
    assert model.note == "There is no database now; nothing is replaced."
    assert model.replace_sub == "There is no database now; the backup takes its place."
    assert model.differences is not None
    assert [(d.now, d.change) for d in model.differences] == [("—", "new")]


@pytest.mark.parametrize(
    ("chosen", "newest", "sub"),
    [
        ({"user_version": 41}, 42, "Verified yesterday at 02:00 · 48.3 MB · schema version 41 (newest backup: 42)"),
        ({"user_version": 42}, 42, "Verified yesterday at 02:00 · 48.3 MB · schema version 42"),
        ({}, 7, "Verified yesterday at 02:00 · 48.3 MB · schema version 0 (newest backup: 7)"),
        ({}, 0, "Verified yesterday at 02:00 · 48.3 MB"),
        ({"verified": Level.NONE}, 0, "Not verified · 48.3 MB"),
        ({"damage": ("x",)}, 0, "Damaged · 48.3 MB"),
        ({"drilled_at": at("2026-09-24T05:30")}, 0, "Test restore passed today at 05:30 · 48.3 MB"),
    ],
)
def test_what_is_said_of_the_backup(chosen: dict[str, object], newest: int, sub: str) -> None:
    one = snap(1, "2026-09-23", **chosen)
    model = restore_panel(one, None, facts((one, snap(2, user_version=newest))), EN)
    assert model.sub.replace("\u00a0", " ") == sub


def test_from_a_file() -> None:
    model = panel(preview((), (("a", 3),)), "old {data}.db")
    assert model.title == "Restore from the file “old {data}.db”"
    assert model.sub == "48.2\u00a0MB"
    assert panel(None, "old.db").sub == ""


@pytest.mark.parametrize(
    ("of_snapshot", "of_preview", "expected"),
    [
        ((), (), ""),
        (("p1",), (), "This backup holds a database with a problem: p1. Restore it all the same"),
        ((), ("p2",), "This backup holds a database with a problem: p2. Restore it all the same"),
        (("p1",), ("p1",), "This backup holds a database with a problem: p1. Restore it all the same"),
        (("p1", "p2"), ("p3",), "This backup holds a database with problems: p1, and 2 more. Restore it all the same"),
    ],
)
def test_problems_must_be_agreed_to(of_snapshot: tuple[str, ...], of_preview: tuple[str, ...], expected: str) -> None:
    one = snap(1, problems=of_snapshot)
    assert panel(preview((), (), problems=of_preview), one).needs_acceptance == expected
