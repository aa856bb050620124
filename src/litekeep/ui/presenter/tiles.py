"""The five tiles: how many backups, how much space, the newest, the oldest, the restore test."""

from __future__ import annotations

from datetime import datetime, timedelta

from litekeep.journal.history import Outcome, Row
from litekeep.operations.status import PROOF_AGE, Verdict
from litekeep.ui.language.times import local, passed
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Tile, Tone
from litekeep.ui.presenter.reasons import NONE
from litekeep.ui.presenter.runs import newest_of, own_rows

_SAME_SECONDS = 60
_WEEK = 7


def tiles(facts: ViewFacts, say: Language) -> tuple[Tile, ...]:
    """kept, space, newest, oldest, tested: in this order."""
    return (_kept(facts, say), _space(facts, say), _newest(facts, say), _oldest(facts, say), _tested(facts, say))


def _kept(facts: ViewFacts, say: Language) -> Tile:
    title, why = say("Backups kept"), unknown(facts, say)
    if why:
        return Tile("kept", title, NONE, why)
    today = local(facts.now, facts.now).date()
    fresh = sum(local(each.created_at, facts.now).date() == today for each in facts.snapshots)
    sub = say("+{n} today", n=say.number(fresh)) if fresh else say("none today")
    return Tile("kept", title, say.number(len(facts.snapshots)), sub)


def unknown(facts: ViewFacts, say: Language) -> str:
    """Why nothing is known of the backups; empty: it is. What is known is shown, even if the folder went away since."""
    if facts.snapshots:
        return ""
    if facts.status is None:
        return say("looking…")
    return say("the folder is not there") if facts.status.verdict is Verdict.REPOSITORY_MISSING else ""


def unknown_sentence(facts: ViewFacts, say: Language) -> str:
    """The same, to stand below a chart."""
    why = say.begun(unknown(facts, say))
    return f"{why}." if why and not why.endswith("…") else why


def _space(facts: ViewFacts, say: Language) -> Tile:
    why = unknown(facts, say)
    if why:
        return Tile("space", say("Space used"), NONE, why)
    value = NONE if facts.space_bytes is None else say.size(facts.space_bytes)
    history = sum(each.database.size_bytes for each in facts.snapshots)
    return Tile("space", say("Space used"), value, say("{size} of history", size=say.size(history)))


def _newest(facts: ViewFacts, say: Language) -> Tile:
    title = say("Newest")
    if not facts.snapshots:
        return Tile("newest", title, NONE, unknown(facts, say) or say("no backup yet"))
    made = facts.snapshots[-1].created_at
    sub = say.ago(made, facts.now)
    good = facts.status.last_good_at if facts.status else None
    if good is not None and passed(made, good).total_seconds() > _SAME_SECONDS:
        sub = say("up to date {ago}", ago=say.ago(good, facts.now))
    return Tile("newest", title, say.begun(_short(facts, say, made)), sub)


def _oldest(facts: ViewFacts, say: Language) -> Tile:
    title = say("Oldest")
    if not facts.snapshots:
        return Tile("oldest", title, NONE, unknown(facts, say) or say("no backup yet"))
    made = min(each.created_at for each in facts.snapshots)
    reach = say.rough_span(max(passed(made, facts.now), timedelta(0)))
    value = say.date(local(made, facts.now).date())
    return Tile("oldest", title, value, say("{span} of history", span=reach))


def _short(facts: ViewFacts, say: Language, moment: datetime) -> str:
    """ "today, 02:00", "Monday, 02:00"; further away only the date."""
    days = (local(facts.now, facts.now).date() - local(moment, facts.now).date()).days
    day = say.day(moment, facts.now)
    return f"{day}, {say.time(moment, facts.now)}" if 0 <= days < _WEEK else day


def _tested(facts: ViewFacts, say: Language) -> Tile:
    title, at = say("Restore test"), facts.status.drilled_at if facts.status else None
    failed = _failed_test(facts)
    if failed is not None and (at is None or failed.at > at):
        return Tile("tested", title, say("Failed"), say.ago(failed.at, facts.now), Tone.BAD)
    if at is None and unknown(facts, say):
        return Tile("tested", title, NONE, unknown(facts, say))
    if at is None:
        off = facts.settings.restore_test == "never" or not facts.settings.enabled
        sub = say("automatic tests are off") if off else say("none has been made")
        return Tile("tested", title, say("Not yet"), sub)
    if passed(at, facts.now) > PROOF_AGE:
        return Tile("tested", title, say("Too long ago"), say.ago(at, facts.now), Tone.WARN)
    return Tile("tested", title, say("Passed"), _short(facts, say, at), Tone.OK)


def _failed_test(facts: ViewFacts) -> Row | None:
    """The newest test restore, if it failed; one that was stopped or could not begin says nothing."""
    newest = newest_of(own_rows(facts), "drill")
    return newest if newest is not None and newest.outcome is Outcome.FAILED else None
