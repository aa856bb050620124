"""The program's window: what is remembered, which database is shown, and how it ends."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tkinter import filedialog
from typing import Any

from litekeep import BackupManager
from litekeep.errors import UsageError
from litekeep.ui.app.bar import Bar
from litekeep.ui.app.first_page import Dialogs, FirstPage
from litekeep.ui.app.first_run import Choices, key_file, known_settings, set_up
from litekeep.ui.app.fleet import Fleet
from litekeep.ui.app.remembered import Known, load, save
from litekeep.ui.app.trouble import Trouble
from litekeep.ui.app.waiting import Waiting
from litekeep.ui.bridge import Bridge
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.models import Action, Glyph
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.icons import GLYPHS, sign
from litekeep.ui.widgets.look import OWN
from litekeep.ui.widgets.paint import photo

SIZE = (1200, 800)
LEAST = (800, 600)
ICON_SIZES = (64, 48, 32, 16)
_GEOMETRY = re.compile(r"(\d+)x(\d+)([+-]-?\d+)([+-]-?\d+)")
ViewFactory = Callable[[Any, BackupManager, Language], Any]
"""Makes a BackupView in a master: a widget that is packed, and destroyed when another database is shown."""


class FileDialogs:
    """The system's own."""

    def __init__(self, window: Any, say: Language) -> None:
        self._window, self._say = window, say

    def database(self) -> str:
        """A file that is there."""
        kinds = [(self._say("Databases"), "*.db *.sqlite *.sqlite3 *.db3"), (self._say("All files"), "*")]
        title = self._say("Choose the database")
        return str(filedialog.askopenfilename(parent=self._window, title=title, filetypes=kinds) or "")

    def folder(self, beginning: str) -> str:
        """A folder; the dialog can make one."""
        first = next((str(each) for each in (Path(beginning), *Path(beginning).parents) if each.is_dir()), "")
        title = self._say("Choose the folder for the backups")
        return str(filedialog.askdirectory(parent=self._window, title=title, initialdir=first, mustexist=False) or "")


class Program:
    """Fills a window (CTk or CTkToplevel).

    Args:
        window: it; destroyed at the end.
        memory_file: see remembered.
        view: makes the view.
        asked: a database to be shown now, with its settings if they are known; None: the one shown last.
        folder: for the backups of `asked`, where it has no settings yet.
    """

    def __init__(
        self,
        window: Any,
        say: Language,
        memory_file: Path,
        view: ViewFactory,
        *,
        asked: tuple[Path, Path | None] | None = None,
        folder: Path | None = None,
        fleet: Fleet | None = None,
        dialogs: Dialogs | None = None,
    ) -> None:
        self.window, self.say = window, say
        self._memory_file, self._view, self._dialogs = memory_file, view, dialogs or FileDialogs(window, say)
        self.memory = load(memory_file)
        self.fleet = fleet or Fleet()
        self.page: Any = None
        self.waiting: Waiting | None = None
        self._set_up_window()
        self._ground = Piece(window, fill=OWN.bg, look=OWN)
        self._ground.pack(fill="both", expand=True)
        self.bar = Bar(self._ground, say, self._choose, self.add, self.remove)
        self._open(asked, folder)
        for each in self.memory.databases:
            self.fleet.start(each)

    # The window

    def _set_up_window(self) -> None:
        window = self.window
        window.title("Litekeep")
        window.minsize(*LEAST)
        window.geometry(self._remembered_geometry() or f"{SIZE[0]}x{SIZE[1]}")
        window.protocol("WM_DELETE_WINDOW", self.close)
        window.configure(fg_color=OWN.bg)
        self._set_icon()
        if sys.platform == "win32":
            window.after(250, self._set_icon)  # CustomTkinter sets its own after 200 ms

    def _set_icon(self) -> None:
        def picture(size: int) -> Any:
            return photo(
                self.window, ("program", size), lambda: sign(GLYPHS[Glyph.SHIELD_CHECK], size, OWN.heat_restorable[0])
            )

        self.window.iconphoto(False, *map(picture, ICON_SIZES))  # noqa: FBT003 - Tk's

    def _remembered_geometry(self) -> str:
        """Where the window was, if that is on a screen of today."""
        found = _GEOMETRY.fullmatch(self.memory.geometry)
        if not found:
            return ""
        width, height = int(found[1]), int(found[2])
        x, y = int(found[3].replace("+-", "-")), int(found[4].replace("+-", "-"))
        window = self.window
        left, top = window.winfo_vrootx(), window.winfo_vrooty()
        right = left + max(window.winfo_vrootwidth(), window.winfo_screenwidth())
        bottom = top + max(window.winfo_vrootheight(), window.winfo_screenheight())
        seen = left - 8 <= x <= right - 200 and top - 8 <= y <= bottom - 100
        size = f"{max(width, LEAST[0])}x{max(height, LEAST[1])}"
        return f"{size}{x:+d}{y:+d}" if seen else size

    # What is shown

    def _open(self, asked: tuple[Path, Path | None] | None, folder: Path | None) -> None:
        if asked is not None:
            database, settings = asked
            known = Known(database, settings) if settings else self._known(database)
            if known is None:
                self.add(Choices(str(database), str(folder or "")))
            else:
                self.show(known)
            return
        shown = self.memory.find(self.memory.shown) or next(iter(self.memory.databases), None)
        if shown is None:
            self.add()
        else:
            self.show(shown)

    def _known(self, database: Path) -> Known | None:
        settings = known_settings(database)
        return self.memory.of_database(database) or (Known(database, settings) if settings else None)

    def show(self, known: Known) -> None:
        """Show this database."""
        self.memory = self.memory.with_shown(known)
        save(self._memory_file, self.memory)
        manager = self.fleet.of(known)
        if manager is None:
            self._replace(lambda ground: self._trouble(ground, known), bar=True)
        else:
            self._replace(lambda ground: self._view(ground, manager, self.say), bar=True)
        self.window.title(f"{known.database.stem} – Litekeep")

    def add(self, choices: Choices | None = None) -> None:
        """Show the page that sets up another database."""
        back = self._back if self.memory.databases else None
        self._replace(lambda ground: FirstPage(ground, self.say, self._dialogs, self.set_up, back, choices), bar=False)
        self.window.title("Litekeep")

    def set_up(self, choices: Choices) -> None:
        """Protect this database from now on, and back it up at once. Raises LitekeepError."""
        known = self.memory.of_database(Path(choices.database).expanduser().absolute())
        if known is None or known.missing:
            known = set_up(choices, self._memory_file.parent)
        manager = self.fleet.of(known)
        if manager is None:
            raise self.fleet.troubles.get(known.settings) or UsageError(f"{known.database} is not there any more")
        if choices.encrypt:
            manager.make_encrypted(key_file(known, self._memory_file.parent))
        if not manager.list_backups():
            bridge = Bridge(manager)
            bridge.back_up()
            bridge.close()  # the view sees its progress and its end
        self.show(known)
        self.fleet.start(known)
        if choices.encrypt:
            self.page.perform(Action.RECOVERY_KEY)  # now, while somebody is there

    def remove(self) -> None:
        """Forget the database that is shown; its backups and settings stay where they are."""
        known = self.memory.find(self.memory.shown)
        if known is not None:
            self.memory = self.memory.without(known)
            save(self._memory_file, self.memory)
            self._back()
            self.fleet.forget(known)

    def _choose(self, settings: Path) -> None:
        known = self.memory.find(settings)
        if known is not None:
            self.show(known)

    def _back(self) -> None:
        self._open(None, None)

    def _trouble(self, ground: Any, known: Known) -> Trouble:
        say, error = self.say, self.fleet.troubles.get(known.settings)
        again = (say("Look again"), lambda: self.show(known))
        remove = (say("Remove from this list"), self.remove)
        if error is not None:
            lines = [str(error), error.safe, error.hint]
            return Trouble(ground, say("The settings cannot be used"), lines, [again, remove], glyph=Glyph.CLOCK)
        gone = known.settings if known.database.is_file() else known.database
        lines = [str(gone), say("Your backups are not affected. Is the drive plugged in?")]
        headline = say("The settings file is not there") if gone == known.settings else say("The database is not there")
        return Trouble(ground, headline, lines, [again, remove])

    def _replace(self, make: Callable[[Any], Any], *, bar: bool) -> None:
        if self.page is not None:
            self.page.destroy()
            self.page = None
        self.bar.pack_forget()
        if bar:
            self.bar.pack(fill="x")
            self.bar.tell(self.memory.databases, self.memory.find(self.memory.shown))
        self.page = make(self._ground)
        self.page.pack(fill="both", expand=True)

    # The end

    def close(self) -> None:
        """Close the window; while something runs, ask."""
        if self.waiting is not None:
            return
        if not self.fleet.running():
            self.end()
            return
        self.waiting = Waiting(self._ground, self.say, self.fleet.running, self.end, self._stay)
        self.waiting.place(x=0, y=0, relwidth=1, relheight=1)

    def _stay(self) -> None:
        if self.waiting is not None:
            self.waiting.destroy()
            self.waiting = None

    def end(self) -> None:
        """Close it now."""
        self.memory = replace(self.memory, geometry=str(self.window.geometry()))
        save(self._memory_file, self.memory)
        self.window.withdraw()
        if self.page is not None:
            self.page.destroy()
            self.page = None
        self.window.update_idletasks()
        self.fleet.close()
        self.window.destroy()
