"""journal.jsonl in the repository's folder: one line of JSON for every run that changes or proves something.

    {"at": RFC 3339, "verb": "backup", "source": name, "outcome": "ok" | "warnings" | "skipped" | "failed" | "refused"
     | "cancelled", "exit_code": n, "code": error code or "", "message": text, "elapsed_seconds": x, "facts": {...}}

It is a diary, not a source of truth: snapshots, receipts and marks are. So it must never be the reason why a backup
fails, and a line that cannot be read is passed over. One line is one write to a file opened for appending, so lines of
two runs never mix; a last line torn by a crash is closed by the next run. At 4 MB the file becomes journal.1.jsonl and
a new one begins. Facts are numbers, names and messages of Litekeep: never row data, never secrets.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from litekeep.monitor import Fact

NAME = "journal.jsonl"
OLDER_NAME = "journal.1.jsonl"
ROTATE_AT_BYTES = 4 << 20
LONGEST_TEXT = 500
"""Messages and facts are cut to this many characters: a line stays far below what one write takes."""


class Outcome(StrEnum):
    """How a run ended."""

    OK = "ok"
    WARNINGS = "warnings"
    SKIPPED = "skipped"
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Row:
    """One run; see the module's text."""

    at: datetime
    verb: str
    source: str
    outcome: Outcome
    exit_code: int
    code: str = ""
    message: str = ""
    elapsed_seconds: float = 0.0
    facts: dict[str, Fact] = field(default_factory=dict)


def append(folder: Path, row: Row) -> None:
    """Add a row; raises OSError if the journal cannot be written."""
    path = folder / NAME
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        line = _encode(row)
        if size and _last_byte(descriptor, size) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) != len(line):
            raise OSError(f"the journal {path} took only a part of a line")
    finally:
        os.close(descriptor)
    if size + len(line) > ROTATE_AT_BYTES:
        with suppress(OSError):  # it only grows on, and the next run tries again
            _rotate(folder)


def read(folder: Path) -> list[Row]:
    """All rows that can be read, oldest first; an absent journal is an empty one."""
    return [*_rows(folder / OLDER_NAME), *_rows(folder / NAME)]


def _rows(path: Path) -> Iterator[Row]:
    try:
        data = path.read_bytes()
    except OSError:
        return
    for line in data.splitlines():
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            yield _decode(json.loads(line))


def _encode(row: Row) -> bytes:
    facts: dict[str, Any] = asdict(row)
    facts["at"] = row.at.isoformat(timespec="milliseconds")
    facts["elapsed_seconds"] = round(row.elapsed_seconds, 3)
    facts["message"] = row.message[:LONGEST_TEXT]
    facts["facts"] = {k: v[:LONGEST_TEXT] if isinstance(v, str) else v for k, v in row.facts.items()}
    return json.dumps(facts, separators=(",", ":")).encode("ascii") + b"\n"


def _decode(facts: dict[str, Any]) -> Row:
    at = datetime.fromisoformat(facts["at"])
    if at.tzinfo is None:
        raise ValueError("a time without offset")
    return Row(
        at,
        str(facts["verb"]),
        str(facts["source"]),
        Outcome(facts["outcome"]),
        int(facts["exit_code"]),
        str(facts["code"]),
        str(facts["message"]),
        float(facts["elapsed_seconds"]),
        dict(facts["facts"]),
    )


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)


def _rotate(folder: Path) -> None:
    """Rename, unless another run has done it since: then the file is small again."""
    path = folder / NAME
    if sys.platform == "win32":
        if path.stat().st_size > ROTATE_AT_BYTES:
            os.replace(path, folder / OLDER_NAME)
        return
    import fcntl

    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        same = os.fstat(stream.fileno()).st_ino == path.stat().st_ino
        if same and path.stat().st_size > ROTATE_AT_BYTES:
            os.replace(path, folder / OLDER_NAME)
