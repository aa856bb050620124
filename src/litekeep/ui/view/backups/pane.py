"""The pane beside the table, or below it: everything about what is selected."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from litekeep.ui.presenter.models import Tone
from litekeep.ui.view.backups.blocks import PaneModel
from litekeep.ui.view.backups.sheet import Sheet
from litekeep.ui.widgets.buttons import Button, Kind, Link
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import BAR_BUTTON, GAP, GAP_SMALL
from litekeep.ui.widgets.notice import Mark
from litekeep.ui.widgets.words import Words, Wrapped


class Pane(Box):
    """on_button, on_copy, on_close: what was pressed. Below the table it has a cross, and two columns."""

    def __init__(
        self,
        master: Any,
        on_button: Callable[[], object],
        on_copy: Callable[[], object],
        on_close: Callable[[], object],
    ) -> None:
        super().__init__(master)
        self.model = PaneModel("")
        self._beside, self._closable = True, False
        body = self.body
        body.grid_columnconfigure(0, weight=1)
        body.grid_rowconfigure(1, weight=1)
        self._head = Piece(body)
        self._head.grid(row=0, column=0, sticky="ew")
        self._head.grid_columnconfigure(1, weight=1)
        self._mark = Mark(self._head, Tone.CALM, size=16)
        self.title = Words(self._head, role="card")
        self.copy_link = Link(body, "", on_copy)
        self.button = Button(self._head, "", on_button, kind=Kind.PRIMARY, height=BAR_BUTTON)
        self.close_button = Button(self._head, "", on_close, sign="close", kind=Kind.FLAT, height=BAR_BUTTON)
        self._mark.grid(row=0, column=0, padx=(0, GAP))
        self.title.grid(row=0, column=1, sticky="w")
        self.button.grid(row=0, column=3, padx=(GAP_SMALL, 0), pady=1)
        self.copy_link.grid(row=0, column=2, padx=(GAP_SMALL, 0))
        self.close_button.grid(row=0, column=4, padx=(GAP_SMALL, 0))
        self.sheet = Sheet(body)
        self.sheet.grid(row=1, column=0, sticky="nsew", pady=(GAP, 0))
        self._hint = Wrapped(body, role="body", colour=self.look.muted)
        self._hint.grid(row=0, column=0, sticky="ew")
        self._hint.label.configure(anchor="center", justify="center")
        self._hint.hide()
        self._arrange()

    @property
    def places(self) -> tuple[tkinter.Canvas, ...]:
        """All that can have the keyboard."""
        return tuple(each.canvas for each in (self.sheet, self.button, self.copy_link, self.close_button))

    def set_beside(self, beside: bool, *, closable: bool = False) -> None:  # noqa: FBT001 - a setter
        """Beside the table, or below it. closable: it has a cross there too."""
        if (beside, closable) != (self._beside, self._closable):
            self._beside, self._closable = beside, closable
            self._arrange()
            self._write(anew=True)

    def update_from(self, model: PaneModel) -> None:
        """Show something else, or the same with other facts."""
        if model != self.model:
            before, self.model = self.model, model
            self._write(anew=before.key != model.key)

    def focus_set(self) -> None:
        """To what scrolls, or to the main button where nothing does."""
        if self.sheet.bar.needed or not self.model.button:
            self.sheet.canvas.focus_set()
        else:
            self.button.focus_set()

    def _arrange(self) -> None:
        """Beside the table there is room at the bottom for the link; below it, height is what is scarce."""
        for piece in (self.copy_link, self.close_button):
            piece.show()
        if self._beside:
            self.copy_link.grid(row=2, column=0, in_=self.body, sticky="w", padx=0, pady=(GAP_SMALL, 0))
            (self.close_button.show if self._closable else self.close_button.hide)()
        else:
            self.copy_link.grid(row=0, column=2, in_=self._head, sticky="", padx=(GAP_SMALL, 0), pady=0)

    def _write(self, *, anew: bool) -> None:
        model = self.model
        for piece in (self._head, self.sheet):
            (piece.hide if model.hint else piece.show)()
        (self._hint.show if model.hint else self._hint.hide)()
        self._hint.set_text(model.hint)
        self._mark.set(model.tone)
        self.title.set_text(model.title)
        self._write_controls()
        self.sheet.set_columns(self._columns(), anew=anew)

    def _write_controls(self) -> None:
        model = self.model
        self.button.set_text(model.button)
        self.button.set_kind(Kind.PRIMARY if model.primary else Kind.QUIET)
        self.button.set_enabled(model.enabled)
        self.copy_link.set_text(model.copy)
        (self.button.show if model.button else self.button.hide)()
        (self.copy_link.show if model.copy and not model.hint else self.copy_link.hide)()

    def _columns(self) -> tuple[Any, ...]:
        facts, rest = self.model.parts
        return ((*facts, *rest),) if self._beside else (facts, rest)
