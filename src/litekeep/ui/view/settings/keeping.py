"""The card of how long to keep: numbers, and at once what they would keep and remove."""

from __future__ import annotations

import tkinter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litekeep.ui.presenter.models import Action, RetentionPreview, Tone
from litekeep.ui.presenter.retention import CUSTOM, PRESETS, preset_names, preset_of
from litekeep.ui.view.settings.card import EditCard
from litekeep.ui.view.settings.draft import Numbers
from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.settings.lines import FieldError, SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Link
from litekeep.ui.widgets.choices import Choice
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.fields import Stepper
from litekeep.ui.widgets.look import BAR_BUTTON, CARD_GAP, GAP, GAP_SMALL, Look
from litekeep.ui.widgets.ticks import HEIGHTS, OTHER, TickChart
from litekeep.ui.widgets.tree import TableColumn, TextTable
from litekeep.ui.widgets.words import Wrapped

MOST = 999
"""What can be typed; a larger number that the file holds stays."""
SLOW_MS = 300
"""After so long without an answer, the card says that it is counting."""
EMPTY = RetentionPreview((), (), "", "", "", 0)
COMPACT = 26
"""The height of a number where room is scarce."""
_FIELDS = ("days", "weeks", "months", "keep_last")
_TIERS = {"days": "daily", "weeks": "weekly", "months": "monthly", "keep_last": "other"}


class RetentionCard(EditCard):
    """A preset or numbers; a tick for each backup that stays, and in words what goes."""

    def __init__(self, master: Any, stage: Stage, editor: Editor, *, compact: bool = False) -> None:
        super().__init__(master, stage, stage.say("How long to keep"), editor, compact=compact)

    def build(self) -> None:
        say, content = self.say, self.content
        items = preset_names(say)
        self.preset = Choice(self.bar, items, CUSTOM, self._choose, height=BAR_BUTTON)
        self.preset.grid(row=0, column=0)
        self._add_numbers()
        self.error = FieldError(content)
        self.error.grid(row=1, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.chart = TickChart(content, EMPTY)
        self.chart.grid(row=2, column=0, sticky="ew", pady=(self._gap, 0))
        self.table: TextTable | None = None
        line = Piece(content)
        line.grid(row=3, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        line.grid_columnconfigure(0, weight=1)
        self.headline = Wrapped(line, "", role="strong")
        self.headline.grid(row=0, column=0, sticky="ew", columnspan=2 if self.compact else 1)
        self.toggle = Link(line, say("Show as table"), self.switch)
        self.toggle.grid(row=1 if self.compact else 0, column=1, sticky="ne", padx=(GAP, 0))
        self.sub = Wrapped(line if self.compact else content, "", role="caption" if self.compact else "body")
        self.sub.grid(row=1 if self.compact else 4, column=0, sticky="ew")
        self.note = Wrapped(content, "", role="caption", colour=self.look.muted)
        self.note.grid(row=5, column=0, sticky="ew", pady=(GAP, 0))
        self.waits = Piece(content)
        self.waits.grid(row=6, column=0, sticky="ew", pady=(GAP, 0))
        self.waits.grid_columnconfigure(0, weight=1)
        self._told_waits: tuple[tuple[str, ...], bool] = ((), False)
        self.waits.hide()
        self._slow = ""

    @property
    def _gap(self) -> int:
        return GAP_SMALL if self.compact else CARD_GAP

    @property
    def _field(self) -> int:
        """The height of a number; with the gap it is BAR_BUTTON."""
        return COMPACT if self.compact else BAR_BUTTON

    def _add_numbers(self) -> None:
        say = self.say
        place = Piece(self.content)
        place.grid(row=0, column=0, sticky="ew")
        place.grid_columnconfigure(1, weight=1)
        texts = (
            self._short_texts()
            if self.compact
            else {
                "days": say("Days, with every backup"),
                "weeks": say("Weeks, with the newest of each"),
                "months": say("Months, with the newest of each"),
                "keep_last": say("The newest ones in any case"),
            }
        )
        self.steppers: dict[str, Stepper] = {}
        for at, (name, now) in enumerate(zip(_FIELDS, self.editor.draft.numbers, strict=True)):
            gap = ((BAR_BUTTON - self._field if self.compact else GAP_SMALL) if at else 0, 0)
            Sample(place, _TIERS[name], height=self._field).grid(row=at, column=0, padx=(2, GAP + 2), pady=gap)
            Wrapped(place, texts[name]).grid(row=at, column=1, sticky="ew", pady=gap)
            stepper = Stepper(place, now, self._setter(at), most=max(MOST, now), height=self._field)
            stepper.grid(row=at, column=2, sticky="e", padx=(GAP, 0), pady=gap)
            self.steppers[name] = stepper

    def _short_texts(self) -> dict[str, str]:
        say = self.say
        return {
            "days": say("Days, every backup"),
            "weeks": say("Weeks, newest of each"),
            "months": say("Months, newest of each"),
            "keep_last": say("Newest, in any case"),
        }

    def _setter(self, at: int) -> Any:
        def change(value: int) -> None:
            numbers = list(self.editor.draft.numbers)
            numbers[at] = value
            self.editor.edit_numbers((numbers[0], numbers[1], numbers[2], numbers[3]))

        return change

    def _choose(self, key: str) -> None:
        chosen = next((each for each in PRESETS if each.key == key), None)
        if chosen is not None:
            numbers: Numbers = (chosen.days, chosen.weeks, chosen.months, chosen.keep_last)
            self.editor.edit_numbers(numbers)
        else:
            self.steppers["days"].focus_set()  # "Custom" is what the numbers are
            self.show_draft()

    def show_draft(self) -> None:
        editor = self.editor
        policy = editor.draft.policy
        self.preset.set_value(preset_of(policy) if policy else CUSTOM)
        self.preset.set_enabled(editor.editable)
        for (_, stepper), value in zip(self.steppers.items(), editor.draft.numbers, strict=True):
            stepper.set_enabled(editor.editable)
            stepper.most = max(stepper.most, value)
            if stepper.value != value:
                stepper.set_value(value)
        self.error.tell(editor.problems.get("retention", ""))
        self._show_preview()

    def _show_preview(self) -> None:
        editor = self.editor
        preview, counted = editor.preview, not editor.counting
        faint = self.look.disabled
        self.headline.set_colour(None if counted else faint)
        self.sub.set_colour(None if counted else faint)
        if editor.counting:
            self._slow = self._slow or self.later(SLOW_MS, self._say_counting)
            return
        self.forget(self._slow)
        self._slow = ""
        if preview is None or editor.draft.policy is None:
            text = "" if editor.facts.status is None or editor.draft.policy is None else self._unknown()
            preview = replace(EMPTY, headline=text)
        self.chart.update_from(preview)
        if self.table is not None:
            self.table.set_rows(self.chart.rows())
        self.toggle.set_enabled(bool(preview.ticks))
        self.headline.set_text(preview.headline)
        self.sub.set_text(preview.sub)
        self.note.set_text(preview.note)
        self._show_waits(preview.waits)

    def _unknown(self) -> str:
        return self.say("What this keeps cannot be told now: the backups cannot be read.")

    def _say_counting(self) -> None:
        self._slow = ""
        if self.editor.counting:
            self.headline.set_text(self.say("Counting…"))
            self.sub.set_text("")

    def _show_waits(self, waits: Sequence[str]) -> None:
        """Why the clean-up asks a person first; what it waits for now can be looked at."""
        saved = not self.editor.draft.other_numbers
        told = (tuple(waits), saved)
        if told == self._told_waits:
            return
        self._told_waits = told
        for child in self.waits.winfo_children():
            child.destroy()
        if not waits:
            self.waits.hide()
            return
        for at, text in enumerate(waits):
            line = SignedLine(self.waits, Tone.WARN, text)
            line.grid(row=at, column=0, sticky="ew", pady=(GAP_SMALL if at else 0, 0))
        if saved:
            review = Link(
                self.waits, self.say("See what it waits for…"), lambda: self.stage.perform(Action.REVIEW_REMOVAL)
            )
            review.grid(row=len(waits), column=0, sticky="w", padx=(18, 0))
        self.waits.show()

    def switch(self) -> None:
        """The table instead of the chart, or the chart again."""
        if self.table is None:
            self.chart.hide()
            columns = [TableColumn("text", self.say("What stays"), stretch=True)]
            self.table = TextTable(self.content, columns, self.chart.rows(), rows_shown=5)
            self.table.grid(row=2, column=0, sticky="ew", pady=(self._gap, 0))
        else:
            self.table.destroy()
            self.table = None
            self.chart.show()
        self.toggle.set_text(self.say("Show as table") if self.table is None else self.say("Show as chart"))


class Sample(Piece):
    """A tick as in the chart, before the number it belongs to."""

    def __init__(self, master: Any, tier: str, *, height: int = BAR_BUTTON, look: Look | None = None) -> None:
        super().__init__(master, width=3, height=height, look=look)
        self._tier, self._high = tier, height
        self._tick = tkinter.Frame(self, borderwidth=0, highlightthickness=0)
        self.redraw()

    def redraw(self) -> None:
        full = self.scaled(self._high - 8)
        high = round(full * HEIGHTS.get(self._tier, OTHER))
        self._tick.configure(background=self.colour(self.look.tier(self._tier)))
        bottom = self.scaled(self._high - 7)
        self._tick.place(x=0, y=bottom - high, width=self.scaled(3), height=high)
