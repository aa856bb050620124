"""What the cards share: a title, the draft that they edit, and their own Save and Discard where they stand alone."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.settings.savebar import SaveBar
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.card import Card
from litekeep.ui.widgets.look import GAP, GAP_SMALL


class EditCard(Card):
    """editor: shared with others on a page, which then calls its `take`; None: the card stands alone.

    compact: less high, in fewer words.
    """

    def __init__(
        self, master: Any, stage: Stage, title: str, editor: Editor | None = None, *, compact: bool = False
    ) -> None:
        super().__init__(master, title)
        self.compact = compact
        if compact:
            self.content.grid(pady=(GAP_SMALL, 0))
        self.stage, self.say = stage, stage.say
        self._alone = editor is None
        self.editor = editor or Editor(stage)
        self.build()
        self._leave = self.editor.listen(self.show_draft)
        if self._alone:
            self.save_bar = SaveBar(self.content, self.editor, boxed=False)
            self.save_bar.grid(row=90, column=0, sticky="ew", pady=(GAP, 0))
        self.show_draft()

    def build(self) -> None:
        """Make what is in it."""
        raise NotImplementedError

    def show_draft(self) -> None:
        """Show what is edited. Cheap where nothing is new."""
        raise NotImplementedError

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        if self._alone:
            self.editor.take(facts)

    def cleanup(self) -> None:
        """Listen no more."""
        self._leave()
        if self._alone:
            self.editor.cleanup()

    def destroy(self) -> None:
        """Let go of the draft."""
        self.cleanup()
        super().destroy()
