"""Words that several pages share: why a backup was made, as what it is kept, how good it is, why a run made none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from litekeep.journal.history import Outcome, Row
from litekeep.model import Level, Reason, Snapshot
from litekeep.retention import Code, Decision
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.models import Tone

NONE = "—"
"""Stands where there is nothing to say."""
BEFORE = "before "
"""How labels begin that guards give: "before import"."""


class Mark(StrEnum):
    """The sign before a row; its status says the same in words."""

    GOOD = "●"
    CARE = "▲"
    BAD = "✕"
    NONE = "○"


MARKS = {Tone.OK: Mark.GOOD, Tone.WARN: Mark.CARE, Tone.BAD: Mark.BAD, Tone.BUSY: Mark.NONE, Tone.CALM: Mark.NONE}

REASONS: Mapping[Reason, str] = {
    Reason.MANUAL: phrase("Manual"),
    Reason.SCHEDULED: phrase("Scheduled"),
    Reason.SHUTDOWN: phrase("When the application closed"),
    Reason.PRE_MIGRATION: phrase("Before a migration"),
    Reason.PRE_OPERATION: phrase("Before an operation"),
    Reason.PRE_RESTORE: phrase("Safety copy before a restore"),
}

KEPT: Mapping[Code, str] = {
    Code.PINNED: phrase("Pinned"),
    Code.MANUAL: phrase("By hand"),
    Code.SAFETY_COPY: phrase("Safety copy"),
    Code.DAILY: phrase("Daily"),
    Code.MONTHLY: phrase("Monthly"),
    Code.WEEKLY: phrase("Weekly"),
    Code.LAST: phrase("Last {n}"),
    Code.OLDEST: phrase("Oldest"),
    Code.NEWEST: phrase("Newest"),
    Code.UNSOUND: phrase("To be looked at"),
    Code.NOTHING_SOUND: phrase("Until one is verified"),
    Code.MISDATED: phrase("Date is wrong"),
    Code.FUTURE: phrase("Date is wrong"),
}
"""As what a backup is kept, the word that tells most first: within the days that is Daily, behind them what keeps it
longest."""
_RANKS = {code: rank for rank, code in enumerate(KEPT)}
_GOES = len(_RANKS)

_UNEXPECTED = phrase("unexpected error")
FAILURES: Mapping[str, str] = {
    "no_space": phrase("disk full"),
    "no_repository": phrase("backup folder not found"),
    "unreachable": phrase("backup folder cannot be reached"),
    "permission": phrase("backup folder may not be written"),
    "read_only": phrase("backup folder may not be written"),
    "locked": phrase("another program was using the backups"),
    "source_missing": phrase("database not found"),
    "not_a_database": phrase("the file is not a database"),
    "source_busy": phrase("the database was busy"),
    "source_unreadable": phrase("the database could not be read"),
    "backup": phrase("the database could not be read"),
    "verification": phrase("what was stored could not be read back"),
    "corrupt": phrase("a stored file is damaged"),
    "object_missing": phrase("a stored file is missing"),
    "unsupported_format": phrase("made by a newer version"),
    "helper": phrase("the run was ended from outside"),
    "settings": phrase("the settings are not valid"),
    "secret": phrase("a password cannot be found"),
    "target_in_use": phrase("the file is in use"),
    "repository": phrase("the backup folder cannot be used"),
    "object_exists": phrase("a file is in the way"),
    "unexpected": _UNEXPECTED,
}
"""The cause in a few words, by the code of the error."""
_LEFT_OUT = {
    "paused": phrase("Left out: paused"),
    "missed": phrase("Missed"),
    "unreachable": phrase("Missed: backup folder cannot be reached"),
}


def reason_text(snapshot: Snapshot, say: Language) -> str:
    """Why it was made, with its label: "Scheduled", "Before import", "Manual · “before payroll”"."""
    reason, label = snapshot.reason, snapshot.label
    word = say(REASONS[reason])
    if not label or reason is Reason.PRE_RESTORE:  # that label names what was restored, by its number
        return word
    if reason in (Reason.PRE_MIGRATION, Reason.PRE_OPERATION) and label.startswith(BEFORE):
        name = label.removeprefix(BEFORE).strip()
        return word if name in ("", "migration") else say("Before {name}", name=name)
    return f"{word} · {say.quoted(label)}"


def run_reason(row: Row, say: Language) -> str:
    """Of a run that made no backup. Only scheduled ones are written down as left out or overdue."""
    if row.outcome in (Outcome.SKIPPED, Outcome.OVERDUE):
        return say(REASONS[Reason.SCHEDULED])
    known = str(row.facts.get("reason", ""))
    return say(REASONS[Reason(known)]) if known in set(Reason) else say("Backup")


def strongest(codes: Iterable[Code]) -> Code | None:
    """The reason that tells most; None if none of them keeps anything."""
    return min((code for code in codes if code in _RANKS), key=_RANKS.__getitem__, default=None)


def kept_text(snapshot: Snapshot, decision: Decision | None, say: Language, *, waits: bool = False) -> tuple[int, str]:
    """As what it is kept, with a rank to sort by. decision None: the plan is not known.

    waits: the clean-up asks a person first.
    """
    if decision is not None and not decision.keep:
        return _GOES, say("Goes once confirmed") if waits else say("Goes at the next clean-up")
    codes = decision.codes if decision else ()
    code = strongest(codes)
    if code is None and snapshot.pinned:
        code = Code.PINNED
    if code is None and snapshot.reason is Reason.MANUAL:
        code = Code.MANUAL
    if code is None:
        return _GOES + 1, NONE
    if decision and code is Code.LAST:
        return _RANKS[code], say(KEPT[code], n=next(why.limit for why in decision.whys if why.code is code))
    return _RANKS[code], say(KEPT[code])


def status_text(snapshot: Snapshot, say: Language) -> tuple[Tone, int, str]:
    """How good it is: tone, rank to sort by (worst first), words."""
    if snapshot.damage:
        return Tone.BAD, 1, say("Damaged")
    if snapshot.problems:
        return Tone.WARN, 2, say("Source has problems")
    if snapshot.verified is Level.NONE:
        return Tone.WARN, 3, say("Not verified")
    if snapshot.anomaly:
        return Tone.WARN, 4, say("Verified · data went missing after it")
    if snapshot.drilled_at is not None or snapshot.verified is Level.DRILL:
        return Tone.OK, 7, say("Verified and test-restored")
    if snapshot.verified is Level.WRITTEN:
        return Tone.OK, 5, say("Partly verified")
    return Tone.OK, 6, say("Verified")


def failure_text(code: str, message: str, say: Language) -> str:
    """Why a run failed, in a few words without capital: in the reader's language where the code is known."""
    if code in FAILURES:
        return say(FAILURES[code])
    return message or code or say(_UNEXPECTED)


def run_text(row: Row, say: Language) -> tuple[Tone, int, str]:
    """What became of a run that made no backup: as status_text."""
    if row.outcome is Outcome.OVERDUE:
        return Tone.WARN, 3, say("No backup in time")
    if row.outcome is Outcome.SKIPPED:
        tone = Tone.CALM if row.code == "paused" else Tone.WARN
        return tone, 3, say(_LEFT_OUT[row.code]) if row.code in _LEFT_OUT else say("Left out")
    if row.code == "refused":
        return Tone.BAD, 0, say("Refused")
    return Tone.BAD, 0, say("Failed: {why}", why=failure_text(row.code, row.message, say))
