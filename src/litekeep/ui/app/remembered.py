"""What the program remembers from one time to the next: the databases that were opened in it, and where its window was.

One small JSON file where the system keeps settings of programs. It is replaced in one step; one that cannot be read
counts as empty, for it holds nothing that cannot be chosen again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from litekeep.records import dataclass
from litekeep.storage.durable import make_folders, remove_quietly, sync_folder, write_temporary

SCHEMA = "litekeep.window/1"
FILE_NAME = "window.json"


@dataclass(frozen=True, slots=True)
class Known:
    """A database that was opened. settings: its settings file. Both absolute."""

    database: Path
    settings: Path

    @property
    def missing(self) -> bool:
        """The database or its settings are not there now."""
        return not (os.path.isfile(self.database) and os.path.isfile(self.settings))


@dataclass(frozen=True, slots=True)
class Memory:
    """databases: in the order in which they were added. shown: the settings file of the one shown last.

    geometry: of the window, as Tk writes it, at scale 1; empty before the first time.
    """

    databases: tuple[Known, ...] = ()
    shown: Path | None = None
    geometry: str = ""

    def find(self, settings: Path | None) -> Known | None:
        """The one with that settings file."""
        return next((each for each in self.databases if each.settings == settings), None)

    def of_database(self, database: Path) -> Known | None:
        """The one with that database."""
        real = os.path.realpath(database)
        return next((each for each in self.databases if os.path.realpath(each.database) == real), None)

    def with_shown(self, known: Known) -> Memory:
        """It is shown now; added if it is new."""
        others = [each for each in self.databases if each.settings != known.settings]
        databases = self.databases if known in self.databases else (*others, known)
        return replace(self, databases=databases, shown=known.settings)

    def without(self, known: Known) -> Memory:
        """Forget it; its backups stay."""
        rest = tuple(each for each in self.databases if each.settings != known.settings)
        shown = self.shown if self.shown != known.settings else next((each.settings for each in rest), None)
        return replace(self, databases=rest, shown=shown)


def memory_file(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Where it is: in the folder that the system has for settings of programs."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or os.path.expanduser("~"))
    if platform == "win32":
        folder = Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "Litekeep"
    elif platform == "darwin":
        folder = home / "Library" / "Application Support" / "Litekeep"
    else:
        named = environ.get("XDG_CONFIG_HOME", "")
        folder = (Path(named) if Path(named).is_absolute() else home / ".config") / "litekeep"
    return folder / FILE_NAME


def load(file: Path) -> Memory:
    """What is remembered; nothing if there is nothing, or nothing that can be read."""
    try:
        found = json.loads(file.read_text("utf-8"))
        shown = found.get("shown")
        return Memory(
            tuple(Known(_path(each["database"]), _path(each["settings"])) for each in found["databases"]),
            _path(shown) if shown else None,
            str(found.get("geometry", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Memory()


def _path(text: Any) -> Path:
    if not isinstance(text, str) or not Path(text).is_absolute():
        raise ValueError("no absolute path")
    return Path(text)


def save(file: Path, memory: Memory) -> None:
    """Remember; that it cannot be written is no reason to disturb anyone."""
    databases = [{"database": str(each.database), "settings": str(each.settings)} for each in memory.databases]
    shown = None if memory.shown is None else str(memory.shown)
    content = {"schema": SCHEMA, "databases": databases, "shown": shown, "geometry": memory.geometry}
    data = json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass") + b"\n"
    with suppress(OSError):
        make_folders(file.parent)
        temporary = write_temporary(str(file.parent), memoryview(data))
        try:
            os.replace(temporary, file)
        except OSError:
            remove_quietly(temporary)
            raise
        sync_folder(str(file.parent))
