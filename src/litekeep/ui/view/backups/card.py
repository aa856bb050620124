"""The card with the table: filter, search, what can be done with the selected rows, and the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.models import Column, Filter, HistoryRow
from litekeep.ui.view.backups.acts import TEXTS, Act
from litekeep.ui.view.backups.columns import table_columns
from litekeep.ui.view.backups.empty import Empty, EmptyWords
from litekeep.ui.view.backups.listing import Sort
from litekeep.ui.view.backups.table import BackupTable
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.choices import Segmented
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.fields import Entry
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.look import BAR_BUTTON, GAP, GAP_SMALL

FILTERS = {
    Filter.ALL: phrase("All"),
    Filter.PINNED: phrase("pinned"),
    Filter.PROBLEMS: phrase("Problems"),
    Filter.TRASH: phrase("Trash"),
}
"""Without capital where the word alone would be another one in French: épinglées, not épinglée."""
TYPING_MS = 120
"""The search begins when nothing was typed for so long."""
SEARCH_WIDTH = 220


class CardUser(Protocol):
    """The page, as its card sees it."""

    def choose(self, choice: Filter) -> None:
        """Another filter."""

    def search(self, text: str) -> None:
        """Another search."""

    def sort(self, column: Column) -> None:
        """A heading was pressed."""

    def selection(self) -> None:
        """Other rows are selected."""

    def act(self, act: Act) -> None:
        """A button of the bar."""

    def key_act(self, key: str) -> None:
        """Of "open", "toggle" or "delete": a key on the selected rows."""

    def menu(self, x: int, y: int) -> None:
        """A menu is wanted there."""

    def help(self, act: str) -> None:
        """The button of an empty table."""


class HistoryCard(Box):
    """Shows what it is given, and tells `user` what people do."""

    def __init__(self, master: Any, say: Language, user: CardUser) -> None:
        super().__init__(master)
        self.say, self._user = say, user
        self._typing = ""
        self._offered: tuple[Act, ...] = ()
        body = self.body
        body.grid_rowconfigure(2, weight=1)
        body.grid_columnconfigure(0, weight=1)
        self._top = Piece(body)
        self._top.grid(row=0, column=0, sticky="ew")
        self._top.grid_columnconfigure(1, weight=1)
        self.filters = Segmented(
            self._top, filter_texts(None, say), Filter.ALL, lambda key: user.choose(Filter(key)), height=BAR_BUTTON
        )
        self.filters.grid(row=0, column=0, sticky="w")
        self.entry = Entry(
            self._top,
            placeholder=say("Search"),
            command=self._typed,
            accept=lambda _: self.table.focus_set(),
            sign="search",
            clearable=True,
            width=SEARCH_WIDTH,
            height=BAR_BUTTON,
        )
        self.entry.grid(row=0, column=1, sticky="e", padx=(GAP, 0))
        self.entry.entry.bind("<Down>", lambda _: self.table.focus_set())
        self.bar = Flow(body, gap=GAP_SMALL)
        self.bar.grid(row=1, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.buttons = {act: self._button(act) for act in Act}
        self.details = Button(
            self.bar, say("Details"), lambda: user.key_act("open"), kind=Kind.FLAT, height=BAR_BUTTON, enabled=False
        )
        self._offers_details = False
        self._add_table()

    def _button(self, act: Act) -> Button:
        kind = Kind.FLAT_DANGER if act is Act.DELETE else Kind.FLAT
        sign = {Act.PIN: "pin", Act.UNPIN: "pin", Act.DELETE: "trash"}.get(act, "")
        text = self.say(TEXTS[act])
        return Button(
            self.bar, text, lambda: self._user.act(act), kind=kind, height=BAR_BUTTON, sign=sign, enabled=False
        )

    def _add_table(self) -> None:
        user = self._user
        self.table = BackupTable(
            self.body,
            table_columns(self.say),
            on_select=lambda _: user.selection(),
            on_open=lambda _: user.key_act("open"),
            on_toggle=lambda _: user.key_act("toggle"),
            on_delete=lambda _: user.key_act("delete"),
            on_sort=lambda key: user.sort(Column(key)),
            on_menu=lambda _, x, y: user.menu(x, y),
            rows_shown=1,
        )
        self.table.grid(row=2, column=0, sticky="nsew", pady=(GAP_SMALL, 0))
        self.empty = Empty(self.body, user.help)
        self.empty.grid(row=2, column=0, pady=(GAP_SMALL * 6, 0))

    # --- what it shows

    def set_rows(self, rows: Sequence[HistoryRow], words: EmptyWords, *, in_trash: bool) -> None:
        """Other rows; words: what stands there without any."""
        self.table.set_rows(rows)
        self.table.measure_again(in_trash=in_trash)
        if rows:
            self.empty.hide()
        else:
            self.empty.update_from(words)
            self.empty.show()

    def set_counts(self, counts: Mapping[Filter, int] | None) -> None:
        """How many each filter has."""
        self.filters.set_items(filter_texts(counts, self.say))

    def set_sort(self, sort: Sort) -> None:
        """The arrow of a heading."""
        self.table.set_sort(str(sort[0]) if sort else "", descending=bool(sort and sort[1]))

    def set_acts(self, offered: tuple[Act, ...], possible: frozenset[Act], *, details: bool) -> None:
        """The bar. details: it also has the button for them."""
        for act, button in self.buttons.items():
            button.set_enabled(act in possible)
        self.details.set_enabled(len(self.table.selected) > 0)
        if (offered, details) != (self._offered, self._offers_details):
            self._offered, self._offers_details = offered, details
            focus = self._focused_act()
            self.bar.arrange([*([self.details] if details else []), *(self.buttons[act] for act in offered)])
            if focus in (Act.PIN, Act.UNPIN) and focus not in offered:
                self.buttons[Act.UNPIN if focus is Act.PIN else Act.PIN].focus_set()

    def _focused_act(self) -> Act | None:
        return next((act for act, button in self.buttons.items() if button.focused), None)

    def set_search(self, text: str) -> None:
        """Another text in the search, without telling."""
        self.forget(self._typing)
        self.entry.set_text(text)

    # --- what people do

    def _typed(self, text: str) -> None:
        self.forget(self._typing)
        self._typing = self.later(TYPING_MS, lambda: self._user.search(text))


def filter_texts(counts: Mapping[Filter, int] | None, say: Language) -> tuple[tuple[str, str], ...]:
    """The choices, with how many there are of each."""
    found = []
    for key, text in FILTERS.items():
        count, name = counts[key] if counts else 0, say.begun(say(text))
        found.append((str(key), f"{name}  {say.number(count)}" if count else name))
    return tuple(found)
