"""Where is the repository? The one that was named; else `backups` beside the database; else here.

A place is a folder, or a server that a URL names. What a run leaves for people, its row in the journal and its lines in
the log, lies in the folder itself, or for a server in a folder of this user.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from litekeep.errors import NoRepository
from litekeep.records import dataclass

if TYPE_CHECKING:
    from litekeep.clock import Clock
    from litekeep.storage.base import Storage

CONFIG = "repository.json"
DEFAULT_NAME = "backups"
FIRST_CONTACT_SECONDS = 10.0
"""A server that has not answered yet is given up after this; one that has gets minutes."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder. path: as it was given."""

    path: Path

    @property
    def name(self) -> str:
        """For sentences: relative if it is below the current folder."""
        try:
            return str(self.path.absolute().relative_to(Path.cwd())) or "."
        except (ValueError, OSError):
            return str(self.path)

    @property
    def shown(self) -> str:
        """For programs."""
        return str(self.path.absolute())

    @property
    def option(self) -> str:
        """How it is named on a command line."""
        return f"-r {shlex.quote(str(self.path))}"

    @property
    def folder(self) -> Path | None:
        """Where its files are."""
        return self.path

    @property
    def diaries(self) -> Path:
        """The folder of journal and log."""
        return self.path

    @property
    def has_diaries(self) -> bool:
        """Whether there is, or was, a repository that a journal can belong to."""
        return os.path.exists(self.path / CONFIG)

    def storage(self, clock: Clock, cancelled: Callable[[], bool], *, create: bool = False) -> Storage:
        """Its storage; raises the StorageError family."""
        from litekeep.storage.local import LocalStorage

        del cancelled  # nothing here waits for long
        return LocalStorage(self.path, clock, create=create)


@dataclass(frozen=True, slots=True)
class Remote:
    """A place on a server. url: without secrets. shown: without options. diaries: see the module's text.

    secrets: gets them when they are needed. copy: its name, if it is a copy that the settings file describes.
    bytes_per_second: how fast it may be written; 0: no limit.
    """

    url: str
    shown: str
    diaries: Path
    secrets: Callable[[], Mapping[str, str]] = field(repr=False, compare=False)
    copy: str = ""
    bytes_per_second: int = 0

    @property
    def name(self) -> str:
        """For sentences."""
        return self.shown

    @property
    def option(self) -> str:
        """How it is named on a command line."""
        return f"--copy {shlex.quote(self.copy)}" if self.copy else f"-r {shlex.quote(self.url)}"

    @property
    def folder(self) -> Path | None:
        """None: its objects are no files of this machine."""
        return None

    @property
    def has_diaries(self) -> bool:
        """Whether a repository was found there before."""
        return os.path.isdir(self.diaries)

    def storage(self, clock: Clock, cancelled: Callable[[], bool], *, create: bool = False) -> Storage:
        """Its storage; nothing is connected yet. Raises UsageError, SecretUnavailable."""
        from litekeep.storage.opening import open_storage
        from litekeep.storage.remote.address import SecretsMissing
        from litekeep.storage.retrying import RetryPolicy

        retry = RetryPolicy(first_budget_seconds=FIRST_CONTACT_SECONDS)
        try:
            storage = open_storage(self.url, self.secrets, clock=clock, create=create, cancelled=cancelled, retry=retry)
        except SecretsMissing as error:
            from litekeep.config.credentials import how_to_give

            error.hint = how_to_give(self.url)
            raise
        if not self.bytes_per_second:
            return storage
        from litekeep.storage.throttled import ThrottledStorage

        return ThrottledStorage(storage, clock, self.bytes_per_second, cancelled)


Place = Folder | Remote


class PlaceType(click.Path):
    """The value of --repository: a Path, or the text of a URL. A file:// URL is a Path."""

    def __init__(self) -> None:
        super().__init__(readable=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises UsageError for a URL that cannot be used."""
        if not isinstance(value, str) or not is_url(value):
            return super().convert(value, param, ctx)
        from litekeep.storage.remote.address import parse_address

        address = parse_address(value)
        return Path(address.path) if address.scheme == "file" else value


def is_url(text: str) -> bool:
    """True for what begins with a scheme, as no name of a folder does."""
    scheme, found, _ = text.partition("://")
    return bool(found) and scheme[:1].isalpha() and all(sign.isalnum() or sign in "+.-" for sign in scheme)


def folder_for(database: Path, named: Path | None) -> Path:
    """The folder for the backups of this database, whether it is there or not."""
    return named if named is not None else database.absolute().parent / DEFAULT_NAME


def find_folder(named: Path | None, database: Path | None = None) -> Path:
    """The folder of an existing repository; raises NoRepository, naming every place that was looked at."""
    places = _candidates(named, database)
    for place in places:
        if holds_repository(place):
            return place
    looked = " nor in ".join(str(place.absolute()) for place in places)
    absent = [place for place in places if not os.path.isdir(place)]
    what = "there is no folder" if named is not None and absent else "there is no Litekeep repository in"
    raise NoRepository(
        f"{what} {looked}",
        hint="Is the drive mounted? Name the repository with --repository (-r) or LITEKEEP_REPOSITORY; "
        "`litekeep backup app.db` makes a new one beside a database.",
    )


def holds_repository(place: Path) -> bool:
    """True if there is one, or what is left of one, or if this user may not look: opening it will tell."""
    try:
        os.stat(place / CONFIG)
    except PermissionError:
        return True
    except OSError:
        return os.path.isdir(place / "packs")
    return True


def _candidates(named: Path | None, database: Path | None) -> list[Path]:
    if named is not None:
        return [named]
    beside = [folder_for(database, None)] if database is not None else []
    places = [*beside, Path(DEFAULT_NAME), Path()]
    return [place for number, place in enumerate(places) if place.absolute() not in _absolute(places[:number])]


def _absolute(places: list[Path]) -> list[Path]:
    return [place.absolute() for place in places]
