"""A real database with a real manager, and a bridge that is drained as a view does it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from litekeep import BackupManager
from litekeep.config.edit import create_settings
from litekeep.monitor import Monitor
from litekeep.ui.bridge import Bridge, Ended, Update
from litekeep.ui.presenter.facts import Outcome
from litekeep.worker.inline import InThisProcess
from ui.many import make_database


class Gate(InThisProcess):
    """Runs jobs in this process; `shut` stops the next ones at their first progress until `open` is called.

    A job that waits at the gate asks its monitor whether to stop, as every job does.
    """

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self.waiting = threading.Event()

    def shut(self) -> None:
        self._open.clear()
        self.waiting.clear()

    def open(self) -> None:
        self._open.set()

    def run(self, job: Any, monitor: Monitor) -> Any:
        return super().run(job, _Gated(monitor, self))

    def pass_through(self, monitor: Monitor) -> None:
        while not self._open.is_set() and not monitor.cancelled():
            self.waiting.set()
            self._open.wait(0.005)


class _Gated:
    def __init__(self, monitor: Monitor, gate: Gate) -> None:
        self._monitor = monitor
        self._gate = gate

    def event(self, name: str, /, **facts: Any) -> None:
        self._monitor.event(name, **facts)

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        self._monitor.progress(phase, done, total, unit)
        self._gate.pass_through(self._monitor)

    def cancelled(self) -> bool:
        return self._monitor.cancelled()


class World:
    """A database, its manager, and bridges to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "app.db"
        make_database(self.path)
        self.file = folder / "backup.json"
        backup = {"restore_test": "never", "notifications": {"on_failure": []}, "retention_days": 30}
        create_settings(self.file, {"database": "./app.db", "backup": backup})
        self.gate = Gate()
        self.manager = BackupManager.from_config(self.file, _runner=self.gate)
        self.bridges: list[Bridge] = []

    def bridge(self) -> Bridge:
        made = Bridge(self.manager)
        self.bridges.append(made)
        return made

    def add(self, name: str) -> None:
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("INSERT INTO person(name) VALUES (?)", (name,))
            db.commit()

    def people(self) -> int:
        with closing(sqlite3.connect(self.path)) as db:
            return int(db.execute("SELECT count(*) FROM person").fetchone()[0])

    def close(self) -> None:
        self.gate.open()
        for bridge in self.bridges:
            bridge.close()
        self.manager.close(backup=False)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def drain_until(bridge: Bridge, condition: Callable[[list[Update]], object], seconds: float = 20.0) -> list[Update]:
    """Drain until the condition on all updates so far holds; returns them."""
    updates: list[Update] = []
    deadline = time.monotonic() + seconds
    while True:
        updates += bridge.drain()
        if condition(updates):
            return updates
        assert time.monotonic() < deadline, f"not so in time: {updates[-5:]}"
        time.sleep(0.002)


def loaded(bridge: Bridge) -> Bridge:
    """A bridge that has its facts."""
    drain_until(bridge, lambda _: bridge.facts.status is not None)
    return bridge


def outcome_of(bridge: Bridge, begun: object = True) -> Outcome:
    """Wait for the end of what was asked for."""
    assert begun is not False
    updates = drain_until(bridge, lambda found: any(isinstance(each, Ended) for each in found))
    return next(each.outcome for each in updates if isinstance(each, Ended))
