"""The rows of the table, computed away from the Tk thread when there are many of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace

from litekeep.records import dataclass
from litekeep.ui.bridge import Answer
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.history import filtered, history, ordered, trash
from litekeep.ui.presenter.models import Column, Filter, HistoryRow
from litekeep.ui.view.stage import Stage

AT_ONCE = 300
"""So many rows take a few milliseconds: they are made where they are needed."""
RUNS = 8
"""So many rows of the journal cost what a backup does."""
FIRST = 60
"""Rows that are shown while the others are made."""
MADE, FOUND = "rows", "found"
"""The questions to the bridge."""
Sort = tuple[Column, bool] | None
"""A column and whether it goes down; None: as the rows come."""


@dataclass(frozen=True, slots=True)
class Made:
    """The rows of each filter, in the order in which they come. whole: not only the first ones."""

    rows: Mapping[Filter, tuple[HistoryRow, ...]] = field(default_factory=dict)
    whole: bool = False

    @property
    def counts(self) -> dict[Filter, int] | None:
        """How many rows each filter has, None while that is not known."""
        return {key: len(rows) for key, rows in self.rows.items()} if self.whole else None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants to see."""

    filter: Filter = Filter.ALL
    search: str = ""
    sort: Sort = (Column.DATE, True)
    trash_sort: Sort = None


def made(facts: ViewFacts, say: Language) -> Made:
    """All of them."""
    return Made(_by_filter((*history(facts, say), *trash(facts, say))), whole=True)


def first_made(facts: ViewFacts, say: Language) -> Made:
    """The newest ones only."""
    few = replace(facts, snapshots=facts.snapshots[-FIRST:], trash=facts.trash[-FIRST:], rows=facts.rows[: 2 * FIRST])
    return Made(_by_filter((*history(few, say)[:FIRST], *trash(few, say))))


def _by_filter(rows: tuple[HistoryRow, ...]) -> dict[Filter, tuple[HistoryRow, ...]]:
    return {each: filtered(rows, each) for each in Filter}


def found(rows: Made, wish: Wish) -> tuple[HistoryRow, ...]:
    """Those that are wanted, in the order that is wanted."""
    passed = rows.rows.get(wish.filter, ())
    if wish.search.strip():
        passed = filtered(passed, wish.filter, wish.search)
    sort = wish.trash_sort if wish.filter is Filter.TRASH else wish.sort
    return passed if sort is None else ordered(passed, sort[0], descending=sort[1])


class Listing:
    """Knows the rows for the newest facts and the wish; `on_rows` is called whenever there are other ones."""

    def __init__(self, stage: Stage, on_rows: Callable[[], object]) -> None:
        self._stage, self._on_rows = stage, on_rows
        self._sources: tuple[object, ...] = ()
        self.made = Made()
        self.rows: tuple[HistoryRow, ...] = ()
        self.wish = Wish()

    def take(self, facts: ViewFacts) -> None:
        """The newest facts; nothing happens while the table would be the same."""
        sources = (facts.snapshots, facts.trash, facts.rows, facts.plan, facts.settings, facts.status)
        day = (facts.now.date(), facts.now.utcoffset())
        if self._same((*sources, day)):
            return
        self._sources = (*sources, day)
        say = self._stage.say
        if len(facts.snapshots) + len(facts.trash) + len(facts.rows) // RUNS <= AT_ONCE:
            self._stage.bridge.forget(MADE)
            self._arrived(made(facts, say))
            return
        if not self.made.whole:
            self._arrived(first_made(facts, say))
        self._stage.bridge.ask(MADE, lambda _: made(facts, say), self._answered)

    def _same(self, sources: tuple[object, ...]) -> bool:
        """The same objects; the day may be an equal one."""
        before = self._sources
        if len(before) != len(sources) or before[-1] != sources[-1]:
            return False
        return all(each is other for each, other in zip(before[:-1], sources[:-1], strict=True))

    def take_over(self, other: Listing) -> None:
        """Know what another one knows, without telling. What it waits for is asked for by the next `take`."""
        self.made, self.rows, self.wish = other.made, other.rows, other.wish
        self._sources = other._sources if other.made.whole else ()
        other._sources = ()

    def ask_for(self, wish: Wish) -> None:
        """Another filter, search or order."""
        if wish != self.wish:
            self.wish = wish
            self._find()

    def close(self) -> None:
        """No answer is wanted any more."""
        for key in (MADE, FOUND):
            self._stage.bridge.forget(key)

    def _answered(self, answer: Answer[Made]) -> None:
        if answer.value is not None:
            self._arrived(answer.value)

    def _arrived(self, rows: Made) -> None:
        self.made = rows
        self._find()

    def _find(self) -> None:
        rows, wish = self.made, self.wish
        if not wish.search.strip() or len(rows.rows.get(wish.filter, ())) <= AT_ONCE:
            self._stage.bridge.forget(FOUND)
            self._show(found(rows, wish))
        else:  # looking through thousands of texts takes too long here
            self._stage.bridge.ask(FOUND, lambda _: found(rows, wish), self._was_found)

    def _was_found(self, answer: Answer[tuple[HistoryRow, ...]]) -> None:
        if answer.value is not None:
            self._show(answer.value)

    def _show(self, rows: tuple[HistoryRow, ...]) -> None:
        self.rows = rows
        self._on_rows()
