"""A server that is not the one it should be, or that attacks who asks it: redirects, floods, bombs of XML."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import StorageError, UsageError
from litekeep.storage import base
from litekeep.storage.opening import open_remote
from litekeep.storage.remote.httpline import _context
from litekeep.storage.remote.storage import RemoteStorage
from litekeep.storage.tls import verifying_context

PASSWORD = "do-not-tell-this"
LAUGHS = "".join(f'<!ENTITY l{number + 1} "' + f"&l{number};" * 10 + '">' for number in range(9))
BOMB = f'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY l0 "lol">{LAUGHS}]><multistatus xmlns="DAV:">&l9;</multistatus>'
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<multistatus xmlns="DAV:"><response><href>/place/&x;</href></response></multistatus>'
)
CLIMBING = '<?xml version="1.0"?><multistatus xmlns="DAV:">{}</multistatus>'.format(
    "".join(
        f"<response><href>{href}</href><propstat><prop><getcontentlength>1</getcontentlength></prop></propstat></response>"
        for href in ("/place/", "/place/../../etc/passwd", "/etc/passwd", "/place/..%2f..%2fx", "/place/a%00b",
                     "file:///etc/passwd", "//other/place/x", "/place/con", "/place/packs/aa/x%0d%0ay")
    )
)  # fmt: skip


class Server(ThreadingHTTPServer):
    """Gives one answer to everything and notes the headers that it was asked with."""

    daemon_threads = True
    status = 200
    headers: tuple[tuple[str, str], ...] = ()
    body = b""
    endless = False

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def answer(self) -> None:
        self.server.asked.append(dict(self.headers))
        self.send_response(self.server.status)
        for name, value in self.server.headers:
            self.send_header(name, value)
        if not self.server.endless:
            self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        try:
            self.wfile.write(self.server.body)
            while self.server.endless:
                self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        except OSError:
            pass  # nobody reads any more

    do_GET = do_PUT = do_PROPFIND = do_MKCOL = do_MOVE = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def storage(server: Server) -> RemoteStorage:
    url = f"webdav://me@127.0.0.1:{server.server_address[1]}/place"
    return open_remote(url, lambda: {"password": PASSWORD}, clock=SystemClock(), stall_seconds=5)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_credentials_follow_a_redirect(server: Server, status: int) -> None:
    with serving() as other:
        server.status, server.headers = status, (("Location", f"http://127.0.0.1:{other.server_address[1]}/place/x"),)
        for verb, arguments in (("get", ["packs/aa/x"]), ("list", []), ("put", ["packs/aa/x", b"1"])):
            with pytest.raises(StorageError) as caught:
                getattr(storage(server), verb)(*arguments)
            assert PASSWORD not in str(caught.value) + caught.value.hint
        assert server.asked
        assert other.asked == []


@pytest.mark.parametrize("body", [BOMB, OUTSIDE])
def test_a_listing_that_is_a_bomb(server: Server, body: str) -> None:
    server.status, server.body = 207, body.encode()
    with pytest.raises(StorageError):
        storage(server).list()


def test_a_listing_leads_nowhere_else(server: Server) -> None:
    server.status, server.body = 207, CLIMBING.encode()
    assert [entry.key for entry in storage(server).list()] == ["x"], "of another host, only the name is taken"


@pytest.mark.parametrize("told", [True, False])
def test_an_answer_without_end(server: Server, monkeypatch: pytest.MonkeyPatch, *, told: bool) -> None:
    monkeypatch.setattr(base, "MAX_WHOLE_BYTES", 1 << 20)
    if told:
        server.body = bytes(2 << 20)
    else:
        server.endless, server.headers = True, (("Transfer-Encoding", "chunked"),)
    with pytest.raises(StorageError, match="no such object"):
        storage(server).get("packs/aa/x")


def test_certificates_and_names_are_checked() -> None:
    import ssl

    for context in (_context(None), verifying_context(None)):
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_system_that_leaves_the_version_open_gets_a_safe_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    loose = ssl.create_default_context()
    loose.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: loose)
    assert _context(None).minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("option", ["insecure=1", "verify=false", "tls=off", "host_key=any", "check_hostname=0"])
def test_there_is_no_way_around_that_check(option: str) -> None:
    for scheme in ("webdavs", "sftp", "s3"):
        with pytest.raises((UsageError, StorageError)):
            open_remote(f"{scheme}://host.invalid/place?{option}", dict, clock=SystemClock()).list()
