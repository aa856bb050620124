"""BackupView: the frame with the verdict, the pages and the panel over them."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal, cast

from litekeep import BackupManager
from litekeep.config.environment import process_environment
from litekeep.model import Snapshot
from litekeep.ui.bridge import Bridge, FactsChanged, WorkChanged
from litekeep.ui.language import choose_language, language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, Card, Filter
from litekeep.ui.view.deeds import Deeds
from litekeep.ui.view.files import SystemFiles
from litekeep.ui.view.head import Head, OnAction
from litekeep.ui.view.keys import Keys
from litekeep.ui.view.pages import BACKUPS, NAMES, OVERVIEW, SETTINGS, names_of, page_maker
from litekeep.ui.view.stage import BackupsPart, Files, Part, SettingsPart
from litekeep.ui.widgets.choices import Segmented
from litekeep.ui.widgets.ctk import Piece, host_look
from litekeep.ui.widgets.look import CARD_GAP, OWN, PAGE

RETELL_MS = 30_000
"""How often texts that tell the time are made anew."""
Theme = Literal["inherit", "own"]
Layout = Literal["auto", "pages", "dashboard"]
BuildPanel = Callable[[tkinter.Misc, Any], tkinter.Widget]


class BackupView(Piece):
    """Shows a manager, and lets people work with it. It neither starts, owns nor closes it.

    Args:
        master: where it lies, in a CustomTkinter window.
        manager: what it looks at; the view may come and go while it works.
        pages: which of "overview", "backups" and "settings", in this order.
        theme: "inherit" takes the neutral colours and the accent of the host's theme, "own" those of Litekeep.
        lang: "en", "fr"; None: LITEKEEP_LANG, the system's, else English.
        layout: "pages", "auto" or "dashboard"; all show pages until there is a layout with everything at once.
        bridge: for tests.
        title: accepted and not used; hosts give it to each of their pages.
        options: width and height.

    Raises:
        ValueError: an unknown page, theme or layout.
    """

    def __init__(
        self,
        master: Any,
        manager: BackupManager,
        *,
        pages: Iterable[str] = (OVERVIEW, BACKUPS, SETTINGS),
        theme: Theme = "inherit",
        lang: str | None = None,
        layout: Layout = "auto",
        bridge: Bridge | None = None,
        title: object = None,  # noqa: ARG002 - of the host's protocol
        **options: Any,
    ) -> None:
        self._keys: list[str] = _checked(tuple(pages), theme, layout)
        look = host_look(master) if theme == "inherit" else OWN
        super().__init__(master, fill=look.bg, look=look, **options)
        self.say = language(choose_language(lang, process_environment()))
        self.files: Files = SystemFiles(self, self.say)
        self.bridge = bridge or Bridge(manager)
        self.pages: dict[str, Part] = {}
        self.page = ""
        self.panel: Any = None
        self._layout, self._cleaned = layout, False
        self._focus_before: str = ""
        self._deeds = Deeds(self)
        self._build()
        self._bound = Keys(self, self._actions())
        self.go(self._keys[0])
        self._pump()
        self._retell()

    def _build(self) -> None:
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(2, weight=1)
        self.head = Head(self, self.say, self.bridge.facts, self.perform, self._deeds.after, self.bridge.dismiss)
        self.head.grid(row=0, column=0, sticky="ew", padx=PAGE, pady=(PAGE, 0))
        self.tabs = Segmented(self, names_of(tuple(self._keys), self.say), self._keys[0], self.go)
        if len(self._keys) > 1:
            self.tabs.grid(row=1, column=0, sticky="w", padx=PAGE, pady=(CARD_GAP, 0))
        self.stack = Piece(self)
        self.stack.grid(row=2, column=0, sticky="nsew", pady=(CARD_GAP, 0))
        self.stack.grid_columnconfigure(0, weight=1)
        self.stack.grid_rowconfigure(0, weight=1)

    def _actions(self) -> dict[str, Callable[[], object]]:
        return {
            "b": lambda: self._perform_button(Action.BACK_UP),
            "r": lambda: self._perform_button(Action.RESTORE),
            "f": self._search,
            "F5": self.refresh,
            "F1": self._deeds.list_shortcuts,
            "Escape": self.close_panel,
        }

    # The protocol of hosts

    def refresh(self) -> None:
        """Look at the backups anew."""
        self.bridge.refresh()

    def has_unsaved_changes(self) -> bool:
        """Something in the settings was edited and not saved."""
        page = self.pages.get(SETTINGS)
        return page is not None and cast("SettingsPart", page).has_unsaved_changes()

    def save(self) -> bool:
        """Save what was edited; False: it cannot be saved as it is, and the page says why."""
        page = self.pages.get(SETTINGS)
        return page is None or cast("SettingsPart", page).save()

    def cleanup(self) -> None:
        """Nothing of it works any more; what was begun goes on in the manager. `destroy` does this too."""
        if self._cleaned:
            return
        self._cleaned = True
        self._bound.remove()
        for part in (*self.pages.values(), *([self.panel] if self.panel is not None else [])):
            part.cleanup()
        self.bridge.close()

    def destroy(self) -> None:
        """Lets go of everything."""
        if not self.gone:
            self.cleanup()
        super().destroy()

    # The Stage of its parts

    def perform(self, action: Action, about: Snapshot | None = None) -> None:
        """See stage.Stage."""
        if not self._cleaned:
            self._deeds.perform(action, about)

    def go(self, page: str, filter: Filter | None = None) -> None:  # noqa: A002 - the field's word
        """See stage.Stage."""
        if self._cleaned or page not in self._keys:
            return
        self.close_panel()
        if page != self.page:
            self._open_page(page)
        if filter is not None and page == BACKUPS:
            cast("BackupsPart", self.pages[BACKUPS]).filter_by(filter)

    def open_panel(self, build: BuildPanel) -> None:
        """See stage.Stage."""
        if self._cleaned:
            return
        if self.panel is None:
            self._focus_before = str(self.tk.call("focus"))
            self.tabs.hide()
            self.stack.hide()
        else:
            self._drop_panel()
        self.panel = build(self, self)
        self.panel.grid(row=1, column=0, rowspan=2, sticky="nsew", pady=(CARD_GAP, 0))
        self.panel.show_facts(self.bridge.facts)

    def close_panel(self) -> None:
        """See stage.Stage."""
        if self.panel is None or self._cleaned:
            return
        self._drop_panel()
        self.stack.show()
        self.tabs.show()
        before, self._focus_before = self._focus_before, ""
        if before and self.tk.call("winfo", "exists", before):
            self.tk.call("focus", before)
        self._show_part(self.pages.get(self.page))

    def notice(self, card: Card, on_action: OnAction | None = None) -> None:
        """See stage.Stage."""
        if not self._cleaned:
            self.head.show_card(card, on_action)

    # Inside

    def selected(self) -> Snapshot | None:
        """The first backup that is selected on the Backups page, if that can be seen."""
        page = self.pages.get(BACKUPS)
        if page is None or self.page != BACKUPS:
            return None
        return next(iter(cast("BackupsPart", page).selected()), None)

    def _drop_panel(self) -> None:
        self.panel.cleanup()
        self.panel.destroy()
        self.panel = None

    def _open_page(self, key: str) -> None:
        before: Any = self.pages.get(self.page)
        self.page = key
        self.tabs.set_value(key)
        if before is not None:
            before.hide()
        page: Any = self.pages.get(key)
        if page is None:
            page = self.pages[key] = page_maker(key)(self.stack, self)
            page.grid(row=0, column=0, sticky="nsew")
        else:
            page.show()
        self._show_part(page)

    def _show_part(self, part: Part | None) -> None:
        if part is not None:
            part.show_facts(self.bridge.facts)

    def _perform_button(self, action: Action) -> None:
        """A key does what the button of the hero does, and nothing while that cannot be used."""
        button = next((each for each in self.head.hero.model.buttons if each.action is action), None)
        if button is None or button.enabled:
            self.perform(action)

    def _search(self) -> None:
        if BACKUPS in self._keys:
            self.go(BACKUPS)
            cast("BackupsPart", self.pages[BACKUPS]).focus_search()

    def _pump(self) -> None:
        if self._cleaned:
            return
        worked = self.bridge.facts.work is not None
        outcome = self.bridge.facts.outcome
        updates = self.bridge.drain()
        if self._cleaned:
            return  # an answer made the host destroy it
        facts = self.bridge.facts
        if any(isinstance(each, FactsChanged | WorkChanged) for each in updates) or facts.outcome != outcome:
            self.head.show_facts(facts)
            gathered = any(isinstance(each, FactsChanged) for each in updates)
            if gathered or worked != (facts.work is not None):
                self._show_visible(facts)
        self.tabs.set_items(names_of(tuple(self._keys), self.say, unsaved=self.has_unsaved_changes()))
        self.later(self.bridge.pause_ms, self._pump)

    def _show_visible(self, facts: ViewFacts) -> None:
        part = self.panel if self.panel is not None else self.pages.get(self.page)
        if part is not None:
            part.show_facts(facts)

    def _retell(self) -> None:
        if not self._cleaned:
            facts = replace(self.bridge.facts, now=self.bridge.now())
            self.head.show_facts(facts)
            self._show_visible(facts)
            self.later(RETELL_MS, self._retell)


def _checked(pages: tuple[str, ...], theme: str, layout: str) -> list[str]:
    for value, known in ((theme, ("inherit", "own")), (layout, ("auto", "pages", "dashboard"))):
        if value not in known:
            raise ValueError(f"{value!r} is none of {', '.join(known)}")
    wrong = [page for page in pages if page not in NAMES]
    if wrong or not pages:
        raise ValueError(f"pages are some of {', '.join(NAMES)}, not {wrong or 'none'}")
    return list(dict.fromkeys(pages))
