"""Setting a database up: which file, which folder, and is anything wrong with them. No Tk.

The settings file lies beside the database, where `litekeep -c` and an application find it too: `backup.json`, or
`<name>.backup.json` if that is another database's. Where nothing can be written there, it lies with the program's own.
"""

from __future__ import annotations

import os
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from blake3 import blake3

from litekeep.config.edit import create_settings
from litekeep.config.load import load_settings
from litekeep.config.starter import starter_document
from litekeep.errors import LitekeepError
from litekeep.formats.repoconfig import KEY as REPOSITORY
from litekeep.operations.places import same_device
from litekeep.records import dataclass
from litekeep.storage.durable import make_folders
from litekeep.ui.app.remembered import Known

DEFAULT_FOLDER = "backups"
DEFAULT_FILE = "backup.json"
_BEGINNING = b"SQLite format 3\x00"


class Flaw(StrEnum):
    """What is wrong with a choice, or worth knowing about it."""

    NO_DATABASE = "no_database"
    """Nothing is chosen yet."""
    NOT_THERE = "not_there"
    UNREADABLE = "unreadable"
    NOT_SQLITE = "not_sqlite"
    NO_FOLDER = "no_folder"
    FOLDER_ABOVE_MISSING = "folder_above_missing"
    """The folder would have to be made in one that is not there: a drive that is not plugged in, or a slip."""
    FOLDER_IS_FILE = "folder_is_file"
    FOLDER_CLOSED = "folder_closed"
    """This user may not write there."""
    SAME_DRIVE = "same_drive"
    """No obstacle: but a dying drive takes both."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose so far, as texts of the fields."""

    database: str = ""
    folder: str = ""
    encrypt: bool = False

    def database_flaw(self) -> Flaw | None:
        """What is wrong with the file."""
        if not self.database.strip():
            return Flaw.NO_DATABASE
        path = _path(self.database)
        if not os.path.isfile(path):
            return Flaw.NOT_THERE
        try:
            with open(path, "rb") as file:
                beginning = file.read(len(_BEGINNING))
        except OSError:
            return Flaw.UNREADABLE
        return None if beginning in (_BEGINNING, b"") else Flaw.NOT_SQLITE

    @property
    def settled(self) -> Path | None:
        """The settings file that the database has already, an application's perhaps: it says which folder."""
        return known_settings(_path(self.database)) if self.database.strip() else None

    def folder_flaw(self) -> Flaw | None:
        """What is wrong with the folder."""
        if self.settled:
            return None
        if not self.folder.strip():
            return Flaw.NO_FOLDER
        path = _path(self.folder)
        if os.path.lexists(path) and not os.path.isdir(path):
            return Flaw.FOLDER_IS_FILE
        if not os.path.isdir(path) and not os.path.isdir(path.parent):
            return Flaw.FOLDER_ABOVE_MISSING
        if not os.access(path if os.path.isdir(path) else path.parent, os.W_OK):
            return Flaw.FOLDER_CLOSED
        return None

    def advice(self) -> Flaw | None:
        """What is worth knowing where nothing is wrong."""
        if self.database_flaw() or self.folder_flaw() or self.settled:
            return None
        folder = _path(self.folder)
        above = folder if os.path.isdir(folder) else folder.parent
        return Flaw.SAME_DRIVE if same_device(_path(self.database), above) else None

    @property
    def can_encrypt(self) -> bool:
        """The folder of the backups is made anew, so that they can be encrypted from the first one on."""
        return self.ready and self.settled is None and not os.path.lexists(_path(self.folder) / REPOSITORY)

    @property
    def ready(self) -> bool:
        """Nothing is wrong."""
        return self.database_flaw() is None and self.folder_flaw() is None


def encryption_installed() -> bool:
    """The package that encrypts is there."""
    return find_spec("cryptography") is not None


def key_file(known: Known, own_folder: Path) -> Path:
    """Where the key of this computer for a database's backups is kept: with the program's own, away from the backups.

    own_folder: of the program.
    """
    digits = blake3(str(known.settings).encode("utf-8", "surrogatepass")).hexdigest(4)
    return own_folder / "keys" / f"{known.database.stem}-{digits}.key"


def proposed_folder(database: str) -> str:
    """The one that its settings name, else `backups` beside the database."""
    if not database.strip():
        return ""
    path = _path(database)
    file = known_settings(path)
    return str(load_settings(file, {}).backup.backup_directory if file else path.parent / DEFAULT_FOLDER)


def known_settings(database: Path) -> Path | None:
    """A settings file beside the database that is about it; None if there is none."""
    for name in (DEFAULT_FILE, f"{database.stem}.{DEFAULT_FILE}"):
        file = database.absolute().parent / name
        if os.path.isfile(file) and _names(file, database):
            return file
    return None


def _names(file: Path, database: Path) -> bool:
    try:
        named = load_settings(file, {}).database
    except LitekeepError:
        return False
    return named is not None and os.path.realpath(named) == os.path.realpath(database)


def set_up(choices: Choices, own_folder: Path) -> Known:
    """The database with its settings file, which is written if it has none.

    own_folder: of the program, for where that of the database is closed. Raises SettingsInvalid, Refused, UsageError.
    """
    database, folder = _path(choices.database), _path(choices.folder)
    if file := choices.settled:
        return Known(database, file)
    file = _free_name(database, own_folder)
    make_folders(file.parent)
    create_settings(file, starter_document(file, database, folder))
    return Known(database, file)


def _free_name(database: Path, own_folder: Path) -> Path:
    beside = database.parent
    places = [beside] if os.access(beside, os.W_OK) else []
    for folder in (*places, own_folder / "databases"):
        names = [DEFAULT_FILE] if folder == beside else []
        names += [f"{database.stem}.{DEFAULT_FILE}"]
        names += [f"{database.stem}-{number}.{DEFAULT_FILE}" for number in range(2, 1000)]
        for name in names:
            if not os.path.lexists(folder / name):
                return folder / name
    return own_folder / DEFAULT_FILE  # a thousand of one name: creating it will tell


def _path(text: str) -> Path:
    return Path(os.path.expanduser(text.strip())).absolute()
