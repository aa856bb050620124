"""The system's dialogs for files, in front of the window they belong to."""

from __future__ import annotations

import tkinter
from pathlib import Path
from tkinter import filedialog

from litekeep.ui.language.words import Language

DATABASES = "*.db *.sqlite *.sqlite3 *.gz *.zst"


class SystemFiles:
    """See stage.Files."""

    def __init__(self, owner: tkinter.Misc, say: Language) -> None:
        self._owner, self._say = owner, say

    def open_file(self, title: str, *, databases: bool = True) -> Path | None:
        """A database, packed or not; or any file."""
        say = self._say
        kinds = [(say("Databases"), DATABASES), (say("All files"), "*")][not databases :]
        return _path(filedialog.askopenfilename(parent=self._owner, title=title, filetypes=kinds))

    def save_file(self, title: str, name: str) -> Path | None:
        """A file that must not exist: the dialog does not offer to overwrite, and the engine would refuse."""
        chosen = filedialog.asksaveasfilename(
            parent=self._owner, title=title, initialfile=name, defaultextension=".db", confirmoverwrite=False
        )
        return _path(chosen)

    def folder(self, title: str, at: Path | None = None) -> Path | None:
        """One that exists; the dialog begins at `at`."""
        begin = str(at) if at is not None else None
        return _path(filedialog.askdirectory(parent=self._owner, title=title, mustexist=True, initialdir=begin))


def _path(chosen: object) -> Path | None:
    return Path(str(chosen)) if chosen else None
