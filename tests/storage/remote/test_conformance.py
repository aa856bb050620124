"""Every kind of server keeps the promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from litekeep.clock import SystemClock
from litekeep.storage.base import Storage
from litekeep.storage.retrying import RetryingStorage, RetryPolicy
from storage.conformance import Conformance
from storage.remote.conftest import opened
from storage.remote.servers import TRUE_SERVERS, Server


class TestServers(Conformance):
    """Servers as they should be."""

    @pytest.fixture(params=TRUE_SERVERS)
    def storage(
        self, request: pytest.FixtureRequest, servers: Callable[[str], Server], fresh: str
    ) -> Iterator[Storage]:
        """With repetitions, as open_storage gives it: some servers answer 500 when two meet."""
        remote = opened(servers(request.param), fresh)
        yield RetryingStorage(remote, SystemClock(), RetryPolicy(0.02, 0.2, 20.0))
        remote.close()
