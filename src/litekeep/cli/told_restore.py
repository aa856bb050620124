"""What restore and undo say about what they did, or would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litekeep.cli import describe, words
from litekeep.cli.session import Session

if TYPE_CHECKING:
    from litekeep.operations.preview import Preview
    from litekeep.operations.restore import RestoreResult

_HOW = {
    "new": "to {}",
    "live": "over {}; programs that have it open see the restored data",
    "replaced": "in the place of {}",
}


def tell_restored(session: Session, what: str, result: RestoreResult) -> None:
    """What was restored, what is in it, and the way back."""
    out = session.out
    out.good(f"Restored {what} {_HOW[result.how].format(result.target)}")
    sound = "" if result.problems else ", integrity ok"
    took = words.seconds(result.elapsed_seconds)
    out.good(f"Checked: {words.size(result.size_bytes)}, {describe.content(result.tables)}{sound} ({took})")
    describe.tell_problems(out, "It has a problem, as it had when it was backed up", result.problems)
    if result.kept_aside:
        out.line(f"  The files that were there before are in {result.kept_aside}.")
    if result.safety_file:
        out.line(f"  What was there before is in {result.safety_file}.")
    if result.safety_copy:
        out.line(f"  What was there before is backup {result.safety_copy.short_id}; `litekeep undo` brings it back.")


def restore_json(result: RestoreResult) -> dict[str, Any]:
    """The same for programs."""
    return {
        "target": str(result.target.absolute()),
        "how": result.how,
        "snapshot": describe.snapshot_json(result.snapshot) if result.snapshot else None,
        "safety_copy": describe.snapshot_json(result.safety_copy) if result.safety_copy else None,
        "safety_file": str(result.safety_file) if result.safety_file else None,
        "kept_aside": str(result.kept_aside) if result.kept_aside else None,
        "problems": list(result.problems),
        "tables": describe.tables_json(result.tables),
        "size_bytes": result.size_bytes,
        "elapsed_seconds": round(result.elapsed_seconds, 3),
    }


def tell_preview(session: Session, what: str, preview: Preview) -> None:
    """Rows now and after, table by table."""
    out = session.out
    verb = "over" if preview.exists else "to the new file"
    out.line(f"Would restore {what} {verb} {preview.target} ({words.size(preview.size_bytes)})")
    if preview.why:
        out.care(f"What is there now cannot be read: {preview.why}")
    rows = [(name, _rows(now), _rows(after), _change(now, after)) for name, now, after in preview.differences()]
    heads = ("TABLE", "ROWS NOW", "ROWS AFTER", "CHANGE")
    if preview.now is None:
        out.table(("TABLE", "ROWS AFTER"), [(row[0], row[2]) for row in rows], frozenset({1}))
    else:
        out.table(heads, rows, frozenset({1, 2, 3}))
    describe.tell_problems(out, "The backup's content has a problem", preview.problems)
    out.line("Nothing was changed.")


def _rows(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _change(now: int | None, after: int | None) -> str:
    if now is None or after is None:
        return "new" if now is None else "goes"
    return f"{after - now:+,}" if after != now else "same number"
