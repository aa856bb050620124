"""The whole life of a repository that is only on a server: backed up, verified, rotated, pruned, restored."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import NoRepository, ObjectExists, PlaceMissing, StorageError
from litekeep.model import Level
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.counting import CountingStorage
from litekeep.storage.opening import open_storage
from litekeep.storage.retrying import RetryingStorage, RetryPolicy
from operations.home import DAY, Home
from storage.remote.conftest import opened
from storage.remote.proxy import FaultProxy, Strike
from storage.remote.servers import TRUE_SERVERS, Server

KEEP_LITTLE = RetentionPolicy(days=0, weeks=0, months=0, keep_last=1, trash_days=0)


@pytest.mark.parametrize("name", [*TRUE_SERVERS, "rclone-s3"])
def test_a_repository_that_is_only_on_a_server(
    servers: Callable[[str], Server], fresh: str, tmp_path: Path, name: str
) -> None:
    server = servers(name)
    counted = CountingStorage(opened(server, fresh))
    home = Home(tmp_path, counted)
    home.make(rows=400)
    assert home.backup().level is Level.FULL
    for _ in range(2):
        home.change(rows=30)
        home.backup(after=DAY)
    before = home.database.read_bytes()
    last = home.backup(after=DAY)
    assert last.unchanged

    home.prune(KEEP_LITTLE, confirmed=True)
    home.clock.advance(8 * DAY)
    pruned = home.prune(KEEP_LITTLE, confirmed=True)
    assert pruned.forgotten
    assert not home.scrub().damaged

    again = open_storage(server.at(fresh), server.secrets, clock=SystemClock())  # as another machine would
    home.repository = Repository.open(again)
    assert home.verify(home.find("latest")).ok
    home.restore_new(home.find("latest"), tmp_path / "out" / "restored.db")
    assert (tmp_path / "out" / "restored.db").read_bytes() == before


@pytest.mark.parametrize("name", TRUE_SERVERS)
def test_a_wrong_place_is_never_an_empty_repository(servers: Callable[[str], Server], fresh: str, name: str) -> None:
    server = servers(name)
    url = server.at(fresh).replace("s3://bucket/", "s3://no-such-bucket/")
    storage = opened(server, "", url=url, create=False)
    for call in (
        lambda: Repository.open(storage),
        storage.list,
        lambda: storage.get("repository.json"),
        lambda: storage.size("repository.json"),
        lambda: storage.put("repository.json", b"x"),
        lambda: storage.delete("repository.json"),
        lambda: storage.lock("someone").__enter__(),
    ):
        with pytest.raises(PlaceMissing):
            call()
    with pytest.raises(NoRepository):
        Repository.open(opened(server, fresh))


def test_every_request_of_a_backup_fails_once(
    servers: Callable[[str], Server], proxied: Callable[[str], FaultProxy], fresh: str, tmp_path: Path
) -> None:
    """In turn busy, lost after it was carried out, cut off, reset: the backup is made all the same."""
    proxy = proxied("seaweedfs")
    server = servers("seaweedfs")
    remote = opened(server, "", url=server.at(fresh, port=proxy.port))
    home = Home(tmp_path, RetryingStorage(remote, SystemClock(), RetryPolicy(0.001, 0.002, 60)))
    home.make()
    for strike in (Strike(status=503), Strike(lost=True), Strike(cut=0), Strike(reset=True)):
        seen: set[tuple[str, str]] = set()
        proxy.heal()
        proxy.requests.clear()
        proxy.strike_always(strike, lambda *request, seen=seen: _first(seen, request))
        home.change()
        assert home.backup().level is Level.FULL
        assert len(seen) > 8
    proxy.heal()
    assert not home.scrub().damaged
    assert len(home.snapshots()) == 4


def _first(seen: set[tuple[str, str]], request: tuple[str, ...]) -> bool:
    """Whether this is the first request of its kind: names have a random part."""
    method, path = request
    kind = method, re.sub(r"[0-9a-f]{8,}|/[0-9a-f]{2}/", "*", path)
    new = kind not in seen
    seen.add(kind)
    return new


def test_a_network_that_stays_away_fails_cleanly(
    servers: Callable[[str], Server], proxied: Callable[[str], FaultProxy], fresh: str, tmp_path: Path
) -> None:
    proxy, server = proxied("seaweedfs"), servers("seaweedfs")
    remote = opened(server, "", url=server.at(fresh, port=proxy.port))
    home = Home(tmp_path, RetryingStorage(remote, SystemClock(), RetryPolicy(0.001, 0.002, 0.2)))
    home.make()
    home.backup()
    home.change()
    proxy.strike_always(Strike(status=500), lambda method, path: method == "PUT" and "/snapshots/" in path)
    with pytest.raises(StorageError):
        home.backup()
    proxy.heal()
    assert len(home.snapshots()) == 1
    assert home.backup().level is Level.FULL
    assert home.left_over() == []


def test_uploads_with_a_checksum(servers: Callable[[str], Server], fresh: str) -> None:
    """AWS wants one where objects are locked by default."""
    server = servers("seaweedfs")
    storage = opened(server, "", url=f"{server.at(fresh)}&checksum=sha256")
    storage.put("packs/aa/x", b"content" * 1000)
    storage.put("packs/aa/x", b"content" * 1000)
    assert storage.get("packs/aa/x") == b"content" * 1000
    with pytest.raises(ObjectExists):
        storage.put("packs/aa/x", b"other")
