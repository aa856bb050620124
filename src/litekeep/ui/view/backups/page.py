"""The Backups page: the table of all backups and the pane of what is selected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from litekeep.model import Snapshot
from litekeep.ui.presenter.detail import detail
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, Column, Filter
from litekeep.ui.view.backups import empty
from litekeep.ui.view.backups.acts import TEXTS, Act, pin_or_unpin, possible, shown_acts
from litekeep.ui.view.backups.blocks import text_of
from litekeep.ui.view.backups.card import HistoryCard
from litekeep.ui.view.backups.columns import first_order
from litekeep.ui.view.backups.empty import empty_words
from litekeep.ui.view.backups.listing import Listing, Sort
from litekeep.ui.view.backups.menu import Item, RowMenu
from litekeep.ui.view.backups.pane import Pane
from litekeep.ui.view.backups.rooms import PANE_SHARE, TABLE_SHARE, Room, room_for
from litekeep.ui.view.backups.told import pane_model
from litekeep.ui.view.backups.working import Working
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_GAP, LEAST, PAGE, SIDE

RESTING_MS = 40
"""While an arrow key is held down, the pane follows when the selection rests for so long."""


class Aside(Protocol):
    """Who has a place for the pane elsewhere."""

    pane_place: Any
    """Its master."""

    def show_pane(self, pane: Pane) -> None:
        """Lay it out."""

    def hide_pane(self, pane: Pane) -> None:
        """What was in its place comes back."""


class BackupsPage(Piece):
    """See stage.BackupsPart. aside: who shows the pane, when asked for; the page is the table alone then."""

    def __init__(self, master: Any, stage: Stage, aside: Aside | None = None) -> None:
        super().__init__(master)
        self.stage = stage
        self._facts = stage.bridge.facts
        self._known: dict[str, Snapshot] = {}
        self._known_of: tuple[object, object] = ((), ())
        self._aside, self._room = aside, Room.ASIDE if aside else Room.BESIDE
        self._timer, self._place, self._closed_for, self._opened = "", 0, "", False
        self._listing = Listing(stage, self._show_rows)
        self._working = Working(stage)
        self.card = HistoryCard(self, stage.say, self)
        self.pane = Pane(aside.pane_place if aside else self, self._press_main, self._copy, self._close_pane)
        self._menu = RowMenu(self)
        for key in ("<Control-c>", "<Command-c>"):
            self.card.table.tree.bind(key, lambda _: self._copy())
        for place in self.pane.places:
            place.bind("<Escape>", self._back_to_table)
        self.card.set_sort(self._listing.wish.sort)
        self._arrange(self._room)

    # --- what the view asks for

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these."""
        self._facts = facts
        if self._known_of != (id(facts.snapshots), id(facts.trash)):
            self._known_of = (id(facts.snapshots), id(facts.trash))
            self._known = {each.id: each for each in (*facts.snapshots, *facts.trash)}
        self._listing.take(facts)
        self._offer()
        self._show_pane()
        if not self._listing.rows:
            self.card.set_rows((), self._words(), in_trash=self._in_trash)

    def cleanup(self) -> None:
        """No answer is wanted any more."""
        self._listing.close()

    def filter_by(self, filter: Filter) -> None:  # noqa: A002 - the field's word
        """Show these only, without a search."""
        self.card.filters.set_value(str(filter))
        self.card.set_search("")
        self._wish(filter=filter, search="")

    def focus_search(self) -> None:
        """The keyboard goes to the search, and what stands there would be replaced."""
        self.card.entry.focus_set()
        self.card.entry.entry.select_range(0, "end")

    def selected(self) -> tuple[Snapshot, ...]:
        """The selected backups, from the top."""
        return tuple(self._known[key] for key in self.card.table.selected if key in self._known)

    def take_over(self, other: BackupsPage) -> None:
        """Go on where another one has stopped: its filter, search, order, selection and open pane. Call show_facts."""
        self._closed_for, self._opened, self._place = other._closed_for, other._opened, other._place
        self._listing.take_over(other._listing)
        self.card.filters.set_value(str(self._listing.wish.filter))
        self.card.set_search(other.card.entry.text)
        self.card.set_sort(self._sort)
        chosen = other.card.table.selected
        self._show_rows()
        self.card.table.select(*chosen)

    @property
    def pane_open(self) -> bool:
        """Somebody asked for the details."""
        return self._opened

    @property
    def in_use(self) -> bool:
        """Somebody works with the table or the pane."""
        focus = str(self.tk.call("focus"))
        return self._opened or any(focus.startswith(f"{each}.") for each in (self, self.pane))

    def focus_table(self) -> None:
        """The keyboard goes to the table."""
        self.card.table.focus_set()

    def escape(self) -> None:
        """Close the details, if somebody asked for them and they are not always there."""
        if self._opened and self._room in (Room.ASIDE, Room.OVER):
            self._close_pane()

    # --- what people do (card.CardUser)

    def choose(self, choice: Filter) -> None:
        """Another filter."""
        self._wish(filter=choice)

    def search(self, text: str) -> None:
        """Another search."""
        self._wish(search=text)

    def sort(self, column: Column) -> None:
        """The same heading again turns the order round."""
        before = self._sort
        down = not before[1] if before and before[0] is column else first_order(column)
        if self._in_trash:
            self._wish(trash_sort=(column, down))
        else:
            self._wish(sort=(column, down))

    def selection(self) -> None:
        """Other rows are selected."""
        self._closed_for = ""
        self._offer()
        self.forget(self._timer)
        self._timer = self.later(RESTING_MS, self._show_pane)

    def act(self, act: Act) -> None:
        """Do it with the selected backups, if it is possible."""
        chosen = self.selected()
        if act in possible(chosen, self._facts):
            self._working.do(act, chosen, self._facts)

    def key_act(self, key: str) -> None:
        """A key on the selected rows."""
        if key == "toggle":
            self.act(pin_or_unpin(self.selected()))
        elif key == "delete":
            self.act(Act.DELETE)
        else:
            self._closed_for, self._opened = "", True
            self._show_pane()
            self.pane.focus_set()

    def menu(self, x: int, y: int) -> None:
        """What can be done, at that point of the screen."""
        self._menu.fill(self.menu_items())
        self._menu.popup(x, y)

    def menu_items(self) -> list[Item]:
        """The items of the menu for what is selected now."""
        chosen, say = self.selected(), self.stage.say
        can = possible(chosen, self._facts)
        offered = shown_acts(chosen, in_trash=self._in_trash)
        items: list[Item] = [
            (say(TEXTS[act]), lambda act=act: self.act(act), act in can)  # type: ignore[misc]
            for act in offered
            if act is not Act.DELETE
        ]
        items += [None, (say("Details"), lambda: self.key_act("open"), True)]
        if self.pane.model.copy:
            items.append((self.pane.model.copy, self._copy, True))
        if Act.DELETE in offered:
            items += [None, (say(TEXTS[Act.DELETE]), lambda: self.act(Act.DELETE), Act.DELETE in can)]
        return items

    def help(self, act: str) -> None:
        """The button of an empty table."""
        if act == empty.BACK_UP:
            self.stage.perform(Action.BACK_UP)
        elif act == empty.LOCATE:
            self.stage.perform(Action.LOCATE)
        elif act == empty.FROM_COPY:
            self.stage.perform(Action.FROM_COPY)
        elif act == empty.CLEAR:
            self.card.set_search("")
            self._wish(search="")
        elif act == empty.ALL:
            self.filter_by(Filter.ALL)
            self.card.table.focus_set()

    # --- rows

    @property
    def _in_trash(self) -> bool:
        return self._listing.wish.filter is Filter.TRASH

    @property
    def _sort(self) -> Sort:
        wish = self._listing.wish
        return wish.trash_sort if self._in_trash else wish.sort

    def _wish(self, **changes: Any) -> None:
        self._place = 0
        self._listing.ask_for(replace(self._listing.wish, **changes))
        self.card.set_sort(self._sort)
        self._offer()

    def _words(self) -> empty.EmptyWords:
        return empty_words(self._facts, self._listing.wish, self.stage.say)

    def _show_rows(self) -> None:
        """Where the selected row has gone, the one that took its place is selected."""
        before = self.card.table.selected
        self.card.set_counts(self._listing.made.counts)
        self.card.set_rows(self._listing.rows, self._words(), in_trash=self._in_trash)
        rows, still = self._listing.rows, self.card.table.selected
        if rows and not still and (before or self._room is not Room.BELOW):
            self.card.table.select(rows[min(self._place, len(rows) - 1)].key)
        elif still:
            keys = [row.key for row in rows]
            self._place = keys.index(still[0])
        self._offer()
        self._show_pane()

    # --- the bar and the pane

    def _offer(self) -> None:
        chosen = self.selected()
        offered, can = shown_acts(chosen, in_trash=self._in_trash), possible(chosen, self._facts)
        self.card.set_acts(offered, can, details=self._room in (Room.OVER, Room.ASIDE))

    def _show_pane(self) -> None:
        if self.gone:
            return
        model = pane_model(self.card.table.selected, self.selected(), self._facts, self.stage.say)
        self.pane.update_from(model)
        wanted = {
            Room.BESIDE: bool(self._listing.rows),
            Room.BELOW: bool(model.title) and model.key != self._closed_for,
            Room.OVER: bool(model.title) and self._opened,
            Room.ASIDE: bool(model.title) and self._opened,
        }[self._room]
        if wanted == self.pane.hidden:
            self._show_or_hide(wanted=wanted)
            self._share()
            self.later(1, self._see_selected)

    def _show_or_hide(self, *, wanted: bool) -> None:
        (self.pane.show if wanted else self.pane.hide)()
        if self._aside is not None:
            (self._aside.show_pane if wanted else self._aside.hide_pane)(self.pane)

    def _see_selected(self) -> None:
        """The table is less high now."""
        selected = self.card.table.selected
        if selected:
            self.card.table.tree.see(selected[0])

    def _press_main(self) -> None:
        chosen = self.selected()
        if not chosen:
            self.stage.perform(Action.BACK_UP)
        elif chosen[0].trashed_at is not None:
            self.act(Act.RECOVER)
        else:
            self.act(Act.RESTORE)

    def _copy(self) -> None:
        """The identifier of the selected backups, or what is known of a run."""
        texts = [each.id for each in self.selected()]
        if not texts:
            shown = detail(next(iter(self.card.table.selected), ""), self._facts, self.stage.say)
            texts = [text_of(shown)] if shown else []
        if texts:
            self.clipboard_clear()
            self.clipboard_append("\n".join(texts))

    def _close_pane(self) -> None:
        self._opened = False
        if self._room is Room.BELOW:
            self._closed_for = self.pane.model.key
        self._show_pane()
        self.card.table.focus_set()

    def _back_to_table(self, _: Any) -> str:
        if self._room is Room.BESIDE:
            self.card.table.focus_set()
        else:
            self._close_pane()
        return "break"

    # --- where the pane is

    def redraw(self) -> None:
        width, height = self.winfo_width() / self.scale, self.winfo_height() / self.scale
        if self.gone or width <= LEAST or self._aside is not None:
            return
        room = room_for(width, height, self._room)
        if room is not self._room:
            self._arrange(room)
            self._offer()
            self._show_pane()

    def _arrange(self, room: Room) -> None:
        self._room = room
        if self._aside is not None:
            self._stand_alone(self._aside)
            return
        beside = room is Room.BESIDE
        self.pane.show()
        self.card.show()
        self.pane.set_beside(beside)
        row, column = (0, 1) if beside else (1, 0) if room is Room.BELOW else (0, 0)
        self.pane.grid(row=row, column=column, sticky="nsew", padx=(0 if beside else PAGE, PAGE), pady=(0, PAGE))
        self._share()

    def _stand_alone(self, aside: Aside) -> None:
        """The pane is elsewhere."""
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(0, weight=1)
        self.card.grid(row=0, column=0, sticky="nsew")
        self.pane.set_beside(True, closable=True)
        aside.show_pane(self.pane)  # it learns its place
        self._show_or_hide(wanted=False)

    def _share(self) -> None:
        """Room for the card and for the pane, if it is there."""
        if self._aside is not None:
            return
        shown, room = not self.pane.hidden, self._room
        beside, below = shown and room is Room.BESIDE, shown and room is Room.BELOW
        (self.card.hide if shown and room is Room.OVER else self.card.show)()
        if not self.card.hidden:
            edges = {"padx": (PAGE, CARD_GAP if beside else PAGE), "pady": (0, CARD_GAP if below else PAGE)}
            self.card.grid(row=0, column=0, sticky="nsew", **edges)
        self.grid_columnconfigure(0, weight=1)
        self.grid_columnconfigure(1, minsize=self.scaled(SIDE + PAGE) if beside else 0)
        self.grid_rowconfigure(0, weight=TABLE_SHARE if below else 1, uniform="below" if below else "")
        self.grid_rowconfigure(1, weight=PANE_SHARE if below else 0, uniform="below" if below else "")

    def rescaled(self) -> None:
        self._share()
