"""A helper process that can import the jobs of these tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from litekeep.worker.process import HelperProcess

TESTS = Path(__file__).resolve().parent.parent


@pytest.fixture
def helper() -> Iterator[HelperProcess]:
    process = HelperProcess({**os.environ, "PYTHONPATH": str(TESTS)})
    yield process
    process.close()
