"""The first page: which database, which folder, and the first backup at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from litekeep.errors import LitekeepError, SettingsInvalid
from litekeep.ui.app.first_run import Choices, Flaw, encryption_installed, proposed_folder
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.models import Glyph, Tone
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.card import Box
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.fields import Entry
from litekeep.ui.widgets.flow import Flow
from litekeep.ui.widgets.hero import Sign
from litekeep.ui.widgets.look import FORM_BUTTON, GAP, GAP_LARGE, GAP_SMALL, HERO_BUTTON, PAGE
from litekeep.ui.widgets.page import Page
from litekeep.ui.widgets.toggles import Check
from litekeep.ui.widgets.words import Words, Wrapped

FLAWS = {
    Flaw.NO_DATABASE: "",
    Flaw.NOT_THERE: phrase("There is no file of this name."),
    Flaw.UNREADABLE: phrase("This file cannot be read with your rights."),
    Flaw.NOT_SQLITE: phrase("This file is not an SQLite database, or it is encrypted."),
    Flaw.NO_FOLDER: "",
    Flaw.FOLDER_ABOVE_MISSING: phrase("The folder that it would be made in is not there. Is the drive plugged in?"),
    Flaw.FOLDER_IS_FILE: phrase("This is a file, not a folder."),
    Flaw.FOLDER_CLOSED: phrase("You have no right to write there."),
    Flaw.SAME_DRIVE: phrase(
        "This is the drive of the database: if it fails, both are lost. A folder on another drive is better."
    ),
}
WIDTH = 620


class Dialogs(Protocol):
    """The system's file dialogs; each returns an empty text if it was closed."""

    def database(self) -> str:
        """A database that is there."""

    def folder(self, beginning: str) -> str:
        """A folder, which may be new."""


class FirstPage(Piece):
    """on_done gets the choices; what it raises is shown. on_cancel None: there is nothing to go back to."""

    def __init__(
        self,
        master: Any,
        say: Language,
        dialogs: Dialogs,
        on_done: Callable[[Choices], object],
        on_cancel: Callable[[], object] | None = None,
        choices: Choices | None = None,
    ) -> None:
        super().__init__(master)
        self._say, self._dialogs, self._on_done = say, dialogs, on_done
        self._own_folder = False
        page = Page(self)
        page.pack(fill="both", expand=True)
        card = Box(page.content, padding=(GAP_LARGE + GAP, GAP_LARGE))
        page.content.grid_columnconfigure(0, weight=1)
        page.content.grid_columnconfigure(1, weight=0, minsize=self.scaled(WIDTH))
        page.content.grid_columnconfigure(2, weight=1)
        card.grid(row=0, column=1, sticky="ew", pady=(GAP_LARGE * 2, PAGE), padx=PAGE)
        self._fill(card.body)
        self._buttons(card.body, on_cancel)
        self.set_choices(choices or Choices())
        self.later(1, self.database.focus_set)

    def _fill(self, body: Piece) -> None:
        say = self._say
        body.grid_columnconfigure(0, weight=1)
        head = Piece(body)
        head.grid(row=0, column=0, columnspan=2, sticky="ew")
        Sign(head, Glyph.SHIELD_CHECK, Tone.OK).grid(row=0, column=0, padx=(0, PAGE))
        Wrapped(head, say("Protect a database"), role="hero").grid(row=0, column=1, sticky="ew")
        head.grid_columnconfigure(1, weight=1)
        text = say(
            "Choose the database of your application. Litekeep then backs it up by itself every day, checks each "
            "backup, and lets you go back whenever something went wrong. Your application can stay open."
        )
        Wrapped(body, text, colour=self.look.muted).grid(
            row=1, column=0, columnspan=2, sticky="ew", pady=(GAP, GAP_LARGE)
        )
        self.database = Entry(body, command=self._typed_database, accept=lambda _: self.finish())
        self.choose_database = Button(body, say("Choose…"), self._choose_database, height=FORM_BUTTON)
        self.database_note = self._row(body, 2, say("Database"), self.database, self.choose_database)
        self.folder = Entry(body, command=self._typed_folder, accept=lambda _: self.finish())
        self.choose_folder = Button(body, say("Choose…"), self._choose_folder, height=FORM_BUTTON)
        self.folder_note = self._row(body, 5, say("Folder for the backups"), self.folder, self.choose_folder)
        told = say(
            "For this computer a key file is made, and for you a recovery key to print: without both, the backups are "
            "lost."
        )
        if not encryption_installed():
            told = say("Litekeep can do this when the package “cryptography” is installed.")
        self.encrypt = Check(body, say("Encrypt the backups"), sub=told, enabled=False)
        self.encrypt.grid(row=8, column=0, columnspan=2, sticky="ew", pady=(0, GAP))

    def _row(self, body: Piece, row: int, title: str, entry: Entry, choose: Button) -> Wrapped:
        Words(body, title, role="strong").grid(row=row, column=0, sticky="w", pady=(0, GAP_SMALL))
        entry.grid(row=row + 1, column=0, sticky="ew")
        choose.grid(row=row + 1, column=1, padx=(GAP, 0))
        note = Wrapped(body, role="caption", colour=self.look.muted)
        note.grid(row=row + 2, column=0, columnspan=2, sticky="ew", pady=(GAP_SMALL, PAGE))
        return note

    def _buttons(self, body: Piece, on_cancel: Callable[[], object] | None) -> None:
        self.trouble = Wrapped(body, role="body", colour=self.look.bad)
        self.trouble.grid(row=9, column=0, columnspan=2, sticky="ew")
        flow = Flow(body)
        flow.grid(row=10, column=0, columnspan=2, sticky="ew", pady=(GAP, 0))
        self.done = Button(flow, self._say("Make the first backup"), self.finish, kind=Kind.PRIMARY, height=HERO_BUTTON)
        self.cancel = Button(flow, self._say("Cancel"), on_cancel, height=HERO_BUTTON) if on_cancel else None
        flow.arrange([self.done, *([self.cancel] if self.cancel else [])])

    # What is chosen

    @property
    def choices(self) -> Choices:
        """As the fields say now."""
        return Choices(self.database.text, self.folder.text, self.encrypt.on)

    def set_choices(self, choices: Choices) -> None:
        """Write them into the fields."""
        self.database.set_text(choices.database)
        self.folder.set_text(choices.folder or proposed_folder(choices.database))
        self._own_folder = bool(choices.folder)
        self._judge()

    def finish(self) -> None:
        """Set up what is chosen, if nothing is wrong with it."""
        choices = self.choices
        if not choices.ready:
            (self.database if choices.database_flaw() else self.folder).focus_set()
            return
        try:
            self._on_done(choices)
        except LitekeepError as error:
            problems = [each.text for each in error.problems] if isinstance(error, SettingsInvalid) else []
            self.trouble.set_text(" ".join(part for part in (error.message, *problems, error.safe, error.hint) if part))

    def _typed_database(self, text: str) -> None:
        if not self._own_folder:
            self.folder.set_text(proposed_folder(text))
        self._judge(Choices(text, self.folder.text))

    def _typed_folder(self, text: str) -> None:
        self._own_folder = bool(text)
        self._judge(Choices(self.database.text, text))

    def _choose_database(self) -> None:
        if found := self._dialogs.database():
            self.database.set_text(found)
            self._typed_database(found)

    def _choose_folder(self) -> None:
        if found := self._dialogs.folder(self.folder.text):
            self.folder.set_text(found)
            self._typed_folder(found)

    def _judge(self, choices: Choices | None = None) -> None:
        choices = choices or self.choices
        self.trouble.set_text("")
        self._note(self.database_note, choices.database_flaw())
        self._note(self.folder_note, choices.folder_flaw() or choices.advice())
        settled = choices.settled
        self.folder.set_enabled(settled is None)
        self.choose_folder.set_enabled(settled is None)
        if settled is not None:
            self.folder.set_text(proposed_folder(choices.database))
            self.folder_note.set_text(self._say("The settings in {file} are used.", file=settled))
            self.folder_note.set_colour(self.look.muted)
        self.done.set_enabled(choices.ready)
        possible = choices.can_encrypt and encryption_installed()
        self.encrypt.set_enabled(possible)
        if not possible:
            self.encrypt.set_on(False)

    def _note(self, note: Wrapped, flaw: Flaw | None) -> None:
        note.set_text(self._say(FLAWS[flaw]) if flaw and FLAWS[flaw] else "")
        note.set_colour(self.look.warn if flaw is Flaw.SAME_DRIVE else self.look.bad)
