"""Facts are gathered on several threads: no wish for them is lost, and none are replaced by older ones."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from litekeep import BackupManager
from litekeep.clock import SystemClock
from litekeep.scheduling.task import NextRun
from litekeep.testing import ManualClock
from litekeep.ui.bridge import Bridge
from litekeep.ui.bridge.board import board_of
from litekeep.worker.inline import InThisProcess
from ui.bridge.conftest import World, drain_until, loaded, outcome_of
from ui.many import make_database


def test_a_wish_for_facts_is_not_lost_to_the_look_after_it(world: World) -> None:
    """Of the looks that wait only the newest is done, and that one finds nothing new by itself."""
    clock = ManualClock(SystemClock().now())
    bridge = Bridge(world.manager, clock)
    world.bridges.append(bridge)
    loaded(bridge)
    board, go, waiting = board_of(world.manager, clock), threading.Event(), threading.Event()

    def wait() -> None:
        waiting.set()
        go.wait(10)

    drain_until(bridge, lambda _: not board.gathering.busy)
    board.gathering.put(wait)
    assert waiting.wait(10)
    before = bridge.facts.now
    clock.advance(4)
    bridge.refresh()
    bridge.drain()  # looks whether a folder changed
    go.set()
    drain_until(bridge, lambda _: not board.gathering.busy)
    bridge.drain()
    assert bridge.facts.now - before == timedelta(seconds=4)


class SlowManager(BackupManager):
    """Once `hold` is set, what facts are gathered from last takes until `go`; the time after it is quick again."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.hold, self.go, self.held = False, threading.Event(), threading.Event()

    def next_runs(self) -> list[NextRun]:
        if self.hold:
            self.hold = False
            self.held.set()
            self.go.wait(10)
        return super().next_runs()


def test_facts_that_were_read_earlier_never_replace_newer_ones(tmp_path: Path) -> None:
    make_database(tmp_path / "app.db")
    manager = SlowManager(
        tmp_path / "app.db", {"backup": {"notifications": {"on_failure": []}}}, _runner=InThisProcess()
    )
    bridge = loaded(Bridge(manager))
    snapshot = outcome_of(bridge, bridge.back_up()).about
    assert snapshot is not None
    board = board_of(manager, SystemClock())
    drain_until(bridge, lambda _: not board.gathering.busy)
    manager.hold = True
    bridge.refresh()
    assert manager.held.wait(10)
    bridge.label(snapshot, "newer")
    with suppress(AssertionError):
        drain_until(bridge, lambda _: bridge.facts.snapshots[0].label, 0.5)
    manager.go.set()
    drain_until(bridge, lambda _: not board.gathering.busy and not board.deciding.busy)
    bridge.drain()
    assert [each.label for each in bridge.facts.snapshots] == ["newer"]
    bridge.close()
    manager.close(backup=False)
