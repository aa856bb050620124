"""`litekeep watch`: real processes, real signals. Due times are minutes apart, so a missed one is what is run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from .conftest import Run, execute, journal, make_database

LONG_SECONDS = 60.0
"""For a machine that has much else to do; nothing here takes that long by itself."""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its signals are others")


class Watching:
    """A `litekeep watch --json` process; its lines are gathered while it runs."""

    def __init__(self, *arguments: object, env: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "litekeep", "watch", "--json", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
        )
        self.lines: list[dict[str, Any]] = []
        self._new: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._new.put(json.loads(line))

    def until(self, event: str, **facts: object) -> dict[str, Any]:
        """The next line of this event with these facts."""
        deadline = time.monotonic() + LONG_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._new.get(timeout=min(left, 0.2))
            except Empty:
                assert self.process.poll() is None, (self.lines, self.process.communicate())
                continue
            self.lines.append(line)
            if line["event"] == event and all(line.get(key) == value for key, value in facts.items()):
                return line
        raise AssertionError((event, facts, self.lines))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and wait; returns the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(LONG_SECONDS)
        self._reader.join(LONG_SECONDS)
        while not self._new.empty():
            self.lines.append(self._new.get())
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return code

    def events(self) -> list[str]:
        """The names, in order."""
        return [each["event"] for each in self.lines]


Watch = Callable[..., Watching]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Start one; all are ended."""
    started: list[Watching] = []

    def start(*arguments: object, env: dict[str, str] | None = None) -> Watching:
        started.append(Watching(*arguments, env=env))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the person who runs the tests."""
    for name in ("LITEKEEP_CONFIG", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)


def settings(place: Path, name: str = "backup.json", database: str = "app.db", **backup: object) -> Path:
    """A settings file; no test restores unless they are asked for."""
    path = place / name
    temporary = place / f".{name}"
    temporary.write_text(json.dumps({"database": database, "backup": {"restore_test": "never", **backup}}))
    os.replace(temporary, path)
    return path


def backups(litekeep: Run, folder: Path) -> list[dict[str, Any]]:
    """What the repository holds."""
    found: list[dict[str, Any]] = litekeep("list", "-r", folder, "--json").json["snapshots"]
    return found


def test_what_is_due_is_done_and_told_and_sigterm_ends_it(
    database: Path, place: Path, litekeep: Run, watch: Watch
) -> None:
    running = watch("--config", settings(place, restore_test="weekly"))
    assert running.until("slot_started", task="backup")["late_seconds"] >= 0
    done = running.until("backup_finished")
    assert done["size_bytes"] == database.stat().st_size
    assert done["source"] == "app"
    assert "verified" in done["text"]
    running.until("drill_finished")
    assert running.until("next", task="backup")["next_at"]
    assert running.end(signal.SIGTERM) == 0
    assert running.events()[-1] == "watch_stopping"
    assert [each["reason"] for each in backups(litekeep, place / "backups")] == ["scheduled"]


def test_ctrl_c_ends_it_with_130_and_without_a_last_backup(
    database: Path, place: Path, litekeep: Run, watch: Watch
) -> None:
    running = watch(database)
    running.until("backup_finished")
    running.until("next", task="backup")
    execute(database, "INSERT INTO people VALUES(999, 'new')")
    assert running.end(signal.SIGINT) == 130
    assert len(backups(litekeep, place / "backups")) == 1


def test_a_last_backup_if_one_is_wanted(database: Path, place: Path, litekeep: Run, watch: Watch) -> None:
    running = watch(database, "--backup-on-stop")
    running.until("next", task="backup")
    execute(database, "INSERT INTO people VALUES(999, 'new')")
    assert running.end() == 0
    assert [each["reason"] for each in backups(litekeep, place / "backups")] == ["scheduled", "shutdown"]


def test_killed_and_started_again_it_catches_up_once(database: Path, place: Path, litekeep: Run, watch: Watch) -> None:
    config = settings(place)
    first = watch("-c", config)
    first.until("slot_started", task="backup")
    first.end(signal.SIGKILL)  # perhaps in the middle of the backup
    second = watch("-c", config)
    second.until("next", task="backup")
    assert second.end() == 0
    third = watch("-c", config)
    third.until("next", task="backup")
    assert third.end() == 0
    assert "backup_finished" not in third.events()
    assert len({each["slot"] for each in backups(litekeep, place / "backups") if each["verified"] != "none"}) == 1
    litekeep("verify", "--all", "-r", place / "backups")


def test_two_services_make_one_backup_for_a_slot(database: Path, place: Path, litekeep: Run, watch: Watch) -> None:
    config = settings(place)
    both = [watch("-c", config), watch("-c", config)]
    for each in both:
        each.until("next", task="backup")
    assert len(backups(litekeep, place / "backups")) == 1
    for each in both:
        assert each.process.poll() is None
        assert each.end() == 0


def test_several_databases(place: Path, litekeep: Run, watch: Watch) -> None:
    files = []
    for name in ("one", "two"):
        make_database(place / f"{name}.db")
        files += ["-c", settings(place, f"{name}.json", f"{name}.db", backup_directory=f"for-{name}")]
    running = watch(*files)
    for _ in range(2):
        running.until("backup_finished")
    assert running.end() == 0
    assert {each["source"] for each in running.lines if each["event"] == "backup_finished"} == {"one", "two"}
    for name in ("one", "two"):
        assert len(backups(litekeep, place / f"for-{name}")) == 1


def test_settings_with_mistakes_are_told_once_and_the_valid_ones_kept(
    database: Path, place: Path, litekeep: Run, watch: Watch
) -> None:
    config = settings(place, backup_time="02:00")
    running = watch("-c", config)
    before = running.until("next", task="backup")["next_at"]
    settings(place, keep_lost=3)
    assert "keep_last" in running.until("settings_invalid")["message"]
    settings(place, keep_lost=3, backup_time="02:00")  # another file with the same mistake
    time.sleep(2.5)
    settings(place, backup_time="03:30")
    running.until("settings_read")
    assert running.events().count("settings_invalid") == 1
    after = running.until("next", task="backup")["next_at"]
    assert "T03:30" in after
    assert after != before
    running.process.send_signal(signal.SIGHUP)
    running.until("settings_read")
    assert running.end() == 0


def test_a_file_of_settings_that_goes_away_changes_nothing(database: Path, place: Path, watch: Watch) -> None:
    config = settings(place)
    running = watch("-c", config)
    running.until("next", task="backup")
    config.unlink()
    assert "no settings file" in running.until("settings_invalid")["message"]
    assert running.end() == 0


def test_a_missing_folder_is_waited_for(database: Path, place: Path, litekeep: Run, watch: Watch) -> None:
    config = settings(place, backup_directory="drive/backups")
    running = watch("-c", config)
    assert "backup folder" in running.until("slot_skipped", reason="unreachable")["text"]
    assert not (place / "drive").exists()
    (place / "drive").mkdir()
    running.until("backup_finished")
    assert running.end() == 0
    rows = [
        json.loads(line)
        for folder in (place / ".litekeep", place / "drive" / "backups")
        for line in (folder / "journal.jsonl").read_text().splitlines()
    ]
    assert [(each["verb"], each["outcome"], each["code"]) for each in rows[:2]] == [
        ("backup", "skipped", "unreachable"),
        ("backup", "ok", ""),
    ]


def test_a_folder_that_was_known_is_never_made_anew(database: Path, place: Path, litekeep: Run, watch: Watch) -> None:
    config = settings(place)
    assert litekeep("watch", "-c", config, "--once").code == 0
    shutil.move(place / "backups", place / "unplugged")
    (place / "backups").mkdir()  # the empty mount point
    running = watch("-c", config)
    running.until("slot_skipped", reason="unreachable")
    assert list((place / "backups").iterdir()) == []
    (place / "backups").rmdir()
    shutil.move(place / "unplugged", place / "backups")
    running.until("next", task="backup")  # the slot was satisfied before
    assert running.end() == 0
    assert len(backups(litekeep, place / "backups")) == 1


def test_a_database_that_is_not_there_is_tried_again(place: Path, watch: Watch) -> None:
    (place / "backups").mkdir()
    running = watch("-c", settings(place))
    failed = running.until("slot_failed", task="backup")
    assert failed["code"] == "source_missing"
    assert failed["retry_at"]
    assert "tried again" in failed["text"]
    assert running.end() == 0


def test_once(database: Path, place: Path, litekeep: Run) -> None:
    config = settings(place)
    first = litekeep("watch", "-c", config, "--once")
    assert "finished" in first.out
    again = litekeep("watch", "-c", config, "--once")
    assert "finished" not in again.out
    assert "next backup" in again.out
    database.unlink()
    shutil.rmtree(place / "backups")
    assert litekeep("watch", "-c", config, "--once", expect=10).code == 10
    assert len(backups_of_spare(place)) == 1


def backups_of_spare(place: Path) -> list[dict[str, Any]]:
    """The rows of runs that could not reach the repository."""
    return [each for each in journal(place / ".litekeep") if each["code"] == "unreachable"]


def test_what_the_command_line_must_say(database: Path, place: Path, litekeep: Run) -> None:
    config = settings(place)
    assert "nothing to watch" in litekeep("watch", expect=2).err
    assert "contradict" in litekeep("watch", "-c", config, "-r", "b", expect=2).err
    assert "its own database" in litekeep("watch", database, "-c", config, "-c", config, expect=2).err
    settings(place, keep_lost=3)
    assert "keep_last" in litekeep("watch", "-c", config, expect=2).err


def test_systemd_is_told(database: Path, place: Path, watch: Watch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(place / "s"))
        receiver.settimeout(LONG_SECONDS)
        running = watch(database, env={"NOTIFY_SOCKET": str(place / "s")})
        told: set[str] = set()
        while not {"READY", "STATUS", "WATCHDOG"} <= told:
            told.add(receiver.recv(4096).decode().partition("=")[0])
        assert running.end() == 0
