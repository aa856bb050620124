"""Scrub: read every stored object once and check it, whatever snapshot it belongs to.

Every byte is covered: repository.json by its checksum, the helper files by their hashes, records by their seals, packs
by the seals of index and frames, and every block that a snapshot needs by its name. A snapshot is named with each
damaged object that it needs. What scrub does not do is look at the databases themselves: that is verify.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from blake3 import blake3

from litekeep.clock import Clock
from litekeep.errors import CorruptObject, ObjectMissing
from litekeep.formats.keyslot import decode_slot
from litekeep.formats.manifest import Manifest, Run
from litekeep.formats.pack import Frame, PackIndex
from litekeep.formats.repoconfig import KEY as CONFIG_KEY
from litekeep.formats.repoconfig import decode_config
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.operations.coverage import share_of
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.repository.moment import ATTEMPTS
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import BlockReader, FrameId, plan_read
from litekeep.repository.rebuild import require_digest
from litekeep.repository.repository import Repository
from litekeep.storage.base import Entry

NOT_OBJECTS = frozenset({"lock", *layout.DIARIES})


@dataclass(frozen=True, slots=True)
class Damaged:
    """One damaged or missing object, and the ids of the snapshots that need it."""

    key: str
    problem: str
    snapshots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """What was read and found. foreign: names that are not Litekeep's; they are left alone."""

    objects: int
    stored_bytes: int
    damaged: tuple[Damaged, ...]
    foreign: tuple[str, ...]
    elapsed_seconds: float


def scrub(
    repository: Repository, *, shares: Collection[int] | None = None, clock: Clock, monitor: Monitor
) -> ScrubReport:
    """Read and check every object; raises StorageError when the storage cannot be read, Cancelled.

    shares: of the packs, only those in these shares of coverage.SHARES; all other objects are small and always read.
    When damage shows and the objects are not the same ones any more (a prune beside it), it starts over.
    """
    started = clock.monotonic()
    for _ in range(ATTEMPTS - 1):
        entries = repository.storage.list()
        report = _scrub_once(repository, entries, shares, clock, started, monitor)
        if not report.damaged or repository.storage.list() == entries:
            return report
    return _scrub_once(repository, repository.storage.list(), shares, clock, started, monitor)


def _scrub_once(
    repository: Repository,
    entries: list[Entry],
    shares: Collection[int] | None,
    clock: Clock,
    started: float,
    monitor: Monitor,
) -> ScrubReport:
    work = _Scrub(repository, shares, monitor)
    for entry in entries:
        if entry.key not in NOT_OBJECTS and not work.look_at(entry.key):
            work.foreign.append(entry.key)
        stop_if_cancelled(monitor)
    work.read_packs()
    work.look_for_missing({entry.key for entry in entries})
    damaged = tuple(
        Damaged(key, problem, tuple(sorted(work.needed_by.get(key, ()))))
        for key, problem in sorted(work.damage.items())
    )
    size = sum(entry.size_bytes for entry in entries)
    return ScrubReport(len(entries), size, damaged, tuple(work.foreign), clock.monotonic() - started)


class _Scrub:
    def __init__(self, repository: Repository, shares: Collection[int] | None, monitor: Monitor) -> None:
        self._repository = repository
        self._shares = shares
        self._monitor = monitor
        self._table = PackTable(repository)
        self.damage: dict[str, str] = {}
        self.foreign: list[str] = []
        self.needed_by: dict[str, set[str]] = {}
        self._manifests: list[tuple[layout.SnapshotKey, Manifest]] = []
        self._packs: list[str] = []
        self._needed: set[FrameId] = set()

    def look_at(self, key: str) -> bool:
        """Check one object that is not a pack; False if it is none of ours."""
        try:
            return self._check(key)
        except CorruptObject as error:
            self.damage[key] = error.problem
        except ObjectMissing:
            pass  # removed by another run after the listing
        return True

    def _check(self, key: str) -> bool:
        repository, snapshot = self._repository, layout.parse_snapshot_key(key)
        if snapshot:
            self.needed_by.setdefault(key, set()).add(snapshot.id)
            self._manifests.append((snapshot, repository.read_manifest(key)))
        elif layout.parse_pack_key(key):
            if self._shares is None or share_of(key) in self._shares:
                self._packs.append(key)
        elif layout.record_snapshot(key):
            repository.read_receipt(key) if key.startswith(layout.RECEIPTS) else repository.read_mark(key)
        elif key == CONFIG_KEY:
            decode_config(repository.storage.get(key))
        elif key in dict(repository.config.files):
            if blake3(repository.storage.get(key)).hexdigest() != dict(repository.config.files)[key]:
                raise CorruptObject(key, "is not the file that was put here")
        elif layout.is_plan_key(key):
            repository.read_plan(key)
        elif repository.keys and layout.is_slot_key(key):
            decode_slot(key, repository.storage.get(key))
        elif repository.keys and layout.is_confirmed_key(key):
            repository.keys.check_confirmation(key)
        else:
            return False
        return True

    def read_packs(self) -> None:
        """Decode every frame of every pack that can be read; note what each snapshot needs."""
        for snapshot, manifest in self._manifests:
            self._note_needs(snapshot, manifest)
        for number, key in enumerate(self._packs):
            parsed = layout.parse_pack_key(key)
            if parsed and max(self._table.generations.get(parsed[0], ()), default=-1) == parsed[1]:
                self._read_pack(parsed[0])
            self._monitor.progress("scrub", number + 1, len(self._packs), "packs")
            stop_if_cancelled(self._monitor)

    def _note_needs(self, snapshot: layout.SnapshotKey, manifest: Manifest) -> None:
        for pack in manifest.page_map.packs:
            if pack in self._table.generations:
                self.needed_by.setdefault(self._table.key(pack), set()).add(snapshot.id)
        try:
            require_digest(self._repository, self._table, snapshot.key, manifest)
            frames = plan_read(self._table, manifest.page_map.runs()).frames
            self._needed |= frames.keys()
            for pack, _ in frames:
                self.needed_by.setdefault(self._table.key(pack), set()).add(snapshot.id)
        except CorruptObject as error:
            self.damage.setdefault(error.key, error.problem)
            self.needed_by.setdefault(error.key, set()).add(snapshot.id)

    def _read_pack(self, pack_id: bytes) -> None:
        """Decode what snapshots need; of the rest, whose bases may be gone as garbage, look at the seals."""
        try:
            index = self._table.index(pack_id)
            needed = [frame for frame in index.frames if (pack_id, frame.part) in self._needed]
            numbers = (index.numbers[position] for frame in needed for position in index.frame_blocks(frame))
            plan = plan_read(self._table, (Run(pack_id, number, 1) for number in numbers))
            BlockReader(self._repository, self._table).read(plan, lambda *_: None, self._monitor, "scrub")
            for frame in index.frames:
                if (pack_id, frame.part) not in self._needed:
                    self._look_at_seal(index, frame)
        except CorruptObject as error:
            self.damage.setdefault(error.key, error.problem)

    def _look_at_seal(self, index: PackIndex, frame: Frame) -> None:
        try:
            sealed = self._repository.storage.get_range(index.key, frame.offset, frame.stored_bytes)
            index.parts.open(frame.part, sealed)
        except ValueError as error:
            raise CorruptObject(index.key, f"frame {frame.part}: {error}") from error
        except ObjectMissing as error:
            raise CorruptObject(index.key, "is missing") from error

    def look_for_missing(self, present: Iterable[str]) -> None:
        """The files that every repository has, and the keys of an encrypted one."""
        if self._repository.keys and not any(self._repository.keys.slots()):
            self.damage[layout.KEYS] = "holds no key slot any more; put it back from a copy of the repository"
        for key in (CONFIG_KEY, *dict(self._repository.config.files)):
            if key not in present:
                self.damage[key] = "is missing"
