"""The Settings page on a real manager with a settings file, and on given facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ui.bridge.conftest import World
from ui.view.conftest import Make

Open = Callable[..., Any]


@pytest.fixture
def open_page(make_view: Make, wait_until: Callable[..., None]) -> Open:
    """open_page(manager or Still): the page of a view that has its facts and its preview."""

    def begin(source: Any, **options: Any) -> Any:
        view = make_view(source, **options)
        view.go("settings")
        page = view.pages["settings"]
        wait_until(lambda: view.bridge.facts.status is not None and not page.editor.counting, 20)
        return page

    return begin


def written(world: World) -> dict[str, Any]:
    """The section backup of the settings file."""
    found: dict[str, Any] = json.loads(world.file.read_text("utf-8"))["backup"]
    return found


def rewrite(path: Path, **keys: Any) -> None:
    """As another program does it: these keys of the section backup, in a new file."""
    document = json.loads(path.read_text("utf-8"))
    document["backup"].update(keys)
    path.write_text(json.dumps(document, indent=2), "utf-8")
