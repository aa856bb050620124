"""The doctor's look at a database: its place, its names, the files beside it, rights and room. Nothing is changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from litekeep.operations.finding import Finding, advice, problem
from litekeep.operations.places import network_share, same_device, synced_by
from litekeep.sqlite.filesystem import SPACE_FACTOR
from litekeep.sqlite.openers import openers
from litekeep.sqlite.source import beside

_HOT_JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
"""A journal that is kept (journal_mode=PERSIST) begins with zeros instead (sqlite.org fileformat2 section 3)."""


def examine_database(database: Path, folder: Path | None) -> list[Finding]:
    """Look at a database with os.stat and its first 20 bytes, which this process must not have open otherwise.

    folder: of its repository, if there is one.
    """
    path = Path(os.path.realpath(database))
    findings = list(_interrupted_restore(path))
    if not os.path.isfile(path):
        what = f"there is no database at {database}, or this user may not look"
        return [*findings, problem("missing", what, "backups of it cannot be made", "check path, drive and rights")]
    wal = _is_wal(path)
    findings += [
        *_place(path, wal=wal),
        *_sqlite_version(wal=wal),
        *_names(path),
        *_sidecars(path, wal=wal),
        *_rights(path),
        *_room(path, folder),
    ]
    if folder is not None and same_device(path, folder):
        findings.append(
            advice(
                "same_device",
                f"{path.name} and its backups are on the same drive",
                "a drive that fails takes both",
                f"put the repository on another drive: litekeep backup {path.name} -r DIR",
            )
        )
    return findings


def _is_wal(path: Path) -> bool:
    return _first_bytes(path, 20)[19:] == b"\x02"


def _interrupted_restore(path: Path) -> Iterator[Finding]:
    intent = path.with_name(f".{path.name}.litekeep-restore")
    if os.path.lexists(intent):
        yield problem(
            "interrupted_restore",
            f"a restore of {path.name} was interrupted",
            "the database may be the old one, the new one, or not in place yet",
            "close all programs that use it and run the restore again: it first finishes or undoes the old one",
        )


def _place(path: Path, *, wal: bool) -> Iterator[Finding]:
    if program := synced_by(path):
        yield problem(
            "synced_folder",
            f"{path} lies in a folder that {program} keeps in step",
            "it copies the database and its log at different moments, which can destroy them",
            "move the database out of that folder; the repository may stay in one",
        )
    if kind := network_share(path):
        if wal:
            what, why = f"{path.name} is in WAL mode on {kind}", "WAL mode needs shared memory, which shares lack"
            remedy = "move it to a local disk, or, with all programs that use it closed: PRAGMA journal_mode=DELETE"
            yield problem("wal_on_share", what, why, remedy)
        else:
            what, why = f"{path.name} lies on {kind}", "locks are not reliable there, and two programs can destroy it"
            yield advice("network_share", what, why, "move it to a local disk")


def _sqlite_version(*, wal: bool) -> Iterator[Finding]:
    version = sqlite3.sqlite_version_info
    if wal and has_wal_reset_bug(version):
        yield advice(
            "wal_reset_bug",
            f"this Python uses SQLite {sqlite3.sqlite_version}",
            "before 3.51.3, checkpoints of two programs at one moment can lose commits in WAL mode (a rare race). "
            "Litekeep itself never checkpoints",
            "update SQLite, in your application first of all",
        )


def has_wal_reset_bug(version: tuple[int, int, int]) -> bool:
    """3.7.0 to 3.51.2, except the branches where it was mended too (sqlite.org wal, the WAL-reset bug)."""
    mended = (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)
    return (3, 7, 0) <= version < (3, 51, 3) and not mended


def _names(path: Path) -> Iterator[Finding]:
    names = path.stat().st_nlink
    if names > 1:
        yield problem(
            "hard_links",
            f"{path.name} has {names} names (hard links)",
            "programs that open it under different names do not see each other's journals and can destroy it",
            "keep one name and delete the others",
        )


def _sidecars(path: Path, *, wal: bool) -> Iterator[Finding]:
    """Where the system does not tell who has the database open, only what is certain without it."""
    holders = openers(path)
    if holders:
        return
    journal, log = beside(path, "-journal"), beside(path, "-wal")
    if holders == [] and _first_bytes(journal, 8) == _HOT_JOURNAL:
        yield advice(
            "stale_journal",
            f"{journal.name} is there although no program has the database open",
            "a program ended inside a transaction; SQLite rolls it back when the database is opened next",
            "leave it where it is, never delete it, and start the application once",
        )
    # Every program that has a WAL database open shares the -shm file.
    idle = holders == [] or not os.path.exists(beside(path, "-shm"))
    if idle and os.path.exists(log) and log.stat().st_size:
        why = "its last commits are only in that file" if wal else "the database is not in WAL mode: it may not belong"
        fix = "leave it beside the database, never delete it, and start and close the application once"
        what = f"{log.name} is there although no program has the database open"
        yield advice("stale_wal", what, why, fix)


def _first_bytes(path: Path, length: int) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read(length)
    except OSError:
        return b""


def _rights(path: Path) -> Iterator[Finding]:
    if sys.platform != "win32" and path.stat().st_uid != os.geteuid():
        yield advice(
            "other_owner",
            f"{path.name} belongs to user {path.stat().st_uid}, and this is user {os.geteuid()}",
            "files made beside it by another user can lock its owner out",
            "run backups and restores as the owner of the database",
        )
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        what = f"this user may not write {path.name} or its folder"
        why = "backups work, but a restore over it does not, and a WAL database must be copied aside for each backup"
        yield advice("not_writable", what, why, "run as the owner of the database")


def _room(path: Path, folder: Path | None) -> Iterator[Finding]:
    needed = int(path.stat().st_size * SPACE_FACTOR)
    scratch = Path(tempfile.gettempdir())
    places = [(scratch, "a backup needs a working copy there"), (path.parent, "a restore needs a working copy there")]
    if folder is not None:
        places.append((folder, "the next backup may not fit"))
    for place, why in places:
        try:
            free = shutil.disk_usage(place).free
        except OSError:
            continue
        if free < needed:
            what = f"only {free >> 20:,} MiB are free in {place}, and the database has {needed >> 20:,} MiB"
            yield problem("low_space", what, why, "free some space, or name another place with --scratch or -r")
