"""Copies through the bridge: what is sent is beside everything else, and what is known of them comes with the facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from litekeep import BackupManager
from litekeep.monitor import Fact
from litekeep.ui.bridge import SendingChanged
from litekeep.ui.bridge import scene as scenes
from litekeep.ui.bridge.scene import Scene
from litekeep.ui.presenter.facts import End, Sending, Work
from litekeep.worker.inline import InThisProcess
from ui.bridge.conftest import World, drain_until, loaded, outcome_of

NOW = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)


def told(scene: Scene, name: str, verb: str, now: datetime = NOW, **facts: Fact) -> Scene:
    return scenes.told(scene, name, {"verb": verb, **facts}, now)


@pytest.mark.parametrize("verb", ["sync", "drill"])
def test_what_goes_on_with_a_copy_is_no_work_of_the_queue(verb: str) -> None:
    scene = told(Scene(), "job_started", verb, copy="nas")
    assert (scene.shown, scene.running, scene.sending) == (None, "", Sending(verb, "nas", NOW))
    scene = told(scene, "job_started", "backup")
    scene = told(scene, "progress", verb, LATER, copy="nas", phase="sync", done=3, total=9, unit="bytes")
    assert scene.shown == Work("backup", NOW)
    assert scene.sending == Sending(verb, "nas", NOW, "sync", 3, 9, "bytes", phase_began=LATER)
    scene = told(scene, "job_finished", "backup")
    assert scene.sending is not None
    assert told(scene, "job_failed", verb, copy="nas").sending is None


def test_a_drill_of_a_copy_does_not_end_one_from_here() -> None:
    scene = told(told(Scene(), "job_started", "drill"), "job_started", "drill", copy="nas")
    scene = told(scene, "job_finished", "drill", copy="nas")
    assert (scene.running, scene.sending) == ("drill", None)


def test_the_events_within_a_run_and_a_look_at_a_place_change_nothing() -> None:
    scene = told(Scene(), "job_started", "sync", copy="nas")
    assert told(scene, "sync_started", "sync", copy="nas", objects=3) == scene
    assert told(scene, "job_started", "probe", copy="other") == scene
    assert told(scene, "job_finished", "probe", copy="nas") == scene


def test_a_wish_waits_behind_another_copy_and_ends_also_if_it_never_began() -> None:
    scene = scenes.send_asked(Scene(), "sync", "nas", NOW)
    assert scene.sending == Sending("sync", "nas", NOW, waiting=True)
    assert scenes.send_over(scene, "cloud") == scene
    assert scenes.send_over(scene, "nas").sending is None
    busy = told(Scene(), "job_started", "sync", copy="cloud")
    assert scenes.send_asked(busy, "sync", "nas", NOW) == busy
    assert scenes.send_over(busy, "cloud") == busy
    assert scenes.send_cancelling(busy).sending == Sending("sync", "cloud", NOW, cancelling=True)


def test_a_window_that_comes_later_sees_what_goes_on() -> None:
    joined = scenes.send_joined(Scene(), "sync", "nas", NOW)
    assert joined.sending == Sending("sync", "nas", NOW)
    assert scenes.send_joined(joined, "sync", "nas", LATER) == joined
    assert scenes.send_joined(joined, "", "", LATER).sending is None


def add(world: World, name: str = "drive") -> Path:
    place = world.folder / f"copy-{name}"
    world.manager.add_copy({"name": name, "url": place.as_uri()})
    return place


def test_what_is_sent_is_shown_beside_and_told_at_its_end(world: World) -> None:
    world.manager.create_backup()
    place = add(world)
    bridge = loaded(world.bridge())
    assert [each.snapshots for each in bridge.facts.copies] == [0]
    world.gate.shut()
    bridge.send(["drive"])
    drain_until(bridge, lambda _: world.gate.waiting.is_set() and bridge.facts.sending is not None)
    assert bridge.facts.sending is not None
    assert (bridge.facts.sending.verb, bridge.facts.sending.name) == ("sync", "drive")
    assert bridge.facts.work is None
    late = world.bridge()
    assert late.facts.sending is not None
    assert late.facts.sending.name == "drive"
    world.gate.open()
    outcome = outcome_of(bridge)
    assert (outcome.verb, outcome.end, outcome.copy, outcome.unchanged) == ("sync", End.DONE, "drive", False)
    assert outcome.sent_bytes > 0
    drain_until(bridge, lambda _: bridge.facts.sending is None and bridge.facts.copies[0].snapshots == 1)
    assert bridge.facts.spread is not None
    assert bridge.facts.spread.copies == 3
    assert (place / "repository.json").exists()
    bridge.send(["drive"])
    assert outcome_of(bridge).unchanged


def test_the_steps_of_it_are_told(world: World) -> None:
    world.manager.create_backup()
    add(world)
    bridge = loaded(world.bridge())
    bridge.send(["drive"])
    updates = drain_until(bridge, lambda found: any(getattr(each, "outcome", None) for each in found))
    steps = [each.sending for each in updates if isinstance(each, SendingChanged)]
    assert any(each is not None and each.name == "drive" for each in steps)


def test_a_copy_that_cannot_be_reached_is_told_by_its_name(world: World) -> None:
    world.manager.create_backup()
    world.manager.add_copy({"name": "nas", "url": "webdav://u@127.0.0.1:9/x", "unencrypted": True, "enabled": False})
    world.manager.add_copy({"name": "refused", "url": "webdav://u@127.0.0.1:9/y"})
    bridge = loaded(world.bridge())
    bridge.send(["refused"])
    outcome = outcome_of(bridge)
    assert (outcome.verb, outcome.end, outcome.code, outcome.copy) == ("sync", End.FAILED, "refused", "refused")
    state = bridge.facts.copies[1]
    assert (state.problem_code, state.failing_since is not None) == ("refused", True)
    assert bridge.facts.sending is None


def test_it_can_be_stopped(world: World) -> None:
    world.manager.create_backup()
    add(world)
    bridge = loaded(world.bridge())
    world.gate.shut()
    bridge.send(["drive"])
    drain_until(bridge, lambda _: world.gate.waiting.is_set())
    bridge.cancel_copying()
    outcome = outcome_of(bridge)
    assert (outcome.verb, outcome.end) == ("sync", End.CANCELLED)
    assert bridge.facts.sending is None


def test_a_restore_test_from_a_copy(world: World) -> None:
    world.manager.create_backup()
    place = add(world)
    world.manager.sync_copies()
    bridge = loaded(world.bridge())
    bridge.test_copy("drive")
    outcome = outcome_of(bridge)
    assert (outcome.verb, outcome.end, outcome.copy, outcome.problems) == ("drill", End.DONE, "drive", ())
    assert bridge.facts.copies[0].proven_at is not None
    pack = next(place.glob("packs/*/*"))
    pack.write_bytes(bytes(pack.stat().st_size))  # if it were gone, the sync after the backup might send it again
    bridge.test_copy("drive")
    outcome = outcome_of(bridge)
    assert outcome.end is End.FAILED or outcome.problems


def test_a_copy_goes_and_comes_back(world: World) -> None:
    add(world)
    bridge = loaded(world.bridge())
    bridge.remove_copy("drive")
    outcome = outcome_of(bridge)
    assert (outcome.verb, outcome.copy, outcome.entry is not None) == ("copy_removed", "drive", True)
    assert not bridge.facts.settings.copies
    assert outcome.entry is not None
    bridge.put_back_copy(outcome.entry)
    outcome_of(bridge)
    assert bridge.facts.settings.copies[0].name == "drive"


def test_what_another_program_sends_is_seen(world: World) -> None:
    world.manager.create_backup()
    add(world)
    bridge = loaded(world.bridge())
    other = BackupManager.from_config(world.file, _runner=InThisProcess())
    other.sync_copies()
    other.close(backup=False)
    drain_until(bridge, lambda _: bridge.facts.copies[0].snapshots == 1)


def test_while_the_folder_is_away_the_last_that_was_known_stays(world: World) -> None:
    world.manager.create_backup()
    add(world)
    world.manager.sync_copies()
    bridge = loaded(world.bridge())
    known = bridge.facts.copies
    folder = world.manager.repository
    folder.rename(folder.with_name("away"))
    bridge.refresh()
    drain_until(bridge, lambda _: bridge.facts.status is not None and bridge.facts.status.verdict != "unproven")
    assert bridge.facts.copies == known


def test_a_form_asks_and_saves_off_the_thread_of_the_window(world: World) -> None:
    bridge = loaded(world.bridge())
    answers: list[Any] = []
    entry = {"name": "x y", "url": "file:///nowhere"}
    bridge.ask("copy-add", lambda manager: manager.add_copy(entry), answers.append)
    drain_until(bridge, lambda _: answers)
    assert answers[0].problem.code == "settings"
    assert replace(bridge.facts, now=NOW).copies == ()
