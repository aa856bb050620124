"""Views come and go: nothing of them stays, and the manager is not kept alive by what is remembered for it."""

from __future__ import annotations

import gc
import sys
import threading
import time
from pathlib import Path
from weakref import ref

import pytest

from litekeep import BackupManager
from litekeep.clock import SystemClock
from litekeep.ui.bridge import Bridge
from litekeep.ui.bridge.board import board_of
from ui.bridge.conftest import World, loaded, outcome_of
from ui.many import make_database


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("litekeep-view")]


def wait_for_no_threads() -> None:
    deadline = time.monotonic() + 10
    while threads():
        assert time.monotonic() < deadline, threads()
        time.sleep(0.002)


def test_fifty_views_leave_nothing(world: World) -> None:
    before = list(world.manager._listeners._all)  # its own
    for _ in range(50):
        bridge = loaded(Bridge(world.manager))
        bridge.ask("plan", BackupManager.plan_rotation, print)
        bridge.close()
        del bridge
    wait_for_no_threads()
    gc.collect()
    assert not [each for each in gc.get_objects() if type(each) is Bridge]
    board = board_of(world.manager, SystemClock())
    assert board._viewers == []
    assert world.manager._listeners._all == before


def test_a_manager_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    make_database(tmp_path / "app.db")
    manager = BackupManager(tmp_path / "app.db", {"backup": {"notifications": {"on_failure": []}}})
    bridge = loaded(Bridge(manager))
    bridge.close()
    manager.close(backup=False)
    wait_for_no_threads()
    gone = ref(manager)
    del manager, bridge
    gc.collect()
    assert gone() is None


def test_turns_are_short_while_a_view_is_there(world: World) -> None:
    before = sys.getswitchinterval()
    one, two = Bridge(world.manager), Bridge(world.manager)
    one.close()
    assert sys.getswitchinterval() == pytest.approx(0.001)
    two.close()
    two.close()
    assert sys.getswitchinterval() == pytest.approx(before)


@pytest.mark.slow
def test_with_the_helper_process(tmp_path: Path) -> None:
    make_database(tmp_path / "app.db", 2000)
    with BackupManager(tmp_path / "app.db", {"backup": {"notifications": {"on_failure": []}}}) as manager:
        bridge = loaded(Bridge(manager))
        outcome = outcome_of(bridge, bridge.back_up())
        assert outcome.about is not None
        assert outcome_of(bridge, bridge.restore(outcome.about)).undoable
        bridge.close()
