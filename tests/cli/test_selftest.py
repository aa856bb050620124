"""litekeep selftest, on a folder and on a real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Result
from storage.remote.conftest import opened, servers  # noqa: F401 - servers: a fixture
from storage.remote.servers import Server

Run = Callable[..., Result]


def test_a_folder(litekeep: Run, database: Path, place: Path) -> None:
    litekeep("backup", database)
    before = sorted(path.name for path in (place / "backups").iterdir())
    told = litekeep("selftest")
    assert "All 9 checks passed" in told.out
    assert sorted(path.name for path in (place / "backups").iterdir()) == before
    found = litekeep("selftest", place, "--json").json
    assert found["failed"] == []
    assert [check["ok"] for check in found["checks"]] == [True] * 9
    assert not list(place.glob("litekeep-selftest-*"))


def test_a_folder_that_is_not_there(litekeep: Run, place: Path) -> None:
    assert "There is no folder" in litekeep("selftest", "/media/nobody/nothing", expect=2).err


def test_a_bucket(
    litekeep: Run,
    place: Path,
    servers: Callable[[str], Server],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = servers("seaweedfs")
    for name, value in server.secrets.items():
        monkeypatch.setenv(f"LITEKEEP_SECRET_{name.upper()}", value)
    assert "All 9 checks passed" in litekeep("selftest", server.at("trial")).out
    assert opened(server, "trial").list() == []
    monkeypatch.setenv("LITEKEEP_SECRET_SECRET_KEY", "wrong")
    assert litekeep("selftest", server.at("trial"), expect=13).err
