"""What pages, cards and panels may ask of the view that holds them, and what the view asks of them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Protocol

from litekeep.model import Snapshot
from litekeep.ui.bridge import Bridge
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, Card, Filter


class Part(Protocol):
    """A page, a card or a panel: a widget that shows facts.

    `show` is called with the newest facts at once after it was made, and again whenever they change while it can be
    seen; it must be cheap when nothing that it shows has changed. `cleanup` is called once before it is destroyed.
    """

    def show(self, facts: ViewFacts) -> None:
        """Show these facts."""

    def cleanup(self) -> None:
        """End timers and requests."""


class Stage(Protocol):
    """The view, as its parts see it. Everything is called on the Tk thread and returns at once."""

    bridge: Bridge
    say: Language

    def perform(self, action: Action, about: Snapshot | None = None) -> None:
        """Carry out what a button stands for. about: the backup meant, where the action is about one."""

    def go(self, page: str, filter: Filter | None = None) -> None:  # noqa: A002 - the field's word
        """Open a page: "overview", "backups" or "settings"; with a filter on the backups."""

    def open_panel(self, build: Callable[[tk.Misc, Stage], tk.Widget]) -> None:
        """Lay a panel over the pages (never a second window). `build` makes it; Escape closes it, keeping the rest."""

    def close_panel(self) -> None:
        """Back to the page below; the focus returns to where it was."""

    def notice(self, card: Card) -> None:
        """Show a card below the hero; an earlier one goes."""
