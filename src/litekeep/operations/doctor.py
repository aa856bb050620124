"""Doctor: look for what could go wrong, with a database and with its backups, before it does. Nothing is changed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from litekeep.clock import Clock
from litekeep.errors import LitekeepError
from litekeep.operations.doctor_database import examine_database
from litekeep.operations.finding import Finding, Severity, advice, problem
from litekeep.operations.lookback import ACCEPT, look
from litekeep.operations.places import open_to_others
from litekeep.operations.scratch import PREFIX as SCRATCH_PREFIX
from litekeep.operations.spread import Holder, Spread
from litekeep.repository import layout
from litekeep.repository.catalog import Catalog
from litekeep.repository.repository import Repository
from litekeep.storage.durable import TEMPORARY_PREFIX

__all__ = ["Finding", "Severity", "examine_database", "examine_repository", "examine_spread"]

OLD_ENOUGH = timedelta(hours=1)
"""Temporaries younger than this may belong to a run that is going on."""
TEST_EVERY = timedelta(days=30)
OURS = frozenset({*layout.DIARIES, "lock", "repository.json"})
FIRST_YEAR = 2025
"""Litekeep did not exist before: a clock that shows less is wrong."""


def examine_repository(repository: Repository, catalog: Catalog, folder: Path | None, clock: Clock) -> list[Finding]:
    """Look at a repository without reading packs; `litekeep verify --stored` reads everything.

    folder: where it lies; None for one on a server, where rights and left-overs cannot be looked at so.
    """
    return [
        *_altered(repository, catalog, clock.now()),
        *_damage(catalog),
        *(_openness(folder) if folder else ()),
        *_left_overs(folder, clock.now()),
        *_foreign(repository, folder),
        *_clock(catalog, clock.now()),
        *_tests(catalog, clock.now()),
    ]


def _altered(repository: Repository, catalog: Catalog, now: datetime) -> Iterator[Finding]:
    for change in look(repository, now, catalog=catalog):
        why = "somebody may have deleted files or put an older state back; until you accept it, nothing is removed"
        fix = f"find out why, look at a copy in another place, and if all is as it should be: {ACCEPT}"
        yield problem(change.wrong.value, change.text, why, fix)


def examine_spread(spread: Spread) -> list[Finding]:
    """Is the data in three places, on two devices, one off-site? Only for who keeps copies at all."""
    copies = [each for each in spread.places if each.kind is Holder.COPY]
    if not copies or spread.holds:
        return []
    fix = " ".join(gap.text for gap in spread.missing).rstrip(".")
    if any(each.counts for each in copies):
        what, why = f"the data is not spread enough: {spread.sentence}", "one accident can take all of it"
        return [advice("not_spread", what, why, fix)]
    return [advice("one_place", "only one place holds the backups", "one accident can take all of them", fix)]


def _damage(catalog: Catalog) -> Iterator[Finding]:
    fix = "see `litekeep verify --all`, look at the disk, and back up again: it stores anew what is damaged"
    for error in catalog.damaged:
        yield problem("damaged", error.message, "what it describes cannot be used", fix)
    for snapshot in catalog.snapshots:
        if snapshot.damage and snapshot.trashed_at is None:
            what = f"backup {snapshot.short_id} of {snapshot.source} is damaged: {snapshot.damage[0]}"
            yield problem("damaged", what, "it cannot be restored as a whole", fix)


def _openness(folder: Path) -> Iterator[Finding]:
    if open_to_others(folder):
        why = "its files are closed to them, but names and sizes are not, and restored copies may not be either"
        yield advice("open_folder", f"every user of this machine can look into {folder}", why, f"chmod 700 {folder}")


def _left_overs(folder: Path | None, now: datetime) -> Iterator[Finding]:
    oldest = (now - OLD_ENOUGH).timestamp()
    found = folder.rglob(f"{TEMPORARY_PREFIX}*") if folder else ()
    left = [path for path in found if _older(path, oldest)]
    left += [path for path in Path(tempfile.gettempdir()).glob(f"{SCRATCH_PREFIX}*") if _older(path, oldest)]
    if left:
        why = "a run was ended before it could tidy up; they only take space"
        fix = "nothing: the next backup removes working copies; other temporaries may be deleted"
        yield advice("left_overs", f"{len(left)} temporary files are left over, {left[0]} for one", why, fix)


def _older(path: Path, than: float) -> bool:
    try:
        return path.lstat().st_mtime < than
    except OSError:
        return False


def _foreign(repository: Repository, folder: Path | None) -> Iterator[Finding]:
    ours = {*OURS, *dict(repository.config.files)}
    try:
        foreign = [e.key for e in repository.storage.list() if not _is_object(e.key) and e.key not in ours]
        left_plans = [e.key for e in repository.storage.list(layout.PLANS)]
    except LitekeepError:
        return
    tops = {"packs", "snapshots", "receipts", "marks", "plans", "keys", ".cache"}
    found = folder.iterdir() if folder else ()
    foreign += [p.name for p in found if p.name not in ours | tops and not p.name.startswith(".tmp-")]
    names = sorted(set(foreign))
    if names:
        what = f"{len(names)} things in the repository are not Litekeep's, {names[0]} for one"
        yield advice("foreign_files", what, "they are left alone, but may be somebody's mistake", "move them away")
    if left_plans:
        why = "nothing is lost, but space was not given back"
        yield advice("interrupted_prune", "a prune was interrupted", why, "run `litekeep prune`, which finishes it")


def _is_object(key: str) -> bool:
    parsers = (layout.parse_snapshot_key, layout.parse_pack_key, layout.record_snapshot)
    return any(parse(key) for parse in parsers) or any(
        known(key) for known in (layout.is_plan_key, layout.is_slot_key, layout.is_confirmed_key)
    )


def _clock(catalog: Catalog, now: datetime) -> Iterator[Finding]:
    newest = max((snapshot.created_at for snapshot in catalog.snapshots), default=None)
    if now.year < FIRST_YEAR or (newest is not None and newest > now + timedelta(minutes=5)):
        what = f"the clock shows {now:%Y-%m-%d %H:%M}"
        why = f"the newest backup is dated {newest:%Y-%m-%d %H:%M}" if newest else "that is before Litekeep was made"
        yield problem("clock", what, why, "set the clock; until then retention waits for a confirmed prune")


def _tests(catalog: Catalog, now: datetime) -> Iterator[Finding]:
    for source in catalog.sources():
        live = [snapshot for snapshot in catalog.of(source) if snapshot.trashed_at is None]
        drills = [snapshot.drilled_at for snapshot in live if snapshot.drilled_at]
        why, fix = "only a restore proves that a restore works", "litekeep drill"
        if live and not drills:
            yield advice("never_tested", f"no backup of {source} was ever test-restored", why, fix)
        elif drills and now - max(drills) > TEST_EVERY:
            days = (now - max(drills)).days
            yield advice("not_tested_lately", f"the last test restore of {source} was {days} days ago", why, fix)
