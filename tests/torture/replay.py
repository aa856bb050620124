"""Every older state of a repository, and every omission, shown to a client that remembers: noticed, and nothing pruned.

A client lives with a repository for weeks and looks at it after each run. Then whoever holds the storage shows it

    older state        the objects as they were after any storage operation before
    gone another way   an older state in which somebody else has made a backup since
    manifests deleted  of the newest state: each manifest, each stretch of neighbours, and chance choices
    listing cut short  the newest state, but listings lack a stretch of all keys, though the objects are there

What the client must notice is told by an oracle of one line: a snapshot that it saw outside of the trash is not listed.
Then every run warns and names all that is missing, and prune and emptying the trash are refused and delete nothing. If
nothing is missing there must be no alarm.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from crash.film import Film, State, in_memory
from crash.worlds import DAY, FEW, Builder, names_from, small_scale
from litekeep.errors import CorruptObject, ObjectMissing, Refused
from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations import curate
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.empty_trash import empty_trash
from litekeep.operations.lookback import Change, look
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.sightings import Wrong
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.base import Entry, Storage
from litekeep.storage.memory import MemoryStorage
from litekeep.testing import ManualClock, RecordingMonitor
from torture.campaign import Campaign, Shard, Size, Tally

CASES = {Size.CI: 60, Size.NIGHTLY: 10_000, Size.RELEASE: 100_000}
HISTORIES = {Size.CI: 1, Size.NIGHTLY: 3, Size.RELEASE: 30}
OLDER, ANOTHER, DELETED, CUT = "older state", "gone another way", "manifests deleted", "listing cut short"
HARMLESS = "nothing missing, no alarm"


@dataclass(frozen=True)
class Moment:
    """The end of one run. memory: of the client. live: ids outside of the trash. trashed: those in it."""

    state: State
    memory: bytes
    live: frozenset[str]
    trashed: frozenset[str]
    clock: ManualClock


class Client:
    """A machine that remembers. states: after every change of the repository, in order. moments: after each run."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.builder, self.chance, self.folder = Builder(folder), chance, folder
        self.states: list[State] = []
        self.moments: list[tuple[int, Moment]] = []
        self.builder.create()
        self.objects: State = dict(self.builder.storage._objects)

    def live_through(self, runs: int) -> None:
        """Backups of two databases, rotation, and people who delete, recover and empty the trash."""
        second = self.folder / "data" / "second.db"
        self.builder.make(second)
        for number in range(runs):
            self.builder.clock.advance(DAY / 2)
            self.builder.change(self.chance.choice((self.builder.database, second)))
            act = self.chance.choice(("backup", "backup", "backup", "backup", "prune", "delete", "recover", "empty"))
            film = Film(self.objects)
            with suppress(Refused):
                self._run(act if number > 4 else "backup", self.repository(film), number)
            self.objects = film.state
            self.states += [frame.after for frame in film.frames if frame.after is not frame.before]
            self._remember()

    def _run(self, act: str, repository: Repository, number: int) -> None:
        clock = self.builder.clock
        snapshots = load_catalog(repository).snapshots
        trashed = [each for each in snapshots if each.trashed_at is not None]
        if act == "backup" or (act == "recover" and not trashed):
            database = self.builder.database.with_name("second.db") if number % 3 == 1 else self.builder.database
            options = BackupOptions(reason=Reason.SCHEDULED, scratch=self.folder / "scratch", skip_unchanged=False)
            backup(repository, database, options=options, clock=clock, monitor=Silent())
        elif act == "prune":
            prune(repository, PruneOptions(FEW, confirmed=True), clock=clock, monitor=Silent())
        elif act == "delete":
            live = [each for each in snapshots if each.trashed_at is None]
            curate.to_trash(repository, self.chance.choice(live), clock=clock, monitor=Silent())
        elif act == "recover":
            curate.from_trash(repository, self.chance.choice(trashed), clock=clock, monitor=Silent())
        else:
            empty_trash(repository, clock=clock, monitor=Silent())

    def _remember(self) -> None:
        repository, clock = self.repository(in_memory(self.objects)), self.builder.clock
        catalog = load_catalog(repository)
        assert not look(repository, clock.now(), catalog=catalog), "an alarm where nothing happened"
        assert repository.sightings
        live = frozenset(each.id for each in catalog.snapshots if each.trashed_at is None)
        trashed = frozenset(each.id for each in catalog.snapshots if each.trashed_at is not None)
        moment = Moment(self.objects, repository.sightings.read_bytes(), live, trashed, ManualClock(clock.now()))
        self.moments.append((len(self.states), moment))

    def repository(self, storage: Storage) -> Repository:
        """As the client opens it."""
        repository = Repository.open(storage)
        repository.sightings = self.folder / "seen.json"
        return repository

    def as_of(self, moment: Moment, storage: Storage) -> Repository:
        """The same, with what it knew at a moment."""
        (self.folder / "seen.json").write_bytes(moment.memory)
        return self.repository(storage)


class Short(MemoryStorage):
    """Its listings lack a stretch of all its keys."""

    def __init__(self, state: State, first: int, end: int) -> None:
        super().__init__()
        self._objects.update(state)
        self._hidden = frozenset(sorted(state)[first:end])

    def list(self, prefix: str = "") -> list[Entry]:
        """Incomplete, and no error."""
        return [entry for entry in super().list(prefix) if entry.key not in self._hidden]


def judge(client: Client, moment: Moment, shown: Callable[[], MemoryStorage], *, acts: bool) -> bool:
    """Whether the client noticed what it must; acts: it also tries to back up, to prune and to empty the trash."""
    storage = shown()
    ids = {key.id for entry in storage.list() if (key := layout.parse_snapshot_key(entry.key))}
    missing = moment.live - ids
    clock = ManualClock(moment.clock.now())
    clock.advance(3600)
    changes = _look(client.as_of(moment, storage), clock)
    require_noticed(changes, missing)
    if acts and missing:
        _require_refused(client, moment, shown, clock)
        _require_warned(client, moment, shown(), clock)
    return bool(missing)


def _look(repository: Repository, clock: ManualClock) -> Sequence[Change]:
    listed = look(repository, clock.now())
    again = look(repository, clock.now(), catalog=load_catalog(repository))
    assert {each.missing for each in listed} == {each.missing for each in again}, "told otherwise the second time"
    return again


def require_noticed(changes: Sequence[Change], missing: frozenset[str]) -> None:
    """All that is missing is named, and nothing else."""
    named = {each for change in changes for each in change.missing}
    assert missing <= named, f"not noticed: {missing - named}"
    assert not changes or missing, f"a false alarm: {changes}"


def _require_refused(client: Client, moment: Moment, shown: Callable[[], MemoryStorage], clock: ManualClock) -> None:
    for run in (
        lambda repository: prune(repository, PruneOptions(FEW, confirmed=True), clock=clock, monitor=Silent()),
        lambda repository: empty_trash(repository, clock=clock, monitor=Silent()),
    ):
        storage = shown()
        before = dict(storage._objects)
        try:
            run(client.as_of(moment, storage))
        except (Refused, CorruptObject, ObjectMissing):
            assert storage._objects == before, "refused, and changed all the same"
        else:
            raise AssertionError("not refused")


def _require_warned(client: Client, moment: Moment, storage: Storage, clock: ManualClock) -> None:
    repository, monitor = client.as_of(moment, storage), RecordingMonitor()
    told: set[str] = set()
    for name in ("app.db", "second.db"):
        options = BackupOptions(reason=Reason.MANUAL, scratch=client.folder / "scratch")
        backup(repository, client.folder / "data" / name, options=options, clock=clock, monitor=monitor)
    told = {str(facts["code"]) for name, facts in monitor.events if name == "warning"}
    assert told & {each.value for each in Wrong}, "a backup did not warn"


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Numbers of histories."""
    return [(seed, number, size.value) for number in range(HISTORIES[size])]


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """One history, and all that is shown of it afterwards."""
    seed, number, size = shard
    chance = random.Random(f"{seed}-{number}")
    client = Client(folder / "home", chance)
    with small_scale(), names_from(int(number)):
        client.live_through(16 if size == Size.CI else 40)
        tried: set[tuple[int, frozenset[str]]] = set()
        for name, fault, at, shown in cases(client, chance, small=size == Size.CI):
            case = f"{seed}-{number}-{name}"
            if not tally.wants(case):
                continue
            moment, storage = client.moments[at][1], shown()
            key = (at, frozenset(entry.key for entry in storage.list() if layout.parse_snapshot_key(entry.key)))
            with tally.case(case):
                missing = judge(client, moment, shown, acts=key not in tried)
                tally.struck[fault if missing else HARMLESS] += 1
            tried.add(key)


Case = tuple[str, str, int, Callable[[], MemoryStorage]]


def cases(client: Client, chance: random.Random, *, small: bool) -> Iterator[Case]:
    """Name, fault, the moment whose memory the client has, and what it is shown."""
    last = len(client.moments) - 1
    for at, (count, _) in enumerate(client.moments):
        if small and at % 5 != last % 5:
            continue
        for number, state in enumerate(client.states[: count - 1]):
            if not small or number % 3 == 0:
                yield f"{at}-older-{number}", OLDER, at, lambda state=state: in_memory(state)  # type: ignore[misc]
    for at, (_, moment) in enumerate(client.moments[:: 5 if small else 2]):
        older = client.moments[chance.randrange(at + 1)][1]
        yield f"{at}-another", ANOTHER, last, lambda older=older: _elsewhere(client, older)  # type: ignore[misc]
        keys = sorted(key for key in moment.state if layout.parse_snapshot_key(key))
        where = at * (5 if small else 2)
        for gone in _choices(keys, chance, few=small):
            left = {key: data for key, data in moment.state.items() if key not in gone}
            yield (
                f"{where}-without-{'-'.join(str(keys.index(key)) for key in gone)}",
                DELETED,
                where,
                (
                    lambda left=left: in_memory(left)  # type: ignore[misc]
                ),
            )
        for _ in range(5 if small else 40):
            first, end = sorted(chance.sample(range(len(moment.state) + 1), 2))
            yield (
                f"{where}-cut-{first}-{end}",
                CUT,
                where,
                (
                    lambda state=moment.state, first=first, end=end: Short(state, first, end)  # type: ignore[misc]
                ),
            )


def _choices(keys: Sequence[str], chance: random.Random, *, few: bool) -> Iterator[tuple[str, ...]]:
    yield from ((key,) for key in keys)
    stretches = list(combinations(range(len(keys) + 1), 2))
    for first, end in chance.sample(stretches, min(3, len(stretches))) if few else stretches:
        yield tuple(keys[first:end])
    for _ in range(2 if few else 20):
        yield tuple(key for key in keys if chance.random() < 0.5)


def _elsewhere(client: Client, older: Moment) -> MemoryStorage:
    """An older state in which a machine that knows nothing of the newer ones went on."""
    storage = in_memory(older.state)
    options = BackupOptions(reason=Reason.MANUAL, scratch=client.folder / "scratch")
    for name in ("app.db", "second.db"):
        database = client.folder / "data" / name
        backup(Repository.open(storage), database, options=options, clock=older.clock, monitor=Silent())
    return storage


REPLAY = Campaign(
    "replay",
    "G16",
    "An older state of a repository, or one that lacks a backup, is noticed by whoever saw it, and nothing is pruned.",
    "states shown",
    CASES,
    shards,
    run,
    frozenset({OLDER, ANOTHER, DELETED, CUT, HARMLESS}),
)
