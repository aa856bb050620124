"""Names that attack whoever reads them: escape sequences, text that runs backwards, forged lines, markup.

Databases, tables, labels, paths and errors may come from a repository that somebody else made.
"""

from __future__ import annotations

import dataclasses
import email
import email.policy
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest

from cli.conftest import Run, execute, make_database
from litekeep.cli.output import json_text
from litekeep.journal.journal import Journal
from litekeep.notify.channels import EmailChannel
from litekeep.notify.mail import compose
from litekeep.notify.message import Message, Severity
from litekeep.operations.sheet import recovery_sheet
from litekeep.testing import ManualClock

EVIL = "\x1b[2J\x1b]0;own\x07\x9b31m\u202egnp.exe\x7f\r\u2028[red]{x}%s<b>&'\""
if sys.platform == "win32":
    pytest.skip("such names cannot be made there", allow_module_level=True)

LOOKING = [
    ("list",), ("show", "latest"), ("status",), ("doctor",), ("verify", "--all"), ("drill",), ("trash",),
    ("prune", "--dry-run"), ("restore", "latest", "--to", "out.db"), ("restore", "latest", "--replace", "--dry-run"),
    ("export", "latest", "plain.db"), ("label", "latest", EVIL), ("restore", EVIL, "--to", EVIL),
    ("list", "--source", EVIL), (EVIL,), ("show", EVIL), ("copy", EVIL), ("backup", EVIL), ("list", "-r", EVIL),
    ("config", "check", "-c", EVIL),
]  # fmt: skip


@pytest.fixture
def hostile(place: Path, litekeep: Run) -> Path:
    """A repository of a database with such names everywhere, and damage in a second backup."""
    path = make_database(place / f"{EVIL.replace('/', '')}.db")
    with closing(sqlite3.connect(path)) as db:
        db.execute(f'CREATE TABLE "{EVIL.replace(chr(34), chr(34) * 2)}"(a)')
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute("INSERT INTO visits VALUES(5000, 77777, '')")
        db.commit()
    litekeep("backup", path, "-r", "backups", "--label", EVIL, expect=None)
    execute(path, "DELETE FROM visits")
    litekeep("backup", path, "-r", "backups", "--label", EVIL)
    return place / "backups"


def printable(text: str) -> bool:
    """True if nothing but line ends and text is in it, and no line runs backwards."""
    return all(c == "\n" or (c.isprintable() and unicodedata.category(c) not in ("Cc", "Cf", "Zl")) for c in text)


@pytest.mark.parametrize("json_mode", [False, True])
def test_nothing_printed_moves_the_cursor(hostile: Path, litekeep: Run, *, json_mode: bool) -> None:
    for arguments in LOOKING:
        for left in ("out.db", "plain.db"):
            Path(left).unlink(missing_ok=True)
        options = ("-r", hostile.name, *(("--json",) if json_mode else ()))
        result = litekeep(*arguments, *(options if "-r" not in arguments else ()), expect=None)
        assert printable(result.out), (arguments, result.out)
        assert printable(result.err), (arguments, result.err)
        if json_mode and result.out:
            assert json.loads(result.out)


def test_json_keeps_every_character(litekeep: Run) -> None:
    for text in (EVIL, "é ü 東京", "\x7f\\\x7f", "\ud800"):
        written = json_text({text: [text]})
        assert json.loads(written) == {text: [text]}
        assert written.isprintable()


@pytest.mark.parametrize("arguments", [("undo",), ("delete", "latest"), ("restore", "latest", "--replace")])
def test_questions_move_no_cursor(hostile: Path, litekeep: Run, arguments: tuple[str, ...]) -> None:
    if arguments == ("undo",):
        litekeep("restore", "latest", "--replace", "--yes", "-r", hostile.name)
    shown = on_a_terminal(*arguments, "-r", hostile.name)
    assert "[y/N]" in shown
    assert "\\x1b[2J" in shown
    assert [sign for sign in ("\x1b[2J", "\x07", "\x9b", "\u202e") if sign in shown] == []


def test_the_page_for_prometheus_is_exact_for_programs_and_plain_for_people(hostile: Path, litekeep: Run) -> None:
    page = litekeep("status", "--prometheus", "-r", hostile.name, expect=None).out
    assert "\x1b]0;own" in page  # a label is told as it is
    assert "\x1b]0;own" not in on_a_terminal("status", "--prometheus", "-r", hostile.name)


def on_a_terminal(*arguments: str) -> str:
    """What a person sees of a command that gets "n" as the answer to all it asks."""
    import pty

    control, terminal = pty.openpty()
    command = [sys.executable, "-m", "litekeep", "--no-color", *arguments]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True) as running:
        os.close(terminal)
        os.write(control, b"n\n")
        shown = b""
        try:
            while part := os.read(control, 65536):
                shown += part
        except OSError:
            pass  # the other end was closed
        running.wait(60)
    os.close(control)
    return shown.decode("utf-8", "replace")


def test_the_restore_program_prints_plain_text(hostile: Path) -> None:
    command = [sys.executable, "restore.py"]
    done = subprocess.run(command, cwd=hostile, capture_output=True, encoding="utf-8", check=True)
    assert printable(done.stdout)
    shutil.rmtree(hostile / "packs")
    command = [sys.executable, "restore.py", "latest", "out.db"]
    done = subprocess.run(command, cwd=hostile, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert printable(done.stderr)


def test_no_line_of_log_or_journal_is_forged(hostile: Path) -> None:
    log = (hostile / "backup.log").read_text("utf-8")
    assert printable(log)
    assert all(line[:4].isdecimal() for line in log.splitlines()), "each begins with the time"
    rows = Journal(hostile).rows()
    assert len((hostile / "journal.jsonl").read_bytes().splitlines()) == len(rows)


def test_a_journal_of_somebody_else_moves_no_cursor(hostile: Path, litekeep: Run) -> None:
    row = json.loads((hostile / "journal.jsonl").read_text().splitlines()[-1])
    forged = {**row, "outcome": "failed", "exit_code": 5, "code": EVIL, "message": EVIL, "facts": {EVIL: EVIL}}
    with (hostile / "journal.jsonl").open("a") as file:
        file.write(json.dumps({**forged, "at": "2999-01-01T00:00:00+00:00"}) + "\n" + json.dumps(forged) + "\n")
    for verb in ("status", "doctor"):
        assert printable(litekeep(verb, "-r", hostile.name, expect=None).out)


def test_a_name_adds_no_header_to_a_mail() -> None:
    evil = f"app{EVIL}\r\nBcc: thief@example.org\n\nbody"
    channel = EmailChannel("mail.example.org", "litekeep@example.org", ("me@example.org",))
    message = Message(Severity.FAILURE, evil, evil, evil, evil, ManualClock().now(), evil)
    read = email.message_from_bytes(compose(channel, message).as_bytes(), policy=email.policy.default)
    assert read["Bcc"] is None
    assert [str(each) for each in read.get_all("To", [])] == ["me@example.org"]
    plain = compose(channel, dataclasses.replace(message, title="app"))
    assert set(read.keys()) <= {*plain.keys(), "MIME-Version"}
    assert printable(read["Subject"])


def test_the_recovery_sheet_holds_no_markup_but_its_own() -> None:
    key = "-".join(["ABCDEFGH"] * 8)
    evil = "<script>alert(1)</script>&\"'"
    sheet = recovery_sheet(
        key, repository_id=bytes(16), slot=evil, places=[evil], sources=[evil], now=ManualClock().now()
    )
    assert "<script" not in sheet
    assert sheet.count("&lt;script&gt;") == 3
