"""litekeep notify: a test through every channel; what is due, for cron; and what journal, log and doctor then say."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from litekeep.journal import history
from litekeep.journal.history import Outcome
from notify.servers import Web, end, serve

from .conftest import Run, execute, process


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A server, reached without a proxy."""
    monkeypatch.setenv("no_proxy", "*")
    server, found = serve()
    yield found
    end(server, found)


@pytest.fixture(autouse=True)
def home(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, and no programs for a desktop."""
    (place / "home").mkdir()
    (place / "bin").mkdir()
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(place / "home"))
    for name in ("LITEKEEP_CONFIG", "LITEKEEP_SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(place / "bin"))
    return place / "home"


def test_a_test_tells_of_every_channel(litekeep: Run, web: Web) -> None:
    web.answers = {"/bad": 404}
    arguments = ["notify", "test", "--webhook", f"{web.url}/good", "--webhook", f"{web.url}/bad", "--desktop"]
    done = litekeep(*arguments, "--ntfy", f"{web.url}/own/topic", "--heartbeat", f"{web.url}/id", expect=3)
    assert "✓ webhook 127.0.0.1:" in done.out
    assert "✗ webhook 127.0.0.1:" in done.out
    assert "answered with status 404" in done.out
    if sys.platform == "linux":
        assert "! desktop: not available: neither notify-send nor gdbus is installed" in done.out
    assert sorted(web.paths()) == ["/bad", "/good", "/id/start", "/own/"]
    assert next(each for each in web.asked if each.path == "/own/").json["topic"] == "topic"
    told = litekeep(*arguments, "--json", expect=3).json["deliveries"]
    assert [each["result"] for each in told] == ["unavailable", "ok", "failed"]


def test_a_channel_that_works_is_no_warning(litekeep: Run, web: Web) -> None:
    assert "delivered" in litekeep("notify", "test", "--webhook", f"{web.url}/x").out


def test_channels_of_the_settings_file(litekeep: Run, web: Web, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", f"{web.url}/from-environment")
    notifications = {"on_failure": ["webhook"], "webhook": {"url": {"env": "HOOK"}}, "heartbeat_url": f"{web.url}/id"}
    settings = {"database": "app.db", "backup": {"notifications": notifications}}
    (place / "backup.json").write_text(json.dumps(settings))
    assert litekeep("notify", "test", "-c", "backup.json").code == 0
    assert sorted(web.paths()) == ["/from-environment", "/id/start"]
    monkeypatch.delenv("HOOK")
    done = litekeep("notify", "test", "-c", "backup.json", expect=3)
    assert "HOOK" in done.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "There is no channel"),
        (["--email", "a@b.c"], "--email needs --smtp"),
        (["--email", "a@b.c", "--smtp", "imap://h"], "--smtp begins with imap://"),
        (["--webhook", "ftp://h/secret"], "--webhook needs an address"),
        (["--ntfy", "https://ntfy.sh/"], "names no topic"),
        (["--heartbeat", "nonsense-secret"], "--heartbeat is none"),
        (["--smtp", "smtp://h:x", "--email", "a@b.c"], "--smtp is none"),
        (["-c", "none.json"], "none.json"),
    ],
)
def test_options_that_make_no_sense(arguments: list[str], told: str, litekeep: Run) -> None:
    done = litekeep("notify", "test", *arguments, expect=2)
    assert told in done.err
    assert "secret" not in done.err


def test_what_is_due_is_sent_once_and_remembered(
    litekeep: Run, web: Web, database: Path, place: Path, home: Path
) -> None:
    litekeep("backup", database)
    hook = ("--webhook", f"{web.url}/hook", "--heartbeat", f"{web.url}/id")
    assert "Nothing is due" in litekeep("notify", "send", "--webhook", f"{web.url}/hook").out
    litekeep("notify", "send", *hook)
    assert web.paths() == ["/id"], "verified and recent: only the heart beats"
    database.write_bytes(b"no database")
    litekeep("backup", database, expect=5)
    for _ in range(2):
        litekeep("notify", "send", *hook)
    assert web.paths() == ["/id", "/hook", "/id/fail", "/id/fail"]
    alarm = web.asked[1].json
    assert alarm["title"] == "app: backup failed"
    assert "is not a database" in alarm["what"] or "not an SQLite" in alarm["what"]
    rows = [row for row in history.read(place / "backups") if row.verb == "notify"]
    assert [(row.outcome, row.facts["channel"]) for row in rows] == [(Outcome.OK, f"webhook {web.url[7:]}")]
    assert list(home.iterdir()) == []
    assert "foreign" not in litekeep("doctor", expect=3).out


def test_a_delivery_that_fails_is_in_journal_and_doctor_and_breaks_nothing(
    litekeep: Run, web: Web, database: Path, place: Path
) -> None:
    litekeep("backup", database)
    web.default = 404
    hook = ("--webhook", f"{web.url}/secret-hook")
    arguments = ("notify", "send", "--max-age", "0.01", *hook)
    for path in (place / "backups").glob("receipts/*/*"):
        path.unlink()
    done = litekeep(*arguments, expect=3)
    assert "answered with status 404" in done.out
    told = litekeep("doctor", "--json", expect=3).json["findings"]
    (finding,) = [each for each in told if each["code"] == "notification"]
    assert "404" in finding["what"]
    assert "secret-hook" not in json.dumps(told)
    assert "secret-hook" not in (place / "backups" / "journal.jsonl").read_text()
    web.default = 200
    (place / "backups" / "notices.jsonl").unlink()
    litekeep(*arguments)
    assert "notification" not in [each["code"] for each in litekeep("doctor", "--json", expect=3).json["findings"]]


def test_overdue_leaves_a_row_and_no_failed_run(litekeep: Run, web: Web, database: Path, place: Path) -> None:
    litekeep("backup", database)
    for path in (place / "backups").glob("receipts/*/*"):
        path.unlink()  # as if it had never been verified
    for _ in range(2):
        litekeep("notify", "send", "--webhook", f"{web.url}/hook")
    rows = history.read(place / "backups")
    assert [row.outcome for row in rows if row.source == "app"] == [Outcome.OK, Outcome.OVERDUE]
    assert "failed" not in litekeep("status", expect=None).out


def test_a_repository_that_is_not_there_is_told_once(litekeep: Run, web: Web, place: Path, home: Path) -> None:
    arguments = ("notify", "send", "-r", place / "drive", "--source", "app", "--webhook", f"{web.url}/hook")
    for _ in range(3):
        litekeep(*arguments)
    assert [each.json["about"] for each in web.asked] == [[{"source": "app", "topic": "missing"}]]
    assert not (place / "drive").exists()
    assert any(path.name == "notices.jsonl" for path in home.rglob("*"))


def test_the_log_of_a_run_holds_neither_rows_nor_secrets(database: Path, place: Path) -> None:
    execute(database, "INSERT INTO people VALUES(4711, 'Ada-Lovelace-1815')")
    secret = {"APP_TOKEN": "hunter22-hunter22"}
    process("backup", database, "--label", "hunter22-hunter22 s3://u:geheim99@h/b", env=secret)
    process("backup", "hunter22-hunter22/missing.db", "-r", "backups", env=secret)
    process("verify", "-r", "backups")
    process("drill", "-r", "backups")
    process("prune", "-r", "backups")
    told = (place / "backups" / "backup.log").read_text() + (place / "backups" / "journal.jsonl").read_text()
    log = (place / "backups" / "backup.log").read_text()
    assert "ERROR" in log
    assert "***/missing.db" in log
    assert "test restore of" in log
    for word in ("Ada-Lovelace", "geheim99", "hunter22"):
        assert word not in told


def test_a_log_that_cannot_be_written_is_a_warning_and_a_finding(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    log = place / "backups" / "backup.log"
    log.unlink()
    log.mkdir()
    done = litekeep("backup", database)
    assert "! the log" in done.err
    assert "✓ Verified" in done.out
    codes = [each["code"] for each in litekeep("doctor", "--json", expect=3).json["findings"]]
    assert "log" in codes
    log.rmdir()
    litekeep("backup", database)
    assert "log" not in [each["code"] for each in litekeep("doctor", "--json", expect=3).json["findings"]]


def test_a_run_that_could_not_begin_leaves_a_row(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    config = place / "backups" / "repository.json"
    config.write_bytes(config.read_bytes()[:50])
    for verb in ("verify", "drill", "prune"):
        litekeep(verb, expect=None)
    litekeep("list", expect=None)
    rows = history.read(place / "backups")
    assert [(row.verb, row.outcome) for row in rows[1:]] == [
        (verb, Outcome.FAILED) for verb in ("verify", "drill", "prune")
    ]
    assert "verify FAILED" in (place / "backups" / "backup.log").read_text()


def test_status_as_metrics(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    page = place / "litekeep.prom"
    done = litekeep("status", "--prometheus", "--prometheus-file", page)
    assert page.read_text() == done.out or len(page.read_text().splitlines()) == len(done.out.splitlines())
    families = {each.name: each.samples for each in text_string_to_metric_families(done.out)}
    assert families["litekeep_protection"][0].labels == {"source": "app"}
    assert families["litekeep_status_code"][0].value == 0
    assert families["litekeep_snapshots"][0].value == 1
    assert "PROTECTED" in litekeep("status", "--prometheus-file", page).out
    assert litekeep("status", "--prometheus", "-r", place / "none", "--prometheus-file", page, expect=21).code == 21
    assert "litekeep_repository_up 0" in page.read_text()
    litekeep("status", "--prometheus-file", place / "none" / "x.prom", expect=2)
    assert litekeep("status", "--json", "--prometheus-file", page).json["sources"][0]["source"] == "app"


def test_max_age_decides_the_exit_code(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    assert litekeep("status", "--max-age", "1").code == 0
    assert litekeep("status", "-r", place / "none", expect=21).code == 21
