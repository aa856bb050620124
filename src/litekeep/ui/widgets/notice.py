"""A result or an error below the hero, in three parts, until it is closed."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from litekeep.records import dataclass
from litekeep.ui.presenter.models import Action, Tone
from litekeep.ui.presenter.models import Card as CardModel
from litekeep.ui.widgets.buttons import Button, Kind, Link
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.icons import sign_photo
from litekeep.ui.widgets.look import BAR_BUTTON, FORM_BUTTON, GAP, GAP_SMALL, Look
from litekeep.ui.widgets.words import Wrapped

MARK = 18
DETAIL_LINES = 12


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """The texts of its own controls, in the reader's language. copied: instead of copy, when that is done."""

    details: str
    less: str
    copy: str
    copied: str
    close: str


class Notice(Box):
    """Shows a models.Card. on_action: a button was pressed. on_close: the cross, or its time is over.

    With lasts_seconds it goes by itself, but not while the pointer is on it or the keyboard in it.
    """

    def __init__(
        self,
        master: Any,
        model: CardModel,
        words: NoticeWords,
        on_action: Callable[[Action], object],
        on_close: Callable[[], object],
        *,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, padding=(14, 10), look=look)
        self.model, self.words = model, words
        self._on_action, self._on_close = on_action, on_close
        self._left = model.lasts_seconds
        tone = self.look.tone(model.tone)
        self.set_surface(tone.soft, tone.edge)
        self.body.grid_columnconfigure(1, weight=1)
        self._mark = Mark(self.body, model.tone)
        self._mark.grid(
            row=0, column=0, sticky="" if self._short else "n", padx=(0, 10), pady=(0 if self._short else 5, 0)
        )
        self._write()
        self.close_button = Button(self.body, "", self.close, sign="close", kind=Kind.FLAT, height=BAR_BUTTON)
        self.close_button.grid(row=0, column=3, sticky="ne" if not self._short else "e", padx=(GAP, 0))
        self._add_buttons()
        if self._left:
            self.later(1000, self._tick)

    def _write(self) -> None:
        texts = Piece(self.body)
        texts.grid(row=0, column=1, sticky="ew", pady=(5, 4) if not self._short else 0)
        texts.grid_columnconfigure(0, weight=1)
        parts = [(self.model.what, "strong"), (self.model.safe, "body"), (self.model.hint, "body")]
        for at, (text, role) in enumerate((text, role) for text, role in parts if text):
            line = Wrapped(texts, text, role=role)
            line.grid(row=at, column=0, sticky="ew", pady=(2 if at else 0, 0))

    def _add_buttons(self) -> None:
        flow = Flow(self.body)
        self.buttons: dict[Action, Button] = {}
        for button in self.model.buttons:
            kind = Kind.PRIMARY if button.primary else Kind.QUIET
            shown = Button(flow, button.text, self._does(button.action), kind=kind, height=FORM_BUTTON)
            shown.set_enabled(button.enabled)
            self.buttons[button.action] = shown
        pieces: list[Piece] = list(self.buttons.values())
        self.details: Details | None = None
        if self.model.details:
            self.toggle = Link(flow, self.words.details, self.show_details, height=FORM_BUTTON)
            self.copy_button = Link(flow, self.words.copy, self.copy, height=FORM_BUTTON)
            pieces += [self.toggle, self.copy_button]
        flow.arrange(pieces)
        if pieces and self._short:
            flow.set_wraps(False)
            flow.grid(row=0, column=2, sticky="e", padx=(GAP, 0))
        elif pieces:
            flow.grid(row=1, column=1, columnspan=3, sticky="ew", pady=(GAP_SMALL, 4))

    @property
    def _short(self) -> bool:
        """One line with a button beside it."""
        model = self.model
        return len(model.buttons) == 1 and not (model.safe or model.hint or model.details)

    def _does(self, action: Action) -> Callable[[], object]:
        return lambda: self._on_action(action)

    def show_details(self) -> None:
        """Show them, or hide them again."""
        if self.details is not None:
            self.details.destroy()
            self.details = None
        else:
            self.details = Details(self.body, self.model.details)
            self.details.grid(row=2, column=1, columnspan=3, sticky="ew", pady=(GAP_SMALL, 6))
        self.toggle.set_text(self.words.details if self.details is None else self.words.less)

    def copy(self) -> None:
        """The whole notice and its details, to the clipboard."""
        said = [part for part in (self.model.what, self.model.safe, self.model.hint) if part]
        parts = [*said, "", self.model.details]
        self.clipboard_clear()
        self.clipboard_append("\n".join(parts))
        self.copy_button.set_text(self.words.copied)

    def close(self) -> None:
        """It is not needed any more."""
        self._on_close()

    def _tick(self) -> None:
        if not self._in_use():
            self._left -= 1
        if self._left <= 0:
            self.close()
        else:
            self.later(1000, self._tick)

    def _in_use(self) -> bool:
        focus = str(self.tk.call("focus"))
        under = str(self.tk.call("winfo", "containing", *self.winfo_pointerxy()))
        return any(path == str(self) or path.startswith(f"{self}.") for path in (focus, under))


class Mark(Piece):
    """A small sign of a tone."""

    def __init__(self, master: Any, tone: Tone, size: int = MARK) -> None:
        super().__init__(master, width=size, height=size)
        self.tone, self._size = tone, size
        self._label = tkinter.Label(self, borderwidth=0, padx=0, pady=0)
        self._label.place(x=0, y=0)
        self.redraw()

    def set(self, tone: Tone) -> None:
        """Another one."""
        if tone is not self.tone:
            self.tone = tone
            self.redraw()

    def redraw(self) -> None:
        colour = self.colour(self.look.tone(self.tone).text)
        image = sign_photo(self, str(self.tone), self.scaled(self._size), colour)
        self._label.configure(image=image, background=self.colour(self.back))


class Details(Piece):
    """Text for people who help: fixed width, can be selected, not changed."""

    def __init__(self, master: Any, text: str, *, look: Look | None = None) -> None:
        super().__init__(master, look=look)
        height = min(text.count("\n") + 1, DETAIL_LINES)
        self.text = tkinter.Text(self, height=height, width=1, wrap="char", relief="flat", borderwidth=0)
        self.text.configure(padx=8, pady=6, highlightthickness=1)
        self.text.insert("1.0", text)
        self.text.configure(state="disabled")
        self.text.bind("<Tab>", lambda _: self._leave(forward=True))
        self.text.bind("<Shift-Tab>", lambda _: self._leave(forward=False))
        self.text.pack(fill="both", expand=True)
        self.redraw()

    def _leave(self, *, forward: bool) -> str:
        following = self.text.tk_focusNext() if forward else self.text.tk_focusPrev()
        if following is not None:
            following.focus_set()
        return "break"

    def redraw(self) -> None:
        look = self.look
        self.text.configure(
            font=self.font("mono"),
            background=self.colour(look.surface),
            foreground=self.colour(look.text),
            selectbackground=self.colour(look.selection),
            selectforeground=self.colour(look.text),
            highlightbackground=self.colour(look.border),
            highlightcolor=self.colour(look.accent_text),
        )
