"""Replacing a database file that nobody has open, so that a crash at any step can be finished or undone.

Used when the database cannot be written through SQLite: missing, damaged, not a database, or of another page size.
Under a running program it would be fatal: acknowledged commits go into a file that is gone, and a new reader mixes the
new file with the old -wal. So: every opener known and none found, and the SQLite lock free.

    1  the prepared file comes to the target's folder as .litekeep-<id>.tmp, with the old file's owner and mode, synced
    2  the intent file .<name>.litekeep-restore tells the id, synced                     from here a crash is noticed
    3  .before-restore-<id>/ is made
    4  the old database moves into it first, then -wal, -shm, -journal                   from here it will be finished
    5  the prepared file gets the target's name (never in the place of another), synced
    6  the intent file goes

The database moves before its sidecars: a program that starts in between finds no database rather than one without its
log. New file and old -wal never lie side by side under the final names: step 5 comes after all of 4. While the intent
file exists, `finish_interrupted` reads off the files how far it went: before 4 it undoes (the old state), after the
first move of 4 it finishes (the new state). The old files are kept in .before-restore-<id>/, together and usable.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import stat
import sys
from contextlib import closing, suppress
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path

from litekeep.errors import Refused, TargetInUse
from litekeep.records import dataclass
from litekeep.sqlite.connect import check_length, is_busy, uri
from litekeep.sqlite.filesystem import file_errors, sync_file, sync_folder
from litekeep.sqlite.openers import openers
from litekeep.sqlite.publish import DEFAULT_MODE, brought_beside, dress, publish
from litekeep.sqlite.source import SIDECARS, beside

_MOST_INTENT_BYTES = 1 << 16


class Outcome(StrEnum):
    """What finish_interrupted did."""

    NOTHING = "nothing"
    UNDONE = "undone"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class _Intent:
    """The intent file: names only, all in the target's folder."""

    target: Path
    id: str
    prepared: str
    had_target: bool

    @property
    def place(self) -> Path:
        return self.target.with_name(self.prepared)

    @property
    def aside(self) -> Path:
        return self.target.with_name(f".before-restore-{self.id}")

    @property
    def file(self) -> Path:
        return _intent_file(self.target)


def install_replace(prepared: Path, target: Path, *, all_closed: bool = False) -> Path | None:
    """Put the prepared file in the place of `target` and keep the old files beside it.

    The prepared name is gone afterwards. all_closed: the caller knows that no program has the database open, where the
    system cannot tell (openers() is None). Returns the folder .before-restore-<id> with the
    old files, None if there were none.

    Raises TargetInUse if a program has it open or that cannot be known; Refused after an interrupted replacement
    (finish_interrupted first); NoSpace, PermissionRefused, StorageError, after which finish_interrupted puts it right.
    """
    target = Path(os.path.realpath(target))
    check_length(target)
    if _intent_file(target).exists():
        raise Refused(
            f"an earlier restore of {target} was interrupted",
            safe="Nothing was changed.",
            hint="Let it be finished first; every Litekeep command that restores does so at its start.",
        )
    _refuse_if_open(target, all_closed=all_closed)
    with file_errors(target):
        intent = _begin(prepared, target)
        _carry_out(intent)
    return intent.aside if intent.aside.exists() else None


def finish_interrupted(target: Path) -> Outcome:
    """Finish or undo a replacement of `target` that was interrupted; call it before a database is used or restored.

    Raises Refused if another program made a database in that place meanwhile: then people must choose.
    """
    target = Path(os.path.realpath(target))
    with file_errors(target):
        intent = _read_intent(target)
        return Outcome.NOTHING if intent is None else _finish(intent)


def _finish(intent: _Intent) -> Outcome:
    target = intent.target
    old_moved = (intent.aside / target.name).exists()
    if not intent.place.exists():
        if target.exists() and (old_moved or not intent.had_target):
            _forget(intent)
            return Outcome.FINISHED
        _undo(intent)
        return Outcome.UNDONE
    if target.exists() and target.samefile(intent.place):
        os.unlink(intent.place)
        _forget(intent)
        return Outcome.FINISHED
    if target.exists() and not old_moved and intent.had_target:
        _undo(intent)
        return Outcome.UNDONE
    if target.exists():
        raise Refused(
            f"a restore of {target} was interrupted, and another program has made a new database there since",
            safe=f"The old database is in {intent.aside}, the restored one in {intent.place}.",
            hint=f"Move away what is not wanted, then delete {intent.file}.",
        )
    _carry_out(intent)
    return Outcome.FINISHED


def _refuse_if_open(target: Path, *, all_closed: bool) -> None:
    holders = openers(target)
    if holders:
        names = ", ".join(f"{name} ({process})" for process, name in holders)
        raise TargetInUse(f"{target} is open in {names}", safe="Nothing was changed.", hint="Close these programs.")
    if holders is None and not all_closed and target.exists():
        raise TargetInUse(
            f"this system does not tell whether a program has {target} open",
            safe="Nothing was changed.",
            hint="Close all programs that use it and confirm it, or run as root on Linux.",
        )
    if target.exists() and _is_locked(target):
        raise TargetInUse(f"{target} is locked by a program", safe="Nothing was changed.", hint="Close that program.")


def _is_locked(target: Path) -> bool:
    """Ask SQLite: also tells of programs in other containers that hold a lock at this moment. Damage is no lock."""
    try:
        with closing(sqlite3.connect(uri(target, "mode=ro"), uri=True, timeout=0, isolation_level=None)) as connection:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.Error as error:
        return is_busy(error)
    return False


def _begin(prepared: Path, target: Path) -> _Intent:
    """Steps 1 and 2."""
    place = brought_beside(prepared, target)
    try:
        _dress_as(place, target)
        sync_file(place)
        intent = _Intent(target, os.urandom(8).hex(), place.name, target.exists())
        _write_intent(intent)
    except BaseException:
        with suppress(OSError):
            os.rename(place, prepared)
        raise
    return intent


def _dress_as(place: Path, target: Path) -> None:
    """Owner and permissions as the old file has them, or 0600."""
    try:
        status = os.stat(target)
    except OSError:
        dress(place, DEFAULT_MODE)
        return
    try:
        dress(place, status.st_mode & 0o777, (status.st_uid, status.st_gid))
    except PermissionError:  # only root may give files away; the mode is then for ourselves
        dress(place, status.st_mode & 0o777)


def _carry_out(intent: _Intent) -> None:
    """Steps 3 to 6, from wherever an earlier attempt got to."""
    target = intent.target
    files = [path for path in (target, *(beside(target, suffix) for suffix in SIDECARS)) if os.path.lexists(path)]
    if files:
        with suppress(FileExistsError):
            os.mkdir(intent.aside, 0o700)
        if not stat.S_ISDIR(os.lstat(intent.aside).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder of its own", str(intent.aside))
        sync_folder(target.parent)
        for path in files:
            os.rename(path, intent.aside / path.name)
            # In this order also after a power cut: the log never leaves before its database.
            sync_folder(intent.aside)
            sync_folder(target.parent)
    publish(intent.place, target)
    _forget(intent)


def _undo(intent: _Intent) -> None:
    """Back to the old state: what was moved returns, the sidecars before the database; the prepared file goes."""
    for suffix in (*SIDECARS, ""):
        name = intent.target.name + suffix
        if (intent.aside / name).exists():
            os.rename(intent.aside / name, intent.target.with_name(name))
            sync_folder(intent.target.parent)
    with suppress(FileNotFoundError):
        intent.aside.rmdir()
    intent.place.unlink(missing_ok=True)
    _forget(intent)


def _intent_file(target: Path) -> Path:
    return target.with_name(f".{target.name}.litekeep-restore")


def _write_intent(intent: _Intent) -> None:
    facts = {**asdict(intent), "target": intent.target.name.encode("utf-8", "surrogateescape").hex()}
    draft = intent.file.with_name(intent.place.name + ".intent")
    with open(draft, "x", encoding="ascii") as stream:
        json.dump(facts, stream)
    sync_file(draft)
    os.rename(draft, intent.file)
    sync_folder(intent.target.parent)


def _read_intent(target: Path) -> _Intent | None:
    try:
        facts = json.loads(_read_small(_intent_file(target)))
        intent = _Intent(target, str(facts["id"]), str(facts["prepared"]), bool(facts["had_target"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(
            f"{_intent_file(target)} cannot be understood",
            safe="Nothing was changed.",
            hint="Look into the folders .before-restore-* beside it for the old database, then delete that file.",
        ) from error
    if (
        not intent.id.isalnum()
        or "/" in intent.prepared
        or "\\" in intent.prepared
        or not intent.prepared.startswith(".litekeep-")
        or intent.aside.is_symlink()
    ):
        raise Refused(f"{_intent_file(target)} was not written by Litekeep", safe="Nothing was changed.")
    return intent


def _read_small(path: Path) -> bytes:
    """A regular file of a few hundred bytes; raises ValueError for what another user may have put there.

    In a folder like /tmp everybody can make names; in any other, who can make this one can change the database as well.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("not a file")
        if sys.platform != "win32" and os.stat(path.parent).st_mode & stat.S_ISVTX:
            if found.st_uid not in (0, os.geteuid()):
                raise ValueError("the file of another user")
        return os.read(descriptor, _MOST_INTENT_BYTES)
    finally:
        os.close(descriptor)


def _forget(intent: _Intent) -> None:
    os.unlink(intent.file)
    sync_folder(intent.target.parent)
