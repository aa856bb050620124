"""Sync: bring a copy to hold what the repository holds.

A copy is another storage with the same objects under the same names. What makes it safe:

* *Order.* What a snapshot needs is there before its manifest is put, which makes it exist there; what is said about it
  comes last. A run that ends anywhere leaves whole snapshots, and the next one goes on.
* *Sound objects only.* Every object is checked before it is sent, so that damage of the local disk stays there.
* *Nothing is deleted by the local listing.* What vanishes here stays there. The copy has a retention of its own,
  applied to what the copy itself lists, with its own trash; marks that put something into the trash are not sent. So
  neither a mistake nor an attacker who empties the repository empties the copies.
* *Nothing is compacted there.* A pack of a lower generation holds every block that a higher one does (garbage.py), so a
  pack that the copy has in any generation up to ours will do, and is not sent again unless what it is built on has gone
  (copyfit). Packs that nothing needs are dropped as a whole. Where the copy has a higher generation than we, or another
  object under the same name (somebody compacted it, or our repository was rebuilt), its index is read, and it must hold
  all that is needed.
* *One owner.* A place with another repository, or with backups and no repository.json, is refused. Snapshots there that
  we never had, of the same sequence as one of ours or a higher one, show that another machine writes to it, or that
  ours is an older state of the repository: then nothing is pruned there, and people are told.

What the copy has is remembered (copymemory), so that an unchanged day costs no request. Every week, whenever nothing is
remembered, and whenever the backup that arrived last is not there any more, the place itself is asked: new backups
should not go for days to a place that was set back or emptied, and lacks what they are built on. Where they did (a
server whose requests are paid for is not asked each day), they become whole with the next look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from litekeep.clock import Clock
from litekeep.errors import (
    Cancelled,
    CorruptObject,
    LitekeepError,
    ObjectMissing,
    PlaceMissing,
    Refused,
    UnsupportedFormat,
)
from litekeep.formats.manifest import PageMap
from litekeep.formats.repoconfig import KEY as CONFIG_KEY
from litekeep.model import Snapshot
from litekeep.monitor import Monitor
from litekeep.operations import copyfit
from litekeep.operations.copymemory import CopyMemory
from litekeep.operations.forgotten import is_about_forgotten
from litekeep.operations.lookback import WAITS, look
from litekeep.operations.prune import PruneOptions, PruneResult, prune
from litekeep.operations.sending import Sender, foundation, refuse_other, tell_not_sent, why_not
from litekeep.operations.sightings import remember_beside
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.garbage import Maps, needed_frames
from litekeep.repository.moment import ATTEMPTS
from litekeep.repository.packs import PackTable, load_index
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy, plan_retention
from litekeep.storage.base import Storage, sizes_by_key
from litekeep.storage.counting import CountingStorage

LIST_AFTER = timedelta(days=7)
"""So often the place itself is asked what it has."""
SAVE_EVERY = 256
"""After so many objects, what was sent is written down."""


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How to sync. policy: what the copy keeps; None: all that the repository keeps, and nothing is pruned there.

    source: only the snapshots of this database; None: of all that the repository has. The policy is that of one
    database, and must not thin out the copies of another.

    look: a person wants the place to be asked what it has, whatever is remembered, and everything that it lacks to be
    sent. check: the same, but a place that lost everything is taken for the wrong one. ask_first: before something is
    sent, ask whether the backup that arrived last is still there; False where each request is paid for.

    unencrypted: a person said that these backups may lie there for others to read. remove_keys: remove passphrases and
    keys there that were removed here.
    """

    policy: RetentionPolicy | None = None
    source: str | None = None
    look: bool = False
    check: bool = False
    ask_first: bool = True
    unencrypted: bool = False
    remove_keys: bool = False


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a sync did. snapshots: ids that are whole there now and were not before. requests: calls of the storage.

    listed: whether the place was asked what it has. left_behind: what could not be sent because it is damaged here.
    """

    name: str
    snapshots: tuple[str, ...]
    sent_objects: int
    sent_bytes: int
    requests: int
    listed: bool
    left_behind: tuple[str, ...]
    warnings: tuple[str, ...]
    pruned: PruneResult | None
    elapsed_seconds: float

    @property
    def nothing_new(self) -> bool:
        """True if all was there already."""
        return not (self.sent_objects or self.left_behind or self.pruned)


def sync(
    repository: Repository,
    copy: Storage,
    memory: CopyMemory,
    options: SyncOptions,
    *,
    clock: Clock,
    monitor: Monitor,
) -> SyncResult:
    """Send what the copy lacks, then prune it where that is due.

    Raises Refused (another repository is there; not encrypted, and nobody said yes), Locked (another run sends to it),
    Cancelled, and the StorageError family: what was sent stays, and the next run goes on.
    """
    with memory.lock("sync", clock):
        return _Sync(repository, copy, memory, options, clock, monitor).run()


class _Sync:
    def __init__(
        self,
        repository: Repository,
        copy: Storage,
        memory: CopyMemory,
        options: SyncOptions,
        clock: Clock,
        monitor: Monitor,
    ) -> None:
        self._repository, self._memory, self._options = repository, memory, options
        self._copy = CountingStorage(copy)
        self._there_repository = Repository(self._copy, repository.config, repository.keys)
        remember_beside(repository, self._there_repository)
        self._clock, self._monitor = clock, monitor
        self._there: dict[str, int] = {}
        self._before: set[str] = set()
        self._left_behind: dict[str, str] = {}
        self._warnings: dict[str, str] = {}
        self._parents: dict[layout.SnapshotKey, str | None] = {}
        self._listed = self._lost_packs = False
        self._sent_objects, self._sent_bytes = 0, 0

    def run(self) -> SyncResult:
        started, now, pruned = self._clock.monotonic(), self._clock.now(), None
        self._memory.change(attempted_at=now)
        try:
            self._refuse_open_talk()
            local = self._local()
            self._find_out(local)
            local = self._send_all(local)
            self._look_for_strangers(local)
            self._look_for_old_keys(local)
            if self._listed and not self._before:
                self._memory.change(pruned_at=now)  # nothing can be too much yet
            pruned = self._prune() if self._listed and self._before and self._is_prune_due() else None
            self._ended_well(local)
        except BaseException as error:
            self._failed(error)
            raise
        finally:
            if self._there:
                self._memory.known = dict(self._there)
            self._memory.count(self._requests, self._copy.written_bytes, now)
            self._memory.save()
        new = layout.snapshot_ids(self._there) - self._before
        self._monitor.event(
            "sync_finished",
            copy=self._memory.state.name,
            objects=self._sent_objects,
            bytes=self._sent_bytes,
            snapshots=len(new),
            left_behind=len(self._left_behind),
            requests=self._requests,
            elapsed_seconds=self._clock.monotonic() - started,
        )
        return SyncResult(
            name=self._memory.state.name,
            snapshots=tuple(sorted(new)),
            sent_objects=self._sent_objects,
            sent_bytes=self._sent_bytes,
            requests=self._requests,
            listed=self._listed,
            left_behind=tuple(self._left_behind.values()),
            warnings=tuple(self._warnings.values()),
            pruned=pruned,
            elapsed_seconds=self._clock.monotonic() - started,
        )

    @property
    def _requests(self) -> int:
        return sum(self._copy.calls.values())

    def _local(self) -> dict[str, int]:
        """Key -> size of all that is here."""
        return sizes_by_key(self._repository.storage.list())

    def _refuse_open_talk(self) -> None:
        if self._repository.keys is None and not self._options.unencrypted:
            raise Refused(
                f"the backups are not encrypted, and whoever can read {self._copy.description} could read the database",
                safe="Nothing was sent.",
                hint='Encrypt them (`litekeep encrypt`), or say yes to it with "unencrypted": true for this copy.',
            )

    # What is there?

    def _find_out(self, local: dict[str, int]) -> None:
        """Recall what the place has, or ask it."""
        known, listed_at = self._memory.known, self._memory.state.listed_at
        recent = listed_at is not None and timedelta() <= self._clock.now() - listed_at < LIST_AFTER
        if known is not None and recent and not (self._options.look or self._options.check):
            self._there = dict(known)
        else:
            self._ask(local)
        self._before = layout.snapshot_ids(self._there)

    def _is_as_left(self) -> bool:
        """Whether the backup that arrived last is still there: not in a place that was set back or emptied."""
        key = self._memory.state.last_sent
        try:
            return key not in self._there or self._copy.size(key) == self._there[key]
        except ObjectMissing:
            return False

    def _ask(self, local: dict[str, int]) -> None:
        """Ask the place what it has, and compare that with what it should have."""
        known, found = self._memory.known, sizes_by_key(self._copy.list())
        if not self._is_left_of_ours(found, known or {}, local):
            refuse_other(self._repository, self._copy, found)
        if known and not found and not self._options.look:
            raise PlaceMissing(
                f"{self._copy.description} is empty, and should hold a copy",
                safe="Nothing was sent.",
                hint="Is it the right drive or place? If it is, `litekeep sync --look` sends everything again.",
            )
        gone = [key for key, size in (known or {}).items() if found.get(key) != size]
        lost = [key for key in gone if key in local]
        self._lost_packs = any(map(layout.parse_pack_key, gone))  # also one that has a newer generation here by now
        if lost:
            name = self._memory.state.name
            what = f"{len(lost)} objects that were sent to the copy {name} are not there any more, or are not whole"
            self._warn("copy_lost_objects", f"{what}, {lost[0]} for one; they are sent again")
        self._there = {key: size for key, size in found.items() if key not in lost}
        self._memory.change(listed_at=self._clock.now())
        self._listed = True

    @staticmethod
    def _is_left_of_ours(found: Iterable[str], known: Mapping[str, int], local: Mapping[str, int]) -> bool:
        """Whether all that is there is what we sent, though what makes it a repository is lost: it is sent again."""
        return CONFIG_KEY in known and CONFIG_KEY not in found and all(key in known or key in local for key in found)

    # What is to be sent?

    def _send_all(self, local: dict[str, int]) -> dict[str, int]:
        """Send what is lacking, anew while a prune beside it takes away what was listed; returns the newest listing.

        Only what is wrong with a listing that stays the same is damage, and told.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                self._send(local)
            except CorruptObject:
                now = self._local()
                if local.keys() <= now.keys():
                    raise
            else:
                if not self._left_behind:
                    return local
                now = self._local()
                if local.keys() <= now.keys():
                    break
            self._left_behind.clear()
            local = now
        else:
            self._send(local)
        tell_not_sent(self._left_behind.values(), self._monitor)
        return local

    def _send(self, local: dict[str, int]) -> None:
        """Send what is lacking."""
        wanted = self._wanted(local)
        lacking = [key for key in wanted if key.key not in self._there]
        # As long as the copy has it, it must be whole, also what it need not keep.
        maps = self._maps([*dict.fromkeys((*wanted, *self._ours_there(local)))] if self._lost_packs else lacking)
        table = PackTable(self._repository) if maps else None
        packs, elsewise = self._packs_for(maps, table, local) if table else ([], {})
        fitting = len(maps)
        later = self._settle(maps, packs, elsewise, local) if elsewise else []
        if table and len(maps) < fitting:
            packs, _ = self._packs_for(maps, table, local)
        new = [key for key in lacking if key in maps]  # what lacks a pack here is none of them any more
        ground = [key for key in foundation(local) if key not in self._there]
        records = self._records(local, {key.id for key in wanted})
        todo = [*ground, *packs, *later, *(key.key for key in new), *records]
        if todo and self._options.ask_first and not self._listed and not self._is_as_left():
            self._ask(local)
            self._before &= layout.snapshot_ids(self._there)
            self._send(local)
            return
        total = sum(local[key] for key in todo)
        self._memory.change(waiting_objects=len(todo), waiting_bytes=total)
        if todo:
            name = self._memory.state.name
            self._monitor.event("sync_started", copy=name, objects=len(todo), bytes=total, snapshots=len(new))
        sender = Sender(self._repository, self._copy, total, self._monitor, self._arrived)
        failed = sender.send(ground)
        failed |= sender.send(packs)
        for each in later:  # one after the other, see copyfit
            failed |= {} if failed else sender.send([each])
        if table and failed:
            new = [key for key in new if self._is_complete(key, maps[key], table, failed)]
        failed |= sender.send([key.key for key in new])
        whole = layout.snapshot_ids(self._there)
        failed |= sender.send([key for key in records if layout.record_snapshot(key) in whole])
        for key, error in failed.items():
            self._leave_behind(key, error)

    def _wanted(self, local: dict[str, int]) -> list[layout.SnapshotKey]:
        """The snapshots of ours that the copy is to have, newest first."""
        catalog = load_catalog(self._repository)
        for error in catalog.damaged:
            if error.key.startswith(layout.SNAPSHOTS):
                self._leave_behind(error.key, error)
        kept: dict[str, Snapshot] = {}
        for source in catalog.sources() if self._options.source is None else [self._options.source]:
            sound = [each for each in catalog.of(source) if each.trashed_at is None and not each.damage]
            kept |= {each.key: each for each in self._kept(sound)}
        memory, here = self._memory, layout.snapshot_ids(local)
        memory.left_out &= here
        memory.left_out -= {each.id for each in kept.values() if each.pinned}
        keys = [key for name in kept.keys() & local.keys() if (key := layout.parse_snapshot_key(name))]
        wanted = [key for key in keys if key.key in self._there or key.id not in memory.left_out]
        return sorted(wanted, key=lambda key: (key.stamp, key.sequence, key.id), reverse=True)

    def _ours_there(self, local: dict[str, int]) -> list[layout.SnapshotKey]:
        """The snapshots that are here, and in the copy."""
        return [key for name in self._there.keys() & local.keys() if (key := layout.parse_snapshot_key(name))]

    def _kept(self, snapshots: list[Snapshot]) -> Iterable[Snapshot]:
        policy = self._options.policy
        if policy is None:
            return snapshots
        plan = plan_retention(snapshots, policy, self._clock.now())
        return [decision.snapshot for decision in plan.decisions if decision.keep]

    def _maps(self, keys: Sequence[layout.SnapshotKey]) -> dict[layout.SnapshotKey, PageMap]:
        maps = {}
        for key in keys:
            try:
                manifest = self._repository.read_manifest(key.key)
                maps[key], self._parents[key] = manifest.page_map, manifest.facts.get("parent")
            except (CorruptObject, UnsupportedFormat) as error:
                self._leave_behind(key.key, error)
            except ObjectMissing:
                continue  # forgotten after the listing
        return maps

    def _packs_for(
        self, maps: dict[layout.SnapshotKey, PageMap], table: PackTable, local: dict[str, int]
    ) -> tuple[list[str], dict[str, bool]]:
        """Keys of the packs that these snapshots need and the copy lacks, in the order of their making.

        And our keys of those that it has in another generation: whether in an earlier one.
        """
        by_source: Maps = {}
        for key in sorted(maps, key=layout.order):
            try:
                needed_frames(table, {key.source_dir: [maps[key]]})
            except CorruptObject as error:
                self._leave_behind(key.key, error)
                del maps[key]
                continue
            by_source.setdefault(key.source_dir, []).append(maps[key])
        there, found, elsewise = _generations(self._there), [], {}
        for pack_id, frames in needed_frames(table, by_source).items():
            ours, theirs = table.key(pack_id), there.get(pack_id)
            if theirs is None:
                found.append(ours)
                continue
            name = layout.pack_key(pack_id, theirs)
            if name != ours:
                elsewise[ours] = theirs < max(table.generations[pack_id])
            if theirs > max(table.generations[pack_id]) or local.get(name, self._there[name]) != self._there[name]:
                self._require_blocks(table, pack_id, frames, name)
        return sorted(found, key=layout.pack_order), elsewise

    def _settle(
        self,
        maps: dict[layout.SnapshotKey, PageMap],
        packs: list[str],
        elsewise: Mapping[str, bool],
        local: dict[str, int],
    ) -> list[str]:
        """The later generations that must be sent besides (copyfit); what cannot be whole there is no more in maps."""
        present = layout.snapshot_ids(self._there) | {key.id for key in maps}
        parents = [self._parents.get(key) for key in maps if key.key not in self._there]
        if not self._lost_packs and copyfit.continues(parents, present, packs):
            return []
        there = copyfit.Packs(self._repository, self._there_repository, local, self._there)
        earlier = [key for key, is_earlier in elsewise.items() if is_earlier]
        later, unfit = copyfit.settle(
            lambda keys: there.with_sent([*packs, *keys]), maps, self._others(maps, local), earlier
        )
        for key in unfit:
            del maps[key]
            why = "cannot be whole in this copy, where something that it is built on has gone; here it is"
            self._left_behind[key.key] = f"backup {key.id[:8]} {why}"
        return later

    def _others(self, maps: Iterable[layout.SnapshotKey], local: dict[str, int]) -> Iterator[PageMap]:
        """The maps of all other snapshots there, whoever has them."""
        known = {key.key for key in maps}
        for name in sorted(self._there.keys() - known):
            if layout.parse_snapshot_key(name):
                with suppress(CorruptObject, UnsupportedFormat, ObjectMissing):
                    place = self._repository if name in local else self._there_repository
                    yield place.read_manifest(name).page_map

    def _require_blocks(self, table: PackTable, pack_id: bytes, frames: Iterable[int], theirs: str) -> None:
        """Raise Refused unless the copy's pack holds every block of these frames of ours."""
        index = table.index(pack_id)
        needed = {index.numbers[at] for part in frames for at in index.frame_blocks(index.frames[part])}
        if not needed <= set(load_index(self._there_repository, theirs, self._there).numbers):
            raise Refused(
                f"the copy in {self._copy.description} was compacted by somebody else, and lacks what new backups need",
                safe="What is there stays as it is, and can be restored.",
                hint="Let the copy go on in a new, empty folder or prefix.",
            )

    def _is_complete(
        self, key: layout.SnapshotKey, page_map: PageMap, table: PackTable, failed: dict[str, LitekeepError]
    ) -> bool:
        """True if nothing that the snapshot needs is among what could not be sent."""
        lost = {parsed[0] for name in failed if (parsed := layout.parse_pack_key(name))}
        if lost.isdisjoint(needed_frames(table, {key.source_dir: [page_map]})):
            return True
        self._left_behind[key.key] = f"backup {key.id[:8]}: what it needs could not be sent"
        return False

    def _records(self, local: dict[str, int], wanted: set[str]) -> list[str]:
        """Receipts of proofs, and marks; not those of unchanged days, nor marks about what was removed here."""
        return [
            key
            for key in sorted(local)
            if layout.record_snapshot(key) in wanted
            and key not in self._there
            and not layout.is_seen(key)
            and self._is_for_copies(key, local[key])
        ]

    def _is_for_copies(self, key: str, size_bytes: int) -> bool:
        try:
            if key.startswith(layout.MARKS):
                changes = self._repository.read_mark(key, size_bytes).changes
                return changes.get("trashed_at") is None and not is_about_forgotten(changes)
            return self._repository.read_receipt(key, size_bytes).kind != "unchanged"
        except (CorruptObject, UnsupportedFormat) as error:
            self._leave_behind(key, error)
        except ObjectMissing:
            pass
        return False

    def _arrived(self, key: str, size_bytes: int) -> None:
        self._there[key] = size_bytes
        if layout.parse_snapshot_key(key):
            self._memory.change(last_sent=key)
        self._sent_objects += 1
        self._sent_bytes += size_bytes
        if self._sent_objects % SAVE_EVERY == 0:
            self._memory.known = dict(self._there)
            self._memory.save()

    # What is strange there, and what is to go?

    def _look_for_strangers(self, local: dict[str, int]) -> None:
        """Find out whether somebody else writes to the copy, or whether ours is an older state."""
        ours: dict[str, set[int]] = {}
        for key in map(layout.parse_snapshot_key, local):
            if key:
                ours.setdefault(key.source_dir, set()).add(key.sequence)
        strangers = []
        for key in map(layout.parse_snapshot_key, self._there.keys() - local.keys()):
            mine = ours.get(key.source_dir) if key else None
            if key and mine and (key.sequence in mine or key.sequence > max(mine)):
                strangers.append(key)
        if strangers:
            newest = _moment(max(key.stamp for key in strangers)).strftime("%Y-%m-%d %H:%M")
            what = "one backup" if len(strangers) == 1 else f"{len(strangers)} backups"
            self._warn(
                "copy_forked",
                f"the copy {self._memory.state.name} has {what} that the repository here never had, of {newest} UTC "
                "at the latest: another machine writes to it, or the repository here is an older state; nothing is "
                "removed there",
            )

    def _look_for_old_keys(self, local: dict[str, int]) -> None:
        """Passphrases and keys that were removed here still open the copy."""
        old = sorted(key for key in self._there if layout.is_slot_key(key) and key not in local)
        if not old or not any(layout.is_slot_key(key) for key in local):
            return
        if not self._options.remove_keys:
            what = "a removed passphrase or key" if len(old) == 1 else f"{len(old)} removed passphrases or keys"
            self._warn(
                "copy_old_keys",
                f"{what} still opens the copy {self._memory.state.name}; `litekeep sync --remove-keys` ends that",
            )
            return
        for key in old:
            for name in (layout.confirmed_key(key), key):
                self._copy.delete(name)
                self._there.pop(name, None)

    def _is_prune_due(self) -> bool:
        pruned_at = self._memory.state.pruned_at
        recent = pruned_at is not None and timedelta() <= self._clock.now() - pruned_at < LIST_AFTER
        return self._options.look or not recent

    def _prune(self) -> PruneResult | None:
        """Apply the copy's own policy to what the copy itself lists."""
        policy = self._options.policy
        if policy is None or "copy_forked" in self._warnings:
            return None
        if changes := look(self._there_repository, self._clock.now()):
            what = "; ".join(change.text for change in changes)
            self._warn("copy_altered", f"the copy {self._memory.state.name} is not as it was left: {what}; {WAITS}")
            return None
        options = PruneOptions(policy, source=self._options.source, compact=False)
        try:
            result = prune(self._there_repository, options, clock=self._clock, monitor=self._monitor)
        except CorruptObject as error:  # what was to be sent is there; that the copy is not whole is no reason to fail
            self._there = sizes_by_key(self._copy.list())
            name = self._memory.state.name
            self._warn("copy_prune_held", f"nothing is removed from the copy {name}, which is not whole: {error}")
            return None
        self._memory.left_out |= {each.id for each in (*result.trashed, *result.forgotten)}
        self._there = sizes_by_key(self._copy.list())
        self._memory.change(pruned_at=self._clock.now())
        for source, whys in result.waiting:
            self._warn("copy_prune_held", f"nothing of {source} is removed from the copy: {'; '.join(whys)}")
        return result

    # How it ended

    def _ended_well(self, local: dict[str, int]) -> None:
        keys = self._ours_there(local)
        now, state, left = self._clock.now(), self._memory.state, next(iter(self._left_behind.values()), "")
        self._memory.change(
            synced_at=state.synced_at if left else now,
            failing_since=(state.failing_since or now) if left else None,
            problem=left,
            problem_code=CorruptObject.code if left else "",
            waiting_objects=0,
            waiting_bytes=0,
            newest_at=max((_moment(key.stamp) for key in keys), default=None),
            snapshots=len(layout.snapshot_ids(self._there)),
            stored_bytes=sum(self._there.values()),
            warnings=tuple(self._warnings.values()),
        )

    def _failed(self, error: BaseException) -> None:
        state = self._memory.state
        done = self._sent_bytes
        self._memory.change(
            waiting_objects=max(0, state.waiting_objects - self._sent_objects),
            waiting_bytes=max(0, state.waiting_bytes - done),
        )
        if isinstance(error, Cancelled) or not isinstance(error, Exception):
            return
        known = isinstance(error, LitekeepError)
        self._memory.change(
            failing_since=state.failing_since or self._clock.now(),
            problem=error.message if isinstance(error, LitekeepError) else type(error).__name__,
            problem_code=error.code if isinstance(error, LitekeepError) and known else "unexpected",
        )

    def _leave_behind(self, key: str, error: LitekeepError) -> None:
        self._left_behind.setdefault(key, why_not(key, error))

    def _warn(self, code: str, message: str) -> None:
        self._warnings[code] = message
        self._monitor.event("warning", code=code, message=message)


def _generations(keys: Iterable[str]) -> dict[bytes, int]:
    """Pack id -> the highest generation, which is the one that readers use."""
    found: dict[bytes, int] = {}
    for pack_id, generation in filter(None, map(layout.parse_pack_key, keys)):
        found[pack_id] = max(generation, found.get(pack_id, 0))
    return found


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
