"""What systemd, launchd and Windows are told: read back by their own rules, and by systemd itself where it is there."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.cli.main import main
from litekeep.errors import Refused, UsageError
from litekeep.scheduling.install import Account, Plan, Timers, carry_out, files_of, plan_install, plan_remove
from litekeep.scheduling.job import Job, job_name, times_of
from litekeep.scheduling.launchd import intervals, plist_bytes
from litekeep.scheduling.rule import parse_rule
from litekeep.scheduling.systemd import on_calendar, service_text, timer_text
from litekeep.scheduling.taskscheduler import arguments_text, task_xml

ODD = '/srv/my data/100% "best" $HOME \\ café/ä pp.db'
PROGRAM = sys.executable
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)


def job(rule: str = "02:00", *arguments: str, catch_up: bool = True, user: str = "") -> Job:
    """A job with an odd path."""
    command = (PROGRAM, "-m", "litekeep", "backup", ODD, *arguments)
    return Job(
        job_name(ODD, "backup"), f"Back up {ODD}", command, parse_rule(rule, catch_up=catch_up), (ODD,), ("/srv",), user
    )


# ------------------------------------------------------------ systemd


def sections(text: str) -> dict[str, dict[str, list[str]]]:
    """A unit file as its manual page describes it: keys may be repeated, # begins a comment."""
    found: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            current.setdefault(key, []).append(value)
    return found


def split(line: str) -> list[str]:
    """Words as systemd splits them: double quotes, backslash escapes, %% for a percent sign."""
    found: list[str] = []
    word, quoted, inside, at = "", False, False, 0
    while at < len(line):
        letter = line[at]
        if letter in "\\%":
            assert line[at + 1] in ('\\"' if letter == "\\" else "%"), "an escape or a specifier that was not meant"
            word, at = word + line[at + 1], at + 1
        elif letter == '"':
            quoted, inside = not quoted, True
        elif letter == " " and not quoted:
            found, word, inside = found + [word] * bool(word or inside), "", False
        else:
            word += letter
        at += 1
    assert not quoted
    return found + [word] * bool(word or inside)


@given(st.lists(words, max_size=4))
def test_systemd_gets_every_argument_as_it_is(arguments: list[str]) -> None:
    wanted = job("02:00", *arguments)
    [line] = sections(service_text(wanted, system=True))["Service"]["ExecStart"]
    assert line.startswith(":"), "without it, $HOME would become the home folder"
    assert split(line[1:]) == list(wanted.command)


def test_a_service_of_the_machine_is_confined_and_one_of_a_user_needs_no_name_spaces() -> None:
    system, user = (sections(service_text(job(user="app"), system=each)) for each in (True, False))
    assert system["Service"]["User"] == ["app"]
    assert system["Service"]["ProtectSystem"] == ["strict"]
    assert [split(each) for each in system["Service"]["ReadWritePaths"]] == [[f"-{ODD}"]]
    assert [split(each) for each in system["Unit"]["RequiresMountsFor"]] == [["/srv"]]
    assert not {"User", "ProtectSystem", "PrivateTmp", "ReadWritePaths"} & set(user["Service"])
    assert "RequiresMountsFor" not in user["Unit"]
    for each in (system, user):
        assert each["Service"]["NoNewPrivileges"] == ["yes"]
        assert each["Service"]["Type"] == ["oneshot"]
        assert each["Service"]["SuccessExitStatus"] == ["3"]


def test_control_characters_are_refused() -> None:
    with pytest.raises(UsageError, match="control characters"):
        service_text(job("02:00", "a\nExecStart=rm"), system=True)


@pytest.mark.parametrize(
    ("rule", "calendar"),
    [
        ("02:00", ["*-*-* 02:00:00"]),
        ("0 8-10 * * MON-FRI", ["Mon,Tue,Wed,Thu,Fri *-*-* 08,09,10:00:00"]),
        ("*/30 * * * *", ["*-*-* *:00,30:00"]),
        ("15 3 1,15 1,7 *", ["*-01,07-01,15 03:15:00"]),
        ("0 2 13 * 5", ["*-*-13 02:00:00", "Fri *-*-* 02:00:00"]),
        ("0 2 * * 7", ["Sun *-*-* 02:00:00"]),
        ("0 2 * * WED", ["Wed *-*-* 02:00:00"]),
    ],
)
def test_calendars(rule: str, calendar: list[str]) -> None:
    assert on_calendar(times_of(parse_rule(rule))) == calendar
    for text in calendar:
        if shutil.which("systemd-analyze"):
            subprocess.run(["systemd-analyze", "calendar", text], capture_output=True, check=True)


@pytest.mark.parametrize("rule", ["0 2 L * *", "0 2 * * 5#2", "0 2 LW * *", "0 2 * * 5L", "0 2 */2 * 1"])
def test_what_calendars_cannot_say_is_refused(rule: str) -> None:
    with pytest.raises(UsageError, match="cannot express"):
        times_of(parse_rule(rule))


def test_timers_make_up_for_missed_runs_unless_they_should_not() -> None:
    timer = sections(timer_text(job()))["Timer"]
    assert (timer["Persistent"], timer["RandomizedDelaySec"]) == (["true"], ["10min"])
    assert sections(timer_text(job("*/30 * * * *")))["Timer"]["RandomizedDelaySec"] == ["0"]
    assert sections(timer_text(job(catch_up=False)))["Timer"]["Persistent"] == ["false"]


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "UTC"])
def test_a_zone_of_its_own(zone: str) -> None:
    timer = sections(timer_text(replace(job("0 2 13 * 5"), zone=zone)))["Timer"]
    assert timer["OnCalendar"] == [f"*-*-13 02:00:00 {zone}", f"Fri *-*-* 02:00:00 {zone}"]
    if shutil.which("systemd-analyze"):
        for text in timer["OnCalendar"]:
            subprocess.run(["systemd-analyze", "calendar", text], capture_output=True, check=True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("system", [True, False])
def test_systemd_itself_accepts_the_files(tmp_path: Path, system: bool) -> None:
    plan = plan_install([job(user="root"), job("0 8-18 * * MON-FRI")], Timers.SYSTEMD, Account(system, tmp_path))
    for path, content in plan.write:
        (tmp_path / path.name).write_bytes(content)
    names = sorted(str(each) for each in tmp_path.iterdir())
    done = subprocess.run(["systemd-analyze", "verify", *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    mine = [line for line in done.stderr.splitlines() if "litekeep" in line]
    assert mine == []


# ------------------------------------------------------------ launchd


@given(st.lists(words, max_size=3))
def test_launchd_gets_every_argument_as_it_is(arguments: list[str]) -> None:
    facts = plistlib.loads(plist_bytes(job("02:00", *arguments), "/tmp/log"))
    assert facts["ProgramArguments"] == list(job("02:00", *arguments).command)
    assert facts["StartCalendarInterval"] == [{"Hour": 2, "Minute": 0}]
    assert facts["RunAtLoad"] is True
    assert "UserName" not in facts


@pytest.mark.parametrize(
    ("rule", "count", "first"),
    [
        ("0 2 13 * 5", 2, {"Day": 13, "Hour": 2, "Minute": 0}),
        ("0 2 * * 1-5", 5, {"Weekday": 1, "Hour": 2, "Minute": 0}),
        ("*/30 * * * *", 2, {"Minute": 0}),
        ("0 8,9 * 7 *", 2, {"Month": 7, "Hour": 8, "Minute": 0}),
    ],
)
def test_intervals(rule: str, count: int, first: dict[str, int]) -> None:
    found = intervals(job(rule))
    assert (len(found), found[0]) == (count, first)


# ------------------------------------------------------------ Windows


def split_windows(line: str) -> list[str]:
    """As the C library of Windows splits a command line."""
    found: list[str] = []
    word, quoted, inside, at = "", False, False, 0
    while at < len(line):
        run = len(line) - at - len(line[at:].lstrip("\\"))
        at += run
        letter = line[at : at + 1]
        if run and letter == '"':
            word, inside = word + "\\" * (run // 2), True
            if run % 2:
                word, at = word + '"', at + 1
            continue
        word += "\\" * run
        inside = inside or bool(run)
        if letter == '"':
            quoted, inside = not quoted, True
        elif letter in (" ", "\t") and letter and not quoted:
            found, word, inside = found + [word] * inside, "", False
        elif letter:
            word, inside = word + letter, True
        at += 1
    return found + [word] * inside


@given(st.lists(st.text(st.sampled_from(list('ab \\"%é')), max_size=8), max_size=4))
def test_windows_gets_every_argument_as_it_is(arguments: list[str]) -> None:
    line = arguments_text(tuple(arguments))
    assert split_windows(line) == arguments


def xml(rule: str, **options: Any) -> ET.Element:
    """A task, parsed, without its namespace."""
    data = task_xml(job(rule, **options), system=False)
    assert data.startswith(b"\xff\xfe")
    text = data.decode("utf-16")
    assert text.startswith('<?xml version="1.0" encoding="UTF-16"?>')
    return ET.fromstring(
        text.partition("?>")[2].replace(' xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"', "")
    )


def test_a_task_of_windows() -> None:
    root = xml("02:00")
    assert [each.tag for each in root] == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    assert root.findtext("Settings/StartWhenAvailable") == "true"
    assert root.findtext("Settings/DisallowStartIfOnBatteries") == "false"
    assert root.findtext("Actions/Exec/Command") == PROGRAM
    assert split_windows(root.findtext("Actions/Exec/Arguments") or "") == list(job().command[1:])
    [start] = [each.text or "" for each in root.iter("StartBoundary")]
    assert datetime.fromisoformat(start).replace(tzinfo=UTC).hour == 2
    assert root.findtext("Triggers/CalendarTrigger/ScheduleByDay/DaysInterval") == "1"
    assert xml("02:00", catch_up=False).findtext("Settings/StartWhenAvailable") == "false"


@pytest.mark.parametrize(
    ("rule", "kinds"),
    [
        ("0 2 * * 1-5", ["ScheduleByWeek"]),
        ("0 2 13 * 5", ["ScheduleByMonth", "ScheduleByWeek"]),
        ("0 2 * 7 1", ["ScheduleByMonthDayOfWeek"]),
        ("0 2,14 1 * *", ["ScheduleByMonth", "ScheduleByMonth"]),
    ],
)
def test_triggers(rule: str, kinds: list[str]) -> None:
    assert [trigger[-1].tag for trigger in xml(rule).iter("CalendarTrigger")] == kinds


def test_windows_takes_48_triggers() -> None:
    assert len(list(xml("*/30 * * * *").iter("CalendarTrigger"))) == 48
    with pytest.raises(UsageError, match="48"):
        xml("*/15 * * * *")


# ------------------------------------------------------------ plans


def test_names_are_plain_and_different_for_each_path() -> None:
    names = {job_name(path, "backup") for path in (ODD, "/a/app.db", "/b/app.db", "C:\\x\\app.db", "/....", "/ü.db")}
    assert len(names) == 6
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)
    assert job_name("/a/app.db", "backup").startswith("litekeep-app-")


@pytest.mark.parametrize("timers", Timers)
def test_what_is_installed_is_removed(timers: Timers, tmp_path: Path) -> None:
    account = Account(system=False, home=tmp_path, user_id=501)
    install = plan_install([job()], timers, account)
    remove = plan_remove([job().name], timers, account)
    assert [path for path, _ in install.write] == list(remove.remove) == list(files_of(timers, account, job().name))
    assert all(path.is_relative_to(tmp_path) for path in remove.remove)
    assert install.after
    assert {command[0] for command in (*install.after, *remove.before)} <= {"systemctl", "launchctl", "schtasks"}


def test_carrying_out_writes_whole_files_and_removes_them(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.timer"
    carry_out(Plan(write=((path, b"text"),), after=((PROGRAM, "-c", "pass"),)))
    assert path.read_bytes() == b"text"
    assert list(path.parent.iterdir()) == [path]
    carry_out(Plan(remove=(path, tmp_path / "absent")))
    assert not path.exists()
    with pytest.raises(Refused, match="no-such-program"):
        carry_out(Plan(write=((path, b"text"),), after=(("no-such-program",),)))
    assert not path.exists()


# ------------------------------------------------------------ the commands


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a database and its repository, and a home of its own."""
    import sqlite3

    monkeypatch.delenv("LITEKEEP_REPOSITORY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    db = sqlite3.connect("my app.db")
    db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
    db.close()
    return tmp_path


def test_install_needs_a_repository_and_a_dry_run_changes_nothing(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schedule", "install", "my app.db", "--dry-run"]) == 10
    assert main(["init", "my app.db"]) == 0
    capsys.readouterr()
    assert main(["schedule", "install", "my app.db", "--dry-run", "--at", "0 3 * * MON"]) == 0
    told = capsys.readouterr().out
    assert "--scheduled" in told
    assert str(place / "my app.db") in told
    assert not (place / "home").exists()
    assert main(["schedule", "install", "my app.db", "--dry-run", "--at", "25:00"]) == 2
    assert main(["schedule", "show", "my app.db"]) == 0
    assert "No timers" in capsys.readouterr().out
    assert main(["schedule", "remove", "my app.db", "--dry-run"]) == 0


def test_what_a_timer_runs_is_made_once_for_each_slot(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "my app.db", "--scheduled", "02:00"]) == 13  # a missing drive is no reason to begin anew
    (place / "backups").mkdir()
    assert main(["backup", "my app.db", "--scheduled", "02:00"]) == 10  # and an empty mount point is none either
    assert list((place / "backups").iterdir()) == []
    assert main(["init", "my app.db"]) == 0
    assert main(["backup", "my app.db", "--scheduled", "02:00"]) == 0
    capsys.readouterr()
    assert main(["backup", "my app.db", "--scheduled", "02:00"]) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert main(["backup", "my app.db", "--scheduled", "nonsense"]) == 2
    assert (place / "backups" / "journal.jsonl").read_text().count('"skipped"') == 1
