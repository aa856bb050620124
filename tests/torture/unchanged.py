"""Random programs, and a look at the database after everything that they do: no change passes for "unchanged"."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.repository.repository import Repository
from litekeep.sqlite.capture import CaptureOptions, pin
from litekeep.sqlite.fingerprint import Fingerprint, unchanged
from litekeep.storage.memory import MemoryStorage
from litekeep.testing import ManualClock
from sqlite.databases import connect, in_killed_child, make
from torture.campaign import Campaign, Shard, Size, Tally
from torture.filetimes import coarse_times, let_file_times_tick

SHARD = 250
STEPS = {Size.CI: 1_500, Size.NIGHTLY: 100_000, Size.RELEASE: 5_000_000}
MODES = ("wal", "delete", "truncate", "persist")
REMEMBERED = 6
"""Looks that each new one is compared with: a state may come back, and others may lie in between."""
BACKED_UP = 50
"""Every so many steps a backup decides by itself, and another one a step later."""
PAUSE_SECONDS = 60
ACTIONS = {
    "commit": 26, "commit in place": 18, "read": 14, "do nothing": 10, "close": 8, "commit elsewhere": 4, "vacuum": 2,
    "switch mode": 4, "checkpoint": 4, "put times back": 4, "rename over": 3, "copy over": 3, "bring back": 3,
    "die after commit": 2, "die in transaction": 2, "lock out": 3,
}  # fmt: skip
"""How often a program does what; each is a method of `Program`."""
PROVEN, NOTICED, SKIPPED = "proven unchanged", "a change noticed", "a backup that read nothing"


class Program:
    """Does things to a database, which begins in `mode`.

    state: a number for what the database holds now; equal numbers mean equal rows.
    """

    def __init__(self, folder: Path, chance: random.Random, mode: str) -> None:
        self.path, self.chance, self.state, self._newest = folder / "a.db", chance, 1, 1
        self._app: sqlite3.Connection | None = None
        self._kept: list[tuple[Path, int]] = []
        make(self.path, mode=mode, rows=20)
        self._keep()

    def step(self) -> str:
        """Do something; its name."""
        (action,) = self.chance.choices(list(ACTIONS), list(ACTIONS.values()))
        getattr(self, action.replace(" ", "_"))()
        return action

    def close(self) -> None:
        """The last connection: a log is folded in."""
        if self._app is not None:
            self._app.close()
            self._app = None

    def commit(self) -> None:
        """The database grows."""
        size = self.chance.randrange(3000)
        self._open().execute("INSERT INTO item(name, body) VALUES (?, zeroblob(?))", (str(self._newest + 1), size))
        self._changed()

    def commit_in_place(self) -> None:
        """No byte more than before."""
        self._update(self._open())

    def commit_elsewhere(self) -> None:
        """By a second connection, while the first may be open."""
        with closing(connect(self.path)) as db:
            self._update(db)

    def read(self) -> None:
        """Changes nothing."""
        self._open().execute("SELECT count(*) FROM item").fetchall()

    def do_nothing(self) -> None:
        """Nobody does anything."""

    def vacuum(self) -> None:
        """Other pages, the same rows."""
        self._open().execute("VACUUM")

    def switch_mode(self) -> None:
        """To any journal.

        First it reads: a connection that leaves WAL mode with pages in its cache which another one has changed since
        goes on with them, and SQLite (3.40.1, say) then writes a damaged database, with or without Litekeep.
        """
        mode = self.chance.choice((*MODES, "wal", "memory"))
        self.read()
        self._open().execute(f"PRAGMA journal_mode={mode}").fetchall()

    def checkpoint(self) -> None:
        """Of any kind; nothing without a log."""
        kind = self.chance.choice(["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
        self._open().execute(f"PRAGMA wal_checkpoint({kind})").fetchall()

    def put_times_back(self) -> None:
        """A change, and then the file's time as it was."""
        before = os.stat(self.path)
        self._update(self._open())
        if self.chance.random() < 0.5:
            self.close()
        os.utime(self.path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def rename_over(self) -> None:
        """Another file of the same age and size takes its place."""
        before = os.stat(self.path)
        self._alone()
        other = shutil.copyfile(self.path, self.path.with_suffix(".new"))
        with closing(connect(other)) as db:
            self._update(db)
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.replace(other, self.path)

    def copy_over(self) -> None:
        """An older state is written into the same file, and the file's time put back."""
        self._alone()
        before = os.stat(self.path)
        copy, self.state = self.chance.choice(self._kept)
        shutil.copyfile(copy, self.path)
        os.utime(self.path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def bring_back(self) -> None:
        """An older file with its own times, as an archive gives it back; sometimes the present one is kept."""
        self._alone()
        if self.chance.random() < 0.5:
            self._keep()
        copy, self.state = self.chance.choice(self._kept)
        shutil.copy2(copy, self.path.with_suffix(".new"))
        os.replace(self.path.with_suffix(".new"), self.path)

    def die_after_commit(self) -> None:
        """A log stays behind, if there was one."""
        self._alone()
        left_open = []

        def commit() -> None:
            left_open.append(connect(self.path))
            self._update(left_open[0])

        in_killed_child(commit)
        self._changed()

    def die_in_transaction(self) -> None:
        """Half a transaction is in the file or in the log: it never was."""

        def half() -> None:
            db = connect(self.path)
            db.execute("PRAGMA cache_size=1")
            db.execute("BEGIN")
            db.execute("UPDATE item SET name = 'never', body = zeroblob(400)")

        self._alone()
        in_killed_child(half)

    def lock_out(self) -> None:
        """Several commits in exclusive mode, for which the change counter moves once."""
        self.close()
        db = self._open()
        db.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
        for _ in range(self.chance.randrange(1, 4)):
            self._update(db)
        self.close()

    def _open(self) -> sqlite3.Connection:
        if self._app is None:
            self._app = connect(self.path)
            self._app.execute("PRAGMA synchronous=OFF")
        return self._app

    def _alone(self) -> None:
        """Without connections and sidecars."""
        self._open().execute("SELECT 1 FROM item").fetchall()
        self.close()
        for suffix in ("-wal", "-shm", "-journal"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _keep(self) -> None:
        copy = self.path.with_name(f"kept-{len(self._kept) % 4}.db")
        shutil.copy2(self.path, copy)
        self._kept = [each for each in self._kept if each[0] != copy] + [(copy, self.state)]

    def _update(self, db: sqlite3.Connection) -> None:
        db.execute("UPDATE item SET name = ? WHERE id = 1", (f"{self._newest + 1:08d}",))
        self._changed()

    def _changed(self) -> None:
        self._newest += 1
        self.state = self._newest


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at a moment, and what the database held then."""

    fingerprint: Fingerprint
    at: datetime
    state: int


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Numbers of histories."""
    return [(seed, number) for number in range(-(-STEPS[size] // SHARD))]


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """One program, with a look at its database after each step."""
    seed, number = shard
    case = f"{seed}-{number}"
    if not tally.wants(case):
        return
    chance, mode = random.Random(case), MODES[int(number) % len(MODES)]
    clock = ManualClock(datetime.now(UTC))
    program, wait = Program(folder, chance, mode), coarse_times(folder)
    repository = Repository.create(MemoryStorage(), clock.now())
    looks, backed_up = deque[Look](maxlen=REMEMBERED), program.state
    for step in range(SHARD):
        with tally.case(case):
            if wait:
                let_file_times_tick()
            tally.struck.update((mode, program.step()))
            clock.advance(PAUSE_SECONDS)
            looks.append(look(program, clock))
            tally.struck.update(judge(looks))
            if step % BACKED_UP < 2:
                clock.advance(PAUSE_SECONDS)
                backed_up = back_up(repository, program, backed_up, clock, tally)
    program.close()


def look(program: Program, clock: ManualClock) -> Look:
    """As a backup begins."""
    with pin(program.path, clock=clock, monitor=Silent(), options=CaptureOptions()) as pinned:
        return Look(pinned.fingerprint, clock.now(), program.state)


def judge(looks: deque[Look]) -> list[str]:
    """The newest against those before it."""
    now, found = looks[-1], []
    for earlier in list(looks)[:-1]:
        same, _ = unchanged(earlier.fingerprint, earlier.at, now.fingerprint, earlier.at, now.at)
        if earlier.state != now.state:
            assert not same, f"state {now.state} passes for {earlier.state}"
            found.append(NOTICED)
        elif same:
            found.append(PROVEN)
    return found


def back_up(repository: Repository, program: Program, held: int, clock: ManualClock, tally: Tally) -> int:
    """A backup, which must not say "unchanged" of a database that changed; the state that the newest snapshot holds."""
    options = BackupOptions(reason=Reason.SCHEDULED, scratch=program.path.parent)
    result = backup(repository, program.path, options=options, clock=clock, monitor=Silent())
    if result.unchanged:
        tally.struck[SKIPPED] += "every page" not in result.unchanged_how
        assert program.state == held, f"a backup takes state {program.state} for {held}"
    tally.figures["backups"] += 1
    return program.state


UNCHANGED = Campaign(
    "unchanged",
    "G20",
    "A database that changed since the last backup is never taken for unchanged, whatever was done to it or its times.",
    "random steps",
    STEPS,
    shards,
    run,
    frozenset({*ACTIONS, *MODES, PROVEN, NOTICED, SKIPPED}),
)
