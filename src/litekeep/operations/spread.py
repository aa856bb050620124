"""The 3-2-1 rule, from facts: three copies of the data, on two devices, one of them off-site. Pure.

The live database is one of the three; the repository is another, and so is each copy of it that is up to date. Two
folders on one device count as one device: a dying disk takes both. A place whose device is not known counts for a copy
and for no further device. What is far behind does not count at all: after a disaster it would be the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from litekeep.records import dataclass

COPIES, DEVICES, OFF_SITE = 3, 2, 1
SLACK = timedelta(days=1)
"""How far beyond the age that backups may have a copy may be behind: it is sent after they were made."""


class Holder(StrEnum):
    """What holds the data."""

    DATABASE = "database"
    REPOSITORY = "repository"
    COPY = "copy"


class Lack(StrEnum):
    """What the rule lacks."""

    COPIES = "copies"
    DEVICES = "devices"
    OFF_SITE = "off_site"


@dataclass(frozen=True, slots=True)
class Location:
    """One place with the data.

    name: of a copy, as the settings have it; of the others the word of their kind. device: of the disk, or the server;
    "" if it is not known. off_site: a fire or a thief here does not reach it. newest_at: when the newest good backup in
    it was made; of the database None, as it is newer than any. synced_at: when all was last there that should be.
    proven_at: when a restore from there was last tested. problem: why nothing arrives, or "". stale: see `is_stale`.
    """

    name: str
    kind: Holder
    place: str
    device: str
    off_site: bool = False
    newest_at: datetime | None = None
    synced_at: datetime | None = None
    proven_at: datetime | None = None
    problem: str = ""
    stale: bool = False

    @property
    def counts(self) -> bool:
        """True if the data could be had back from here."""
        if self.kind is Holder.DATABASE:
            return bool(self.device)
        return self.newest_at is not None and not self.stale


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing, in a sentence. places: names of those that would do, if they were up to date."""

    code: Lack
    text: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """copies, devices, off_site: how many there are, of those that count. missing: what the rule lacks."""

    places: tuple[Location, ...]
    copies: int
    devices: int
    off_site: int
    missing: tuple[Gap, ...]

    @property
    def holds(self) -> bool:
        """True if nothing is missing."""
        return not self.missing

    @property
    def sentence(self) -> str:
        """All of it in a line: "3 copies on 2 devices, 1 off-site"."""
        copies = "1 copy" if self.copies == 1 else f"{self.copies} copies"
        devices = "1 device" if self.devices == 1 else f"{self.devices} devices"
        return f"{copies} on {devices}, {self.off_site or 'none'} off-site"


def measure(places: Sequence[Location], max_age: timedelta) -> Spread:
    """What the places make together. max_age: how old the newest backup may be (operations.status)."""
    ours = [each.newest_at for each in places if each.kind is Holder.REPOSITORY]
    newest_at = next((moment for moment in ours if moment is not None), None)
    judged = tuple(replace(each, stale=is_stale(each, newest_at, max_age)) for each in places)
    good = [each for each in judged if each.counts]
    devices, off_site = len({each.device for each in good if each.device}), sum(each.off_site for each in good)
    found = [
        _copies(len(good), judged) if len(good) < COPIES else None,
        _devices(devices, judged) if devices < DEVICES else None,
        _off_site(judged) if off_site < OFF_SITE else None,
    ]
    return Spread(judged, len(good), devices, off_site, tuple(gap for gap in found if gap is not None))


def is_stale(location: Location, newest_at: datetime | None, max_age: timedelta) -> bool:
    """True for a copy whose newest backup is far older than the newest good one of the repository."""
    if location.kind is not Holder.COPY or location.newest_at is None or newest_at is None:
        return False
    return newest_at - location.newest_at > max_age + SLACK


def _copies(number: int, places: Sequence[Location]) -> Gap:
    late = _late(places)
    have = "one place has the data" if number == 1 else f"{number or 'no'} places have the data"
    if late:
        return Gap(Lack.COPIES, f"Bring {_named(late)} up to date: only {have}, and three should.", late)
    return Gap(Lack.COPIES, f"Add a place: only {have}, the database included, and three should.")


def _devices(number: int, places: Sequence[Location]) -> Gap:
    known = {each.device for each in places if each.counts}
    late = tuple(name for name in _late(places) if any(p.name == name and p.device not in {*known, ""} for p in places))
    why = "a disk that fails takes everything" if number else "no device is known that has the data"
    if late:
        return Gap(Lack.DEVICES, f"Bring {_named(late)} up to date: till then, {why}.", late)
    return Gap(Lack.DEVICES, f"Add a place on another device: {why}.")


def _off_site(places: Sequence[Location]) -> Gap:
    late = tuple(name for name in _late(places) if any(p.name == name and p.off_site for p in places))
    why = "a fire or a thief takes everything that is here"
    if late:
        return Gap(Lack.OFF_SITE, f"Bring {_named(late)} up to date: till then, {why}.", late)
    return Gap(Lack.OFF_SITE, f"Add a place outside the building: {why}.")


def _late(places: Sequence[Location]) -> tuple[str, ...]:
    """The copies that would count if they were up to date."""
    return tuple(each.name for each in places if each.kind is Holder.COPY and not each.counts)


def _named(names: Sequence[str]) -> str:
    return f"the copy {names[0]}" if len(names) == 1 else f"the copies {', '.join(names[:-1])} and {names[-1]}"
