"""What servers answer, where Litekeep reads it itself: WebDAV, and the words of the library for S3 and its like."""

from __future__ import annotations

import http.client
import io
import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from litekeep.errors import LitekeepError
from litekeep.storage.remote.address import parse_address
from litekeep.storage.remote.objects import ObjectWire
from litekeep.storage.remote.webdav import WebdavWire
from litekeep.storage.remote.wire import NotSupported, Occupied, Pace
from torture.decoders.decoder import Decoder, names_in, text_of

MOST_LISTED = 500
PACE = Pace(60.0, lambda: 0.0)


class _Socket:
    """Says the same to every request."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def sendall(self, data: object) -> None: ...

    def close(self) -> None: ...

    def shutdown(self, how: int) -> None: ...

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def webdav(data: bytes, _: Path) -> object:
    """Whole answers, as they come over the line, to every kind of request."""
    wire = WebdavWire(parse_address("webdav://me@localhost/dav"), dict)
    lines: Any = wire._lines

    def connected() -> http.client.HTTPConnection:
        line: Any = http.client.HTTPConnection("localhost")
        line.sock = _Socket(data)
        lines._all.add(line)
        return line  # type: ignore[no-any-return]

    lines._new = connected
    answered, refused = [], None
    asks: tuple[Callable[[], object], ...] = (
        lambda: list(itertools.islice(wire.scan("", PACE), MOST_LISTED)),
        lambda: wire.size("packs/x"),
        lambda: wire.require_place(create=False),
        wire.free_bytes,
        lambda: wire.read("packs/x", PACE),
        lambda: wire.read_range("packs/x", 2, 3, PACE),
        lambda: wire.create("packs/x", memoryview(b"12345"), PACE),
        lambda: wire.remove("packs/x"),
    )
    for number, ask in enumerate(asks):
        try:
            ask()
            answered.append(number)
        except (LitekeepError, Occupied, NotSupported) as error:
            refused = error
    if refused is not None and not answered:
        raise refused
    return answered


def answers() -> Sequence[bytes]:
    """Good and bad ones."""
    listing = (
        b'<?xml version="1.0" encoding="utf-8"?><d:multistatus xmlns:d="DAV:"><d:response><d:href>/dav/</d:href>'
        b"<d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype><d:quota-available-bytes>77"
        b"</d:quota-available-bytes></d:prop></d:propstat></d:response><d:response><d:href>/dav/packs/x</d:href>"
        b"<d:propstat><d:prop><d:resourcetype/><d:getcontentlength>5</d:getcontentlength>"
        b"<d:getlastmodified>Fri, 01 May 2026 12:00:00 GMT</d:getlastmodified></d:prop></d:propstat></d:response>"
        b"</d:multistatus>"
    )
    made = [b"HTTP/1.1 207 Multi-Status\r\nContent-Length: %d\r\n\r\n%s" % (len(listing), listing)]
    made.append(b"HTTP/1.1 207 OK\r\nConnection: close\r\n\r\n" + listing)
    made.append(
        b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 2-4/9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )
    made.append(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n<!doctype html><html>log in</html>")
    made.extend(
        b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status for status in (201, 204, 404, 412, 416, 423, 503, 507)
    )
    return made


def words(data: bytes, _: Path) -> object:
    """The text of an error of the library, in each of the things that were being done."""
    wire, text = s3(), text_of(data)
    for doing in ("read", "write", "list", "open", "look at", "delete"):
        found = wire._translated(OSError(text), doing, "packs/x")
        assert isinstance(found, Exception)
        with suppress(AttributeError):
            assert len(str(found)) < 2000
    return True


_s3: list[ObjectWire] = []


def s3() -> ObjectWire:
    """Never connected."""
    if not _s3:
        _s3.append(
            ObjectWire(
                parse_address("s3://b/p?endpoint=http://localhost:1"), lambda: {"access_key": "a", "secret_key": "b"}
            )
        )
    return _s3[0]


SERVERS = (
    Decoder(
        "WebDAV answer",
        webdav,
        (LitekeepError, Occupied, NotSupported),
        answers,
        (
            *names_in(
                "<d:response> </d:response> <d:href> <d:collection/> &amp; encoding= utf-16 utf-7 idna <!DOCTYPE"
            ),
            *names_in("http://[ //[ % Content-Length: Transfer-Encoding: chunked Content-Range: bytes 0- 207 200 206"),
            b"Thu, 01 Jan 0001 00:00:00 +2359",
            b"\r\n",
            b'<!DOCTYPE a [<!ENTITY b "cccccccccc">]>',
        ),
        weight=3,
    ),
    Decoder(
        "S3 error",
        words,
        (),
        lambda: [
            b"Generic S3 error: status code: 403 <Code>AccessDenied</Code> https://h/b",
            b"status: 416, NotPartial (code: InvalidRange)",
            b"error sending request: dns error: timed out; certificate",
        ],
        names_in("status code: 404 501 <Code> </Code> NotImplemented NoSuchKey NotPartial tls timeout MissingEtag"),
        weight=6,
    ),
)
