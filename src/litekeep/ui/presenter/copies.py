"""The copies in other places: what is known of each, in words."""

from __future__ import annotations

from dataclasses import replace

from litekeep.config.copies import CopySettings
from litekeep.operations.copymemory import TALLY_DAYS, CopyState
from litekeep.operations.spread import Holder
from litekeep.operations.status import COPY_PATIENCE, Verdict
from litekeep.ui.language.times import passed
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.facts import Sending, ViewFacts, Work
from litekeep.ui.presenter.models import CopyLine, Progress, Tone
from litekeep.ui.presenter.progress import DOT, progress
from litekeep.ui.presenter.reasons import failure_text

WHYS = {
    "unreachable": phrase("the place does not answer"),
    "credentials": phrase("the user, key or password is not accepted"),
    "place_missing": phrase("the folder is not there"),
    "no_repository": phrase("something else lies there"),
    "wrong_server": phrase("something else than the server answers"),
    "clock": phrase("the clock here or there is wrong"),
    "permission": phrase("nothing may be written there"),
    "read_only": phrase("nothing may be written there"),
    "no_space": phrase("there is no room left there"),
    "secret": phrase("its password cannot be found"),
    "usage": phrase("its settings do not fit"),
    "settings": phrase("its settings do not fit"),
    "refused": phrase("it was refused, to be on the safe side"),
    "locked": phrase("another program is sending there"),
    "unknown_snapshot": phrase("there is no backup yet"),
}
"""Why nothing arrives, in a few words, by the code of the error; of others as for backups."""
_TESTED_BADLY, _DAMAGED_HERE = "verification", "corrupt"
_SPEAKS_FOR_ITSELF = frozenset({*WHYS, _TESTED_BADLY, _DAMAGED_HERE}) - {"refused", "usage", "settings"}
"""Of other errors the engine's own words are shown too."""


def copy_lines(facts: ViewFacts, say: Language) -> tuple[CopyLine, ...]:
    """One for each copy of the settings, in their order."""
    return tuple(_line(each, state_of(facts, each.name), facts, say) for each in facts.settings.copies)


def copies_sentence(facts: ViewFacts, say: Language) -> str:
    """Above the list: what copies are for, while there are none."""
    if facts.settings.copies:
        return ""
    return say("All backups are in one place. A copy elsewhere survives a dead drive, a fire, theft and blackmail.")


def state_of(facts: ViewFacts, name: str) -> CopyState:
    """What is known of a copy."""
    return next((each for each in facts.copies if each.name == name), CopyState(name, ""))


def why_of(state: CopyState, say: Language) -> str:
    """Why nothing arrives, in a few words without capital."""
    if state.problem_code in WHYS:
        return say(WHYS[state.problem_code])
    return failure_text(state.problem_code, state.problem, say)


def troubled(facts: ViewFacts) -> tuple[CopySettings, ...]:
    """The copies that nothing reaches for longer than a weekend, or that are far behind."""
    late = _late(facts)
    return tuple(
        each
        for each in facts.settings.copies
        if each.enabled and (each.name in late or _failing_for_long(state_of(facts, each.name), facts))
    )


def trouble_text(copy: CopySettings, facts: ViewFacts, say: Language) -> str:
    """What is wrong with one of those, without a full stop: "Nothing has reached nas for 4 days: why"."""
    state = state_of(facts, copy.name)
    if state.failing_since is None:
        return say("The copy {name} is far behind", name=copy.name)
    since = say.span(passed(state.synced_at or state.failing_since, facts.now))
    return say("Nothing has reached {name} for {span}: {why}", name=copy.name, span=since, why=why_of(state, say))


def _failing_for_long(state: CopyState, facts: ViewFacts) -> bool:
    return state.failing_since is not None and passed(state.failing_since, facts.now) > COPY_PATIENCE


def _late(facts: ViewFacts) -> frozenset[str]:
    places = facts.spread.places if facts.spread is not None else ()
    return frozenset(each.name for each in places if each.kind is Holder.COPY and each.stale)


def _line(copy: CopySettings, state: CopyState, facts: ViewFacts, say: Language) -> CopyLine:
    sending = facts.sending if facts.sending is not None and facts.sending.name == copy.name else None
    tone, told = _state(copy, state, facts, say)
    own_words = state.problem if state.problem and state.problem_code not in _SPEAKS_FOR_ITSELF else ""
    return CopyLine(
        copy.name,
        state.place or copy.shown,
        Tone.BUSY if sending else tone,
        _doing(sending, say) if sending else told,
        _facts(state, facts, say),
        warnings=tuple(each for each in (own_words, *state.warnings) if each),
        progress=_progress(sending, facts, say) if sending else None,
        can_send=sending is None and copy.enabled,
        can_test=sending is None and bool(state.snapshots),
        can_cancel=sending is not None and not sending.cancelling and not sending.waiting,
    )


def _state(copy: CopySettings, state: CopyState, facts: ViewFacts, say: Language) -> tuple[Tone, str]:
    if not copy.enabled:
        return Tone.CALM, say("Switched off in the settings file: nothing is sent there.")
    if state.failing_since is not None:
        return _failing(state, facts, say)
    waits = _waiting(state, say)
    if state.synced_at is None and _is_away(facts):  # what is known of copies lies in that folder
        return Tone.CALM, say("Not known while the backup folder cannot be found.")
    if state.synced_at is None:
        return Tone.CALM, waits or say("Nothing has been sent there yet.")
    if copy.name in _late(facts):
        return Tone.WARN, say("It is far behind: its newest backup is much older than the newest one here.")
    if waits:
        return Tone.CALM, waits
    return Tone.OK, say("Up to date: everything was there {ago}.", ago=say.ago(state.synced_at, facts.now))


def _is_away(facts: ViewFacts) -> bool:
    return facts.status is not None and facts.status.verdict is Verdict.REPOSITORY_MISSING


def _failing(state: CopyState, facts: ViewFacts, say: Language) -> tuple[Tone, str]:
    if state.problem_code == _TESTED_BADLY:
        return Tone.BAD, say("A restore test from this copy failed.")
    if state.problem_code == _DAMAGED_HERE:
        return Tone.WARN, say("Some of it could not be sent, because it is damaged here. Verify all backups.")
    why, waits = why_of(state, say), _waiting(state, say)
    since = state.synced_at or state.failing_since
    assert since is not None
    when = say.when(since, facts.now)
    if state.synced_at is None:
        told = say("Nothing could be sent since {when}: {why}.", when=when, why=why)
    else:
        told = say("Nothing has arrived since {when}: {why}.", when=when, why=why)
    return Tone.WARN, " ".join(part for part in (told, waits) if part)


def _waiting(state: CopyState, say: Language) -> str:
    if not state.waiting_objects:
        return ""
    size = say.size(state.waiting_bytes)
    return say.plural(
        "{n} file waits to be sent ({size}).", "{n} files wait to be sent ({size}).", state.waiting_objects, size=size
    )


def _facts(state: CopyState, facts: ViewFacts, say: Language) -> str:
    if state.newest_at is None:
        return ""
    if state.proven_at is None:
        proven = say("no restore tested from it yet")
    else:
        proven = say("restore tested from it {ago}", ago=say.ago(state.proven_at, facts.now))
    asked = say.plural("{n} request", "{n} requests", state.requests)
    traffic = say(
        "{requests} and {size} sent in {n} days", requests=asked, size=say.size(state.sent_bytes), n=TALLY_DAYS
    )
    newest = say("Newest backup there {when}", when=say.when(state.newest_at, facts.now))
    return DOT.join((newest, proven, say.size(state.stored_bytes), traffic))


def _doing(sending: Sending, say: Language) -> str:
    return say("Testing a restore from this copy…") if sending.verb == "drill" else say("Sending to this copy…")


def _progress(sending: Sending, facts: ViewFacts, say: Language) -> Progress:
    """As of a job; while nothing is known of its size, it looks what is missing there."""
    work = Work(
        sending.verb,
        sending.began,
        sending.phase,
        sending.done,
        sending.total,
        sending.unit,
        cancelling=sending.cancelling,
        phase_began=sending.phase_began,
    )
    shown = progress(work, facts.now, say)
    if sending.waiting:
        return replace(shown, text=say("Waiting for its turn"))
    if sending.verb == "sync" and not sending.total and not sending.cancelling:
        return replace(shown, text=say("Looking what is missing there"))
    return shown
