"""What stands above all pages: the verdict, and the card of what has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from litekeep.ui.language.words import Language
from litekeep.ui.presenter.cards import card
from litekeep.ui.presenter.facts import Outcome, ViewFacts
from litekeep.ui.presenter.hero import hero
from litekeep.ui.presenter.models import Action, Card
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.hero import Hero
from litekeep.ui.widgets.look import CARD_GAP
from litekeep.ui.widgets.notice import Notice, NoticeWords

_OWN = (Action.CLOSE, Action.DETAILS)
"""The notice has controls of its own for these; what the hero offers first is not offered twice either."""
OnAction = Callable[[Action], object]


class Head(Piece):
    """perform: what the hero's buttons do. perform_on: what those of the card of an outcome do; it gets both."""

    def __init__(
        self,
        master: Any,
        say: Language,
        facts: ViewFacts,
        perform: OnAction,
        perform_on: Callable[[Action, Outcome], object],
        dismiss: Callable[[], object],
    ) -> None:
        super().__init__(master)
        self.say = say
        self._perform, self._perform_on, self._dismiss = perform, perform_on, dismiss
        self._outcome: Outcome | None = None
        self.notice: Notice | None = None
        self.grid_columnconfigure(0, weight=1)
        self.hero = Hero(self, hero(facts, say), perform)
        self.hero.grid(row=0, column=0, sticky="ew")
        self._show_outcome(facts.outcome)

    def show_facts(self, facts: ViewFacts) -> None:
        """Another verdict, or another outcome."""
        model = hero(facts, self.say)
        if model != self.hero.model:
            self.hero.update_from(model)
        if facts.outcome != self._outcome:
            self._show_outcome(facts.outcome)

    def show_card(self, model: Card, on_action: OnAction | None = None) -> None:
        """A card that is not of an outcome."""
        if self._outcome is not None:
            self._outcome = None
            self._dismiss()
        self._put(model, on_action or self._perform, self.close_card)

    def close_card(self) -> None:
        """Whatever card there is."""
        outcome, self._outcome = self._outcome, None
        if outcome is not None:
            self._dismiss()
        self._remove()

    def _show_outcome(self, outcome: Outcome | None) -> None:
        before, self._outcome = self._outcome, outcome
        if outcome is not None:
            self._put(card(outcome, self.say), lambda action: self._perform_on(action, outcome), self.close_card)
        elif before is not None:
            self._remove()

    def _put(self, model: Card, on_action: OnAction, on_close: Callable[[], object]) -> None:
        self._remove()
        say = self.say
        words = NoticeWords(say("Details"), say("Hide details"), say("Copy"), say("Copied"), say("Close"))
        offered = {each.action for each in self.hero.model.buttons if each.primary}
        buttons = tuple(each for each in model.buttons if each.action not in _OWN and each.action not in offered)

        def pressed(action: Action) -> None:
            on_close()
            on_action(action)

        self.notice = Notice(self, replace(model, buttons=buttons), words, pressed, on_close)
        self.notice.grid(row=1, column=0, sticky="ew", pady=(CARD_GAP, 0))

    def _remove(self) -> None:
        if self.notice is not None:
            self.notice.destroy()
            self.notice = None
