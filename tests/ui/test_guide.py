"""The code of docs/how-to/show-backups-in-your-application.md does what the page says."""

from __future__ import annotations

import json
import os
import queue
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from litekeep import BackupManager
from litekeep.model import Reason
from litekeep.ui.presenter.schedule import Mode

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "show-backups-in-your-application.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
QUIET = {"restore_test": "never", "automatic_daily": False, "notifications": {"on_failure": []}}
HAND = """
import runpy
import customtkinter

class Window(customtkinter.CTk):
    '''Somebody waits for the view, backs up, and closes the window when that is done.'''

    def mainloop(self):
        (self.view,) = [each for each in self.winfo_children() if type(each).__name__ == "BackupView"]
        self.pressed = False
        self.look()
        super().mainloop()

    def look(self):
        view = self.view
        if view.bridge.facts.outcome is not None:
            print(view.bridge.facts.outcome.verb, view.bridge.facts.outcome.end)
            self.destroy()
            return
        if view.bridge.facts.status is not None and not self.pressed:
            self.pressed = view.bridge.back_up()
        self.after(20, self.look)

customtkinter.CTk = Window
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture
def page() -> dict[str, Any]:
    """The functions of the page."""
    found: dict[str, Any] = {"BackupView": __import__("litekeep.ui", fromlist=["BackupView"]).BackupView}
    for block in BLOCKS[1:]:
        exec(compile(block, str(PAGE), "exec"), found)
    return found


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[BackupManager]:
    database = make(tmp_path)
    file = tmp_path / "backup.json"
    file.write_text(json.dumps({"database": database.name, "backup": QUIET}), "utf-8")
    made = BackupManager(database, file)
    yield made
    made.close(backup=False)


def make(folder: Path) -> Path:
    path = folder / "employees.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE employee(name TEXT)")
        db.execute("INSERT INTO employee VALUES ('Ada')")
    return path


def test_the_ten_lines(display: str, tmp_path: Path) -> None:
    database = make(tmp_path)
    (tmp_path / "app.py").write_text(BLOCKS[0], "utf-8")
    environment = {**os.environ, "LITEKEEP_BACKUP__NOTIFICATIONS__ON_FAILURE": "[]"}
    command = [sys.executable, "-c", HAND]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["backup", "done"], done.stdout + done.stderr
    manager = BackupManager(database)
    assert manager.list_backups()[-1].reason in (Reason.MANUAL, Reason.SCHEDULED)
    manager.close(backup=False)


def test_a_page_among_others(page: Any, window: Any, manager: BackupManager, wait_until: Any, tmp_path: Path) -> None:
    window.grid_columnconfigure(0, weight=1)
    window.grid_rowconfigure(0, weight=1)
    view = page["open_page"](window, manager)
    wait_until(lambda: view.bridge.facts.status is not None and view.winfo_viewable(), 20)
    assert view.say.code == "fr"
    assert page["leave_page"](view)
    assert not view.winfo_exists()
    view = page["open_page"](window, manager)
    view.go("settings")
    editor = view.pages["settings"].editor
    wait_until(lambda: view.bridge.facts.status is not None and not editor.counting, 20)
    editor.edit_form(mode=Mode.DAILY, time="25h")
    assert not page["leave_page"](view), "what cannot be saved keeps the page"
    editor.edit_form(time="04:30")
    assert page["leave_page"](view)
    wait_until(lambda: manager.settings.backup.backup_time == time(4, 30), 10)
    written = json.loads((tmp_path / "backup.json").read_text("utf-8"))
    assert written["backup"]["backup_time"] == "04:30"


def test_a_restore_is_heard_of(page: Any, manager: BackupManager) -> None:
    read: list[int] = []
    end = page["listen"](manager, lambda: read.append(1))
    snapshot = manager.create_backup()
    with pytest.raises(queue.Empty):
        page["CALLS"].get_nowait()
    manager.restore_backup(snapshot)
    page["CALLS"].get(timeout=5)()
    end()
    assert read == [1]


def test_the_window_goes_when_the_last_backup_is_made(
    page: Any, window: Any, manager: BackupManager, wait_until: Any
) -> None:
    manager.start()
    page["close_when_done"](window, manager)
    wait_until(lambda: not window.winfo_exists(), 20)
    assert [each.reason for each in manager.list_backups()] == [Reason.SHUTDOWN]
