"""The panel for the backups of a copy: what is there, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from litekeep.model import Snapshot
from litekeep.operations.status import Verdict
from litekeep.records import dataclass
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.causes import explain
from litekeep.ui.presenter.copies import WHYS
from litekeep.ui.presenter.facts import Outcome, ViewFacts
from litekeep.ui.presenter.models import Tone

VERB = "copy"


@dataclass(frozen=True, slots=True)
class CopyModel:
    """What is said of the copy. restore: one of its backups can be; rebuild: all can be got back."""

    tone: Tone
    sentence: str
    restore: bool = False
    rebuild: bool = False


def copy_panel(
    snapshots: Sequence[Snapshot] | None, problem: Outcome | None, facts: ViewFacts, say: Language
) -> CopyModel:
    """snapshots: that the copy has, oldest first; None: not known yet, or (problem) why not."""
    if problem is not None:
        if problem.code in WHYS:
            return CopyModel(Tone.BAD, say("This copy cannot be looked at: {why}.", why=say(WHYS[problem.code])))
        cause = explain(problem.code, VERB, say)
        return CopyModel(Tone.BAD, " ".join(part for part in (cause.what, cause.hint) if part))
    if snapshots is None:
        return CopyModel(Tone.BUSY, say("Looking at what is there…"))
    if not snapshots:
        return CopyModel(Tone.WARN, say("There is no backup of this database in it."))
    when = say.when(snapshots[-1].created_at, facts.now)
    count = say.plural("{n} backup", "{n} backups", len(snapshots))
    text = say("{count}, the newest of them made {when}.", count=count, when=when)
    idle = facts.work is None
    return CopyModel(Tone.OK, text, restore=idle, rebuild=idle and is_empty(facts))


def is_missing(facts: ViewFacts) -> bool:
    """The folder of the backups is away."""
    return facts.status is not None and facts.status.verdict is Verdict.REPOSITORY_MISSING


def is_empty(facts: ViewFacts) -> bool:
    """There are no backups here: their folder is away, or was never made, on a new computer say."""
    return is_missing(facts) or (facts.status is not None and facts.status.verdict is Verdict.NEVER)


def best_of(snapshots: Sequence[Snapshot]) -> Snapshot:
    """The newest one in order, or the newest one. What was proven here counts for the copy too."""
    good = (each for each in reversed(snapshots) if each.sound and not each.problems)
    return next(good, snapshots[-1])


def replace_sub(facts: ViewFacts, say: Language) -> str:
    """What becomes of the present data when a backup of a copy takes their place."""
    if is_missing(facts):
        return say("The current data is kept as a file beside the database first.")
    if is_empty(facts):
        return say("The current data is kept first, as a backup or as a file beside the database.")
    return say("A safety copy of the current data is made first, so you can undo this.")
