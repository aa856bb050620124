"""Backups that come back from a copy: what people see, press, and what the bridge is asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from litekeep.errors import SecretUnavailable
from litekeep.operations.preview import Preview
from litekeep.ui.bridge import endings
from litekeep.ui.presenter.models import Action
from ui.bridge.conftest import World
from ui.presenter.made import NOW, settings
from ui.view.states import HEALTHY, KEPT, STATES, TABLES
from ui.view.still import Still
from ui.view.test_deeds import Given

Make = Callable[..., Any]
Wait = Callable[..., None]
COPIES = [{"name": "cloud", "url": "file:///mnt/cloud"}, {"name": "nas", "url": "file:///mnt/nas"}]
MISSING = replace(STATES["missing"], settings=settings(copies=COPIES), folder="/mnt/usb/backups", rows=())
LOOK = "copy-backups"


@pytest.fixture
def still() -> Still:
    return Still(MISSING)


@pytest.fixture
def panel(still: Still, make_view: Make) -> Any:
    view = make_view(still)
    view.head.hero.buttons[Action.FROM_COPY].invoke()
    view.update()
    return view.panel


def test_it_looks_first(panel: Any, still: Still, wait_until: Wait) -> None:
    assert panel.told.text == "Looking at what is there…"
    assert panel.place.text == "file:///mnt/cloud"
    assert not panel.one.enabled
    assert not panel.all.enabled
    still.answer(LOOK, list(KEPT))
    wait_until(lambda: panel.one.enabled)
    assert panel.told.text.endswith("the newest of them made today at 02:00.")
    assert "/mnt/usb/backups" in panel.coming.text


def test_all_of_them(panel: Any, still: Still, wait_until: Wait) -> None:
    still.answer(LOOK, list(KEPT))
    wait_until(lambda: panel.all.enabled)
    panel.all.invoke()
    assert still.asked[-1] == ("rebuild_from", "cloud", None)
    assert panel.gone


def test_all_of_them_elsewhere(panel: Any, still: Still, wait_until: Wait) -> None:
    still.answer(LOOK, list(KEPT))
    wait_until(lambda: panel.all.enabled)
    panel.stage.files = Given(Path("/home/ana"))
    panel.other.invoke()
    assert "/home/ana/backups" in panel.coming.text
    panel.all.invoke()
    assert still.asked[-1] == ("rebuild_from", "cloud", Path("/home/ana/backups"))


def test_another_copy(panel: Any, still: Still, wait_until: Wait) -> None:
    late = still.questions[LOOK]
    panel.which.choose("nas")
    assert panel.place.text == "file:///mnt/nas"
    from litekeep.ui.bridge import Answer

    late(Answer(list(KEPT)))
    assert not panel.one.enabled, "that was the other one's"
    still.answer(LOOK, None, endings.failed(LOOK, SecretUnavailable("no"), NOW))
    wait_until(lambda: "password" in panel.told.text)
    assert not panel.all.enabled


def test_one_of_them(panel: Any, still: Still, wait_until: Wait) -> None:
    view = panel.stage
    still.answer(LOOK, list(KEPT))
    wait_until(lambda: panel.one.enabled)
    panel.one.invoke()
    view.update()
    panel = view.panel
    assert still.asked[-1][1:] == ("cloud", KEPT[-1])
    assert panel.sub.text.startswith("cloud · ")
    assert "as a file beside the database" in panel.replace.sub
    assert [key for key, _ in panel.choice.items] == [each.id for each in reversed(KEPT)]
    now = (("employees", 3),)
    still.answer("preview", Preview(Path("/data/app.db"), True, now, "", TABLES, 48_200_000, ()))
    wait_until(lambda: panel.counting.hidden)
    panel.choice.choose(KEPT[0].id)
    assert still.asked[-1][1:] == ("cloud", KEPT[0])
    panel.go.invoke()
    assert still.asked[-1] == ("restore_from", "cloud", KEPT[0], None, False)
    assert view.panel is None


def test_to_a_file(panel: Any, still: Still, wait_until: Wait) -> None:
    view = panel.stage
    still.answer(LOOK, [KEPT[-1]])
    wait_until(lambda: panel.one.enabled)
    panel.one.invoke()
    view.files = Given(Path("/tmp"))
    view.panel.save.invoke()
    view.panel.go.invoke()
    assert still.asked[-1] == ("restore_from", "cloud", KEPT[-1], Path("/tmp/employees-2026-09-24-0200.db"), False)


def test_from_the_panel_that_looks_for_the_folder_and_from_the_empty_table(still: Still, make_view: Make) -> None:
    view = make_view(still)
    view.perform(Action.LOCATE)
    view.panel.copy.invoke()
    assert view.panel.told.text == "Looking at what is there…"
    view.close_panel()
    view.go("backups")
    button = view.pages["backups"].card.empty.button
    assert button.text == "Restore from a copy…"
    button.invoke()
    assert view.panel is not None


def test_nothing_to_come_back_while_the_backups_are_here(make_view: Make, wait_until: Wait) -> None:
    still = Still(replace(HEALTHY, settings=settings(copies=COPIES[:1])))
    view = make_view(still)
    view.perform(Action.FROM_COPY)
    still.answer(LOOK, list(KEPT))
    wait_until(lambda: view.panel.one.enabled)
    assert view.panel.all.hidden
    assert view.panel.coming.hidden


def test_the_backups_are_lost_and_come_back(world: World, make_view: Make, wait_until: Wait) -> None:
    """With a real database, a real copy, and what a person presses."""
    cloud = world.folder / "cloud"
    world.manager.change_settings({"backup.copies": [{"name": "cloud", "url": cloud.as_uri()}]})
    people = world.people()
    made = world.manager.create_backup()
    world.manager.sync_copies()
    world.add("Zoe")
    shutil.rmtree(world.folder / "backups")
    view = make_view(world.manager)
    wait_until(lambda: view.head.hero.model.state == "missing", 20)
    view.perform(Action.FROM_COPY)
    wait_until(lambda: view.panel.one.enabled, 20)
    view.panel.one.invoke()
    wait_until(lambda: view.panel.counting.hidden, 20)
    view.panel.go.invoke()
    wait_until(lambda: view.bridge.facts.outcome is not None, 20)
    assert world.people() == people
    kept = Path(view.bridge.facts.outcome.kept)
    assert kept.parent == world.folder
    assert str(kept) in view.head.notice.model.safe
    view.perform(Action.FROM_COPY)
    wait_until(lambda: view.panel.all.enabled, 20)
    view.panel.all.invoke()
    wait_until(lambda: view.head.hero.model.state not in ("missing", "rebuilding"), 20)
    assert [each.id for each in view.bridge.facts.snapshots] == [made.id]
    assert view.head.notice.model.what == "The backup is here again."
