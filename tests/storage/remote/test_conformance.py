"""Every kind of server keeps the promises, the ones that behave and the ones that do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from litekeep.storage.remote.storage import RemoteStorage
from storage.conformance import Conformance
from storage.remote.conftest import opened
from storage.remote.servers import TRUE_SERVERS, Server


class TestServers(Conformance):
    """Servers as they should be."""

    @pytest.fixture(params=TRUE_SERVERS)
    def storage(
        self, request: pytest.FixtureRequest, servers: Callable[[str], Server], fresh: str
    ) -> Iterator[RemoteStorage]:
        storage = opened(servers(request.param), fresh)
        yield storage
        storage.close()
