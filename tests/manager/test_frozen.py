"""An application that PyInstaller made one program of: it is its own helper process."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .conftest import Application, notes_in

pytest.importorskip("PyInstaller")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the name of the program"),
    pytest.mark.skipif(
        sys.platform == "linux" and not sysconfig.get_config_var("Py_ENABLE_SHARED"),
        reason="PyInstaller needs a Python with a shared library",
    ),
]

PROGRAM = """
import litekeep

if "--forgetful" not in __import__("sys").argv:
    litekeep.freeze_support()

import json, os, sys

print("main", file=sys.stderr)
manager = litekeep.BackupManager(sys.argv[1], {"backup": {"notifications": {"on_failure": []}}})
try:
    snapshot = manager.create_backup("frozen")
except litekeep.errors.UsageError as error:
    sys.exit(error.message)
helper = manager._queue._runner.pid
manager.restore_backup(snapshot, to=sys.argv[2])
manager.close()
print(json.dumps({"helper": helper, "own": os.getpid(), "sound": snapshot.sound, "frozen": sys.frozen}))
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program; building it takes the longest."""
    folder = tmp_path_factory.mktemp("frozen")
    (folder / "application.py").write_text(PROGRAM, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--noconfirm", "--onedir", "--log-level", "ERROR", "application.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "dist" / "application" / "application"


def test_it_backs_up_through_itself(program: Path, app: Application, tmp_path: Path) -> None:
    app.write("frozen")
    done = subprocess.run(
        [str(program), str(app.path), str(tmp_path / "new.db")], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["sound"]
    assert figures["frozen"]
    assert figures["helper"] not in (None, figures["own"])
    assert done.stderr.split() == ["main"]  # the helper never got as far as the application
    assert notes_in(tmp_path / "new.db") == ["frozen"]


def test_it_is_told_what_it_forgot(program: Path, app: Application, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(program), str(app.path), str(tmp_path / "new.db"), "--forgetful"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "freeze_support() was not called" in done.stderr
    assert not app.backups.exists()
