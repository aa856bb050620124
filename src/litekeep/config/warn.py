"""What is valid and still deserves a word: settings that do nothing yet, and files of secrets that others can read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from litekeep.config.secrets import FileSecret, warn_if_readable
from litekeep.config.settings import Settings
from litekeep.monitor import Monitor


def warn_about(settings: Settings, monitor: Monitor) -> None:
    """Tell the monitor, as events `warning`."""
    backup = settings.backup
    if backup.copies:
        names = ", ".join(each.name for each in backup.copies)
        message = f"copies in other places are not active yet, so nothing is stored in {names}"
        monitor.event("warning", code="copies_inactive", message=message)
    if backup.enabled and backup.schedule is not None and not backup.automatic_daily:
        message = "backup.schedule does nothing, because backup.automatic_daily is false"
        monitor.event("warning", code="schedule_off", message=message)
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
