"""A home for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from litekeep.repository import garbage
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock
from operations.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With its repository in memory."""
    return Home(tmp_path)


@pytest.fixture
def local(tmp_path: Path) -> Home:
    """With its repository in a folder."""
    return Home(tmp_path, LocalStorage(tmp_path / "backups", ManualClock(), create=True))


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rewriting begins with the first wasted byte."""
    monkeypatch.setattr(garbage, "WASTE_PERCENT", 0)
    monkeypatch.setattr(garbage, "PACK_WASTE_PERCENT", 0)
