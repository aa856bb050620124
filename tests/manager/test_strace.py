"""The proof that the application's own process never opens its database beside SQLite: its system calls."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Application

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

PROGRAM = """
import json, os, pathlib, sqlite3, sys
from litekeep import BackupManager
path = sys.argv[1]
with open(path + ".pid", "w") as file:
    file.write(str(os.getpid()))
settings = pathlib.Path(path + ".json")
settings.write_text(json.dumps({"backup": {"restore_test": "weekly", "notifications": {"on_failure": []}}}))
manager = BackupManager(path, settings)
manager.start()
first = manager.create_backup()
manager.submit_backup().result()
assert manager.list_backups() and manager.status().sentence and manager.history()
manager.verify_backup(first)
manager.test_restore()
manager.restore_backup(first)
manager.undo_restore()
manager.restore_backup(first, to=path + ".new")
manager.export_backup(first, path + ".plain")
with manager.protect("import"):
    pass
with manager.before_migration():
    pass
manager.preview_restore(first)
manager.preview_restore(pathlib.Path(path + ".plain"))
manager.restore_file(path + ".plain")
manager.restore_file(path + ".plain", to=path + ".again")
assert manager.examine()
second = manager.create_backup()
manager.pin_backup(second)
manager.unpin_backup(second)
manager.label_backup(second, "a name")
manager.delete_backup(second)
manager.recover_backup(manager.list_trash()[0])
assert manager.statistics().database_bytes and manager.statistics(manager.list_backups()).space_bytes
assert manager.plan_rotation().plan.decisions
assert manager.test_notifications() == [] and manager.cancel() is False and manager.running == ""
manager.rotate_backups()
manager.change_settings({"backup.keep_last": 9})
manager.reload()
manager.notify()
print(manager.close().short_id)
"""


def test_the_host_never_opens_the_database(app: Application, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = "trace=open,openat,openat2,creat,execve,clone,clone3,fork,vfork"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", str(trace), "-e", calls, sys.executable, "-c", PROGRAM, str(app.path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split(None, 1) for line in trace.read_text("utf-8", "replace").splitlines()]
    host = threads_of((app.folder / "app.db.pid").read_text("ascii"), lines)
    assert len(host) > 2  # the thread of the jobs, that of the schedule
    live = [(number, call) for number, call in lines if re.search(r'app\.db(?:-wal|-shm|-journal)?"', call)]
    assert [call for number, call in live if number in host and "open" in call[:8]] == []
    assert [call for number, call in live if number not in host and "open" in call[:8]]  # the helper's are seen


def threads_of(process: str, lines: list[list[str]]) -> set[str]:
    """The process and everything that it cloned, but for what became another program."""
    programs = {number for number, call in lines if call.startswith("execve(")} - {process}
    found = {process}
    for number, call in lines:
        made = re.search(r"=\s*(\d+)$", call)
        if number in found and call.startswith(("clone", "<... clone")) and made and made[1] not in programs:
            found.add(made[1])
    return found
