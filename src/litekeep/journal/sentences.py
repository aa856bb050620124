"""What the log says: one line for an event, one for a run that ended without one. Values in, text out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from litekeep import wording
from litekeep.journal.history import Outcome, Row
from litekeep.monitor import Fact

Facts = Mapping[str, Fact]


class Importance(StrEnum):
    """The word at the beginning of a line."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


Line = tuple[Importance, str]


def line_of_event(name: str, facts: Facts) -> Line | None:
    """The line for an event; None for one that the log does not tell."""
    tell = _EVENTS.get(name)
    return tell(facts) if tell else None


def line_of_end(row: Row) -> Line | None:
    """The line for how a run ended, where no event tells it: it failed, was refused, stopped, left out, or overdue."""
    why = row.message or row.code or "no reason known"
    if row.outcome is Outcome.OVERDUE:
        return Importance.WARNING, f"{row.verb} is overdue: {why}"
    if row.outcome is Outcome.SKIPPED and "snapshot" not in row.facts:
        return Importance.INFO, f"{row.verb} skipped: {why}"
    if row.outcome is Outcome.CANCELLED:
        return Importance.WARNING, f"{row.verb} stopped after {wording.seconds(row.elapsed_seconds)}: {why}"
    if row.outcome is Outcome.REFUSED:
        return Importance.WARNING, f"{row.verb} refused: {why}"
    if row.outcome is Outcome.FAILED:
        took = wording.seconds(row.elapsed_seconds)
        return Importance.ERROR, f"{row.verb} FAILED after {took}: {why} (exit code {row.exit_code})"
    return None


def _backup_started(facts: Facts) -> Line:
    return Importance.INFO, f"backup of {facts.get('database')} started ({facts.get('reason')})"


def _backup_finished(facts: Facts) -> Line:
    took = _took(facts)
    if facts.get("unchanged"):
        return Importance.INFO, f"backup: nothing changed since {_short(facts)}, no new one needed; {took}"
    sizes = f"{_size(facts, 'size_bytes')}, {_size(facts, 'new_bytes')} new"
    proof = {"none": "not verified", "written": "verified what was written"}.get(str(facts.get("level")), "verified")
    return _judged(facts, f"backup {_short(facts)} finished: {sizes}, {proof}; {took}")


def _verify_started(facts: Facts) -> Line:
    return Importance.INFO, f"verification of {_short(facts)} started"


def _verify_finished(facts: Facts) -> Line:
    return _judged(facts, f"verification of {_short(facts)} finished ({facts.get('level')}); {_took(facts)}")


def _drill_started(facts: Facts) -> Line:
    return Importance.INFO, f"test restore of {_short(facts)} started"


def _drill_finished(facts: Facts) -> Line:
    word = "FAILED" if facts.get("damage") else "passed"
    return _judged(facts, f"test restore of {_short(facts)} {word}: {_size(facts, 'restored_bytes')}; {_took(facts)}")


def _restore_started(facts: Facts) -> Line:
    what = facts.get("file") or f"backup {_short(facts)}"
    return Importance.INFO, f"restore of {what} to {facts.get('target')} started"


def _restore_finished(facts: Facts) -> Line:
    safety = facts.get("safety_copy")
    kept = f", the state before is backup {str(safety)[:8]}" if safety else ""
    size = _size(facts, "size_bytes")
    return (
        Importance.INFO,
        f"restore to {facts.get('target')} finished ({facts.get('how')}): {size}{kept}; {_took(facts)}",
    )


def _exported(facts: Facts) -> Line:
    return Importance.INFO, f"backup {_short(facts)} exported to {facts.get('target')}; {_took(facts)}"


def _trashed(facts: Facts) -> Line:
    return Importance.INFO, f"rotation: {_short(facts)} of {facts.get('source')} into the trash{_why(facts)}"


def _forgotten(facts: Facts) -> Line:
    return Importance.INFO, f"rotation: {_short(facts)} of {facts.get('source')} removed for good{_why(facts)}"


def _held(facts: Facts) -> Line:
    return Importance.WARNING, f"rotation of {facts.get('source')} waits for a yes{_why(facts)}"


def _anomaly(facts: Facts) -> Line:
    before = str(facts.get("before") or "?")[:8]
    return Importance.WARNING, f"unusual change: {facts.get('what')}; backup {before} from before it is pinned"


def _prune_started(_: Facts) -> Line:
    return Importance.INFO, "rotation started"


def _prune_finished(facts: Facts) -> Line:
    moved = f"{facts.get('trashed')} into the trash, {facts.get('forgotten')} removed for good"
    freed = f"{_size(facts, 'freed_bytes')} freed, {_size(facts, 'stored_bytes')} stored"
    return Importance.INFO, f"rotation finished: {moved}; {freed}; {_took(facts)}"


def _trash_emptied(facts: Facts) -> Line:
    gone = f"{facts.get('forgotten')} removed for good, {_size(facts, 'freed_bytes')} freed"
    return Importance.INFO, f"trash emptied: {gone}; {_took(facts)}"


def _marked(facts: Facts) -> Line:
    return Importance.INFO, f"{facts.get('by')}: backup {_short(facts)}"


def _repository_created(facts: Facts) -> Line:
    return Importance.INFO, f"repository made in {facts.get('folder')}"


def _sync_started(facts: Facts) -> Line:
    what = f"{facts.get('objects')} objects, {_size(facts, 'bytes')}"
    return Importance.INFO, f"sending to the copy {facts.get('copy')} started: {what}"


def _sync_finished(facts: Facts) -> Line:
    what = f"{facts.get('snapshots')} backups, {_size(facts, 'bytes')} in {facts.get('requests')} requests"
    text = f"sending to the copy {facts.get('copy')} finished: {what}; {_took(facts)}"
    if facts.get("left_behind"):
        return Importance.WARNING, f"{text}; {facts['left_behind']} could not be sent"
    return Importance.INFO, text


def _replicate_started(facts: Facts) -> Line:
    return Importance.INFO, f"copying started: {facts.get('objects')} objects, {_size(facts, 'bytes')}"


def _replicate_finished(facts: Facts) -> Line:
    return Importance.INFO, f"copied {facts.get('objects')} objects, {_size(facts, 'bytes')}; {_took(facts)}"


def _changes_accepted(facts: Facts) -> Line:
    return Importance.WARNING, f"accepted by a person: {facts.get('what')}"


def _warning(facts: Facts) -> Line:
    return Importance.WARNING, f"{facts.get('message')} ({facts.get('code')})"


_EVENTS: dict[str, Callable[[Facts], Line]] = {
    "backup_started": _backup_started,
    "backup_finished": _backup_finished,
    "verify_started": _verify_started,
    "verify_finished": _verify_finished,
    "drill_started": _drill_started,
    "drill_finished": _drill_finished,
    "restore_started": _restore_started,
    "restore_finished": _restore_finished,
    "exported": _exported,
    "anomaly": _anomaly,
    "prune_started": _prune_started,
    "prune_finished": _prune_finished,
    "prune_held": _held,
    "trashed": _trashed,
    "forgotten": _forgotten,
    "trash_emptied": _trash_emptied,
    "marked": _marked,
    "repository_created": _repository_created,
    "changes_accepted": _changes_accepted,
    "sync_started": _sync_started,
    "sync_finished": _sync_finished,
    "replicate_started": _replicate_started,
    "replicate_finished": _replicate_finished,
    "warning": _warning,
}
TOLD = frozenset(_EVENTS)
"""The events that have a line."""


def _judged(facts: Facts, text: str) -> Line:
    """With what is wrong, if anything is."""
    if facts.get("damage"):
        return Importance.ERROR, f"{text}; DAMAGED: {facts['damage']}"
    if facts.get("problems"):
        return Importance.WARNING, f"{text}; the database itself has problems: {facts['problems']}"
    return Importance.INFO, text


def _short(facts: Facts) -> str:
    return str(facts.get("snapshot") or "?")[:8]


def _why(facts: Facts) -> str:
    return f": {facts['why']}" if facts.get("why") else ""


def _size(facts: Facts, name: str) -> str:
    value = facts.get(name)
    return wording.size(int(value)) if isinstance(value, (int, float)) else "?"


def _took(facts: Facts) -> str:
    value = facts.get("elapsed_seconds")
    return wording.seconds(float(value)) if isinstance(value, (int, float)) else "?"
