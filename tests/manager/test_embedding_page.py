"""The code of docs/how-to/embed-in-an-application.md does what the page says."""

from __future__ import annotations

import os
import queue
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from litekeep import BackupManager
from litekeep.model import Reason

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "embed-in-an-application.md"
BLOCKS = [part.split("```")[0] for part in PAGE.read_text("utf-8").split("```python\n")[1:]]


def parts() -> dict[str, Any]:
    """The functions of the page."""
    found: dict[str, Any] = {}
    for block in BLOCKS[1:]:
        exec(compile(block, str(PAGE), "exec"), found)
    return found


def make(folder: Path) -> Path:
    path = folder / "employees.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE employee(name TEXT)")
    return path


def test_the_ten_lines(tmp_path: Path) -> None:
    database = make(tmp_path)
    application = (
        "def run_application(manager):\n"
        "    import sqlite3\n"
        "    with sqlite3.connect('employees.db') as db:\n"
        "        db.execute(\"INSERT INTO employee VALUES ('Ada')\")\n"
    )
    (tmp_path / "app.py").write_text(f"{application}\n{BLOCKS[0]}", "utf-8")
    environment = {**os.environ, "LITEKEEP_BACKUP__NOTIFICATIONS__ON_FAILURE": "[]"}
    subprocess.run([sys.executable, "app.py"], cwd=tmp_path, env=environment, check=True, timeout=60)
    manager = BackupManager(database)
    assert manager.list_backups()[-1].reason in (Reason.SHUTDOWN, Reason.SCHEDULED)
    manager.restore_backup("latest", to=tmp_path / "new.db")
    with closing(sqlite3.connect(tmp_path / "new.db")) as db:
        assert db.execute("SELECT name FROM employee").fetchall() == [("Ada",)]
    manager.close(backup=False)


def test_guards_listeners_and_hooks(tmp_path: Path) -> None:
    page, database = parts(), make(tmp_path)
    manager, heard = BackupManager(database), queue.Queue[Any]()
    with closing(sqlite3.connect(database)) as db:
        end = page["show_progress"](manager, heard)
        page["import_employees"](manager, db, [("Ada",), ("Grace",)])
        assert heard.get(timeout=5)[0] == "progress"
        end()
        page["migrate"](manager, db)
        page["migrate"](manager, db)
        before_import, before_migration = manager.list_backups()
        assert before_import.label == "before import"
        assert before_migration.reason is Reason.PRE_MIGRATION
        assert db.execute("SELECT name, team FROM employee").fetchall() == [("Ada", None), ("Grace", None)]
        db.execute("INSERT INTO employee(name) VALUES ('half typed')")
        page["bring_back"](manager, db, before_import)
        assert db.execute("SELECT count(*) FROM employee").fetchone() == (0,)
    manager.close(backup=False)


def test_a_migration_that_fails_is_taken_back(tmp_path: Path) -> None:
    page, database = parts(), make(tmp_path)
    manager = BackupManager(database)
    with closing(sqlite3.connect(database)) as db:
        db.execute("ALTER TABLE employee ADD COLUMN team TEXT")  # the migration's own column: it will fail
        with pytest.raises(sqlite3.OperationalError) as caught:
            page["migrate"](manager, db)
        assert "brought back" in caught.value.__notes__[-1]
        assert db.execute("PRAGMA user_version").fetchone() == (0,)
    manager.close(backup=False)


def test_a_page_of_its_own(tmp_path: Path) -> None:
    page, database = parts(), make(tmp_path)
    manager = BackupManager(database, {"backup": {"notifications": {"on_failure": []}}})
    with closing(sqlite3.connect(database)) as db:
        first = manager.create_backup()
        manager.export_backup(first, tmp_path / "old.db.gz")
        db.execute("INSERT INTO employee(name) VALUES ('Ada')")
        db.commit()
        for chosen in (first, tmp_path / "old.db.gz"):
            assert page["what_would_change"](manager, chosen) == [("employee", 1, 0)]
        assert page["bring_a_file_back"](manager, tmp_path / "old.db.gz").reason is Reason.PRE_RESTORE
        assert db.execute("SELECT count(*) FROM employee").fetchone() == (0,)
    kept = page["keep_and_name"](manager, first)
    assert (kept.pinned, kept.label) == (True, "before the audit")
    shown = page["page"](manager)
    assert shown["figures"].backups == 2
    assert shown["goes"] == []
    assert shown["advice"]
    manager.close(backup=False)
