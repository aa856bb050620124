"""The shipped JSON Schema is current, and agrees with the loader: it allows whatever the loader allows.

The other way round there are exceptions, and they are named: what a schema cannot judge.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from litekeep.config.compound import NEEDED, Section, leaves
from litekeep.config.schema import make_schema, schema_text, shipped_schema
from litekeep.config.settings import Settings
from litekeep.errors import SettingProblem, SettingsInvalid
from litekeep.retention import RetentionPolicy

from .conftest import backup, parse
from .test_settings import email

VALIDATOR = Draft202012Validator(make_schema())

GOOD: list[Any] = [
    {},
    {"$schema": "./x.json", "database": None, "backup": {}},
    backup(retention_days=0, retention_weeks=0, retention_months=0, keep_last=1),
    backup(retention_days=30.0),
    backup(schedule="0 2 * * MON-FRI", timezone="Europe/Paris", restore_test="never"),
    backup(
        checks=["SELECT 1\n  FROM x"],
        backup_before_operations=["import"],
        log_file="x.log",
        encryption={"key": {"file": "k"}},
    ),
    backup(copies=[{"name": "nas", "url": "sftp://nas.local/backups"}]),
    backup(
        copies=[
            {
                "name": "cloud",
                "url": "s3://bucket/prefix?endpoint=https://s3.example.org",
                "credentials": {"access_key": {"env": "A"}, "secret_key": {"file": "s"}},
                "retention_days": 0,
                "keep_last": None,
                "upload_limit": 500,
                "off_site": True,
                "unencrypted": True,
                "enabled": False,
            }
        ]
    ),
    email(user="u", password={"keyring": ["a", "b"]}, port=25, security="ssl"),
    backup(notifications={"webhook": {"url": {"env": "X"}, "headers": {"X-A": "b", "Cookie": {"file": "c"}}}}),
    backup(notifications={"ntfy": {"topic": "t"}, "apprise": {"urls": [{"command": ["a"]}]}, "on_success": ["ntfy"]}),
]
BAD: list[Any] = [
    None,
    [],
    {"databse": "x"},
    {"database": ""},
    {"database": 5},
    backup(enabled="true"),
    backup(enabled=None),
    backup(retention_days=-1),
    backup(retention_days=1_000_000),
    backup(retention_days=True),
    backup(retention_days=1.5),
    backup(backup_time="24:00"),
    backup(backup_time="2"),
    backup(verify_after_backup="all"),
    backup(backup_directory=None),
    backup(log_file="a\x00b"),
    backup(checks=["  "]),
    backup(checks="SELECT 1"),
    backup(encryption={}),
    backup(encryption={"key": "secret"}),
    backup(encryption=False),
    backup(copies=[{"name": "x"}]),
    backup(copies=[{"name": "a b", "url": "s3://x"}]),
    backup(copies=[{"name": "x", "url": "s3://u:p@x"}]),
    backup(copies=[{"name": "x", "url": "http://x"}]),
    backup(copies=[{"name": "x", "url": "s3://x", "credentials": {"access_key": "AKIA"}}]),
    backup(copies=[{"name": "x", "url": "s3://x", "credentials": {"pin": {"env": "A"}}}]),
    backup(copies=[{"name": "x", "url": "s3://x", "credentials": []}]),
    backup(copies=[{"name": "x", "url": "s3://x", "upload_limit": 0}]),
    backup(copies=[{"name": "x", "url": "s3://x", "retention_weeks": -1}]),
    backup(copies=[{"name": "x", "url": "s3://x", "off_site": "yes"}]),
    backup(copies=[{"name": "x", "url": "s3://x", "enabled": None}]),
    backup(backup_before_operations=["a", "a"]),
    backup(notifications={"on_failure": ["pigeon"]}),
    backup(notifications={"on_failure": "desktop"}),
    backup(notifications={"heartbeat_url": "https://u:p@x"}),
    backup(notifications={"email": {"host": "x"}}),
    email(to=[]),
    email(to=["x"]),
    email(password="x"),
    email(password={"env": "A", "file": "b"}),
    email(password={"env": "A=B"}),
    email(password={"keyring": ["a"]}),
    email(password={"value": "x"}),
    backup(notifications={"webhook": {"url": "https://x", "headers": {"Authorization": "x"}}}),
    backup(notifications={"webhook": {"url": "https://x", "headers": {"a b": "x"}}}),
    backup(notifications={"apprise": {"urls": ["json://x"]}}),
    backup(notifications={"ntfy": {"topic": "a b"}}),
]
BEYOND_A_SCHEMA: list[Any] = [
    backup(schedule="0 61 * * *"),
    backup(restore_test="yearly"),
    backup(timezone="Mars/Base"),
    backup(retention_days=0, retention_weeks=0, retention_months=0, keep_last=0),
    backup(notifications={"on_failure": ["email"]}),
    email(user="u"),
    {"database": "backups/x.db"},
    backup(copies=[{"name": "x", "url": "s3://x/../y"}]),
    backup(copies=[{"name": "x", "url": "az://container"}]),
    backup(copies=[{"name": "x", "url": "s3://x", "credentials": {"password": {"env": "A"}}}]),
    backup(copies=[{"name": "x", "url": "s3://b"}, {"name": "y", "url": "s3://b/"}]),
]


def loads(document: object) -> bool:
    """True if the loader takes it."""
    try:
        parse(document)
    except SettingsInvalid:
        return False
    return True


def test_the_shipped_file_is_current() -> None:
    assert shipped_schema() == schema_text(), "run `python docs/generate_settings_reference.py`"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(shipped_schema()))


def test_every_setting_is_explained_in_it() -> None:
    for key, each in leaves(Settings):
        assert len(each.text.split()) >= 2, key
        assert each.text.endswith("."), key
        assert json.dumps(each.text, ensure_ascii=False) in shipped_schema(), key


@pytest.mark.parametrize("document", GOOD)
def test_both_take_what_is_good(document: object) -> None:
    assert loads(document)
    assert VALIDATOR.is_valid(document)


@pytest.mark.parametrize("document", BAD)
def test_both_refuse_what_is_bad(document: object) -> None:
    assert not loads(document)
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize("document", BEYOND_A_SCHEMA)
def test_only_the_loader_can_judge_this(document: object) -> None:
    assert not loads(document)
    assert VALIDATOR.is_valid(document)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 10**6) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_REFERENCE = st.sampled_from([{"env": "A"}, {"file": "x"}, {"command": ["a", "b"]}, {"keyring": ["a", "b"]}])
_LISTS = st.lists(st.sampled_from(["desktop", "desktop", "ntfy"]), max_size=2, unique=True)
_COUNTS = st.integers(0, 400)
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "database": st.sampled_from([None, "./x.db", "/a/b.db", "~/x.db", "ü.db"]),
    "backup.backup_time": st.sampled_from(["02:00", "2:00", "23:59"]),
    "backup.backup_directory": st.sampled_from(["b", "../b", "/mnt/b"]),
    "backup.backup_before_operations": st.lists(st.sampled_from("abc*"), unique=True),
    "backup.schedule": st.sampled_from([None, "0 2 * * *", "02:00", "*/15 * * * MON-FRI"]),
    "backup.timezone": st.sampled_from([None, "UTC", "Europe/Paris", "-03:30"]),
    "backup.verify_after_backup": st.sampled_from(["auto", "full", "written", "none"]),
    "backup.restore_test": st.sampled_from(["never", "weekly", "0 5 * * 1"]),
    "backup.log_file": st.sampled_from([None, "b.log", "/var/log/b.log"]),
    "backup.checks": st.lists(st.sampled_from(["SELECT 1", "SELECT count(*)\nFROM x"])),
    "backup.copies": st.lists(st.just({"name": "a", "url": "s3://b/c"}), max_size=1),
    "backup.encryption.key": _REFERENCE,
    "backup.notifications.heartbeat_url": st.none() | st.just("https://h/ü") | _REFERENCE,
    "backup.notifications.email.host": st.just("h"),
    "backup.notifications.email.from": st.just("a@b"),
    "backup.notifications.email.to": st.just(["a@b", "c@d"]),
    "backup.notifications.email.port": st.none() | st.integers(1, 65535),
    "backup.notifications.email.security": st.sampled_from(["starttls", "ssl", "plain"]),
    "backup.notifications.email.user": st.sampled_from([None, "u"]),
    "backup.notifications.email.password": st.none() | _REFERENCE,
    "backup.notifications.webhook.url": st.just("http://h:80/x") | _REFERENCE,
    "backup.notifications.webhook.headers": st.dictionaries(st.sampled_from(["X-A", "Cookie"]), _REFERENCE),
    "backup.notifications.ntfy.topic": st.just("t") | _REFERENCE,
    "backup.notifications.ntfy.url": st.just("https://h"),
    "backup.notifications.ntfy.token": st.none() | _REFERENCE,
    "backup.notifications.apprise.urls": st.lists(_REFERENCE, min_size=1),
    "$schema": st.sampled_from([None, "./s.json"]),
}
KEYS = [key for key, _ in leaves(Settings)]


def fitting(key: str) -> st.SearchStrategy[Any]:
    """Values that the setting allows."""
    if key in FITTING:
        return FITTING[key]
    default = next(each.default for name, each in leaves(Settings) if name == key)
    if isinstance(default, bool):
        return st.booleans()
    return _COUNTS if isinstance(default, int) else _LISTS


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Known keys in their places, mostly with values that fit, mostly all that a channel needs; sometimes anything."""
    document: dict[str, Any] = {}
    chosen = draw(st.lists(st.sampled_from(KEYS), max_size=8, unique=True))
    channels = {key.rpartition(".")[0] for key in chosen if key.count(".") == 3}
    needed = [key for key, each in leaves(Settings) if each.default is NEEDED and key.rpartition(".")[0] in channels]
    for key in (*chosen, *needed):
        *sections, name = key.split(".")
        place = document
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = draw(fitting(key) if draw(st.integers(0, 11)) else VALUES)
    if draw(st.integers(0, 11)) == 11:
        document[draw(st.text(max_size=4))] = draw(VALUES)
    return document


def one_of_the_exceptions(document: Any) -> bool:
    """True if all complaints are about what a schema cannot judge."""
    try:
        parse(document)
    except SettingsInvalid as error:
        judged = ("backup.schedule", "backup.timezone", "backup.restore_test", "backup.backup_directory")
        texts = ("nothing would be kept", "and there is no", "is missing, and", "a file of the database", "readable on")
        # `$` in Python also matches before a line end at the end; in other languages it does not
        line_end = ("\\n",)
        return all(
            each.key in judged or any(text in each.problem for text in (*texts, *line_end)) for each in error.problems
        )
    return False


@settings(max_examples=100, deadline=None)
@given(documents())
def test_loader_and_schema_agree(document: Any) -> None:
    if loads(document):
        VALIDATOR.validate(document)
    elif VALIDATOR.is_valid(document):
        assert one_of_the_exceptions(document)


@settings(max_examples=60, deadline=None)
@given(documents())
def test_settings_that_exist_make_a_policy_and_can_be_written_down(document: Any) -> None:
    if loads(document):
        found = parse(document)
        assert isinstance(found.backup.retention, RetentionPolicy)
        assert parse(Section(Settings).write(found)) == found


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_anything_at_all_is_read_or_refused_in_words(document: Any) -> None:
    found: tuple[SettingProblem, ...] | None = None
    try:
        parse(document)
    except SettingsInvalid as error:
        found = error.problems
    assert found is None or (found and all(each.text for each in found))
