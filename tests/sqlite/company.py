"""Programs that use a database in every way while it is captured, and the oracles for what was captured."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from litekeep.sqlite.pinned import PinnedSource

from . import programs
from .databases import pieces, process, sound

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


class Company:
    """The programs that use the database while it is captured."""

    def __init__(self, source: Path, setting: Setting) -> None:
        self.source, self.setting = source, setting
        self._writers: list[tuple[ExitStack, int]] = []
        self._others: list[int] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """From the start of all of them until they are ended."""
        with ExitStack() as stack:
            if self.setting.checkpoints:
                child = stack.enter_context(process("checkpoint", self.source, *self.setting.checkpoints))
                self._others.append(child.pid)
            if self.setting.reorganised:
                self._others.append(stack.enter_context(process("reorganise", self.source)).pid)
            for _ in range(2):
                self._begin_writing()
            try:
                yield
            finally:
                for writer, _ in self._writers:
                    writer.close()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """All of them are stopped wherever they are, and go on afterwards: what is judged meanwhile has the machine."""
        everybody = [*self._others, *(pid for _, pid in self._writers)]
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in everybody:
                os.kill(pid, signal.SIGCONT)

    def _begin_writing(self) -> None:
        setting, stack = self.setting, ExitStack()
        child = stack.enter_context(process("surge", self.source, setting.autocheckpoint, setting.cache_pages))
        self._writers.append((stack, child.pid))

    def kill_one(self) -> None:
        """The end of a process's block is a SIGKILL."""
        self._writers.pop(0)[0].close()
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
        for offset, view in pieces(reading, CHUNK_BYTES):
            reading.keep(offset, view)
        assert pinned._connection is not None
        with closing(sqlite3.connect(through)) as target:
            pinned._connection.backup(target)


def require_equal_pages(raw: Path, through: Path, page_size: int) -> None:
    """But for what the backup API counts up."""
    ours, theirs = bytearray(raw.read_bytes()), bytearray(through.read_bytes())
    assert len(ours) == len(theirs)
    for part in COUNTED_UP:
        ours[part] = theirs[part] = bytes(4)
    pages = range(0, len(ours), page_size)
    different = [at // page_size + 1 for at in pages if ours[at : at + page_size] != theirs[at : at + page_size]]
    assert different == []


def counter(path: Path) -> int:
    """How many commits there are by now."""
    with closing(sqlite3.connect(path, timeout=10)) as db:
        return int(db.execute("SELECT n FROM counter").fetchone()[0])


def committed_state(copy: Path) -> int:
    """The number of commits in the copy, after proving that it holds exactly what that many commits leave."""
    assert sound(copy)
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        n = int(db.execute("SELECT n FROM counter").fetchone()[0])
        assert db.execute("SELECT n, body FROM row ORDER BY n").fetchall() == programs.expected(n)
    return n


def require_committed(copy: Path) -> int:
    """The counter of the copy, after proving that it holds exactly what that many commits of `surge` leave."""
    n = committed_state(copy)
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        assert db.execute("SELECT n, body FROM wave ORDER BY n").fetchall() == programs.wave(n)
    return n
