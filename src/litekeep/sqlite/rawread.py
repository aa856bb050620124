"""Read a pinned database as plain bytes: the file as it lies there, and over it what its write-ahead log holds.

Copying through SQLite touches every page twice and writes it once; reading the file is several times faster, and the
unchanged part need not be written anywhere. Why the bytes are one committed state:

* Rollback mode: the read transaction holds a SHARED lock. A writer needs EXCLUSIVE before it changes one byte of the
  file (sqlite.org lockingv3 section 3), so the file stands still. There is no hot journal: opening took care of it.
* WAL mode: `settle` finds a moment at which the wal-index header was the same before the transaction began and after
  it; so it is the header of our snapshot (its change counter never repeats). A page that the snapshot has in the log is
  taken from the log, every other one from the file. The log's frames up to ours stand still, because a log is begun
  anew only when no reader needs it; checkpoints may write to the file meanwhile, but only pages which the log still
  holds, at most up to our mark, and those are never taken from the file (sqlite.org walformat 2.4, wal 2.2).
* One kind of WAL reader is different: when all frames were already in the file, it reads the file only, and the log may
  be begun anew behind its back, while checkpoints stay away from the file. If everything was copied back before the
  transaction began, we do the same and never look at the log. If it was not even so after the transaction began, ours
  is of the other kind. In between it cannot be known, and the transaction is begun once more.

Every frame that is used must carry the log's salts and pass its checksum, the last one must be the one that the index
names, and a page beyond the file's end must be in the log. Anything else raises WalTrouble, and so does every state
this module does not know: the caller then uses the backup API, under the same transaction.

Descriptors are SQLite's own (observe): closing one of ours would drop this process's locks.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from bisect import bisect_left, bisect_right
from dataclasses import field

from litekeep.model import DatabaseFacts
from litekeep.records import dataclass
from litekeep.sqlite import wal
from litekeep.sqlite.observe import FileNotFoundInProcess, own_descriptor
from litekeep.sqlite.opening import Opening
from litekeep.sqlite.source import beside
from litekeep.sqlite.wal import WalIndex, WalTrouble

LOCK_BYTE = 1 << 30
"""The page that holds this byte is never used (sqlite.org fileformat2 section 1.1); its content has no meaning."""
MAX_FRAMES = 4096
PAGES_PER_FRAME = 32
"""Checking a frame takes 0.1 ms, in which SQLite copies about so many pages: of a longer log, it is faster."""
_SETTLE_TRIES = 20
_WAL_CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class RawSource:
    """Where the bytes of the pinned state are.

    descriptor, log: of the two files. frames: for a page number, the offset of its newest content in the log.
    """

    descriptor: int
    log: int = -1
    frames: dict[int, int] = field(default_factory=dict)
    _pages: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._pages = sorted(self.frames)

    def read(self, facts: DatabaseFacts, offset: int, view: memoryview) -> None:
        """Fill `view` with whole pages of the image from `offset` on; from any thread. Raises WalTrouble, OSError."""
        page_size = facts.page_size
        got = _read_into(self.descriptor, view, offset)
        first, end = offset // page_size + 1, (offset + len(view)) // page_size
        missing = set(range((offset + got) // page_size + 1, end + 1))
        for page in self._in_log(first, end):
            at = (page - first) * page_size
            if _read_into(self.log, view[at : at + page_size], self.frames[page]) != page_size:
                raise WalTrouble("the log is cut off")
            missing.discard(page)
        _blank(view, first, page_size, missing)

    def _in_log(self, first: int, end: int) -> list[int]:
        return self._pages[bisect_left(self._pages, first) : bisect_right(self._pages, end)] if self._pages else []


def _blank(view: memoryview, first: int, page_size: int, missing: set[int]) -> None:
    lock_page = LOCK_BYTE // page_size + 1
    if first <= lock_page < first + len(view) // page_size:
        at = (lock_page - first) * page_size
        view[at : at + page_size] = bytes(page_size)
        missing.discard(lock_page)
    if missing:
        raise WalTrouble(f"page {min(missing)} is neither in the file nor in the log")


def settle(opening: Opening, connection: sqlite3.Connection) -> WalIndex | None:
    """Begin the read transaction again until its wal-index header is known; None where the file has no log in use.

    Raises WalTrouble when the state cannot be read raw.
    """
    plain = opening.query == "mode=ro" and not (opening.is_working_copy or opening.damaged)
    if sys.platform == "win32" or not plain or opening.found.local is not True:
        raise WalTrouble("this place or state is read through SQLite only")
    try:
        descriptor = own_descriptor(opening, opening.file, opening.found.identity)
        if _read_at(descriptor, 20, 0)[19:20] != b"\x02":
            return None
        shared = os.stat(beside(opening.file, "-shm"))
        index = own_descriptor(opening, beside(opening.file, "-shm"), (shared.st_dev, shared.st_ino))
    except (OSError, FileNotFoundInProcess) as error:
        raise WalTrouble(str(error)) from error
    for _ in range(_SETTLE_TRIES):
        before = wal.parse_index(_read_at(index, wal.INDEX_AREA_BYTES, 0))
        connection.execute("ROLLBACK")
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
        after = wal.parse_index(_read_at(index, wal.INDEX_AREA_BYTES, 0))
        if before is not None and after is not None and before.raw == after.raw and before.whole == after.whole:
            return before
    raise WalTrouble("commits follow each other too quickly")


def open_raw(opening: Opening, index: WalIndex | None, facts: DatabaseFacts) -> RawSource:
    """The pinned state, ready to be read; raises WalTrouble, OSError."""
    try:
        found = RawSource(own_descriptor(opening, opening.file, opening.found.identity))
        if (facts.journal_mode == "wal") != (index is not None):
            raise WalTrouble("the journal mode was changed meanwhile")
        if index is None or index.last_frame == 0:
            return found
        if (index.page_size, index.page_count) != (facts.page_size, facts.page_count):
            raise WalTrouble("the log is of another state")
        if index.whole:
            return found
        if index.last_frame - index.backfilled > max(MAX_FRAMES, index.page_count // PAGES_PER_FRAME):
            raise WalTrouble("the log is long")
        path = beside(opening.file, "-wal")
        status = os.stat(path)
        found.log = own_descriptor(opening, path, (status.st_dev, status.st_ino))
    except FileNotFoundInProcess as error:
        raise WalTrouble(str(error)) from error
    return RawSource(found.descriptor, found.log, _checked_frames(found.log, index))


def _checked_frames(log: int, index: WalIndex) -> dict[int, int]:
    """For every page in the log that is not in the file, up to the snapshot's mark, the offset of its newest content.

    Frames that were copied back before the transaction began are not needed: what they hold is in the file, unless a
    later frame holds the page anew. SQLite does the same (minFrame in wal.c). The running checksum goes on from there.
    """
    header = _read_at(log, wal.HEADER_BYTES, 0)
    wal.require_header(header, index)
    frame_bytes = wal.FRAME_HEADER_BYTES + index.page_size
    newest: dict[int, int] = {}
    sums = [wal.stored_checksum(header[8:])]
    if index.backfilled:
        last = _read_at(log, wal.FRAME_HEADER_BYTES, wal.HEADER_BYTES + (index.backfilled - 1) * frame_bytes)
        wal.frame_page(last, index)
        sums = [wal.stored_checksum(last)]
    per_chunk = max(1, _WAL_CHUNK_BYTES // frame_bytes)
    for number in range(index.backfilled, index.last_frame, per_chunk):
        count = min(per_chunk, index.last_frame - number)
        chunk = memoryview(_read_at(log, count * frame_bytes, wal.HEADER_BYTES + number * frame_bytes))
        if len(chunk) != count * frame_bytes:
            raise WalTrouble("the log is cut off")
        for place in range(count):
            frame = chunk[place * frame_bytes : (place + 1) * frame_bytes]
            page = wal.frame_page(frame, index)
            stored = wal.stored_checksum(frame)
            if wal.frame_checksum(frame, sums[-1], big_endian=index.big_endian) != stored:
                raise WalTrouble(f"frame {number + place + 1} of the log fails its checksum")
            sums[-1] = stored
            if page <= index.page_count:
                newest[page] = wal.HEADER_BYTES + (number + place) * frame_bytes + wal.FRAME_HEADER_BYTES
    if sums[-1] != index.checksum:
        raise WalTrouble("the log does not end as its index says")
    return newest


def _read_at(descriptor: int, length: int, offset: int) -> bytes:
    if sys.platform == "win32":
        raise WalTrouble("this system has no such reading")  # settle came to the same answer before
    return os.pread(descriptor, length, offset)


def _read_into(descriptor: int, view: memoryview, offset: int) -> int:
    """Fill `view` from `offset`; returns how many bytes there were."""
    if sys.platform == "win32":
        raise WalTrouble("this system has no such reading")
    done = 0
    while done < len(view):
        count = os.preadv(descriptor, [view[done:]], offset + done)
        if count == 0:
            break
        done += count
    return done
