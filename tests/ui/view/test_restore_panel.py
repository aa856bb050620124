"""The restore panel: what would change, the ways, what must be agreed to, and what it asks the bridge for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from litekeep.operations.preview import Preview
from litekeep.ui.bridge import endings
from litekeep.ui.presenter.models import Action, Filter
from ui.view.states import HEALTHY, KEPT, STATES, TABLES
from ui.view.still import Still
from ui.view.test_deeds import Given

Make = Callable[..., Any]
NOW_TABLES = (("audit_log", 98_921), ("employees", 215), ("medical_visits", 1484), ("training", 611))
COUNTED = Preview(Path("/data/app.db"), True, NOW_TABLES, "", TABLES, 48_200_000, ())


@pytest.fixture
def still() -> Still:
    return Still(HEALTHY)


@pytest.fixture
def panel(still: Still, make_view: Make) -> Any:
    view = make_view(still)
    view.perform(Action.RESTORE, KEPT[-2])
    view.update()
    return view.panel


def test_it_counts_first(panel: Any, still: Still, wait_until: Any) -> None:
    assert panel.title.text == "Restore the backup of Sep 23, 2026 at 02:00"
    assert panel.note.text == "Counting what would change…"
    assert not panel.counting.hidden
    assert [(row.name, row.now, row.after) for row in panel.changes.rows][1] == ("employees", "…", "214")
    assert panel.go.enabled, "nobody has to wait for the numbers"
    still.answer("preview", COUNTED)
    wait_until(lambda: panel.counting.hidden)
    assert panel.summary.text.startswith("509 rows of audit_log will go")
    assert [row.change for row in panel.changes.rows] == ["−509", "−2", "−1", "="]


def test_another_backup_is_counted_anew_and_late_answers_do_not_count(panel: Any, still: Still) -> None:
    late = still.questions["preview"]
    panel.choice.choose(KEPT[-1].id)
    assert still.asked[-1] == ("preview_restore", KEPT[-1])
    assert panel.title.text == "Restore the backup of Sep 24, 2026 at 02:00"
    from litekeep.ui.bridge import Answer

    late(Answer(COUNTED))
    assert panel.summary.text == ""


def test_the_way_to_all_backups(panel: Any) -> None:
    keys = [key for key, _ in panel.choice.items]
    assert keys[:2] == [KEPT[-1].id, KEPT[-2].id]
    assert len(keys) == 13
    view = panel.stage
    panel.choice.choose("all")
    assert view.panel is None
    assert view.page == "backups"
    assert Filter.ALL


def test_an_old_backup_is_offered_too(still: Still, make_view: Make) -> None:
    view = make_view(still)
    view.perform(Action.RESTORE, KEPT[0])
    assert KEPT[0].id in [key for key, _ in view.panel.choice.items]


def test_problems_must_be_agreed_to(still: Still, make_view: Make) -> None:
    odd = replace(KEPT[-1], problems=("row 7 missing from index",))
    still.put(replace(HEALTHY, snapshots=(*KEPT[:-1], odd)))
    view = make_view(still)
    view.perform(Action.RESTORE, odd)
    panel = view.panel
    assert "row 7 missing" in panel.accept.text
    assert not panel.go.enabled
    panel.accept.invoke()
    assert panel.go.enabled
    panel.go.invoke()
    assert still.asked[-1] == ("restore", odd, None, True)


def test_replace_asks_for_just_that(panel: Any, still: Still) -> None:
    view = panel.stage
    panel.go.invoke()
    assert still.asked[-1] == ("restore", KEPT[-2], None, False)
    assert view.panel is None
    assert "preview" not in still.questions, "nobody waits for the numbers any more"


def test_save_asks_where_and_nothing_happens_without_an_answer(panel: Any, still: Still) -> None:
    panel.stage.files = Given(None)
    panel.save.invoke()
    assert panel.go.text == "Save as…"
    assert not panel.replace.on
    panel.go.invoke()
    assert still.asked[-1][0] == "preview_restore"
    panel.stage.files = Given(Path("/tmp"))
    panel.go.invoke()
    assert still.asked[-1] == ("restore", KEPT[-2], Path("/tmp/employees-2026-09-23-0200.db"), False)


def test_no_verb_while_something_goes_on(panel: Any, still: Still, wait_until: Any) -> None:
    still.put(STATES["running"])
    wait_until(lambda: not panel.go.enabled)
    still.put(HEALTHY)
    wait_until(lambda: panel.go.enabled)


def test_what_cannot_be_counted_is_said(panel: Any, still: Still, wait_until: Any) -> None:
    still.answer("preview", None, endings.failed("preview", OSError("no"), HEALTHY.now))
    wait_until(lambda: panel.counting.hidden)
    assert panel.note.text
    assert panel.note.ink == panel.look.bad


def test_many_tables_are_cut_and_shown_on_demand(panel: Any, still: Still, wait_until: Any) -> None:
    many = tuple((f"table_{n:02}", n) for n in range(40))
    still.answer("preview", replace(COUNTED, now=many, after=many))
    wait_until(lambda: len(panel.changes.rows) == 40)
    assert len(panel.changes.table._rows) == 8
    panel.changes.more.invoke()
    assert len(panel.changes.table._rows) == 40
    panel.update()
    assert panel._box.winfo_height() <= panel.winfo_height()
    assert panel.go.winfo_rooty() + panel.go.winfo_height() < panel.winfo_rooty() + panel.winfo_height()
