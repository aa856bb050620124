"""Each action does its work on a real database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from litekeep.model import Level
from litekeep.ui.presenter.models import Action, Filter
from litekeep.ui.view.backups.acts import Act
from ui.bridge.conftest import World
from ui.conftest import WaitUntil
from ui.view.backups.conftest import Chosen, Hands
from ui.view.conftest import Make


def test_pin_and_unpin(hands: Hands) -> None:
    key = hands.keys[0]
    hands.select(key)
    hands.press(Act.PIN)
    hands.wait(lambda: hands.known(key).pinned, 20)
    assert next(each.pinned for each in hands.world.manager.list_backups() if each.id == key)
    hands.wait(hands.card.buttons[Act.UNPIN].winfo_viewable)
    assert hands.table.selected == (key,), "the selection stays"
    assert not hands.card.buttons[Act.DELETE].enabled
    hands.key("<space>")
    hands.wait(lambda: not hands.known(key).pinned, 20)


def test_delete_and_undo(hands: Hands) -> None:
    gone = hands.keys[:2]
    hands.select(*gone)
    hands.press(Act.DELETE)
    hands.wait(lambda: hands.view.panel is not None)
    assert hands.view.panel.title.text == "Delete 2 backups?"
    assert len(hands.world.manager.list_backups()) == 3, "nothing before the answer"
    hands.view.panel.yes.invoke()
    hands.wait(lambda: len(hands.view.bridge.facts.snapshots) == 1, 20)
    assert {each.id for each in hands.world.manager.list_trash()} == set(gone)
    hands.wait(lambda: hands.table.selected == (hands.keys[2],))
    hands.wait(lambda: hands.view.head.notice is not None)
    assert hands.view.head.notice.model.lasts_seconds == 10
    hands.view.head.notice.buttons[Action.UNDO].invoke()
    hands.wait(lambda: len(hands.view.bridge.facts.snapshots) == 3, 20)
    assert hands.world.manager.list_trash() == []


def test_cancelling_the_question_deletes_nothing(hands: Hands) -> None:
    hands.select(hands.keys[0])
    hands.key("<Delete>")
    hands.wait(lambda: hands.view.panel is not None)
    hands.view.panel.no.invoke()
    hands.wait(lambda: hands.view.panel is None)
    assert len(hands.world.manager.list_backups()) == 3


def test_out_of_the_trash(hands: Hands) -> None:
    key = hands.keys[0]
    hands.world.manager.delete_backup(key)
    hands.view.refresh()
    hands.wait(lambda: len(hands.view.bridge.facts.trash) == 1, 20)
    hands.page.filter_by(Filter.TRASH)
    hands.wait(lambda: hands.table.selected == (key,))
    assert hands.card.buttons[Act.RECOVER].winfo_viewable()
    hands.press(Act.RECOVER)
    hands.wait(lambda: hands.backup(key) is not None, 20)
    hands.wait(lambda: hands.card.empty.words.text == "The trash is empty.")


def test_label(hands: Hands) -> None:
    key = hands.keys[1]
    hands.select(key)
    hands.press(Act.LABEL)
    hands.wait(lambda: hands.view.panel is not None)
    assert hands.view.panel.entry.text == "two"
    hands.view.panel.entry.set_text("  before payroll ")
    hands.view.panel.buttons[-1].invoke()
    hands.wait(lambda: hands.known(key).label == "before payroll", 20)
    assert "Manual · “before payroll”" in hands.pane.sheet.texts


def test_export(hands: Hands, tmp_path: Path) -> None:
    target = tmp_path / "out.db"
    hands.view.files = files = Chosen(target)
    hands.select(hands.keys[0])
    hands.press(Act.EXPORT)
    hands.wait(lambda: hands.view.bridge.facts.outcome is not None, 20)
    assert files.names[-1].startswith("app 20")
    with closing(sqlite3.connect(target)) as db:
        assert db.execute("SELECT count(*) FROM person").fetchone() == (51,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_export_that_was_not_wanted(hands: Hands) -> None:
    hands.view.files = Chosen(None)
    hands.select(hands.keys[0])
    hands.press(Act.EXPORT)
    assert hands.view.bridge.facts.work is None


def test_verify_the_selected_ones(hands: Hands) -> None:
    hands.select(*hands.keys[:2])
    hands.press(Act.VERIFY)
    hands.wait(lambda: hands.view.bridge.facts.outcome is not None, 20)
    assert hands.view.bridge.facts.outcome.checked == 2
    proven = [each.verified for each in hands.view.bridge.facts.snapshots]
    assert proven[:2] == [Level.FULL, Level.FULL]


def test_restore_opens_the_panel_for_the_selected_one(hands: Hands) -> None:
    hands.select(hands.keys[1])
    hands.press(Act.RESTORE)
    hands.wait(lambda: hands.view.panel is not None)
    assert type(hands.view.panel).__name__ == "RestorePanel"
    wanted = hands.known(hands.keys[1])
    assert hands.view.selected() == wanted
    hands.view.close_panel()
    hands.pane.button.invoke()
    hands.wait(lambda: hands.view.panel is not None)


def test_the_identifier_can_be_copied(hands: Hands) -> None:
    hands.select(hands.keys[1])
    hands.pane.copy_link.invoke()
    assert hands.view.clipboard_get() == hands.keys[1]


def test_the_first_backup(world: World, make_view: Make, wait_until: WaitUntil) -> None:
    view = make_view(world.manager, layout="pages")
    view.go("backups")
    page = view.pages["backups"]
    wait_until(lambda: page.card.empty.words.text == "There is no backup yet.", 20)
    assert page.pane.hidden
    page.card.empty.button.invoke()
    wait_until(lambda: len(page.card.table.selected) == 1, 30)
    assert page.card.empty.hidden
    assert page.pane.winfo_viewable()
