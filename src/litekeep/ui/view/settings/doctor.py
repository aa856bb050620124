"""The card of the check-up: what could go wrong, why, and what to do about it."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.facts import End, Outcome, ViewFacts
from litekeep.ui.presenter.findings import findings, findings_sentence
from litekeep.ui.presenter.models import FindingLine, Tone
from litekeep.ui.view.settings.lines import SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button
from litekeep.ui.widgets.card import Card
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import BAR_BUTTON, CARD_GAP, GAP, GAP_SMALL
from litekeep.ui.widgets.notice import Mark
from litekeep.ui.widgets.words import Wrapped

SIGN = 16


class DoctorCard(Card):
    """Looks by itself the first time, when facts are there; then when asked to."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master, stage.say("Check-up"))
        self.stage, self.say = stage, stage.say
        self._facts: ViewFacts = stage.bridge.facts
        self._asked = self._looking = False
        self._before: tuple[object, Outcome | None] = (None, None)
        self._lines: tuple[FindingLine, ...] = ()
        self.again = Button(self.bar, self.say("Check again"), self.look_again, height=BAR_BUTTON)
        self.again.grid(row=0, column=0)
        self.sentence = SignedLine(self.content, Tone.CALM, "")
        self.sentence.grid(row=0, column=0, sticky="ew")
        self.list = Piece(self.content)
        self.list.grid(row=1, column=0, sticky="ew", pady=(CARD_GAP, 0))
        self.list.grid_columnconfigure(0, weight=1)
        self.list.hide()

    def look_again(self) -> None:
        """Off the Tk thread; what is found comes with the facts."""
        if not self._looking:
            self._asked = self._looking = True
            self._before = (self._facts.examined_at, self._facts.outcome)
            self.stage.bridge.examine()
            self._show()

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self._facts = facts
        if self._looking and (facts.examined_at != self._before[0] or self._failed(facts)):
            self._looking = False
        if not self._asked and facts.findings is None and facts.status is not None:
            self.look_again()
        else:
            self._show()

    def cleanup(self) -> None:
        """What it asked for ends by itself."""

    def _failed(self, facts: ViewFacts) -> bool:
        outcome = facts.outcome
        other = outcome is not None and outcome is not self._before[1]
        return other and outcome is not None and outcome.verb == "examine" and outcome.end is not End.DONE

    def _show(self) -> None:
        self.again.set_enabled(not self._looking and self._facts.status is not None)
        self.sentence.set(*self._summary())
        lines = findings(self._facts, self.say)
        if lines == self._lines:
            return
        self._lines = lines
        for child in self.list.winfo_children():
            child.destroy()
        for at, line in enumerate(lines):
            shown = FindingPiece(self.list, line)
            shown.grid(row=at, column=0, sticky="ew", pady=(CARD_GAP if at else 0, 0))
        if lines:
            self.list.show()
        else:
            self.list.hide()

    def _summary(self) -> tuple[Tone, str]:
        facts, say = self._facts, self.say
        if self._looking:
            return Tone.BUSY, say("Looking…")
        if facts.findings is None:
            return Tone.CALM, findings_sentence(facts, say)
        tone = Tone.OK if not facts.findings else min((line.tone for line in findings(facts, say)), key=_WORST.index)
        text = findings_sentence(facts, say)
        if facts.examined_at is not None:
            when = say.when(facts.examined_at, facts.now)
            text = say("{text} Looked {when}.", text=text, when=when)
        return tone, text


_WORST = (Tone.BAD, Tone.WARN, Tone.CALM, Tone.BUSY, Tone.OK)


class FindingPiece(Piece):
    """One finding: what, then why and what to do; the case at hand fainter."""

    def __init__(self, master: Any, line: FindingLine) -> None:
        super().__init__(master)
        self.line = line
        self.grid_columnconfigure(1, weight=1)
        Mark(self, line.tone, SIGN).grid(row=0, column=0, sticky="n", padx=(0, GAP), pady=(1, 0))
        Wrapped(self, line.what, role="strong").grid(row=0, column=1, sticky="ew")
        told = " ".join(part for part in (line.why, line.fix) if part)
        Wrapped(self, told).grid(row=1, column=1, sticky="ew", pady=(2, 0))
        if line.detail:
            detail = Wrapped(self, line.detail, role="caption", colour=self.look.muted)
            detail.grid(row=2, column=1, sticky="ew", pady=(GAP_SMALL, 0))
