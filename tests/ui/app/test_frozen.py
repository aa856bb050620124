"""An application with the window that PyInstaller made one program of: the view is there, in French, with its pages."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import sysconfig
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("PyInstaller")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform == "linux" and not sysconfig.get_config_var("Py_ENABLE_SHARED"),
        reason="PyInstaller needs a Python with a shared library",
    ),
]

PROGRAM = """
import litekeep

litekeep.freeze_support()

import customtkinter
from litekeep.ui import BackupView

window = customtkinter.CTk()
window.geometry("1000x700")
failed = []
window.report_callback_exception = lambda *error: failed.append(repr(error[1]))
manager = litekeep.BackupManager("app.db", {"backup": {"notifications": {"on_failure": []}}})
view = BackupView(window, manager, lang="fr")
view.pack(fill="both", expand=True)
begun = False


def look():
    global begun
    facts = view.bridge.facts
    if failed or facts.outcome is not None:
        for page in ("overview", "backups", "settings"):
            view.go(page)
            window.update()
        print(failed, facts.outcome.verb, facts.outcome.end, view.say("Back up now"))
        window.destroy()
        return
    begun = begun or (facts.status is not None and view.bridge.back_up())
    window.after(50, look)


window.after(50, look)
window.mainloop()
manager.close(backup=False)
"""


def test_a_frozen_application_has_the_view(display: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--frozen-all"):
        pytest.skip("takes a minute and a half; --frozen-all runs it")
    (tmp_path / "application.py").write_text(PROGRAM, "utf-8")
    command = ["-m", "PyInstaller", "--noconfirm", "--onedir", "--log-level", "ERROR", "application.py"]
    made = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False
    )
    assert made.returncode == 0, made.stderr
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        db.execute("CREATE TABLE employee(name TEXT)")
    done = subprocess.run(
        [tmp_path / "dist" / "application" / "application"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("LITEKEEP_")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[] backup done Sauvegarder\n", done.stdout + done.stderr
