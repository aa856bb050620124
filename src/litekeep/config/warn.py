"""What is valid and still deserves a word: settings that do nothing, and files of secrets that others can read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from litekeep.config.secrets import FileSecret, warn_if_readable
from litekeep.config.settings import Settings
from litekeep.monitor import Monitor


def warn_about(settings: Settings, monitor: Monitor) -> None:
    """Tell the monitor, as events `warning`."""
    backup = settings.backup
    if backup.enabled and backup.schedule is not None and not backup.automatic_daily:
        message = "backup.schedule does nothing, because backup.automatic_daily is false"
        monitor.event("warning", code="schedule_off", message=message)
    refused = [each.name for each in backup.copies if each.enabled and each.is_remote and not each.unencrypted]
    if refused and backup.encryption is None:
        message = (
            f"backups that are not encrypted are not sent to {', '.join(refused)}; encrypt them, or say yes to it with "
            '"unencrypted": true there'
        )
        monitor.event("warning", code="copy_refused", message=message)
    for secret in _file_secrets(settings):
        warn_if_readable(secret, monitor)


def _file_secrets(value: object) -> Iterator[FileSecret]:
    if isinstance(value, FileSecret):
        yield value
    elif isinstance(value, tuple):
        for inner in value:
            yield from _file_secrets(inner)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _file_secrets(getattr(value, field.name))
