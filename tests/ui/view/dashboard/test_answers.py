"""What is asked of an idle view is answered at once, and not when its long pause is over."""

from __future__ import annotations

from typing import Any

from ui.bridge.conftest import World
from ui.conftest import WaitUntil
from ui.view.conftest import Make


def test_an_answer_does_not_wait_for_the_pause(
    world: World, make_view: Make, wait_until: WaitUntil, monkeypatch: Any
) -> None:
    view = make_view(world.manager)
    wait_until(lambda: view.head.hero.model.state != "loading", 20)
    monkeypatch.setattr("litekeep.ui.bridge.bridge.IDLE_MS", 60_000)
    wait_until(lambda: view.bridge.pause_ms == 60_000)
    view._pump()  # from now on it sleeps
    found: list[Any] = []
    view.bridge.ask("test", lambda manager: manager.repository, found.append)
    wait_until(lambda: found)
    assert found[0].value == world.manager.repository
