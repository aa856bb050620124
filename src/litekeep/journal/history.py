"""journal.jsonl in the repository's folder: one line of JSON for every run that changes or proves something.

    {"at": RFC 3339, "verb": "backup", "source": name, "outcome": "ok" | "warnings" | "skipped" | "failed" | "refused"
     | "cancelled" | "overdue", "exit_code": n, "code": error code or "", "message": text, "elapsed_seconds": x,
     "facts": {...}}

It is a diary, not a source of truth: snapshots, receipts and marks are. So it must never be the reason why a backup
fails, and a line that cannot be read is passed over. Lines of two runs never mix, and at 4 MB the file becomes
journal.1.jsonl and a new one begins (storage.linefile). Facts are numbers, names and messages of Litekeep: never row
data, never secrets; credentials in messages are hidden (redaction).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from litekeep.model import read_moment
from litekeep.monitor import Fact
from litekeep.records import dataclass
from litekeep.redaction import redact
from litekeep.storage.linefile import append_line, read_lines

NAME = "journal.jsonl"
OLDER_NAME = "journal.1.jsonl"
ROTATE_AT_BYTES = 4 << 20
LONGEST_TEXT = 500
"""Messages and facts are cut to this many characters: a line stays far below what one write takes."""


class Outcome(StrEnum):
    """How a run ended. OVERDUE: none was made in time; nothing ran, which is why it is written down."""

    OK = "ok"
    WARNINGS = "warnings"
    SKIPPED = "skipped"
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    OVERDUE = "overdue"


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


def append(folder: Path, row: Row, secrets: Iterable[str] = ()) -> None:
    """Add a row, with `secrets` hidden in its texts; raises OSError if the journal cannot be written."""
    append_line(folder / NAME, _encode(row, tuple(secrets)), rotate_at_bytes=ROTATE_AT_BYTES)


def read(folder: Path) -> list[Row]:
    """All rows that can be read, oldest first; an absent journal is an empty one."""
    rows = []
    for line in read_lines(folder / NAME):
        with suppress(ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            rows.append(_decode(json.loads(line)))
    return rows


def history_table(
    rows: Iterable[Row],
    *,
    source: str | None = None,
    verbs: Iterable[str] = (),
    outcomes: Iterable[Outcome] = (),
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Row]:
    """The rows of a history table, newest first: those of one source, of some verbs or outcomes, from a moment on.

    An empty filter lets everything through; `limit` is the most rows that are wanted.
    """
    wanted_verbs, wanted_outcomes = frozenset(verbs), frozenset(outcomes)
    found = [
        row
        for row in rows
        if source in (None, row.source)
        and (not wanted_verbs or row.verb in wanted_verbs)
        and (not wanted_outcomes or row.outcome in wanted_outcomes)
        and (since is None or row.at >= since)
    ]
    found.sort(key=lambda row: row.at, reverse=True)  # clocks can be set back
    return found if limit is None else found[:limit]


def _encode(row: Row, secrets: tuple[str, ...]) -> bytes:
    facts: dict[str, Any] = asdict(row)
    facts["at"] = row.at.isoformat(timespec="milliseconds")
    facts["elapsed_seconds"] = round(row.elapsed_seconds, 3)
    facts["message"] = redact(row.message, secrets)[:LONGEST_TEXT]
    facts["facts"] = {k: redact(v, secrets)[:LONGEST_TEXT] if isinstance(v, str) else v for k, v in row.facts.items()}
    return json.dumps(facts, separators=(",", ":")).encode("ascii")


def _decode(facts: dict[str, Any]) -> Row:
    return Row(
        read_moment(facts["at"]),
        str(facts["verb"]),
        str(facts["source"]),
        Outcome(facts["outcome"]),
        int(facts["exit_code"]),
        str(facts["code"]),
        str(facts["message"]),
        float(facts["elapsed_seconds"]),
        dict(facts["facts"]),
    )
