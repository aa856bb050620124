"""Doctor: look for what could go wrong, with the database and with its backups, before it does. Nothing is changed.

A finding says what was seen, why it matters and what to do about it. A PROBLEM has happened or will; ADVICE is about
what may happen.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import LitekeepError
from litekeep.operations.places import network_share, open_to_others, same_device, synced_by
from litekeep.operations.scratch import PREFIX as SCRATCH_PREFIX
from litekeep.repository import layout
from litekeep.repository.catalog import Catalog
from litekeep.repository.repository import Repository
from litekeep.sqlite.filesystem import SPACE_FACTOR
from litekeep.sqlite.openers import openers
from litekeep.sqlite.source import beside
from litekeep.storage.durable import TEMPORARY_PREFIX

OLD_ENOUGH = timedelta(hours=1)
"""Temporaries younger than this may belong to a run that is going on."""
TEST_EVERY = timedelta(days=30)
OURS = frozenset({"journal.jsonl", "journal.1.jsonl", "backup.log", "lock", "repository.json"})
FIRST_YEAR = 2025
"""Litekeep did not exist before: a clock that shows less is wrong."""


class Severity(StrEnum):
    """How bad."""

    PROBLEM = "problem"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    """code: the stable word. what, why, fix: one sentence each, without a full stop."""

    severity: Severity
    code: str
    what: str
    why: str
    fix: str


def examine_database(database: Path, folder: Path | None) -> list[Finding]:
    """Look at a database with os.stat and its first 20 bytes, which this process must not have open otherwise.

    folder: of its repository, if there is one.
    """
    path = Path(os.path.realpath(database))
    findings = list(_interrupted_restore(path))
    if not os.path.isfile(path):
        what = f"there is no database at {database}, or this user may not look"
        return [*findings, _problem("missing", what, "backups of it cannot be made", "check path, drive and rights")]
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
            _advice(
                "same_device",
                f"{path.name} and its backups are on the same drive",
                "a drive that fails takes both",
                f"put the repository on another drive: litekeep backup {path.name} -r DIR",
            )
        )
    return findings


def examine_repository(repository: Repository, catalog: Catalog, folder: Path, clock: Clock) -> list[Finding]:
    """Look at a repository without reading packs; `litekeep verify --stored` reads everything."""
    return [
        *_damage(catalog),
        *_openness(folder),
        *_left_overs(folder, clock.now()),
        *_foreign(repository, folder),
        *_clock(catalog, clock.now()),
        *_tests(catalog, clock.now()),
    ]


def _problem(code: str, what: str, why: str, fix: str) -> Finding:
    return Finding(Severity.PROBLEM, code, what, why, fix)


def _advice(code: str, what: str, why: str, fix: str) -> Finding:
    return Finding(Severity.ADVICE, code, what, why, fix)


def _is_wal(path: Path) -> bool:
    try:
        with open(path, "rb") as stream:
            return stream.read(20)[19:20] == b"\x02"
    except OSError:
        return False


def _interrupted_restore(path: Path) -> Iterator[Finding]:
    intent = path.with_name(f".{path.name}.litekeep-restore")
    if os.path.lexists(intent):
        yield _problem(
            "interrupted_restore",
            f"a restore of {path.name} was interrupted",
            "the database may be the old one, the new one, or not in place yet",
            "close all programs that use it and run the restore again: it first finishes or undoes the old one",
        )


def _place(path: Path, *, wal: bool) -> Iterator[Finding]:
    if program := synced_by(path):
        yield _problem(
            "synced_folder",
            f"{path} lies in a folder that {program} keeps in step",
            "it copies the database and its log at different moments, which can destroy them",
            "move the database out of that folder; the repository may stay in one",
        )
    if kind := network_share(path):
        if wal:
            what, why = f"{path.name} is in WAL mode on {kind}", "WAL mode needs shared memory, which shares lack"
            yield _problem("wal_on_share", what, why, "move it to a local disk, or: PRAGMA journal_mode=DELETE")
        else:
            what, why = f"{path.name} lies on {kind}", "locks are not reliable there, and two programs can destroy it"
            yield _advice("network_share", what, why, "move it to a local disk")


def _sqlite_version(*, wal: bool) -> Iterator[Finding]:
    version = sqlite3.sqlite_version_info
    if wal and has_wal_reset_bug(version):
        yield _advice(
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
        yield _problem(
            "hard_links",
            f"{path.name} has {names} names (hard links)",
            "programs that open it under different names do not see each other's journals and can destroy it",
            "keep one name and delete the others",
        )


def _sidecars(path: Path, *, wal: bool) -> Iterator[Finding]:
    if openers(path) != []:
        return  # in use, or unknown
    journal, log = beside(path, "-journal"), beside(path, "-wal")
    if os.path.exists(journal) and journal.stat().st_size:
        yield _advice(
            "stale_journal",
            f"{journal.name} is there although no program has the database open",
            "a program ended inside a transaction; SQLite rolls it back when the database is opened next",
            "leave it where it is, never delete it, and start the application once",
        )
    if os.path.exists(log) and log.stat().st_size:
        why = "its last commits are only in that file" if wal else "the database is not in WAL mode: it may not belong"
        fix = "leave it beside the database, never delete it, and start and close the application once"
        what = f"{log.name} is there although no program has the database open"
        yield _advice("stale_wal", what, why, fix)


def _rights(path: Path) -> Iterator[Finding]:
    if sys.platform != "win32" and path.stat().st_uid != os.geteuid():
        yield _advice(
            "other_owner",
            f"{path.name} belongs to user {path.stat().st_uid}, and this is user {os.geteuid()}",
            "files made beside it by another user can lock its owner out",
            "run backups and restores as the owner of the database",
        )
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        what = f"this user may not write {path.name} or its folder"
        why = "backups work, but a restore over it does not, and a WAL database must be copied aside for each backup"
        yield _advice("not_writable", what, why, "run as the owner of the database")


def _room(path: Path, folder: Path | None) -> Iterator[Finding]:
    import shutil

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
            yield _problem("low_space", what, why, "free some space, or name another place with --scratch or -r")


def _damage(catalog: Catalog) -> Iterator[Finding]:
    fix = "see `litekeep verify --all`, look at the disk, and back up again: it stores anew what is damaged"
    for error in catalog.damaged:
        yield _problem("damaged", error.message, "what it describes cannot be used", fix)
    for snapshot in catalog.snapshots:
        if snapshot.damage and snapshot.trashed_at is None:
            what = f"backup {snapshot.short_id} of {snapshot.source} is damaged: {snapshot.damage[0]}"
            yield _problem("damaged", what, "it cannot be restored as a whole", fix)


def _openness(folder: Path) -> Iterator[Finding]:
    if open_to_others(folder):
        why = "its files are closed to them, but names and sizes are not, and restored copies may not be either"
        yield _advice("open_folder", f"every user of this machine can look into {folder}", why, f"chmod 700 {folder}")


def _left_overs(folder: Path, now: datetime) -> Iterator[Finding]:
    oldest = (now - OLD_ENOUGH).timestamp()
    left = [path for path in folder.rglob(f"{TEMPORARY_PREFIX}*") if _older(path, oldest)]
    left += [path for path in Path(tempfile.gettempdir()).glob(f"{SCRATCH_PREFIX}*") if _older(path, oldest)]
    if left:
        why = "a run was ended before it could tidy up; they only take space"
        fix = "nothing: the next backup removes working copies; other temporaries may be deleted"
        yield _advice("left_overs", f"{len(left)} temporary files are left over, {left[0]} for one", why, fix)


def _older(path: Path, than: float) -> bool:
    try:
        return path.lstat().st_mtime < than
    except OSError:
        return False


def _foreign(repository: Repository, folder: Path) -> Iterator[Finding]:
    ours = {*OURS, *dict(repository.config.files)}
    try:
        foreign = [e.key for e in repository.storage.list() if not _is_object(e.key) and e.key not in ours]
        left_plans = [e.key for e in repository.storage.list(layout.PLANS)]
    except LitekeepError:
        return
    tops = {"packs", "snapshots", "receipts", "marks", "plans", ".cache"}
    foreign += [p.name for p in folder.iterdir() if p.name not in ours | tops and not p.name.startswith(".tmp-")]
    names = sorted(set(foreign))
    if names:
        what = f"{len(names)} things in the repository are not Litekeep's, {names[0]} for one"
        yield _advice("foreign_files", what, "they are left alone, but may be somebody's mistake", "move them away")
    if left_plans:
        why = "nothing is lost, but space was not given back"
        yield _advice("interrupted_prune", "a prune was interrupted", why, "run `litekeep prune`, which finishes it")


def _is_object(key: str) -> bool:
    parsers = (layout.parse_snapshot_key, layout.parse_pack_key, layout.record_snapshot)
    return any(parse(key) for parse in parsers) or layout.is_plan_key(key)


def _clock(catalog: Catalog, now: datetime) -> Iterator[Finding]:
    newest = max((snapshot.created_at for snapshot in catalog.snapshots), default=None)
    if now.year < FIRST_YEAR or (newest is not None and newest > now + timedelta(minutes=5)):
        what = f"the clock shows {now:%Y-%m-%d %H:%M}"
        why = f"the newest backup is dated {newest:%Y-%m-%d %H:%M}" if newest else "that is before Litekeep was made"
        yield _problem("clock", what, why, "set the clock; until then retention waits for a confirmed prune")


def _tests(catalog: Catalog, now: datetime) -> Iterator[Finding]:
    for source in catalog.sources():
        live = [snapshot for snapshot in catalog.of(source) if snapshot.trashed_at is None]
        drills = [snapshot.drilled_at for snapshot in live if snapshot.drilled_at]
        why, fix = "only a restore proves that a restore works", "litekeep drill"
        if live and not drills:
            yield _advice("never_tested", f"no backup of {source} was ever test-restored", why, fix)
        elif drills and now - max(drills) > TEST_EVERY:
            days = (now - max(drills)).days
            yield _advice("not_tested_lately", f"the last test restore of {source} was {days} days ago", why, fix)
