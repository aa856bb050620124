"""The verdict is a pure function of facts and now; and the command that shows it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from litekeep.model import DatabaseFacts, Level, Reason, Snapshot
from litekeep.operations.status import Facts, Protection, Run, Verdict, assess

from .conftest import Run as Command
from .conftest import execute

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SAFE, RISK, NONE = Protection.PROTECTED, Protection.AT_RISK, Protection.NOT_PROTECTED


def hours(number: float) -> datetime:
    """So many hours ago."""
    return NOW - timedelta(hours=number)


def snapshot(age_hours: float, **changes: Any) -> Snapshot:
    """A fully verified snapshot."""
    made = Snapshot(
        id=f"{int(age_hours * 1000):016x}",
        source="app",
        created_at=hours(age_hours),
        zone="UTC",
        reason=Reason.SCHEDULED,
        sequence=1,
        parent=None,
        label="",
        database=DatabaseFacts(4096, 10),
        source_path="app.db",
        changed_pages=1,
        new_bytes=1,
        key="",
        verified=Level.FULL,
    )
    return replace(made, **changes)


GOOD = (snapshot(50, drilled_at=hours(40)), snapshot(2))
OLD = (snapshot(24 * 45, drilled_at=hours(24 * 31)), snapshot(2))
FAILED = Run("app", hours(1), ok=False, message="no space left")
DAMAGED = snapshot(3, damage=("cut short",), verified=Level.NONE)


@pytest.mark.parametrize(
    ("facts", "verdict", "protection", "words"),
    [
        (Facts("app"), Verdict.NEVER, NONE, "No backup has been made yet."),
        (Facts("app", runs=(FAILED,)), Verdict.NEVER, NONE, "the last attempt 1 h ago failed: no space left"),
        (Facts("app", GOOD), Verdict.HEALTHY, SAFE, "Last backup 2 h ago, verified; a test restore passed 40 h ago."),
        (Facts("app", (snapshot(2),)), Verdict.UNPROVEN, SAFE, "no restore has been tested yet"),
        (Facts("app", (snapshot(24 * 40), snapshot(2))), Verdict.UNPROVEN, RISK, "no restore has been tested yet"),
        (Facts("app", GOOD, key_unconfirmed=True), Verdict.KEY_UNCONFIRMED, RISK, "to have the recovery key"),
        (Facts("app", missing="no key", key_needed=True), Verdict.KEY_NEEDED, NONE, "cannot be opened: no key"),
        (Facts("app", OLD), Verdict.UNPROVEN, RISK, "the last test restore passed 31 days ago"),
        (Facts("app", (snapshot(2, verified=Level.NONE),)), Verdict.UNPROVEN, RISK, "has not been verified"),
        (Facts("app", (snapshot(50, drilled_at=hours(40)),)), Verdict.OVERDUE, RISK, "No backup for 50 h"),
        (Facts("app", (snapshot(50, drilled_at=hours(40)),), seen_at=hours(1)), Verdict.HEALTHY, SAFE, "1 h ago"),
        (Facts("app", GOOD, max_age=timedelta(hours=1)), Verdict.OVERDUE, RISK, "expected every 1 h"),
        (Facts("app", (*GOOD, snapshot(-48))), Verdict.OVERDUE, RISK, "the clock is or was wrong"),
        (Facts("app", GOOD, runs=(FAILED,)), Verdict.FAILING, RISK, "failed: no space left"),
        (Facts("app", (*GOOD, snapshot(0.5)), runs=(FAILED,)), Verdict.HEALTHY, SAFE, "30 min ago"),
        (Facts("app", (*GOOD, snapshot(1, problems=("row 7",)))), Verdict.FAILING, RISK, "problems (row 7)"),
        (Facts("app", (snapshot(1, problems=("row 7",)),)), Verdict.FAILING, NONE, "there is no good backup"),
        (Facts("app", (DAMAGED, *GOOD)), Verdict.DAMAGED, RISK, "1 of 3 backups is damaged; the newest good one"),
        (Facts("app", (DAMAGED,)), Verdict.DAMAGED, NONE, "no verified backup is left"),
        (Facts("app", GOOD, unreadable=2), Verdict.DAMAGED, RISK, "2 stored objects are unreadable"),
        (Facts("app", GOOD, busy="used by backup"), Verdict.RUNNING, SAFE, "A run is going on: used by backup"),
        (Facts("app", busy="used by backup"), Verdict.RUNNING, NONE, "no backup has been made yet"),
        (Facts("app", GOOD, missing="no drive"), Verdict.REPOSITORY_MISSING, NONE, "The backups are not there"),
    ],
)
def test_verdicts(facts: Facts, verdict: Verdict, protection: Protection, words: str) -> None:
    status = assess(facts, NOW)
    assert (status.verdict, status.protection) == (verdict, protection), status.sentence
    assert words in status.sentence
    assert status.sentence.endswith(".")
    assert ".." not in status.sentence


def test_the_command_through_the_life_of_a_database(database: Path, place: Path, litekeep: Command) -> None:
    assert litekeep("status", expect=21).out.startswith("NOT PROTECTED  The backups are not there")
    litekeep("init", database)
    assert "No backup has been made yet." in litekeep("status", expect=21).out
    litekeep("backup", database)
    litekeep("drill")
    good = litekeep("status")
    assert good.out.startswith("PROTECTED  app: Last backup just now, verified; a test restore passed just now.")
    assert litekeep("status", "-q").out == ""
    execute(database, "DELETE FROM people WHERE id < 10")
    litekeep("backup", database, expect=3)
    assert litekeep("status", expect=20).out.startswith("AT RISK  app: The database itself has problems")
    shutil.move(place / "backups", place / "away")
    assert litekeep("status", "--json", expect=21).json["sources"][0]["verdict"] == "repository_missing"


def test_a_mistyped_name_does_not_spoil_the_status(database: Path, litekeep: Command) -> None:
    litekeep("backup", database)
    litekeep("backup", "ap.db", expect=5)
    assert "ap:" not in litekeep("status").out


def test_a_failing_run_shows(database: Path, litekeep: Command) -> None:
    litekeep("backup", database)
    database.unlink()
    litekeep("backup", database, expect=5)
    failing = litekeep("status", expect=20)
    assert "The last attempt just now failed: there is no database at" in failing.out
