"""What is valid and still deserves a word."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from litekeep.config import parse_settings, warn_about
from litekeep.testing import RecordingMonitor

from .conftest import BASE, backup
from .test_settings import EMAIL


def warnings(document: Any, base: Path = BASE) -> dict[Any, Any]:
    """What is warned of, by code."""
    monitor = RecordingMonitor()
    warn_about(parse_settings(document, base, {}), monitor)
    assert {name for name, _ in monitor.events} <= {"warning"}
    return {facts["code"]: facts["message"] for _, facts in monitor.events}


def test_nothing() -> None:
    assert warnings({}) == {}


def test_backups_that_are_not_encrypted_are_sent_nowhere_without_a_yes() -> None:
    cloud, nas = {"name": "cloud", "url": "s3://x"}, {"name": "nas", "url": "sftp://x"}
    found = warnings(backup(copies=[nas, cloud, {"name": "stick", "url": "file:///mnt/x"}]))
    assert list(found) == ["copy_refused"]
    assert "are not sent to nas, cloud;" in found["copy_refused"]
    assert warnings(backup(copies=[nas, cloud], encryption={"key": {"env": "K"}})) == {}
    assert warnings(backup(copies=[{**nas, "unencrypted": True}, {**cloud, "enabled": False}])) == {}


def test_a_schedule_that_is_switched_off() -> None:
    assert list(warnings(backup(schedule="0 1 * * *", automatic_daily=False))) == ["schedule_off"]
    assert warnings(backup(schedule="0 1 * * *")) == {}
    assert warnings(backup(schedule="0 1 * * *", automatic_daily=False, enabled=False)) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
@pytest.mark.parametrize(
    "channels",
    [
        {"email": {**EMAIL, "user": "u", "password": {"file": "pw"}}},
        {"heartbeat_url": {"file": "pw"}},
        {"webhook": {"url": "https://x", "headers": {"Authorization": {"file": "pw"}}}},
        {"apprise": {"urls": [{"env": "X"}, {"file": "pw"}]}},
    ],
)
def test_files_of_secrets_that_others_can_read(channels: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "pw"
    document = backup(notifications=channels)
    assert warnings(document, tmp_path) == {}, "a file that is not there yet is told when it is needed"
    path.write_text("hunter2")
    path.chmod(0o644)
    found = warnings(document, tmp_path)
    assert list(found) == ["secret_readable"]
    assert str(path) in found["secret_readable"]
    path.chmod(0o600)
    assert warnings(document, tmp_path) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_files_of_secrets_of_copies_that_others_can_read(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("hunter2")
    (tmp_path / "pw").chmod(0o644)
    nas = {"name": "nas", "url": "sftp://x", "unencrypted": True, "credentials": {"password": {"file": "pw"}}}
    assert list(warnings(backup(copies=[nas]), tmp_path)) == ["secret_readable"]
