"""The settings file: JSON and the environment in, immutable typed settings out, with everything that is wrong at once.

    backup.json -> document (JSON, repeated keys, syntax) -> environment (variables that stand above the file)
        -> settings, notifications (what may be set: declared once, for loader, schema and documentation)
        -> agreement (what contradicts each other) -> Settings
    Settings -> secrets.resolve (passwords, at the moment they are needed) -> edit (changes, in one step or not at all)

Settings that exist are valid. They hold no secrets, only references to them, so they can be shown, logged and sent to a
helper process. Relative paths are relative to the settings file, never to the working directory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litekeep.config.copies import CopySettings
    from litekeep.config.edit import create_settings, save_changes
    from litekeep.config.load import Origin, Reading, load_settings, parse_settings, read_settings
    from litekeep.config.notifications import NotificationSettings
    from litekeep.config.settings import BackupSettings, Settings, retention_policy
    from litekeep.config.warn import warn_about

__all__ = [
    "BackupSettings",
    "CopySettings",
    "NotificationSettings",
    "Origin",
    "Reading",
    "Settings",
    "create_settings",
    "load_settings",
    "parse_settings",
    "read_settings",
    "retention_policy",
    "save_changes",
    "warn_about",
]

_HOME = {
    "BackupSettings": "settings",
    "CopySettings": "copies",
    "NotificationSettings": "notifications",
    "Origin": "load",
    "Reading": "load",
    "Settings": "settings",
    "create_settings": "edit",
    "load_settings": "load",
    "parse_settings": "load",
    "read_settings": "load",
    "retention_policy": "settings",
    "save_changes": "edit",
    "warn_about": "warn",
}


def __getattr__(name: str) -> Any:
    """Imported when it is used: a command without a settings file needs none of it."""
    if name not in _HOME:
        raise AttributeError(f"module 'litekeep.config' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"litekeep.config.{_HOME[name]}"), name)
