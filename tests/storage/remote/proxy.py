"""A proxy in front of a real server that lets planned faults strike and counts requests.

Each HTTP request gets a connection of its own, else kept ones would pass the plan by. For other protocols (`http`
False) a "request" is one connection.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Strike:
    """What happens to one request.

    status: answered with it and `body`, without asking the server. lost: the server is asked, its answer thrown away.
    cut: the answer ends after so many bytes of its body (or of everything, for other protocols), and breaks off.
    hang: nothing ever comes. reset: broken off at once. drip: a byte every half second.
    """

    status: int = 0
    body: bytes = b""
    headers: str = ""
    lost: bool = False
    cut: int | None = None
    hang: bool = False
    reset: bool = False
    drip: bool = False


Matches = Callable[[str, str], bool]


class FaultProxy:
    """Listens on `port`; use as a context."""

    def __init__(self, upstream: int, *, http: bool = True) -> None:
        self.requests: list[tuple[str, str]] = []
        self._upstream = upstream
        self._http = http
        self._plan: list[tuple[Strike, Matches]] = []
        self._lasting: list[tuple[Strike, Matches]] = []
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._lines: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        with self._guard:
            lines = list(self._lines)
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def strike(self, *strikes: Strike, when: Matches = lambda _method, _path: True) -> None:
        """Let the next requests that match meet these faults, one each."""
        with self._guard:
            self._plan += [(strike, when) for strike in strikes]

    def strike_always(self, strike: Strike, when: Matches = lambda _method, _path: True) -> None:
        """Let all requests from now on that match meet this fault."""
        with self._guard:
            self._lasting.append((strike, when))

    def heal(self) -> None:
        """Forget all faults."""
        with self._guard:
            self._plan.clear()
            self._lasting.clear()

    def assert_exhausted(self) -> None:
        """Raise AssertionError if a planned fault never struck."""
        assert not self._plan, f"never struck: {self._plan} in {self.requests}"

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            with self._guard:
                self._lines.add(line)
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        try:
            with suppress(OSError):
                self._http_request(line) if self._http else self._connection(line)
        finally:
            with self._guard:
                self._lines.discard(line)
            line.close()

    def _next(self, method: str, path: str) -> Strike:
        with self._guard:
            self.requests.append((method, path))
            for number, (strike, when) in enumerate(self._plan):
                if when(method, path):
                    del self._plan[number]
                    return strike
            return next((strike for strike, when in self._lasting if when(method, path)), Strike())

    def _http_request(self, line: socket.socket) -> None:
        got = _read_message(line, request=True)
        if got is None:
            return
        head, body = got
        method, path = head.split(b" ", 2)[0].decode(), head.split(b" ", 2)[1].decode()
        strike = self._next(method, path)
        if strike.hang:
            self._ended.wait()
        elif strike.reset:
            _reset(line)
        elif strike.status:
            line.sendall(_made(strike))
        else:
            self._pass_on(line, _closing(head) + body, strike, answers_body=method != "HEAD")

    def _pass_on(self, line: socket.socket, request: bytes, strike: Strike, *, answers_body: bool) -> None:
        with socket.create_connection(("127.0.0.1", self._upstream)) as server:
            server.sendall(request)
            got = _read_message(server, request=False, body=answers_body)
        if strike.lost or got is None:
            _reset(line)
            return
        head, body = _closing(got[0]), got[1]
        if strike.drip:
            for byte in head + body:
                line.sendall(bytes([byte]))
                if self._ended.wait(0.5):
                    return
        elif strike.cut is not None:
            line.sendall(head + body[: strike.cut])
            _reset(line)
        else:
            line.sendall(head + body)

    def _connection(self, line: socket.socket) -> None:
        strike = self._next("connect", "")
        if strike.hang:
            self._ended.wait()
        elif strike.reset:
            _reset(line)
        else:
            with socket.create_connection(("127.0.0.1", self._upstream)) as server:
                self.relay(line, server)

    def relay(self, line: socket.socket, server: socket.socket) -> None:
        """Both directions, until one ends; stops moving while a lasting hang is planned."""
        other = threading.Thread(target=self._copy, args=(line, server), daemon=True)
        other.start()
        self._copy(server, line)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        other.join(5)

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                with self._guard:
                    strike = self._lasting[0][0] if self._lasting else Strike()
                if strike.hang:
                    self._ended.wait()
                if strike.reset:
                    _reset(source)
                    _reset(target)
                    return
                target.sendall(data)


def _reset(line: socket.socket) -> None:
    with suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def _made(strike: Strike) -> bytes:
    kind = "text/html" if strike.body[:1] == b"<" and b"<html" in strike.body else "application/xml"
    head = f"HTTP/1.1 {strike.status} Planned\r\nContent-Type: {kind}\r\n{strike.headers}"
    return f"{head}Content-Length: {len(strike.body)}\r\nConnection: close\r\n\r\n".encode() + strike.body


def _closing(head: bytes) -> bytes:
    lines = [
        line for line in head.split(b"\r\n") if line and not line.lower().startswith((b"connection:", b"keep-alive:"))
    ]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _read_message(line: socket.socket, *, request: bool, body: bool = True) -> tuple[bytes, bytes] | None:
    """Head and body as they came; None if it ended before."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = line.recv(1 << 16)
        if not more:
            return None
        data += more
        if request and b"\r\nexpect: 100-continue" in data.lower():
            line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, _, rest = data.partition(b"\r\n\r\n")
    head += b"\r\n\r\n"
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (field.partition(b":") for field in head.split(b"\r\n")[1:])
    }
    parts, length = [rest], len(rest)
    status = b"" if request else head.split(b" ", 2)[1][:3]
    if not body or status in {b"204", b"304"}:
        return head, b""
    if b"content-length" in fields:
        wanted: float = int(fields[b"content-length"])
    elif fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        while not b"".join(parts[-2:]).endswith(b"0\r\n\r\n"):
            more = line.recv(1 << 16)
            if not more:
                break
            parts.append(more)
        return head, b"".join(parts)
    else:
        wanted = 0 if request else float("inf")
    while length < wanted:
        more = line.recv(1 << 16)
        if not more:
            break
        parts.append(more)
        length += len(more)
    return head, b"".join(parts)
