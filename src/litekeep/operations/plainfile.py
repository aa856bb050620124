"""Plain backup files that a person picks: a database, or one packed with gzip or zstd; and writing such files.

What a file is decides its first bytes, not its name. Unpacking streams, so that a small file that unpacks to more than
the disk holds ends in "no space" and not in a full memory.
"""

from __future__ import annotations

import errno
import gzip
import os
import sys
import zlib
from pathlib import Path
from typing import IO, cast

from litekeep.clock import Clock
from litekeep.errors import LitekeepError, NoSpace, NotADatabase, PermissionRefused, SourceMissing, UsageError
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.sqlite.capture import capture
from litekeep.sqlite.header import HEADER_BYTES, parse_header

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK_BYTES = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def unpack_plain_file(file: Path, copy: Path, *, clock: Clock, monitor: Monitor) -> None:
    """Make `copy`, a new file, from a backup file; a plain database is captured, its -wal included.

    Raises NotADatabase if it is none, whatever it is packed with; SourceMissing, UsageError, NoSpace, Cancelled.
    """
    try:
        with file.open("rb") as opened:
            magic = opened.read(4)
    except FileNotFoundError as error:
        raise SourceMissing(f"{file} does not exist", safe="Nothing was changed.") from error
    except IsADirectoryError as error:
        raise UsageError(f"{file} is a folder", hint="A repository is given with --repository.") from error
    except PermissionError as error:
        raise PermissionRefused(f"{file} may not be read", safe="Nothing was changed.") from error
    if magic[:2] != _GZIP and magic != _ZSTD:
        capture(file, copy, clock=clock, monitor=monitor)
        return
    try:
        with file.open("rb") as packed, copy.open("xb") as out:
            os.chmod(copy, 0o600)
            reader = gzip.GzipFile(fileobj=packed) if magic[:2] == _GZIP else zstd.ZstdFile(packed)
            with reader:
                _pump(cast("IO[bytes]", reader), out, monitor)
    except (EOFError, zlib.error, zstd.ZstdError, gzip.BadGzipFile) as error:
        raise NotADatabase(f"{file} cannot be unpacked: {error}", safe="Nothing was changed.") from error
    except OSError as error:
        raise _no_room(error, copy) from error
    with copy.open("rb") as unpacked:
        if first := unpacked.read(HEADER_BYTES):  # 0 bytes are an empty database
            parse_header(first, f"the content of {file}")


def _pump(reader: IO[bytes], out: IO[bytes], monitor: Monitor) -> None:
    done = 0
    while chunk := reader.read(CHUNK_BYTES):
        out.write(chunk)
        done += len(chunk)
        monitor.progress("unpack", done, 0, "bytes")
        stop_if_cancelled(monitor)


def pack_plain_file(database: Path, out: Path, monitor: Monitor) -> None:
    """Write a copy of a database file to `out`, packed as its ending says (.gz, .zst, else plain); `out` is new."""
    try:
        with database.open("rb") as source, out.open("xb") as target:
            os.chmod(out, 0o600)
            if out.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=target, mode="wb", compresslevel=6, mtime=0) as packed:
                    _pump(source, cast("IO[bytes]", packed), monitor)
            elif out.suffix in (".zst", ".zstd"):
                with zstd.ZstdFile(target, "wb") as packed_zstd:
                    _pump(source, cast("IO[bytes]", packed_zstd), monitor)
                if not target.tell():  # of nothing ZstdFile makes nothing, which no program can unpack
                    target.write(zstd.compress(b""))
            else:
                _pump(source, target, monitor)
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        raise _no_room(error, out) from error


def _no_room(error: OSError, path: Path) -> LitekeepError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpace(f"no space left for {path}", safe="The database and its backups are unchanged.")
    return UsageError(f"{path}: {error.strerror or error}", safe="The database and its backups are unchanged.")
