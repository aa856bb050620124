"""Forgotten: what was removed on purpose, written down in the repository for whoever looks at it later.

A machine that comes back after a holiday finds snapshots gone. Those that another machine removed by its retention are
no alarm; those that nobody removed are one (operations.lookback). So whoever forgets snapshots says so before, in a
mark on the newest snapshot of the source that stays: sealed like every object, so that with encryption only who has a
key can say it. Each such mark has everything that the ones before it said, which are then deleted: there is one for
each source, of 17 bytes for each snapshot. It keeps the last MOST removals, for KEPT_DAYS days.

    {"forgotten": {"since": ISO time or "", "ids": {"2026-09-24": "id id ...", ...}}}

`since`: removals before that moment may be missing from the list; empty: none is. A snapshot that ages out takes its
marks with it, which is why the new mark comes first. If there is no room for it, it is written after garbage was
collected; a crash between may then cause a false alarm on another machine, and nothing worse.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from litekeep.errors import CorruptObject, NoSpace, ObjectMissing, UnsupportedFormat
from litekeep.model import Snapshot, read_moment
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.repository import Repository

KEPT_DAYS = 400
MOST = 2000
_KEY = "forgotten"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """days: the ids that were forgotten, by day. since: when the list begins; None: it is complete."""

    days: dict[str, tuple[str, ...]] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def ids(self) -> frozenset[str]:
        """All of them."""
        return frozenset(each for ids in self.days.values() for each in ids)


def is_about_forgotten(changes: dict[str, Any]) -> bool:
    """True for what such a mark sets: it is about this repository's own history, and never sent to a copy."""
    return _KEY in changes


def read_forgotten(repository: Repository, source_dir: str) -> Forgotten:
    """What was forgotten of a source; a mark that cannot be read tells nothing."""
    return _merged(found for _, found in _marks(repository, source_dir))


def record_forgotten(
    repository: Repository,
    doomed: Sequence[Snapshot],
    present: Iterable[Snapshot],
    delete: Callable[[str], object],
    now: datetime,
) -> bool:
    """Write down that these are going to be forgotten; False if there is no room for that. The caller holds the lock.

    present: all snapshots of the repository, as they are before. delete: what deletes a record that is outdated.
    """
    gone = {each.id for each in doomed}
    left = [each for each in present if each.id not in gone]
    try:
        for source in sorted({each.source for each in doomed}):
            mine = [each for each in left if each.source == source]
            live = [each for each in mine if each.trashed_at is None]
            if carrier := (live or mine)[-1:]:
                ids = tuple(each.id for each in doomed if each.source == source)
                for key in _record(repository, carrier[0], ids, gone, now):
                    delete(key)
    except NoSpace:
        return False
    return True


def _record(
    repository: Repository, carrier: Snapshot, ids: tuple[str, ...], gone: Collection[str], now: datetime
) -> list[str]:
    """Write the record of one source; returns the keys of those that are outdated then."""
    marks = _marks(repository, layout.source_dir(carrier.source))
    before, day = _merged(found for _, found in marks), f"{now:%Y-%m-%d}"
    if before.ids >= {*ids} and len(marks) == 1 and layout.record_snapshot(marks[0][0]) not in gone:
        return []  # it was said before, and the storage did not let them go
    days = {**before.days, day: tuple(dict.fromkeys((*before.days.get(day, ()), *ids)))}
    kept = _bounded(Forgotten(days, before.since), now)
    facts = {
        "since": kept.since.isoformat() if kept.since else "",
        "ids": {day: " ".join(ids) for day, ids in sorted(kept.days.items())},
    }
    repository.mark(carrier.source, carrier.id, "forget", {_KEY: facts}, now)
    return [key for key, _ in marks]


def _bounded(given: Forgotten, now: datetime) -> Forgotten:
    """Without the oldest, where there are too many."""
    oldest, total = f"{now - timedelta(days=KEPT_DAYS):%Y-%m-%d}", 0
    days: dict[str, tuple[str, ...]] = {}
    since = given.since
    for day, ids in sorted(given.days.items(), reverse=True):
        total += len(ids)
        if day < oldest or (total > MOST and days):
            end = datetime.fromisoformat(day).replace(tzinfo=now.tzinfo) + timedelta(days=1)
            since = max(since, end) if since else end
            break
        days[day] = ids
    return Forgotten(days, since)


def _marks(repository: Repository, source_dir: str) -> list[tuple[str, Forgotten]]:
    """The marks of a source that tell of removals, with their keys."""
    found = []
    for entry in repository.storage.list(f"{layout.MARKS}{source_dir}/"):
        if layout.record_snapshot(entry.key) is None:
            continue
        try:
            changes = repository.read_mark(entry.key, entry.size_bytes).changes
            if is_about_forgotten(changes):
                found.append((entry.key, _from_facts(changes[_KEY])))
        except (CorruptObject, UnsupportedFormat, ObjectMissing, ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _from_facts(facts: dict[str, Any]) -> Forgotten:
    since = read_moment(facts["since"]) if facts["since"] else None
    for day in facts["ids"]:
        read_moment(f"{day}T00:00:00+00:00")
    return Forgotten({str(day): tuple(str(ids).split()) for day, ids in facts["ids"].items()}, since)


def _merged(several: Iterable[Forgotten]) -> Forgotten:
    days: dict[str, tuple[str, ...]] = {}
    since: datetime | None = None
    for each in several:
        for day, ids in each.days.items():
            days[day] = tuple(dict.fromkeys((*days.get(day, ()), *ids)))
        if each.since is not None:
            since = each.since if since is None else max(since, each.since)
    return Forgotten(days, since)
