"""The real clock and a monitor that remembers."""

from __future__ import annotations

import pytest

from litekeep.clock import SystemClock
from litekeep.testing import RecordingMonitor


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def monitor() -> RecordingMonitor:
    return RecordingMonitor()
