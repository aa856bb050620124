"""Look back: is the repository still what this machine saw of it? A seal proves that an object is genuine, not that it
is the newest one, nor that none is missing. Whoever can write to the place of the backups can delete a manifest, or put
an older state of the whole folder back, and every object that is left is in order. Only somebody who remembers notices.

So each user of a machine remembers, outside of the repository (sightings), which snapshots were there. Whenever it
looks again, one that is gone must have been removed on purpose:

1. It was in the trash when it was last seen. Only from there is anything ever removed.
2. Or the repository itself says that it was forgotten, in a sealed record that is written before the manifest goes
   (forgotten). So another machine may prune a shared repository, and this one may have been away for a year.
3. Or this machine was away for longer than that record reaches back; then the newest snapshots count only.

What is explained by none of these is a change that nobody made by way of Litekeep:

    rolled_back        what is gone is newer than everything that is there: an older state was put in place
    forked             in the place of what is gone, the same sequence has another snapshot: a state that went another
                       way, as when a machine and its backup folder were cloned, or a folder set back and used elsewhere
    snapshots_missing  anything else: single manifests are gone, or all of them, or the listing is not whole

Then a backup warns and goes on (a new good backup never does harm), status says so, and nothing is deleted for good:
packs that only the missing snapshots need are what they could be recovered with, and a prune would collect them. That
holds until the snapshots are there again, or a person accepts the repository as it is (`accept`).

What must not happen is a false alarm, as people learn to wave those through. The cases:

- Two machines, or two users, share a repository. Each has its own memory; 2 explains what the other one removed. If
  there was no room for the record, or the other one is of an older version that writes none, 1 still does, for whoever
  looks at least once in the seven days that the trash lasts.
- Another run works at the same time. The memory is read before the listing with which it is compared (a listing from
  before, a catalog say, is taken again when it seems to lack something), and the records of what was forgotten after
  it: so what was remembered was there before, and who removed it since has said so before that. Of two that write the
  memory at the same time one wins: it then knows a little less, or something too much that 1 or 2 explains.
- A run dies in the middle of a prune: the record came first. A run dies after its manifest: nobody misses it.
- A sequence is used again after the newest snapshot was removed on purpose: 1 or 2 explains the one that is gone.
- The memory is older than the repository, since the home folder was restored, say: it knows too little, which is no
  alarm, or names what was removed since, which 2 explains.
- A repository is moved, or copied by hand to another place: the memory goes by the place too, so that is another one,
  looked at for the first time. So is a copy (sync), whose own retention and history have nothing to do with this one.
- A damaged manifest is there; that is told elsewhere.

Not noticed: what happened before this machine looked for the first time, or while nobody else than this machine could
know of a snapshot and it died before it remembered; marks and receipts that were put back; and whatever an attacker
does who can write to the state folder too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from litekeep.errors import Refused
from litekeep.monitor import Monitor
from litekeep.operations.forgotten import read_forgotten
from litekeep.operations.sightings import Sightings, SourceSeen, Wrong, id_of, read, sequence_of, token, write
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.catalog import Catalog
from litekeep.repository.repository import Repository

REMEMBERED_FOR = timedelta(days=1)
"""A memory in which nothing changed is written again at this age, as it also tells when this machine last looked."""
ACCEPT = "litekeep doctor --accept-changes"
WAITS = "nothing is deleted until somebody has looked"
Present = Mapping[str, bool | None]
"""What is there, by token. True: in the trash; None: the listing does not tell."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that nobody did by way of Litekeep. missing: ids of what is gone, oldest first. left: how many are
    there. since: when it was first seen.
    """

    source: str
    wrong: Wrong
    missing: tuple[str, ...]
    left: int
    since: datetime

    @property
    def text(self) -> str:
        """What happened, without a full stop."""
        number = len(self.missing)
        backups = f"one backup of {self.source}" if number == 1 else f"{number} backups of {self.source}"
        if self.wrong is Wrong.ROLLED_BACK:
            newest = "the newest that was" if number == 1 else "the newest that were"
            return f"the repository is in an older state: {backups}, {newest} seen here, {_verb(number)} not in it"
        if self.wrong is Wrong.FORKED:
            return (
                f"the repository has another history than was seen here: {backups} {_verb(number)} not in it, and "
                "others stand in their place"
            )
        everything = "" if self.left else ", all that there were,"
        return f"{backups}{everything} {_verb(number)} gone that nobody removed"


def _verb(number: int) -> str:
    return "is" if number == 1 else "are"


def judge(missing: Collection[str], present: Collection[str], known: Collection[str]) -> Wrong:
    """Pure: what it means that these are missing, at least one. known: what was seen before."""
    gone = {sequence_of(each) for each in missing}
    if gone & {sequence_of(each) for each in present if each not in known}:
        return Wrong.FORKED
    return Wrong.ROLLED_BACK if present and min(gone) > _newest(present) else Wrong.MISSING


def _newest(tokens: Iterable[str]) -> int:
    return max(map(sequence_of, tokens))


def compare(
    before: SourceSeen, present: Present, removed: Collection[str], *, complete: bool, now: datetime
) -> SourceSeen:
    """Pure: what is known then.

    removed: ids that were forgotten on purpose. complete: these are all since this machine last looked.
    """
    missing = {
        each: False
        for each, trashed in before.known.items()
        if each not in present and not trashed and id_of(each) not in removed
    }
    if missing and not complete and present and _newest(present) >= _newest(before.known):
        missing = {}
    there = {each: before.known.get(each, False) if trashed is None else trashed for each, trashed in present.items()}
    if not missing:
        return SourceSeen(there)
    wrong = before.wrong or judge(missing, present, before.known)
    return SourceSeen(missing | there, wrong, before.since or now)


def look(
    repository: Repository,
    now: datetime,
    *,
    catalog: Catalog | None = None,
    keys: Sequence[layout.SnapshotKey] | None = None,
    source_dir: str | None = None,
) -> tuple[Change, ...]:
    """What is gone that was there, of all sources or one; and remember what is there. Empty if nothing is remembered.

    catalog: the listing, if it was just read. keys: the same, read under the lock that the caller holds.
    Raises StorageError.
    """
    path = repository.sightings
    if path is None:
        return ()
    before = read(path) or Sightings(now - 2 * REMEMBERED_FOR, {})  # for the first time: nothing is missing
    if catalog is not None:
        present = _of_catalog(catalog)
    else:
        present = _of_keys(repository.snapshot_keys(source_dir) if keys is None else keys)
    if catalog is not None and any(_lacks(present.get(name, {}), seen) for name, seen in before.sources.items()):
        fresh = _of_keys(repository.snapshot_keys())
        present = {name: {each: present.get(name, {}).get(each) for each in found} for name, found in fresh.items()}
    names = [source_dir] if source_dir else sorted({*present, *before.sources})
    after = {name: _look_at(repository, name, before, present.get(name, {}), now) for name in names}
    sources = {**before.sources, **after}
    if sources != before.sources or not timedelta(0) <= now - before.at <= REMEMBERED_FOR:
        write(path, Sightings(now, sources), repository)
    told = {each.key.split("/", 2)[1]: each.source for each in catalog.snapshots} if catalog else {}
    wrong = {name: seen for name, seen in after.items() if seen.wrong}
    return tuple(
        _change(told.get(name) or source_of(name), seen, present.get(name, {})) for name, seen in wrong.items()
    )


def _look_at(repository: Repository, name: str, before: Sightings, present: Present, now: datetime) -> SourceSeen:
    seen = before.sources.get(name, SourceSeen())
    if not _lacks(present, seen):
        return compare(seen, present, (), complete=True, now=now)
    removed = read_forgotten(repository, name)
    complete = removed.since is None or removed.since <= before.at
    return compare(seen, present, removed.ids, complete=complete, now=now)


def _lacks(present: Present, seen: SourceSeen) -> bool:
    return not seen.known.keys() <= present.keys()


def _change(source: str, seen: SourceSeen, present: Present) -> Change:
    missing = sorted((each for each in seen.known if each not in present), key=sequence_of)
    assert seen.wrong is not None
    assert seen.since is not None
    return Change(source, seen.wrong, tuple(map(id_of, missing)), len(present), seen.since)


def _of_keys(keys: Sequence[layout.SnapshotKey]) -> dict[str, dict[str, bool | None]]:
    found: dict[str, dict[str, bool | None]] = {}
    for key in keys:
        found.setdefault(key.source_dir, {})[token(key.sequence, key.id)] = None
    return found


def _of_catalog(catalog: Catalog) -> dict[str, dict[str, bool | None]]:
    found = _of_keys([key for error in catalog.damaged if (key := layout.parse_snapshot_key(error.key))])
    for snapshot in catalog.snapshots:
        name = snapshot.key.split("/", 2)[1]
        found.setdefault(name, {})[token(snapshot.sequence, snapshot.id)] = snapshot.trashed_at is not None
    return found


def source_of(source_dir: str) -> str:
    """The name of a source from that of its folder, as far as it tells (see repository.layout)."""
    raw = re.sub(rb"_([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode("ascii")), source_dir.encode("ascii"))
    return raw.decode("utf-8", "surrogateescape")


def warn(changes: Sequence[Change], monitor: Monitor) -> None:
    """Tell a run."""
    for change in changes:
        monitor.event("warning", code=change.wrong.value, message=f"{change.text}; {WAITS}")


def require_unchanged(repository: Repository, catalog: Catalog, now: datetime) -> None:
    """Raise Refused if something is gone that nobody removed: what it needs must not be collected."""
    changes = look(repository, now, catalog=catalog)
    if changes:
        raise Refused(
            "; ".join(change.text for change in changes),
            safe="Nothing was deleted.",
            hint=f"Find out why: was a folder set back, were files deleted? If all is as it should be: `{ACCEPT}`.",
        )


def add(repository: Repository, key: layout.SnapshotKey, now: datetime) -> None:
    """Remember a snapshot that was just made."""
    if repository.sightings is None:
        return
    before = read(repository.sightings) or Sightings(now, {})
    seen = before.sources.get(key.source_dir, SourceSeen())
    known = {**seen.known, token(key.sequence, key.id): False}
    sources = {**before.sources, key.source_dir: replace(seen, known=known)}
    write(repository.sightings, Sightings(now, sources), repository)


def accept(repository: Repository, now: datetime, monitor: Monitor) -> tuple[Change, ...]:
    """Take the repository as it is now for right, as a person said; returns what was wrong with it till now.

    Raises StorageError; Refused if it cannot be remembered.
    """
    changes, path = look(repository, now), repository.sightings
    before = read(path) if path and changes else None
    if path is None or before is None:
        return changes
    gone = {each for change in changes for each in change.missing}
    sources = {
        name: SourceSeen({each: trashed for each, trashed in seen.known.items() if id_of(each) not in gone})
        for name, seen in before.sources.items()
    }
    write(path, Sightings(now, sources), repository)
    if look(repository, now):
        raise Refused(
            f"{path} cannot be written",
            safe="Nothing was changed.",
            hint="Look at rights and room of its folder, or name another one with LITEKEEP_STATE_FOLDER.",
        )
    for change in changes:
        monitor.event("changes_accepted", source=change.source, wrong=change.wrong.value, what=change.text)
    return changes
