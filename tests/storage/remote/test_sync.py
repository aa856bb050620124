"""Every request of a first and of a daily sync meets every fault: no false success, and the next run goes on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import LitekeepError
from litekeep.monitor import Silent
from litekeep.operations.copymemory import CopyMemory, read_states
from litekeep.operations.sync import SyncOptions, SyncResult, sync
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.base import Storage
from litekeep.storage.retrying import RetryingStorage, RetryPolicy
from operations.home import Home, image_of, sha256
from storage.remote.conftest import opened
from storage.remote.proxy import FaultProxy, Strike
from storage.remote.servers import Server

PORTAL = b"<html><body>Welcome to the hotel. Please log in.</body></html>"
STRIKES = {
    "500": Strike(status=500),
    "503": Strike(status=503),
    "429": Strike(status=429, headers="Retry-After: 0\r\n"),
    "403": Strike(status=403),
    "412": Strike(status=412),
    "hang": Strike(hang=True),
    "reset": Strike(reset=True),
    "lost": Strike(lost=True),
    "nothing": Strike(cut=0),
    "cut": Strike(cut=20),
    "portal": Strike(status=200, body=PORTAL, headers="Content-Type: text/html\r\n"),
    "empty": Strike(status=200),
}
NO_PATIENCE = RetryPolicy(0.001, 0.002, 0.0)
PATIENCE = RetryPolicy(0.001, 0.002, 60.0)


class Copy:
    """A copy behind a proxy, and what must come back from it."""

    def __init__(self, home: Home, server: Server, proxy: FaultProxy, place: str) -> None:
        self.home, self.server, self.proxy, self.place = home, server, proxy, place
        self.folder = home.folder / "memory"
        self.folder.mkdir(exist_ok=True)
        self.exclusive: bool | None = None
        self.stall_seconds = 20.0

    def storage(self, patience: RetryPolicy) -> Storage:
        url = self.server.at(self.place, port=self.proxy.port)
        remote = opened(self.server, "", url=url, stall_seconds=self.stall_seconds, exclusive=self.exclusive)
        return RetryingStorage(remote, SystemClock(), patience)

    def sync(self, patience: RetryPolicy = NO_PATIENCE, **options: Any) -> SyncResult:
        memory = CopyMemory(self.folder, self.place, "there", self.home.repository.config.id)
        wanted = SyncOptions(unencrypted=True, **options)
        return sync(
            self.home.repository,
            self.storage(patience),
            memory,
            wanted,
            clock=self.home.clock,
            monitor=Silent(),
        )

    @property
    def state(self) -> Any:
        return read_states(self.folder)[self.place]

    def require(self, images: dict[str, str]) -> None:
        """Past the proxy: what is listed is whole."""
        storage = opened(self.server, self.place, exclusive=self.exclusive)
        if "repository.json" not in {entry.key for entry in storage.list()}:
            return
        there = Repository.open(storage)
        for snapshot in load_catalog(there).snapshots:
            assert sha256(image_of(there, snapshot, self.home.folder)) == images[snapshot.id]

    def ids(self) -> set[str]:
        return {each.id for each in load_catalog(Repository.open(opened(self.server, self.place))).snapshots}


@pytest.fixture
def copy_at(
    servers: Callable[[str], Server], proxied: Callable[[str], FaultProxy], tmp_path: Path
) -> Callable[[str, str], Copy]:
    home = Home(tmp_path)
    home.make()
    proxies: dict[str, FaultProxy] = {}

    def make(kind: str, place: str) -> Copy:
        proxy = proxies.setdefault(kind, proxied(kind))
        return Copy(home, servers(kind), proxy, place)

    return make


def numbered(proxy: FaultProxy, strike: Strike, number: int) -> list[int]:
    """Let the strike meet request `number` from now on; gives how often it struck."""
    count, struck = [0], [0]

    def when(_method: str, _path: str) -> bool:
        count[0] += 1
        hit = count[0] == number
        struck[0] += hit
        return hit

    proxy.heal()
    proxy.strike_always(strike, when)
    return struck


@pytest.mark.parametrize(
    ("kind", "fault"),
    [*(("seaweedfs", fault) for fault in STRIKES), *(("wsgidav", fault) for fault in ("500", "cut", "portal"))],
)
def test_every_request_of_a_sync(
    copy_at: Callable[[str, str], Copy], fresh: str, kind: str, fault: str, request: pytest.FixtureRequest
) -> None:
    """A first sync, then a daily increment; once at each request. It fails, or all is there; the next run goes on.

    To save time, a few requests of a first sync (all with --storage-all), and all of an increment to S3.
    """
    first = copy_at(kind, f"{fresh}-count")
    home, images = first.home, dict[str, str]()
    first.exclusive = kind == "seaweedfs"
    first.stall_seconds = 1.0 if fault == "hang" else 20.0

    def back_up() -> None:
        home.change()
        made = home.backup().snapshot
        images[made.id] = sha256(image_of(home.repository, made, home.folder))

    back_up()
    first.proxy.requests.clear()
    first.sync()
    requests = len(first.proxy.requests)
    back_up()
    first.proxy.requests.clear()
    first.sync()
    daily = len(first.proxy.requests)
    step = 1 if request.config.getoption("--storage-all") else max(1, requests // 3)
    for number in range(1, requests + 1, step):
        copy = copy_at(kind, f"{fresh}-{number}")
        copy.exclusive, copy.stall_seconds = first.exclusive, first.stall_seconds
        struck = numbered(copy.proxy, STRIKES[fault], number)
        require_honest(copy, images)
        assert struck == [1]
        copy.proxy.heal()
        copy.sync()
        assert copy.ids() == set(images)
        copy.require(images)
    for number in range(1, daily + 1, 1 if kind == "seaweedfs" else step):
        back_up()
        struck = numbered(first.proxy, STRIKES[fault], number)
        require_honest(first, images)
        assert struck == [1] or number == daily, "folders are made once"
        first.proxy.heal()
        first.sync(look=True)
        assert first.ids() == set(images)
    first.require(images)


def require_honest(copy: Copy, images: dict[str, str]) -> None:
    """Success only if all is there; else one clear error, and what is listed is whole."""
    with suppress_into(errors := list[LitekeepError]()):
        copy.sync()
    error = errors[0] if errors else None
    copy.proxy.heal()
    state = copy.state
    if error is None:
        assert copy.ids() == set(images), "it said that all is there"
        assert state.synced_at == copy.home.clock.now()
    else:
        assert error.message
        assert state.problem
        assert state.synced_at is None or state.synced_at < copy.home.clock.now()
        copy.require(images)
    copy.home.clock.advance(60)


@contextmanager
def suppress_into(errors: list[LitekeepError]) -> Iterator[None]:
    """Errors that users would see are kept; any other one fails the test."""
    try:
        yield
    except LitekeepError as error:
        errors.append(error)


@pytest.mark.parametrize("fault", ["503", "reset", "lost", "nothing", "cut"])
def test_what_passes_is_tried_again(copy_at: Callable[[str, str], Copy], fresh: str, fault: str) -> None:
    """Every third request fails, by chance: the sync succeeds all the same."""
    copy = copy_at("seaweedfs", fresh)
    copy.home.backup()
    chance = random.Random(5)
    copy.proxy.strike_always(STRIKES[fault], lambda _method, _path: chance.random() < 0.3)
    assert len(copy.sync(PATIENCE).snapshots) == 1
    copy.proxy.heal()
    assert len(copy.ids()) == 1


@pytest.mark.parametrize("kind", ["seaweedfs", "wsgidav"])
def test_a_daily_increment_is_a_few_requests(copy_at: Callable[[str, str], Copy], fresh: str, kind: str) -> None:
    copy = copy_at(kind, fresh)
    copy.home.backup()
    copy.sync()
    copy.exclusive = kind != "wsgidav"
    copy.home.change()
    copy.home.backup()
    copy.proxy.requests.clear()
    copy.sync(ask_first=kind != "seaweedfs")
    if kind == "seaweedfs":
        assert [method for method, _ in copy.proxy.requests].count("PUT") == 3
        assert len(copy.proxy.requests) <= 4, copy.proxy.requests
    copy.proxy.requests.clear()
    assert copy.sync().requests == 0
    assert copy.proxy.requests == []


@pytest.mark.parametrize("kind", ["seaweedfs", "wsgidav"])
def test_a_server_that_lost_the_newest_backup_is_found_out_at_once(
    copy_at: Callable[[str, str], Copy], fresh: str, kind: str
) -> None:
    copy = copy_at(kind, fresh)
    copy.home.backup()
    copy.sync()
    assert not copy.sync().listed
    storage = copy.storage(NO_PATIENCE)
    storage.delete(next(entry.key for entry in storage.list("snapshots/")))
    copy.home.change()
    copy.home.backup()
    result = copy.sync()
    assert result.listed
    assert len(result.snapshots) == len(copy.ids()) == 2
