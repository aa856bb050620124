"""The window of the example application: each button does its job on a real database."""

from __future__ import annotations

import copy
import gc
import json
import tkinter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import customtkinter as ctk
import pytest
from examples.employees import models, office, sample, upgrades
from examples.employees.app import PAGES, Application
from examples.employees.protection import BEGINNING, protect

from litekeep import BackupManager
from litekeep.model import Reason
from ui.conftest import WaitUntil

PEOPLE = 30
QUIET = {"restore_test": "never", "automatic_daily": False, "notifications": {"on_failure": []}}


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[BackupManager]:
    path = tmp_path / "data" / "employees.db"
    models.open_database(path)
    sample.fill(office.today(), people=PEOPLE)
    sample.write_csv(path.with_name(sample.CSV_NAME))
    path.with_name("backup.json").write_text(json.dumps({"backup": {**BEGINNING, **QUIET}}), "utf-8")
    made = protect(path)
    yield made
    made.close(backup=False)
    models.database.close()


@pytest.fixture
def app(window: Any, manager: BackupManager) -> Iterator[Application]:
    theme, mode = copy.deepcopy(ctk.ThemeManager.theme), ctk.get_appearance_mode()
    made = Application(window, manager, "en")
    yield made
    made.background.close()
    if window.winfo_exists():
        window.destroy()
    ctk.ThemeManager.theme.clear()
    ctk.ThemeManager.theme.update(theme)
    ctk.set_appearance_mode(mode)


@pytest.fixture
def idle(app: Application, wait_until: WaitUntil) -> Any:
    """Waits until nothing is going on."""
    return lambda: wait_until(lambda: not app.background.busy, 20)


def left_of_pages(window: Any) -> list[str]:
    """The widgets of the window that are gone from the screen and still held by something."""
    gc.collect()
    widgets = (str(getattr(each, "_w", "")) for each in gc.get_objects() if isinstance(each, tkinter.Misc))
    ours = [name for name in widgets if name.startswith(f"{window}.")]
    return [name for name in ours if not window.tk.getboolean(window.tk.call("winfo", "exists", name))]


def yes(app: Application) -> None:
    """Answer the question that is open."""
    assert app._question is not None
    app._question.yes_button.invoke()


def page(app: Application) -> Any:
    return app.page


def test_a_person_is_added_after_what_is_wrong_was_shown(app: Application) -> None:
    page(app).add_button.invoke()
    form = page(app)._form
    form.put({"first_name": "Ada", "email": "nowhere", "status": "active", "role": "driver"})
    form.save_button.invoke()
    assert "needed" in form._titles["last_name"].cget("text")
    assert "not an e-mail address" in form._titles["email"].cget("text")
    assert office.count() == PEOPLE
    form.put({**form.values, "last_name": "Lovelace", "number": "N1", "email": "ada@example.org"})
    form.save_button.invoke()
    assert page(app)._form is None
    assert office.count() == PEOPLE + 1
    assert "Ada Lovelace" in app.notice.text
    (selected,) = page(app).table.selection
    assert office.get(int(selected))["first_name"] == "Ada"  # type: ignore[index]


def test_a_person_is_changed_and_the_papers_are_shown(app: Application) -> None:
    line = next(each for each in office.search() if each.papers)
    page(app).edit(line.id)
    form = page(app)._form
    form._show("papers")
    assert len(form._papers) == len(office.papers(line.id))
    form.put({**form.values, "comment": "Speaks Welsh."})
    page(app).key_save()
    assert (office.get(line.id) or {})["comment"] == "Speaks Welsh."


def test_unsaved_changes_are_asked_about_before_they_are_lost(app: Application) -> None:
    page(app).edit(office.search()[0].id)
    page(app)._form._inputs["last_name"].put("Changed")
    app.go("import")
    assert app._where == "people"
    assert app._question is not None
    app._question.no_button.invoke()
    assert page(app)._form is not None
    app.go("import")
    yes(app)
    assert app._where == "import"
    assert "Changed" not in str(office.search())


def test_searching_and_nobody_found(app: Application) -> None:
    wanted = office.search()[0]
    page(app).search.put(wanted.number)
    page(app).refresh()
    assert [page(app).table.tree.item(row, "values")[0] for row in page(app).table.tree.get_children()] == [wanted.name]
    page(app).search.put("nobody of that name")
    page(app).refresh()
    assert len(page(app).table) == 0
    page(app).clear_search()
    assert len(page(app).table) == PEOPLE


def test_everybody_is_deleted_by_mistake_and_comes_back(
    app: Application, manager: BackupManager, idle: Any, wait_until: WaitUntil
) -> None:
    page(app).delete_all_button.invoke()
    assert app._question is not None
    app._question.no_button.invoke()
    assert office.count() == PEOPLE
    page(app).delete_all_button.invoke()
    yes(app)
    idle()
    assert office.count() == len(page(app).table) == 0
    (point,) = manager.list_backups()
    assert point.short_id in app.notice.text
    manager.restore_backup(point)
    wait_until(lambda: len(page(app).table) == PEOPLE)


def test_one_person_is_deleted(app: Application, idle: Any) -> None:
    first = page(app).table.tree.get_children()[0]
    page(app).table.select([first])
    page(app)._selected()
    page(app).delete_button.invoke()
    yes(app)
    idle()
    assert len(page(app).table) == PEOPLE - 1
    assert office.get(int(first)) is None


def test_an_import_is_previewed_then_done_behind_a_backup(app: Application, manager: BackupManager, idle: Any) -> None:
    app.go("import")
    page(app).look_button.invoke()
    idle()
    assert len(page(app).table) == 14
    assert office.count() == PEOPLE
    page(app).import_button.invoke()
    idle()
    assert office.count() == PEOPLE + 12
    assert [each.reason for each in manager.list_backups()] == [Reason.PRE_OPERATION]
    assert "12 new" in app.notice.text


def test_an_import_that_fails_is_told_with_line_and_backup(
    app: Application, manager: BackupManager, idle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    database: Any = models.database
    database.execute_sql("CREATE TRIGGER full BEFORE INSERT ON employees BEGIN SELECT RAISE(ABORT, 'no room'); END")
    app.go("import")
    page(app).look_button.invoke()
    idle()
    page(app).import_button.invoke()
    idle()
    (point,) = manager.list_backups()
    assert "line 2" in app.notice.text
    assert "no room" in app.notice.text
    assert point.short_id in app.notice.text
    assert office.count() == PEOPLE
    assert "no room" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_told(app: Application, idle: Any) -> None:
    app.go("import")
    page(app).path.put("no such file.csv")
    page(app).look_button.invoke()
    idle()
    assert "cannot be read" in app.notice.text
    assert page(app).import_button.cget("state") == "disabled"


def test_the_pending_change_of_the_database_is_run(app: Application, manager: BackupManager, idle: Any) -> None:
    app.go("maintenance")
    page(app).run_button.invoke()
    idle()
    assert not any(each.pending for each in upgrades.upgrades())
    assert page(app).run_button.cget("state") == "disabled"
    assert [each.reason for each in manager.list_backups()] == [Reason.PRE_MIGRATION]


def test_pages_come_and_go_and_the_manager_goes_on(
    app: Application, manager: BackupManager, root: Any, wait_until: WaitUntil
) -> None:
    manager.start()
    for _ in range(3):
        for name in PAGES:
            app.go(name)
            root.update()
    wait_until(lambda: not left_of_pages(app.window), 20)
    assert manager.create_backup().sound
    app.go("people")


def test_the_keyboard_reaches_everything(app: Application, window: Any, wait_until: WaitUntil) -> None:
    window.focus_force()
    app._bar._buttons["import"].focus_set()
    window.update()
    app._bar._buttons["import"].event_generate("<Return>")
    wait_until(lambda: app._where == "import")
    window.event_generate("<Control-Key-1>")
    wait_until(lambda: app._where == "people")
    window.event_generate("<Control-n>")
    wait_until(lambda: page(app)._form is not None)
    wait_until(lambda: window.focus_get() is not None)
    window.event_generate("<Escape>")
    wait_until(lambda: page(app)._form is None)
    reached = set()
    here = page(app).search
    here.focus_force()
    for _ in range(20):
        window.update()
        focused = window.focus_get()
        reached.add(focused)
        focused.event_generate("<Tab>")
    assert {page(app).add_button, page(app).delete_all_button, page(app).table.tree, page(app).filter} <= reached


def test_language_and_colours_change_at_once(app: Application, window: Any) -> None:
    app.change_language("fr")
    assert window.title() == "Personnel"
    assert page(app).count.cget("text") == f"{PEOPLE} personnes"
    before = ctk.get_appearance_mode()
    app._bar._mode.invoke()
    window.update()
    assert ctk.get_appearance_mode() != before


def test_closing_makes_a_last_backup_and_ends_the_window(
    app: Application, manager: BackupManager, window: Any, wait_until: WaitUntil
) -> None:
    app.close()
    wait_until(lambda: not window.winfo_exists(), 20)
    assert [each.reason for each in manager.list_backups()] == [Reason.SHUTDOWN]
