"""Servers that are started when the first test of a process needs them, and a fresh place on one for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.storage.opening import open_remote
from litekeep.storage.remote.storage import RemoteStorage
from storage.remote.proxy import FaultProxy
from storage.remote.servers import SERVERS, Server
from storage.remote.tls import tls_in_front_of

_numbers = itertools.count(1)


@pytest.fixture(scope="package")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """A running server by its name."""
    started: dict[str, Server] = {}
    with ExitStack() as stack:

        def get(name: str) -> Server:
            if name not in started:
                started[name] = stack.enter_context(SERVERS[name](tmp_path_factory.mktemp(name)))
            return started[name]

        yield get


@pytest.fixture
def fresh() -> str:
    """The name of a folder that no other test of this process has."""
    return f"place-{next(_numbers)}"


def opened(server: Server, path: str, **options: object) -> RemoteStorage:
    """A storage on a server, made there if need be."""
    given = {"clock": SystemClock(), "create": True, **options}
    secrets = given.pop("secrets", server.secrets)
    url = given.pop("url", None) or server.at(path)
    return open_remote(str(url), secrets, **given)  # type: ignore[arg-type]


@pytest.fixture
def proxied(servers: Callable[[str], Server]) -> Iterator[Callable[[str], FaultProxy]]:
    """A proxy with planned faults in front of a server."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(FaultProxy(servers(name).port, http=name != "openssh"))


@pytest.fixture
def tls_door(tmp_path: Path) -> Iterator[Callable[[int], tuple[int, Path]]]:
    """TLS in front of a server, with a certificate that it signed itself: gives its port and the certificate."""
    with ExitStack() as stack:
        yield lambda upstream: stack.enter_context(tls_in_front_of(upstream, tmp_path))
