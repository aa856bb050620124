"""How far a job is, in words: "Reading the database · 14.2 of 48.3 MB · about 3 s left"."""

from __future__ import annotations

from datetime import datetime, timedelta

from litekeep.ui.language.times import passed
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.facts import Work
from litekeep.ui.presenter.models import Progress

DOT = " · "
PHASES = {
    "capture": phrase("Reading the database"),
    "compare": phrase("Looking for changes"),
    "bases": phrase("Reading earlier pages"),
    "store": phrase("Storing what changed"),
    "verify": phrase("Reading the backup back"),
    "rebuild": phrase("Reading the backup"),
    "read": phrase("Reading the backup"),
    "check": phrase("Checking"),
    "restore": phrase("Writing the data"),
    "unpack": phrase("Unpacking"),
    "scrub": phrase("Reading stored data again"),
    "plan": phrase("Planning"),
    "compact": phrase("Making room"),
    "read back": phrase("Checking what was written"),
    "sync": phrase("Sending"),
}
"""By the engine's word; one that is not here is not shown."""
ESTIMATE_AFTER = timedelta(seconds=3)
"""Earlier than that, what can be said of the remaining time is a guess."""
_WHOLE_FILE_PHASES = frozenset({"capture", "compare", "restore", "unpack"})


def progress(work: Work, now: datetime, say: Language, *, size_bytes: int | None = None) -> Progress:
    """The bar and its line. size_bytes: of the database that is read or written, to tell pages as amounts; None: as
    per cent.
    """
    if work.cancelling:
        return Progress(None, say("Stopping at the next safe point"))
    if work.waiting:
        return Progress(None, say("Waiting until the job before it has finished"))
    fraction = _fraction(work)
    parts = [_which(work, say), say(PHASES[work.phase]) if work.phase in PHASES else ""]
    parts.append(_amount(work, size_bytes, say))
    parts.append(_remaining(work, fraction, now, say))
    text = DOT.join(part for part in parts if part)
    return Progress(fraction, text or say("Getting ready"))


def _fraction(work: Work) -> float | None:
    """Of the whole work if it is on several backups, else of the phase."""
    inner = min(1.0, max(0.0, work.done / work.total)) if work.total > 0 else None
    if work.of > 1 and work.at > 0:
        return min(1.0, (work.at - 1 + (inner or 0.0)) / work.of)
    return inner


def _which(work: Work, say: Language) -> str:
    if work.of < 2 or work.at < 1:
        return ""
    return say("{done} of {total}", done=say.number(work.at), total=say.number(work.of))


def _amount(work: Work, size_bytes: int | None, say: Language) -> str:
    if work.of > 1:
        return ""
    if work.unit == "bytes":
        return say.amount(work.done, work.total) if work.total > 0 else say.size(work.done) if work.done else ""
    if work.total <= 0:
        return ""
    share = min(1.0, work.done / work.total)
    if size_bytes and work.phase in _WHOLE_FILE_PHASES:
        return say.amount(share * size_bytes, size_bytes)
    return say("{n}%", n=int(share * 100))


def _remaining(work: Work, fraction: float | None, now: datetime, say: Language) -> str:
    began = work.began if work.of > 1 or work.phase_began is None else work.phase_began
    elapsed = passed(began, now)
    if not fraction or fraction >= 1.0 or elapsed < ESTIMATE_AFTER:
        return ""
    left = elapsed * ((1.0 - fraction) / fraction)
    return say("about {span} left", span=say.span(_rounded(left)))


def _rounded(left: timedelta) -> timedelta:
    """No more exact than an estimate is: seconds, fives of seconds, minutes; from ten hours on hours."""
    seconds = left.total_seconds()
    if seconds < 10:
        return timedelta(seconds=max(1, round(seconds)))
    step = 5 if seconds < 60 else 60 if seconds < 36_000 else 3600
    return timedelta(seconds=max(step, round(seconds / step) * step))
