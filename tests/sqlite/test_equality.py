"""Raw captures beside writers at full speed: each is, page by page, what the backup API copies under the same held
transaction, and a committed state, known by its counter.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.sqlite.capture import CaptureOptions, pin
from litekeep.sqlite.pinned import PinnedSource, SourceReplaced
from litekeep.sqlite.wal import WalTrouble
from litekeep.testing import RecordingMonitor

from . import programs
from .databases import process
from .test_storms import committed_state, counter

CHUNK_BYTES = 1 << 16
COUNTED_UP = (slice(24, 28), slice(40, 44), slice(92, 96))
"""Change counter, schema cookie, version-valid-for: the backup API counts them up (sqlite.org fileformat2 1.3)."""


@dataclass(frozen=True)
class Setting:
    """What goes on meanwhile. kills: the writers die by SIGKILL and begin again."""

    name: str
    mode: str = "wal"
    page_size: int = 4096
    autocheckpoint: int = 1000
    cache_pages: int = 2000
    checkpoints: tuple[str, ...] = ()
    reorganised: bool = False
    shrinks: bool = False
    kills: bool = False


SETTINGS = [
    Setting("automatic checkpoints"),
    Setting("a checkpoint after nearly every commit", autocheckpoint=3),
    Setting("passive checkpoints", autocheckpoint=0, checkpoints=("PASSIVE",)),
    Setting("checkpoints that begin the log anew", autocheckpoint=0, checkpoints=("RESTART", "PASSIVE")),
    Setting("checkpoints that cut the log off", autocheckpoint=0, checkpoints=("TRUNCATE",)),
    Setting("all kinds of checkpoints", autocheckpoint=50, checkpoints=("PASSIVE", "FULL", "RESTART", "TRUNCATE")),
    Setting("transactions that spill", cache_pages=10, checkpoints=("PASSIVE", "RESTART")),
    Setting("pages of 512", page_size=512, checkpoints=("RESTART", "TRUNCATE")),
    Setting("pages of 65536", page_size=65536, autocheckpoint=20),
    Setting("growing and shrinking", shrinks=True, checkpoints=("RESTART",)),
    Setting("VACUUM and DDL", reorganised=True, checkpoints=("PASSIVE", "TRUNCATE")),
    Setting("writers that are killed", kills=True, autocheckpoint=50),
    Setting("delete", mode="delete"),
    Setting("delete, pages of 1024", mode="delete", page_size=1024, cache_pages=10),
    Setting("truncate", mode="truncate", shrinks=True),
    Setting("persist", mode="persist"),
    Setting("delete, VACUUM and DDL", mode="delete", reorganised=True),
    Setting("delete, writers that are killed", mode="delete", kills=True, cache_pages=10),
]
TIMES, TIMES_ALL = 3, 134


class Company:
    """The programs that use the database while it is captured."""

    def __init__(self, source: Path, setting: Setting) -> None:
        self.source, self.setting = source, setting
        self._writers: list[ExitStack] = []
        self._stack = ExitStack()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with self._stack:
            if self.setting.checkpoints:
                self._stack.enter_context(process("checkpoint", self.source, *self.setting.checkpoints))
            if self.setting.reorganised:
                self._stack.enter_context(process("reorganise", self.source))
            for _ in range(2):
                self._begin_writing()
            try:
                yield
            finally:
                for each in self._writers:
                    each.close()

    def _begin_writing(self) -> None:
        setting = self.setting
        self._writers.append(stack := ExitStack())
        stack.enter_context(process("surge", self.source, setting.autocheckpoint, setting.cache_pages))

    def kill_one(self) -> None:
        """The end of a process's block is a SIGKILL."""
        self._writers.pop(0).close()
        self._begin_writing()


def made(path: Path, setting: Setting) -> Path:
    """The tables, in the right format."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA page_size={setting.page_size}")
        db.execute(f"PRAGMA auto_vacuum={'FULL' if setting.shrinks else 'NONE'}")
        db.execute("CREATE TABLE wave(n INTEGER PRIMARY KEY, body BLOB)")
    programs.prepare(str(path), setting.mode)
    return path


def both_ways(pinned: PinnedSource, raw: Path, through: Path) -> None:
    """One held transaction, copied raw and by the backup API."""
    with pinned.reading(raw) as reading:
        for offset, view in reading.chunks(CHUNK_BYTES):
            reading.keep(offset, view)
        assert pinned._connection is not None
        with closing(sqlite3.connect(through)) as target:
            pinned._connection.backup(target)


def require_equal_pages(raw: Path, through: Path, page_size: int) -> None:
    ours, theirs = bytearray(raw.read_bytes()), bytearray(through.read_bytes())
    assert len(ours) == len(theirs)
    for part in COUNTED_UP:
        ours[part] = theirs[part] = bytes(4)
    pages = range(0, len(ours), page_size)
    different = [at // page_size + 1 for at in pages if ours[at : at + page_size] != theirs[at : at + page_size]]
    assert different == []


def require_committed(copy: Path) -> int:
    """The counter of the copy, after proving that it holds exactly what that many commits of `surge` leave."""
    n = committed_state(copy)
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        assert db.execute("SELECT n, body FROM wave ORDER BY n").fetchall() == programs.wave(n)
    return n


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_raw_is_what_sqlite_copies(setting: Setting, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    wanted = TIMES_ALL if pytestconfig.getoption("--capture-all") else TIMES
    source = made(tmp_path / "a.db", setting)
    raw, through = tmp_path / "raw.db", tmp_path / "through.db"
    chance, company = random.Random(setting.name), Company(source, setting)
    compared = refused = seen = 0
    with company.at_work():
        begun = time.monotonic()
        while counter(source) <= wanted:  # they are at work indeed
            assert time.monotonic() - begun < 60
            time.sleep(0.01)
        while compared < wanted:
            assert refused < 20 * wanted + 200, "raw reading is hardly ever possible here"
            if setting.kills and chance.random() < 0.5:
                company.kill_one()
            before = counter(source)
            try:
                with pin(source, clock=SystemClock(), monitor=RecordingMonitor(), options=CaptureOptions()) as pinned:
                    if not pinned.readable:
                        refused += 1
                        continue
                    both_ways(pinned, raw, through)
            except (WalTrouble, SourceReplaced):
                refused += 1
                continue
            finally:
                after = counter(source)
            require_equal_pages(raw, through, setting.page_size)
            seen = require_committed(raw)
            assert before <= seen <= after
            compared += 1
            raw.unlink()
            through.unlink()
    assert seen > compared
    print(f"{setting.name}: {compared} equal, {refused} left to SQLite, {seen} commits")
