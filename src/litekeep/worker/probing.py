"""Look at a place before it becomes a copy: can it be reached, what lies there, and may one write to it.

Secrets come along with the job, because they are kept nowhere before somebody says yes to the place. Nothing stays
there: on a server one small scratch object is written and removed again; into a folder nothing is written at all. The
folder of a copy on a server is made if it is missing, as sending would make it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from pathlib import Path

from litekeep.clock import Clock, SystemClock
from litekeep.config.copies import CopySettings
from litekeep.errors import Cancelled, CorruptObject, LitekeepError, NoRepository, ObjectMissing, UnsupportedFormat
from litekeep.formats.repoconfig import KEY as CONFIG
from litekeep.formats.repoconfig import decode_config
from litekeep.monitor import Monitor
from litekeep.operations.whereabouts import device_of
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.storage.base import Storage
from litekeep.storage.local import LocalStorage
from litekeep.storage.opening import open_remote
from litekeep.storage.remote.address import parse_address
from litekeep.worker.jobs import Place

STALL_SECONDS = 15.0
"""A server that says nothing for so long is not there, for somebody who waits before a form."""
_FINGERPRINT = r"SHA256:[A-Za-z0-9+/]{43}=?"


class Content(StrEnum):
    """What lies in a place."""

    EMPTY = "empty"
    OURS = "ours"
    """This repository: copying goes on there."""
    OTHER = "other"
    """Another repository, or backups that cannot be read as one: nothing may be sent there."""
    HERE = "here"
    """The folder of the backups itself, or one inside it."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a look at a place found.

    content: None if that is not known, because of `code` (of litekeep.errors) and `problem`. snapshots: in our copy.
    exclusive: whether the server refuses to replace what is there (see RemoteStorage.probe); None: not asked.
    same_device: it is on the drive of the database or of the backups. fingerprint: the host key of a server that this
    machine does not know. encrypted: whether the backups are.
    """

    content: Content | None = None
    snapshots: int = 0
    exclusive: bool | None = None
    same_device: bool = False
    encrypted: bool = False
    code: str = ""
    problem: str = ""
    fingerprint: str = ""

    @property
    def usable(self) -> bool:
        """True if backups can be sent there."""
        return self.content in (Content.EMPTY, Content.OURS)


@dataclass(frozen=True, slots=True)
class ProbeCopyJob:
    """Look at a place. given: its secrets by name; None: those that the settings of the copy refer to."""

    place: Place
    copy: CopySettings
    given: Mapping[str, str] | None = field(default=None, repr=False)

    def run(self, monitor: Monitor) -> ProbeResult:
        """Never raises but Cancelled: what went wrong is in the result."""
        clock = SystemClock()
        found = ProbeResult(encrypted=is_encrypted(self.place.folder))
        try:
            address = parse_address(self.copy.url)
            if address.scheme == "file":
                return self._look_at_folder(Path(address.path), found, clock)
            return self._look_at_server(found, clock, monitor)
        except Cancelled:
            raise
        except LitekeepError as error:
            shown = re.search(_FINGERPRINT, error.message) if error.code == "wrong_server" else None
            return replace(found, code=error.code, problem=error.message, fingerprint=shown[0] if shown else "")

    def _look_at_server(self, found: ProbeResult, clock: Clock, monitor: Monitor) -> ProbeResult:
        storage = open_remote(
            self.copy.url,
            dict(self.given) if self.given is not None else (lambda: self.copy.secrets(monitor=monitor)),
            clock=clock,
            create=True,
            cancelled=monitor.cancelled,
            stall_seconds=STALL_SECONDS,
        )
        try:
            found = self._contents(storage, found, clock)
            return replace(found, exclusive=storage.probe().exclusive) if found.usable else found
        finally:
            storage.close()

    def _look_at_folder(self, folder: Path, found: ProbeResult, clock: Clock) -> ProbeResult:
        """Nothing is written: whether it may be is asked of the system."""
        backups = self.place.folder
        if _inside(folder, backups):
            return replace(found, content=Content.HERE)
        exists = os.path.isdir(folder)
        nearest = folder if exists else folder.parent
        if not os.path.isdir(nearest):
            return replace(found, code="place_missing", problem=f"there is no folder {nearest}")
        if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
            return replace(found, code="permission", problem=f"this user may not write in {nearest}")
        device = device_of(nearest)
        here = {device_of(backups if backups.exists() else backups.parent), device_of(self.place.database)}
        found = replace(found, same_device=bool(device) and device in here)
        return self._contents(LocalStorage(folder, clock), found, clock) if exists else _empty(found)

    def _contents(self, storage: Storage, found: ProbeResult, clock: Clock) -> ProbeResult:
        try:
            there = decode_config(storage.get(CONFIG))
        except ObjectMissing:
            stray = any(each.key.startswith((layout.PACKS, layout.SNAPSHOTS)) for each in storage.list())
            return replace(found, content=Content.OTHER) if stray else _empty(found)
        except (CorruptObject, NoRepository, UnsupportedFormat) as error:
            return replace(found, content=Content.OTHER, problem=error.message)
        if not self.place.there:
            return replace(found, content=Content.OTHER)
        if there != decode_config(LocalStorage(self.place.folder, clock).get(CONFIG)):
            return replace(found, content=Content.OTHER)
        snapshots = sum(layout.parse_snapshot_key(each.key) is not None for each in storage.list(layout.SNAPSHOTS))
        return replace(found, content=Content.OURS, snapshots=snapshots)


def is_encrypted(folder: Path) -> bool:
    """Whether the repository in a folder is encrypted, without opening it; False where there is none."""
    try:
        with os.scandir(folder / layout.KEYS) as entries:
            return any(entries)
    except OSError:
        return False


def _empty(found: ProbeResult) -> ProbeResult:
    return replace(found, content=Content.EMPTY)


def _inside(folder: Path, other: Path) -> bool:
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(other))
