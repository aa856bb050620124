"""What the window says that goes on, from events and wishes alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from litekeep.monitor import Fact
from litekeep.ui.bridge import scene as scenes
from litekeep.ui.bridge.scene import Scene
from litekeep.ui.presenter.facts import Work

NOW = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)


def told(scene: Scene, name: str, verb: str, now: datetime = NOW, **facts: Fact) -> Scene:
    return scenes.told(scene, name, {"verb": verb, **facts}, now)


def step(scene: Scene, verb: str, phase: str, done: int, now: datetime = NOW) -> Scene:
    return told(scene, "progress", verb, now, phase=phase, done=done, total=100, unit="pages")


def test_a_planned_run_is_shown_until_its_facts_are_there() -> None:
    scene = told(Scene(), "job_started", "backup")
    assert scene.shown == Work("backup", NOW)
    scene = step(scene, "backup", "store", 7, LATER)
    assert scene.shown == Work("backup", NOW, "store", 7, 100, "pages", phase_began=LATER)
    scene = told(scene, "job_finished", "backup")
    assert scene.running == ""
    assert scene.shown is not None
    assert scenes.gathered(scene).shown is None


def test_the_time_of_a_phase_is_that_of_its_first_step() -> None:
    scene = step(told(Scene(), "job_started", "backup"), "backup", "store", 1, NOW)
    assert (shown := step(scene, "backup", "store", 2, LATER).shown) is not None
    assert shown.phase_began == NOW
    assert (shown := step(scene, "backup", "verify", 2, LATER).shown) is not None
    assert shown.phase_began == LATER


def test_what_takes_a_moment_is_not_shown() -> None:
    for verb in ("pin", "preview", "examine", "label"):
        assert told(Scene(), "job_started", verb).shown is None


def test_progress_of_a_job_that_is_over_changes_nothing() -> None:
    scene = told(told(Scene(), "job_started", "backup"), "job_failed", "backup")
    assert step(scene, "backup", "store", 3) == scene
    assert step(Scene(), "backup", "store", 3) == Scene()
    running = told(Scene(), "job_started", "verify")
    assert step(running, "backup", "store", 3) == running


def test_a_wish_is_shown_at_once_and_has_the_progress_of_its_job() -> None:
    scene = scenes.asked(Scene(), "verify", NOW)
    scene = scenes.reached(scene, 2, 63, None)
    scene = step(told(scene, "job_started", "verify"), "verify", "read", 40)
    assert scene.shown == Work("verify", NOW, "read", 40, 100, "pages", at=2, of=63, phase_began=NOW)
    between = told(scene, "job_finished", "verify")
    assert between.shown == Work("verify", NOW, at=2, of=63)
    assert scenes.gathered(scenes.ended(between)).shown is None


def test_a_wish_that_stands_behind_another_job_waits() -> None:
    scene = scenes.asked(told(Scene(), "job_started", "drill"), "backup", NOW)
    assert scene.shown == Work("backup", NOW, waiting=True)
    scene = told(told(scene, "job_finished", "drill"), "job_started", "backup")
    assert scene.shown == Work("backup", NOW)


def test_cancelling_is_said_of_ones_own_job_first() -> None:
    running = told(Scene(), "job_started", "backup")
    assert (shown := scenes.cancelling(running).shown) is not None
    assert shown.cancelling
    both = scenes.cancelling(scenes.asked(running, "verify", NOW))
    assert both.own is not None
    assert both.own.cancelling
    assert both.queued is not None
    assert not both.queued.cancelling
    assert scenes.cancelling(Scene()) == Scene()


def test_a_window_that_comes_in_the_middle() -> None:
    scene = scenes.joined(Scene(), "backup", NOW)
    assert scene.shown == Work("backup", NOW)
    assert step(scene, "backup", "store", 9).shown is not None
    known = step(scene, "backup", "store", 9)
    assert scenes.joined(known, "backup", LATER) == known
    assert scenes.joined(known, "", LATER) == Scene()
