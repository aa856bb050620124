"""A view on given facts, a view on a real database, and hands that press and type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ui.bridge.conftest import World
from ui.view.still import Still
from ui.widgets.conftest import click, plain_window, press_keys

__all__ = ["click", "plain_window", "press_keys"]

Make = Callable[..., Any]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def make_view(window: Any) -> Iterator[Make]:
    """make_view(manager or Still, width=1040, height=720, **options): shown, and filling the window."""
    from litekeep.ui import BackupView
    from ui import desk

    made: list[Any] = []

    def make(source: Any, width: int = 1040, height: int = 720, **options: Any) -> Any:
        window.geometry(f"{width}x{height}")
        desk.wait_until(window, lambda: (window.winfo_width(), window.winfo_height()) == (width, height))
        still = source if isinstance(source, Still) else None
        view = BackupView(window, source, bridge=still, lang=options.pop("lang", "en"), **options)
        made.append(view)
        view.pack(fill="both", expand=True)
        desk.wait_until(window, view.winfo_viewable)
        return view

    yield make
    for view in made:
        if view.winfo_exists():
            view.destroy()
