"""What pages, cards and panels may ask of the view that holds them, and what the view asks of them.

A page is made by calling its class with (master, stage): backups.page.BackupsPage, settings.page.SettingsPage. Cards of
the dashboard are made in the same way. All of it happens on the Tk thread.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from litekeep.model import Snapshot
from litekeep.ui.bridge import Bridge
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, Card, Filter

if TYPE_CHECKING:
    from litekeep.ui.view.settings.editor import Editor


class Part(Protocol):
    """A page, a card or a panel: a widget (widgets.ctk.Piece) that shows facts.

    `show_facts` is called with the newest facts at once after it was made, and again while it can be seen: when facts
    were gathered anew, when work begins or ends (facts.work is None or not: switch buttons by that), when the page
    comes back into view, and every half minute for texts that tell the time. It is not called for each step of a
    progress, which only the hero shows. It must be cheap when nothing that it shows has changed. What has ended is
    told by the card below the hero; facts.outcome is there for who waits for something (verb "settings", say).
    `cleanup` is called once before it is destroyed.
    """

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""

    def cleanup(self) -> None:
        """End timers and requests."""


class BackupsPart(Part, Protocol):
    """What the view also asks of the Backups page."""

    def filter_by(self, filter: Filter) -> None:  # noqa: A002 - the field's word
        """Show these only."""

    def focus_search(self) -> None:
        """The keyboard goes to the search (Ctrl+F)."""

    def selected(self) -> tuple[Snapshot, ...]:
        """The selected backups, from the top; the view restores the first one on Ctrl+R."""

    @property
    def in_use(self) -> bool:
        """Somebody works with the table or the details."""

    def focus_table(self) -> None:
        """The keyboard goes to the table."""

    def escape(self) -> None:
        """Esc, where nothing else took it."""


class Files(Protocol):
    """The system's dialogs for files. None: the person changed their mind."""

    def open_file(self, title: str, *, databases: bool = True) -> Path | None:
        """A database file to restore from; or any file."""

    def save_file(self, title: str, name: str) -> Path | None:
        """A new file; name is proposed."""

    def folder(self, title: str, at: Path | None = None) -> Path | None:
        """A folder that exists."""


class Stage(Protocol):
    """The view, as its parts see it. Everything is called on the Tk thread and returns at once."""

    bridge: Bridge
    say: Language
    files: Files

    @property
    def editor(self) -> Editor:
        """What is edited in the settings, for all cards that edit them, on whatever page."""

    def perform(self, action: Action, about: Snapshot | None = None) -> None:
        """Carry out what a button stands for. about: the backup meant, where the action is about one.

        RESTORE opens the restore panel; VERIFY and TEST_RESTORE begin at once, for all backups without `about`.
        """

    def go(self, page: str, filter: Filter | None = None) -> None:  # noqa: A002 - the field's word
        """Open a page: "overview", "backups" or "settings"; with a filter on the backups. A panel is closed.

        Where there is room for the dashboard, that stands for the first two.
        """

    def open_panel(self, build: Callable[[tk.Misc, Any], tk.Widget]) -> None:
        """Lay a panel over the pages (never a second window). `build` gets its master and the stage, and makes it.

        Escape closes it, keeping the rest. A panel is a Part (see panels.panel.Panel); another one that was open goes.
        """

    def close_panel(self) -> None:
        """Back to the page below; the focus returns to where it was."""

    def notice(self, card: Card, on_action: Callable[[Action], object] | None = None) -> None:
        """Show a card below the hero; an earlier one goes. on_action: gets the actions of its buttons, and the card is
        closed before; without it they are performed.
        """
