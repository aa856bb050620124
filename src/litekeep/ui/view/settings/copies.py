"""The card of the copies: how each of them fares, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from litekeep.ui.presenter.copies import copies_sentence, copy_lines
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, CopyLine, Tone
from litekeep.ui.view.settings.lines import SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.card import Card, ProgressBar
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.look import BAR_BUTTON, CARD_GAP, GAP, GAP_SMALL
from litekeep.ui.widgets.words import Words, Wrapped

TELL_MS = 250
"""How often the progress is looked at while something is sent; the rest of the page knows nothing of it."""


class CopiesCard(Card):
    """A block for each copy of the settings, in their order."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master, stage.say("Copies"))
        self.stage, self.say = stage, stage.say
        self._facts: ViewFacts = stage.bridge.facts
        self.blocks: dict[str, CopyBlock] = {}
        self._timer = ""
        add = partial(stage.perform, Action.ADD_COPY)
        self.add = Button(self.bar, self.say("Add…"), add, height=BAR_BUTTON)
        self.add.grid(row=0, column=0)
        self.none = Wrapped(self.content)
        self.none.grid(row=0, column=0, sticky="ew")
        self.list = Piece(self.content)
        self.list.grid(row=1, column=0, sticky="ew")
        self.list.grid_columnconfigure(0, weight=1)

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self._facts = facts
        self.add.set_enabled(facts.editable)
        text = copies_sentence(facts, self.say)
        if text and not facts.editable:
            elsewhere = self.say("Copies are set up in the application.")
            text = f"{text} {elsewhere}"
        self.none.set_text(text)
        (self.none.show if text else self.none.hide)()
        self._show()
        self._tell_soon()

    def cleanup(self) -> None:
        """Nothing is left to end."""
        self.forget(self._timer)

    def _show(self) -> None:
        lines = copy_lines(self._facts, self.say)
        if [line.name for line in lines] != list(self.blocks):
            for child in self.list.winfo_children():
                child.destroy()
            self.blocks = {}
            for at, line in enumerate(lines):
                block = self.blocks[line.name] = CopyBlock(self.list, self.stage, line.name)
                block.grid(row=at, column=0, sticky="ew", pady=(CARD_GAP if at else 0, 0))
            (self.list.show if lines else self.list.hide)()
        for line in lines:
            self.blocks[line.name].update_from(line, editable=self._facts.editable)

    def _tell_soon(self) -> None:
        self.forget(self._timer)
        if self._facts.sending is not None:
            self._timer = self.later(TELL_MS, self._tell)

    def _tell(self) -> None:
        self._facts = self.stage.bridge.facts
        if self.winfo_viewable():
            self._show()
        self._tell_soon()


class CopyBlock(Piece):
    """One copy: its name and place, how it fares, what goes on, and what can be done."""

    def __init__(self, master: Any, stage: Stage, name: str) -> None:
        super().__init__(master)
        self.stage, self.line = stage, CopyLine("", "", Tone.CALM, "", "")
        self._editable = False
        muted = self.look.muted
        self.grid_columnconfigure(0, weight=1)
        Words(self, name, role="strong").grid(row=0, column=0, sticky="w")
        self.place = Wrapped(self, role="caption", colour=muted)
        self.state = SignedLine(self, Tone.CALM, "")
        self.bar = ProgressBar(self)
        self.told = Wrapped(self, role="caption", colour=muted)
        self.facts = Wrapped(self, role="caption", colour=muted)
        self.warnings = Wrapped(self, role="caption", colour=self.look.warn)
        self.flow = Flow(self)
        rows: tuple[tuple[Piece, int], ...] = (
            (self.place, 1),
            (self.state, GAP_SMALL),
            (self.bar, GAP),
            (self.told, 2),
            (self.warnings, GAP_SMALL),
            (self.facts, GAP_SMALL),
            (self.flow, GAP),
        )
        for row, (piece, above) in enumerate(rows, 1):
            piece.grid(row=row, column=0, sticky="ew", pady=(above, 0))
        self._add_buttons(name)

    def _add_buttons(self, name: str) -> None:
        say, bridge = self.stage.say, self.stage.bridge
        self.send = self._button(say("Send now"), lambda: bridge.send([name]))
        self.test = self._button(say("Test a restore from it"), lambda: bridge.test_copy(name))
        self.cancel = self._button(say("Stop"), bridge.cancel_copying)
        self.remove = self._button(say("Remove"), lambda: bridge.remove_copy(name), Kind.FLAT_DANGER)

    def _button(self, text: str, command: Callable[[], object], kind: Kind = Kind.QUIET) -> Button:
        return Button(self.flow, text, command, kind=kind, height=BAR_BUTTON)

    def update_from(self, line: CopyLine, *, editable: bool) -> None:
        """Show it."""
        if (line, editable) == (self.line, self._editable):
            return
        self.line, self._editable = line, editable
        self.place.set_text(line.place)
        self.state.set(line.tone, line.state)
        self.facts.set_text(line.facts)
        self.warnings.set_text("\n".join(line.warnings))
        progress = line.progress
        self.told.set_text(progress.text if progress is not None else "")
        if progress is not None:
            self.bar.set(progress.fraction)
        for piece, wanted in (
            (self.bar, progress is not None),
            (self.told, progress is not None),
            (self.warnings, bool(line.warnings)),
            (self.facts, bool(line.facts)),
        ):
            (piece.show if wanted else piece.hide)()
        self.send.set_enabled(line.can_send)
        self.test.set_enabled(line.can_test)
        self.cancel.set_enabled(line.can_cancel)
        self.remove.set_enabled(editable)
        first = [self.send] if progress is None else [self.cancel]
        self.flow.arrange([*first, self.test, *([self.remove] if editable else [])])
