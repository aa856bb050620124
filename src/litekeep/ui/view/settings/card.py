"""What the cards share: a title, and the draft that they edit."""

from __future__ import annotations

from typing import Any

from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.card import Card
from litekeep.ui.widgets.look import GAP_SMALL


class EditCard(Card):
    """editor: shared with the other cards of a page; what it tells is shown. compact: less high, in fewer words."""

    def __init__(self, master: Any, stage: Stage, title: str, editor: Editor, *, compact: bool = False) -> None:
        super().__init__(master, title)
        self.compact = compact
        if compact:
            self.content.grid(pady=(GAP_SMALL, 0))
        self.stage, self.say = stage, stage.say
        self.editor = editor
        self.build()
        self._leave = self.editor.listen(self.show_draft)
        self.show_draft()

    def build(self) -> None:
        """Make what is in it."""
        raise NotImplementedError

    def show_draft(self) -> None:
        """Show what is edited. Cheap where nothing is new."""
        raise NotImplementedError

    def cleanup(self) -> None:
        """Listen no more."""
        self._leave()

    def destroy(self) -> None:
        """Let go of the draft."""
        self.cleanup()
        super().destroy()
