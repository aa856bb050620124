"""Servers that replace what they should not, or cannot be asked not to: found out, told, and lived with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from litekeep.errors import ObjectExists
from storage.remote.conftest import opened
from storage.remote.proxy import FaultProxy, Strike
from storage.remote.servers import SERVERS, Server

EXCLUSIVE = {
    "seaweedfs": True,
    "openssh": True,
    "wsgidav": True,
    "rclone-s3": False,
    "rclone-sftp": False,
    "rclone-webdav": True,
}


@pytest.mark.parametrize("name", SERVERS)
def test_what_servers_do_when_asked_to_create_what_exists(
    servers: Callable[[str], Server], fresh: str, name: str
) -> None:
    storage = opened(servers(name), fresh)
    probe = storage.probe()
    assert probe.exclusive is EXCLUSIVE[name], probe
    assert "refuses" in probe.answer if probe.exclusive else "replaces" in probe.answer
    assert not storage.marks("")

    storage.put("a/b", b"first")  # whatever it does, what was stored through us stays
    storage.put("a/b", b"first")
    other = opened(servers(name), fresh)
    with pytest.raises(ObjectExists):
        other.put("a/b", b"other")
    assert other.get("a/b") == b"first"
    assert other.get_range("a/b", 1, 3) == b"irs"
    assert [entry.key for entry in other.list()] == ["a/b"]
    other.delete("a/b")
    assert storage.list() == []
    for each in (storage, other):
        each.close()


@pytest.mark.parametrize("status", [501, 400])
def test_a_server_that_knows_no_conditions(
    servers: Callable[[str], Server], proxied: Callable[[str], FaultProxy], fresh: str, status: int
) -> None:
    body = b"<Error><Code>NotImplemented</Code><Message>A header you provided implies functionality</Message></Error>"
    proxy = proxied("seaweedfs")
    storage = opened(servers("seaweedfs"), fresh, url=servers("seaweedfs").at(fresh, port=proxy.port))
    storage.list()
    proxy.strike(Strike(status=status, body=body), when=lambda method, path: method == "PUT")
    assert not storage.probe().exclusive
    proxy.assert_exhausted()
    proxy.strike(Strike(status=status, body=body), when=lambda method, path: method == "PUT")
    storage.put("a/b", b"first")
    proxy.assert_exhausted()
    with pytest.raises(ObjectExists):
        storage.put("a/b", b"other")
    assert storage.get("a/b") == b"first"


def test_the_probe_can_be_spared(
    servers: Callable[[str], Server], proxied: Callable[[str], FaultProxy], fresh: str
) -> None:
    """What is known from before costs no request; an object costs one, and looking for the bucket one each time."""
    proxy, server = proxied("seaweedfs"), servers("seaweedfs")
    storage = opened(server, fresh, url=server.at(fresh, port=proxy.port), exclusive=True)
    storage.put("a/b", b"first")
    assert [method for method, _ in proxy.requests] == ["GET", "PUT"]
    storage.put("a/c", b"second")
    storage.get("a/c")
    storage.get_range("a/c", 1, 2)
    storage.size("a/c")
    storage.list()
    storage.delete("a/c")
    assert [method for method, _ in proxy.requests[2:]] == ["PUT", "GET", "GET", "HEAD", "GET", "DELETE"]


def test_left_overs_are_swept(servers: Callable[[str], Server], fresh: str) -> None:
    for name in ("seaweedfs", "openssh", "wsgidav"):
        storage = opened(servers(name), fresh)
        storage.put("a/b", b"x")
        storage.write_mark(".tmp-0123", b"half")
        storage.write_mark(".probe-0123", b"first")
        assert storage.sweep_temporaries(3600) == 0
        assert storage.sweep_temporaries(-3600) == 2
        assert [each.name for each in storage.marks("")] == ["a/b"]
        storage.close()
