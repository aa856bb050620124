"""Captures and backups beside writers at full speed: each is one state that was committed while it was taken.

A case is one capture, taken raw and by the backup API under one held transaction and compared page by page; now and
then also a whole backup, read out of its repository again. Each must hold the rows, their contents and the counter that
exactly so many commits leave, and so many must have been committed between the begin and the end of the taking.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crash.worlds import rebuilt
from litekeep.clock import SystemClock
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.sqlite.capture import CaptureOptions, pin
from litekeep.sqlite.pinned import PinnedSource, SourceReplaced
from litekeep.sqlite.wal import WalTrouble
from litekeep.storage.memory import MemoryStorage
from sqlite import programs
from sqlite.company import SETTINGS, Company, Setting, both_ways, counter, made, require_committed, require_equal_pages
from torture.campaign import Campaign, Shard, Size, Tally

CASES = {Size.CI: 18, Size.NIGHTLY: 2_100, Size.RELEASE: 50_000}
EACH = {Size.CI: 2, Size.NIGHTLY: 25, Size.RELEASE: 100}
BACKED_UP = 4
"""After every so many captures there is a backup too."""
CHOSEN = (
    "all kinds of checkpoints", "pages of 512", "pages of 65536", "growing and shrinking", "VACUUM and DDL",
    "writers that are killed", "delete, writers that are killed", "truncate", "persist",
)  # fmt: skip
"""The settings of CI. Larger sizes begin with all, and go on with others that are drawn."""
KINDS = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")
START_SECONDS, PATIENCE_SECONDS = 60.0, 5.0
MEANWHILE, KILLED, ANEW = "commits meanwhile", "a writer killed", "a log begun anew"
REORGANISED, GROWN, SHRUNK = "VACUUM or DDL in between", "grown", "shrunk"
RAW, THROUGH = "read raw", "left to SQLite"


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Numbers of settings, and how many captures each."""
    chosen = [number for number, each in enumerate(SETTINGS) if size is not Size.CI or each.name in CHOSEN]
    wanted = -(-CASES[size] // EACH[size])
    chosen += range(len(SETTINGS), len(SETTINGS) + wanted - len(chosen))
    return [(seed, number, EACH[size]) for number in chosen]


def setting_of(seed: int, number: int) -> Setting:
    """One of the known ones, then any."""
    if number < len(SETTINGS):
        return SETTINGS[number]
    chance = random.Random(f"{seed}-{number}")
    mode = chance.choice(("wal", "wal", "wal", "delete", "truncate", "persist"))
    return Setting(
        f"drawn {number}",
        mode=mode,
        page_size=1 << chance.randrange(9, 17),
        autocheckpoint=chance.choice((3, 20, 200)),
        cache_pages=chance.choice((10, 100, 2000)),
        checkpoints=tuple(chance.sample(KINDS, chance.randrange(4))) if mode == "wal" else (),
        reorganised=chance.random() < 0.25,
        shrinks=chance.random() < 0.4,
        kills=chance.random() < 0.4,
    )


@dataclass(slots=True)
class Watch:
    """What has changed since the last capture."""

    page_count: int = 0
    salts: str = ""

    def seen(self, pinned: PinnedSource) -> list[str]:
        """What happened in between."""
        log, pages = pinned.fingerprint.wal, pinned.facts.page_count
        salts = log.salts if log else ""
        found = [GROWN] if 0 < self.page_count < pages else []
        found += [ANEW] if self.salts and salts and self.salts != salts else []
        self.page_count, self.salts = pages, salts or self.salts
        return found


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """One setting."""
    seed, number, times = shard
    case = f"{seed}-{number}"
    if not tally.wants(case):
        return
    setting, chance = setting_of(int(seed), int(number)), random.Random(f"{case} kills")
    source = made(folder / "a.db", setting)
    repository = Repository.create(MemoryStorage(), SystemClock().now())
    company, watch = Company(source, setting), Watch()
    with company.at_work():
        wait_for_work(source)
        for turn in range(int(times)):
            with tally.case(case, setting.mode, f"pages of {setting.page_size}"):
                if setting.kills and chance.random() < 0.5:
                    company.kill_one()
                    tally.struck[KILLED] += 1
                tally.struck.update(wait_for_change(source, setting))
                take(source, company, watch, tally)
                if turn % BACKED_UP == 0:
                    back_up(source, repository, company, tally)
        tally.figures["commits"] += counter(source)


def wait_for_work(source: Path) -> None:
    """Until the writers write."""
    begun = time.monotonic()
    while counter(source) < 3:
        assert time.monotonic() - begun < START_SECONDS, "the writers do not begin"
        time.sleep(0.005)


def wait_for_change(source: Path, setting: Setting) -> list[str]:
    """Until there is something new to capture, of the kind that this setting is about; what happened."""
    begun, before = time.monotonic(), progress(source)
    while time.monotonic() - begun < PATIENCE_SECONDS:
        time.sleep(0.002)
        commits, schema = (now - then for now, then in zip(progress(source), before, strict=True))
        found = [SHRUNK] if before[0] % programs.WAVE + commits >= programs.WAVE and setting.shrinks else []
        found += [REORGANISED] if schema else []
        if commits and bool(schema) >= setting.reorganised and bool(SHRUNK in found) >= setting.shrinks:
            return found
    return []


def progress(source: Path) -> tuple[int, int]:
    """Commits, and changes of the schema (VACUUM is one)."""
    with closing(sqlite3.connect(source, timeout=10)) as db:
        (commits,) = db.execute("SELECT n FROM counter").fetchone()
        (schema,) = db.execute("PRAGMA schema_version").fetchone()
        return int(commits), int(schema)


def take(source: Path, company: Company, watch: Watch, tally: Tally) -> None:
    """A capture, both ways if it can be, and what it must hold."""
    raw, through = source.with_name("raw.db"), source.with_name("through.db")
    before = counter(source)
    while True:
        try:
            with pin(source, clock=SystemClock(), monitor=Silent(), options=CaptureOptions()) as pinned:
                tally.struck.update(watch.seen(pinned))
                if pinned.readable:
                    both_ways(pinned, raw, through)
                else:
                    pinned.copy_to(raw)
            break
        except (WalTrouble, SourceReplaced):
            tally.figures["begun again"] += 1
            through.unlink(missing_ok=True)
    after = counter(source)
    with company.at_rest():
        if through.exists():
            require_equal_pages(raw, through, company.setting.page_size)
            through.unlink()
            tally.struck[RAW] += 1
        else:
            tally.struck[THROUGH] += 1
        assert before <= require_committed(raw) <= after
        raw.unlink()
    tally.struck[MEANWHILE] += after > before


def back_up(source: Path, repository: Repository, company: Company, tally: Tally) -> None:
    """A backup, and what its repository gives back."""
    before = counter(source)
    options = BackupOptions(scratch=source.parent)
    result = backup(repository, source, options=options, clock=SystemClock(), monitor=Silent())
    after = counter(source)
    assert not result.damage, result.damage
    assert not result.problems, result.problems
    with company.at_rest():
        copy = source.with_name("copy.db")
        copy.write_bytes(rebuilt(repository, PackTable(repository), result.snapshot, source.parent))
        assert before <= require_committed(copy) <= after
        copy.unlink()
    tally.figures["backups"] += 1


TRUTH = Campaign(
    "truth",
    "G7",
    "What is captured beside writers at full speed is, page by page, one state that was committed.",
    "captures",
    CASES,
    shards,
    run,
    frozenset(
        {"wal", "delete", "truncate", "persist", "pages of 512", "pages of 4096", "pages of 65536"}
        | {MEANWHILE, KILLED, ANEW, REORGANISED, GROWN, SHRUNK, RAW}
    ),
)
