"""Lines of cards: a sign and a sentence, a name and its value, an error below a field."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.models import DetailLine, Tone
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import GAP
from litekeep.ui.widgets.notice import Mark
from litekeep.ui.widgets.words import Words, Wrapped

SIGN = 16


class SignedLine(Piece):
    """The sign of a tone, and a sentence in as many lines as it needs; in the colour of the tone if that is `loud`."""

    def __init__(self, master: Any, tone: Tone, text: str, *, role: str = "body", loud: bool = False) -> None:
        super().__init__(master)
        self._loud = loud
        self.grid_columnconfigure(1, weight=1)
        self.mark = Mark(self, tone, SIGN)
        self.mark.grid(row=0, column=0, sticky="n", padx=(0, GAP), pady=(1, 0))
        self.words = Wrapped(self, text, role=role)
        self.words.grid(row=0, column=1, sticky="ew")
        self._tint(tone)

    @property
    def text(self) -> str:
        """What it says."""
        return self.words.text

    def set(self, tone: Tone, text: str) -> None:
        """Another sentence."""
        self.mark.set(tone)
        self.words.set_text(text)
        self._tint(tone)

    def _tint(self, tone: Tone) -> None:
        self.words.set_colour(self.look.tone(tone).text if self._loud and tone is not Tone.CALM else None)


class FieldError(SignedLine):
    """Below a field; not there while all is well."""

    def __init__(self, master: Any) -> None:
        super().__init__(master, Tone.BAD, "", role="caption", loud=True)

    def tell(self, text: str) -> None:
        """Empty: all is well. It must have been laid out before."""
        if text:
            self.set(Tone.BAD, text)
            self.show()
        else:
            self.hide()


class NamedLine(Piece):
    """A name in a column of its own, and what there is to say; the tone's sign before that if it is not calm.

    name_width: of the column, at scale 1.
    """

    def __init__(self, master: Any, line: DetailLine, name_width: int) -> None:
        super().__init__(master)
        self.line, self._name_width = line, name_width
        self.grid_columnconfigure(1, weight=1)
        Words(self, line.name, colour=self.look.muted).grid(row=0, column=0, sticky="nw", padx=(0, GAP))
        if line.tone is Tone.CALM:
            self.value: Piece = Wrapped(self, line.value)
        else:
            self.value = SignedLine(self, line.tone, line.value)
        self.value.grid(row=0, column=1, sticky="ew")
        self.rescaled()

    def rescaled(self) -> None:
        self.grid_columnconfigure(0, minsize=self.scaled(self._name_width))
