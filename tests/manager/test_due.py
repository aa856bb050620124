"""What the scheduler asks the repository, and how little it reads for that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.model import Reason
from litekeep.storage.base import Entry
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock

from .conftest import Application


def test_whether_a_slot_is_satisfied_costs_one_listing(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock(datetime.now(UTC) + timedelta(hours=1))
    manager = app.manager(clock, schedule="0 * * * *")
    manager.run_due()
    listed: list[str] = []
    original = LocalStorage.list

    def counted(self: LocalStorage, prefix: str = "") -> list[Entry]:
        listed.append(prefix)
        return original(self, prefix)

    monkeypatch.setattr(LocalStorage, "list", counted)
    (task,) = manager._tasks()
    slot = task.last_slot(clock.now())
    assert slot == clock.now().replace(minute=0, second=0, microsecond=0)
    assert [prefix for prefix in listed if prefix.startswith("snapshots/")] == ["snapshots/"]
    assert len(listed) <= 2  # the receipts of the newest


def test_another_database_of_the_same_name_satisfies_no_slot(app: Application, tmp_path: Path) -> None:
    clock = ManualClock(datetime.now(UTC) + timedelta(hours=1))
    app.manager(clock, schedule="0 * * * *").run_due()
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "app.db"
    twin.write_bytes(b"")
    settings: dict[str, object] = {"backup_directory": str(app.backups), "schedule": "0 * * * *"}
    settings |= {"restore_test": "never", "notifications": {"on_failure": []}}
    other = BackupManager(twin, {"backup": settings}, clock=clock)
    other.run_due()
    (made,) = other.list_backups()
    assert (made.reason, made.source) == (Reason.SCHEDULED, "app-other")
    other.close(backup=False)
