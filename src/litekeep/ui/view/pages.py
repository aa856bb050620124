"""Which pages there are, and how each is made: when it is first visited, from a module that is imported then."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from litekeep.ui.language.words import Language, phrase
from litekeep.ui.view.stage import Stage

OVERVIEW, BACKUPS, SETTINGS, DASHBOARD = "overview", "backups", "settings", "dashboard"
NAMES = {OVERVIEW: phrase("Overview"), BACKUPS: phrase("Backups"), SETTINGS: phrase("Settings")}
"""Those that a host can ask for."""
_NAMES = {**NAMES, DASHBOARD: phrase("Dashboard")}
UNSAVED = "•"
_CLASSES = {
    OVERVIEW: ("litekeep.ui.view.overview.page", "OverviewPage"),
    BACKUPS: ("litekeep.ui.view.backups.page", "BackupsPage"),
    DASHBOARD: ("litekeep.ui.view.dashboard.page", "DashboardPage"),
    SETTINGS: ("litekeep.ui.view.settings.page", "SettingsPage"),
}


def names_of(pages: tuple[str, ...], say: Language, *, unsaved: bool = False) -> tuple[tuple[str, str], ...]:
    """(key, text) for the control that switches between them. unsaved: the settings have a mark."""
    texts = {key: say(_NAMES[key]) for key in pages}
    return tuple((key, f"{text} {UNSAVED}" if unsaved and key == SETTINGS else text) for key, text in texts.items())


def page_maker(key: str) -> Callable[[Any, Stage], Any]:
    """What makes the page `key`: call it with its master and the stage."""
    module, name = _CLASSES[key]
    maker: Callable[[Any, Stage], Any] = getattr(import_module(module), name)
    return maker
