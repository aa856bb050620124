"""What is wrong is told: every key with its value, what is allowed and what was probably meant, all at once."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from litekeep.config import load_settings
from litekeep.errors import SettingsInvalid, UsageError

from .conftest import BASE, backup, parse, problems
from .test_settings import EMAIL, email

OCCASIONS = "backup.notifications"


def test_all_of_them_at_once() -> None:
    found = problems(
        {
            "databse": "x.db",
            "backup": {
                "retention_days": -3,
                "retention_weaks": 12,
                "backup_time": "25:00",
                "enabled": "yes",
                "copies": [{"name": "nas"}, {"name": "cloud", "url": "gopher://x"}],
                "notifications": {"on_failure": ["desktop", "pigeon"], "email": {"host": "h"}},
            },
        },
        {"LITEKEEP_BACKUP__KEEP_LAST": "many", "LITEKEEP_BACKUP__KEEP_LST": "1"},
    )
    assert set(found) == {
        "databse",
        "backup.retention_days",
        "backup.retention_weaks",
        "backup.backup_time",
        "backup.enabled",
        "backup.copies[0].url",
        "backup.copies[1].url",
        "backup.notifications.on_failure[1]",
        "backup.notifications.email.from",
        "backup.notifications.email.to",
        "backup.keep_last",
        "LITEKEEP_BACKUP__KEEP_LST",
    }


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (backup(retention_days=-3), "backup.retention_days is -3; allowed: a whole number from 0 to 999999"),
        (backup(retention_days=True), "backup.retention_days is true; allowed: a whole number from 0 to 999999"),
        (backup(retention_days=1.5), "backup.retention_days is 1.5; allowed: a whole number from 0 to 999999"),
        (backup(enabled=1), "backup.enabled is 1; allowed: true or false"),
        (
            backup(backup_directory="s3://key:secret@bucket/x"),
            (
                "backup.backup_directory is a URL that begins with s3://; allowed: a folder, relative to this file or"
                " absolute; a place on a server goes into backup.copies, or is named on the command line with"
                " --repository"
            ),
        ),
        (
            {"database": "sqlite:///app.db"},
            "database is a URL that begins with sqlite://; allowed: a database file, relative to this file or absolute",
        ),
        (backup(enabled=None), "backup.enabled is null; allowed: true or false"),
        (backup(backup_time="24:00"), 'backup.backup_time is "24:00"; allowed: a time of the day such as "02:00"'),
        (backup(backup_time="02:00\n"), 'backup.backup_time is "02:00\\n"; allowed: a time of the day such as "02:00"'),
        (backup(verify_after_backup=True), 'is true; allowed: "auto" | "full" | "written" | "none"'),
        (backup(schedule="0 61 * * *"), 'backup.schedule is "0 61 * * *": bad hour; allowed: a cron expression'),
        (backup(schedule="0 2 * *"), "five fields are expected"),
        (backup(schedule="0 0 30 2 *"), "bad day-of-month"),
        (backup(schedule="0 0 * * *").copy() | {"x": 1}, "x is no setting"),
        (backup(timezone="Europe/Pariss"), 'backup.timezone is "Europe/Pariss"; did you mean Europe/Paris?'),
        (backup(timezone="../../etc/passwd"), "allowed: a time zone such as"),
        (backup(timezone="Europe"), 'backup.timezone is "Europe"'),
        (backup(restore_test="yearly"), 'allowed: "never", "daily", "weekly", "monthly", a cron expression'),
        (backup(checks=["SELECT 1", " "]), 'backup.checks[1] is " "; allowed: an SQL statement'),
        (backup(checks="SELECT 1"), 'backup.checks is "SELECT 1"; allowed: a list, each item an SQL statement'),
        (backup(backup_directory=""), 'backup.backup_directory is ""; allowed: a folder'),
        (backup(backup_directory="a\0b"), "backup.backup_directory is"),
        (
            backup(log_file=5),
            "backup.log_file is 5; allowed: a file, relative to this file or absolute, or null (backup.log",
        ),
        (backup(encryption={}), "backup.encryption.key is missing; allowed: a reference"),
        (backup(encryption={"key": "words"}), "backup.encryption.key holds the secret itself"),
        (backup(encryption="secret words"), "backup.encryption is no object; allowed: an object with keys among key"),
        (backup(backup_before_operations=["a", "a"]), "none of them twice"),
        (backup(notifications=None), "backup.notifications is null; allowed: an object with keys among on_failure"),
        ({"backup": []}, "backup is []; allowed: an object with keys among enabled"),
        ([], "the whole file is []; allowed: an object with keys among $schema, database, backup"),
        (None, "the whole file is null"),
        (
            backup(notifications={"heartbeat_url": "ftp://x"}),
            'is "ftp://x"; allowed: an address that begins with https://',
        ),
        (email(port=0), "backup.notifications.email.port is 0; allowed: a whole number from 1 to 65535, or null (587"),
        (email(to=[]), "backup.notifications.email.to is []; allowed: a list, not empty"),
        (email(to=["nobody"]), 'email.to[0] is "nobody"; allowed: an e-mail address'),
        (email(**{"from": "a@b\r\nBcc: c@d"}), "allowed: an e-mail address"),
    ],
)
def test_one_problem_in_words(document: object, text: str) -> None:
    (found,) = problems(document).values()
    assert text in found.text


@pytest.mark.parametrize(
    ("document", "key", "nearest"),
    [
        (backup(retention_day=1), "backup.retention_day", "backup.retention_days"),
        ({"retention_days": 1}, "retention_days", "backup.retention_days"),
        (backup(on_failure=[]), "backup.on_failure", "backup.notifications.on_failure"),
        (backup(database="x"), "backup.database", "database"),
        ({"Backup": {}}, "Backup", "backup"),
        (backup(notifications={"e-mail": {}}), "backup.notifications.e-mail", "backup.notifications.email"),
        (backup(retention_count=1, zzzz=1), "backup.zzzz", ""),
        (email(pasword={"env": "X"}), "backup.notifications.email.pasword", "backup.notifications.email.password"),
    ],
)
def test_the_nearest_known_key(document: object, key: str, nearest: str) -> None:
    found = problems(document)[key]
    assert found.nearest == nearest
    assert found.text == f"{key} is no setting; " + (
        f"did you mean {nearest}?" if nearest else f"allowed: {found.allowed}"
    )


@pytest.mark.parametrize(
    ("document", "key", "text"),
    [
        (
            backup(retention_days=0, retention_weeks=0, retention_months=0, keep_last=0),
            "backup.retention_days",
            "nothing would be kept",
        ),
        (backup(notifications={"on_failure": ["email"]}), f"{OCCASIONS}.on_failure", f"there is no {OCCASIONS}.email"),
        (backup(notifications={"on_overdue": ["ntfy"]}), f"{OCCASIONS}.on_overdue", f"there is no {OCCASIONS}.ntfy"),
        (email(user="u"), f"{OCCASIONS}.email.password", "is missing"),
        (email(password={"env": "X"}), f"{OCCASIONS}.email.user", "is missing"),
        (
            email(user="u", password={"env": "X"}, security="plain"),
            f"{OCCASIONS}.email.security",
            "readable on its way",
        ),
        ({"database": "backups/x.db"}, "backup.backup_directory", "holds the database itself"),
        ({"database": "x.db", **backup(backup_directory="a/..")}, "backup.backup_directory", "holds the database"),
        ({"database": "x.db", **backup(log_file="x.db")}, "backup.log_file", "a file of the database"),
        ({"database": "x.db", **backup(log_file="./b/../x.db-wal")}, "backup.log_file", "a file of the database"),
        (
            backup(copies=[{"name": "a", "url": "s3://x"}, {"name": "a", "url": "s3://y"}]),
            "backup.copies[1].name",
            "as another copy",
        ),
        (
            backup(copies=[{"name": "NAS", "url": "s3://x"}, {"name": "nas", "url": "s3://y"}]),
            "backup.copies[1].name",
            "as another copy",
        ),
        (
            backup(copies=[{"name": "a", "url": "sftp://u@H/b/"}, {"name": "b", "url": "sftp://u@h:22/b?key_file=k"}]),
            "backup.copies[1].url",
            "is the place of another copy",
        ),
        (
            backup(backup_directory="/mnt/b", copies=[{"name": "a", "url": "file:///mnt/b/"}]),
            "backup.copies[0].url",
            "the folder of the backups themselves",
        ),
        (
            backup(copies=[{"name": "a", "url": "sftp://h/b", "credentials": {"secret_key": {"env": "X"}}}]),
            "backup.copies[0].credentials.secret_key",
            "is no secret of sftp://",
        ),
        (
            backup(
                retention_weeks=0,
                retention_months=0,
                copies=[{"name": "a", "url": "s3://b", "retention_days": 0, "keep_last": 0}],
            ),
            "backup.copies[0].retention_days",
            "nothing would be kept there",
        ),
    ],
)
def test_what_is_right_alone_and_wrong_together(document: object, key: str, text: str) -> None:
    found = problems(document)
    assert list(found) == [key]
    assert text in found[key].text


def test_a_password_may_go_unprotected_to_this_machine() -> None:
    found = parse(email(host="localhost", user="u", password={"env": "X"}, security="plain"))
    assert found.backup.notifications.email is not None


def test_a_wrong_value_does_not_make_other_complaints() -> None:
    channels = {"on_failure": ["email"], "email": {**EMAIL, "port": "x"}}
    document = backup(retention_days="x", retention_weeks=0, retention_months=0, keep_last=0, notifications=channels)
    assert set(problems(document)) == {"backup.retention_days", "backup.notifications.email.port"}


SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    "document",
    [
        email(user="u", password=SECRET),
        email(user="u", password={"value": SECRET}),
        email(user="u", password={"env": "A", "file": SECRET}),
        email(user="u", password=[SECRET]),
        email(user="u", password={"env": [SECRET]}),
        email(passwort=SECRET),
        backup(notifications={"email": f"smtp://u:{SECRET}@h"}),
        backup(notifications={"webhook": f"https://h/{SECRET}"}),
        backup(notifications={"webhook": {"url": f"https://u:{SECRET}@h/x"}}),
        backup(notifications={"webhook": {"url": "https://h/x", "headers": {"Authorization": SECRET}}}),
        backup(notifications={"webhook": {"url": "https://h/x", "headers": {"X-Api-Key": SECRET}}}),
        backup(notifications={"webhook": {"url": "https://h/x", "headers": [SECRET]}}),
        backup(notifications={"heartbeat_url": f"https://:{SECRET}@h/x"}),
        backup(notifications={"ntfy": {"topic": "t", "token": SECRET}}),
        backup(notifications={"ntfy": SECRET}),
        backup(notifications={"apprise": {"urls": SECRET}}),
        backup(notifications={"apprise": {"urls": [f"tgram://{SECRET}/1"]}}),
        backup(encryption=SECRET),
        backup(encryption={"passphrase": SECRET}),
        backup(encryption={"key": SECRET}),
        backup(encryption={"key": {"env": [SECRET]}}),
        backup(copies=[f"s3://key:{SECRET}@bucket"]),
        backup(copies=[{"name": "a", "url": f"sftp://u:{SECRET}@h/p"}]),
        backup(copies=[{"name": "a", "url": "sftp://h/p", "password": SECRET}]),
        backup(copies=[{"name": "a", "url": f"s3://b/p?secret_key={SECRET}"}]),
        backup(copies=[{"name": "a", "url": f"az://b/p?account=x&sas={SECRET}"}]),
        backup(copies=[{"name": "a", "url": "s3://b", "credentials": {"secret_key": SECRET}}]),
        backup(copies=[{"name": "a", "url": "s3://b", "credentials": {"secretkey": SECRET}}]),
        backup(copies=[{"name": "a", "url": "s3://b", "credentials": SECRET}]),
        backup(copies=[{"name": "a", "url": "s3://b", "credentials": [SECRET]}]),
    ],
)
def test_what_may_be_a_secret_is_not_shown(document: dict[str, Any]) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        parse(document)
    error = caught.value
    assert SECRET not in f"{error} {error.message} {error.hint} {error.problems!r}"


def test_a_secret_in_plain_text_is_told_what_to_write_instead() -> None:
    (found,) = problems(email(user="u", password=SECRET)).values()
    assert found.key == "backup.notifications.email.password"
    assert "secrets never stand in the settings" in found.text
    assert '{"env": "NAME"}' in found.allowed
    assert '{"keyring": ["service", "user"]}' in found.allowed


@pytest.mark.parametrize("form", [{}, {"env": ""}, {"env": "A=B"}, {"keyring": ["a"]}, {"command": []}, {"file": 5}, 7])
def test_references_that_are_none(form: object) -> None:
    (found,) = problems(email(user="u", password=form)).values()
    assert "is no reference to a secret" in found.text


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{\n  "backup": {\n    "enabled": true,\n  }\n}', "line 4, column 3"),
        ('{"backup": {} // all of it\n}', "line 1, column 15"),
        ("{'backup': {}}", "line 1, column 2"),
        ('{"a": 1} {"b": 2}', "line 1, column 10"),
        ("", "line 1, column 1"),
        ('{"backup": {"retention_days": NaN}}', "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 900 + "]" * 900, "nested too deeply"),
        ('{"backup": {"keep_last": ' + "9" * 5000 + "}}", "digits"),
        (b'{\n"database": "caf\xe9.db"}', "line 2: the file is no UTF-8 text"),
        (b"{}" + b" " * (1 << 18), "262,144 are allowed"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: str | bytes, where: str, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(path, {})
    (problem,) = caught.value.problems
    assert where in problem.text
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('{"backup": {} # x\n}', "JSON has no comments"),
        ("{'backup': {}}", "JSON takes double quotes"),
    ],
)
def test_frequent_mistakes_are_explained(text: str, advice: str, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(tmp_path / "s.json", {})
    assert advice in str(caught.value)


def test_keys_that_stand_twice(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(
        '{"backup": {"keep_last": 1, "keep_last": -2, "copies": [{"name": "a", "url": "s3://b", "name": "c"}]},'
        ' "database": "x", "database": "x"}'
    )
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(path, {})
    twice = [each.key for each in caught.value.problems if "stands there twice" in each.text]
    assert twice == ["database", "backup.keep_last", "backup.copies[0].name"]
    assert "backup.keep_last is -2" in str(caught.value), "other problems are told too"


def test_a_mark_at_the_beginning_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(b'\xef\xbb\xbf{"backup": {"keep_last": 3}}')
    assert load_settings(tmp_path / "s.json", {}).backup.keep_last == 3


def test_no_file_and_no_permission(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no settings file") as caught:
        load_settings(tmp_path / "s.json", {})
    assert "litekeep config init" in caught.value.hint
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings(tmp_path, {})


def test_the_error_can_be_sent_to_another_process_and_names_keys_in_one_line() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        parse(backup(a=1, b=2, c=3, d=4))
    error = pickle.loads(pickle.dumps(caught.value))
    assert error.problems == caught.value.problems
    assert error.message == "the settings have 4 problems: backup.a, backup.b, backup.c and 1 more"
    assert str(error).count("\n") == 4
    assert (error.code, error.exit_code) == ("settings", 2)
    assert "last valid settings" in error.safe


def test_long_values_are_cut() -> None:
    (found,) = problems(backup(keep_last="x" * 5000)).values()
    assert len(found.value) == 60
    assert str(BASE) not in found.text
