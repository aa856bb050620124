"""The backups in a copy: which copy, what it has, and whether one of them or all are to come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from litekeep.model import Snapshot
from litekeep.operations.preview import Preview
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.facts import Outcome, ViewFacts
from litekeep.ui.presenter.fromcopy import best_of, copy_panel, is_empty, replace_sub
from litekeep.ui.presenter.models import RestoreModel, Tone
from litekeep.ui.view.panels.panel import Panel
from litekeep.ui.view.panels.restore import Chosen, RestorePanel
from litekeep.ui.view.settings.lines import SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Kind, Link
from litekeep.ui.widgets.choices import Choice
from litekeep.ui.widgets.look import CARD_GAP, GAP, GAP_SMALL
from litekeep.ui.widgets.words import Words, Wrapped

LOOK = "copy-backups"
"""The key of its question to the bridge."""


class CopyPanel(Panel):
    """Asks the copy itself, off the Tk thread; a place that does not answer is told, and another one can be tried."""

    def __init__(self, master: Any, stage: Stage) -> None:
        say, facts = stage.say, stage.bridge.facts
        super().__init__(master, stage, say("Restore from a copy"))
        self._facts = facts
        self._copies = {each.name: each for each in facts.settings.copies}
        self.name = next(iter(self._copies))
        self._snapshots: Sequence[Snapshot] | None = None
        self._problem: Outcome | None = None
        self._into: Path | None = None
        self._add_copy()
        self.told = SignedLine(self.body, Tone.BUSY, "")
        self.told.grid(row=2, column=0, sticky="ew", pady=(GAP, 0))
        self._add_back()
        self.add_button(say("Cancel"), stage.close_panel)
        self.all = self.add_button(say("Get all backups back"), self.rebuild, enabled=False)
        self.one = self.add_button(say("Restore a backup…"), self.restore, Kind.PRIMARY, enabled=False)
        self._look()

    def _add_copy(self) -> None:
        items = [(name, name) for name in self._copies]
        if len(items) > 1:
            self.which = Choice(self.body, items, self.name, self.choose)
            self.which.grid(row=0, column=0, sticky="w")
        else:
            Words(self.body, self.name, role="strong").grid(row=0, column=0, sticky="w")
        self.place = Wrapped(self.body, "", role="caption", colour=self.look.muted)
        self.place.grid(row=1, column=0, sticky="ew", pady=(GAP_SMALL, 0))

    def _add_back(self) -> None:
        """Where all of them would come."""
        say = self.stage.say
        self.coming = Wrapped(self.body, "")
        self.coming.grid(row=3, column=0, sticky="ew", pady=(CARD_GAP, 0))
        self.other = Link(self.body, say("Another folder…"), self.choose_folder)
        self.other.grid(row=4, column=0, sticky="w", pady=(0, GAP))

    def first_focus(self) -> Any:
        return self.buttons[0]

    # --- what people do

    def choose(self, name: str) -> None:
        """Another copy."""
        self.name = name
        self._look()

    def choose_folder(self) -> None:
        """All of them come into a new folder in the one that is chosen, named as the old one."""
        say, name = self.stage.say, Path(self._facts.folder).name
        path = self.stage.files.folder(say("Where the backups come"), Path(self._facts.folder).parent)
        if path is not None and not self.gone:
            self._into = None if path / name == Path(self._facts.folder) else path / name
            self._show()

    def restore(self) -> None:
        """Choose one of them."""
        found, name = self._snapshots, self.name
        if found:
            self.stage.open_panel(lambda master, stage: CopyRestorePanel(master, stage, name, found))

    def rebuild(self) -> None:
        """All of them; the hero shows how it goes on."""
        if self.stage.bridge.rebuild_from(self.name, self._into):
            self.stage.close_panel()

    # --- what is shown

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self._facts = facts
        self._show()

    def cleanup(self) -> None:
        """The answer is not wanted any more."""
        self.stage.bridge.forget(LOOK)

    def _look(self) -> None:
        self._snapshots = self._problem = None
        name = self.name
        self.stage.bridge.ask(
            LOOK, lambda manager: manager.list_backups_of(name), lambda answer: self._answered(name, answer)
        )
        self._show()

    def _answered(self, name: str, answer: Answer[list[Snapshot]]) -> None:
        if not self.gone and name == self.name:
            self._snapshots, self._problem = answer.value, answer.problem
            self._show()

    def _show(self) -> None:
        say, facts = self.stage.say, self._facts
        self.place.set_text(self._copies[self.name].shown)
        model = copy_panel(self._snapshots, self._problem, facts, say)
        self.told.set(model.tone, model.sentence)
        self.one.set_enabled(model.restore)
        self.all.set_enabled(model.rebuild)
        missing = is_empty(facts)
        folder = str(self._into or facts.folder)
        text = say(
            "“Get all backups back” puts them into {folder}, and backups go on there. Nothing that lies there is "
            "replaced.",
            folder=folder,
        )
        self.coming.set_text(text)
        for piece, there in ((self.coming, missing), (self.other, missing and facts.editable), (self.all, missing)):
            (piece.show if there else piece.hide)()


class CopyRestorePanel(RestorePanel):
    """The restore panel for the backups of a copy, which are not among the facts."""

    def __init__(self, master: Any, stage: Stage, copy: str, snapshots: Sequence[Snapshot]) -> None:
        self._copy, self._there = copy, tuple(snapshots)
        super().__init__(master, stage, best_of(snapshots))
        self.from_file.hide()

    def take(self, facts: ViewFacts) -> ViewFacts:
        return replace(facts, snapshots=self._there)

    def ask_preview(self, chosen: Chosen) -> None:
        assert isinstance(chosen, Snapshot)

        def answered(answer: Answer[Preview]) -> None:
            self.answered(chosen, answer)

        self.stage.bridge.preview_restore_from(self._copy, chosen, answered)

    def begin(self, chosen: Snapshot, to: Path | None, *, accept_problems: bool) -> bool:
        return self.stage.bridge.restore_from(self._copy, chosen, to, accept_problems=accept_problems)

    def _model(self) -> RestoreModel:
        model = super()._model()
        exists = self._preview is None or self._preview.exists
        sub = replace_sub(self.stage.bridge.facts, self.stage.say) if exists else model.replace_sub
        return replace(model, sub=f"{self._copy} · {model.sub}" if model.sub else self._copy, replace_sub=sub)

    def _offers(self) -> list[tuple[str, str]]:
        """All of them: there is no page that shows them."""
        return self._items(list(reversed(self._there)))
