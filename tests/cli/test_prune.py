"""prune: the plan with its reasons, the brake, and what is given back."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.create import create_repository
from litekeep.testing import ManualClock

from .conftest import Run, execute, journal, make_database


@pytest.fixture(scope="module")
def sixty_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a backup for each of 60 days, until yesterday."""
    folder = tmp_path_factory.mktemp("sixty-days")
    database = make_database(folder / "app.db")
    start = datetime.now(UTC) - timedelta(days=60)
    clock, options = ManualClock(start), BackupOptions(reason=Reason.SCHEDULED)
    repository = create_repository(folder / "backups", database, clock=clock, monitor=Silent())
    for day in range(60):
        execute(database, f"UPDATE people SET name = 'day {day}' WHERE id = {day}")
        backup(repository, database, options=options, clock=clock, monitor=Silent())
        clock.advance(86_400)
    return folder


@pytest.fixture
def history(sixty_days: Path, place: Path) -> Path:
    """A copy of its repository."""
    shutil.copytree(sixty_days / "backups", place / "backups")
    return place / "backups"


def test_the_brake_asks_first(history: Path, litekeep: Run) -> None:
    planned = litekeep("prune", "--dry-run")
    assert "daily" in planned.out
    assert "no rule keeps it" in planned.out
    assert "waits for a yes: would remove" in planned.out
    assert "Nothing was changed." in planned.out
    stopped = litekeep("prune", expect=6)
    assert "litekeep prune --yes" in stopped.out
    assert len(litekeep("list", "--json").json["snapshots"]) == 60
    assert journal(history)[-1]["outcome"] == "refused"
    refused = litekeep("prune", "--json", expect=6)
    assert refused.json["ok"] is False
    assert refused.json["waiting"][0]["source"] == "app"
    done = litekeep("prune", "--yes")
    assert "into the trash, recoverable for 7 days" in done.out
    left = litekeep("list", "--json").json["snapshots"]
    assert 30 < len(left) < 45
    assert "Nothing to remove" in litekeep("prune").out
    litekeep("verify", "--all")
    assert "Removed" in litekeep("trash", "empty", "--yes").out
    assert len(litekeep("list", "--all", "--json").json["snapshots"]) == len(left)


def test_what_is_planned_is_what_is_done(history: Path, litekeep: Run) -> None:
    policy = ["--keep-days=5", "--keep-weeks=2", "--keep-months=1", "--keep-last=3"]
    plan = litekeep("prune", "--dry-run", "--json", *policy).json
    decisions = plan["sources"][0]["decisions"]
    assert len(decisions) == 60
    assert all(each["reasons"] for each in decisions)
    done = litekeep("prune", "--yes", "--json", *policy).json
    assert set(done["trashed"]) == {each["id"] for each in decisions if not each["keep"]}
    kept = {each["id"] for each in litekeep("list", "--json").json["snapshots"]}
    assert kept == {each["id"] for each in decisions if each["keep"]}
    assert history.exists()


def test_v_tells_why_each_stays(history: Path, litekeep: Run) -> None:
    lines = litekeep("prune", "--dry-run", "-v").out.splitlines()
    assert sum(line.strip().startswith(("keep  ", "remove")) for line in lines if "20" in line) >= 60
    assert history.exists()
