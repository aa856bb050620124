"""BackupView: the frame with the verdict, the pages and the panel over them."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

from litekeep import BackupManager
from litekeep.config.environment import process_environment
from litekeep.model import Snapshot
from litekeep.ui.bridge import Bridge, FactsChanged, SendingChanged, WorkChanged
from litekeep.ui.language import choose_language, language
from litekeep.ui.presenter.facts import Sending, ViewFacts
from litekeep.ui.presenter.models import Action, Card, Filter
from litekeep.ui.view.arrangement import margin_for
from litekeep.ui.view.book import Book
from litekeep.ui.view.deeds import Deeds
from litekeep.ui.view.files import SystemFiles
from litekeep.ui.view.head import Head, OnAction
from litekeep.ui.view.keys import Keys
from litekeep.ui.view.pages import BACKUPS, NAMES, OVERVIEW, SETTINGS, names_of
from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.stage import Files, Part
from litekeep.ui.widgets.choices import Segmented
from litekeep.ui.widgets.collector import hold_collector
from litekeep.ui.widgets.ctk import Piece, host_look
from litekeep.ui.widgets.look import CARD_GAP, LEAST, OWN, PAGE

SOON_MS = 15
"""After a question, its answer is looked for after so long."""
REST_MS = 1500
"""So long no garbage is collected: it would be felt while the view is painted and first filled."""
RETELL_MS = 30_000
"""How often texts that tell the time are made anew."""
MIDDLE = 1
"""The column of everything; those beside it are margins, on screens wider than anybody reads."""
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
        layout: "auto" and "dashboard" show everything at once where there is room for it, about 1100 x 760, and pages
            where there is less; "pages" always shows pages. The dashboard needs all three pages.
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
        keys = _checked(tuple(pages), theme, layout)
        look = host_look(master) if theme == "inherit" else OWN
        super().__init__(master, fill=look.bg, look=look, **options)
        self._let_collect = hold_collector()
        self.later(REST_MS, self._let_collect)
        self.say = language(choose_language(lang, process_environment()))
        self.files: Files = SystemFiles(self, self.say)
        self.bridge = bridge or Bridge(manager)
        self.panel: Any = None
        self._editor: Editor | None = None
        self._cleaned = self._soon = False
        self._pumping = ""
        self._margin = 0
        self._focus_before: str = ""
        self._deeds = Deeds(self)
        self._build(keys, may_change=layout != "pages")
        self._bound = Keys(self, self._actions())
        self.bridge.on_ask = self._pump_soon
        self._arrange(master.winfo_width() / self.scale, master.winfo_height() / self.scale)
        self.once_painted(self._pump)
        self.later(RETELL_MS, self._retell)

    def _build(self, keys: list[str], *, may_change: bool) -> None:
        self.grid_columnconfigure(MIDDLE, weight=1)
        self.grid_rowconfigure(2, weight=1)
        self.head = Head(self, self.say, self.bridge.facts, self.perform, self._deeds.after, self.bridge.dismiss)
        self.head.grid(row=0, column=MIDDLE, sticky="ew", padx=PAGE, pady=(PAGE, 0))
        self.tabs = Segmented(self, names_of(tuple(keys), self.say), keys[0], self.go)
        self.tabs.grid(row=1, column=MIDDLE, sticky="w", padx=PAGE, pady=(CARD_GAP, 0))
        self.tabs.hide()
        self.stack = Piece(self)
        self.stack.grid(row=2, column=MIDDLE, sticky="nsew", pady=(CARD_GAP, 0))
        self.stack.grid_columnconfigure(0, weight=1)
        self.stack.grid_rowconfigure(0, weight=1)
        self.book = Book(self, self.stack, self.tabs, keys, may_change=may_change)

    def _actions(self) -> dict[str, Callable[[], object]]:
        return {
            "b": lambda: self._perform_button(Action.BACK_UP),
            "r": lambda: self._perform_button(Action.RESTORE),
            "f": self._search,
            "F5": self.refresh,
            "F1": self._deeds.list_shortcuts,
            "Escape": self._escape,
        }

    # The protocol of hosts

    def refresh(self) -> None:
        """Look at the backups anew."""
        self.bridge.refresh()

    def has_unsaved_changes(self) -> bool:
        """Something in the settings was edited and not saved."""
        return self._editor is not None and self._editor.has_unsaved_changes()

    def save(self) -> bool:
        """Save what was edited; False: it cannot be saved as it is, and the page says why."""
        return self._editor is None or self._editor.save()

    def cleanup(self) -> None:
        """Nothing of it works any more; what was begun goes on in the manager. `destroy` does this too."""
        if self._cleaned:
            return
        self._cleaned = True
        self._let_collect()
        self._bound.remove()
        for part in (*self.pages.values(), *([self.panel] if self.panel is not None else [])):
            part.cleanup()
        if self._editor is not None:
            self._editor.cleanup()
        self.bridge.close()

    def destroy(self) -> None:
        """Lets go of everything."""
        if not self.gone:
            self.cleanup()
        super().destroy()

    # The Stage of its parts

    @property
    def editor(self) -> Editor:
        """See stage.Stage."""
        if self._editor is None:
            self._editor = Editor(self)
        return self._editor

    @property
    def pages(self) -> dict[str, Part]:
        """Those that were visited."""
        return self.book.pages

    @property
    def page(self) -> str:
        """The key of the one that is open: of `pages`, or "dashboard"; empty before there is a size."""
        return self.book.page

    def perform(self, action: Action, about: Snapshot | None = None) -> None:
        """See stage.Stage."""
        if not self._cleaned:
            self._deeds.perform(action, about)

    def go(self, page: str, filter: Filter | None = None) -> None:  # noqa: A002 - the field's word
        """See stage.Stage."""
        if self._cleaned or page not in (*self.book.keys, *self.book.shown):
            return
        self.close_panel()
        key = self.book.key_for(page)
        if key != self.page:
            self._open_page(key)
        if filter is not None and page == BACKUPS and self.book.backups is not None:
            self.book.backups.filter_by(filter)

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
        self.panel.grid(row=1, column=MIDDLE, rowspan=2, sticky="nsew", pady=(CARD_GAP, 0))
        self.panel.show_facts(self.bridge.facts)

    def close_panel(self) -> None:
        """See stage.Stage."""
        if self.panel is None or self._cleaned:
            return
        self._drop_panel()
        self.stack.show()
        self._show_tabs()
        before, self._focus_before = self._focus_before, ""
        if before and self.tk.call("winfo", "exists", before):
            self.tk.call("focus", before)
        self._show_part(self.book.in_sight)

    def notice(self, card: Card, on_action: OnAction | None = None) -> None:
        """See stage.Stage."""
        if not self._cleaned:
            self.head.show_card(card, on_action)

    # Inside

    def selected(self) -> Snapshot | None:
        """The first backup that is selected in the table, if that can be seen."""
        backups = self.book.backups
        return next(iter(backups.selected()), None) if backups is not None else None

    def redraw(self) -> None:
        """It has another size: perhaps there is room for everything at once now, or no more."""
        if not self.gone and not self._cleaned and self.winfo_width() > LEAST:
            margin = round(margin_for(self.winfo_width() / self.scale) * self.scale)
            if margin != self._margin:
                self._margin = margin
                self.grid_columnconfigure((MIDDLE - 1, MIDDLE + 1), minsize=margin)
            self._arrange(self.winfo_width() / self.scale, self.winfo_height() / self.scale)

    def _arrange(self, width: float, height: float) -> None:
        """Before the view has a size, that of what it lies in tells; where nothing does, it waits for one."""
        known = width > LEAST and height > LEAST
        changed = known and self.book.resized(width, height)
        if changed:
            self.book.tell_tabs(unsaved=self.has_unsaved_changes())
        if (changed or self.book.arrangement) and not self.page:
            self._open_page(self.book.key_for(self.book.shown[0]))
        elif changed:
            self._rearrange()

    def _rearrange(self) -> None:
        key = self.book.key_for(self.page)
        if key == self.page:
            return
        backups = self.book.backups
        focused = backups is not None and backups.in_use
        self._open_page(key)
        if focused and self.panel is None and self.book.backups is not None:
            self.book.backups.focus_table()

    def _drop_panel(self) -> None:
        self.panel.cleanup()
        self.panel.destroy()
        self.panel = None

    def _open_page(self, key: str) -> None:
        self.book.open(key)
        self._show_tabs()
        self._show_part(self.book.in_sight)

    def _show_tabs(self) -> None:
        wanted = self.panel is None and self.book.needs_tabs
        (self.tabs.show if wanted else self.tabs.hide)()

    def _escape(self) -> None:
        """Away with the panel, else with the details."""
        if self.panel is not None:
            self.close_panel()
        elif self.book.backups is not None:
            self.book.backups.escape()

    def _show_part(self, part: Part | None) -> None:
        if part is not None:
            part.show_facts(self.bridge.facts)

    def _perform_button(self, action: Action) -> None:
        """A key does what the button of the hero does, and nothing while that cannot be used."""
        button = next((each for each in self.head.hero.model.buttons if each.action is action), None)
        if button is None or button.enabled:
            self.perform(action)

    def _search(self) -> None:
        if BACKUPS in self.book.keys:
            self.go(BACKUPS)
            if self.book.backups is not None:
                self.book.backups.focus_search()

    def _pump(self) -> None:
        if self._cleaned:
            return
        worked = self.bridge.facts.work is not None
        outcome, sent = self.bridge.facts.outcome, _doing(self.bridge.facts.sending)
        updates = self.bridge.drain()
        if self._cleaned:
            return  # an answer made the host destroy it
        facts = self.bridge.facts
        copied = any(isinstance(each, SendingChanged) for each in updates) and sent != _doing(facts.sending)
        changed = copied or any(isinstance(each, FactsChanged | WorkChanged) for each in updates)
        if changed or facts.outcome != outcome:
            self.head.show_facts(facts)
            gathered = any(isinstance(each, FactsChanged) for each in updates)
            if gathered or copied or worked != (facts.work is not None):
                self._show_visible(facts)
        self.book.tell_tabs(unsaved=self.has_unsaved_changes())
        pause = min(self.bridge.pause_ms, SOON_MS) if self._soon else self.bridge.pause_ms
        self._soon = False
        self.forget(self._pumping)
        self._pumping = self.later(pause, self._pump)

    def _pump_soon(self) -> None:
        """Something was asked, and the answer may come long before the pause of an idle view is over."""
        self._soon = True
        if self._pumping:
            self.forget(self._pumping)
            self._pumping = self.later(SOON_MS, self._pump)

    def _show_visible(self, facts: ViewFacts) -> None:
        part = self.panel if self.panel is not None else self.book.in_sight
        if part is not None:
            part.show_facts(facts)

    def _retell(self) -> None:
        if not self._cleaned:
            facts = replace(self.bridge.facts, now=self.bridge.now())
            self.head.show_facts(facts)
            self._show_visible(facts)
            self.later(RETELL_MS, self._retell)


def _doing(sending: Sending | None) -> tuple[str, str] | None:
    """What goes on with which copy; how far it is, who shows it asks for itself."""
    return None if sending is None else (sending.verb, sending.name)


def _checked(pages: tuple[str, ...], theme: str, layout: str) -> list[str]:
    for value, known in ((theme, ("inherit", "own")), (layout, ("auto", "pages", "dashboard"))):
        if value not in known:
            raise ValueError(f"{value!r} is none of {', '.join(known)}")
    wrong = [page for page in pages if page not in NAMES]
    if wrong or not pages:
        raise ValueError(f"pages are some of {', '.join(NAMES)}, not {wrong or 'none'}")
    return list(dict.fromkeys(pages))
