"""The card of the schedule: when backups are made by themselves."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.schedule import Mode, ScheduleForm, form_of, mode_names, next_runs_text, parse_time
from litekeep.ui.view.settings.card import EditCard
from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.settings.lines import FieldError
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.choices import Choice
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.fields import Entry
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.look import CARD_GAP, GAP, GAP_SMALL
from litekeep.ui.widgets.toggles import Check, Switch
from litekeep.ui.widgets.words import Words, Wrapped

TIME_WIDTH, COMPACT_TIME_WIDTH, CRON_WIDTH = 76, 62, 150
OPERATIONS_SHOWN = 3
"""Names that stand in the line below the check; of more, the rest is counted."""


class ScheduleCard(EditCard):
    """Every day at a time, or a custom rule; before what changes much; at the end; and what comes next."""

    def __init__(self, master: Any, stage: Stage, editor: Editor, *, compact: bool = False) -> None:
        super().__init__(master, stage, stage.say("Schedule"), editor, compact=compact)

    def build(self) -> None:
        say, content = self.say, self.content
        self.switch = Switch(self.bar, say("On"), lambda on: self.editor.edit_form(enabled=on))
        self.switch.grid(row=0, column=0)
        self.row = Flow(content)
        self.row.grid(row=0, column=0, sticky="ew")
        items = [(str(mode), text) for mode, text in mode_names(say)]
        self.mode = Choice(self.row, items, items[0][0], self._choose)
        self.at = AtTime(self.row, say("at"), self)
        self.cron = Entry(self.row, width=CRON_WIDTH, command=lambda text: self.editor.edit_form(custom=text))
        self._shown: Mode | None = None
        self.error = FieldError(content)
        self.error.grid(row=1, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.next = Wrapped(content, "", colour=self.look.muted)
        self.next.grid(row=2, column=0, sticky="ew", pady=(GAP, 0))
        self._add_checks()

    def _add_checks(self) -> None:
        say, compact, edit = self.say, self.compact, self.editor.edit_form
        checks = Piece(self.content)
        checks.grid(row=3, column=0, sticky="ew", pady=(GAP_SMALL if compact else CARD_GAP, 0))
        operations = say("Before imports, etc.") if compact else say("Before imports, mass changes and the like")
        closing = say("When it closes") if compact else say("When the application closes")
        missed = say("If one was missed") if compact else say("Catch up a missed backup")
        told = "" if compact else self._operations_text(self.editor.draft.form)
        when = "" if compact else say("At start, after sleep, and when the drive is back.")
        migration = say("Before migrations") if compact else say("Before a migration")
        self.migration = Check(checks, migration, lambda on: edit(before_migration=on))
        self.operations = Check(checks, operations, lambda on: edit(before_operations=on), sub=told)
        self.shutdown = Check(checks, closing, lambda on: edit(on_shutdown=on))
        self.catch_up = Check(checks, missed, lambda on: edit(catch_up=on), sub=when)
        columns = 2 if compact else 1
        for column in range(columns):
            checks.grid_columnconfigure(column, weight=1, uniform="checks")
        for at, check in enumerate((self.migration, self.operations, self.shutdown, self.catch_up)):
            check.grid(row=at // columns, column=at % columns, sticky="ew")

    def show_draft(self) -> None:
        form, editor = self.editor.draft.form, self.editor
        self.switch.set_on(form.enabled)
        self.switch.set_text(self.say("On") if form.enabled else self.say("Off"))
        self.switch.set_enabled(editor.editable)
        self._show_rule(form)
        usable = editor.editable and form.enabled
        for control in (self.mode, self.at.entry, self.cron):
            control.set_enabled(usable)
        for check, on in (
            (self.migration, form.before_migration),
            (self.operations, form.before_operations),
            (self.shutdown, form.on_shutdown),
            (self.catch_up, form.catch_up),
        ):
            check.set_on(on)
            check.set_enabled(usable)
        self.error.tell(editor.problems.get("schedule", ""))
        edited = form != form_of(editor.facts.settings)
        coming = next_runs_text(editor.facts, self.say, form if edited else None)
        if self.compact and not edited:
            coming = ""  # the hero says it
        self.next.set_text(coming)
        if coming:
            self.next.show()
        else:
            self.next.hide()

    def _show_rule(self, form: ScheduleForm) -> None:
        self.mode.set_value(str(form.mode))
        if form.mode is not self._shown:
            self._shown = form.mode
            beside: dict[Mode, list[Piece]] = {Mode.DAILY: [self.at], Mode.CUSTOM: [self.cron], Mode.NONE: []}
            self.row.arrange([self.mode, *beside[form.mode]])
        if form.mode is Mode.DAILY and self.at.entry.text != form.time:
            self.at.entry.set_text(form.time)
        if form.mode is Mode.CUSTOM and self.cron.text != form.custom:
            self.cron.set_text(form.custom)

    def _choose(self, key: str) -> None:
        form, mode = self.editor.draft.form, Mode(key)
        at = parse_time(form.time)
        if mode is Mode.CUSTOM and not form.custom and at is not None:
            self.editor.edit_form(mode=mode, custom=f"{at.minute} {at.hour} * * *")  # the same, to begin with
        else:
            self.editor.edit_form(mode=mode)

    def tidy(self) -> None:
        """The time as HH:MM, when it is left; what is no time stays as it was typed."""
        at = parse_time(self.editor.draft.form.time)
        if at is not None and at.strftime("%H:%M") != self.editor.draft.form.time:
            self.editor.edit_form(time=at.strftime("%H:%M"))

    def _operations_text(self, form: ScheduleForm) -> str:
        named = form.operations
        if not named:
            return self.say("All operations that the application calls critical.")
        more = len(named) - OPERATIONS_SHOWN
        shown = list(named[:OPERATIONS_SHOWN])
        if more > 0:
            shown.append(self.say.plural("{n} other", "{n} others", more))
        return self.say("Only these: {names}.", names=self.say.listed(shown))


class AtTime(Piece):
    """ "at 02:00"."""

    def __init__(self, master: Any, text: str, card: ScheduleCard) -> None:
        super().__init__(master)
        Words(self, text, colour=self.look.muted).grid(row=0, column=0, padx=(0, GAP))
        self.entry = Entry(
            self,
            width=COMPACT_TIME_WIDTH if card.compact else TIME_WIDTH,
            command=lambda typed: card.editor.edit_form(time=typed),
            accept=lambda _: card.tidy(),
        )
        self.entry.grid(row=0, column=1)
        self.entry.entry.bind("<FocusOut>", lambda _: card.tidy(), add="+")
