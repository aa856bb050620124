"""The journal is complete: also what never began, and what could not reach the repository, is in the history table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from litekeep.journal import history
from litekeep.journal.history import Outcome, Row, history_table
from litekeep.journal.journal import (
    Journal,
    failing_channels,
    notification_row,
    overdue_row,
    skipped_row,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def row(hours: float, verb: str = "backup", source: str = "app", outcome: Outcome = Outcome.OK) -> Row:
    """A row of so many hours ago."""
    return Row(NOW - timedelta(hours=hours), verb, source, outcome, 0)


def test_the_history_table_is_newest_first_and_filtered() -> None:
    rows = [row(3), row(2, "drill"), row(1, source="other"), row(0, outcome=Outcome.FAILED)]
    assert history_table(rows) == rows[::-1]
    assert history_table(rows, source="app", verbs=["backup"]) == [rows[3], rows[0]]
    assert history_table(rows, outcomes=[Outcome.FAILED]) == [rows[3]]
    assert history_table(rows, since=NOW - timedelta(hours=1)) == [rows[3], rows[2]]
    assert history_table(rows, limit=1) == [rows[3]]
    assert history_table(rows, limit=0) == []


def test_rows_go_to_the_spare_place_while_the_drive_is_not_there(tmp_path: Path) -> None:
    drive, spare = tmp_path / "drive", tmp_path / "spare"
    spare.mkdir()
    journal = Journal(drive, spare)
    assert journal.append(row(2, outcome=Outcome.FAILED)) == ""
    assert not drive.exists(), "a folder is never made where a drive belongs"
    drive.mkdir()
    assert journal.append(row(1)) == ""
    assert [each.outcome for each in journal.table()] == [Outcome.OK, Outcome.FAILED]
    assert len(history.read(drive)) == 1


def test_an_empty_mount_point_is_not_the_repository(tmp_path: Path) -> None:
    spare = tmp_path / "spare"
    spare.mkdir()
    journal = Journal(tmp_path, spare, ready=lambda: False)
    assert journal.append(row(1)) == ""
    assert history.read(tmp_path) == []
    assert len(journal.rows()) == 1


def test_nowhere_to_write_is_said_and_raises_nothing(tmp_path: Path) -> None:
    assert "cannot be written" in Journal(tmp_path / "none").append(row(1))
    assert Journal(tmp_path, ready=lambda: False).append(row(1)) == "there is no repository"
    assert "spare" in Journal(tmp_path / "none", tmp_path / "spare").append(row(1))


def test_what_never_ran_leaves_rows(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(overdue_row("app", NOW, "no backup for 3 days"))
    journal.append(skipped_row("backup", "app", NOW + timedelta(hours=1), "paused"))
    assert [(each.outcome, each.message) for each in journal.rows()] == [
        (Outcome.OVERDUE, "no backup for 3 days"),
        (Outcome.SKIPPED, "paused"),
    ]


def test_failing_channels_are_those_whose_last_delivery_failed() -> None:
    rows = [
        notification_row("email a", "refused", 3, NOW),
        notification_row("ntfy b", "", 1, NOW),
        notification_row("ntfy b", "timeout", 3, NOW),
        notification_row("email a", "", 1, NOW),
        row(0, outcome=Outcome.FAILED),
    ]
    assert {name: each.message for name, each in failing_channels(rows).items()} == {"ntfy b": "ntfy b: timeout"}


def test_credentials_in_messages_and_facts_are_hidden(tmp_path: Path) -> None:
    told = "cannot reach sftp://backup:hunter22@nas/backups?token=abcdef"
    history.append(tmp_path, Row(NOW, "backup", "app", Outcome.FAILED, 13, "", told, 0.0, {"warnings": told}))
    text = (tmp_path / history.NAME).read_text()
    assert "hunter22" not in text
    assert "abcdef" not in text
    assert history.read(tmp_path)[0].message == "cannot reach sftp://***@nas/backups?token=***"
