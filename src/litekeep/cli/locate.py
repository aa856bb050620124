"""From what options, environment and settings file say to the place of the repository."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from litekeep.cli.place import DEFAULT_NAME, Folder, Place, Remote, find_folder, folder_for
from litekeep.errors import UsageError

if TYPE_CHECKING:
    from litekeep.cli.settings import Settings
    from litekeep.config.copies import CopySettings
    from litekeep.config.settings import Settings as FileSettings
    from litekeep.monitor import Monitor

NO_FOLDER = "a folder on this machine, and {} is on a server"


def read_repository(settings: Settings, file: FileSettings | None) -> None:
    """What stands above what: --repository, --copy, the settings file, the environment. Raises UsageError."""
    if settings.copy is not None:
        if settings.repository_named:
            raise UsageError("--repository and --copy exclude each other", hint="Name one of them.")
        if file is None:
            hint = "Name it with --config FILE or LITEKEEP_CONFIG; its backup.copies describe the copies."
            raise UsageError("--copy needs a settings file", hint=hint)
    elif file is not None and not settings.repository_named:
        settings.repository = file.backup.backup_directory


def existing(settings: Settings, file: FileSettings | None, database: Path | None, monitor: Monitor) -> Place:
    """The place of a repository that should exist; raises NoRepository where that can be told without a server."""
    remote = _elsewhere(settings, file, monitor)
    return Folder(find_folder(_path(settings), database)) if remote is None else remote


def wanted(settings: Settings, file: FileSettings | None, database: Path | None, monitor: Monitor) -> Place:
    """The place for backups, whether there is a repository or not."""
    remote = _elsewhere(settings, file, monitor)
    if remote is not None:
        return remote
    return Folder(folder_for(database, _path(settings)) if database else _path(settings) or Path(DEFAULT_NAME))


def only_folder(settings: Settings, what: str) -> Path | None:
    """The folder that was named, for what works with folders only; raises UsageError."""
    if settings.copy is not None:
        raise UsageError(f"{what} does not work on a copy", safe="Nothing was changed.", hint="Leave --copy out.")
    if isinstance(settings.repository, str):
        from litekeep.storage.remote.address import parse_address

        raise UsageError(
            f"{what} works with {NO_FOLDER.format(parse_address(settings.repository).shown)}",
            safe="Nothing was changed.",
            hint="Back up into a folder, and let the settings file send copies to the server: backup.copies.",
        )
    return settings.repository


def place_called(text: str, file: FileSettings | None, monitor: Monitor) -> Place:
    """The place that a word of the command line names: a copy of the settings file, a URL, or a folder."""
    from litekeep.cli.place import is_url

    copies = file.backup.copies if file is not None else ()
    named = next((each for each in copies if each.name == text), None)
    if named is not None:
        return _of_copy(named, named.name, monitor)
    if not is_url(text):
        return Folder(Path(text))
    return place_at(text, file, monitor)


def place_at(url: str, file: FileSettings | None, monitor: Monitor) -> Place:
    """The place of a URL, with the credentials and limits of a copy in the same place; raises UsageError."""
    from litekeep.config.copies import copy_at
    from litekeep.storage.remote.address import parse_address

    address = parse_address(url)
    if address.scheme == "file":
        return Folder(Path(address.path))
    described = copy_at(file.backup.copies if file is not None else (), url)
    return _remote(url) if described is None else _of_copy(described, "", monitor)


def below(place: Place, name: str) -> Place:
    """A folder in a place."""
    if isinstance(place, Folder):
        return Folder(place.path / name)
    from dataclasses import replace
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(place.url)
    url = urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))
    return replace(place, url=url, shown=f"{place.shown.rstrip('/')}/{name}")


def _path(settings: Settings) -> Path | None:
    return settings.repository if isinstance(settings.repository, Path) else None


def _elsewhere(settings: Settings, file: FileSettings | None, monitor: Monitor) -> Place | None:
    """The copy, or the server; None for a folder."""
    if settings.copy is not None:
        from litekeep.config.copies import copy_named

        copies = file.backup.copies if file is not None else ()
        return _of_copy(copy_named(copies, settings.copy), settings.copy, monitor)
    return place_at(settings.repository, file, monitor) if isinstance(settings.repository, str) else None


def _of_copy(copy: CopySettings, name: str, monitor: Monitor) -> Place:
    from litekeep.storage.remote.address import parse_address

    address = parse_address(copy.url)
    if address.scheme == "file":
        return Folder(Path(address.path))
    limit = (copy.upload_limit or 0) << 10
    secrets = partial(copy.secrets, monitor=monitor)
    return Remote(copy.url, address.shown, _diaries(copy.url), secrets, copy=name, bytes_per_second=limit)


def _remote(url: str) -> Remote:
    from litekeep.config.credentials import environment_secrets
    from litekeep.storage.remote.address import parse_address

    return Remote(url, parse_address(url).shown, _diaries(url), partial(environment_secrets, url))


def _diaries(url: str) -> Path:
    from litekeep.config.userfolders import diaries_of

    return diaries_of(url)
