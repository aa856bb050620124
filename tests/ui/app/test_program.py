"""The program in a real window: first run, several databases, what is missing, and how it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from litekeep import BackupManager
from litekeep.monitor import Monitor
from litekeep.ui.app.first_run import Flaw
from litekeep.ui.app.fleet import Fleet
from litekeep.ui.app.program import Program
from litekeep.ui.app.remembered import Known, Memory, load, save
from litekeep.ui.app.trouble import Trouble
from litekeep.ui.app.waiting import Waiting
from litekeep.ui.language.words import language
from litekeep.ui.presenter.models import Action
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.words import Words
from litekeep.worker.inline import InThisProcess
from ui.conftest import AssertGolden, WaitUntil
from ui.many import make_database


class View(Piece):
    """In place of the BackupView: says which database it shows."""

    def __init__(self, master: Any, manager: BackupManager, _: object) -> None:
        super().__init__(master)
        self.manager = manager
        self.performed: list[Action] = []
        Words(self, str(manager.database)).pack()

    def perform(self, action: Action) -> None:
        self.performed.append(action)


class Held(InThisProcess):
    """Jobs stay at their first progress until they are let go, or cancelled."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()

    def run(self, job: Any, monitor: Monitor) -> Any:
        while not self.go.wait(0.005):
            if monitor.cancelled():
                break
        return super().run(job, monitor)


class Dialogs:
    """Answers of a person to the system's dialogs."""

    def __init__(self) -> None:
        self.file = self.directory = ""

    def database(self) -> str:
        return self.file

    def folder(self, beginning: str) -> str:
        return self.directory


class Desk:
    """A program in the test's window, and what it stands on."""

    def __init__(self, window: Any, folder: Path) -> None:
        self.window, self.folder = window, folder
        self.memory_file = folder / "config" / "litekeep" / "window.json"
        self.dialogs, self.held = Dialogs(), Held()
        self.programs: list[Program] = []

    def database(self, name: str) -> Path:
        path = self.folder / name / f"{name}.db"
        path.parent.mkdir(exist_ok=True)
        make_database(path)
        return path

    def known(self, name: str) -> Known:
        path = self.database(name)
        file = path.parent / "backup.json"
        content = {"database": path.name, "backup": {"restore_test": "never", "automatic_daily": False}}
        file.write_text(json.dumps(content))
        return Known(path, file)

    def remember(self, *names: str) -> list[Known]:
        found = [self.known(name) for name in names]
        save(self.memory_file, Memory(tuple(found), found[0].settings))
        return found

    def start(self, asked: tuple[Path, Path | None] | None = None, *, code: str = "en") -> Program:
        fleet = Fleet(lambda known: BackupManager(known.database, config=known.settings, _runner=self.held))
        program = Program(
            self.window, language(code), self.memory_file, View, asked=asked, fleet=fleet, dialogs=self.dialogs
        )
        self.programs.append(program)
        self.window.update()
        return program


@pytest.fixture
def desk(window: Any, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(window, tmp_path)
    yield desk
    desk.held.go.set()
    for program in desk.programs:
        program.fleet.close()


def shown(program: Program) -> Path:
    assert isinstance(program.page, View)
    return program.page.manager.database


def test_the_first_run_to_the_first_backup(desk: Desk, wait_until: WaitUntil) -> None:
    database = desk.database("app")
    program = desk.start()
    page = program.page
    assert not page.done.enabled
    assert page.cancel is None
    desk.dialogs.file = str(database)
    page.choose_database.invoke()
    assert page.folder.text == str(database.parent / "backups")
    assert page.done.enabled
    assert "drive" in page.folder_note.text
    desk.dialogs.directory = str(desk.folder / "elsewhere")
    page.choose_folder.invoke()
    page.done.invoke()
    assert shown(program) == database
    manager = program.page.manager
    wait_until(lambda: len(manager.list_backups()) == 1)
    assert manager.repository == desk.folder / "elsewhere"
    assert manager.started
    assert load(desk.memory_file).databases == (Known(database, database.parent / "backup.json"),)
    assert desk.window.title() == "app – Litekeep"


def test_encrypted_from_the_first_run_on(desk: Desk, wait_until: WaitUntil) -> None:
    """The key of this computer lies with the program's own; the view asks at once that the other one be kept."""
    database = desk.database("app")
    program = desk.start()
    page = program.page
    assert not page.encrypt.enabled
    desk.dialogs.file = str(database)
    page.choose_database.invoke()
    page.encrypt.invoke()
    page.done.invoke()
    assert shown(program) == database
    assert program.page.performed == [Action.RECOVERY_KEY]
    manager = program.page.manager
    wait_until(lambda: len(manager.list_backups()) == 1)
    assert [each.kind for each in manager.keys().keys] == ["recovery", "key"]
    (file,) = (desk.memory_file.parent / "keys").iterdir()
    settings = json.loads((database.parent / "backup.json").read_text())
    assert settings["backup"]["encryption"] == {"key": {"file": str(file)}}


def test_backups_that_are_there_are_not_encrypted_by_the_way(desk: Desk) -> None:
    known = desk.known("app")
    page = desk.start().page
    desk.dialogs.file = str(known.database)
    page.choose_database.invoke()
    assert page.done.enabled
    assert not page.encrypt.enabled


def test_what_is_wrong_is_said_where_it_is(desk: Desk) -> None:
    page = desk.start().page
    (desk.folder / "no.db").write_text("no database")
    desk.dialogs.file = str(desk.folder / "no.db")
    page.choose_database.invoke()
    assert "not an SQLite database" in page.database_note.text
    assert not page.done.enabled
    page.finish()
    assert isinstance(page.winfo_exists(), int)
    assert not desk.memory_file.exists()


def test_a_folder_of_ones_own_stays_when_another_database_is_chosen(desk: Desk) -> None:
    one, two = desk.database("one"), desk.database("two")
    page = desk.start().page
    desk.dialogs.file, desk.dialogs.directory = str(one), str(desk.folder)
    page.choose_database.invoke()
    page.choose_folder.invoke()
    desk.dialogs.file = str(two)
    page.choose_database.invoke()
    assert page.folder.text == str(desk.folder)


def test_settings_of_an_application_are_used_as_they_are(desk: Desk, wait_until: WaitUntil) -> None:
    known = desk.known("app")
    before = known.settings.read_text()
    page = desk.start().page
    desk.dialogs.file = str(known.database)
    page.choose_database.invoke()
    assert not page.folder.enabled
    assert str(known.settings) in page.folder_note.text
    page.done.invoke()
    manager = desk.programs[0].page.manager
    wait_until(lambda: len(manager.list_backups()) == 1)
    assert known.settings.read_text() == before


def test_several_databases(desk: Desk) -> None:
    one, two = desk.remember("one", "two")
    program = desk.start()
    assert shown(program) == one.database
    assert [text for _, text in program.bar.choice.items] == ["one", "two"]
    program.bar.choice.choose(str(two.settings))
    assert shown(program) == two.database
    assert load(desk.memory_file).shown == two.settings
    assert all(program.fleet.of(each).started for each in (one, two))  # type: ignore[union-attr]
    program.bar.add.invoke()
    program.page.cancel.invoke()
    assert shown(program) == two.database
    program.bar.remove.invoke()
    assert shown(program) == one.database
    assert two.settings.exists()
    program.bar.remove.invoke()
    assert program.page.cancel is None  # the first page again


def test_one_that_is_asked_for(desk: Desk) -> None:
    one, two = desk.remember("one", "two")
    assert shown(desk.start((two.database, None))) == two.database
    third = desk.known("three")
    assert load(desk.memory_file).shown == two.settings
    program = Program(
        desk.window, language("en"), desk.memory_file, View, asked=(third.database, None), fleet=desk.programs[0].fleet
    )
    assert shown(program) == third.database  # its settings lie beside it
    new = desk.database("four")
    program = Program(
        desk.window, language("en"), desk.memory_file, View, asked=(new, None), fleet=desk.programs[0].fleet
    )
    assert program.page.database.text == str(new)
    assert program.page.done.enabled
    assert one.database.exists()


def test_a_database_that_is_not_there(desk: Desk) -> None:
    one, two = desk.remember("one", "two")
    one.database.rename(desk.folder / "away.db")
    program = desk.start()
    assert isinstance(program.page, Trouble)
    assert [text for _, text in program.bar.choice.items] == ["one (not found)", "two"]
    program.bar.choice.choose(str(two.settings))
    assert shown(program) == two.database
    program.bar.choice.choose(str(one.settings))
    (desk.folder / "away.db").rename(one.database)
    program.page.buttons[0].invoke()
    assert shown(program) == one.database


def test_settings_that_cannot_be_used(desk: Desk) -> None:
    (one,) = desk.remember("one")
    good = one.settings.read_text()
    one.settings.write_text('{"database": "one.db", "backup": {"retention_dayz": 3}}')
    program = desk.start()
    assert isinstance(program.page, Trouble)
    one.settings.write_text(good)
    program.page.buttons[0].invoke()
    assert shown(program) == one.database


def test_closing_remembers_where_the_window_was(desk: Desk) -> None:
    desk.remember("one")
    program = desk.start()
    desk.window.geometry("900x700+40+60")
    desk.window.update()
    program.close()
    assert not desk.window.winfo_exists()
    assert load(desk.memory_file).geometry.startswith("900x700+")
    assert program.fleet.running() == []


@pytest.mark.parametrize(
    ("remembered", "expected"),
    [
        ("", "1200x800"),
        ("nonsense", "1200x800"),
        ("900x700+40+60", "900x700+40+60"),
        ("300x200+40+60", "800x600+40+60"),
        ("900x700+9000+60", "900x700"),
        ("900x700+-8000+60", "900x700"),
    ],
)
def test_a_place_that_is_on_no_screen_is_not_used(desk: Desk, remembered: str, expected: str) -> None:
    program = desk.start()
    program.memory = Memory(geometry=remembered)
    assert (program._remembered_geometry() or "1200x800") == expected


def running(desk: Desk, wait_until: WaitUntil) -> tuple[Program, Any]:
    desk.remember("one")
    program = desk.start()
    desk.held.go.clear()
    future = program.page.manager.submit_backup()
    wait_until(lambda: program.fleet.running() == [("one", "backup")])
    program.close()
    assert program.waiting is not None
    assert "one" in program.waiting.headline.text
    program.close()
    return program, future


def test_closing_waits_for_what_runs(desk: Desk, wait_until: WaitUntil) -> None:
    program, future = running(desk, wait_until)
    waiting = program.waiting
    assert waiting is not None
    wait_until(lambda: waiting.wait.focused)
    waiting.wait.invoke()
    assert desk.window.winfo_exists()
    desk.held.go.set()
    wait_until(lambda: not desk.window.winfo_exists())
    assert future.result(0).snapshot


def test_closing_anyway_stops_it(desk: Desk, wait_until: WaitUntil) -> None:
    program, future = running(desk, wait_until)
    program.waiting.leave.invoke()  # type: ignore[union-attr]
    assert not desk.window.winfo_exists()
    assert future.exception(0) is not None


def test_not_closing_after_all(desk: Desk, wait_until: WaitUntil) -> None:
    program, future = running(desk, wait_until)
    program.waiting.stay.invoke()  # type: ignore[union-attr]
    assert program.waiting is None
    desk.held.go.set()
    assert future.result(10).snapshot
    assert desk.window.winfo_exists()


MODES = pytest.mark.parametrize(("mode", "code"), [("light", "en"), ("light", "fr"), ("dark", "en"), ("dark", "fr")])
Appearance = Callable[[str], None]


@MODES
def test_pictures_of_the_first_page(
    desk: Desk, mode: str, code: str, assert_golden: AssertGolden, appearance: Appearance
) -> None:
    appearance(mode)
    page = desk.start(code=code).page
    page.database.set_text("/home/ada/company/employees.db")
    page._note(page.folder_note, Flaw.SAME_DRIVE)
    page.folder.set_text("/home/ada/company/backups")
    page.done.set_enabled(True)
    assert_golden(desk.window, f"app-first-{mode}-{code}")


@MODES
def test_pictures_of_the_end(
    desk: Desk, mode: str, code: str, assert_golden: AssertGolden, appearance: Appearance
) -> None:
    appearance(mode)
    program = desk.start(code=code)
    waiting = Waiting(program._ground, program.say, lambda: [("employees", "backup")], print, print)
    waiting.place(x=0, y=0, relwidth=1, relheight=1)
    assert_golden(desk.window, f"app-waiting-{mode}-{code}")


@MODES
def test_pictures_of_what_is_missing(
    desk: Desk, mode: str, code: str, assert_golden: AssertGolden, appearance: Appearance
) -> None:
    appearance(mode)
    desk.remember("employees", "stock")
    program = desk.start(code=code)
    program.page.destroy()
    gone = Known(Path("/media/usb/employees.db"), Path("/media/usb/backup.json"))
    program.page = program._trouble(program._ground, gone)
    program.page.pack(fill="both", expand=True)
    program.bar.path.set_text(str(gone.database))
    assert_golden(desk.window, f"app-missing-{mode}-{code}")
