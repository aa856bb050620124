"""What goes wrong between here and a server, and what is said about it."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import (
    Cancelled,
    ClockWrong,
    CredentialsRefused,
    LitekeepError,
    NoSpace,
    ObjectExists,
    PermissionRefused,
    PlaceMissing,
    StorageError,
    WrongServer,
)
from litekeep.storage.base import Storage
from litekeep.storage.opening import open_remote
from litekeep.storage.remote.storage import RemoteStorage
from litekeep.storage.retrying import RetryingStorage, RetryPolicy
from operations.home import small_disk
from storage.remote.conftest import opened
from storage.remote.proxy import FaultProxy, Strike
from storage.remote.servers import S3_READER_KEYS, TRUE_SERVERS, Server, openssh

HTTP_SERVERS = ("seaweedfs", "wsgidav")
PORTAL = b"<!DOCTYPE html><html><body>Please log in to this network</body></html>"
CALLS: dict[str, Callable[[Storage], object]] = {
    "put": lambda storage: storage.put("a/new", b"content"),
    "get": lambda storage: storage.get("a/there"),
    "get_range": lambda storage: storage.get_range("a/there", 1, 2),
    "size": lambda storage: storage.size("a/there"),
    "list": lambda storage: storage.list("a/"),
    "delete": lambda storage: storage.delete("a/other"),
}


class Place:
    """One folder on a server, straight and through a proxy."""

    def __init__(self, server: Server, proxy: FaultProxy, path: str) -> None:
        self.server, self.proxy, self.path = server, proxy, path
        self.straight = opened(server, path)
        for key in ("a/there", "a/other"):
            self.straight.put(key, b"0123456789")

    def through(self, **options: Any) -> RemoteStorage:
        """Through the proxy."""
        url = self.server.at(self.path, port=self.proxy.port)
        return opened(self.server, self.path, url=url, **options)


@pytest.fixture(params=HTTP_SERVERS)
def place(
    request: pytest.FixtureRequest,
    servers: Callable[[str], Server],
    proxied: Callable[[str], FaultProxy],
    fresh: str,
) -> Place:
    return Place(servers(request.param), proxied(request.param), fresh)


def error_body(code: str) -> bytes:
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>secret-ish</Message></Error>'.encode()


@pytest.mark.parametrize(
    ("strike", "kind", "code"),
    [
        (Strike(status=500), StorageError, "unreachable"),
        (Strike(status=503, body=error_body("SlowDown")), StorageError, "unreachable"),
        (Strike(status=429), StorageError, "unreachable"),
        (Strike(status=408), StorageError, "unreachable"),
        (Strike(status=401), CredentialsRefused, "credentials"),
        (Strike(status=403, body=error_body("AccessDenied")), PermissionRefused, "permission"),
        (Strike(status=507), NoSpace, "no_space"),
        (Strike(status=302, headers="Location: http://127.0.0.1:1/login\r\n"), StorageError, None),
        (Strike(status=511, body=PORTAL), WrongServer, "wrong_server"),
        (Strike(reset=True), StorageError, "unreachable"),
        (Strike(lost=True), StorageError, "unreachable"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_table_of_errors(place: Place, strike: Strike, kind: type[StorageError], code: str | None) -> None:
    storage = place.through(exclusive=True)
    storage.list()
    storage._require_place()
    place.proxy.strike_always(strike)
    for name, call in CALLS.items():
        with pytest.raises(kind) as caught:
            call(storage)
        if code:
            assert (name, caught.value.code) == (name, code)
        assert caught.value.safe
        assert caught.value.hint
        assert "secret" not in str(caught.value)
    place.proxy.heal()
    assert storage.get("a/there") == b"0123456789"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "RequestTimeTooSkewed", ClockWrong),
        (403, "SignatureDoesNotMatch", CredentialsRefused),
        (400, "ExpiredToken", CredentialsRefused),
        (403, "QuotaExceeded", NoSpace),
        (404, "NoSuchBucket", PlaceMissing),
        (400, "AuthorizationHeaderMalformed", WrongServer),
        (403, "AccessDenied", PermissionRefused),
    ],
)
@pytest.mark.parametrize("name", ["put", "get", "list", "delete"])
def test_codes_of_s3(
    servers: Callable[[str], Server],
    proxied: Callable[[str], FaultProxy],
    fresh: str,
    status: int,
    code: str,
    kind: type[StorageError],
    name: str,
) -> None:
    place = Place(servers("seaweedfs"), proxied("seaweedfs"), fresh)
    storage = place.through(exclusive=True)
    storage._require_place()
    place.proxy.strike_always(Strike(status=status, body=error_body(code)))
    with pytest.raises(kind) as caught:
        CALLS[name](storage)
    assert type(caught.value) is kind


def test_a_network_with_a_log_in_page(place: Place) -> None:
    """It answers 200 and a page to everything: no call may take that for its object, or for an empty place."""
    place.proxy.strike_always(Strike(status=200, body=PORTAL))
    for name, call in CALLS.items():
        with pytest.raises((WrongServer, StorageError)) as caught:
            call(place.through(exclusive=True))
        assert caught.value.code in {"wrong_server", "unreachable"}, name
    storage = place.through(exclusive=True)  # and when it comes in the way later on
    place.proxy.heal()
    storage.put("a/last", b"x")
    storage.delete("a/last")
    place.proxy.strike_always(Strike(status=200, body=PORTAL))
    for name in ("put", "get", "get_range", "size", "list"):
        with pytest.raises(WrongServer):
            CALLS[name](storage)
    assert [entry.key for entry in place.straight.list()] == ["a/other", "a/there"]


def test_a_log_in_page_that_comes_only_once(place: Place) -> None:
    """Once for the listing, while everything else is answered as it should be: no listing is empty because of that."""
    storage = place.through(exclusive=True)
    expected = place.straight.list("a/")
    assert expected
    for _ in range(2):
        place.proxy.strike(Strike(status=200, body=PORTAL))
        with suppress(WrongServer):
            assert storage.list("a/") == expected
        place.proxy.assert_exhausted()


@pytest.mark.parametrize("cut", [0, 1, 5])
def test_answers_that_end_early_are_never_taken_for_whole(place: Place, cut: int) -> None:
    storage = place.through(exclusive=True)
    storage._require_place()
    for call in (CALLS["get"], CALLS["get_range"], CALLS["list"]):
        place.proxy.strike(Strike(cut=cut), Strike(cut=cut))  # a library may resume by itself
        with suppress(StorageError):
            assert call(storage) in (b"0123456789", b"12", place.straight.list("a/"))
        place.proxy.heal()


def test_a_put_whose_reply_was_lost_is_found_again(place: Place) -> None:
    storage = RetryingStorage(place.through(exclusive=True), SystemClock(), RetryPolicy(0.01, 0.02, 10))
    writes = {"PUT", "MOVE"}
    for number in range(3):
        place.proxy.strike(Strike(lost=True), when=lambda method, path: method in writes)
        storage.put(f"a/lost-{number}", b"content")
        place.proxy.assert_exhausted()
        assert place.straight.get(f"a/lost-{number}") == b"content"
    if place.server.url.startswith("webdav"):
        place.proxy.strike(Strike(lost=True), when=lambda method, path: method == "MOVE")
        storage.put("a/moved", b"content")
        place.proxy.assert_exhausted()
    with pytest.raises(ObjectExists):
        storage.put("a/lost-0", b"other")
    assert not [each for each in place.straight.marks("") if each.name.startswith(".tmp-")]


def test_busy_servers_are_asked_again(place: Place) -> None:
    storage = RetryingStorage(place.through(exclusive=True), SystemClock(), RetryPolicy(0.01, 0.02, 10))
    for name, call in CALLS.items():
        place.proxy.strike(Strike(status=503), Strike(reset=True), Strike(status=429))
        call(storage)
        place.proxy.assert_exhausted()
        assert place.straight.get("a/there") == b"0123456789", name


def test_secrets_that_were_renewed_meanwhile(place: Place) -> None:
    """A key that expired is asked for again, once; the request is not lost."""
    good = dict(place.server.secrets)
    name = max(good)
    given = [{**good, name: "expired"}]
    storage = open_remote(place.server.at(place.path), lambda: given[0], clock=SystemClock(), exclusive=True)
    with pytest.raises(CredentialsRefused):
        storage.get("a/there")
    given[0] = good
    assert storage.get("a/there") == b"0123456789"


@pytest.mark.parametrize("name", TRUE_SERVERS)
@pytest.mark.parametrize("how", ["asked", "interrupted"])
def test_a_network_that_hangs_can_be_left_at_once(
    servers: Callable[[str], Server], proxied: Callable[[str], FaultProxy], fresh: str, name: str, how: str
) -> None:
    place = _place(servers(name), proxied(name), fresh)
    asked = threading.Event()
    storage = place.through(cancelled=asked.is_set, exclusive=True)
    place.proxy.strike_always(Strike(hang=True))
    began = []

    def stop() -> None:
        began.append(time.monotonic())
        if how == "asked":
            asked.set()
        else:
            signal.raise_signal(signal.SIGINT)

    timer = threading.Timer(0.5, stop)
    timer.start()
    with pytest.raises((Cancelled, KeyboardInterrupt)):
        RetryingStorage(storage, SystemClock(), cancelled=asked.is_set).get("a/there")
    assert time.monotonic() - began[0] < 2.0  # within a second, on a machine that is not busy; the stall takes twenty
    timer.join()
    storage.close()


def _place(server: Server, proxy: FaultProxy, path: str) -> Place:
    place = Place(server, proxy, path)
    if "keys" in server.more:  # the proxy's port is another host to SSH
        known = Path(server.more["keys"]) / "known_hosts"
        line = known.read_text().splitlines()[0].replace(str(server.port), str(proxy.port))
        known.write_text(known.read_text() + line + "\n")
    return place


@pytest.mark.parametrize("name", TRUE_SERVERS)
@pytest.mark.parametrize("strike", [Strike(hang=True), Strike(drip=True)], ids=["hangs", "drips"])
def test_a_transfer_at_a_standstill_is_given_up(
    servers: Callable[[str], Server], proxied: Callable[[str], FaultProxy], fresh: str, name: str, strike: Strike
) -> None:
    if strike.drip and name == "openssh":
        pytest.skip("the proxy drips only HTTP")
    place = _place(servers(name), proxied(name), fresh)
    storage = place.through(stall_seconds=1.0, exclusive=True)
    place.proxy.strike_always(strike)
    began = time.monotonic()
    with pytest.raises(StorageError) as caught:
        storage.get("a/there")
    assert type(caught.value) is StorageError
    assert time.monotonic() - began < 3.0
    place.proxy.heal()
    assert storage.get("a/there") == b"0123456789"


def test_a_large_object_on_a_slow_line_is_not_given_up(place: Place) -> None:
    """As long as something moves, there is no limit to the whole."""
    content = bytes(range(256)) * 40_000
    storage = place.through(stall_seconds=2.0, exclusive=True)
    storage.put("a/large", content)
    assert storage.get("a/large") == content


@pytest.mark.parametrize("name", TRUE_SERVERS)
def test_two_writers_of_one_key(servers: Callable[[str], Server], fresh: str, name: str) -> None:
    """Each through a storage of its own, as two machines: who writes last of those who won is what stays, whole.

    One wins where the server creates in one step. WsgiDAV looks first and then renames (storage/remote/storage.py).
    """
    policy = RetryPolicy(0.02, 0.2, 20.0)  # some servers answer 500 when two meet
    storages = [RetryingStorage(opened(servers(name), fresh, exclusive=True), SystemClock(), policy) for _ in range(4)]
    storages[0].list()
    storages[0].put("first", b"makes the folder")

    for number in range(3):

        def attempt(writer: int, number: int = number) -> bool:
            try:
                storages[writer].put(f"a/{number}", bytes([writer]) * 10_000)
            except ObjectExists:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            won = list(pool.map(attempt, range(4)))
        assert won.count(True) == 1 or (name == "wsgidav" and any(won))
        assert storages[0].get(f"a/{number}") in [bytes([writer]) * 10_000 for writer in range(4) if won[writer]]


def test_a_key_that_may_only_read(servers: Callable[[str], Server], fresh: str) -> None:
    server = servers("seaweedfs")
    opened(server, fresh).put("a/b", b"content")
    reader = opened(server, fresh, secrets=S3_READER_KEYS)
    assert reader.get("a/b") == b"content"
    with pytest.raises(PermissionRefused):
        reader.put("a/c", b"x")
    with pytest.raises(PermissionRefused):
        reader.delete("a/b")
    with pytest.raises(PermissionRefused), reader.lock("someone"):
        pass
    assert reader.get("a/b") == b"content"


WRONG: dict[str, dict[str, str]] = {
    "seaweedfs": {"access_key": "testkey", "secret_key": "guessed-wrong"},
    "wsgidav": {"password": "guessed-wrong"},
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_passwords(servers: Callable[[str], Server], fresh: str, name: str) -> None:
    storage = opened(servers(name), fresh, secrets=WRONG[name])
    for call in CALLS.values():
        with pytest.raises(CredentialsRefused) as caught:
            call(storage)
        assert "guessed-wrong" not in str(caught.value) + caught.value.hint


def test_wrong_keys_and_hosts_of_ssh(servers: Callable[[str], Server], fresh: str, tmp_path: Path) -> None:
    server = servers("openssh")
    url, keys = server.at(fresh), server.more["keys"]
    (tmp_path / "nobody").write_text("")
    (tmp_path / "other").write_text(f"[127.0.0.1]:{server.port} {(Path(keys) / 'other_key.pub').read_text()}")
    for changed, kind in (
        (url.replace("user_key", "other_key"), CredentialsRefused),
        (url.replace("user_key", "no_key"), CredentialsRefused),
        (url.replace(f"{keys}/known_hosts", str(tmp_path / "nobody")), WrongServer),
        (url.replace(f"{keys}/known_hosts", str(tmp_path / "other")), WrongServer),
        (url.partition("&known_hosts")[0] + "&host_key=SHA256:AAAA", WrongServer),
    ):
        with pytest.raises(kind) as caught:
            opened(server, fresh, url=changed).list()
        assert caught.value.hint
    with pytest.raises(WrongServer) as caught:
        opened(server, fresh, url=url.partition("&known_hosts")[0] + "&host_key=SHA256:AAAA").list()
    shown = str(caught.value).partition("SHA256:")[2].split()[0]
    pinned = url.partition("&known_hosts")[0] + f"&host_key=SHA256:{shown.replace('+', '%2B')}"
    assert opened(server, fresh, url=pinned).list() == []


def test_a_certificate_that_nobody_vouches_for(
    servers: Callable[[str], Server], fresh: str, tls_door: Callable[[int], tuple[int, Path]]
) -> None:
    for name in HTTP_SERVERS:
        server = servers(name)
        port, certificate = tls_door(server.port)
        url = server.at(fresh, port=port).replace("http:", "https:").replace("webdav:", "webdavs:")
        with pytest.raises(WrongServer, match="certificate"):
            opened(server, fresh, url=url).list()
        trusted = opened(server, fresh, url=f"{url}{'&' if '?' in url else '?'}ca_file={certificate}")
        trusted.put("a", b"x")
        assert trusted.get("a") == b"x"
        trusted.close()


def test_a_full_disk_behind_ssh(tmp_path: Path) -> None:
    with small_disk(tmp_path, 2000) as disk, openssh(Path(_made(tmp_path / "ssh"))) as server:
        url = server.url.replace(str(server.folder), str(disk))
        storage = opened(server, "", url=url.format(port=server.port, path="backups"))
        storage.put("a/b", b"fits")
        with pytest.raises(NoSpace) as caught:
            storage.put("a/c", b"x" * 3_000_000)
        assert caught.value.exit_code == 14
        assert storage.get("a/b") == b"fits"
        assert [each.name for each in storage.marks("")] == ["a/b"]
        storage.close()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_errors_cross_processes(place: Place) -> None:
    import pickle

    place.proxy.strike_always(Strike(status=401))
    with pytest.raises(LitekeepError) as caught:
        place.through().list()
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), copy.hint) == (type(caught.value), str(caught.value), caught.value.hint)


def test_ssh_does_not_wait_for_small_packets_and_lends_each_session_to_one(
    servers: Callable[[str], Server], fresh: str
) -> None:
    storage = opened(servers("openssh"), fresh)
    large = bytes(range(256)) * 4000
    storage.put("a/large", large)
    assert storage.get_range("a/large", 1000, 1_000_000) == large[1000:1_001_000]
    content = bytes(100_000)
    with ThreadPoolExecutor(8) as pool:  # two threads in one session of paramiko hang, or break it
        list(pool.map(lambda number: storage.put(f"a/{number}", content), range(24)))
        assert all(pool.map(lambda number: storage.get(f"a/{number}") == content, range(24)))
    session = storage._wire._sessions._session  # type: ignore[attr-defined]
    assert session._line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert 1 <= len({id(each) for each in session.idle}) == len(session.idle) <= 8
    storage.close()
