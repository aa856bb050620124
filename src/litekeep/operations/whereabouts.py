"""Where the data is: facts for the 3-2-1 rule and for status, from the database, the repository's folder, the copies
that the settings name, and what is remembered of them (copymemory). No server is asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from litekeep.model import Snapshot
from litekeep.operations.copymemory import CopyState, read_states
from litekeep.operations.spread import Holder, Location, Spread, is_stale, measure
from litekeep.operations.status import CopyFacts
from litekeep.storage.remote.address import WITH_BUCKET, parse_address


class NamedCopy(Protocol):
    """A copy as the settings have it (config.copies.CopySettings)."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def shown(self) -> str: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def is_off_site(self) -> bool: ...


def spread_of(
    database: Path | None,
    folder: Path,
    snapshots: Iterable[Snapshot],
    copies: Sequence[NamedCopy],
    max_age: timedelta,
) -> Spread:
    """Measure. folder: of the repository. snapshots: all of the repository; none if it is not there."""
    good = _good(snapshots)
    newest_at = max((each.created_at for each in good), default=None)
    proven_at = max((each.drilled_at for each in good if each.drilled_at), default=None)
    here = Location("repository", Holder.REPOSITORY, str(folder), device_of(folder))
    places = [replace(here, newest_at=newest_at, synced_at=newest_at, proven_at=proven_at)]
    if database is not None:
        places.insert(0, Location("database", Holder.DATABASE, str(database), device_of(database)))
    states = read_states(folder)
    return measure([*places, *(_location(each, _state(each, states)) for each in copies)], max_age)


def copy_facts(
    folder: Path, snapshots: Iterable[Snapshot], copies: Sequence[NamedCopy], max_age: timedelta
) -> tuple[CopyFacts, ...]:
    """For status: what is known of each copy that is in use. snapshots: all of the repository."""
    wanted = [each for each in copies if each.enabled]
    if not wanted:
        return ()
    newest_at = max((each.created_at for each in _good(snapshots)), default=None)
    states, found = read_states(folder), []
    for each in wanted:
        state = _state(each, states)
        if state is not None:
            late = newest_at and state.newest_at and is_stale(_location(each, state), newest_at, max_age)
            behind = newest_at - state.newest_at if newest_at and state.newest_at and late else None
            found.append(CopyFacts(each.name, state.synced_at, state.failing_since, state.problem, behind))
    return tuple(found)


def device_of(path: Path) -> str:
    """The device that holds a file or folder, as a text that is equal for two paths on the same one; "" if unknown."""
    try:
        return str(os.stat(path).st_dev)
    except OSError:
        return ""


def _good(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    return [each for each in snapshots if each.sound and each.trashed_at is None]


def _state(copy: NamedCopy, states: Mapping[str, CopyState]) -> CopyState | None:
    """What is remembered of the copy in the place where it is now."""
    state = states.get(copy.name)
    return state if state is not None and state.place == copy.shown else None


def _location(copy: NamedCopy, state: CopyState | None) -> Location:
    known = state or CopyState(copy.name, copy.shown)
    return Location(
        copy.name,
        Holder.COPY,
        copy.shown,
        _device(copy),
        copy.is_off_site,
        known.newest_at,
        known.synced_at,
        known.proven_at,
        known.problem,
    )


def _device(copy: NamedCopy) -> str:
    """Of a folder its disk; of anything else the server, which is one device whatever it is called over."""
    address = parse_address(copy.url)
    if address.scheme == "file":
        return device_of(Path(address.path))
    if address.scheme in WITH_BUCKET:
        endpoint = urlsplit(address.options.get("endpoint", "")).hostname
        return f"host:{endpoint}" if endpoint else f"{address.scheme}:{address.options.get('account', '')}"
    return f"host:{address.host.lower()}"
