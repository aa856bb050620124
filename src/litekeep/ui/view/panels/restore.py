"""The restore panel: which backup, what would change, how, and the verb."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from litekeep.model import Snapshot
from litekeep.operations.preview import Preview
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.cards import card
from litekeep.ui.presenter.facts import Outcome, ViewFacts
from litekeep.ui.presenter.models import Difference, Filter, RestoreModel, Tone
from litekeep.ui.presenter.reasons import reason_text
from litekeep.ui.presenter.restore import restore_panel
from litekeep.ui.view.panels.changes import Changes
from litekeep.ui.view.panels.panel import Panel
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Kind, Link
from litekeep.ui.widgets.card import ProgressBar
from litekeep.ui.widgets.choices import Choice
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import BAR_BUTTON, CARD_GAP, GAP, GAP_SMALL
from litekeep.ui.widgets.toggles import Check, Radio
from litekeep.ui.widgets.words import Wrapped

OFFERED = 12
"""So many of the newest backups can be chosen in the panel itself."""
_FILE, _ALL = "file", "all"
_UNKNOWN = "…"
Chosen = Snapshot | Path


class RestorePanel(Panel):
    """Begins with a backup, or a plain file. What it would change is counted off the Tk thread."""

    def __init__(self, master: Any, stage: Stage, chosen: Chosen) -> None:
        super().__init__(master, stage, "")
        self._facts = self.take(stage.bridge.facts)
        self._chosen, self._replace = chosen, True
        self._preview: Preview | None = None
        self._problem: Outcome | None = None
        self._add_source()
        self._add_changes()
        self._add_ways()
        say = stage.say
        self.add_button(say("Cancel"), stage.close_panel)
        self.go = self.add_button("", self.carry_out, Kind.PRIMARY)
        self._ask()

    # --- parts

    def _add_source(self) -> None:
        say = self.stage.say
        line = Piece(self.body)
        line.grid(row=0, column=0, sticky="ew", pady=(0, CARD_GAP))
        line.grid_columnconfigure(1, weight=1)
        self.choice = Choice(line, self._offers(), self._key(), self.choose, height=BAR_BUTTON + 2)
        self.choice.grid(row=0, column=0, sticky="w")
        self.from_file = Link(line, say("From a file…"), self.choose_file)
        self.from_file.grid(row=0, column=2, sticky="e")

    def _add_changes(self) -> None:
        self.changes = Changes(self.body, self.stage.say)
        self.changes.grid(row=1, column=0, sticky="ew")
        self.counting = ProgressBar(self.body, height=3)
        self.counting.set(None)
        self.counting.grid(row=2, column=0, sticky="ew", pady=(GAP, 0))
        self.summary = Wrapped(self.body, role="strong")
        self.summary.grid(row=3, column=0, sticky="ew", pady=(GAP, 0))
        self.note = Wrapped(self.body, role="caption", colour=self.look.muted)
        self.note.grid(row=4, column=0, sticky="ew", pady=(GAP_SMALL, 0))

    def _add_ways(self) -> None:
        model = self._model()
        ways = Piece(self.body)
        ways.grid(row=5, column=0, sticky="ew", pady=(CARD_GAP, 0))
        ways.grid_columnconfigure(0, weight=1)
        self.replace = Radio(
            ways, model.replace_text, lambda _: self.set_way(replace=True), on=True, sub=model.replace_sub
        )
        self.save = Radio(ways, model.save_text, lambda _: self.set_way(replace=False), sub=model.save_sub)
        self.accept = Check(ways, "", lambda _: self._show())
        self.replace.grid(row=0, column=0, sticky="ew")
        self.save.grid(row=1, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.accept.grid(row=2, column=0, sticky="ew", pady=(GAP, 0))
        self.accept.hide()

    def first_focus(self) -> Any:
        return self.choice

    # --- what people do

    def choose(self, key: str) -> None:
        """Another backup, of those that are offered."""
        if key == _ALL:
            self.stage.go("backups", Filter.ALL)
            return
        if key == _FILE:
            return
        self._choose(next(each for each in self._facts.snapshots if each.id == key))

    def choose_file(self) -> None:
        """A plain file instead of a backup."""
        say = self.stage.say
        path = self.stage.files.open_file(say("Restore from a file"))
        if path is not None and not self.gone:
            self._choose(path)

    def set_way(self, *, replace: bool) -> None:
        """Over the present data, or to a file of its own."""
        self._replace = replace
        self.replace.set_on(replace)
        self.save.set_on(not replace)
        self._show()

    def carry_out(self) -> None:
        """As the verb says; the hero shows how it goes on."""
        bridge, chosen, accepted = self.stage.bridge, self._chosen, self.accept.on and not self.accept.hidden
        if isinstance(chosen, Path):
            begun = bridge.restore_file(chosen, accept_problems=accepted)
        elif self._replace:
            begun = self.begin(chosen, None, accept_problems=accepted)
        else:
            say = self.stage.say
            local = chosen.created_at.astimezone(self._facts.now.tzinfo)
            path = self.stage.files.save_file(say("Save as"), f"{self._facts.name}-{local:%Y-%m-%d-%H%M}.db")
            if path is None or self.gone:
                return
            begun = self.begin(chosen, path, accept_problems=accepted)
        if begun:
            self.stage.close_panel()

    # --- where the backups are: others do it otherwise

    def take(self, facts: ViewFacts) -> ViewFacts:
        """The facts, with the backups that are offered."""
        return facts

    def ask_preview(self, chosen: Chosen) -> None:
        """What it would change; the answer goes to `answered`."""
        self.stage.bridge.preview_restore(chosen, lambda answer: self.answered(chosen, answer))

    def begin(self, chosen: Snapshot, to: Path | None, *, accept_problems: bool) -> bool:
        """Restore it; False if something else goes on."""
        return self.stage.bridge.restore(chosen, to, accept_problems=accept_problems)

    # --- what is shown

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self._facts = self.take(facts)
        self._show()

    def cleanup(self) -> None:
        """The answer is not wanted any more."""
        self.stage.bridge.forget("preview")

    def _choose(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self.accept.set_on(False)
        if isinstance(chosen, Path):
            self._replace = True
        self._ask()
        self.set_way(replace=self._replace)

    def _ask(self) -> None:
        self._preview = self._problem = None
        self.ask_preview(self._chosen)

    def answered(self, chosen: Chosen, answer: Answer[Preview]) -> None:
        """What it would change, if it is still what is chosen."""
        if not self.gone and chosen is self._chosen:
            self._preview, self._problem = answer.value, answer.problem
            self._show()

    def _model(self) -> RestoreModel:
        chosen = self._chosen.name if isinstance(self._chosen, Path) else self._chosen
        return restore_panel(chosen, self._preview, self._facts, self.stage.say)

    def _show(self) -> None:
        model = self._model()
        self.title.set_text(model.title)
        self.sub.set_text(model.sub)
        self.choice.set_items(self._offers(), self._key())
        self._show_changes(model)
        self.replace.set_text(model.replace_text, model.replace_sub)
        self.save.set_text(model.save_text, model.save_sub)
        (self.save.hide if isinstance(self._chosen, Path) else self.save.show)()
        self._show_acceptance(model)
        self.go.set_text(model.go_replace if self._replace else model.go_save)
        accepted = not model.needs_acceptance or self.accept.on
        self.go.set_enabled(accepted and self._facts.work is None)

    def _show_changes(self, model: RestoreModel) -> None:
        say = self.stage.say
        counting = model.differences is None and self._problem is None
        rows = self._expected() if model.differences is None else model.differences
        self.changes.set_rows(rows)
        (self.changes.show if rows else self.changes.hide)()
        (self.counting.show if counting else self.counting.hide)()
        self.summary.set_text(model.summary)
        note = model.note
        if self._problem is not None:
            told = card(self._problem, say)
            note = " ".join(part for part in (told.what, told.safe, told.hint) if part)
        self.note.set_text(note)
        self.note.set_colour(self.look.bad if self._problem is not None else self.look.muted)
        (self.note.show if note else self.note.hide)()
        (self.summary.show if self.summary.text else self.summary.hide)()

    def _expected(self) -> tuple[Difference, ...]:
        """What is known of the backup already, while the present data are counted."""
        say, tables = self.stage.say, getattr(self._chosen, "tables", None) or ()
        named = [(name, rows) for name, rows in tables if not name.startswith("sqlite_")]
        return tuple(Difference(name, _UNKNOWN, say.number(rows), _UNKNOWN, Tone.CALM) for name, rows in named)

    def _show_acceptance(self, model: RestoreModel) -> None:
        text = model.needs_acceptance
        self.accept.set_text(text)
        (self.accept.show if text else self.accept.hide)()

    def _key(self) -> str:
        return _FILE if isinstance(self._chosen, Path) else self._chosen.id

    def _items(self, shown: Sequence[Snapshot]) -> list[tuple[str, str]]:
        say, now = self.stage.say, self._facts.now
        return [(each.id, f"{say.begun(say.when(each.created_at, now))} · {reason_text(each, say)}") for each in shown]

    def _offers(self) -> list[tuple[str, str]]:
        """The newest ones, the chosen one wherever it stands, and the way to all."""
        say = self.stage.say
        newest = list(reversed(self._facts.snapshots))
        shown = newest[:OFFERED]
        if isinstance(self._chosen, Snapshot) and self._chosen.id not in {each.id for each in shown}:
            shown.append(self._chosen)
        items = self._items(shown)
        if isinstance(self._chosen, Path):
            items.insert(0, (_FILE, self._chosen.name))
        if len(newest) > OFFERED:
            items.append((_ALL, say("All backups…")))
        return items
