"""Each button does its job on a real database with a real manager."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litekeep.ui.presenter.models import Action, Card, Filter, Tone
from ui.bridge.conftest import World
from ui.view.states import HEALTHY, KEPT, OUTCOMES, STATES
from ui.view.still import Still

Make = Callable[..., Any]
Wait = Callable[..., None]


class Given:
    """Files that a person would choose."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path

    def open_file(self, title: str, *, databases: bool = True) -> Path | None:
        return self.path

    def save_file(self, title: str, name: str) -> Path | None:
        return self.path and self.path / name

    def folder(self, title: str, at: Path | None = None) -> Path | None:
        return self.path


@pytest.fixture
def view(world: World, make_view: Make, wait_until: Wait) -> Any:
    view = make_view(world.manager)
    wait_until(lambda: view.head.hero.model.state != "loading")
    return view


def press(view: Any, action: Action) -> None:
    view.head.hero.buttons[action].invoke()


def told(view: Any, wait_until: Wait, text: str) -> None:
    """Wait until the card below the hero begins with this."""
    wait_until(lambda: view.head.notice is not None and view.head.notice.model.what.startswith(text), 20)
    assert view.bridge.facts.work is None


def test_back_up_verify_test_restore_and_undo(world: World, view: Any, click: Any, wait_until: Wait) -> None:
    assert not view.head.hero.buttons[Action.RESTORE].enabled
    click(view.head.hero.buttons[Action.BACK_UP].canvas)
    told(view, wait_until, "Backup made and verified.")
    assert view.head.hero.model.state == "unproven"
    press(view, Action.TEST_RESTORE)
    told(view, wait_until, "Restore test passed.")
    assert view.head.hero.model.state == "healthy"
    press(view, Action.VERIFY)
    told(view, wait_until, "1 backup was checked: it is intact.")

    world.add("somebody")
    press(view, Action.RESTORE)
    panel = view.panel
    wait_until(lambda: panel.changes.rows and panel.changes.rows[0].change == "−1", 20)
    assert panel.summary.text == "1 row of person will go."
    click(panel.go.canvas)
    assert view.panel is None
    told(view, wait_until, "Restored: your data is as it was")
    assert world.people() == 50
    view.head.notice.buttons[Action.UNDO].invoke()
    told(view, wait_until, "The restore was undone: your data is as it was before it.")
    assert world.people() == 51


def test_cancel(world: World, view: Any, wait_until: Wait) -> None:
    world.gate.shut()
    press(view, Action.BACK_UP)
    wait_until(lambda: world.gate.waiting.is_set() and view.head.hero.model.state == "running")
    press(view, Action.CANCEL)
    told(view, wait_until, "The backup was stopped.")
    assert not world.manager.list_backups()


def test_save_as_a_file_and_restore_from_it(world: World, view: Any, wait_until: Wait, tmp_path: Path) -> None:
    press(view, Action.BACK_UP)
    told(view, wait_until, "Backup made")
    view.files = Given(tmp_path)
    press(view, Action.RESTORE)
    view.panel.save.invoke()
    assert view.panel.go.text == "Save as…"
    view.panel.go.invoke()
    told(view, wait_until, "The backup was saved as ")
    saved = next(tmp_path.glob("app-*.db"))
    assert Action.OPEN_FOLDER in view.head.notice.buttons
    world.add("somebody")
    press(view, Action.RESTORE)
    view.files = Given(saved)
    view.panel.from_file.invoke()
    panel = view.panel
    assert saved.name in panel.title.text
    assert panel.save.hidden
    wait_until(lambda: panel.changes.rows and panel.changes.rows[0].change == "−1", 20)
    panel.go.invoke()
    told(view, wait_until, "The data was restored.")
    assert world.people() == 50


def test_pause_and_resume(world: World, view: Any, wait_until: Wait) -> None:
    press(view, Action.BACK_UP)
    told(view, wait_until, "Backup made")
    world.manager.start()
    world.manager.pause()
    view.refresh()
    wait_until(lambda: view.head.hero.model.state == "paused")
    press(view, Action.RESUME)
    wait_until(lambda: view.head.hero.model.state != "paused")
    assert not world.manager.paused


def test_a_folder_that_is_gone_is_found_again(world: World, view: Any, wait_until: Wait) -> None:
    press(view, Action.BACK_UP)
    told(view, wait_until, "Backup made")
    folder = Path(view.bridge.facts.folder)
    away = folder.with_name("away")
    folder.rename(away)
    view.refresh()
    wait_until(lambda: view.head.hero.model.state == "missing")
    press(view, Action.LOCATE)
    view.panel.again.invoke()
    wait_until(lambda: view.panel.told.text == "It is still not there.")
    away.rename(folder)
    view.panel.again.invoke()
    wait_until(lambda: view.panel is None)
    assert view.head.hero.model.state == "unproven"


def test_a_folder_that_was_moved_is_chosen(world: World, view: Any, wait_until: Wait, tmp_path: Path) -> None:
    press(view, Action.BACK_UP)
    told(view, wait_until, "Backup made")
    folder = Path(view.bridge.facts.folder)
    moved = folder.rename(tmp_path / "elsewhere")
    view.refresh()
    wait_until(lambda: view.head.hero.model.state == "missing")
    press(view, Action.LOCATE)
    view.files = Given(moved)
    view.panel.choose.invoke()
    wait_until(lambda: view.panel is None)
    assert view.bridge.facts.folder == str(moved)
    assert len(view.bridge.facts.snapshots) == 1


def test_what_is_damaged_is_shown(make_view: Make) -> None:
    view = make_view(Still(STATES["damaged"]))
    chosen: list[Filter] = []
    view.go("backups")
    view.pages["backups"].filter_by = chosen.append
    view.go("overview")
    press(view, Action.SEE_PROBLEM)
    assert view.page == "backups"
    assert chosen == [Filter.PROBLEMS]


def test_a_clean_up_that_waits_is_confirmed(make_view: Make, wait_until: Wait) -> None:
    still = Still(STATES["review"])
    view = make_view(still)
    press(view, Action.REVIEW_REMOVAL)
    panel: Any = view.panel
    assert panel.waits.text == "The clean-up would remove 38 of 47 backups, more than 25 % at once."
    assert len(panel.table.tree.get_children()) == 38
    panel.later_button.invoke()
    assert view.panel is None
    assert not still.asked
    press(view, Action.REVIEW_REMOVAL)
    confirmed: Any = view.panel
    confirmed.remove.invoke()
    assert still.asked == [("clean_up", True)]
    assert view.panel is None


def test_an_undo_after_a_delete_takes_it_out_of_the_trash(make_view: Make) -> None:
    from dataclasses import replace

    from litekeep.ui.presenter.facts import End, Outcome

    gone = Outcome("delete", End.DONE, HEALTHY.now, several=(KEPT[3],), undoable=True)
    still = Still(replace(HEALTHY, outcome=gone))
    view = make_view(still)
    view._deeds.after(Action.UNDO, gone)
    assert still.asked == [("recover", (KEPT[3],))]


def test_a_card_is_closed_and_a_later_one_takes_its_place(make_view: Make, wait_until: Wait) -> None:
    still = Still(OUTCOMES["restored"])
    view = make_view(still)
    heard: list[Action] = []
    view.notice(Card(Tone.OK, "Something else."), heard.append)
    assert ("dismiss",) in still.asked
    view.update()
    assert view.head.notice.model.what == "Something else."
    view.head.notice.close_button.invoke()
    view.update()
    still.put(OUTCOMES["saved"])
    wait_until(lambda: view.head.notice is not None)
    view.head.notice.buttons[Action.OPEN_FOLDER].invoke()
    assert still.asked[-1] == ("ask", "folder")


def test_a_problem_that_the_system_has_is_told(make_view: Make, wait_until: Wait) -> None:
    from litekeep.ui.bridge import endings

    still = Still(HEALTHY)
    view = make_view(still)
    view.perform(Action.OPEN_FOLDER)
    still.answer("folder", None, endings.failed("folder", FileNotFoundError("xdg-open"), HEALTHY.now))
    wait_until(lambda: view.head.notice is not None)
    assert "xdg-open" in view.head.notice.model.details
