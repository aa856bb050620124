"""Continuous backups beside two programs without patience: nobody is refused, nothing lost, each copy a commit."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from litekeep.clock import SystemClock
from litekeep.repository.catalog import load_catalog
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from operations import storm
from operations.home import image_of, scalar

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs take turns by flock")


def start(*arguments: object) -> subprocess.Popen[str]:
    script = Path(storm.__file__)
    return subprocess.Popen([sys.executable, str(script), *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def finish(child: subprocess.Popen[str]) -> dict[str, Any]:
    said, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    answer: dict[str, Any] = json.loads(said)
    return answer


def commits_in(copy: Path) -> int:
    """How many commits the copy holds, after proving that it is the state after exactly so many."""
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        number, chain = db.execute("SELECT n, chain FROM counter").fetchone()
        wanted = [(n, storm.body_of(n)) for n in range(max(1, number - storm.KEPT + 1), number + 1)]
        assert db.execute("SELECT n, body FROM row ORDER BY n").fetchall() == wanted
    link = ""
    for each in range(1, number + 1):
        link = storm.next_link(link, each)
    assert chain == link
    return int(number)


def test_backups_in_a_storm(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    seconds = 30 if request.config.getoption("--operations-all") else 4
    database, folder = tmp_path / "app.db", tmp_path / "backups"
    storm.prepare(database)
    clock = SystemClock()
    repository = Repository.create(LocalStorage(folder, clock, create=True), clock.now())
    children = [
        start("write", database, seconds),
        start("write", database, seconds),
        start("back_up", database, folder, seconds),
    ]
    *writers, backups = [finish(child) for child in children]
    assert [(each["busy"], each["wrong"]) for each in writers] == [(0, 0), (0, 0)]
    commits = sum(each["commits"] for each in writers)
    assert scalar(database, "SELECT n FROM counter") == commits > 200
    snapshots = load_catalog(repository).snapshots
    assert [each.id for each in snapshots] == backups["made"]
    assert len(snapshots) >= 3
    table, seen, copy = PackTable(repository), [], tmp_path / "copy.db"
    for snapshot in snapshots:
        copy.write_bytes(image_of(repository, snapshot, tmp_path, table))
        seen.append(commits_in(copy))
    assert seen == sorted(seen)
    assert seen[-1] <= commits
