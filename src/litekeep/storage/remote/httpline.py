"""HTTP connections that are kept open between requests, each lent to one request at a time.

No redirect is followed: a server that sends elsewhere is either not the right one, or a network with a log-in page.
A connection that the server closed while it was idle shows at the first byte of the next answer; then the request is
sent once more on a new one. All requests may be repeated: see RemoteStorage on what a repeated one can find.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from email.message import Message

from litekeep.errors import StorageError, UsageError
from litekeep.records import dataclass
from litekeep.storage.base import check_length
from litekeep.storage.remote import troubles
from litekeep.storage.remote.address import Address
from litekeep.storage.remote.wire import Pace, Secrets
from litekeep.storage.tls import verifying_context

_CONNECT_SECONDS = 20.0
_PIECE_BYTES = 1 << 16
_BROKEN = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ConnectionAbortedError)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Message
    body: bytes


class Lines:
    """The connections to one server."""

    def __init__(self, address: Address, secrets: Secrets, stall_seconds: float) -> None:
        tls = address.scheme == "webdavs"
        self._address = address
        self._secrets = secrets
        self._given = dict(secrets())
        self._stall_seconds = stall_seconds
        self._tls = _context(address.options.get("ca_file")) if tls else None
        self._guard = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []
        self._all: set[http.client.HTTPConnection] = set()
        host = f"[{address.host}]" if ":" in address.host else address.host
        self.origin = f"{'https' if tls else 'http'}://{host}{f':{address.port}' if address.port else ''}"

    def ask(
        self,
        method: str,
        path: str,
        doing: str,
        name: str,
        body: memoryview | None = None,
        headers: Mapping[str, str] | None = None,
        pace: Pace | None = None,
    ) -> Answer:
        """One request and its whole answer; raises StorageError if there is none."""
        line, used = self._lend()
        try:
            try:
                answer = self._exchange(line, method, path, body, headers or {}, pace)
            except _BROKEN:
                if not used:
                    raise
                self._discard(line)
                line = self._new()
                answer = self._exchange(line, method, path, body, headers or {}, pace)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._discard(line)
            raise self._translated(error, doing, name) from error
        except BaseException:
            self._discard(line)
            raise
        with self._guard:
            if line in self._all and line.sock is not None:
                self._idle.append(line)
        return answer

    def renew(self) -> bool:
        """Ask for the secrets again; False if they are what they were."""
        fresh = dict(self._secrets())
        changed = fresh != self._given
        self._given = fresh
        return changed

    def reset(self) -> None:
        """Cut all connections."""
        with self._guard:
            lines, self._all = list(self._all), set()
            self._idle.clear()
        for line in lines:
            sock = line.sock
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it
            line.close()

    def _exchange(
        self,
        line: http.client.HTTPConnection,
        method: str,
        path: str,
        body: memoryview | None,
        headers: Mapping[str, str],
        pace: Pace | None,
    ) -> Answer:
        if line.sock is None:
            self._connect(line)
        line.putrequest(method, path, skip_accept_encoding=True)
        for header, value in {**self._login(), **headers}.items():
            line.putheader(header, value)
        if body is not None or method in {"PUT", "MKCOL", "MOVE"}:
            line.putheader("Content-Length", str(body.nbytes if body is not None else 0))
        line.endheaders()
        try:
            _send(line, body, pace)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a server that does not want the body says why, and closes; else there is no answer now
        with line.getresponse() as answer:
            check_length(path, answer.length or 0)
            parts: list[bytes] = []
            read_bytes = 0
            while part := answer.read(_PIECE_BYTES):
                parts.append(part)
                read_bytes += len(part)
                check_length(path, read_bytes)
                if pace is not None:
                    pace.moved(len(part))
            if answer.length:  # `read` with an amount does not complain of a body that ends early
                raise http.client.IncompleteRead(b"", answer.length)
            return Answer(answer.status, answer.headers, b"".join(parts))

    def _login(self) -> dict[str, str]:
        user, password = self._address.user, self._given.get("password", "")
        if not user and not password:
            return {}
        return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")}

    def _lend(self) -> tuple[http.client.HTTPConnection, bool]:
        with self._guard:
            if self._idle:
                return self._idle.pop(), True
        return self._new(), False

    def _new(self) -> http.client.HTTPConnection:
        address, seconds = self._address, min(_CONNECT_SECONDS, self._stall_seconds)
        line = (
            http.client.HTTPSConnection(address.host, address.port or None, timeout=seconds, context=self._tls)
            if self._tls
            else http.client.HTTPConnection(address.host, address.port or None, timeout=seconds)
        )
        with self._guard:
            self._all.add(line)
        return line

    def _connect(self, line: http.client.HTTPConnection) -> None:
        line.connect()
        line.sock.settimeout(self._stall_seconds)  # from here on as long as for a transfer at a standstill

    def _discard(self, line: http.client.HTTPConnection) -> None:
        with self._guard:
            self._all.discard(line)
        line.close()

    def _translated(self, error: Exception, doing: str, name: str) -> StorageError:
        place = self._address.shown
        if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            why = "its certificate is not one that this machine trusts"
            return troubles.wrong_server(doing, name, place, why)
        if isinstance(error, http.client.IncompleteRead):
            return troubles.unreachable(doing, name, place, "the transfer ended early")
        if isinstance(error, http.client.BadStatusLine) and not isinstance(error, _BROKEN):
            return troubles.wrong_server(doing, name, place, "what answers there does not speak HTTP")
        return troubles.unreachable(doing, name, place, troubles.unanswered(error))


def _send(line: http.client.HTTPConnection, body: memoryview | None, pace: Pace | None) -> None:
    if body is None:
        return
    for start in range(0, body.nbytes, _PIECE_BYTES):
        line.send(body[start : start + _PIECE_BYTES])
        if pace is not None:
            pace.moved(_PIECE_BYTES)


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return verifying_context(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"the certificates in {ca_file} cannot be read") from error
