"""What a WebDAV server may answer without making a listing fail in an unknown way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from threading import Barrier

import pytest

from litekeep.errors import ObjectExists, StorageError
from litekeep.storage.remote.address import parse_address
from litekeep.storage.remote.httpline import Answer
from litekeep.storage.remote.webdav import WebdavWire
from litekeep.storage.remote.wire import Found, Pace
from storage.remote.conftest import opened
from storage.remote.servers import Server

PACE = Pace(60.0, lambda: 0.0)
FILE = "<d:response><d:href>{}</d:href><d:getcontentlength>{}</d:getcontentlength>{}</d:response>"
FOLDER = "<d:response><d:href>{}</d:href><d:resourcetype><d:collection/></d:resourcetype></d:response>"


def wire(monkeypatch: pytest.MonkeyPatch, *inside: str, encoding: str = "utf-8") -> WebdavWire:
    """One that gets the same listing whatever it asks."""
    text = f'<?xml version="1.0" encoding="{encoding}"?><d:multistatus xmlns:d="DAV:">{"".join(inside)}</d:multistatus>'
    made = WebdavWire(parse_address("webdav://localhost/dav"), dict)
    monkeypatch.setattr(made._lines, "ask", lambda *_, **__: Answer(207, Message(), text.encode()))
    return made


@pytest.mark.parametrize("encoding", ["no-such", "utf-7", "idna", "utf-16"])
def test_an_encoding_that_nobody_knows(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    with pytest.raises(StorageError):
        list(wire(monkeypatch, encoding=encoding).scan("", PACE))


@pytest.mark.parametrize("size", ["9" * 5000, "-1", "\u0663", "1e3", ""])
def test_a_length_that_is_none(monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    assert [each.size_bytes for each in wire(monkeypatch, FILE.format("/dav/x", size, "")).scan("", PACE)] == [0]


def test_a_name_that_is_no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    found = wire(monkeypatch, FILE.format("http://[x/", 5, ""), FILE.format("/dav/x", 5, "")).scan("", PACE)
    assert list(found) == [Found("x", 5, 0.0)]


def test_a_time_before_all_times(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "<d:getlastmodified>Mon, 01 Jan 0001 00:00:00 -0000</d:getlastmodified>"
    list(wire(monkeypatch, FILE.format("/dav/x", 5, told)).scan("", PACE))


def test_a_server_that_lists_everything_at_once_lists_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Depth: 1 asks for what is directly in a folder; some send all that is below, in each answer."""
    inside = [FOLDER.format("/dav/a/"), FOLDER.format("/dav/a/b/"), FILE.format("/dav/a/b/x", 5, "")]
    assert [each.name for each in wire(monkeypatch, *inside).scan("", PACE)] == ["a/b/x"]


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_somebody_else_made_in_the_same_moment(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    """WsgiDAV looks whether it is there and then makes it; who comes between the two makes the later one fail."""
    asked: list[str] = []
    made = WebdavWire(parse_address("webdav://localhost/dav"), dict)

    def ask(method: str, path: str, *_: object, **__: object) -> Answer:
        asked.append(f"{method} {path}")
        return Answer({"MKCOL": 500, "PROPFIND": 207 if there else 404}[method], Message(), b"")

    monkeypatch.setattr(made._lines, "ask", ask)
    if there:
        made._make_folders("packs/x")
    else:
        with pytest.raises(StorageError, match="500"):
            made._make_folders("packs/x")
    assert asked == ["MKCOL /dav/packs/", "PROPFIND /dav/packs/"]


def test_many_that_make_one_folder_at_once(servers: Callable[[str], Server], fresh: str) -> None:
    storages = [opened(servers("wsgidav"), fresh) for _ in range(6)]
    together = Barrier(len(storages))

    def make(who: int) -> None:
        try:
            for number in range(20):
                together.wait(60.0)
                storages[who].put(f"f{number}/{who}", b"x")
        except BaseException:
            together.abort()
            raise

    with ThreadPoolExecutor(len(storages)) as pool:
        list(pool.map(make, range(len(storages))))
    assert len(storages[0].list()) == 6 * 20
    for storage in storages:
        storage.close()


def test_of_many_that_create_one_name_at_once_one_does(servers: Callable[[str], Server], fresh: str) -> None:
    """WsgiDAV looks and then renames: without turns two were told so in 6 of 300 tries."""
    storage = opened(servers("wsgidav"), fresh)
    storage.put("first", b"makes the place")

    def attempt(name: str, content: int) -> bool:
        try:
            storage.put(name, bytes([content]) * 1000)
        except ObjectExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            won = list(pool.map(attempt, [f"n/{number}"] * 8, range(8)))
            assert won.count(True) == 1
            assert storage.get(f"n/{number}") == bytes([won.index(True)]) * 1000
    storage.close()
