"""A look at a place on a real server before it becomes a copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.config.copies import CopySettings
from litekeep.monitor import Silent
from litekeep.operations.create import create_repository
from litekeep.storage.opening import open_remote
from litekeep.worker.jobs import Place
from litekeep.worker.probing import Content, ProbeCopyJob, ProbeResult
from storage.remote.servers import Server


@pytest.fixture
def place(tmp_path: Path) -> Place:
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        db.execute("CREATE TABLE person(name)")
        db.commit()
    create_repository(tmp_path / "backups", tmp_path / "app.db", clock=SystemClock(), monitor=Silent())
    return Place(tmp_path / "app.db", tmp_path / "backups")


def look(place: Place, url: str, given: dict[str, str]) -> ProbeResult:
    return ProbeCopyJob(place, CopySettings("there", url), given).run(Silent())


@pytest.mark.parametrize(("name", "exclusive"), [("wsgidav", None), ("seaweedfs", True), ("rclone-s3", False)])
def test_empty_ours_another_and_a_wrong_password(
    servers: Callable[[str], Server], fresh: str, place: Place, tmp_path: Path, name: str, exclusive: bool | None
) -> None:
    server = servers(name)
    url = server.at(fresh)
    found = look(place, url, server.secrets)
    assert (found.content, found.code) == (Content.EMPTY, "")
    assert exclusive is None or found.exclusive is exclusive
    remote = open_remote(url, server.secrets, clock=SystemClock())
    assert remote.list() == [], "nothing stays of it"
    remote.put("repository.json", (place.folder / "repository.json").read_bytes())
    assert look(place, url, server.secrets).content is Content.OURS
    create_repository(tmp_path / "other", tmp_path / "app.db", clock=SystemClock(), monitor=Silent())
    assert look(Place(place.database, tmp_path / "other"), url, server.secrets).content is Content.OTHER
    remote.close()
    key = "password" if "password" in server.secrets else "secret_key"
    refused = look(place, url, {**server.secrets, key: "wrong-one"})
    assert (refused.content, refused.code) == (None, "credentials")
    assert "wrong-one" not in refused.problem


def test_a_server_that_this_machine_does_not_know_shows_its_key(
    servers: Callable[[str], Server], fresh: str, place: Place
) -> None:
    server = servers("openssh")
    base, _, options = server.at(fresh).partition("?")
    kept = [each for each in options.split("&") if not each.startswith(("known_hosts", "host_key"))]
    unknown = f"{base}?{'&'.join(kept)}"
    found = look(place, unknown, server.secrets)
    assert found.code == "wrong_server"
    assert found.fingerprint.startswith("SHA256:")
    trusted = f"{unknown}&host_key={found.fingerprint.replace('+', '%2B')}"
    assert look(place, trusted, server.secrets).content is Content.EMPTY
