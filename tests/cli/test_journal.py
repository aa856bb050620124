"""The journal: one write for a line, torn lines, rotation, and never the reason for a failure."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from litekeep.errors import Cancelled, NoSpace, Refused
from litekeep.journal import history
from litekeep.journal.history import Outcome, Row
from litekeep.journal.recorder import Recorder

from .conftest import Run

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def row(message: str = "") -> Row:
    """A row."""
    return Row(
        NOW, "backup", "app", Outcome.OK, 0, "", message, 1.5, {"snapshot": "ab", "new_bytes": 7, "at_all": None}
    )


def test_what_is_written_is_read(place: Path) -> None:
    rows = [row(), row("ünï ☃ \udcff \n \x1b[2J")]
    for each in rows:
        history.append(place, each)
    assert history.read(place) == rows
    assert len((place / history.NAME).read_bytes().splitlines()) == 2


def test_no_journal_is_an_empty_one(place: Path) -> None:
    assert history.read(place) == []


def test_a_torn_last_line_costs_only_itself(place: Path) -> None:
    history.append(place, row("first"))
    with (place / history.NAME).open("ab") as stream:
        stream.write(b'{"at": "2026-06-01T12:0')
    assert [each.message for each in history.read(place)] == ["first"]
    history.append(place, row("second"))
    assert [each.message for each in history.read(place)] == ["first", "second"]


@pytest.mark.parametrize("line", ["", "[]", "7", "{}", '{"at": "now"}', "\x00\x00\x00", '{"at":"2026-06-01T12:00:00"}'])
def test_a_line_that_makes_no_sense_is_passed_over(line: str, place: Path) -> None:
    (place / history.NAME).write_text(line + "\n")
    history.append(place, row("good"))
    assert [each.message for each in history.read(place)] == ["good"]


def test_rotation(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "ROTATE_AT_BYTES", 2000)
    for number in range(30):
        history.append(place, row(str(number)))
    assert (place / history.NAME).stat().st_size <= 2000 if (place / history.NAME).exists() else True
    assert 2000 < (place / history.OLDER_NAME).stat().st_size < 2400
    assert history.read(place)[-1].message == "29"
    assert len(history.read(place)) > 8


def test_long_texts_are_cut(place: Path) -> None:
    history.append(place, row("x" * 100_000))
    assert len(history.read(place)[0].message) == history.LONGEST_TEXT


@pytest.mark.parametrize(
    ("error", "outcome", "code", "message"),
    [
        (NoSpace("full"), Outcome.FAILED, 14, "full"),
        (Refused("no"), Outcome.REFUSED, 6, "no"),
        (Cancelled("stopped"), Outcome.CANCELLED, 130, "stopped"),
        (KeyboardInterrupt(), Outcome.CANCELLED, 130, "stopped at once"),
        (ValueError("the salary of Ada"), Outcome.FAILED, 1, "ValueError"),
    ],
)
def test_how_a_run_failed(error: BaseException, outcome: Outcome, code: int, message: str) -> None:
    recorder = Recorder("backup", NOW)
    recorder.event("warning", code="moved", message="it moved")
    recorder.fail(error)
    made = recorder.row(2.0)
    assert (made.outcome, made.exit_code, made.message) == (outcome, code, message)
    assert made.facts == {"warnings": "it moved"}


def test_only_the_facts_of_the_command_itself_are_kept() -> None:
    recorder = Recorder("restore", NOW)
    recorder.event("restore_started", snapshot="aa")
    recorder.event("backup_finished", snapshot="bb", new_bytes=3)
    recorder.event("restore_finished", snapshot="aa", how="live", elapsed_seconds=1.0)
    assert recorder.row(2.0).facts == {"snapshot": "aa", "how": "live"}


@pytest.mark.skipif(sys.platform == "win32", reason="makes a link in the journal's place")
def test_a_journal_that_cannot_be_written_is_a_warning(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    path = place / "backups" / history.NAME
    path.unlink()
    victim = place / "victim"
    victim.write_text("")
    path.symlink_to(victim)
    done = litekeep("backup", database)
    assert "! the journal in" in done.err
    assert "✓ Verified" in done.out
    assert victim.read_text() == "", "a link in its place is not followed"
    assert "journal" in json.dumps(litekeep("backup", database, "--json").json["warnings"])


def test_no_row_data_in_it(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    litekeep("backup", database, "--check", "SELECT 'person 7919', 0", expect=None)
    text = (place / "backups" / history.NAME).read_text()
    assert "person 0" not in text


def test_the_reason_is_kept_of_a_run_that_fails() -> None:
    """Nothing else tells of a failed run whether it was planned."""
    recorder = Recorder("backup", NOW)
    recorder.event("backup_started", database="/data/app.db", reason="scheduled")
    recorder.fail(NoSpace("no room"))
    assert recorder.row(1.0).facts == {"reason": "scheduled"}
    safety_copy = Recorder("restore", NOW)
    safety_copy.event("backup_started", database="/data/app.db", reason="pre_restore")
    assert safety_copy.row(1.0).facts == {}
