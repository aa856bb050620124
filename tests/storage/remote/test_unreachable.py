"""Servers that cannot be reached or never answer, and folders that are gone again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import StorageError
from litekeep.storage.opening import open_remote
from litekeep.storage.remote import httpline, objects, sftpsession
from storage.remote.conftest import opened
from storage.remote.servers import S3_KEYS, TRUE_SERVERS, Server, free_port


@pytest.mark.parametrize("name", TRUE_SERVERS)
def test_nobody_listens(servers: Callable[[str], Server], fresh: str, name: str) -> None:
    server = servers(name)
    for host in ("127.0.0.1", "no-such-host.invalid"):
        url = server.at(fresh, port=free_port()).replace("127.0.0.1", host)
        secrets = server.secrets
        if url.startswith("webdav:") and host != "127.0.0.1":
            url = url.replace("webdav:", "webdavs:")
        with pytest.raises(StorageError, match=r"nothing listens there|not known to the network") as caught:
            opened(server, fresh, url=url, secrets=secrets).list()
        assert caught.value.code == "unreachable"


def test_words_of_the_url_are_not_taken_for_the_cause() -> None:
    """A bucket may have any name; only what may pass by itself is tried again."""
    for words in ("tls-backups/ssl", "dns/certificate"):
        url = f"s3://{words}?endpoint=http://127.0.0.1:{free_port()}"
        with pytest.raises(StorageError, match="nothing listens there") as caught:
            open_remote(url, S3_KEYS, clock=SystemClock()).size("a/b")
        assert type(caught.value) is StorageError


def _silent(scheme: str, port: int) -> tuple[str, dict[str, str]]:
    """URL and secrets of a place on a server that never says anything."""
    return {
        "s3": (f"s3://b/x?endpoint=http://127.0.0.1:{port}", {"access_key": "a", "secret_key": "b"}),
        "sftp": (f"sftp://u@127.0.0.1:{port}/x", {"password": "p"}),
        "webdav": (f"webdav://u@127.0.0.1:{port}/x", {"password": "p"}),
    }[scheme]


@pytest.mark.skipif(sys.platform != "linux", reason="others refuse at once")
@pytest.mark.parametrize("scheme", ["s3", "sftp", "webdav"])
def test_a_server_that_takes_no_connection(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """It is left sooner than one that came to a standstill."""
    for module in (httpline, objects, sftpsession):
        monkeypatch.setattr(module, "_CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        port = full.getsockname()[1]
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        storage = open_remote(*_silent(scheme, port), clock=SystemClock(), stall_seconds=20)
        began = time.monotonic()
        with pytest.raises(StorageError, match="no answer in time") as caught:
            storage.size("a/b")
        assert time.monotonic() - began < 10
    assert type(caught.value) is StorageError


LEFT = """
import sys, threading, time
from litekeep.clock import SystemClock
from litekeep.errors import Cancelled
from litekeep.storage.opening import open_storage
asked = threading.Event()
storage = open_storage(sys.argv[1], eval(sys.argv[2]), clock=SystemClock(), cancelled=asked.is_set)
threading.Timer(0.3, asked.set).start()
try:
    storage.get("a/there")
except Cancelled:
    print("left", time.monotonic(), flush=True)
"""


@pytest.mark.parametrize("scheme", ["s3", "sftp", "webdav"])
def test_a_program_ends_although_a_request_still_hangs(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url, secrets = _silent(scheme, silent.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", LEFT, url, repr(secrets)], capture_output=True, text=True, timeout=60, check=False
        )
        ended = time.monotonic()
    assert (done.returncode, done.stdout[:4]) == (0, "left"), done.stderr
    assert ended - float(done.stdout.split()[1]) < 2.0


@pytest.mark.parametrize("name", ["openssh", "wsgidav"])
@pytest.mark.parametrize("exclusive", [True, False])
def test_folders_that_somebody_removed(
    servers: Callable[[str], Server], fresh: str, name: str, exclusive: bool
) -> None:
    """Some servers do it by themselves when nothing is left in them."""
    server = servers(name)
    storage = opened(server, fresh, exclusive=exclusive)
    for number in range(2):
        with storage.lock("someone"):
            storage.put(f"a/b/{number}", b"x")
        for folder in ("a", "lock"):
            shutil.rmtree(server.folder / fresh / folder)
    storage.close()
