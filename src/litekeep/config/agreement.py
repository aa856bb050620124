"""Settings that are right one by one and wrong together. Settings in, problems out; no file is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from litekeep.config.copies import CopySettings, copy_at
from litekeep.config.notifications import SEPARATE, EmailSettings, NotificationSettings
from litekeep.config.settings import BackupSettings, Settings
from litekeep.errors import SettingProblem
from litekeep.storage.remote.address import SECRETS, parse_address

_KEPT = ("retention_days", "retention_weeks", "retention_months", "keep_last")
_OCCASIONS = ("on_failure", "on_success", "on_recovery", "on_overdue", "on_anomaly")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_SIDECARS = ("", "-wal", "-shm", "-journal")


def disagreements(settings: Settings, complained: frozenset[str]) -> Iterator[SettingProblem]:
    """complained: key paths that have a problem already; their values here are defaults, and prove nothing."""
    for problem in _all(settings, complained):
        if not _touched(problem.key, complained):
            yield problem


def _all(settings: Settings, complained: frozenset[str]) -> Iterator[SettingProblem]:
    backup = settings.backup
    yield from _nothing_kept(backup)
    yield from _places(settings.database, backup)
    yield from _copies(backup)
    yield from _undescribed_channels(backup.notifications, complained)
    if backup.notifications.email is not None:
        yield from _login(backup.notifications.email)


def _nothing_kept(backup: BackupSettings) -> Iterator[SettingProblem]:
    if not any(getattr(backup, name) for name in _KEPT):
        keys = ", ".join(f"backup.{name}" for name in _KEPT[1:])
        yield SettingProblem("backup.retention_days", "0", f"is 0 like {keys}: nothing would be kept", "one above 0")


def _places(database: Path | None, backup: BackupSettings) -> Iterator[SettingProblem]:
    if database is None:
        return
    database, directory, log_path = map(_plain, (database, backup.backup_directory, backup.log_path))
    if database.is_relative_to(directory):
        folder = str(directory)
        problem = f"is {folder}, which holds the database itself"
        yield SettingProblem("backup.backup_directory", folder, problem, "a folder of its own")
    if log_path in [Path(f"{database}{suffix}") for suffix in _SIDECARS]:
        log = str(log_path)
        yield SettingProblem("backup.log_file", log, f"is {log}, a file of the database", "a file of its own")


def _plain(path: Path) -> Path:
    """Without "..", so that paths can be compared; links are not followed."""
    return Path(os.path.normpath(path))


def _copies(backup: BackupSettings) -> Iterator[SettingProblem]:
    names: list[str] = []
    for number, each in enumerate(backup.copies):
        key = f"backup.copies[{number}]"
        if each.name.lower() in names:
            yield SettingProblem(f"{key}.name", each.name, f"is {each.name}, as another copy", "distinct names")
        if copy_at(backup.copies[:number], each.url) is not None:
            yield SettingProblem(f"{key}.url", "", "is the place of another copy", "a place of its own for each")
        if not each.is_remote and _plain(Path(parse_address(each.url).path)) == _plain(backup.backup_directory):
            yield SettingProblem(f"{key}.url", "", "is the folder of the backups themselves", "another folder")
        yield from _credentials(each, key)
        if not any(getattr(backup, name) if (own := getattr(each, name)) is None else own for name in _KEPT):
            problem = "and the other rules of this copy are 0: nothing would be kept there"
            yield SettingProblem(f"{key}.retention_days", "0", problem, "one of them above 0")
        names.append(each.name.lower())


def _credentials(copy: CopySettings, key: str) -> Iterator[SettingProblem]:
    """Secrets that this kind of place does not have. Which it needs is told when it is opened."""
    scheme = copy.url.partition("://")[0].lower()
    known = SECRETS.get(scheme, ())
    for name, _ in copy.credentials:
        if name not in known:
            allowed = ", ".join(known) or "none"
            yield SettingProblem(f"{key}.credentials.{name}", "", f"is no secret of {scheme}://", allowed)


def _undescribed_channels(given: NotificationSettings, complained: frozenset[str]) -> Iterator[SettingProblem]:
    section = "backup.notifications"
    for occasion in _OCCASIONS:
        for channel in getattr(given, occasion) or ():
            key = f"{section}.{channel}"
            if channel in SEPARATE and getattr(given, channel) is None and not _touched(key, complained):
                problem = f'names "{channel}", and there is no {key}'
                yield SettingProblem(f"{section}.{occasion}", channel, problem, "channels that are described")


def _touched(key: str, complained: frozenset[str]) -> bool:
    return any(each == key or each.startswith(f"{key}.") for each in complained)


def _login(email: EmailSettings) -> Iterator[SettingProblem]:
    key = "backup.notifications.email"
    if (email.user is None) != (email.password is None):
        missing, given = ("user", "password") if email.user is None else ("password", "user")
        yield SettingProblem(f"{key}.{missing}", "", f"is missing, and {key}.{given} is there", "both or none")
    if email.security == "plain" and email.password is not None and email.host not in _THIS_MACHINE:
        problem = 'is "plain", and the password would be readable on its way'
        yield SettingProblem(f"{key}.security", "plain", problem, '"starttls" or "ssl" with a password')
