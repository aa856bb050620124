"""The page of a view, on given facts or on a real database with a few backups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litekeep.model import Snapshot
from ui.bridge.conftest import World
from ui.conftest import WaitUntil
from ui.view.conftest import Make

LABELS = ("one", "two", "three")


class Chosen:
    """Dialogs for files that a person answered."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.names = path, [""]

    def save_file(self, title: str, name: str) -> Path | None:
        assert title
        self.names.append(name)
        return self.path


class Hands:
    """A real database with three backups, oldest first, and the page that shows them."""

    def __init__(self, world: World, view: Any, wait: WaitUntil) -> None:
        self.world, self.view, self.wait = world, view, wait
        self.page = view.pages["backups"]
        self.table, self.card, self.pane = self.page.card.table, self.page.card, self.page.pane
        wait(lambda: len(self.page.card.table.tree.get_children()) == len(LABELS), 20)
        self.keys = [each.id for each in view.bridge.facts.snapshots]

    def backup(self, key: str) -> Snapshot | None:
        """As the newest facts have it, outside the trash."""
        return next((each for each in self.view.bridge.facts.snapshots if each.id == key), None)

    def known(self, key: str) -> Snapshot:
        """The same of one that is there."""
        found = self.backup(key)
        assert found is not None
        return found

    def select(self, *keys: str) -> None:
        self.table.select(*keys)
        self.wait(lambda: set(self.table.selected) == set(keys))
        self.wait(lambda: bool(self.pane.model.key))

    def key(self, sequence: str) -> None:
        """A key in the table."""
        self.table.focus_set()
        self.wait(lambda: self.view.focus_get() is self.table.tree)
        self.table.tree.event_generate(sequence)

    def press(self, act: str) -> None:
        """A button of the bar, which must be usable."""
        button = self.card.buttons[act]
        assert button.enabled, act
        button.invoke()


@pytest.fixture
def hands(world: World, make_view: Make, wait_until: WaitUntil) -> Hands:
    for label in LABELS:
        world.add(label)
        world.manager.create_backup(label)
    view = make_view(world.manager, layout="pages")
    view.go("backups")
    return Hands(world, view, wait_until)


@pytest.fixture
def page_of(make_view: Make, wait_until: WaitUntil) -> Callable[..., Any]:
    """page_of(Still, width, height, **options): the page with the table filled."""

    def make(source: Any, width: int = 1040, height: int = 720, **options: Any) -> Any:
        view = make_view(source, width, height, layout="pages", **options)
        view.go("backups")
        page = view.pages["backups"]
        wait_until(lambda: page.card.table.complete and page.winfo_viewable())
        return page

    return make
