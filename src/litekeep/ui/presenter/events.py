"""The last events: what ran, when, and how it ended, a line each, from the journal."""

from __future__ import annotations

from collections.abc import Callable

from litekeep.journal.history import Outcome, Row
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.copies import WHYS
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Event, Tone
from litekeep.ui.presenter.reasons import failure_text
from litekeep.ui.presenter.runs import is_left_out, own_rows

_DONE = {
    "backup": phrase("Backup made"),
    "verify": phrase("Backup verified"),
    "scrub": phrase("Stored data read again"),
    "drill": phrase("Restore test passed"),
    "restore": phrase("Backup restored"),
    "undo": phrase("Restore undone"),
    "export": phrase("Backup saved as a file"),
    "prune": phrase("Clean-up done"),
    "trash": phrase("Trash emptied"),
    "pin": phrase("Backup pinned"),
    "unpin": phrase("Backup unpinned"),
    "label": phrase("Backup labelled"),
    "delete": phrase("Backup moved to the trash"),
    "recover": phrase("Backup taken out of the trash"),
    "accept": phrase("Changes of the backup folder accepted"),
    "copy": phrase("All backups copied"),
    "key": phrase("Keys of the backups changed or confirmed"),
    "notify": phrase("Notification sent"),
}
_FAILED = {
    "backup": phrase("Backup failed: {why}"),
    "verify": phrase("Verification failed: {why}"),
    "scrub": phrase("Stored data is damaged: {why}"),
    "drill": phrase("Restore test failed: {why}"),
    "restore": phrase("Restore failed: {why}"),
    "undo": phrase("Undoing the restore failed: {why}"),
    "export": phrase("Saving as a file failed: {why}"),
    "prune": phrase("Clean-up failed: {why}"),
    "trash": phrase("Emptying the trash failed: {why}"),
    "copy": phrase("Copying the backups failed: {why}"),
    "key": phrase("No key of the backups was changed or confirmed: {why}"),
    "notify": phrase("Notification failed: {why}"),
}
_STOPPED = {
    "backup": phrase("Backup stopped"),
    "verify": phrase("Verification stopped"),
    "drill": phrase("Restore test stopped"),
    "restore": phrase("Restore stopped"),
}
_LEFT_OUT = {
    "": phrase("Planned backup left out"),
    "paused": phrase("Planned backup left out: paused"),
    "missed": phrase("Planned backup missed"),
    "unreachable": phrase("Planned backup left out: backup folder cannot be reached"),
}
SYNC = "sync"
_QUIET = frozenset({"notify", "scrub"})
"""Told only when they go wrong."""
Told = tuple[Tone, str]


def last_events(facts: ViewFacts, say: Language, limit: int = 6) -> tuple[Event, ...]:
    """The newest events, newest first. What runs often and changes nothing is left out."""
    found: list[Event] = []
    failing = set[object]()
    for row in own_rows(facts):
        if len(found) == limit:
            break
        if not _is_quiet(row) and not _is_repeated(row, failing):
            tone, text = _tell(row, say)
            when = say.begun(say.when(row.at, facts.now))
            found.append(Event(tone, when, say.moment(row.at, facts.now), text))
    return tuple(found)


def _is_repeated(row: Row, failing: set[object]) -> bool:
    """What goes to a copy is tried again and again: of failures in a row only the newest is told.

    failing: of the newer rows, the copies whose oldest one failed.
    """
    if row.verb != SYNC:
        return False
    copy, failed = row.facts.get("copy"), row.outcome is Outcome.FAILED
    again = failed and copy in failing
    (failing.add if failed else failing.discard)(copy)
    return again


def _is_quiet(row: Row) -> bool:
    if row.verb == SYNC and row.outcome in (Outcome.SKIPPED, Outcome.CANCELLED):
        return True
    if row.outcome is not Outcome.OK:
        return False
    moved = any(row.facts.get(name) for name in ("trashed", "forgotten"))
    return row.verb in _QUIET or (row.verb == "prune" and not moved)


def _tell(row: Row, say: Language) -> Told:
    if is_left_out(row):
        return _left_out(row, say)
    return _ENDS[row.outcome](row, say)


def _done(row: Row, say: Language) -> Told:
    if copy := _copy(row):
        return Tone.OK, _done_with(copy, row, say)
    text = say(_DONE[row.verb]) if row.verb in _DONE else say("{verb}: done", verb=row.verb)
    if origin := str(row.facts.get("copy") or ""):
        text = say("{text}: from the copy {name}", text=text, name=origin)
    if row.verb == "backup":
        text = _with_sizes(row, text, say)
    if row.verb == "prune":
        moved = row.facts.get("trashed")
        if isinstance(moved, int) and moved:
            text = say.plural(
                "Clean-up: {n} backup moved to the trash", "Clean-up: {n} backups moved to the trash", moved
            )
    return Tone.OK, text


def _copy(row: Row) -> str:
    """The copy that it was sent to, or tested."""
    return str(row.facts.get("copy") or "") if row.verb in (SYNC, "drill") else ""


def _done_with(copy: str, row: Row, say: Language) -> str:
    if row.verb == "drill":
        return say("Restore test from the copy {name} passed", name=copy)
    sent = row.facts.get("bytes")
    if isinstance(sent, int) and sent:
        return say("Sent to the copy {name}: {size}", name=copy, size=say.size(sent))
    return say("Sent to the copy {name}", name=copy)


def _with_sizes(row: Row, text: str, say: Language) -> str:
    whole, new = row.facts.get("size_bytes"), row.facts.get("new_bytes")
    if not isinstance(whole, int) or not isinstance(new, int):
        return text
    return say("{text}: {size}, {new} new", text=text, size=say.size(whole), new=say.size(new))


def _warned(row: Row, say: Language) -> Told:
    if row.verb == SYNC:
        return Tone.WARN, say("Not all could be sent to the copy {name}: some is damaged here", name=_copy(row))
    if row.verb in ("backup", "verify", "drill", "restore"):
        return Tone.WARN, say("{text}; the database itself has problems", text=_done(row, say)[1])
    return Tone.WARN, say("{text}, with warnings", text=_done(row, say)[1])


def _skipped(row: Row, say: Language) -> Told:
    if row.verb == "backup":
        return Tone.OK, say("Nothing had changed, no new backup needed")
    return Tone.CALM, say("{verb}: nothing to do", verb=row.verb)


def _left_out(row: Row, say: Language) -> Told:
    if row.outcome is Outcome.OVERDUE:
        return Tone.WARN, say("No backup was made in time")
    tone = Tone.CALM if row.code == "paused" else Tone.WARN
    return tone, say(_LEFT_OUT.get(row.code, _LEFT_OUT[""]))


def _failed(row: Row, say: Language) -> Told:
    if row.verb == "prune" and row.outcome is Outcome.REFUSED:
        return Tone.WARN, say("Clean-up waits for your yes")
    if copy := _copy(row):
        why = say(WHYS[row.code]) if row.code in WHYS else failure_text(row.code, row.message, say)
        if row.verb == "drill":
            return Tone.WARN, say("Restore test from the copy {name} failed: {why}", name=copy, why=why)
        return Tone.WARN, say("Nothing could be sent to the copy {name}: {why}", name=copy, why=why)
    why = failure_text(row.code, row.message, say)
    if row.verb in _FAILED:
        return Tone.BAD, say(_FAILED[row.verb], why=why)
    return Tone.BAD, say("{verb} failed: {why}", verb=row.verb, why=why)


def _stopped(row: Row, say: Language) -> Told:
    return Tone.CALM, say(_STOPPED[row.verb]) if row.verb in _STOPPED else say("{verb}: stopped", verb=row.verb)


_ENDS: dict[Outcome, Callable[[Row, Language], Told]] = {
    Outcome.OK: _done,
    Outcome.WARNINGS: _warned,
    Outcome.SKIPPED: _skipped,
    Outcome.OVERDUE: _left_out,
    Outcome.FAILED: _failed,
    Outcome.REFUSED: _failed,
    Outcome.CANCELLED: _stopped,
}
