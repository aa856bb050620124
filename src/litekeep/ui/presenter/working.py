"""The hero while a job of this window's program is going on."""

from __future__ import annotations

from litekeep.ui.language.words import Language
from litekeep.ui.presenter.buttons import button
from litekeep.ui.presenter.facts import ViewFacts, Work
from litekeep.ui.presenter.models import Action, Button, Glyph, Hero, Tone
from litekeep.ui.presenter.progress import DOT, progress

STATES = {
    "backup": "running",
    "verify": "verifying",
    "drill": "testing",
    "restore": "restoring",
    "undo": "undoing",
    "export": "exporting",
    "prune": "cleaning",
    "rebuild": "rebuilding",
}
"""The stable word of the state, by the verb of the job; other jobs (pin, preview ...) take a moment."""
OTHER = "working"
_INSTALLING = "restore"
"""The phase of a restore in which the live database is replaced."""


def working(facts: ViewFacts, work: Work, say: Language) -> Hero:
    """Headline, progress and Cancel. The line below the headline is the text of the progress, with warnings added."""
    state = STATES.get(work.verb, OTHER)
    shown = progress(work, facts.now, say, size_bytes=_size(facts, work))
    over = state in ("restoring", "undoing")
    sub = DOT.join((shown.text, say("Do not close the application"))) if over else shown.text
    return Hero(
        state, Tone.BUSY, Glyph.ARROWS, _headline(state, facts, work, say), sub, _buttons(work, say), progress=shown
    )


def _headline(state: str, facts: ViewFacts, work: Work, say: Language) -> str:
    moment = say.moment(work.about.created_at, facts.now) if work.about else ""
    if state == "running":
        return say("Backing up…")
    if state == "verifying":
        if work.of > 1:
            return say.plural("Checking {n} backup…", "Checking {n} backups…", work.of)
        return say("Checking the backup of {moment}…", moment=moment) if moment else say("Checking…")
    if state == "testing":
        return say("Testing a restore…")
    if state == "restoring":
        return say("Restoring {moment}…", moment=moment) if moment else say("Restoring…")
    if state == "undoing":
        return say("Undoing the restore…")
    if state == "exporting":
        return say("Saving as a file…")
    if state == "rebuilding":
        return say("Getting the backups back…")
    return say("Cleaning up…") if state == "cleaning" else say("Working…")


def _buttons(work: Work, say: Language) -> tuple[Button, ...]:
    """Cancel, which cannot be used while the live database is being replaced, nor twice."""
    replacing = work.verb in ("restore", "undo") and work.phase == _INSTALLING
    usable = not replacing and not work.cancelling
    return (
        button(Action.CANCEL, say, enabled=usable),
        button(Action.RESTORE, say, enabled=False),
        button(Action.VERIFY, say, enabled=False),
    )


def _size(facts: ViewFacts, work: Work) -> int | None:
    if work.about is not None and work.verb != "backup":
        return work.about.database.size_bytes
    if facts.database_bytes:
        return facts.database_bytes
    return facts.snapshots[-1].database.size_bytes if facts.snapshots else None
