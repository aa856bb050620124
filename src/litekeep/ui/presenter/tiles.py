"""The six tiles: how many backups, how much space, the newest, the oldest, the restore test, the off-site copy."""

from __future__ import annotations

from datetime import datetime, timedelta

from litekeep.journal.history import Outcome, Row
from litekeep.operations.status import PROOF_AGE, Verdict
from litekeep.ui.language.times import days_ago, local, passed
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.copies import state_of, troubled
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Tile, Tone
from litekeep.ui.presenter.reasons import NONE
from litekeep.ui.presenter.runs import newest_of, own_rows

_SAME_SECONDS = 60
_WEEK = 7


def tiles(facts: ViewFacts, say: Language) -> tuple[Tile, ...]:
    """kept, space, newest, oldest, tested, off_site: in this order."""
    first = (_kept(facts, say), _space(facts, say), _newest(facts, say), _oldest(facts, say))
    return (*first, _tested(facts, say), _off_site(facts, say))


def _kept(facts: ViewFacts, say: Language) -> Tile:
    title, why = say("Backups kept"), unknown(facts, say)
    if why:
        return Tile("kept", title, NONE, why)
    today = facts.now.date()
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
    day = say.day(moment, facts.now)
    return f"{day}, {say.time(moment, facts.now)}" if 0 <= days_ago(moment, facts.now) < _WEEK else day


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
    """The newest test restore from here, if it failed; one that was stopped or could not begin says nothing."""
    newest = newest_of([row for row in own_rows(facts) if not row.facts.get("copy")], "drill")
    return newest if newest is not None and newest.outcome is Outcome.FAILED else None


def _off_site(facts: ViewFacts, say: Language) -> Tile:
    """Of the copies outside the building: the one that fares best, and the worst thing to be said of any."""
    title = say("Off-site copy")
    names = [each.name for each in facts.settings.copies if each.enabled and each.is_off_site]
    if facts.status is None and unknown(facts, say):
        return Tile("off_site", title, NONE, unknown(facts, say))
    if not names:
        return Tile("off_site", title, say("None"), say("all in one place"))
    moments = [(state.synced_at, name) for name in names if (state := state_of(facts, name)).synced_at]
    if not moments and unknown(facts, say):  # what is known of copies lies in the folder of the backups
        return Tile("off_site", title, NONE, unknown(facts, say))
    bad = [each for each in troubled(facts) if each.name in names]
    if bad:
        return Tile("off_site", title, say("Waiting"), say("{name} is behind", name=bad[0].name), Tone.WARN)
    if not moments:
        return Tile("off_site", title, say("Not yet"), say("nothing has been sent"))
    at, name = max(moments)
    assert at is not None
    value = say("Up to date") if state_of(facts, name).failing_since is None else say("Waiting")
    return Tile("off_site", title, value, say("{name}, {ago}", name=name, ago=say.ago(at, facts.now)), Tone.OK)
