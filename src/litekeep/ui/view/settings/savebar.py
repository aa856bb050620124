"""Save and Discard, and what became of saving; there only while there is something to say."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.models import Tone
from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.settings.lines import SignedLine
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.look import CARD_X, GAP


class SaveBar(Piece):
    """Below a page. It hides and shows itself; lay it out once."""

    def __init__(self, master: Any, editor: Editor) -> None:
        super().__init__(master)
        self.editor, say = editor, editor.say
        self.grid_columnconfigure(0, weight=1)
        box = Box(self, padding=(CARD_X, GAP))
        box.grid(row=0, column=0, sticky="ew")
        place = box.body
        place.grid_columnconfigure(0, weight=1)
        self.line = SignedLine(place, Tone.BUSY, "")
        self.line.grid(row=0, column=0, sticky="ew", padx=(0, GAP))
        flow = Flow(place)
        flow.set_wraps(False)
        flow.grid(row=0, column=1, sticky="e")
        self.discard = Button(flow, say("Discard"), editor.discard)
        self.save = Button(flow, say("Save"), editor.save, kind=Kind.PRIMARY)
        flow.arrange([self.discard, self.save])
        self._leave = editor.listen(self.refresh)
        self.later(1, self.refresh)

    @property
    def needed(self) -> bool:
        """There is something to save or to say."""
        return self.editor.changed or self.editor.saving or self.editor.remark is not None

    def refresh(self) -> None:
        """Show what is so now."""
        if self.gone:
            return
        editor, say = self.editor, self.editor.say
        if not self.needed:
            self.hide()
            return
        if editor.saving:
            self.line.set(Tone.BUSY, say("Saving…"))
        elif editor.remark is not None:
            self.line.set(editor.remark.tone, editor.remark.text)
        elif editor.problems:
            self.line.set(Tone.BAD, say("This cannot be saved yet: see what is marked."))
        else:
            self.line.set(Tone.CALM, say("You have changes that are not saved."))
        for button in (self.save, self.discard):
            button.set_enabled(editor.changed and not editor.saving)
        self.show()

    def destroy(self) -> None:
        """Listen no more."""
        self._leave()
        super().destroy()
