"""A snapshot as JSON and as words. The words "verified", "tested" and "damaged" mean what behaviour promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from litekeep.cli import words
from litekeep.cli.output import Output
from litekeep.model import Level, Snapshot

MOST_PROBLEMS = 5
REASONS = {
    "manual": "by hand",
    "scheduled": "scheduled",
    "shutdown": "at shutdown",
    "pre_migration": "before migration",
    "pre_operation": "before operation",
    "pre_restore": "before restore",
}


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
    """Every fact; times in RFC 3339, sizes in bytes."""
    return {
        "id": snapshot.id,
        "source": snapshot.source,
        "source_path": snapshot.source_path,
        "created_at": moment_json(snapshot.created_at),
        "zone": snapshot.zone,
        "slot": moment_json(snapshot.slot),
        "reason": snapshot.reason.value,
        "label": snapshot.label,
        "sequence": snapshot.sequence,
        "parent": snapshot.parent,
        "size_bytes": snapshot.database.size_bytes,
        "page_size": snapshot.database.page_size,
        "page_count": snapshot.database.page_count,
        "journal_mode": snapshot.database.journal_mode,
        "new_bytes": snapshot.new_bytes,
        "changed_pages": snapshot.changed_pages,
        "pinned": snapshot.pinned,
        "trashed_at": moment_json(snapshot.trashed_at),
        "verified": level_word(snapshot.verified),
        "verified_at": moment_json(snapshot.verified_at),
        "drilled_at": moment_json(snapshot.drilled_at),
        "problems": list(snapshot.problems),
        "damage": list(snapshot.damage),
        "tables": tables_json(snapshot.tables),
    }


def moment_json(moment: datetime | None) -> str | None:
    """RFC 3339 with the offset it was taken in."""
    return None if moment is None else moment.isoformat(timespec="seconds")


def level_word(level: Level) -> str:
    """none, written, full or drill."""
    return level.name.lower()


def tables_json(tables: tuple[tuple[str, int], ...] | None) -> dict[str, int] | None:
    """Rows by table."""
    return None if tables is None else dict(tables)


def state(snapshot: Snapshot) -> str:
    """One or two words for the column of a list."""
    if snapshot.damage:
        return "DAMAGED"
    if snapshot.problems:
        return "source has problems"
    return ("not verified", "partly verified", "verified", "restore tested")[snapshot.verified]


def reason(snapshot: Snapshot) -> str:
    """Why it was made."""
    return REASONS[snapshot.reason.value]


def content(tables: tuple[tuple[str, int], ...] | None) -> str:
    """ "4 tables, 100,719 rows"; empty if not counted."""
    if tables is None:
        return ""
    return f"{words.count(len(tables), 'table')}, {words.count(sum(rows for _, rows in tables), 'row')}"


def brief(snapshot: Snapshot) -> str:
    """A snapshot in a sentence: "backup 7f3a2c91 of app (2026-09-24 09:46)"."""
    return f"backup {snapshot.short_id} of {snapshot.source} ({words.local(snapshot.created_at)})"


def tell_problems(out: Output, what: str, problems: Sequence[str]) -> None:
    """The first few; a damaged database can have a hundred."""
    for problem in problems[:MOST_PROBLEMS]:
        out.care(f"{what}: {problem}")
    if len(problems) > MOST_PROBLEMS:
        out.line(f"  ... and {len(problems) - MOST_PROBLEMS} more; --json tells all")


def folder_name(folder: Path) -> str:
    """A folder as people name it: relative if it is below the current one."""
    try:
        return str(folder.absolute().relative_to(Path.cwd())) or "."
    except (ValueError, OSError):
        return str(folder)
