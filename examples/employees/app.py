"""The window: a bar to navigate with, one page at a time, questions over it, and a line that says what happened."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import customtkinter as ctk

from examples.employees import look, protection
from examples.employees.background import Background
from examples.employees.backups import BackupsPage
from examples.employees.bar import Notice, Question, TopBar
from examples.employees.import_page import ImportPage
from examples.employees.maintenance import MaintenancePage
from examples.employees.models import database
from examples.employees.page import Page
from examples.employees.people import PeoplePage
from examples.employees.words import Words
from litekeep import BackupManager

PAGES: dict[str, tuple[str, type[Page]]] = {
    "people": ("Employees", PeoplePage),
    "import": ("Import", ImportPage),
    "maintenance": ("Maintenance", MaintenancePage),
    "backups": ("Backups", BackupsPage),
}
MODIFIER = "Command" if sys.platform == "darwin" else "Control"


class Application(ctk.CTkFrame):
    """Everything in the window `window`, which is the root of the program, or a CTkToplevel in tests.

    The manager is not owned: `close` closes it all the same, because closing the window ends the program.
    """

    def __init__(self, window: Any, manager: BackupManager, language: str) -> None:
        look.dress()
        super().__init__(window, fg_color=look.BG, corner_radius=0)
        self.window, self.manager, self.say = window, manager, Words(language)
        self.database: Path = manager.database
        self.background = Background(self)
        self.page: Page | None = None
        self._where = "people"
        self._question: Question | None = None
        self._closing = False
        window.title(self.say("Employees"))
        window.minsize(800, 600)
        self.grid_rowconfigure(1, weight=1)
        self.grid_columnconfigure(0, weight=1)
        self.pack(fill="both", expand=True)
        self._bar = self._make_bar()
        self.notice = Notice(self)
        window.protocol("WM_DELETE_WINDOW", self.close)
        self._bind_keys()
        self._unsubscribe = manager.subscribe(self._heard)
        self._open("people")

    def _make_bar(self) -> TopBar:
        bar = TopBar(self)
        bar.grid(row=0, column=0, sticky="ew")
        bar.show(self.say, {key: title for key, (title, _) in PAGES.items()}, self.go, self.change_language)
        return bar

    def _bind_keys(self) -> None:
        for key, name in (("n", "key_new"), ("f", "key_find"), ("s", "key_save")):
            self.window.bind(f"<{MODIFIER}-{key}>", lambda _, at=name: self._key(at))
        self.window.bind("<Escape>", lambda _: self._key("key_escape"))
        self.window.bind("<F5>", lambda _: self._key("refresh"))
        for number, key in enumerate(PAGES, 1):
            self.window.bind(f"<{MODIFIER}-Key-{number}>", lambda _, at=key: self.go(at))

    def _key(self, name: str) -> None:
        if self._question is not None:
            if name == "key_escape":
                self._question.cancel()
        elif self.page is not None:
            getattr(self.page, name)()

    # Pages

    def go(self, page: str) -> None:
        """To a page, after a question if the present one has unsaved changes."""
        self._drop_question()
        if self.page is not None and self.page.unsaved:
            say = self.say
            text = say("What was changed on this page is not saved.")
            self.ask(say("Discard what you changed?"), text, say("Discard"), lambda: self._open(page), dangerous=True)
            return
        self._open(page)

    def _open(self, page: str) -> None:
        """Pages are made and destroyed at every step; nothing that must go on may live in one."""
        if self.page is not None:
            self.page.destroy()
        self.notice.expire()
        self._where = page
        self._bar.mark(page)
        self.page = PAGES[page][1](self, self)
        self.page.grid(row=1, column=0, sticky="nsew")

    def change_language(self, code: str) -> None:
        """Everything in another language."""
        self._drop_question()
        self.say = Words(code)
        self.window.title(self.say("Employees"))
        self._bar.destroy()
        self._bar = self._make_bar()
        self.notice.clear()
        self._open(self._where)

    # What pages use (see page.Host)

    def tell(self, text: str, kind: str = "plain") -> None:
        """A line at the bottom; empty: none."""
        if text:
            self.notice.show(self.say, text, kind)
        else:
            self.notice.clear()

    def ask(self, title: str, text: str, action: str, then: Callable[[], None], *, dangerous: bool = False) -> None:
        """A question over the page."""
        self._drop_question()

        def answered(*, yes: bool) -> None:
            self._drop_question()
            if yes:
                then()

        self._question = Question(self, self.say, title, text, action, answered, dangerous=dangerous)
        self._question.place(in_=self.page, relx=0, rely=0, relwidth=1, relheight=1)

    def _drop_question(self) -> None:
        if self._question is not None:
            self._question.destroy()
            self._question = None

    def work(self, text: str, task: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """On a thread; `done` is called if the page that asked is still there, and every page reads its data again."""
        asked_by = self.page

        def finished(result: Any) -> None:
            self.notice.clear()
            if self.page is asked_by:
                done(result)
            self._refresh()

        def failed(error: Exception) -> None:
            traceback.print_exception(error)
            self.tell(self._told(error), "bad")
            self._refresh()

        if self.background.run(task, finished, failed):
            self.notice.show(self.say, text, "busy")
        else:
            self.tell(self.say("Something else is still going on. Try again in a moment."))

    def _told(self, error: Exception) -> str:
        """What happened, and where the state before is."""
        notes = getattr(error, "__notes__", [])
        line = next((note.removeprefix("line ") for note in notes if note.startswith("line ")), "")
        text = str(error) or type(error).__name__
        if line:
            text = self.say("The problem is in line {line}: {error}", line=line, error=text)
            text = self.say("Nothing was imported. {error}", error=text)
        else:
            text = self.say("It did not work: {error}", error=text)
        point = getattr(error, "restore_point", None)
        if point is not None:
            text += " " + self.say("The state before is backup {id}, on the Backups page.", id=point.short_id)
        return text

    def _refresh(self) -> None:
        if self.page is not None:
            self.page.refresh()

    def _heard(self, name: str, facts: Any) -> None:
        """On Litekeep's thread: after a restore the people are other ones."""
        if name == "job_finished" and facts.get("verb") in ("restore", "undo"):
            self.background.post(self._refresh)

    # The end

    def close(self) -> None:
        """With a last backup, for which the window waits a few seconds at most."""
        if self._closing:
            return
        if self.background.busy:
            self.tell(self.say("Something else is still going on. Try again in a moment."))
            return
        self._closing = True
        self._drop_question()
        if self.page is not None:
            self.page.destroy()
            self.page = None
        self._unsubscribe()
        self.notice.show(self.say, self.say("Making a last backup before closing…"), "busy")

        def task() -> None:
            self.manager.close(timeout_seconds=protection.CLOSING_SECONDS)

        self.background.run(task, lambda _: self._end(), lambda _: self._end())

    def _end(self) -> None:
        self.background.close()
        self.notice.clear()
        database.close()
        self.window.destroy()
