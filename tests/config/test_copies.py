"""Copies: what they keep, how their storage is opened, and where the secrets come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from litekeep.clock import SystemClock
from litekeep.config.compound import Section
from litekeep.config.copies import CopySettings, copy_at, copy_named, open_copy
from litekeep.config.credentials import environment_secrets
from litekeep.config.userfolders import diaries_of, state_folder
from litekeep.errors import SecretUnavailable, UsageError
from litekeep.retention import RetentionPolicy
from litekeep.storage.local import LocalStorage
from litekeep.storage.retrying import RetryingStorage
from litekeep.storage.throttled import ThrottledStorage
from litekeep.worker.copies import options_for

from .conftest import backup, parse

CLOUD = {
    "name": "cloud",
    "url": "s3://bucket/prefix?endpoint=https://s3.example.org",
    "credentials": {"access_key": {"env": "A"}, "secret_key": {"env": "S"}},
}


def copies(*given: dict[str, Any], **keys: Any) -> tuple[CopySettings, ...]:
    """As from a settings file."""
    return parse(backup(copies=list(given), **keys)).backup.copies


def test_a_copy_keeps_what_the_backups_keep_unless_it_says_otherwise() -> None:
    settings = parse(backup(retention_days=10, keep_last=3, copies=[CLOUD, {**CLOUD, "name": "b", "url": "s3://b"}]))
    assert settings.backup.copies[0].policy(settings.backup) == RetentionPolicy(days=10, keep_last=3)
    other = parse(backup(retention_days=10, copies=[{**CLOUD, "retention_days": 90, "retention_weeks": 0}])).backup
    assert other.copies[0].policy(other) == RetentionPolicy(days=90, weeks=0)


def test_what_is_read_can_be_written_again() -> None:
    (copy,) = copies(CLOUD)
    written = Section(CopySettings).write(copy)
    assert written["credentials"] == CLOUD["credentials"]
    assert copies(written) == (copy,)


@pytest.mark.parametrize(
    ("url", "given", "expected"),
    [
        ("s3://b", None, True),
        ("sftp://nas.local/b", None, True),
        ("sftp://nas.local/b", False, False),
        ("file:///mnt/b", None, False),
        ("file:///mnt/b", True, True),
    ],
)
def test_what_is_off_site(url: str, *, given: bool | None, expected: bool) -> None:
    (copy,) = copies({"name": "a", "url": url, "off_site": given})
    assert copy.is_off_site is expected


@pytest.mark.parametrize(
    ("url", "check", "ask_first"),
    [
        ("s3://b", False, False),
        ("gs://b", False, False),
        ("az://b?account=a", False, False),
        ("sftp://u@nas.local/b", False, True),
        ("webdavs://u@cloud.example.org/b", False, True),
        ("file:///mnt/b", True, True),
    ],
)
def test_what_is_asked_of_a_place_before_something_is_sent(url: str, *, check: bool, ask_first: bool) -> None:
    (copy,) = copies({"name": "a", "url": url})
    options = options_for(copy, RetentionPolicy(), None)
    assert (options.check, options.ask_first) == (check, ask_first)


def test_the_place_is_shown_without_options() -> None:
    (copy,) = copies(CLOUD)
    assert copy.shown == "s3://bucket/prefix"


def test_secrets_are_looked_up_where_the_references_lead() -> None:
    (copy,) = copies(CLOUD)
    assert copy.secrets(environ={"A": "key", "S": "secret"}) == {"access_key": "key", "secret_key": "secret"}
    with pytest.raises(SecretUnavailable, match="environment variable S"):
        copy.secrets(environ={"A": "key"})


def test_a_copy_without_references_takes_the_environment() -> None:
    (copy,) = copies({"name": "a", "url": "sftp://h/b"})
    assert copy.secrets(environ={"LITEKEEP_SECRET_PASSWORD": "p", "LITEKEEP_SECRET_ACCESS_KEY": "k"}) == {
        "password": "p"
    }


def test_variables_of_its_own_are_never_mixed_with_those_of_aws() -> None:
    aws = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": ""}
    assert environment_secrets("s3://b", aws) == {"access_key": "a", "secret_key": "b"}
    own = {"LITEKEEP_SECRET_ACCESS_KEY": "c", **aws}
    assert environment_secrets("s3://b", own) == {"access_key": "c"}
    assert environment_secrets("gs://b", {"LITEKEEP_SECRET_SERVICE_ACCOUNT": "{}", **aws}) == {"service_account": "{}"}
    assert environment_secrets("file:///b", aws) == {}


def test_storages(tmp_path: Path) -> None:
    stick, slow, nas = copies(
        {"name": "stick", "url": tmp_path.as_uri()},
        {"name": "slow", "url": "sftp://h/slow", "upload_limit": 100},
        {"name": "nas", "url": "sftp://h/b"},
    )
    assert isinstance(open_copy(stick, clock=SystemClock()), LocalStorage)
    assert isinstance(open_copy(nas, clock=SystemClock()), RetryingStorage)
    throttled = open_copy(slow, clock=SystemClock())
    assert isinstance(throttled, ThrottledStorage)
    assert throttled.description == "sftp://h/slow"


def test_an_unavailable_secret_is_told_when_the_storage_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    (copy,) = copies(CLOUD)
    monkeypatch.delenv("A", raising=False)
    with pytest.raises(SecretUnavailable):
        open_copy(copy, clock=SystemClock())


def test_finding_a_copy() -> None:
    given = copies(CLOUD, {"name": "nas", "url": "sftp://u@nas.local/b"})
    assert copy_named(given, "nas").url == "sftp://u@nas.local/b"
    with pytest.raises(UsageError, match="'tape'") as caught:
        copy_named(given, "tape")
    assert "cloud, nas" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        copy_named((), "tape")
    assert "backup.copies" in caught.value.hint
    assert copy_at(given, "sftp://u@NAS.local:22/b/?host_key=SHA256:x") == given[1]
    assert copy_at(given, "sftp://other@nas.local/b") is None
    assert copy_at(given, "s3://bucket/prefix") is None, "the same name at another provider is another place"


def test_the_folder_of_what_belongs_to_no_repository() -> None:
    home = {"HOME": "/home/ada"}
    assert state_folder(home, "linux") == Path("/home/ada/.local/state/litekeep")
    assert state_folder({**home, "XDG_STATE_HOME": "/var/s"}, "linux") == Path("/var/s/litekeep")
    assert state_folder({**home, "XDG_STATE_HOME": "here"}, "linux") == Path("/home/ada/.local/state/litekeep")
    assert state_folder(home, "darwin") == Path("/home/ada/Library/Application Support/Litekeep")
    assert state_folder({**home, "LOCALAPPDATA": "/x/Local"}, "win32") == Path("/x/Local/Litekeep")


def test_one_place_has_one_folder_however_its_url_is_written() -> None:
    home = {"HOME": "/home/ada"}
    first = diaries_of("sftp://u@nas.local/srv/backups", home, "linux")
    assert first.parent == Path("/home/ada/.local/state/litekeep/repositories")
    assert first.name.startswith("sftp-nas-local-srv-backups-")
    assert first == diaries_of("sftp://u@NAS.local:22/srv/backups/?key_file=/k", home, "linux")
    assert first != diaries_of("sftp://u@nas.local/srv/backup", home, "linux")
