"""Ten years of one repository and two copies: a backup, a rotation and a sync a day, a drill a week, and what happens.

    power cut        a backup, prune or sync ends between two storage operations, and the machine starts anew
    full disk        from some operation on, nothing more can be written during a run
    clock jump       for some runs the clock is wrong by up to 75 years, then right; a person removes what it dated
    copy lost        a copy is empty one day; when it is asked what it has, it becomes whole again
    copy returned    a copy is replaced by an older state of itself, as a drive from the drawer; the same, in a week
    copy away        a copy cannot be reached for some days
    migration        half way everything moves into an encrypted repository, with interruptions

The oracle knows which backups were reported as made, and asks retention's oracle what each rotation may remove. No
other one is ever missing; what is listed gives the bytes of its day; the repository takes about as much space as one
into which the same backups were made without ever removing any (WASTE).
"""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crash.film import Film, Result, State, in_memory
from crash.worlds import DAY, content_digest, rebuilt
from litekeep.errors import Cancelled, LitekeepError, NoSpace, PlaceMissing
from litekeep.formats.keyslot import KEY
from litekeep.formats.printedkey import print_key
from litekeep.model import Level, Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations import curate
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.copymemory import CopyMemory
from litekeep.operations.drill import choose_for_drill, drill
from litekeep.operations.encrypt import encrypt
from litekeep.operations.lookback import accept, look
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.scrub import scrub
from litekeep.operations.sightings import remember_beside, remember_in
from litekeep.operations.sync import SyncOptions, sync
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.keyring import NewSlot
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.base import Storage
from litekeep.testing import Fault, FaultyStorage, ManualClock, RecordingMonitor
from retention.oracle import due_ids, kept_ids
from torture.campaign import Campaign, Shard, Size, Tally

DAYS = {Size.CI: 30, Size.NIGHTLY: 3_650, Size.RELEASE: 3_650}
LIVES = {Size.CI: 1, Size.NIGHTLY: 1, Size.RELEASE: 10}
CASES = {size: days * LIVES[size] for size, days in DAYS.items()}
OFTEN = {Size.CI: 0.5, Size.NIGHTLY: 0.08, Size.RELEASE: 0.08}
"""How likely something happens on a day."""
POLICY = RetentionPolicy()
SMALL = RetentionPolicy(days=7, weeks=4, months=3, keep_last=3)
"""What the copies keep."""
CUT, FULL, JUMP, LOST, RETURNED, AWAY = (
    "power cut", "full disk", "clock jump", "copy lost", "copy returned", "copy away",
)  # fmt: skip
MIGRATION, DRILLED, ROTATED = "migration", "drill", "rotation"
SECRET = print_key(bytes(range(32)))
WASTE = 0.30
"""Beyond what the same backups take anew: a twelfth may be waste before packs are rewritten (garbage.WASTE_PERCENT), a
pack may hold more, and what is in a pack that is not rewritten stays built on what it was built on."""


def put_back(folder: Path, files: State) -> None:
    """What the machine remembers is again what it was when the power went."""
    for path in [each for each in folder.rglob("*") if each.is_file()]:
        path.unlink()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


class Recorded(Film):
    """A place with a name of its own, as what a machine saw goes by the place. Only changes are recorded, and only
    where somebody wants them (power): there are very many operations in ten years.
    """

    def __init__(self, state: State, name: str, watched: Path | None = None, *, wanted: bool = False) -> None:
        super().__init__(state, watched)
        self._name = name
        self._wanted = wanted

    @property
    def description(self) -> str:
        """The name."""
        return self._name

    @property
    def objects(self) -> State:
        """What is there now."""
        return dict(self._inner._objects)

    def _record(self, operation: str, key: str, act: Callable[[], Result], span: tuple[int, int] = (0, 0)) -> Result:
        if self._wanted and operation in ("put", "delete"):
            return super()._record(operation, key, act, span)
        return act()


class Life:
    """One machine. made: what each backup that was reported holds, by id. gone: ids that rotation removed for good."""

    def __init__(self, folder: Path, chance: random.Random, tally: Tally, likely: float) -> None:
        self.folder, self.chance, self.tally, self.likely = folder, chance, tally, likely
        for name in ("scratch", "state", "memory-0"):
            (folder / name).mkdir(parents=True)
        self.database = folder / "app.db"
        self.clock = ManualClock(datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1))
        self.made: dict[str, str] = {}
        self.gone: set[str] = set()
        self.objects: State = {}
        self.copies: list[State] = [{}, {}]
        self.drawer: list[State] = [{}, {}]
        self.away = [0, 0]
        self.unsure = [False, False]
        self.encrypted = False
        self.number = self.moves = 0
        self.faults = itertools.cycle(chance.sample((CUT, FULL, JUMP, CUT, LOST, RETURNED, AWAY), 7))
        with closing(sqlite3.connect(self.database)) as db:
            db.execute("CREATE TABLE day(number INTEGER PRIMARY KEY, note TEXT)")
            db.executemany("INSERT INTO day(note) VALUES (?)", [(f"{chance.random()}" * 6,) for _ in range(60)])
            db.commit()
        storage = in_memory({})
        Repository.create(storage, self.clock.now())
        self.objects = dict(storage._objects)

    def repository(self, storage: Storage) -> Repository:
        """As this machine opens it."""
        repository = Repository.open(storage, SECRET if self.encrypted else None)
        remember_in(self.folder / "state", repository)
        return repository

    def day(self) -> None:
        """One cycle: a change, a backup, a rotation, a sync to each copy; a drill at times; and perhaps a fault."""
        self.number += 1
        self.clock.advance(DAY)
        with closing(sqlite3.connect(self.database)) as db:
            rows = [(f"{self.chance.random()}" * 6, self.chance.randrange(1, 60)) for _ in range(2)]
            db.executemany("UPDATE day SET note = ? WHERE number = ?", rows)
            db.commit()
        fault = next(self.faults) if self.number > 3 and self.chance.random() < self.likely else ""
        if fault == JUMP:
            self._jump()
        self._back_up(fault)
        self._rotate(fault)
        for which in (0, 1):
            self._sync(which, fault)
        if self.number % 7 == 0:
            self._drill()
        if self.number % 30 == 3:
            for which in (0, 1):
                if not self.unsure[which]:  # only a drive that is whole is put away
                    self.drawer[which] = dict(self.copies[which])
        if self.number % 60 == 0:
            self.require_whole(everything=True)
        elif fault:
            self.require_whole(everything=False)

    def _run(self, fault: str, act: Callable[[Repository], object]) -> bool:
        """Do it, with a fault perhaps; True if it was said to be done."""
        film = Recorded(self.objects, "memory", self.folder / "state", wanted=fault == CUT)
        storage: Storage = film
        if fault == FULL:
            storage = FaultyStorage(film, [Fault(self.chance.randrange(3, 40), error=NoSpace, lasting=True)])
        try:
            act(self.repository(storage))
        except NoSpace:
            self.objects = film.objects
            self.tally.struck[FULL] += 1
            return False
        except LitekeepError:
            if fault != FULL:
                raise
            self.objects = film.objects
            return False
        if fault == CUT and film.frames and self.chance.random() < 0.5:
            frame = self.chance.choice(film.frames)
            self.objects = self.chance.choice((frame.before, frame.after))
            put_back(self.folder / "state", frame.files)
            self.tally.struck[CUT] += 1
            self.clock.restart()
            return False
        self.objects = film.objects
        return True

    def _back_up(self, fault: str) -> None:
        found: list[Snapshot] = []

        def act(repository: Repository) -> None:
            options = BackupOptions(reason=Reason.SCHEDULED, scratch=self.folder / "scratch")
            result = backup(repository, self.database, options=options, clock=self.clock, monitor=Silent())
            assert not result.damage
            assert result.level >= Level.WRITTEN
            found.append(result.snapshot)

        before = self._listed()
        whole = self._run(fault, act)
        if whole:
            self.made[found[0].id] = content_digest(self.database.read_bytes())
        for each in self._listed().keys() - before.keys():  # one that was complete when its run died
            self.made[each] = content_digest(self.database.read_bytes())

    def _rotate(self, fault: str) -> None:
        now, before, waits = self.clock.now(), list(self._listed().values()), list[bool]()
        asked = self.number % 3 == 0 or fault != ""

        def act(repository: Repository) -> None:
            options = PruneOptions(POLICY, scratch=self.folder / "scratch")
            waits.append(bool(prune(repository, options, clock=self.clock, monitor=Silent()).waiting))

        done = self._run(fault, act)
        left = self._listed()
        missing = {each.id for each in before} - left.keys()
        if missing or asked:
            due = due_ids(before, POLICY, now)
            assert missing <= due, f"forgotten, and not due: {missing - due}"
            if asked and done and not waits[0]:
                self.tally.struck[ROTATED] += 1
                assert missing == due
                live = {each.id for each in left.values() if each.trashed_at is None}
                assert live == kept_ids(before, POLICY, now), "retention's oracle keeps others"
        self.gone |= missing
        if done and waits[0]:
            storage = in_memory(self.objects)
            self.gone |= self._confirm(self.repository(storage), POLICY)
            self.objects = dict(storage._objects)

    def _confirm(self, repository: Repository, policy: RetentionPolicy, *, compact: bool = True) -> set[str]:
        """A person looks, after an absence or a clock that was wrong, and says yes to what is left of the plan.

        Returns the ids of what is gone for good.
        """
        self.tally.figures["rotations that waited for a person"] += 1
        now = self.clock.now()
        for each in load_catalog(repository).snapshots:
            wrong = each.created_at > now or each.created_at < now - timedelta(days=40 * 365)
            if wrong and each.trashed_at is None and not each.pinned:
                curate.to_trash(repository, each, clock=self.clock, monitor=Silent())
        before = list(load_catalog(repository).snapshots)
        options = PruneOptions(policy, confirmed=True, compact=compact, scratch=self.folder / "scratch")
        prune(repository, options, clock=self.clock, monitor=Silent())
        left = load_catalog(repository).snapshots
        missing = {each.id for each in before} - {each.id for each in left}
        assert missing == due_ids(before, policy, now)
        assert {each.id for each in left if each.trashed_at is None} == kept_ids(before, policy, now)
        return missing

    def _jump(self) -> None:
        """Two days by a wrong clock; nothing may go."""
        self.tally.struck[JUMP] += 1
        right = self.clock.now()
        years = self.chance.choice((-75, -30, -1, 1, 30, 75))
        self.clock.set(right + timedelta(days=365 * years + self.chance.randrange(30)))
        for _ in range(self.chance.randrange(1, 3)):
            self.clock.advance(3600)
            self._back_up("")
            before = self._listed()
            options = PruneOptions(POLICY, scratch=self.folder / "scratch")
            storage = in_memory(self.objects)
            result = prune(self.repository(storage), options, clock=self.clock, monitor=Silent())
            self.objects = dict(storage._objects)
            assert self._listed().keys() == before.keys(), f"a clock that is wrong by {years} years removed backups"
            assert years != 75 or result.waiting or not result.trashed
        self.clock.set(right + timedelta(hours=2))

    def _sync(self, which: int, fault: str) -> None:
        if which == 0 and fault == LOST:
            self.tally.struck[LOST] += 1
            self.copies[0] = {}
            self.unsure[0] = True
        if which == 1 and fault == RETURNED and self.drawer[1]:
            self.tally.struck[RETURNED] += 1
            self.copies[1] = dict(self.drawer[1])
            self.unsure[1] = True
        if which == 1 and fault == AWAY:
            self.tally.struck[AWAY] += 1
            self.away[1] = self.chance.randrange(2, 12)
        if self.away[which]:
            self.away[which] -= 1
            return
        folder = self.folder / f"memory-{self.moves}"
        here = self.repository(in_memory(self.objects))
        film = Recorded(self.copies[which], f"copy {which}", folder, wanted=fault == CUT)
        memory = CopyMemory(folder, f"copy-{which}", f"place-{which}", here.config.id)
        options = SyncOptions(policy=SMALL if which else None, unencrypted=True, ask_first=which == 0)
        monitor = RecordingMonitor()
        try:
            result = sync(here, film, memory, options, clock=self.clock, monitor=monitor)
        except PlaceMissing:
            assert not self.copies[which]
            options = SyncOptions(policy=SMALL if which else None, unencrypted=True, look=True)
            result = sync(here, film, memory, options, clock=self.clock, monitor=monitor)
        self.unsure[which] &= not result.listed
        codes = {facts.get("code") for name, facts in monitor.events if name == "warning"}
        self.copies[which] = film.objects
        if "copy_altered" in codes:
            there = self._copy(which)
            remember_beside(here, there)
            accept(there, self.clock.now(), Silent())
        if result.pruned and result.pruned.waiting:
            place = Recorded(self.copies[which], f"copy {which}")
            there = Repository.open(place, SECRET if self.encrypted else None)
            remember_beside(here, there)
            self._confirm(there, SMALL, compact=False)
            self.copies[which] = place.objects
        if fault == CUT and film.frames and self.chance.random() < 0.3:
            frame = self.chance.choice(film.frames)
            self.copies[which] = frame.after
            put_back(folder, frame.files)
            self.tally.struck[CUT] += 1

    def _copy(self, which: int) -> Repository:
        return Repository.open(Recorded(self.copies[which], f"copy {which}"), SECRET if self.encrypted else None)

    def _is_a_copy(self, which: int) -> bool:
        """False while nobody has looked at a place that lost something; that is once a week."""
        return "repository.json" in self.copies[which] and not self.unsure[which]

    def _drill(self) -> None:
        """From the repository and from the copies in turn."""
        self.tally.struck[DRILLED] += 1
        storage = in_memory(self.objects)
        repository = self.repository(storage)
        chosen = choose_for_drill(load_catalog(repository).snapshots, self.chance)
        result = drill(repository, chosen, scratch=self.folder / "scratch", clock=self.clock, monitor=Silent())
        assert result.ok, (result.damage, result.problems)
        self.objects = dict(storage._objects)

    def migrate(self) -> None:
        """Into an encrypted repository, interrupted a few times; its copies begin anew."""
        self.tally.struck[MIGRATION] += 1
        before, target = self._listed(), in_memory({})
        Repository.create(target, self.clock.now(), encryption=[NewSlot(KEY, SECRET)])
        for after in (2, 7, 23, None):
            old, new = self.repository(in_memory(self.objects)), Repository.open(target, SECRET)
            with suppress(Cancelled):
                monitor = RecordingMonitor(after)
                encrypt(old, new, scratch=self.folder / "scratch", clock=self.clock, monitor=monitor)
        self.objects, self.encrypted = dict(target._objects), True
        self.copies, self.drawer, self.moves = [{}, {}], [{}, {}], self.moves + 1
        self.unsure = [False, False]
        (self.folder / f"memory-{self.moves}").mkdir()
        after_all = self._listed()
        assert after_all.keys() == before.keys()
        assert all(after_all[each].trashed_at == before[each].trashed_at for each in before)
        self.require_whole(everything=True)

    def _listed(self) -> dict[str, Snapshot]:
        catalog = load_catalog(Repository.open(in_memory(self.objects), SECRET if self.encrypted else None))
        assert not catalog.damaged, catalog.damaged
        return {each.id: each for each in catalog.snapshots}

    def require_whole(self, *, everything: bool) -> None:
        """No backup is missing; all, or the newest and one more, give the bytes of their day, from the copies too."""
        listed = self._listed()
        lost = self.made.keys() - self.gone - listed.keys()
        assert not lost, f"lost {lost}"
        assert not look(self.repository(in_memory(self.objects)), self.clock.now()), (
            "an alarm where nobody did anything"
        )
        places = [Repository.open(in_memory(self.objects), SECRET if self.encrypted else None)]
        places += [self._copy(which) for which in (0, 1) if self._is_a_copy(which)]
        for number, place in enumerate(places):
            catalog, table = load_catalog(place), PackTable(place)
            assert not catalog.damaged, catalog.damaged
            snapshots = list(catalog.snapshots)
            if (not everything or number) and len(snapshots) > 2:
                snapshots = [snapshots[-1], self.chance.choice(snapshots)]
            for each in snapshots:
                image = rebuilt(place, table, each, self.folder / "scratch")
                assert content_digest(image) == self.made[each.id], f"{each} is not what it was"
                self.tally.figures["backups read back and compared"] += 1

    def require_small(self) -> None:
        """Not more than WASTE above a repository that never removed anything."""
        here = Repository.open(in_memory(self.objects), SECRET if self.encrypted else None)
        table, fresh = PackTable(here), in_memory({})
        Repository.create(fresh, self.clock.now(), encryption=[NewSlot(KEY, SECRET)] if self.encrypted else ())
        clock, image = ManualClock(self.clock.now()), self.folder / "app-again.db"
        for each in load_catalog(here).snapshots:
            image.write_bytes(rebuilt(here, table, each, self.folder / "scratch"))
            clock.advance(DAY)
            options = BackupOptions(level=Level.NONE, scratch=self.folder / "scratch", source="app")
            anew = Repository.open(fresh, SECRET if self.encrypted else None)
            backup(anew, image, options=options, clock=clock, monitor=Silent())
        stored = [sum(e.size_bytes for e in place.list(layout.PACKS)) for place in (in_memory(self.objects), fresh)]
        percent = round(100 * stored[0] / stored[1]) - 100
        self.tally.figures["most space beyond that, in %"] = max(
            percent, self.tally.figures["most space beyond that, in %"]
        )
        assert stored[0] <= (1 + WASTE) * stored[1], f"{stored[0]} bytes, {stored[1]} if made anew"


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Lives."""
    return [(seed, number, size.value) for number in range(LIVES[size])]


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """One life, day by day; it ends with its first deviation."""
    seed, number, size = shard
    days = DAYS[Size(str(size))]
    life = Life(folder / "life", random.Random(f"{seed}-{number}"), tally, OFTEN[Size(str(size))])
    for day in range(1, days + 1):
        with tally.case(f"{seed}-{number}-{day}"):
            life.day()
            if day == days // 2:
                life.migrate()
            if day % 365 == 0:
                life.require_small()
        if tally.deviated:
            return
    with tally.case(f"{seed}-{number}-end", count=0):
        assert not scrub(life.repository(in_memory(life.objects)), clock=life.clock, monitor=Silent()).damaged
        life.require_whole(everything=True)


YEARS = Campaign(
    "years",
    "G13",
    "In ten years of daily backups no power cut, full disk, wrong clock, lost copy or migration loses a backup.",
    "days",
    CASES,
    shards,
    run,
    frozenset({CUT, FULL, JUMP, LOST, RETURNED, AWAY, MIGRATION, DRILLED, ROTATED}),
)
