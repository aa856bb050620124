"""BackupLogger: one line for whatever happens, in a file of its own, and nothing that must not be told."""

from __future__ import annotations

import ast
import logging
import re
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from litekeep.errors import Cancelled, NoSpace, Refused
from litekeep.journal.history import Outcome, Row
from litekeep.journal.journal import overdue_row, skipped_row
from litekeep.journal.logger import BackupLogger
from litekeep.journal.recorder import Recorder
from litekeep.journal.sentences import TOLD, line_of_event
from litekeep.model import Reason
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.create import create_repository
from litekeep.operations.drill import drill
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.restore import RestoreOptions, restore_new
from litekeep.operations.verify import verify
from litekeep.redaction import one_line, place_of, redact
from litekeep.repository.catalog import load_catalog
from litekeep.retention import RetentionPolicy
from litekeep.testing import ManualClock

NOW = datetime(2026, 6, 1, 2, tzinfo=UTC)
ROW_DATA = "Ada-Lovelace-1815"


@pytest.fixture
def log(tmp_path: Path) -> BackupLogger:
    """A log in an empty folder."""
    return BackupLogger(tmp_path / "backup.log", ManualClock(NOW, "Europe/Paris"), source="app", secrets=["geheim-123"])


def lines(log: BackupLogger) -> list[str]:
    """What is in it, without the times."""
    found = log.path.read_text("utf-8").splitlines()
    assert all(
        re.match(r"2026-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d (INFO   |WARNING|ERROR  ) ", line) for line in found
    )
    return [line.split(" ", 1)[1] for line in found]


def test_what_a_whole_life_leaves_in_the_log(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        db.execute("CREATE TABLE people(name)")
        db.execute("INSERT INTO people VALUES(?)", (ROW_DATA,))
        db.commit()
    folder = tmp_path / "backups"
    log = BackupLogger(folder / "backup.log", clock, source="app", ready=(folder / "repository.json").exists)
    tools: dict[str, Any] = {"clock": clock, "monitor": log}
    repository = create_repository(folder, tmp_path / "app.db", wait_seconds=0, **tools)
    made = backup(repository, tmp_path / "app.db", options=BackupOptions(), **tools).snapshot
    backup(repository, tmp_path / "app.db", options=BackupOptions(skip_unchanged=True), **tools)
    verify(repository, made, **tools)
    drill(repository, made, **tools)
    restore_new(repository, made, tmp_path / "again.db", options=RestoreOptions(), **tools)
    told = "\n".join(lines(log))
    for part in (
        r"INFO    app: repository made in .*backups",
        rf"INFO    app: backup {made.short_id} finished: 8\.00 KiB, .* new, verified; ",
        rf"INFO    app: backup: nothing changed since {made.short_id}, no new one needed",
        rf"INFO    app: verification of {made.short_id} finished \(full\)",
        rf"INFO    app: test restore of {made.short_id} passed: 8\.00 KiB",
        r"INFO    app: restore to .*again\.db finished \(new\): 8\.00 KiB",
    ):
        assert len(re.findall(part, told)) == 1, (part, told)
    assert len(re.findall(r"INFO    app: backup of .*app\.db started \(manual\)", told)) == 2
    assert "drill.db" not in told, "a test restore is one thing, not two"
    assert ROW_DATA not in told


def test_rotation_says_what_and_why(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    source = tmp_path / "app.db"
    log = BackupLogger(tmp_path / "backup.log", clock)
    tools: dict[str, Any] = {"clock": clock, "monitor": log}
    sqlite3.connect(source).close()
    source.touch()
    repository = create_repository(tmp_path / "backups", source, wait_seconds=0, **tools)
    for number in range(4):
        with closing(sqlite3.connect(source)) as db:
            db.execute(f"CREATE TABLE t{number}(a)")
            db.commit()
        backup(repository, source, options=BackupOptions(reason=Reason.SCHEDULED), **tools)
        clock.advance(86400)
    policy = RetentionPolicy(days=0, weeks=0, months=0, keep_last=1)
    prune(repository, PruneOptions(policy, confirmed=True), **tools)
    told = "\n".join(lines(log))
    first = load_catalog(repository).snapshots[0].short_id
    assert re.search(rf"rotation: {first} of app into the trash: \w+", told), told
    assert "rotation finished: 3 into the trash, 0 removed for good" in told


def test_how_runs_end_that_no_event_tells(log: BackupLogger) -> None:
    for error in (NoSpace("no space left"), Refused("not confirmed"), Cancelled("stopped")):
        recorder = Recorder("backup", NOW)
        recorder.source = "app"
        recorder.fail(error)
        log.ended(recorder.row(2.0))
    log.ended(overdue_row("app", NOW, "no backup for 3 days"))
    log.ended(skipped_row("backup", "app", NOW, "paused"))
    log.ended(Row(NOW, "backup", "app", Outcome.OK, 0))
    log.ended(Row(NOW, "backup", "app", Outcome.SKIPPED, 0, facts={"snapshot": "aa"}))
    assert lines(log) == [
        "ERROR   app: backup FAILED after 2.0 s: no space left (exit code 14)",
        "WARNING app: backup refused: not confirmed",
        "WARNING app: backup stopped after 2.0 s: stopped",
        "WARNING app: backup is overdue: no backup for 3 days",
        "INFO    app: backup skipped: paused",
    ]


def test_damage_and_problems_are_no_successes(log: BackupLogger) -> None:
    log.event("verify_finished", snapshot="ab" * 8, level="none", damage="cut short", elapsed_seconds=1.0)
    log.event("drill_finished", snapshot="ab" * 8, damage="cut short", restored_bytes=0, elapsed_seconds=1.0)
    log.event("backup_finished", snapshot="ab" * 8, size_bytes=1, new_bytes=1, level="full", problems="a", damage="")
    log.event("prune_held", source="app", why="too many")
    assert [line.split()[0] for line in lines(log)] == ["ERROR", "ERROR", "WARNING", "WARNING"]
    assert "FAILED" in lines(log)[1]


def test_secrets_and_forged_lines_do_not_get_in(log: BackupLogger) -> None:
    log.event("warning", code="x", message="sftp://me:hunter22@nas failed, geheim-123\n2026 INFO all is well\x1b[2J")
    (line,) = lines(log)
    assert "hunter22" not in line
    assert "geheim" not in line
    assert "sftp://***@nas failed, ***\\n2026 INFO" in line
    assert "\x1b" not in log.path.read_text()


def test_facts_of_any_kind_make_a_line(log: BackupLogger) -> None:
    for name in sorted(TOLD, reverse=True):  # a test restore last: what it is made of is left out
        log.event(name)
        log.event(name, snapshot=None, size_bytes="?", new_bytes=None, elapsed_seconds=None, damage=None, why=7)
    assert len(lines(log)) == 2 * len(TOLD)


def test_every_event_of_an_operation_has_a_line() -> None:
    source = Path(__file__).resolve().parents[2] / "src" / "litekeep" / "operations"
    emitted = set[str]()
    for path in source.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "event":
                name = node.args[0]
                if isinstance(name, ast.Constant):
                    emitted.add(str(name.value))
    assert len(emitted) > 10
    assert {name for name in emitted if name.endswith(("_started", "_finished"))} <= TOLD
    assert len(emitted & TOLD) > 15
    assert line_of_event("source_replaced", {}) is None


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    log = BackupLogger(tmp_path / "none" / "backup.log", ManualClock(NOW))
    log.event("prune_started")
    assert "cannot be written" in log.problem
    (tmp_path / "none").mkdir()
    log.event("prune_started")
    assert log.problem == ""
    assert len(lines(log)) == 2, "what waited is written too"


def test_nothing_is_written_before_there_is_a_repository(tmp_path: Path) -> None:
    ready = False
    log = BackupLogger(tmp_path / "backup.log", ManualClock(NOW), ready=lambda: ready)
    for _ in range(200):
        log.event("prune_started")
    assert not log.path.exists()
    assert log.problem == ""
    ready = True
    log.event("prune_started")
    assert len(lines(log)) == 50, "only so many wait"


def test_it_rotates_and_stays_small(tmp_path: Path) -> None:
    log = BackupLogger(tmp_path / "backup.log", ManualClock(NOW), rotate_at_bytes=2000, keep=2)
    for number in range(300):
        log.event("warning", code="x", message=f"{number} " + "y" * 5000)
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) < 3 * (2000 + 1100)
    assert {each.name for each in tmp_path.iterdir()} <= {"backup.log", "backup.1.log", "backup.2.log"}


def test_the_logging_of_the_host_is_left_alone(log: BackupLogger, caplog: pytest.LogCaptureFixture) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level, dict(logging.Logger.manager.loggerDict))
    caplog.set_level(logging.DEBUG)
    log.event("prune_started")
    assert caplog.records == []
    assert before[2] == dict(logging.Logger.manager.loggerDict)
    assert "litekeep" not in " ".join(logging.Logger.manager.loggerDict)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("s3://key:secret@host/b", "s3://***@host/b"),
        ("ftp://me:p@ss/w@rd@host:21/x failed", "ftp://***@host:21/x failed"),
        ("https://user@host/x", "https://***@host/x"),
        ("https://host/x?a=1&token=abc&b=2", "https://host/x?a=1&token=***&b=2"),
        ("https://host/x?sig=abc%3D", "https://host/x?sig=***"),
        ("password: hunter22, again", "password: ***, again"),
        ("AWS_SECRET_ACCESS_KEY=abc/def+g", "AWS_SECRET_ACCESS_KEY=***"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"),
        ('{"api_key": "a b c"}', '{"api_key": ***}'),
        ("the key of the door, 3 tokens", "the key of the door, 3 tokens"),
        ("/srv/app.db: no space left", "/srv/app.db: no space left"),
    ],
)
def test_redaction(text: str, told: str) -> None:
    assert redact(text) == told


@pytest.mark.parametrize("part", ["y", "token", "a://", "://", "password", "? ", "Basic a", "\\"])
def test_long_texts_are_redacted_quickly(part: str) -> None:
    began = time.perf_counter()
    redact(part * (20_000 // len(part)))
    assert time.perf_counter() - began < 1.0, "no text makes the patterns go back and forth"


def test_known_secrets_are_hidden_the_longest_first_and_short_ones_not_at_all() -> None:
    assert redact("abcdefgh abcdef on", ["abcdef", "abcdefgh", "on", ""]) == "*** *** on"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://u:p@h:8443/secret?x=1", "https://h:8443"),
        ("https://hc-ping.com/uuid", "https://hc-ping.com"),
        ("nonsense", "://?"),
        ("http://h:99999999/x", "?"),
    ],
)
def test_place_of(url: str, place: str) -> None:
    assert place_of(url) == place


def test_one_line() -> None:
    assert one_line("a\nb\x1b[0m\udcff") == "a\\nb\\x1b[0m\\udcff"
    assert one_line("größe ☃") == "größe ☃"


def test_importing_the_log_takes_no_logging_module() -> None:
    import subprocess

    code = "import sys, litekeep.journal.logger; sys.exit('logging' in sys.modules or 'urllib.request' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
