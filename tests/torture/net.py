"""Every request of every operation on a server meets every fault: no false success, and the next run converges.

A repository that lies on a real server, behind a proxy that lets one planned fault strike at one request, or a tenth of
all of them by chance (STORM). The operations are a backup, a prune, a restore, a listing, and a sync to a copy there.
An operation ends with its goal reached or with an error of ours; what is listed afterwards is whole, seen past the
proxy; and the same operation without a fault succeeds at once. Each goes on where the one before ended, for days.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crash.film import in_memory
from crash.worlds import small_scale
from litekeep.clock import SystemClock
from litekeep.errors import LitekeepError
from litekeep.model import Level, Reason
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.copymemory import CopyMemory
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.restore import restore_new
from litekeep.operations.sync import SyncOptions, sync
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.base import Storage
from litekeep.storage.remote.storage import RemoteStorage
from litekeep.storage.retrying import RetryingStorage, RetryPolicy
from operations.home import DAY, Home, image_of, sha256
from storage.remote.conftest import opened
from storage.remote.proxy import FaultProxy, Strike
from storage.remote.servers import SERVERS, Server
from torture.campaign import Campaign, Shard, Size, Tally

PORTAL = b"<html><body>Welcome to the hotel. Please log in.</body></html>"
STRIKES = {
    "answer 500": Strike(status=500),
    "answer 503": Strike(status=503),
    "answer 429": Strike(status=429, headers="Retry-After: 0\r\n"),
    "answer 403": Strike(status=403),
    "answer 412": Strike(status=412),
    "no answer": Strike(hang=True),
    "connection reset": Strike(reset=True),
    "answer lost": Strike(lost=True),
    "body missing": Strike(cut=0),
    "body cut": Strike(cut=20),
    "log-in page": Strike(status=200, body=PORTAL, headers="Content-Type: text/html\r\n"),
    "empty answer": Strike(status=200),
}
STORM, STORM_RATE, STORM_RUNS = "every tenth request fails", 0.1, 12
PASSING = ("answer 500", "answer 503", "answer 429", "connection reset", "answer lost", "body missing", "body cut")
KINDS = {
    Size.CI: ("wsgidav",),
    Size.NIGHTLY: ("seaweedfs", "wsgidav"),
    Size.RELEASE: ("seaweedfs", "wsgidav", "rclone-s3"),
}
CASES = {Size.CI: 13, Size.NIGHTLY: 1_000, Size.RELEASE: 2_000}
FEW = RetentionPolicy(days=0, weeks=0, months=0, keep_last=2, trash_days=1)
NO_PATIENCE = RetryPolicy(0.001, 0.002, 0.0)
PATIENCE = RetryPolicy(0.001, 0.002, 60.0)
PLACES = {Size.NIGHTLY: 9, Size.RELEASE: 400}
"""At how many of the requests of an operation each fault strikes, at most."""
MOST_SNAPSHOTS = 6


class Place:
    """A repository on a server, a database, and the truth about every snapshot that was ever made."""

    def __init__(self, folder: Path, server: Server, proxy: FaultProxy, kind: str) -> None:
        self.server, self.proxy, self.kind = server, proxy, kind
        self.name = f"{kind}-{folder.name}"
        self.stall_seconds = 20.0
        self.known: dict[str, dict[str, bytes]] = {"here": {}, "there": {}}
        self.images: dict[str, str] = {}
        self.proven: dict[frozenset[str], dict[str, bool]] = {}
        self.sound: set[str] = set()
        direct = self.direct("here")
        self.home = Home(folder / "home", direct)
        self.home.make(rows=20)
        self.local = Home(folder / "local")
        self.local.make(rows=20)
        (self.local.folder / "memory").mkdir()

    def direct(self, part: str) -> RemoteStorage:
        """Past the proxy."""
        return opened(self.server, f"{self.name}/{part}", exclusive=self.kind == "seaweedfs")

    def through(self, part: str, patience: RetryPolicy) -> Storage:
        """By way of the proxy, as a new process has it."""
        url = self.server.at(f"{self.name}/{part}", port=self.proxy.port)
        remote = opened(self.server, "", url=url, stall_seconds=self.stall_seconds, exclusive=self.kind == "seaweedfs")
        return RetryingStorage(remote, SystemClock(), patience)

    def backup(self, patience: RetryPolicy) -> None:
        """Of what was changed before."""
        repository = Repository.open(self.through("here", patience))
        options = BackupOptions(reason=Reason.SCHEDULED, scratch=self.home.scratch, lock_wait_seconds=0.0)
        made = backup(repository, self.home.database, options=options, clock=self.home.clock, monitor=Silent())
        assert not made.damage, made.damage
        assert made.level >= Level.FULL
        assert made.snapshot.id in self.listed("here"), "reported as made, and not there"
        assert made.snapshot.id in self.sound, "reported as verified, and not remembered"

    def prune(self, patience: RetryPolicy) -> None:
        """With compaction, where every snapshot was verified."""
        self.tidy(patience)
        assert list(self.listed("here").values()).count(False) == 2, "reported as pruned, and there are others"

    def tidy(self, patience: RetryPolicy) -> None:
        """Prune; what a fault kept from being verified stays for a while beside what was."""
        repository = Repository.open(self.through("here", patience))
        options = PruneOptions(FEW, confirmed=True, scratch=self.home.scratch, lock_wait_seconds=0.0)
        prune(repository, options, clock=self.home.clock, monitor=Silent())

    def restore(self, patience: RetryPolicy) -> None:
        """The newest to a new path."""
        repository = Repository.open(self.through("here", patience))
        snapshot = load_catalog(repository).find("latest")
        target = self.home.folder / "out" / "restored.db"
        target.unlink(missing_ok=True)
        restore_new(repository, snapshot, target, clock=self.home.clock, monitor=Silent())
        assert sha256(target.read_bytes()) == self.images[snapshot.id]

    def list(self, patience: RetryPolicy) -> None:
        """As `litekeep list` does."""
        catalog = load_catalog(Repository.open(self.through("here", patience)))
        assert not catalog.damaged
        assert {each.id for each in catalog.snapshots} == self.listed("here").keys(), "an incomplete list"

    def sync(self, patience: RetryPolicy) -> None:
        """What a repository in memory here has made since."""
        home = self.local
        memory = CopyMemory(home.folder / "memory", "copy", "there", home.repository.config.id)
        options = SyncOptions(policy=FEW, unencrypted=True)
        there = self.through("there", patience)
        sync(home.repository, there, memory, options, clock=home.clock, monitor=Silent())
        newest = home.snapshots()[-1]
        assert newest.id in self.listed("there"), "reported as sent, and not there"

    def next_day(self, *, both: bool) -> None:
        """The database changes; both: that of the repository here too, which is backed up and pruned."""
        self.home.change(1)
        self.home.clock.advance(DAY)
        if both:
            self.local.change(1)
            self.local.clock.advance(DAY)
            made = self.local.backup().snapshot
            self.images[made.id] = sha256(image_of(self.local.repository, made, self.local.folder))
            self.local.prune(FEW, confirmed=True)

    def listed(self, part: str) -> dict[str, bool]:
        """The snapshots that are there, past the proxy, each proven to be whole; True: in the trash."""
        storage = self.direct(part)
        entries = {entry.key for entry in storage.list()}
        if "repository.json" not in entries:
            return {}
        known = self.known[part]
        for key in entries - known.keys():
            known[key] = storage.get(key)
        if frozenset(entries) in self.proven:
            return self.proven[frozenset(entries)]
        repository = Repository.open(in_memory({key: known[key] for key in entries}))
        catalog = load_catalog(repository)
        assert not catalog.damaged, catalog.damaged
        for each in catalog.snapshots:
            assert not each.damage, each.damage
            image = sha256(image_of(repository, each, self.home.folder))
            assert image == self.images.setdefault(each.id, image), f"{each.id} is not what it was"
        found = {each.id: each.trashed_at is not None for each in catalog.snapshots}
        self.proven[frozenset(entries)] = found
        self.sound |= {each.id for each in catalog.snapshots if each.sound}
        return found


OPERATIONS: dict[str, Callable[[Place, RetryPolicy], None]] = {
    "backup": Place.backup,
    "prune": Place.prune,
    "restore": Place.restore,
    "list": Place.list,
    "sync": Place.sync,
}


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Each operation on each server, some faults at a time; in CI all of them together."""
    if size is Size.CI:
        return [(kind, "all", "all", seed, size.value) for kind in KINDS[size]]
    parts = [*("|".join(some) for some in batched(STRIKES, 3)), STORM]
    return [(kind, name, part, seed, size.value) for kind in KINDS[size] for name in OPERATIONS for part in parts]


def batched(names: Iterable[str], count: int) -> Iterator[tuple[str, ...]]:
    """So many at a time."""
    left = iter(names)
    while some := tuple(itertools.islice(left, count)):
        yield some


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """One operation with some faults at many requests or all, or in a storm; in CI each fault once, at some request."""
    kind, name, part, seed, size = map(str, shard)
    with ready(folder, kind) as place, small_scale():
        if size == Size.CI:
            chance = random.Random(seed)
            for operation, fault in zip(itertools.cycle(OPERATIONS), STRIKES):
                once(place, tally, operation, fault, chance.randint(1, 6))
            storm(place, tally, "list", seed, runs=1)
        elif part == STORM:
            storm(place, tally, name, seed, runs=STORM_RUNS)
        else:
            for fault in part.split("|"):
                for at in chosen(requests_of(place, name), PLACES[Size(size)], [*STRIKES].index(fault)):
                    once(place, tally, name, fault, at)


def chosen(requests: int, most: int, turn: int) -> list[int]:
    """Numbers from 1 on, spread evenly over the requests; with each turn others, so that all have theirs in the end."""
    count = min(requests, most)
    return sorted({1 + (int(number * requests / count) + turn) % requests for number in range(count)})


def requests_of(place: Place, name: str) -> int:
    """How many an operation takes today."""
    prepare(place, name)
    seen = itertools.count()

    def count(_method: str, _path: str) -> bool:
        next(seen)
        return False

    place.proxy.strike_always(STRIKES["answer 500"], count)
    try:
        OPERATIONS[name](place, NO_PATIENCE)
    finally:
        place.proxy.heal()
    return next(seen)


@contextmanager
def ready(folder: Path, kind: str) -> Iterator[Place]:
    """A running server with a repository that has a few days."""
    (folder / "server").mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(SERVERS[kind](folder / "server"))
        proxy = stack.enter_context(FaultProxy(server.port))
        place = Place(folder, server, proxy, kind)
        for _ in range(2):
            place.next_day(both=True)
            place.backup(NO_PATIENCE)
        place.sync(NO_PATIENCE)
        yield place


def once(place: Place, tally: Tally, name: str, fault: str, at: int) -> None:
    """A day on which request `at` of the operation meets the fault, if there are so many."""
    asked, struck = itertools.count(1), [False]

    def when(_method: str, _path: str) -> bool:
        found = next(asked) == at
        struck[0] |= found
        return found

    case = f"{place.kind}-{name}-{fault}-{at}"
    prepare(place, name)
    if not tally.wants(case):
        OPERATIONS[name](place, NO_PATIENCE)
        return
    with tally.case(case, count=0):
        place.stall_seconds = 0.5 if fault == "no answer" else 20.0
        place.proxy.heal()
        place.proxy.strike_always(STRIKES[fault], when)
        try:
            OPERATIONS[name](place, NO_PATIENCE)
            tally.figures["succeeded all the same"] += 1
        except LitekeepError as error:
            tally.figures[f"failed: {error.code}"] += 1
        finally:
            place.proxy.heal()
            place.stall_seconds = 20.0
        place.listed("there" if name == "sync" else "here")
        release(place)
        OPERATIONS[name](place, NO_PATIENCE)
    tally.cases += struck[0]
    tally.struck[fault] += struck[0]


def prepare(place: Place, name: str) -> None:
    """What the operation has to do: a change to back up, a backup to prune, another one to send."""
    there = place.listed("here")
    if name in ("restore", "list") and len(there) > 1:
        return
    if len(there) > MOST_SNAPSHOTS:
        place.tidy(NO_PATIENCE)
    place.next_day(both=name == "sync")
    if name == "prune":
        place.backup(NO_PATIENCE)


def release(place: Place) -> None:
    """As if the minutes had passed after which the lease of a run that could not give it back is void."""
    storage = place.direct("here")
    for each in storage.marks("lock/"):
        storage.remove_mark(each.name)


def storm(place: Place, tally: Tally, name: str, seed: str, *, runs: int) -> None:
    """Every tenth request fails, by chance, with faults that pass: all is done all the same."""
    chance, rate = random.Random(f"{seed} {name}"), STORM_RATE / len(PASSING)
    for number in range(runs):
        case = f"{place.kind}-{name}-storm-{number}"
        prepare(place, name)
        with tally.case(case, STORM):
            for fault in PASSING:
                place.proxy.strike_always(STRIKES[fault], lambda _method, _path: chance.random() < rate)
            try:
                OPERATIONS[name](place, PATIENCE)
            finally:
                place.proxy.heal()


NET = Campaign(
    "net",
    "G12",
    "Whatever request to a server fails, no run says that it succeeded when it did not, and the next one does.",
    "runs with a fault",
    CASES,
    shards,
    run,
    frozenset({*STRIKES, STORM}),
)
