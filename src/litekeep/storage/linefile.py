"""A file of lines that several processes append to, and that never grows without bound: log, journal, notices.

One line is one write to a file opened for appending. On Linux and macOS that is all it takes: the system moves to the
end and writes in one step, so lines of two writers never mix, and whoever still holds a file that another one has just
renamed writes a line that is read all the same. On Windows the step is two, so a locked byte keeps writers apart. A
last line torn by a crash is closed by the next writer.

Above `rotate_at_bytes` the file steps back: log -> log.1 -> log.2, and the oldest goes. Only who holds the lock on the
very file that still has the name may do it, oldest first, so of two rotating at once one finds a small file and does
nothing. Where a file cannot be renamed while others have it open (Windows), its content is copied and it is emptied
instead, under the lock that all writers take there. Whatever fails in rotating, the line is written: the file then only
grows on.

Files are closed to other users. A link or a pipe in the file's place is refused, and what is far longer than a file
that steps back is not read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from litekeep.storage.regular import open_regular, read_regular

MODE = 0o600
_READ_TRIES = 3
_TORN_TRIES = 50
_LOCKED_BYTE = 1 << 30  # Windows: far behind the text, since a locked byte cannot be read by others
_MOST_READ_BYTES = 1 << 26
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT


def append_line(path: Path, line: bytes, *, rotate_at_bytes: int, keep: int = 1) -> None:
    """Add a line (without its end; line ends inside become blanks), and rotate what has become too long.

    keep: how many older files stay. Raises OSError if the line could not be written as a whole.
    """
    line = line.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
    descriptor = open_regular(path, _FLAGS, MODE)
    try:
        with _alone_where_needed(descriptor):
            size = os.fstat(descriptor).st_size
            if _is_torn(descriptor, size):
                line = b"\n" + line
            if os.write(descriptor, line) != len(line):
                raise OSError(f"{path} took only a part of a line")
    finally:
        os.close(descriptor)
    if size + len(line) > rotate_at_bytes:
        with suppress(OSError):
            _rotate(path, rotate_at_bytes, keep)


def read_lines(path: Path, *, keep: int = 1) -> list[bytes]:
    """All lines of the older files and of this one, oldest first; files that are absent or unreadable have none.

    A rotation in the middle of reading would hide or double lines; then everything is read again.
    """
    lines: list[bytes] = []
    for _ in range(_READ_TRIES):
        before = _identity(older(path, 1))
        lines = [line for number in range(keep, -1, -1) for line in _lines_of(older(path, number))]
        if _identity(older(path, 1)) == before:
            break
    return lines


def older(path: Path, number: int) -> Path:
    """The file that stepped back `number` times: backup.log, backup.1.log, backup.2.log; 0 is the file itself."""
    return path.with_name(f"{path.stem}.{number}{path.suffix}") if number else path


def _lines_of(path: Path) -> list[bytes]:
    try:
        return [line for line in read_regular(path, _MOST_READ_BYTES).splitlines() if line]
    except OSError:
        return []


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _is_torn(descriptor: int, size: int) -> bool:
    """True if the file stays without an end of line: a writer at work shows a part of its line for a moment."""
    for _ in range(_TORN_TRIES):
        if not size:
            return False
        os.lseek(descriptor, size - 1, os.SEEK_SET)
        if os.read(descriptor, 1) == b"\n":
            return False
        size = os.fstat(descriptor).st_size
    return True


def _rotate(path: Path, rotate_at_bytes: int, keep: int) -> None:
    """Step back, unless another process has done it since: then the file is small again."""
    descriptor = open_regular(path, _FLAGS & ~os.O_CREAT)
    try:
        with _alone(descriptor):
            found = os.fstat(descriptor)
            if found.st_size <= rotate_at_bytes or not os.path.samestat(found, os.stat(path)):
                return
            for number in range(keep - 1, 0, -1):
                with suppress(FileNotFoundError):
                    os.replace(older(path, number), older(path, number + 1))
            if sys.platform == "win32":
                copy_and_empty(descriptor, older(path, 1))
            else:
                os.replace(path, older(path, 1))
    finally:
        os.close(descriptor)


def copy_and_empty(descriptor: int, target: Path) -> None:
    """Move the content of an open file into `target`. A crash between the two steps leaves it in both: none is lost."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    copy = open_regular(target, (_FLAGS | os.O_TRUNC) & ~os.O_APPEND, MODE)
    try:
        while chunk := os.read(descriptor, 1 << 20):
            if os.write(copy, chunk) != len(chunk):
                raise OSError(f"{target} took only a part")
    finally:
        os.close(copy)
    os.ftruncate(descriptor, 0)


@contextmanager
def _alone_where_needed(descriptor: int) -> Iterator[None]:
    """Keep other writers out where appending is not one step."""
    if sys.platform == "win32":
        with _alone(descriptor):
            yield
    else:
        yield


@contextmanager
def _alone(descriptor: int) -> Iterator[None]:
    """Hold the lock on an open file; raises OSError if another process has it (Windows: for ten seconds)."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield  # closing the descriptor frees it
