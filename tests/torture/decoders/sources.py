"""What is read of a live database without SQLite: the file's header, the write-ahead log and its index."""

from __future__ import annotations

import os
import sqlite3
import struct
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from litekeep.errors import CorruptObject, NotADatabase
from litekeep.formats.envelope import decode_json, encode_json
from litekeep.model import DatabaseFacts
from litekeep.sqlite import rawread, wal
from litekeep.sqlite.fingerprint import Fingerprint, WalState, parse_wal_index, unchanged
from litekeep.sqlite.header import parse_header
from litekeep.sqlite.wal import WalTrouble
from torture.decoders.decoder import Decoder, names_in

PAGE = 512
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FINGERPRINT = Fingerprint(1, 2, 4096, 10**18, 10**18, "00" * 100, None, NOW.isoformat(), "boot", 5.0, local=True)
LOGGED = replace(FINGERPRINT, wal=WalState(3, 2, "0" * 16, "1" * 16, 1024, 10**18))


@lru_cache
def live() -> tuple[bytes, bytes, bytes]:
    """(database, -wal, the beginning of -shm) of a database in use."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE}")
            connection.execute("PRAGMA journal_mode = wal")
            connection.execute("CREATE TABLE t (a)")
            connection.executemany("INSERT INTO t VALUES (?)", [("word" * 30,) for _ in range(5)])
            read = [Path(f"{path}{suffix}").read_bytes() for suffix in ("", "-wal", "-shm")]
    return read[0], read[1], read[2][: wal.INDEX_AREA_BYTES]


def header(data: bytes, _: Path) -> object:
    """The first 100 bytes."""
    return parse_header(data, "app.db").facts(len(data)).page_size


def log(data: bytes, folder: Path) -> object:
    """An index's header, and behind it a log; read as a snapshot is."""
    index = wal.parse_index(data[: wal.INDEX_AREA_BYTES])
    if index is None or index.page_size != PAGE or index.whole:
        return "not read"
    path = folder / "wal"
    path.write_bytes(data[wal.INDEX_AREA_BYTES :])
    descriptor = os.open(path, os.O_RDONLY)
    try:
        frames = rawread._checked_frames(descriptor, index)
        source, view = rawread.RawSource(descriptor, descriptor, frames), memoryview(bytearray(8 * PAGE))
        for first in range(0, min(index.page_count, 64), 8):
            source.read(
                _facts(index.page_count), first * PAGE, view[: (min(index.page_count, first + 8) - first) * PAGE]
            )
        return len(frames)
    finally:
        os.close(descriptor)


def _facts(pages: int) -> DatabaseFacts:
    return replace(parse_header(live()[0], "app.db").facts(len(live()[0])), page_size=PAGE, page_count=pages)


def seal_log(data: bytes) -> bytes:
    """Checksums that fit: of the index, of the log's header and of its frames, and the last one in the index again."""
    if len(data) < wal.INDEX_AREA_BYTES + wal.HEADER_BYTES:
        return data
    area, log_bytes = bytearray(data[: wal.INDEX_AREA_BYTES]), bytearray(data[wal.INDEX_AREA_BYTES :])
    big_endian = bool(area[13])
    words = wal._words(bytes(log_bytes[:24]), big_endian=big_endian)
    sums = wal._checksum_slowly(words, (0, 0))
    log_bytes[24:32] = struct.pack(">2I", *sums)
    area[32:40] = log_bytes[16:24]
    (last,) = struct.unpack_from("=I", area, 16)
    for number in range(min(last, 64)):
        start = wal.HEADER_BYTES + number * (wal.FRAME_HEADER_BYTES + PAGE)
        frame = log_bytes[start : start + wal.FRAME_HEADER_BYTES + PAGE]
        if len(frame) < wal.FRAME_HEADER_BYTES + PAGE:
            break
        sums = wal.frame_checksum(bytes(frame), sums, big_endian=big_endian)
        log_bytes[start + 8 : start + 24] = log_bytes[16:24] + struct.pack(">2I", *sums)
    area[24:32] = struct.pack("=2I", *sums)
    area[40:48] = struct.pack("=2I", *wal._checksum_slowly(struct.unpack("=10I", area[:40]), (0, 0)))
    area[48:96] = area[:48]
    return bytes(area + log_bytes)


def log_seeds() -> list[bytes]:
    """A short log, and its index alone."""
    _, log_bytes, area = live()
    return [area + log_bytes[: wal.HEADER_BYTES + 3 * (wal.FRAME_HEADER_BYTES + PAGE)], area + log_bytes[:8000]]


def shared(data: bytes, _: Path) -> object:
    """The index's header as a fingerprint takes it."""
    return parse_wal_index(data[:96], len(data), 1) is None


def fingerprint(data: bytes, _: Path) -> object:
    """The JSON that a manifest or a receipt holds, and the decision for which it is read."""
    found = Fingerprint.from_json(decode_json("x", data))
    for earlier, now in ((found, FINGERPRINT), (FINGERPRINT, found), (found, found)):
        unchanged(earlier, NOW, now, NOW, NOW)
    return found.wal is None


def fingerprints() -> Sequence[bytes]:
    """With and without a log."""
    return [encode_json(each.to_json()) for each in (FINGERPRINT, LOGGED)]


SOURCES = (
    Decoder(
        "database header",
        header,
        (NotADatabase,),
        lambda: [live()[0][:100], live()[0][:60]],
        (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"PK\x03\x04", b"\x1f\x8b"),
        weight=20,
    ),
    Decoder("write-ahead log", log, (WalTrouble,), log_seeds, (b"\x37\x7f\x06\x83",), seal_log, 6),
    Decoder("wal-index", shared, (ValueError,), lambda: [live()[2]], seal=lambda data: data[:48] * 2 + data[96:]),
    Decoder(
        "fingerprint",
        fingerprint,
        (ValueError, CorruptObject),
        fingerprints,
        names_in(
            "device inode size_bytes mtime_ns ctime_ns header wal taken boot_id boot_seconds local max_frame salts"
        ),
        weight=16,
    ),
)
