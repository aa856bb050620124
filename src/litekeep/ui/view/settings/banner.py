"""A sentence above the cards of the settings, and the engine's own words below it."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.models import Tone
from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.settings.lines import SignedLine
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.look import CARD_X, GAP
from litekeep.ui.widgets.words import Wrapped


class Banner(Box):
    """It hides and shows itself; lay it out once, and then call `refresh`."""

    def __init__(self, master: Any, editor: Editor) -> None:
        super().__init__(master, padding=(CARD_X, GAP))
        self._editor = editor
        self.body.grid_columnconfigure(0, weight=1)
        self.line = SignedLine(self.body, Tone.CALM, "")
        self.line.grid(row=0, column=0, sticky="ew")
        self.more = Wrapped(self.body, "", role="caption", colour=self.look.muted)
        self.more.grid(row=1, column=0, sticky="ew", padx=(16 + GAP, 0), pady=(2, 0))
        self.more.hide()
        self._leave = editor.listen(self.refresh)

    def refresh(self) -> None:
        """Say what is to be said of the settings as a whole."""
        editor = self._editor
        say = editor.say
        if not editor.editable:
            text = say(
                "These settings came from the application and not from a file, so they are shown here "
                "and changed there, where it makes its BackupManager."
            )
            self.tell(Tone.CALM, text)
        elif editor.file_problem is not None:
            text = say("The settings file cannot be read as it is now; the settings from before are used.")
            self.tell(Tone.WARN, text, "\n".join(editor.file_problem.problems) or editor.file_problem.what)
        else:
            self.hide()

    def tell(self, tone: Tone, text: str, more: str = "") -> None:
        """Show it."""
        self.line.set(tone, text)
        self.set_surface(self.look.tone(tone).soft, self.look.tone(tone).edge)
        self.more.set_text(more)
        if more:
            self.more.show()
        else:
            self.more.hide()
        self.show()

    def destroy(self) -> None:
        """Listen no more."""
        self._leave()
        super().destroy()
