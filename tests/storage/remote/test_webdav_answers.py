"""What a WebDAV server may answer without making a listing fail in an unknown way."""

from __future__ import annotations

from email.message import Message

import pytest

from litekeep.errors import StorageError
from litekeep.storage.remote.address import parse_address
from litekeep.storage.remote.httpline import Answer
from litekeep.storage.remote.webdav import WebdavWire
from litekeep.storage.remote.wire import Found, Pace

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
